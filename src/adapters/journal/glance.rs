//! Operations by the thousand: as much of each as its name in a list needs, and as little of it read as can be.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::durable::{cannot_read, open_to_read, read, read_open};
use super::stored::Sums;
use super::{EVENTS, JournalError, RECORD, SUMMARY, StateFolder};
use crate::core::revocation::journal::{
    Chain, Event, LineError, OperationId, OperationSummary, State, chain, follow, state, whole_lines,
};
use crate::core::revocation::record;

/// A journal of no more bytes than these is read at once.
const SHORT: u64 = 16 * 1024;
/// How much is read at each end of a longer one, in bytes.
const END: usize = 4096;

/// What is known of an operation without reading its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// What it was to do.
    pub summary: OperationSummary,
    /// How far it came.
    pub state: State,
}

impl StateFolder {
    /// Looks at an operation: its summary by its checksum, the record by its length and by whether it was written to after
    /// its checksums were, the journal by its two ends. What is edited in the middle of the journal is found by
    /// [`open`](Self::open) and [`examine`](Self::examine).
    ///
    /// # Errors
    /// Where there is no such operation, or its files can't be read or are not what was written.
    pub fn glance(&self, id: &OperationId) -> Result<Glance, JournalError> {
        Ok(self.look_at(id)?.0)
    }

    /// Looks at an operation as [`glance`](Self::glance) does, and reads all that its checksums and its journal's chain cover
    /// but the bindings.
    ///
    /// # Errors
    /// As those of [`glance`](Self::glance).
    pub fn examine(&self, id: &OperationId) -> Result<Glance, JournalError> {
        let (glance, sums) = self.look_at(id)?;
        sums.sealed(RECORD)?;
        let events = sums.folder().join(EVENTS);
        follow(&read(&events)?, sums.root()).map_err(|source| JournalError::Events { path: events, source })?;
        Ok(glance)
    }

    fn look_at(&self, id: &OperationId) -> Result<(Glance, Sums), JournalError> {
        let folder = self.existing(id)?;
        let sums = Sums::read(&folder)?;
        let summary = sums.summary(id)?;
        let record = folder.join(RECORD);
        let metadata = fs::symlink_metadata(&record).map_err(cannot_read(&record))?;
        if !metadata.is_file() {
            return Err(JournalError::NotRegular { path: record });
        }
        if metadata.len() != summary.record_length {
            return Err(JournalError::Changed { path: record });
        }
        if metadata.modified().map_err(cannot_read(&record))? > sums.written() {
            sums.sealed(RECORD)?;
        }
        let state = state(last_event(&folder.join(EVENTS), &sums.root())?.as_slice());
        Ok((Glance { summary, state }, sums))
    }
}

impl Sums {
    /// The summary, as it was written.
    pub(super) fn summary(&self, id: &OperationId) -> Result<OperationSummary, JournalError> {
        let json = self.sealed(SUMMARY)?;
        let summary = record::summary::read(&json)
            .map_err(|source| JournalError::Record { path: self.folder().join(SUMMARY), source })?;
        if summary.belongs_to(id) {
            Ok(summary)
        } else {
            Err(JournalError::OtherPlan { path: self.folder().to_owned() })
        }
    }
}

/// The last event of a journal, with the links at both ends of its chain looked at.
fn last_event(path: &Path, root: &Chain) -> Result<Option<Event>, JournalError> {
    let (mut file, metadata) = open_to_read(path)?;
    if metadata.len() > SHORT {
        let (mut head, mut tail) = ([0; END], [0; END]);
        let read = file.read_exact(&mut head).and_then(|()| file.seek(SeekFrom::End(-(END as i64))));
        read.and_then(|_| file.read_exact(&mut tail)).and_then(|()| file.rewind()).map_err(cannot_read(path))?;
        if let Some(event) = by_ends(&head, &tail, root) {
            return Ok(Some(event));
        }
    }
    let journal = read_open(&mut file, &metadata, path)?;
    if let Some(event) = by_ends(&journal, &journal, root) {
        return Ok(Some(event));
    }
    // Of one line or less, or not what was written: all of it says which.
    let failed = |source| JournalError::Events { path: path.to_owned(), source };
    let places = follow(&journal, root.clone()).map_err(failed)?;
    let Some(last) = whole_lines(&journal).strip_suffix(b"\n").and_then(|lines| lines.rsplit(is_end).next()) else {
        return Ok(None);
    };
    let event = record::event::read(&chain::event(last).unwrap_or_default());
    event.map(Some).map_err(|source| failed(LineError::Event { line: places.len() - 1, source }))
}

/// The last event of a journal by what is at its two ends; `None` where that doesn't tell, or doesn't hold.
fn by_ends(head: &[u8], tail: &[u8], root: &Chain) -> Option<Event> {
    root.follow(&head[..memchr::memchr(b'\n', head)?])?;
    let mut lines = whole_lines(tail).strip_suffix(b"\n")?.rsplitn(2, is_end);
    let (last, before) = (lines.next()?, lines.next()?);
    Chain::claimed(before)?.follow(last)?;
    record::event::read(&chain::event(last)?).ok()
}

