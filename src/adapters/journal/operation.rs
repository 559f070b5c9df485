//! The journal of one operation, while it goes on.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use serde::Serialize;

use super::durable::{self, cannot_write, options, replace};
use super::{EVENTS, JournalError, LONGEST, REPORT, StateFolder};
use crate::core::hex::sha256;
use crate::core::revocation::journal::{Chain, Event, OperationId, checksums, follow, whole_lines};
use crate::core::revocation::record;

/// An operation that goes on: its journal takes one event after the other.
#[derive(Debug)]
pub struct OperationJournal {
    id: OperationId,
    folder: PathBuf,
    file: File,
    /// The length of the lines that are known to be on the disk.
    length: u64,
    chain: Chain,
    stopped: bool,
}

impl StateFolder {
    /// Opens the journal of an operation that has begun, to go on with it. A line that was being written when the program was
    /// killed is removed. No other process may be at work on the operation: the caller holds the locks of its clusters.
    ///
    /// # Errors
    /// Where there is no such operation, or its journal can't be written or was changed by others.
    pub fn reopen(&self, id: &OperationId) -> Result<OperationJournal, JournalError> {
        let folder = self.existing(id)?;
        let path = folder.join(EVENTS);
        let root = Chain::root(&durable::read(&folder.join(checksums::FILE))?);
        let content = durable::read(&path)?;
        let chain = follow(&content, root.clone())
            .map_err(|source| JournalError::Events { path: path.clone(), source })?
            .pop()
            .unwrap_or(root);
        let length = whole_lines(&content).len() as u64;
        let file = durable::open(options().append(true), &path, cannot_write(&path))?;
        if length < content.len() as u64 {
            file.set_len(length).and_then(|()| file.sync_all()).map_err(cannot_write(&path))?;
        }
        Ok(OperationJournal { id: id.clone(), folder, file, length, chain, stopped: false })
    }
}

impl OperationJournal {
    /// The operation.
    pub fn id(&self) -> &OperationId {
        &self.id
    }

    /// The place in its chain after the last line that is on the disk.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Writes an event. When this returns it is on the disk.
    ///
    /// # Errors
    /// Where it can't be written. From then on nothing is: a change whose announcement failed must not be sent, and neither
    /// may one after it.
    pub fn append(&mut self, event: &Event) -> Result<(), JournalError> {
        self.append_all([event])
    }

    /// Writes events, one line each, and waits for the disk once. When this returns all of them are on it.
    ///
    /// # Errors
    /// Where they can't be written: then none of them is, and from then on nothing is, as with [`append`](Self::append).
    pub fn append_all<'a>(&mut self, events: impl IntoIterator<Item = &'a Event>) -> Result<(), JournalError> {
        let path = self.folder.join(EVENTS);
        if self.stopped {
            return Err(JournalError::Stopped { path });
        }
        self.stopped = true;
        let (mut lines, mut chain) = (String::new(), self.chain.clone());
        for event in events {
            let event = record::event::json(event)
                .map_err(|source| JournalError::Encode { path: path.clone(), source: source.into() })?;
            let (line, after) = chain.line(&event);
            lines.push_str(&line);
            chain = after;
        }
        let length = self.length + lines.len() as u64;
        if length > LONGEST {
            return Err(JournalError::TooLong { path });
        }
        if let Err(error) = self.write(lines.as_bytes()) {
            // Half a line is no harm to a reader, but none is better: the disk may have room again when it goes on.
            let _ = self.file.set_len(self.length).and_then(|()| self.file.sync_all());
            return Err(cannot_write(&path)(error));
        }
        self.length = length;
        self.chain = chain;
        self.stopped = false;
        Ok(())
    }

    /// One call for all lines, so that a kill leaves all of them or none where the system can do that.
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let written = loop {
            match self.file.write(lines) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        if written < lines.len() {
            let problem = format!("only {written} of {} bytes were written", lines.len());
            return Err(io::Error::new(io::ErrorKind::StorageFull, problem));
        }
        self.file.sync_data()
    }

    /// Writes what came of the operation, in place of what may have been written before. Returns its SHA-256, in hexadecimal
    /// digits.
    ///
    /// # Errors
    /// Where it can't be written; what was there before is there still.
    pub fn write_report(&mut self, report: &impl Serialize) -> Result<String, JournalError> {
        let path = self.folder.join(REPORT);
        let report = serde_json::to_vec_pretty(report)
            .map_err(|source| JournalError::Encode { path: path.clone(), source: source.into() })?;
        replace(&path, &report).map(|()| sha256(&report))
    }
}

