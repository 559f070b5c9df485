//! What was last seen of thousands of operations, so that their files need not be read again for each list of them.
//!
//! The index is derived and decides nothing by itself. An operation is looked up by its name in the folder, so that one that the
//! index lacks is read; what the index says of one is believed only while its folder, record and journal are the files that were
//! seen; an index that isn't whole is none. It is written anew where many operations had to be read; where that fails nothing is
//! lost.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, Metadata};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::durable::{read, replace};
use super::glance::Glance;
use super::{EVENTS, JournalError, RECORD, StateFolder};
use crate::core::hex::sha256;
use crate::core::revocation::journal::{Ending, OperationId, State};
use crate::core::revocation::record::OnDisk as _;
use crate::core::revocation::record::summary::SummaryV1;
use crate::error::chain;

const FILE: &str = "operations.index";
/// The first line, before the checksum of those that follow. Another format has another one.
const HEADER: &str = "ackcred-index 1 ";

/// What was last seen.
#[derive(Debug, Default)]
pub struct Index {
    content: String,
    /// Where in the content an operation's entry is.
    places: HashMap<OperationId, (usize, usize)>,
}

/// What is remembered of an operation: a line of the index, after its name.
#[derive(Serialize, Deserialize)]
struct Entry {
    seen: Seen,
    summary: SummaryV1,
    ended: Option<String>,
}

impl Entry {
    /// `None` where it says something that isn't known: then the operation is read.
    fn glance(self) -> Option<Glance> {
        let state = match self.ended {
            Some(word) => State::Ended(Ending::read(&word)?),
            None => State::Unfinished,
        };
        Some(Glance { summary: self.summary.try_into().ok()?, state })
    }
}

/// What an operation's folder, record and journal looked like.
#[derive(PartialEq, Serialize, Deserialize)]
struct Seen([Trace; 3]);

/// What tells a file from what it was before a change: its length, its number, and when its content and the file itself were
/// changed, in seconds and nanoseconds. The last can't be set back by a process that changes it.
#[derive(PartialEq, Serialize, Deserialize)]
struct Trace([i64; 6]);

/// A line of the index to be written.
#[derive(Debug)]
pub enum IndexLine {
    /// The one that was there.
    Same(OperationId),
    /// A new one.
    New(String),
}

impl StateFolder {
    /// The index; an empty one where there is none that can be used.
    pub fn index(&self) -> Index {
        let read = read(&self.path().join(FILE)).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        read.and_then(Index::of).unwrap_or_default()
    }

    /// Looks at an operation as [`glance`](Self::glance) does, unless the index knows it as it is; with its line for the next
    /// index.
    ///
    /// # Errors
    /// As those of [`glance`](Self::glance).
    pub fn glance_by(&self, index: &Index, id: &OperationId) -> Result<(Glance, IndexLine), JournalError> {
        // First: what is changed while it is read will look different the next time.
        let seen = Seen::of(&self.operation_folder(id));
        let known: Option<Entry> = index.entry(id).and_then(|text| serde_json::from_str(text).ok());
        let unchanged = known.filter(|entry| seen.as_ref() == Some(&entry.seen));
        if let Some(glance) = unchanged.and_then(Entry::glance) {
            return Ok((glance, IndexLine::Same(id.clone())));
        }
        let glance = self.glance(id)?;
        let ended = match glance.state {
            State::Ended(ending) => Some(ending.write()),
            State::Unfinished => None,
        };
        let entry = seen.map(|seen| Entry { seen, summary: SummaryV1::from(&glance.summary), ended });
        let text = entry.and_then(|entry| serde_json::to_string(&entry).ok());
        let line = text.map(|text| format!("{id} {text}\n")).unwrap_or_default();
        Ok((glance, IndexLine::New(line)))
    }

    /// Writes an index of these lines in place of the one before. Nothing depends on it.
    pub fn write_index(&self, before: &Index, lines: &[IndexLine]) {
        let mut body = String::new();
        for line in lines {
            match line {
                IndexLine::New(line) => body.push_str(line),
                IndexLine::Same(id) => {
                    // Writing to a String can't fail.
                    let _ = before.entry(id).map_or(Ok(()), |entry| writeln!(body, "{id} {entry}"));
                }
            }
        }
        let content = format!("{HEADER}{}\n{body}", sha256(body.as_bytes()));
        if let Err(error) = replace(&self.path().join(FILE), content.as_bytes()) {
            tracing::debug!(error = chain(&error), "the index of operations is not written");
        }
    }
}

impl Index {
    fn of(content: String) -> Option<Self> {
        let (header, body) = content.split_once('\n')?;
        if header.strip_prefix(HEADER)? != sha256(body.as_bytes()) {
            return None;
        }
        let (mut places, mut start) = (HashMap::new(), header.len() + 1);
        for line in body.lines() {
            let end = start + line.len();
            let (name, _) = line.split_once(' ')?;
            places.insert(OperationId::parse(name)?, (start + name.len() + 1, end));
            start = end + 1;
        }
        Some(Self { content, places })
    }

    fn entry(&self, id: &OperationId) -> Option<&str> {
        self.places.get(id).map(|(start, end)| &self.content[*start..*end])
    }
}

