//! Operations of earlier runs.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use super::durable::{cannot_read, read, read_dated};
use super::{EVENTS, JournalError, RECORD, REPORT, StateFolder};
use crate::core::hex::sha256;
use crate::core::revocation::journal::checksums::{self, Checksum};
use crate::core::revocation::journal::{
    Chain, Event, Journal, OperationId, OperationSummary, State, originals, read_journal, state,
};

/// What is known of an operation of an earlier run, or of another process that goes on. All of it is as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredOperation {
    /// Its ID.
    pub id: OperationId,
    /// What was to be done.
    pub record: Value,
    /// What lists of operations know of it.
    pub summary: OperationSummary,
    /// What was.
    pub events: Vec<Event>,
    /// What came of it; `None` where it stopped before it said so.
    pub report: Option<Value>,
    /// Bindings and a report that aren't what was written, by their names in its folder. None of them is used.
    pub damaged: Vec<String>,
}

impl StateFolder {
    /// The operations that have begun, the latest first; among them whatever else bears the name of one, so that nothing that
    /// can't be read is taken for absent. Where none ever has begun there is no folder, and none is created.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub fn operations(&self) -> Result<Vec<OperationId>, JournalError> {
        let mut ids: Vec<_> =
            entries(&self.operations_folder())?.iter().filter_map(|name| OperationId::parse(name)).collect();
        ids.sort_by(|one, other| other.cmp(one));
        Ok(ids)
    }

    /// Reads an operation. Its journal may end in a line that was never finished, which is left out.
    ///
    /// # Errors
    /// Where there is no such operation, or a part of it that anything is decided from can't be read or is not what was written.
    pub fn open(&self, id: &OperationId) -> Result<StoredOperation, JournalError> {
        let folder = self.existing(id)?;
        let sums = Sums::read(&folder)?;
        let summary = sums.summary(id)?;
        let record = document(&folder.join(RECORD), &sums.sealed(RECORD)?)?;
        // Another process may be at work on it: what the log of all operations knows is in the journal by now.
        let logged = self.logged(id)?;
        let path = folder.join(EVENTS);
        let Journal { events, chain } = read_journal(&read(&path)?, sums.root())
            .map_err(|source| JournalError::Events { path: path.clone(), source })?;
        if !logged.iter().all(|hash| chain.iter().any(|place| place.hash() == hash)) {
            return Err(JournalError::Cut { path });
        }
        let mut damaged = sums.damaged_originals()?;
        let report = report(&folder.join(REPORT), &events)?;
        damaged.extend(report.is_err().then(|| REPORT.to_owned()));
        let report = report.ok().flatten();
        Ok(StoredOperation { id: id.clone(), record, summary, events, report, damaged })
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

pub(super) fn document(path: &Path, json: &[u8]) -> Result<Value, JournalError> {
    serde_json::from_slice(json)
        .map_err(|source| JournalError::Document { path: path.to_owned(), source: source.into() })
}

/// The report of an operation that has ended, `None` where there is none; an error inside where it isn't the one that was written.
/// Of an operation that goes on, the report is an earlier run's.
pub(super) fn report(path: &Path, events: &[Event]) -> Result<Result<Option<Value>, ()>, JournalError> {
    let hashes = events.iter().rev().filter_map(|event| match event {
        Event::Ended { report, .. } => Some(report.as_ref()),
        _ => None,
    });
    let hash = match (state(events), hashes.flatten().next()) {
        (State::Ended(_), Some(hash)) => hash,
        (State::Ended(_) | State::Unfinished, _) => return Ok(Ok(None)),
    };
    match read(path) {
        Ok(json) if sha256(&json) == *hash => document(path, &json).map(|report| Ok(Some(report))),
        Ok(_) => Ok(Err(())),
        Err(JournalError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(Err(())),
        Err(error) => Err(error),
    }
}

/// The checksums of an operation's files.
pub(super) struct Sums {
    folder: PathBuf,
    list: Vec<Checksum>,
    root: Chain,
    written: SystemTime,
}

impl Sums {
    pub(super) fn read(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(checksums::FILE);
        let (content, written) = read_dated(&path)?;
        let list = std::str::from_utf8(&content).ok().and_then(checksums::read);
        let Some(list) = list else { return Err(JournalError::Checksums { path }) };
        Ok(Self { folder: folder.to_owned(), list, root: Chain::root(&content), written })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the journal's chain begins.
    pub(super) fn root(&self) -> Chain {
        self.root.clone()
    }

    /// When they were written.
    pub(super) fn written(&self) -> SystemTime {
        self.written
    }

    /// Reads a file that is what its checksum says. One that has none proves nothing.
    pub(super) fn sealed(&self, name: &str) -> Result<Vec<u8>, JournalError> {
        let path = self.folder.join(name);
        let content = read(&path)?;
        let sum = Checksum::of(name, &content);
        if self.list.contains(&sum) { Ok(content) } else { Err(JournalError::Changed { path }) }
    }

    /// The bindings that differ from their checksums, are missing or have none.
    pub(super) fn damaged_originals(&self) -> Result<Vec<String>, JournalError> {
        let below = format!("{}/", originals::FOLDER);
        let there = entries(&self.folder.join(originals::FOLDER))?.into_iter().map(|name| format!("{below}{name}"));
        let listed = self.list.iter().map(|sum| sum.name.clone()).filter(|name| name.starts_with(&below));
        let all: BTreeSet<String> = there.chain(listed).collect();
        Ok(all.into_iter().filter(|name| self.sealed(name).is_err()).collect())
    }
}

/// The names in a folder; nothing where there is no such folder.
fn entries(folder: &Path) -> Result<Vec<String>, JournalError> {
    let list = || -> io::Result<Vec<String>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    match list() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        result => result.map_err(cannot_read(folder)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::SUMMARY;
    use super::super::testing::{Place, ended, event, id, names, original, record, summary};
    use super::*;
    use crate::core::revocation::journal::{Action, AuditLine, Phase};
    use crate::error::chain;

    fn refused(place: &Place) -> String {
        let seen = chain(&place.state.open(&id()).unwrap_err());
        let folder = place.file("").display().to_string();
        seen.replace(&folder, "")
    }

    fn edit(path: &Path, from: &str, to: &str) {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    #[test]
    fn an_operation_is_read_from_its_folder_alone() {
        let place = Place::new();
        let mut journal = place.begun();
        journal.append(&event("ann")).unwrap();
        let hash = journal.write_report(&"done").unwrap();
        journal.append(&ended(Some(hash.clone()))).unwrap();
        let expected = StoredOperation {
            id: id(),
            record: record(),
            summary: summary(fs::metadata(place.file(RECORD)).unwrap().len()),
            events: vec![event("ann"), ended(Some(hash))],
            report: Some("done".into()),
            damaged: Vec::new(),
        };
        assert_eq!(place.state.open(&id()).unwrap(), expected);
    }

    #[test]
    fn what_nothing_is_decided_from_is_named_and_not_used() {
        let place = Place::new();
        let mut journal = place.begun();
        let hash = journal.write_report(&"done").unwrap();
        journal.append(&ended(Some(hash))).unwrap();
        let open = || place.state.open(&id()).unwrap();
        let team = "originals/01-RoleBinding-shop-team.yaml";
        edit(&place.file(team), "101", "102");
        assert_eq!((open().damaged, open().report), (vec![team.to_owned()], Some("done".into())));
        fs::rename(place.file(team), place.file("originals/more.yaml")).unwrap();
        edit(&place.file(REPORT), "done", "more");
        let expected = [team, "originals/more.yaml", REPORT].map(str::to_owned);
        assert_eq!((open().damaged, open().report), (expected.to_vec(), None));
        fs::remove_file(place.file(REPORT)).unwrap();
        assert_eq!(open().damaged, expected);
    }

    #[test]
    fn what_is_decided_from_must_be_what_was_written() {
        let whole = || {
            let place = Place::new();
            let mut journal = place.begun();
            ["a", "b", "c"].into_iter().for_each(|who| journal.append(&event(who)).unwrap());
            place
        };
        for (file, from, to, seen) in [
            (RECORD, "\"200\"", "\"201\"", "operation.json is not what was written there"),
            (RECORD, "200", "", "operation.json is not what was written there"),
            (SUMMARY, "dead", "beef", "summary.json is not what was written there"),
            (EVENTS, "\"b\"", "\"x\"", "journal.jsonl: line 2 does not follow"),
            // A checksum that is written anew beside what it is of breaks the chain that hangs on all of them.
            (checksums::FILE, "a", "b", "is not what was written there"),
            (checksums::FILE, "\n", "", "SHA256SUMS: no list of checksums"),
            (checksums::FILE, RECORD, "../../../etc/passwd", "SHA256SUMS: no list of checksums"),
            (checksums::FILE, RECORD, "other.json", "operation.json is not what was written there"),
            (checksums::FILE, "  originals/01", "  originals/02", "journal.jsonl: line 1 does not follow"),
        ] {
            let place = whole();
            edit(&place.file(file), from, to);
            let refused = refused(&place);
            assert!(refused.contains(seen), "{file}: {from:?} by {to:?}: {refused}");
        }
        for file in [RECORD, SUMMARY, EVENTS, checksums::FILE] {
            let place = whole();
            fs::remove_file(place.file(file)).unwrap();
            assert!(refused(&place).contains(&format!("cannot read {file}")), "{file}: {}", refused(&place));
        }
        let place = whole();
        let other = OperationId::parse("20261122-031002-000000").unwrap();
        fs::rename(place.state.operation_folder(&id()), place.state.operation_folder(&other)).unwrap();
        assert!(matches!(place.state.open(&other), Err(JournalError::OtherPlan { .. })));
    }

    #[test]
    fn a_journal_cut_at_its_end_is_reported_by_the_log_of_all_operations() {
        let place = Place::new();
        let mut journal = place.begun();
        let log = |hash: &str, operation| {
            let line = AuditLine {
                time: jiff::Timestamp::UNIX_EPOCH,
                operation: Some(operation),
                action: Action::Revoke,
                phase: Phase::Ended,
                who: Vec::new(),
                reason: None,
                clusters: Vec::new(),
                uids: Vec::new(),
                results: Vec::new(),
                outcome: None,
                journal: Some(hash.to_owned()),
            };
            place.state.append_audit(&line).unwrap();
        };
        log(journal.chain().hash(), id());
        journal.append(&event("a")).unwrap();
        let (shorter, middle) = (fs::read(place.file(EVENTS)).unwrap(), journal.chain().clone());
        journal.append(&event("b")).unwrap();
        log(middle.hash(), id());
        // Another operation's, whose name begins as this one's.
        log("other", id().next());
        fs::write(place.file(EVENTS), &shorter).unwrap();
        assert_eq!(place.state.open(&id()).unwrap().events, [event("a")], "nothing knows of more");
        fs::write(place.file(EVENTS), "").unwrap();
        assert!(refused(&place).contains("journal.jsonl has lost lines at its end"), "{}", refused(&place));
    }

    #[test]
    fn operations_are_listed_the_latest_first_and_nothing_else_is() {
        let place = Place::new();
        assert_eq!(place.state.operations().unwrap(), []);
        assert_eq!(names(place.root()), [""; 0], "looking creates nothing");
        let ids =
            ["20261122-031002-3f9a2c", "20251122-031002-3f9a2c", "20261122-031002-3f9a2c", "20261123-000000-000000"];
        for id in ids {
            let id = OperationId::parse(id).unwrap();
            place.state.begin(&id, &record(), summary, &[original(None, "a")]).unwrap();
        }
        for foreign in [".new-20261124-000000-000000", "20261124-000000", "lost+found", ".DS_Store"] {
            fs::create_dir(place.state.operations_folder().join(foreign)).unwrap();
        }
        let listed = || -> Vec<String> { place.state.operations().unwrap().iter().map(ToString::to_string).collect() };
        assert_eq!(listed(), [ids[3], "20261122-031002-3f9a2c-2", ids[0], ids[1]]);
        // It may be where an operation was: what it holds can't be read, so it is not left out.
        fs::write(place.state.operations_folder().join("20261125-000000-000000"), "").unwrap();
        assert_eq!(listed()[0], "20261125-000000-000000");
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
            assert!(matches!(place.state.glance(&id()), Err(JournalError::NotRegular { .. })));
        }
    }
}
