//! Operations of earlier runs.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::durable::{cannot_read, read};
use super::{EVENTS, JournalError, RECORD, REPORT, StateFolder};
use crate::core::hex::sha256;
use crate::core::journal::checksums::{self, Checksum};
use crate::core::journal::{Event, OperationId, originals, read_events};

/// What is known of an operation of an earlier run, or of another process that goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredOperation {
    /// Its ID.
    pub id: OperationId,
    /// What was to be done.
    pub record: Value,
    /// What was.
    pub events: Vec<Event>,
    /// What came of it; `None` where it stopped before it said so.
    pub report: Option<Value>,
    /// The files that aren't what they were when the operation began, by their names in its folder.
    pub damaged: Vec<String>,
}

impl StateFolder {
    /// The operations that have begun, the latest first. Where none ever has there is no folder, and none is created.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub fn operations(&self) -> Result<Vec<OperationId>, JournalError> {
        let folder = self.operations_folder();
        let mut ids = Vec::new();
        for (name, is_folder) in entries(&folder)? {
            ids.extend(OperationId::parse(&name).filter(|_| is_folder));
        }
        ids.sort_by(|one, other| other.cmp(one));
        Ok(ids)
    }

    /// Reads an operation. Its journal may end in a line that was never finished, which is left out.
    ///
    /// # Errors
    /// Where there is no such operation, or a part of it can't be read.
    pub fn open(&self, id: &OperationId) -> Result<StoredOperation, JournalError> {
        let folder = self.existing(id)?;
        let events = folder.join(EVENTS);
        let events = read_events(&read(&events)?).map_err(|source| JournalError::Events { path: events, source })?;
        let report = match document(&folder.join(REPORT)) {
            Err(JournalError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => None,
            report => Some(report?),
        };
        let record = self.record(id)?;
        Ok(StoredOperation { id: id.clone(), record, events, report, damaged: damaged(&folder)? })
    }

    /// Reads what an operation was to do, and nothing else of it.
    ///
    /// # Errors
    /// Where there is no such operation, or it can't be read.
    pub fn record(&self, id: &OperationId) -> Result<Value, JournalError> {
        document(&self.existing(id)?.join(RECORD))
    }

    /// The folder of an operation that has begun.
    pub(super) fn existing(&self, id: &OperationId) -> Result<PathBuf, JournalError> {
        let path = self.operation_folder(id);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Ok(path),
            Ok(_) => Err(JournalError::NotAFolder { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(JournalError::Missing { id: id.clone(), folder: self.operations_folder() })
            }
            Err(error) => Err(cannot_read(&path)(error)),
        }
    }
}

fn document(path: &Path) -> Result<Value, JournalError> {
    serde_json::from_slice(&read(path)?).map_err(|source| JournalError::Document { path: path.to_owned(), source })
}

/// The files that differ from their checksums, are missing or have none.
fn damaged(folder: &Path) -> Result<Vec<String>, JournalError> {
    let sums =
        read(&folder.join(checksums::FILE)).ok().and_then(|sums| checksums::read(std::str::from_utf8(&sums).ok()?));
    let Some(sums) = sums else { return Ok(vec![checksums::FILE.to_owned()]) };
    let mut damaged = BTreeSet::from([RECORD.to_owned()]);
    let below = originals::FOLDER;
    damaged.extend(entries(&folder.join(below))?.into_iter().map(|(name, _)| format!("{below}/{name}")));
    for Checksum { name, sha256: expected } in sums {
        match read(&folder.join(&name)) {
            Ok(content) if sha256(&content) == expected => damaged.remove(&name),
            _ => damaged.insert(name),
        };
    }
    Ok(damaged.into_iter().collect())
}