#[cfg(test)]
impl OperationJournal {
    /// From now on it can't be written.
    pub(crate) fn loses_its_file(&mut self) {
        self.file = File::open(self.folder.join(EVENTS)).unwrap();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, json};

    use super::super::testing::{Place, ended, event, id, names};
    use super::*;

    #[test]
    fn events_are_appended_across_runs() {
        let place = Place::new();
        let mut journal = place.begun();
        journal.append(&event("a")).unwrap();
        assert_eq!(place.events(), [event("a")]);
        journal.append(&event("b")).unwrap();
        drop(journal);
        place.state.reopen(&id()).unwrap().append(&event("c")).unwrap();
        assert_eq!(place.events(), ["a", "b", "c"].map(event));
    }

    #[test]
    fn events_that_are_written_together_are_lines_of_their_own() {
        let place = Place::new();
        let mut journal = place.begun();
        journal.append_all(&["a", "b"].map(event)).unwrap();
        journal.append_all([]).unwrap();
        journal.append(&event("c")).unwrap();
        assert_eq!(place.events(), ["a", "b", "c"].map(event));
        let whole = fs::read(place.file(EVENTS)).unwrap();
        let second = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        // Killed while the second of two was being written.
        fs::write(place.file(EVENTS), &whole[..second + 10]).unwrap();
        place.state.reopen(&id()).unwrap().append(&event("d")).unwrap();
        assert_eq!(place.events(), ["a", "d"].map(event));
    }

