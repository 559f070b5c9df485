//! Appending to the log of all operations.

use std::fs::File;
use std::io;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};

use memchr::memmem;

use super::durable::{self, cannot_read, cannot_write, create_folders, options, sync_folder};
use super::{JournalError, LONGEST, StateFolder};
use crate::core::revocation::journal::{AuditLine, OperationId};
use crate::core::revocation::record::{self, RecordError};

const FILE: &str = "audit.jsonl";

impl StateFolder {
    /// Appends a line to `audit.jsonl`. When this returns it is on the disk.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn append_audit(&self, line: &AuditLine) -> Result<(), JournalError> {
        let path = self.path().join(FILE);
        let line = record::audit::line(line)
            .map_err(|source| JournalError::Encode { path: path.clone(), source: source.into() })?;
        create_folders(self.path())?;
        let mut file = durable::open(options().read(true).append(true).create(true), &path, cannot_write(&path))?;
        append(&mut file, line).and_then(|()| sync_folder(self.path())).map_err(cannot_write(&path))
    }
}

impl StateFolder {
    /// The chain hashes that `audit.jsonl` knows of an operation's journal; none where there is no such file. A line that isn't
    /// whole was being written when its program was killed.
    ///
    /// # Errors
    /// Where the file can't be read, or a line of this operation is of a newer version.
    pub(super) fn logged(&self, id: &OperationId) -> Result<Vec<String>, JournalError> {
        let path = self.path().join(FILE);
        let file = match durable::open(options().read(true), &path, cannot_read(&path)) {
            Err(JournalError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            file => file?,
        };
        let (mut lines, mut line, mut hashes) = (BufReader::new(file), Vec::new(), Vec::new());
        let name = id.to_string();
        while lines.by_ref().take(LONGEST).read_until(b'\n', &mut line).map_err(cannot_read(&path))? > 0 {
            // Most lines are about other operations, and cost no more than this.
            if memmem::find(&line, name.as_bytes()).is_some() {
                match record::audit::logged(&line) {
                    Ok((operation, journal)) => hashes.extend(journal.filter(|_| operation.as_ref() == Some(id))),
                    Err(source @ RecordError::Newer(_)) => return Err(JournalError::Record { path, source }),
                    // Another program's, or cut.
                    Err(_) => {}
                }
            }
            line.clear();
        }
        Ok(hashes)
    }
}

/// One call for the whole line: other processes may be appending theirs.
fn append(file: &mut File, mut line: String) -> io::Result<()> {
    // So that a line that is being written isn't taken for one that never was. Where the system can't lock, the worst is an
    // empty line between two.
    let _ = file.lock();
    if !ends_with_a_line(file)? {
        // Another process was killed, or the disk was full. Its line is lost, ours need not be.
        line.insert(0, '\n');
    }
    let written = file.write(line.as_bytes())?;
    if written < line.len() {
        let problem = format!("only {written} of {} bytes were written", line.len());
        return Err(io::Error::new(io::ErrorKind::StorageFull, problem));
    }
    file.sync_all()
}

fn ends_with_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use serde_json::Value;

    use super::super::testing::{Place, id};
    use super::*;
    use crate::core::revocation::journal::{Action, Ending, Phase};

    fn line(who: &str) -> AuditLine {
        AuditLine {
            time: jiff::Timestamp::UNIX_EPOCH,
            operation: Some(id()),
            action: Action::Revoke,
            phase: Phase::Ended,
            who: vec![who.to_owned()],
            reason: Some("left\nthe team".to_owned()),
            clusters: Vec::new(),
            uids: vec!["200".to_owned()],
            results: Vec::new(),
            outcome: Some(Ending::Verified),
            journal: None,
        }
    }

    fn json(line: &AuditLine) -> Value {
        serde_json::from_str(&record::audit::line(line).unwrap()).unwrap()
    }

    fn read(place: &Place) -> Vec<Option<Value>> {
        let text = fs::read_to_string(place.state.path().join(FILE)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).ok()).collect()
    }

    #[test]
    fn lines_are_only_ever_added() {
        let place = Place::new();
        for who in ["ann", "bo"] {
            place.state.append_audit(&line(who)).unwrap();
        }
        assert_eq!(read(&place), [Some(json(&line("ann"))), Some(json(&line("bo")))]);
        #[cfg(unix)]
        assert_eq!(super::super::testing::mode(&place.state.path().join(FILE)), 0o600);
    }

    #[test]
    fn a_line_that_was_never_finished_costs_no_other() {
        let place = Place::new();
        place.state.append_audit(&line("ann")).unwrap();
        let path = place.state.path().join(FILE);
        let text = fs::read(&path).unwrap();
        fs::write(&path, [&text, &text[..text.len() - 1]].concat()).unwrap();
        place.state.append_audit(&line("bo")).unwrap();
        fs::write(&path, [fs::read(&path).unwrap(), text[..20].to_vec()].concat()).unwrap();
        place.state.append_audit(&line("ci")).unwrap();
        assert_eq!(
            read(&place),
            [
                Some(json(&line("ann"))),
                Some(json(&line("ann"))),
                Some(json(&line("bo"))),
                None,
                Some(json(&line("ci")))
            ]
        );
    }

    #[test]
    fn lines_of_many_stay_whole() {
        let place = Place::new();
        let long = "x".repeat(100_000);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..4).for_each(|_| place.state.append_audit(&line(&long)).unwrap()));
            }
        });
        assert_eq!(read(&place), vec![Some(json(&line(&long))); 32]);
    }

    #[test]
    fn where_it_can_not_be_written_it_is_an_error() {
        let place = Place::new();
        fs::create_dir_all(place.state.path().join(FILE)).unwrap();
        assert!(matches!(place.state.append_audit(&line("ann")), Err(JournalError::NotRegular { .. })));
    }
}
