//! Writing down what is to be done, before anything is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::durable::{cannot_write, create, create_folder, create_folders, sync_folder};
use super::{EVENTS, JournalError, OperationJournal, RECORD, SUMMARY, StateFolder};
use crate::core::revocation::journal::checksums::{self, Checksum};
use crate::core::revocation::journal::originals::{self, Original, OriginalsFile};
use crate::core::revocation::journal::{OperationId, OperationSummary};
use crate::core::revocation::record::summary::SummaryV1;

/// A file of an operation that is not yet begun.
struct NewFile {
    name: String,
    content: Vec<u8>,
}

impl StateFolder {
    /// Begins an operation: its record and the bindings as they are, without what the server fills in, are on the disk when
    /// this returns, and so is an empty journal. Where the ID is taken, the next one is used; the journal knows which.
    /// `summary` makes the record's summary from its length in bytes.
    ///
    /// # Errors
    /// Where anything can't be written. Nothing may be changed in the cluster then.
    pub fn begin(
        &self,
        id: &OperationId,
        record: &impl Serialize,
        summary: impl FnOnce(u64) -> OperationSummary,
        originals: &[Original],
    ) -> Result<OperationJournal, JournalError> {
        let files = self.files(id, record, summary, originals)?;
        let operations = self.operations_folder();
        create_folders(&operations)?;
        let (id, hidden) = self.claim(id)?;
        let id = fill(&hidden, &files).and_then(|()| self.publish(&hidden, id)).inspect_err(|_| {
            // What is left of it stays hidden.
            let _ = fs::remove_dir_all(&hidden);
        })?;
        sync_folder(&operations).map_err(cannot_write(&operations))?;
        self.reopen(&id)
    }

    /// All files but the journal, before the first one is written.
    fn files(
        &self,
        id: &OperationId,
        record: &impl Serialize,
        summary: impl FnOnce(u64) -> OperationSummary,
        originals: &[Original],
    ) -> Result<Vec<NewFile>, JournalError> {
        let path = |name: &str| self.operation_folder(id).join(name);
        let encode =
            |name| move |source: serde_json::Error| JournalError::Encode { path: path(name), source: source.into() };
        let record = pretty(record).map_err(encode(RECORD))?;
        let summary = serde_json::to_vec(&SummaryV1::from(&summary(record.len() as u64))).map_err(encode(SUMMARY))?;
        let mut files = vec![
            NewFile { name: RECORD.to_owned(), content: record },
            NewFile { name: SUMMARY.to_owned(), content: summary },
        ];
        let originals = originals::files(originals)
            .map_err(|source| JournalError::Encode { path: path(originals::FOLDER), source: source.into() })?;
        files.extend(originals.into_iter().map(|OriginalsFile { name, yaml }| NewFile {
            name: format!("{}/{name}", originals::FOLDER),
            content: yaml.into_bytes(),
        }));
        let sums: Vec<Checksum> = files.iter().map(|file| Checksum::of(&file.name, &file.content)).collect();
        files.push(NewFile { name: checksums::FILE.to_owned(), content: checksums::write(&sums).into_bytes() });
        files.push(NewFile { name: EVENTS.to_owned(), content: Vec::new() });
        Ok(files)
    }

    /// Creates a hidden folder to build the operation in. To create it is to own it, even if other processes begin one.
    fn claim(&self, id: &OperationId) -> Result<(OperationId, PathBuf), JournalError> {
        let mut id = id.clone();
        loop {
            let hidden = self.operations_folder().join(format!(".new-{id}"));
            if !is_there(&self.operation_folder(&id))? {
                match create_folder(&hidden) {
                    Ok(()) => return Ok((id, hidden)),
                    // Another process is building it, or was killed while it was.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(cannot_write(&hidden)(error)),
                }
            }
            id = id.next();
        }
    }

    /// Gives the operation its name, the first that is free.
    fn publish(&self, hidden: &Path, mut id: OperationId) -> Result<OperationId, JournalError> {
        loop {
            let folder = self.operation_folder(&id);
            if !is_there(&folder)? {
                match fs::rename(hidden, &folder) {
                    Ok(()) => return Ok(id),
                    // Another process was faster. The system replaces no folder that holds anything.
                    Err(_) if is_there(&folder)? => {}
                    Err(error) => return Err(cannot_write(&folder)(error)),
                }
            }
            id = id.next();
        }
    }
}

fn fill(folder: &Path, files: &[NewFile]) -> Result<(), JournalError> {
    let below = folder.join(originals::FOLDER);
    create_folder(&below).map_err(cannot_write(&below))?;
    files.iter().try_for_each(|file| create(&folder.join(&file.name), &file.content))?;
    for folder in [&below, folder] {
        sync_folder(folder).map_err(cannot_write(folder))?;
    }
    Ok(())
}