    #[test]
    fn a_torn_line_is_passed_over_and_removed_before_the_next_one() {
        let place = Place::new();
        let mut journal = place.begun();
        journal.append(&event("a")).unwrap();
        let (path, whole) = (place.file(EVENTS), fs::read(place.file(EVENTS)).unwrap());
        let line = journal.chain().line(&record::event::json(&event("é")).unwrap()).0;
        for cut in 0..line.len() {
            fs::write(&path, [&whole, &line.as_bytes()[..cut]].concat()).unwrap();
            assert_eq!(place.events(), [event("a")], "cut at {cut}");
            assert_eq!(fs::read(&path).unwrap().len(), whole.len() + cut, "looking changes nothing");
            place.state.reopen(&id()).unwrap().append(&event("b")).unwrap();
            assert_eq!(place.events(), ["a", "b"].map(event), "cut at {cut}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn on_a_full_disk_the_journal_stops_with_whole_lines() {
        use super::super::testing::{SHORT, where_files_stay_short};
        if where_files_stay_short("operation::tests::on_a_full_disk_the_journal_stops_with_whole_lines") {
            let place = Place::new();
            let mut journal = place.begun();
            journal.append(&event("a")).unwrap();
            let error = journal.append(&event(&"x".repeat(2 * SHORT))).unwrap_err();
            assert!(
                matches!(&error, JournalError::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull)
            );
            assert_eq!(place.events(), [event("a")]);
            let mut journal = place.state.reopen(&id()).unwrap();
            journal.append_all(&[event("b"), event(&"x".repeat(2 * SHORT))]).unwrap_err();
            assert_eq!(place.events(), [event("a")], "of two that are written together neither is");
            // It would fit, but there would be a gap before it.
            assert!(matches!(journal.append(&event("b")), Err(JournalError::Stopped { .. })));
            place.state.reopen(&id()).unwrap().append(&event("c")).unwrap();
            assert_eq!(place.events(), ["a", "c"].map(event));
            // A report that doesn't fit leaves the earlier one.
            journal.write_report(&json!("first")).unwrap();
            assert!(journal.write_report(&"x".repeat(2 * SHORT)).is_err());
            assert_eq!(fs::read(place.file(REPORT)).unwrap(), b"\"first\"");
            assert!(!names(&place.file("")).iter().any(|name| name.starts_with('.')));
        }
    }

    #[test]
    fn after_a_failed_write_nothing_more_is_written() {
        let place = Place::new();
        let mut journal = place.begun();
        journal.loses_its_file();
        let seen = crate::error::chain(&journal.append(&event("a")).unwrap_err());
        assert!(seen.starts_with(&format!("cannot write {}: ", place.file(EVENTS).display())), "{seen}");
        journal.file = File::options().append(true).open(place.file(EVENTS)).unwrap();
        assert!(matches!(journal.append(&event("b")), Err(JournalError::Stopped { .. })));
        assert_eq!(place.events(), []);
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let place = Place::new();
        let mut journal = place.begun();
        journal.length = LONGEST - 1;
        assert!(matches!(journal.append(&event("a")), Err(JournalError::TooLong { .. })));
        File::options().write(true).open(place.file(EVENTS)).unwrap().set_len(LONGEST + 1).unwrap();
        assert!(matches!(place.state.open(&id()), Err(JournalError::TooLong { .. })));
        assert!(matches!(place.state.reopen(&id()), Err(JournalError::TooLong { .. })));
    }

    #[test]
    fn a_report_takes_the_place_of_the_one_before() {
        let place = Place::new();
        let mut journal = place.begun();
        assert_eq!(place.state.open(&id()).unwrap().report, None);
        // Killed while it was being written.
        fs::write(place.file(".report.json.new"), "{").unwrap();
        for report in ["first", "second"] {
            let hash = journal.write_report(&report).unwrap();
            assert_eq!(place.state.open(&id()).unwrap().report, None, "the journal doesn't know it yet");
            journal.append(&ended(Some(hash))).unwrap();
            assert_eq!(place.state.open(&id()).unwrap().report, Some(Value::from(report)));
            journal.append(&event("again")).unwrap();
        }
        assert_eq!(
            names(&place.file("")),
            ["SHA256SUMS", "journal.jsonl", "operation.json", "originals", "report.json", "summary.json"]
        );
    }

    #[test]
    fn what_never_began_does_not_go_on() {
        let place = Place::new();
        let error = place.state.reopen(&id()).unwrap_err();
        let folder = place.state.operations_folder();
        assert_eq!(error.to_string(), format!("there is no operation {} in {}", id(), folder.display()));
        assert_eq!(names(place.root()), [""; 0]);
    }

    /// A journal that others have written into is not resumed.
    #[test]
    fn a_journal_that_was_changed_is_not_appended_to() {
        let place = Place::new();
        let mut journal = place.begun();
        ["a", "b"].into_iter().for_each(|who| journal.append(&event(who)).unwrap());
        let whole = fs::read_to_string(place.file(EVENTS)).unwrap();
        let edited = whole.replace(r#""operator":"a""#, r#""operator":"x""#);
        fs::write(place.file(EVENTS), &edited).unwrap();
        let seen = crate::error::chain(&place.state.reopen(&id()).unwrap_err());
        assert!(seen.contains("line 1 does not follow"), "{seen}");
        assert_eq!(fs::read_to_string(place.file(EVENTS)).unwrap(), edited);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        use std::os::unix::fs::symlink;
        let place = Place::new();
        let precious = place.root().join("precious");
        fs::write(&precious, "torn").unwrap();
        let mut journal = place.begun();
        fs::remove_file(place.file(EVENTS)).unwrap();
        symlink(&precious, place.file(EVENTS)).unwrap();
        symlink(&precious, place.file(REPORT)).unwrap();
        symlink(&precious, place.file(".report.json.new")).unwrap();
        assert!(matches!(place.state.reopen(&id()), Err(JournalError::NotRegular { .. })));
        assert!(matches!(place.state.open(&id()), Err(JournalError::NotRegular { .. })));
        journal.write_report(&1).unwrap();
        assert!(fs::symlink_metadata(place.file(REPORT)).unwrap().is_file());
        let moved = place.root().join("moved");
        fs::rename(place.file(""), &moved).unwrap();
        symlink(&moved, place.state.operation_folder(&id())).unwrap();
        assert!(matches!(place.state.reopen(&id()), Err(JournalError::NotAFolder { .. })));
        assert!(matches!(place.state.glance(&id()), Err(JournalError::NotAFolder { .. })));
        assert_eq!(place.state.operations().unwrap(), [id()], "what can't be used is named all the same");
        assert_eq!(fs::read(&precious).unwrap(), b"torn");
    }
}
