//! A terminal where everything is looked through: what a command says, however much it logs, and every file that it leaves.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ackcred_sandbox::session::Session;
use kubectl_ackcred::status::Status;

use super::canary::{Canaries, Finder};
use super::is_whole;

/// Which verb has which formats.
const FORMATS: [(&str, &[&str]); 9] = [
    ("table", &[]),
    ("wide", &[]),
    ("yaml", &[]),
    ("name", &[]),
    ("csv", &[]),
    ("prometheus", &["expiry", "scan", "status", "verify"]),
    ("html", &["expiry", "scan", "status", "rights", "who-can", "history", "trace"]),
    ("md", &["history", "trace"]),
    ("sarif", &["lint"]),
];

/// A session in which no secret may be seen.
pub(super) struct Watched {
    pub(super) session: Session,
    finder: Finder,
    /// What the test itself has written.
    placed: RefCell<BTreeMap<PathBuf, Vec<u8>>>,
    turn: Cell<usize>,
    /// Where a secret was seen.
    shown: RefCell<Vec<String>>,
}

impl Watched {
    pub(super) fn new(session: Session, canaries: &Canaries) -> Self {
        let placed = RefCell::new(files(session.home()));
        Self { session, finder: canaries.finder(), placed, turn: Cell::new(0), shown: RefCell::default() }
    }

    /// Writes a file that may hold a secret.
    pub(super) fn place(&self, path: &str, content: impl AsRef<[u8]>) {
        let content = content.as_ref();
        let path = self.session.write(path, content).unwrap();
        self.placed.borrow_mut().insert(path, content.to_vec());
    }

    /// Runs a command in JSON and in one other of its formats, or in all of them. Gives all that was said.
    pub(super) fn run(&self, place: &str, words: &[&str]) -> String {
        let verb = words[0];
        let others: Vec<&str> = FORMATS
            .iter()
            .filter(|(_, verbs)| verbs.is_empty() || (verbs.contains(&verb) && !words.contains(&"--persistence")))
            .map(|(format, _)| *format)
            .collect();
        let turn = self.turn.replace(self.turn.get() + 1);
        let chosen = if is_whole() { others } else { vec![others[turn % others.len()]] };
        let mut said = String::new();
        for format in ["json"].into_iter().chain(chosen) {
            said.push_str(&self.run_as(place, &[words, &["-o", format]].concat()));
        }
        said
    }

    /// Runs a command at the most talkative level.
    pub(super) fn run_as(&self, place: &str, words: &[&str]) -> String {
        let words = [words, &["-vvv"]].concat();
        let outcome = self.session.run(&words);
        // What the grammar of the command line refuses reads nothing.
        let is_no_command = outcome.stderr.contains("\nUsage: ") || outcome.stderr.contains(" has no -o ");
        assert!(!is_no_command && outcome.status != Status::Bug, "{place}: {words:?} is no command\n{outcome}");
        for (stream, text) in [("standard output", &outcome.stdout), ("standard error", &outcome.stderr)] {
            self.look_through(place, &words, stream, text.as_bytes());
        }
        self.look_through_files(place, &words);
        outcome.to_string()
    }

    fn look_through_files(&self, place: &str, words: &[&str]) {
        let placed = self.placed.borrow();
        for (path, content) in files(self.session.home()) {
            if placed.get(&path) != Some(&content) {
                self.look_through(place, words, &path.display().to_string(), &content);
            }
        }
    }

    fn look_through(&self, place: &str, words: &[&str], whence: &str, bytes: &[u8]) {
        if let Some(secret) = self.finder.find(bytes) {
            self.shown.borrow_mut().push(format!("{place}: {words:?}: {whence} shows {secret}"));
        }
    }
}

/// A test ends with all that was shown: where one place leaks, others often do.
impl Drop for Watched {
    fn drop(&mut self) {
        let shown = self.shown.borrow();
        assert!(shown.is_empty() || std::thread::panicking(), "{}", shown.join("\n"));
    }
}

/// Every file below a folder; one that is not there has none.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(content) = fs::read(&path) {
                found.insert(path, content);
            }
        }
    }
    found
}