/// A document as JSON, in no more memory than it takes: the record of hundreds of clusters is many megabytes.
fn pretty(document: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    struct Length(usize);
    impl io::Write for Length {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut length = Length(0);
    serde_json::to_writer_pretty(&mut length, document)?;
    let mut json = Vec::with_capacity(length.0);
    serde_json::to_writer_pretty(&mut json, document)?;
    Ok(json)
}

fn is_there(path: &Path) -> Result<bool, JournalError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(cannot_write(path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;
    use std::thread;

    use serde_json::Value;

    use super::super::testing::{Place, binding, event, id, names, original, record, state_folder, summary};
    use super::*;
    use crate::core::rbac::binding_object::BindingObject;

    #[test]
    fn all_that_undoing_needs_is_there_before_the_first_change() {
        let place = Place::new();
        let journal = place.begun();
        assert_eq!(journal.id(), &id());
        assert_eq!(names(place.state.path()), ["operations"]);
        assert_eq!(place.operation_names(), [id().to_string()]);
        let folder = place.file("");
        assert_eq!(names(&folder), ["SHA256SUMS", "journal.jsonl", "operation.json", "originals", "summary.json"]);
        let read: Value = serde_json::from_slice(&fs::read(place.file(RECORD)).unwrap()).unwrap();
        assert_eq!(read, record());
        assert_eq!(fs::read(place.file(EVENTS)).unwrap(), b"");
        let originals = ["01-RoleBinding-shop-team.yaml", "02-ClusterRoleBinding---cs_ns_dev.yaml"];
        assert_eq!(names(&place.file("originals")), originals);
        for (name, object) in originals.iter().zip([binding(Some("shop"), "team"), binding(None, "cs:ns:dev")]) {
            let text = fs::read_to_string(place.file("originals").join(name)).unwrap();
            assert_eq!(serde_saphyr::from_str::<BindingObject>(&text).unwrap(), object, "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_other_user_may_look() {
        use super::super::testing::mode;
        let place = Place::new();
        let mut journal = place.begun();
        journal.append(&event("ann")).unwrap();
        journal.write_report(&record()).unwrap();
        let parents = ["a", "a/b", "a/b/state", "a/b/state/operations"].map(|path| place.root().join(path));
        for folder in parents.into_iter().chain([place.file("."), place.file("originals")]) {
            assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        }
        let originals = names(&place.file("originals")).into_iter().map(|name| format!("originals/{name}"));
        let files = ["SHA256SUMS", "journal.jsonl", "operation.json", "report.json", "summary.json"].map(str::to_owned);
        for file in files.into_iter().chain(originals) {
            assert_eq!(mode(&place.file(&file)), 0o600, "{file}");
        }
    }

    #[test]
    fn an_operation_without_bindings_has_a_folder_too() {
        let place = Place::new();
        place.state.begin(&id(), &record(), summary, &[]).unwrap();
        assert_eq!(names(&place.file("originals")), [""; 0]);
        assert_eq!(place.state.open(&id()).unwrap().damaged, [""; 0]);
    }

    #[test]
    fn an_id_that_is_taken_is_never_written_over() {
        let place = Place::new();
        place.begun().append(&event("first")).unwrap();
        // Killed while it was being built.
        fs::create_dir(place.state.operations_folder().join(format!(".new-{}-2", id()))).unwrap();
        // Not ours, whatever it is.
        fs::write(place.state.operations_folder().join(format!("{}-3", id())), "").unwrap();
        let mut fourth = place.begun();
        fourth.append(&event("fourth")).unwrap();
        assert_eq!(fourth.id().to_string(), format!("{}-4", id()));
        let events = |id| place.state.open(id).unwrap().events;
        assert_eq!((events(&id()), events(fourth.id())), (vec![event("first")], vec![event("fourth")]));
        assert_eq!(names(&place.state.operation_folder(fourth.id())), names(&place.file("")));
    }

    #[test]
    fn many_that_begin_at_once_get_a_folder_each() {
        let place = Place::new();
        let begin = || place.begun().id().clone();
        let ids: BTreeSet<OperationId> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(begin)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(ids.len(), 8);
        assert_eq!(place.state.operations().unwrap().into_iter().collect::<BTreeSet<_>>(), ids);
        assert!(place.operation_names().iter().all(|name| !name.starts_with('.')));
    }

    #[test]
    fn many_originals_are_all_there_and_all_in_the_checksums() {
        let place = Place::new();
        let originals: Vec<_> = (0..150).map(|number| original(Some("shop"), &format!("team-{number}"))).collect();
        place.state.begin(&id(), &record(), summary, &originals).unwrap();
        assert_eq!(names(&place.file(originals::FOLDER)), ["001-to-100.yaml", "101-to-150.yaml"]);
        let stored = place.state.open(&id()).unwrap();
        assert!(stored.damaged.is_empty(), "{:?}", stored.damaged);
    }

    #[test]
    fn where_nothing_can_be_written_nothing_is_left() {
        let place = Place::new();
        let file = place.root().join("file");
        fs::write(&file, "precious").unwrap();
        let error = state_folder(&file.join("state")).begin(&id(), &record(), summary, &[]).unwrap_err();
        assert!(matches!(&error, JournalError::Write { path, .. } if path.starts_with(&file)), "{error}");
        assert_eq!((names(place.root()), fs::read(&file).unwrap()), (vec!["file".to_owned()], b"precious".to_vec()));
    }

    #[cfg(unix)]
    #[test]
    fn a_read_only_folder_is_an_error_before_any_change() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = Place::new();
        let operations = place.state.operations_folder();
        create_folders(&operations).unwrap();
        fs::set_permissions(&operations, fs::Permissions::from_mode(0o500)).unwrap();
        // An administrator may write nevertheless.
        if fs::write(operations.join("probe"), "").is_err() {
            let error = place.state.begin(&id(), &record(), summary, &[]).unwrap_err();
            assert!(matches!(&error, JournalError::Write { path, .. } if path.starts_with(&operations)), "{error}");
            assert_eq!(place.operation_names(), [""; 0]);
        }
        #[cfg(target_os = "linux")]
        assert!(state_folder(Path::new("/proc/ackcred")).begin(&id(), &record(), summary, &[]).is_err());
    }

    #[test]
    fn a_record_without_a_form_leaves_no_trace() {
        struct Formless;
        impl Serialize for Formless {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("formless"))
            }
        }
        let place = Place::new();
        let error = place.state.begin(&id(), &Formless, summary, &[]).unwrap_err();
        assert!(matches!(error, JournalError::Encode { .. }), "{error}");
        assert_eq!(names(place.root()), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn on_a_full_disk_no_operation_begins() {
        use super::super::testing::{SHORT, where_files_stay_short};
        if where_files_stay_short("begin::tests::on_a_full_disk_no_operation_begins") {
            let place = Place::new();
            for (record, originals) in [
                (Value::from("x".repeat(2 * SHORT)), vec![]),
                (record(), vec![original(None, "small"), original(None, &"x".repeat(2 * SHORT))]),
            ] {
                let error = place.state.begin(&id(), &record, summary, &originals).unwrap_err();
                assert!(matches!(error, JournalError::Write { .. }), "{error}");
                assert_eq!(place.operation_names(), [""; 0]);
            }
            place.state.begin(&id(), &record(), summary, &[]).unwrap();
        }
    }

    #[test]
    fn sha256sum_finds_all_in_order() {
        let place = Place::new();
        place.begun();
        match Command::new("sha256sum")
            .args(["--check", "--strict"])
            .arg(checksums::FILE)
            .current_dir(place.file(""))
            .output()
        {
            Ok(output) => {
                let seen = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(output.status.success() && seen.lines().count() == 4, "{seen}");
            }
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::NotFound),
        }
    }

    #[test]
    fn kubectl_reads_the_originals_as_they_were() {
        let place = Place::new();
        place.begun();
        for (name, object) in [
            ("01-RoleBinding-shop-team.yaml", binding(Some("shop"), "team")),
            ("02-ClusterRoleBinding---cs_ns_dev.yaml", binding(None, "cs:ns:dev")),
        ] {
            // The one command that reads a file as `create` does and asks no server.
            let mut command = Command::new(kubectl());
            command.args(["label", "--local", "--output=json", "--filename"]).arg(place.file("originals").join(name));
            match command.arg("new=label").env("KUBECONFIG", "/dev/null").output() {
                Ok(output) => {
                    let mut read: Value = serde_json::from_slice(&output.stdout).unwrap();
                    assert_eq!(read["metadata"]["labels"]["new"], "label");
                    read["metadata"]["labels"].as_object_mut().unwrap().remove("new");
                    assert_eq!(serde_json::from_value::<BindingObject>(read).unwrap(), object);
                }
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::NotFound),
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "where a test finds its programs")]
    fn kubectl() -> PathBuf {
        let built = std::env::var_os("KUBEBUILDER_ASSETS").map(|folder| PathBuf::from(folder).join("kubectl"));
        built.filter(|path| path.exists()).unwrap_or_else(|| "kubectl".into())
    }

    #[test]
    fn a_new_journal_is_read_as_one_without_events() {
        let place = Place::new();
        place.begun();
        assert_eq!(fs::read(place.file(EVENTS)).unwrap(), b"");
        assert_eq!(place.state.open(&id()).unwrap().record, record());
    }
}
