//! What a command line says before the cursor, so that nothing is offered again and nothing that contradicts it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::cli;

/// The words before the cursor, as clap reads them.
#[derive(Debug, Default)]
pub(super) struct Typed {
    verb: Option<String>,
    given: ArgMatches,
}

impl Typed {
    /// Reads the words. A line that isn't finished makes little sense yet: values are not looked at, and words that clap can't
    /// place are passed over.
    pub(super) fn read(words: &[OsString]) -> Self {
        let program = OsString::from("kubectl-ackcred");
        let grammar = lenient(cli::grammar()).ignore_errors(true);
        let matches = grammar.try_get_matches_from(std::iter::once(&program).chain(words));
        match matches.map(|mut matches| (matches.remove_subcommand(), matches)) {
            Ok((Some((verb, given)), _)) => Self { verb: Some(verb), given },
            Ok((None, given)) => Self { verb: None, given },
            Err(_) => Self::default(),
        }
    }

    /// The verb.
    pub(super) fn verb(&self) -> Option<&str> {
        self.verb.as_deref()
    }

    /// Whether an argument is given.
    pub(super) fn has(&self, argument: &str) -> bool {
        self.arguments().any(|id| id == argument)
    }

    /// The values that are given to an argument.
    pub(super) fn values(&self, argument: &str) -> Vec<String> {
        let raw = if self.has(argument) { self.given.get_raw(argument) } else { None };
        raw.into_iter().flatten().map(|value| value.to_string_lossy().into_owned()).collect()
    }

    /// The value that is given to an argument, as a path; kubectl takes an empty one for none.
    pub(super) fn path(&self, argument: &str) -> Option<PathBuf> {
        self.values(argument).pop().filter(|path| !path.is_empty()).map(PathBuf::from)
    }

    /// The arguments that make no sense any more: given and not repeatable, in conflict with one that is given, or of no use
    /// to the verb. `command` is the verb's, built.
    pub(super) fn excluded(&self, command: &Command) -> BTreeSet<String> {
        let given: Vec<&Arg> = command.get_arguments().filter(|arg| self.has(arg.get_id().as_str())).collect();
        let conflict = |one: &Arg, other: &Arg| {
            command.get_arg_conflicts_with(one).iter().any(|arg| arg.get_id() == other.get_id())
        };
        let is_excluded = |arg: &&Arg| {
            let is_repeatable = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
            let has_no_use = self.verb().is_some_and(|verb| !cli::has_use_for(verb, arg));
            has_no_use
                || (self.has(arg.get_id().as_str()) && !is_repeatable)
                || given.iter().any(|given| conflict(given, arg) || conflict(arg, given))
        };
        command.get_arguments().filter(is_excluded).map(|arg| arg.get_id().to_string()).collect()
    }

    fn arguments(&self) -> impl Iterator<Item = &str> {
        let is_given = |id: &&str| self.given.value_source(id) == Some(ValueSource::CommandLine);
        self.given.ids().map(clap::Id::as_str).filter(is_given)
    }
}

/// What a word has as a value so far: all of it, or after `--flag=` what follows.
pub(super) fn value_of(word: &str) -> &str {
    if word.starts_with('-') { word.split_once('=').map_or(word, |(_, value)| value) } else { word }
}

/// A grammar that takes any value.
fn lenient(command: Command) -> Command {
    let any = |arg: Arg| {
        let takes_values = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
        if takes_values { arg.value_parser(ValueParser::os_string()) } else { arg }
    };
    command.mut_args(any).mut_subcommands(lenient)
}
