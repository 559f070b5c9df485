//! Where the binary runs: a home folder, and the kubeconfigs that lie in it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ackcred_sandbox::certs::{Authority, KeyKind, Subject, Validity};
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::people;
use assert_cmd::Command;
use tempfile::TempDir;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_kubectl-ackcred");
pub(crate) const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
pub(crate) const UID: &str = people::ANN.uid;

/// A home of its own, and no variable but HOME and PATH.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn empty() -> Self {
        Self(TempDir::with_prefix("ackcred-process-").unwrap())
    }

    pub(crate) fn with(file: &Kubeconfig) -> Self {
        let home = Self::empty();
        home.write(".kube/config", &file.yaml(), 0o600);
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    pub(crate) fn start(&self, program: &str) -> std::process::Command {
        let mut command = std::process::Command::new(program);
        command
            .env_clear()
            .env("HOME", self.path())
            .env("ACKCRED_METADATA_ENDPOINT", "http://127.0.0.1:1")
            .env("PATH", "/usr/bin:/bin")
            .current_dir(self.path());
        command
    }

    pub(crate) fn run(&self, words: &str) -> Command {
        let mut command = self.start(BINARY);
        command.args(words.split_whitespace());
        Command::from_std(command)
    }
}

pub(crate) fn offline_file() -> Kubeconfig {
    let authority = Authority::of_today().unwrap();
    let subject = Subject::ack(format!("{UID}-1"));
    let validity = Validity::ack(jiff::Timestamp::from_second(1_735_689_600).unwrap());
    let identity = authority.client(&subject, validity, KeyKind::Rsa).unwrap();
    Kubeconfig::ack("https://127.0.0.1:1", &authority.certificate_pem(), CLUSTER, UID, &Credential::of(&identity))
}
