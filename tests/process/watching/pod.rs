//! A process that sees what a pod's container sees: the kubelet's folder with the service account's token, and the pod's variables.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ackcred_sandbox::cluster::Cluster as _;

use super::cluster::Watched;

/// Puts a folder where the kubelet puts it, in a mount namespace of its own, and runs a program there.
const ENTER: &str = r#"
mount -t tmpfs tmpfs /var/run && mkdir -p /var/run/secrets/kubernetes.io/serviceaccount &&
cp "$1"/* /var/run/secrets/kubernetes.io/serviceaccount/ && shift && exec "$@""#;

pub(super) struct Pod {
    folder: PathBuf,
    variables: Vec<(&'static str, String)>,
    unshare: &'static [&'static str],
}

pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Pod {
    /// A pod of deploy/base; `None` where this machine lets no one mount, which is said.
    pub(super) fn of(watched: &Watched) -> Option<Self> {
        let ways: [&[&str]; 2] = [&["--mount"], &["--map-root-user", "--mount"]];
        let works = |way: &&&[&str]| {
            let mut tried = Command::new("unshare");
            tried.args(**way).args(["mount", "-t", "tmpfs", "tmpfs", "/var/run"]).stderr(Stdio::null());
            tried.status().is_ok_and(|status| status.success())
        };
        let Some(unshare) = ways.iter().find(works) else {
            // Past the test harness, which would keep the line to itself.
            drop(writeln!(std::io::stderr(), "skipped: tests/process watching (unshare may not mount here)"));
            return None;
        };
        let folder = watched.folder.path().join("serviceaccount");
        fs::create_dir(&folder).unwrap();
        for (name, text) in
            [("token", watched.kubectl.token(&[])), ("ca.crt", watched.plane.ca_pem()), ("namespace", "ackcred".into())]
        {
            fs::write(folder.join(name), text).unwrap();
        }
        Some(Self { folder, variables: watched.variables.clone(), unshare })
    }

    /// Runs the plugin.
    pub(super) fn run(&self, args: &[&str]) -> Ended {
        self.start(Path::new(env!("CARGO_BIN_EXE_kubectl-ackcred")), args, &[])
    }

    /// Runs a program in the pod.
    pub(super) fn start(&self, program: &Path, args: &[&str], more: &[(&str, &str)]) -> Ended {
        let output = Command::new("unshare")
            .args(self.unshare)
            .args(["sh", "-c", ENTER, "sh"])
            .arg(&self.folder)
            .arg(program)
            .args(args)
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}