impl Seen {
    /// `None` where one of them can't be looked at: reading it says why.
    fn of(folder: &Path) -> Option<Self> {
        Some(Self([Trace::of(folder)?, Trace::of(&folder.join(RECORD))?, Trace::of(&folder.join(EVENTS))?]))
    }
}

impl Trace {
    fn of(path: &Path) -> Option<Self> {
        fs::symlink_metadata(path).ok().and_then(|metadata| trace(&metadata)).map(Self)
    }
}

#[cfg(unix)]
fn trace(metadata: &Metadata) -> Option<[i64; 6]> {
    use std::os::unix::fs::MetadataExt as _;
    let (length, number) = (metadata.len().cast_signed(), metadata.ino().cast_signed());
    Some([length, number, metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()])
}

#[cfg(not(unix))]
fn trace(metadata: &Metadata) -> Option<[i64; 6]> {
    let modified = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let seconds = i64::try_from(modified.as_secs()).ok()?;
    Some([metadata.len().cast_signed(), 0, seconds, i64::from(modified.subsec_nanos()), 0, 0])
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::SUMMARY;
    use super::super::testing::{Place, ended, event, id};
    use super::*;
    use crate::core::revocation::journal::checksums;

    fn is_new(place: &Place, index: &Index) -> bool {
        matches!(place.state.glance_by(index, &id()).unwrap().1, IndexLine::New(_))
    }

    fn indexed(place: &Place) -> Index {
        let before = place.state.index();
        let (_, line) = place.state.glance_by(&before, &id()).unwrap();
        place.state.write_index(&before, &[line]);
        place.state.index()
    }

    #[test]
    fn what_was_seen_is_not_read_again_until_it_changes() {
        let place = Place::new();
        let mut journal = place.begun();
        assert!(is_new(&place, &place.state.index()));
        let index = indexed(&place);
        let same = |index: &Index| {
            let glance = place.state.glance_by(index, &id()).unwrap().0;
            assert_eq!(glance, place.state.glance(&id()).unwrap());
            !is_new(&place, index)
        };
        assert!(same(&index));
        assert!(same(&indexed(&place)), "a line that is kept is as good");
        journal.append(&event("ann")).unwrap();
        assert!(!same(&index));
        let index = indexed(&place);
        let hash = journal.write_report(&"done").unwrap();
        assert!(!same(&index), "a file came into the folder");
        journal.append(&ended(Some(hash))).unwrap();
        assert!(same(&indexed(&place)));
    }

    /// Neither a truncated nor a missing record is hidden by what was known of it.
    #[test]
    fn what_is_damaged_is_not_known_any_more() {
        for file in [RECORD, SUMMARY, EVENTS, checksums::FILE] {
            let place = Place::new();
            place.begun().append(&event("ann")).unwrap();
            let index = indexed(&place);
            fs::remove_file(place.file(file)).unwrap();
            assert!(place.state.glance_by(&index, &id()).is_err(), "{file}");
        }
        for file in [RECORD, EVENTS] {
            let place = Place::new();
            place.begun().append(&event("ann")).unwrap();
            let index = indexed(&place);
            let content = fs::read(place.file(file)).unwrap();
            fs::write(place.file(file), [&content[..content.len() - 9], b"\n"].concat()).unwrap();
            assert!(place.state.glance_by(&index, &id()).is_err(), "{file}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_time_that_is_set_back_hides_no_edit() {
        let place = Place::new();
        place.begun();
        let index = indexed(&place);
        let at = fs::metadata(place.file(RECORD)).unwrap().modified().unwrap();
        let text = fs::read_to_string(place.file(RECORD)).unwrap();
        // The clock of files goes by ticks.
        while fs::metadata(place.file(RECORD)).unwrap().modified().unwrap() == at {
            fs::write(place.file(RECORD), text.replace("200", "201")).unwrap();
        }
        set_back(&place.file(RECORD), at);
        assert!(is_new(&place, &index));
    }

    #[cfg(unix)]
    fn set_back(path: &Path, at: SystemTime) {
        fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
    }

    #[test]
    fn an_index_that_is_not_whole_is_none() {
        let place = Place::new();
        place.begun();
        indexed(&place);
        let path = place.state.path().join(FILE);
        let whole = fs::read_to_string(&path).unwrap();
        let broken = [
            String::new(),
            whole[..whole.len() / 2].to_owned(),
            whole.replace("3f9a2cdead", "3f9a2cbeef"),
            whole.replace("ackcred-index 1", "ackcred-index 2"),
            format!("{whole}more\n"),
            "\u{0}".repeat(whole.len()),
        ];
        for content in broken {
            fs::write(&path, &content).unwrap();
            assert!(place.state.index().places.is_empty(), "{content}");
            assert!(is_new(&place, &place.state.index()));
        }
        fs::write(&path, &whole).unwrap();
        assert!(!is_new(&place, &place.state.index()));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(is_new(&place, &place.state.index()));
        indexed(&place);
        assert!(path.is_dir(), "what can't be written is left");
    }

    #[cfg(unix)]
    #[test]
    fn the_index_is_its_owners_alone() {
        use super::super::testing::mode;
        let place = Place::new();
        place.begun();
        indexed(&place);
        assert_eq!(mode(&place.state.path().join(FILE)), 0o600);
    }
}
