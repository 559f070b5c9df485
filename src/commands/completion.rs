//! Completion: scripts for shells, and answers to kubectl.
//!
//! kubectl asks a program named `kubectl_complete-ackcred` on PATH, with the words typed so far, and reads one candidate a
//! line and a directive at the end. That program is this binary under another name.
//! Source: <https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/>

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use clap::Command;
use clap_complete::engine::{self, ArgValueCandidates, CompletionCandidate};

use crate::cli::{self, CompletionArgs};
use crate::error::Result;
use crate::gather::completions::Candidates;
use crate::output::ui::Ui;
use crate::status::Status;
use crate::world::World;

/// The name under which kubectl asks.
const COMPLETER: &str = "kubectl_complete-ackcred";

/// cobra's `ShellCompDirectiveNoFileComp`: the candidates are all there is.
const NO_FILE_COMPLETION: &str = ":4";

pub(super) fn run(args: &CompletionArgs, ui: &Ui) -> Result<Status> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::grammar(), "kubectl-ackcred", &mut script);
    ui.data(|out| out.write_all(&script))?;
    Ok(Status::Done)
}

/// Whether the program was started under kubectl's name for a completer.
pub(crate) fn is_requested_by_kubectl(args: &[OsString]) -> bool {
    args.first().and_then(|program| Path::new(program).file_stem()) == Some(OsStr::new(COMPLETER))
}

/// The candidates for the last word, from the command line's own grammar and from local files only.
pub(crate) fn complete(args: &[OsString], world: &World) -> Vec<String> {
    let local = Arc::new(Candidates::load(world));
    let mut command = with_candidates(cli::grammar(), &local);
    let last = args.len().saturating_sub(1);
    let found = engine::complete(&mut command, args.to_vec(), last, Some(&world.cwd)).unwrap_or_default();
    let mut lines: Vec<String> = found.iter().map(line).collect();
    lines.push(NO_FILE_COMPLETION.to_owned());
    lines
}

/// The grammar, with the live candidates of each argument that has some; a verb has arguments of its own.
fn with_candidates(command: Command, local: &Arc<Candidates>) -> Command {
    let command = command.mut_args(|arg| match words_of(arg.get_id().as_str()) {
        None => arg,
        Some(words) => {
            let local = Arc::clone(local);
            arg.add(ArgValueCandidates::new(move || words(&local).iter().map(CompletionCandidate::new).collect()))
        }
    });
    command.mut_subcommands(|verb| with_candidates(verb, local))
}

fn words_of(argument: &str) -> Option<fn(&Candidates) -> BTreeSet<String>> {
    match argument {
        "context" => Some(Candidates::contexts),
        "cluster_id" => Some(Candidates::cluster_ids),
        "uid" | "uids" => Some(Candidates::uids),
        "operation" | "resume" => Some(Candidates::operations),
        _ => None,
    }
}

fn line(candidate: &CompletionCandidate) -> String {
    let value = candidate.get_value().to_string_lossy();
    match candidate.get_help() {
        Some(help) => format!("{value}\t{}", help.to_string().lines().next().unwrap_or_default()),
        None => value.into_owned(),
    }
}
