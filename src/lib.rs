//! kubectl-ackcred: whose kubeconfig credential is this, when does it expire, and who still holds access to the cluster?
//!
//! Data goes one way:
//!
//! ```text
//! outside → adapters → gather → core → output
//!                          core + consent → apply → outside
//! ```
//!
//! * [`cli`] says what can be asked, [`commands`] has one file a verb: ask [`gather`], decide in [`core`], show through
//!   [`output`]. A new verb is a variant of `cli::Command`, a file in `commands` with its line in `commands::run`, and a document
//!   in `output::views`.
//! * [`adapters`] wrap one outside thing each (kubeconfig files, the API server, the cloud) and return core types.
//! * [`apply`] is the one arrow back: it alone changes anything, and takes a plan and consent to exactly that plan. A revocation
//!   flows `gather::revocation → core::revocation::plan → commands::consent → apply → gather::verification`.
//! * [`core`] is pure: what a certificate says, what a binding grants, which status a credential has.
//! * [`world`] is the seam: clock, environment, folders and streams are values, so a test can run a whole command.
//! * [`error`] and [`status`] say how a run ended.
//! * [`internals`] is what benches and suites may reach into. Everything else is private, so that the compiler finds what no
//!   command uses any more.

#![allow(unreachable_pub, reason = "every room is private: `pub` is what it shows to the other rooms")]
#![warn(clippy::missing_docs_in_private_items)]
#![allow(
    rustdoc::private_intra_doc_links,
    reason = "no program uses this library: its documentation is for who works on it"
)]

mod adapters;
mod apply;
mod cli;
mod commands;
mod core;
mod error;
mod gather;
mod output;
pub mod status;
pub mod world;

#[doc(hidden)]
pub mod internals;

mod bug;

use std::ffi::OsString;

use clap::error::ErrorKind;

use crate::output::{log, ui::Ui};
use crate::status::Status;
use crate::world::World;

/// Runs one command line, program name first, and returns how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>, world: &World) -> Status {
    let args: Vec<OsString> = args.into_iter().collect();
    let outcome = bug::guard(|| dispatch(&args, world));
    if let Some(bug) = outcome.as_ref().err().or(bug::in_another_thread().as_ref()) {
        let version = env!("CARGO_PKG_VERSION");
        let text = format!("error: this is a bug in kubectl-ackcred {version}, at {}; please report it\n", bug.place);
        say(&world.streams.stderr, &text);
    }
    outcome.unwrap_or(Status::Bug)
}

/// Runs the command line of a process that is this program's alone, on the real machine.
pub fn run_process(args: impl IntoIterator<Item = OsString>) -> Status {
    bug::hide_every_panic();
    run(args, &World::real())
}

/// Runs the verb, or says what is wrong with the command line.
fn dispatch(args: &[OsString], world: &World) -> Status {
    if let Some(answer) = commands::completion::answer(args, world) {
        say(&world.streams.stdout, &answer);
        return Status::Done;
    }
    let cli = match cli::parse(args.to_vec(), world.streams.data_columns()) {
        Ok(cli) => cli,
        Err(error) => return explain(&error, world),
    };
    let ui = Ui::new(world, &cli.output);
    let ui = match commands::format::of(&cli.output.output, world) {
        Ok(format) => ui.with_format(format),
        Err(error) => {
            ui.error(&error);
            return error.status();
        }
    };
    let _log = log::start(cli.output.verbosity(), &world.streams);
    commands::run(&cli, world, &ui)
}

/// Help that was asked for is data; a command line that makes no sense is an error.
fn explain(error: &clap::Error, world: &World) -> Status {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            say(&world.streams.stdout, &format!("{}\n", text.trim_end()));
            Status::Done
        }
        _ => {
            say(&world.streams.stderr, &text);
            Status::Usage
        }
    }
}

/// Writes a text to a stream.
fn say(stream: &std::sync::Mutex<dyn std::io::Write + Send>, text: &str) {
    // A closed stream has no reader.
    let _ = output::ui::lock(stream).write_all(text.as_bytes());
}
