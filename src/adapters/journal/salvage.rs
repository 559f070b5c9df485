//! What can still be read of an operation whose files are damaged, and what can't.

use serde_json::Value;

use super::durable::read;
use super::stored::{Sums, document, report};
use super::{EVENTS, JournalError, RECORD, REPORT, StateFolder};
use crate::core::revocation::journal::{Event, Journal, OperationId, OperationSummary, read_first_lines};

/// The files of an operation, each as far as it is what was written.
#[derive(Debug)]
pub struct SalvagedOperation {
    /// What was to be done, with what lists of operations know of it.
    pub record: Result<(Value, OperationSummary), JournalError>,
    /// What was sent and answered: the first lines of the journal, as far as they can be trusted.
    pub events: Vec<Event>,
    /// What came of it; `None` where it stopped before it said so, or the journal does not say which report is its own.
    pub report: Option<Value>,
    /// Why there is no more of the journal, of the report and of the bindings as they were.
    pub missing: Vec<JournalError>,
    /// Bindings and a report that are not what was written, by their names in its folder.
    pub damaged: Vec<String>,
}

impl StateFolder {
    /// Reads what can be read of an operation. Nothing that its checksums and the chain of its journal do not cover is in it.
    ///
    /// # Errors
    /// Where there is no such operation, or nothing can be read because its checksums can't.
    pub fn salvage(&self, id: &OperationId) -> Result<SalvagedOperation, JournalError> {
        let folder = self.existing(id)?;
        let sums = Sums::read(&folder)?;
        let record = sums.sealed(RECORD).and_then(|json| document(&folder.join(RECORD), &json));
        let record = record.and_then(|record| Ok((record, sums.summary(id)?)));
        // Before the journal: another process may be at work on it.
        let logged = self.logged(id);
        let (mut missing, path) = (Vec::new(), folder.join(EVENTS));
        let events = match read(&path) {
            Err(error) => {
                missing.push(error);
                Vec::new()
            }
            Ok(journal) => {
                let (Journal { events, chain }, broken) = read_first_lines(&journal, sums.root());
                let has = |hash: &String| chain.iter().any(|place| place.hash() == hash);
                missing.extend(match (broken, logged) {
                    (Some(source), _) => Some(JournalError::Events { path, source }),
                    (None, Ok(logged)) if logged.iter().all(has) => None,
                    (None, Ok(_)) => Some(JournalError::Cut { path }),
                    (None, Err(error)) => Some(error),
                });
                events
            }
        };
        let (found, mut damaged) = match report(&folder.join(REPORT), &events) {
            Ok(Ok(found)) => (found, Vec::new()),
            Ok(Err(())) => (None, vec![REPORT.to_owned()]),
            Err(error) => {
                missing.push(error);
                (None, Vec::new())
            }
        };
        match sums.damaged_originals() {
            Ok(originals) => damaged.extend(originals),
            Err(error) => missing.push(error),
        }
        Ok(SalvagedOperation { record, events, report: found, missing, damaged })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::SUMMARY;
    use super::super::testing::{Place, ended, event, id, record};
    use super::*;
    use crate::core::revocation::journal::checksums;
    use crate::error::chain;

    fn whole() -> Place {
        let place = Place::new();
        let mut journal = place.begun();
        ["a", "b"].into_iter().for_each(|who| journal.append(&event(who)).unwrap());
        let hash = journal.write_report(&"done").unwrap();
        journal.append(&ended(Some(hash))).unwrap();
        place
    }

    /// How many events there are, whether there is a record and a report, and what is said to be missing.
    fn salvaged(place: &Place) -> (usize, bool, bool, String) {
        let SalvagedOperation { record, events, report, missing, damaged } = place.state.salvage(&id()).unwrap();
        let mut said: Vec<String> = missing.iter().map(|error| chain(error)).chain(damaged).collect();
        said.extend(record.as_ref().err().map(|error| chain(error)));
        let folder = place.file("").display().to_string();
        (events.len(), record.is_ok(), report.is_some(), said.join("; ").replace(&folder, ""))
    }

    #[test]
    fn of_an_operation_that_is_whole_all_is_read() {
        let place = whole();
        assert_eq!(salvaged(&place), (3, true, true, String::new()));
        assert_eq!(place.state.salvage(&id()).unwrap().record.unwrap().0, record());
    }

    #[test]
    fn what_is_missing_is_named_and_the_rest_is_read() {
        for (file, from, to, expected) in [
            (RECORD, "\"200\"", "\"201\"", (3, false, true, "operation.json is not what was written there")),
            (SUMMARY, "dead", "beef", (3, false, true, "summary.json is not what was written there")),
            (EVENTS, "\"b\"", "\"x\"", (1, true, false, "journal.jsonl: line 2 does not follow")),
            (REPORT, "done", "more", (3, true, false, "report.json")),
            (
                checksums::FILE,
                "  originals/01",
                "  originals/02",
                (0, true, false, "journal.jsonl: line 1 does not follow"),
            ),
        ] {
            let place = whole();
            let text = fs::read_to_string(place.file(file)).unwrap();
            fs::write(place.file(file), text.replace(from, to)).unwrap();
            let (events, has_record, has_report, said) = salvaged(&place);
            let (a, b, c, words) = expected;
            assert_eq!((events, has_record, has_report), (a, b, c), "{file}: {said}");
            assert!(said.contains(words), "{file}: {said}");
        }
        let place = whole();
        fs::remove_file(place.file(EVENTS)).unwrap();
        let (events, has_record, has_report, said) = salvaged(&place);
        assert_eq!((events, has_record, has_report), (0, true, false));
        assert!(said.starts_with("cannot read journal.jsonl"), "{said}");
    }

    #[test]
    fn without_checksums_nothing_can_be_trusted() {
        let place = whole();
        fs::write(place.file(checksums::FILE), "no list\n").unwrap();
        assert!(matches!(place.state.salvage(&id()), Err(JournalError::Checksums { .. })));
        let other = OperationId::parse("20261122-031002-000000").unwrap();
        assert!(matches!(place.state.salvage(&other), Err(JournalError::Missing { .. })));
    }
}
