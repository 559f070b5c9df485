//! What the tests of the journal have in common.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{OperationJournal, StateFolder};
use crate::core::rbac::binding_object::BindingObject;
use crate::core::revocation::journal::originals::Original;
use crate::core::revocation::journal::{Ending, Event, OperationId, OperationSummary, SummaryPurpose};
use crate::world::{Clock, Environment, Streams, World};

/// A world with nothing but a folder, a home and variables.
pub(in crate::adapters) fn world(cwd: &Path, home: Option<&str>, variables: &[(&str, &str)]) -> World {
    World {
        now: Timestamp::UNIX_EPOCH,
        since: std::time::Instant::now(),
        env: Environment::new(variables.iter().copied()),
        home: home.map(PathBuf::from),
        cwd: cwd.to_owned(),
        streams: Streams {
            stdin: Arc::new(Mutex::new(io::empty())),
            stdout: Arc::new(Mutex::new(io::sink())),
            stderr: Arc::new(Mutex::new(io::sink())),
            stdin_is_terminal: false,
            stdout_is_terminal: false,
            columns: None,
            stderr_is_terminal: false,
        },
        host: "desk".to_owned(),
        open_files: crate::world::OpenFiles::default(),
    }
}

/// A state folder that does not exist yet, in a folder that goes with the test.
pub(crate) struct Place {
    root: TempDir,
    pub(super) state: StateFolder,
}

impl Place {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let state = state_folder(&root.path().join("a/b/state"));
        Self { root, state }
    }

    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn clock() -> Clock {
        world(Path::new("/"), None, &[]).clock()
    }

    /// What its journal has.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.state.open(&id()).unwrap().events
    }

    /// An operation that has begun, with two originals.
    pub(crate) fn begun(&self) -> OperationJournal {
        self.state
            .begin(&id(), &record(), summary, &[original(Some("shop"), "team"), original(None, "cs:ns:dev")])
            .unwrap()
    }

    /// A path in the folder of the operation.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.state.operation_folder(&id()).join(name)
    }

    /// What is in the folder of operations, hidden things included.
    pub(super) fn operation_names(&self) -> Vec<String> {
        names(&self.state.operations_folder())
    }
}

pub(super) fn state_folder(path: &Path) -> StateFolder {
    StateFolder::of(&world(Path::new("/"), None, &[("ACKCRED_HOME", path.to_str().unwrap())])).unwrap()
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(super) fn id() -> OperationId {
    OperationId::parse("20261122-031002-3f9a2c").unwrap()
}

pub(super) fn record() -> Value {
    json!({"hash": "3f9a2c", "targets": [{"uid": "200"}]})
}

/// The summary of such a record.
pub(super) fn summary(record_length: u64) -> OperationSummary {
    OperationSummary {
        begun: Timestamp::UNIX_EPOCH,
        plan_hash: "3f9a2cdead".to_owned(),
        purpose: SummaryPurpose::Revoke { tombstones: Vec::new() },
        cluster_ids: vec![None],
        uids: Vec::new(),
        steps: 1,
        reason: None,
        approved_by: None,
        record_length,
    }
}

pub(super) fn binding(namespace: Option<&str>, name: &str) -> BindingObject {
    let object = json!({
        "kind": if namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" },
        "metadata": {"name": name, "namespace": namespace, "labels": {"on": "010"}, "annotations": {"note": "a: b\n#c"}},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "dev"},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "200000000000000101"}],
    });
    serde_json::from_value(object).unwrap()
}

pub(super) fn original(namespace: Option<&str>, name: &str) -> Original {
    Original { cluster: None, object: binding(namespace, name) }
}

pub(crate) fn event(operator: &str) -> Event {
    Event::Resumed { time: Timestamp::UNIX_EPOCH, operator: operator.into(), later: None }
}

pub(super) fn ended(report: Option<String>) -> Event {
    Event::Ended { time: Timestamp::UNIX_EPOCH, outcome: Ending::Verified, report }
}

#[cfg(unix)]
pub(super) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

/// The most that a file may hold in [`where_files_stay_short`].
pub(super) const SHORT: usize = 1024;

/// Runs a test of this binary once more in a process that can write no more than [`SHORT`] bytes to a file, as if the disk
/// were full then: what fits is written, and no more. True in that process; in the first one the test is over.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "a test talks to itself in another process")]
pub(super) fn where_files_stay_short(test: &str) -> bool {
    const MARK: &str = "ACKCRED_TEST_SHORT_FILES";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let module = module_path!().split_once("::").unwrap().1.rsplit_once("::").unwrap().0;
    // The signal would end the process before it sees the error. A block is 512 bytes, or 1024 in some shells.
    let output = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ && ulimit -f 1 && exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{module}::{test}")])
        .env(MARK, "1")
        .output()
        .unwrap();
    let seen = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && seen.contains("1 passed"), "{seen}{}", String::from_utf8_lossy(&output.stderr));
    false
}