/// What is in a folder, and whether each is a folder itself; nothing where there is no such folder.
fn entries(folder: &Path) -> Result<Vec<(String, bool)>, JournalError> {
    let list = || -> io::Result<_> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            entries.push((entry.file_name().to_string_lossy().into_owned(), entry.file_type()?.is_dir()));
        }
        Ok(entries)
    };
    match list() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        result => result.map_err(cannot_read(folder)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Place, event, id, names, original, record};
    use super::*;
    use crate::error::chain;

    fn damaged(place: &Place) -> Vec<String> {
        place.state.open(&id()).unwrap().damaged
    }

    #[test]
    fn an_operation_is_read_from_its_folder_alone() {
        let place = Place::new();
        let mut journal = place.begun();
        journal.append(&event("ann")).unwrap();
        journal.write_report(&"done").unwrap();
        let expected = StoredOperation {
            id: id(),
            record: record(),
            events: vec![event("ann")],
            report: Some("done".into()),
            damaged: Vec::new(),
        };
        assert_eq!(place.state.open(&id()).unwrap(), expected);
    }

    #[test]
    fn the_checksums_notice_every_edit() {
        let place = Place::new();
        place.begun();
        let team = "originals/01-RoleBinding-shop-team.yaml";
        let text = fs::read_to_string(place.file(team)).unwrap();
        fs::write(place.file(team), text.replace("101", "102")).unwrap();
        assert_eq!(damaged(&place), [team]);
        fs::write(place.file(RECORD), "{}").unwrap();
        assert_eq!(damaged(&place), [RECORD, team]);
        fs::remove_file(place.file(team)).unwrap();
        fs::write(place.file("originals/more.yaml"), text).unwrap();
        assert_eq!(damaged(&place), [RECORD, team, "originals/more.yaml"]);
    }

    #[test]
    fn checksums_that_can_not_be_used_are_damaged_themselves() {
        let place = Place::new();
        place.begun();
        let path = place.file(checksums::FILE);
        let text = fs::read_to_string(&path).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        fs::write(&path, format!("{rest}{}", first.replace(RECORD, "../../../etc/passwd"))).unwrap();
        assert_eq!(damaged(&place), [checksums::FILE]);
        fs::write(&path, rest).unwrap();
        assert_eq!(damaged(&place), [RECORD], "what has no checksum proves nothing");
        fs::remove_file(&path).unwrap();
        assert_eq!(damaged(&place), [checksums::FILE]);
    }

    #[test]
    fn operations_are_listed_the_latest_first_and_nothing_else_is() {
        let place = Place::new();
        assert_eq!(place.state.operations().unwrap(), []);
        assert_eq!(names(place.root()), [""; 0], "looking creates nothing");
        let ids =
            ["20261122-031002-3f9a2c", "20251122-031002-3f9a2c", "20261122-031002-3f9a2c", "20261123-000000-000000"];
        for id in ids {
            place.state.begin(&OperationId::parse(id).unwrap(), &record(), &[original(None, "a")]).unwrap();
        }
        for foreign in [".new-20261124-000000-000000", "20261124-000000", "lost+found", ".DS_Store"] {
            fs::create_dir(place.state.operations_folder().join(foreign)).unwrap();
        }
        fs::write(place.state.operations_folder().join("20261125-000000-000000"), "").unwrap();
        let listed: Vec<_> = place.state.operations().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(listed, [ids[3], "20261122-031002-3f9a2c-2", ids[0], ids[1]]);
    }

    #[test]
    fn what_can_not_be_read_is_told_with_its_file_and_line() {
        let place = Place::new();
        place.begun().append(&event("a")).unwrap();
        let whole = fs::read_to_string(place.file(EVENTS)).unwrap();
        fs::write(place.file(EVENTS), format!("{whole}gone\n{whole}")).unwrap();
        let told = chain(&place.state.open(&id()).unwrap_err());
        let path = place.file(EVENTS);
        assert!(told.starts_with(&format!("cannot use {}: line 2 is no event: expected", path.display())), "{told}");
        fs::write(path, "").unwrap();
        fs::write(place.file(RECORD), "{").unwrap();
        let told = chain(&place.state.open(&id()).unwrap_err());
        assert!(told.starts_with(&format!("cannot use {}: EOF", place.file(RECORD).display())), "{told}");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_does_not_block() {
        let place = Place::new();
        place.begun();
        fs::remove_file(place.file(EVENTS)).unwrap();
        let made = std::process::Command::new("mkfifo").arg(place.file(EVENTS)).status();
        if made.is_ok_and(|status| status.success()) {
            assert!(matches!(place.state.open(&id()), Err(JournalError::NotRegular { .. })));
        }
    }
}
