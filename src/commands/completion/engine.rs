//! What can stand at the cursor. clap's engine finds the place in the grammar; the rest is what it doesn't know: what is typed
//! already, which names there are, and what a person at a prompt expects.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::sync::{Arc, Mutex, PoisonError};

use clap::{Arg, Command, ValueHint};
use clap_complete::engine::{self, ArgValueCompleter, CompletionCandidate};

use super::names;
use super::typed::{Typed, value_of};
use crate::cli;
use crate::output::escape::escape;
use crate::world::World;

/// A word that can stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The word; after `--flag=` the value alone.
    pub(super) value: String,
    /// What it is.
    pub(super) about: Option<String>,
}

/// All that can stand at the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    /// The words, in the order in which they are to be shown.
    pub(super) candidates: Vec<Candidate>,
    /// Whether a file can stand there.
    pub(super) takes_file: bool,
}

/// What can stand at the cursor, from the grammar of command lines and from local files. The words are those after the program's
/// name; the last one is at the cursor.
pub(super) fn offer(words: &[OsString], world: &World) -> Offer {
    let Some((last, before)) = words.split_last() else { return Offer::default() };
    let Some(last) = last.to_str() else { return Offer::default() };
    let typed = Typed::read(before);
    // After `--` no word is a flag.
    let is_flag = last.starts_with('-') && !before.iter().any(|word| word == "--");
    let place = Place::find(before, last, is_flag, &typed);
    let mut candidates = place.words;
    candidates.retain(|candidate| candidate.value.starts_with('-') == is_flag);
    let takes_file = place.value_of.as_ref().is_some_and(|value| value.takes_file);
    if let Some(value) = place.value_of {
        candidates.extend(value.candidates(last, &typed, world));
    }
    // A name that a terminal would not show as it is, or that a line can't hold, can't be completed.
    candidates.retain(|candidate| escape(&candidate.value) == candidate.value);
    let mut seen = BTreeSet::new();
    candidates.retain(|candidate| seen.insert(candidate.value.clone()));
    Offer { candidates, takes_file }
}

/// What clap's engine knows of the cursor.
struct Place {
    /// Verbs and flags that can stand there.
    words: Vec<Candidate>,
    /// The argument whose value can stand there.
    value_of: Option<ArgumentValue>,
}

/// A value that is typed.
#[derive(Clone, Debug)]
struct ArgumentValue {
    argument: String,
    /// As much of it as is typed; in a list, of its last part.
    typed: String,
    /// The values that the grammar lists.
    possible: Vec<Candidate>,
    delimiter: Option<char>,
    ignores_case: bool,
    is_positional: bool,
    takes_file: bool,
}

impl Place {
    fn find(before: &[OsString], last: &str, is_flag: bool, typed: &Typed) -> Self {
        let asked = Asked::default();
        let mut grammar = cli::grammar();
        grammar.build();
        let verb = typed.verb().and_then(|verb| grammar.find_subcommand(verb));
        let excluded = typed.excluded(verb.unwrap_or(&grammar));
        let mut grammar = watched(hidden(grammar, &excluded), &asked);
        // An option that takes a value only behind `=` takes no further word for one.
        let flags: Vec<OsString> = flags_that_need_equals(&grammar).collect();
        let before: Vec<&OsString> = before.iter().filter(|word| !flags.contains(word)).collect();
        let mut complete = |last: &str| {
            let words = std::iter::once("kubectl-ackcred".into()).chain(before.iter().map(|word| (*word).clone()));
            let words: Vec<OsString> = words.chain([last.into()]).collect();
            let place = words.len() - 1;
            engine::complete(&mut grammar, words, place, None).unwrap_or_default()
        };
        let mut found = complete(last);
        if last == "-" {
            // Every flag by its long name, and those that have none by the short one.
            let long = complete("--");
            found.retain(|short| !long.iter().any(|long| long.get_id() == short.get_id()));
            found.splice(0..0, long);
        }
        let words = found.iter().filter(|candidate| !candidate.is_hide_set()).map(Candidate::of).collect();
        let mut asked = std::mem::take(&mut *asked.lock().unwrap_or_else(PoisonError::into_inner));
        // The engine asks the positional argument about `--flag=`, too.
        asked.retain(|value| !(value.is_positional && is_flag));
        let value_of = asked.into_iter().next();
        Self { words, value_of }
    }
}