fn is_end(byte: &u8) -> bool {
    *byte == b'\n'
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use super::super::testing::{Place, ended, event, id};
    use super::*;
    use crate::core::revocation::journal::{Ending, checksums};

    /// An operation that ended, with so many lines before.
    fn place(lines: usize) -> Place {
        let place = Place::new();
        let mut journal = place.begun();
        (0..lines).for_each(|_| journal.append(&event("ann")).unwrap());
        journal.append(&ended(None)).unwrap();
        place
    }

    fn write(path: &Path, content: &str, when: Option<SystemTime>) {
        fs::write(path, content).unwrap();
        if let Some(when) = when {
            File::options().write(true).open(path).unwrap().set_modified(when).unwrap();
        }
    }

    #[test]
    fn how_far_it_came_is_read_from_the_end_of_the_journal() {
        for lines in [0, 1, 60, 200] {
            let place = place(lines);
            let glance = place.state.glance(&id()).unwrap();
            assert_eq!(glance.state, State::Ended(Ending::Verified), "{lines}");
            assert_eq!(glance, place.state.examine(&id()).unwrap());
            let whole = fs::read_to_string(place.file(EVENTS)).unwrap();
            fs::write(place.file(EVENTS), format!("{whole}{{\"event\":\"Res")).unwrap();
            assert_eq!(place.state.glance(&id()).unwrap().state, State::Ended(Ending::Verified), "{lines}, torn");
            place.state.reopen(&id()).unwrap().append(&event("bo")).unwrap();
            assert_eq!(place.state.glance(&id()).unwrap().state, State::Unfinished, "{lines}");
            fs::write(place.file(EVENTS), "").unwrap();
            assert_eq!(place.state.glance(&id()).unwrap().state, State::Unfinished, "{lines}, empty");
        }
    }

    #[test]
    fn a_long_line_at_either_end_is_read_whole() {
        let long = "x".repeat(3 * END);
        for order in [["a", &long, "b"], [&long, "a", "b"], ["a", "b", &long]] {
            let place = Place::new();
            let mut journal = place.begun();
            order.iter().for_each(|who| journal.append(&event(who)).unwrap());
            assert_eq!(place.state.glance(&id()).unwrap().state, State::Unfinished);
            journal.append(&ended(None)).unwrap();
            assert_eq!(place.state.glance(&id()).unwrap().state, State::Ended(Ending::Verified));
        }
    }

    #[test]
    fn what_is_damaged_is_seen_without_reading_all() {
        for lines in [0, 60, 200] {
            let fresh = || place(lines);
            for file in [RECORD, SUMMARY, EVENTS, checksums::FILE] {
                let place = fresh();
                fs::remove_file(place.file(file)).unwrap();
                assert!(matches!(place.state.glance(&id()), Err(JournalError::Read { .. })), "{file}");
            }
            for (file, from, to) in [
                (RECORD, "200", ""),
                (RECORD, "200", "201"),
                (SUMMARY, "dead", "beef"),
                (checksums::FILE, "a", "b"),
                (EVENTS, "Verified", "Restored"),
            ] {
                let place = fresh();
                let text = fs::read_to_string(place.file(file)).unwrap();
                let later = fs::metadata(place.file(file)).unwrap().modified().unwrap() + Duration::from_secs(60);
                write(&place.file(file), &text.replace(from, to), Some(later));
                assert!(place.state.glance(&id()).is_err(), "{lines} lines, {file}: {from} by {to}");
            }
            let place = fresh();
            fs::remove_dir_all(place.file("")).unwrap();
            fs::create_dir(place.file("")).unwrap();
            assert!(place.state.glance(&id()).is_err(), "a folder without a record");
        }
    }

    /// A clock that is put back must not hide an edit from what gives access back.
    #[test]
    fn where_something_is_given_back_all_is_read() {
        let place = place(200);
        let at = fs::metadata(place.file(RECORD)).unwrap().modified().unwrap();
        let record = fs::read_to_string(place.file(RECORD)).unwrap();
        write(&place.file(RECORD), &record.replace("200", "201"), Some(at));
        assert!(place.state.glance(&id()).is_ok(), "the summary is what it was");
        assert!(matches!(place.state.examine(&id()), Err(JournalError::Changed { .. })));
        write(&place.file(RECORD), &record, Some(at));
        let journal = fs::read_to_string(place.file(EVENTS)).unwrap();
        let middle = journal.match_indices("ann").nth(100).unwrap().0;
        fs::write(place.file(EVENTS), [&journal[..middle], "bob", &journal[middle + 3..]].concat()).unwrap();
        assert!(place.state.glance(&id()).is_ok(), "its ends are what they were");
        assert!(matches!(place.state.examine(&id()), Err(JournalError::Events { .. })));
    }
}
