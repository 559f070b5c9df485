//! Completion: the scripts of the shells, and the one place that answers them and kubectl.
//!
//! All get the same answer in the form that kubectl knows from plugins and from itself: a candidate a line, a tab and what it is,
//! and at the end a line that says whether files can stand there, too. After `--flag=` candidates are values without
//! the flag. kubectl asks a program named `kubectl_complete-ackcred` on PATH with the words typed so far; that program is this
//! binary under another name. zsh, fish and PowerShell ask with a first word of their own, and bash, which knows no words, with
//! its line.
//! Source: <https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/>,
//! <https://github.com/spf13/cobra/blob/v1.10.1/site/content/completions/_index.md>

mod bash;
mod engine;
mod names;
mod typed;

use std::ffi::{OsStr, OsString};
use std::path::Path;

use self::engine::{Candidate, Offer};
use crate::cli::{CompletionArgs, Shell};
use crate::error::Result;
use crate::output::escape::escape;
use crate::output::ui::Ui;
use crate::status::Status;
use crate::world::World;

/// The name under which kubectl asks.
const COMPLETER: &str = "kubectl_complete-ackcred";
/// The first word of a script that asks with words.
const BY_WORDS: &str = "__complete";
/// The first word of a script that asks with the line up to the cursor, and with what the shell would replace.
const BY_BASH_LINE: &str = "__complete-bash";

/// cobra's `ShellCompDirectiveDefault`: files can stand there.
const FILES: &str = ":0";
/// cobra's `ShellCompDirectiveNoFileComp`: the candidates are all there is.
const NO_FILES: &str = ":4";

/// What a shell would not take for a part of a word. kubectl's script for bash puts a candidate into the line as it is, and a
/// kubeconfig from elsewhere can name a context so that the line would run a command.
const RUN_BY_A_SHELL: [char; 14] = ['$', '`', ';', '&', '|', '<', '>', '(', ')', '\'', '"', '\\', '!', '\n'];

pub(super) fn run(args: &CompletionArgs, ui: &Ui) -> Result<Status> {
    let script = match args.shell {
        Shell::Bash => include_str!("../../completions/kubectl-ackcred.bash"),
        Shell::Zsh => include_str!("../../completions/_kubectl-ackcred"),
        Shell::Fish => include_str!("../../completions/kubectl-ackcred.fish"),
        Shell::Powershell => include_str!("../../completions/_kubectl-ackcred.ps1"),
    };
    ui.data(|out| out.write_all(script.as_bytes()))?;
    Ok(Status::Done)
}

/// The answer to kubectl or to a script; `None` for an ordinary command line.
pub(crate) fn answer(args: &[OsString], world: &World) -> Option<String> {
    let (program, words) = args.split_first()?;
    if Path::new(program).file_stem() == Some(OsStr::new(COMPLETER)) {
        return Some(listed(&engine::offer(words, world)));
    }
    match words.first()?.to_str()? {
        BY_WORDS => Some(listed(&engine::offer(&words[1..], world))),
        BY_BASH_LINE => {
            let text = |place| words.get(place).and_then(|word: &OsString| word.to_str()).unwrap_or_default();
            Some(for_bash(text(1), text(2), world))
        }
        _ => None,
    }
}

fn listed(offer: &Offer) -> String {
    let shown = offer.candidates.iter().filter(|candidate| !candidate.value.contains(RUN_BY_A_SHELL));
    let line = |candidate: &Candidate| match &candidate.about {
        Some(about) => format!("{}\t{}\n", candidate.value, escape(about)),
        None => format!("{}\n", candidate.value),
    };
    format!("{}{}\n", shown.map(line).collect::<String>(), directive(offer))
}

fn for_bash(line: &str, replaced: &str, world: &World) -> String {
    let line = bash::Line::read(line);
    let words: Vec<OsString> = line.words.iter().skip(1).map(OsString::from).collect();
    let offer = engine::offer(&words, world);
    let insertions = offer.candidates.iter().filter_map(|candidate| line.insertion(&candidate.value, replaced));
    format!("{}{}\n", insertions.map(|text| format!("{text}\n")).collect::<String>(), directive(&offer))
}

fn directive(offer: &Offer) -> &'static str {
    if offer.takes_file { FILES } else { NO_FILES }
}