impl ArgumentValue {
    /// The values that go on from what is typed, without those that are typed already.
    fn candidates(&self, last: &str, typed: &Typed, world: &World) -> Vec<Candidate> {
        let before = value_of(last.strip_suffix(self.typed.as_str()).unwrap_or_default());
        let mut taken: BTreeSet<String> = typed.values(&self.argument).into_iter().collect();
        if let Some(delimiter) = self.delimiter {
            taken = taken.iter().flat_map(|values| values.split(delimiter)).map(str::to_owned).collect();
            taken.extend(before.split(delimiter).map(str::to_owned));
        }
        let mut candidates = self.possible.clone();
        candidates.extend(names::of_argument(&self.argument, typed, world));
        candidates.retain(|candidate| self.goes_on(&candidate.value) && !taken.contains(&candidate.value));
        for candidate in &mut candidates {
            candidate.value.insert_str(0, before);
        }
        candidates
    }

    fn goes_on(&self, value: &str) -> bool {
        let begin = value.get(..self.typed.len());
        let is_begun =
            |begin: &str| begin == self.typed || (self.ignores_case && begin.eq_ignore_ascii_case(&self.typed));
        begin.is_some_and(is_begun)
    }
}

impl Candidate {
    fn of(candidate: &CompletionCandidate) -> Self {
        let about = candidate.get_help().map(|help| help.to_string().lines().next().unwrap_or_default().to_owned());
        Self { value: candidate.get_value().to_string_lossy().into_owned(), about }
    }
}

/// The grammar, with these arguments hidden in it.
fn hidden(command: Command, excluded: &BTreeSet<String>) -> Command {
    let hide = |arg: Arg| if excluded.contains(arg.get_id().as_str()) { arg.hide(true) } else { arg };
    command.mut_args(hide).mut_subcommands(|verb| hidden(verb, excluded))
}

/// The arguments that the engine asked for values.
type Asked = Arc<Mutex<Vec<ArgumentValue>>>;

/// The grammar, in which the argument whose value stands at the cursor makes itself known.
fn watched(command: Command, asked: &Asked) -> Command {
    let command = command.mut_args(|arg| {
        let value = ArgumentValue {
            argument: arg.get_id().to_string(),
            typed: String::new(),
            possible: possible_values(&arg),
            delimiter: arg.get_value_delimiter(),
            ignores_case: arg.is_ignore_case_set(),
            is_positional: arg.is_positional(),
            takes_file: matches!(
                arg.get_value_hint(),
                ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath | ValueHint::ExecutablePath
            ),
        };
        let asked = Arc::clone(asked);
        arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
            let value = ArgumentValue { typed: typed.to_string_lossy().into_owned(), ..value.clone() };
            asked.lock().unwrap_or_else(PoisonError::into_inner).push(value);
            Vec::new()
        }))
    });
    command.mut_subcommands(|verb| watched(verb, asked))
}

fn possible_values(arg: &Arg) -> Vec<Candidate> {
    let shown = arg.get_possible_values().into_iter().filter(|value| !value.is_hide_set());
    let candidate = |value: clap::builder::PossibleValue| Candidate {
        value: value.get_name().to_owned(),
        about: value.get_help().map(ToString::to_string),
    };
    shown.map(candidate).collect()
}

fn flags_that_need_equals(command: &Command) -> impl Iterator<Item = OsString> {
    let verbs = command.get_subcommands().flat_map(Command::get_arguments);
    let arguments = command.get_arguments().chain(verbs).filter(|arg| arg.is_require_equals_set());
    arguments.flat_map(|arg| {
        let long = arg.get_long().map(|name| format!("--{name}"));
        let short = arg.get_short().map(|name| format!("-{name}"));
        long.into_iter().chain(short).map(OsString::from)
    })
}
