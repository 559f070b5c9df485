//! One file a verb: ask `gather`, decide in `core`, show through `output`.

mod access;
mod cloud;
mod clusters;
pub(crate) mod completion;
mod consent;
mod expiry;
mod fleet;
mod history;
mod operation;
mod restore;
mod revoke;
mod scan;
mod status;
mod whoami;

use crate::cli::{Cli, Command};
use crate::error::Result;
use crate::output::{ui::Ui, views::Version};
use crate::status::Status;
use crate::world::World;

/// Runs the verb of a command line.
pub(crate) fn run(cli: &Cli, world: &World, ui: &Ui) -> Result<Status> {
    match &cli.command {
        Command::Whoami(args) => whoami::run(args, &cli.access, &cli.cloud, world, ui),
        Command::Expiry(args) => expiry::run(args, &cli.access, world, ui),
        Command::Scan(args) => scan::run(args, &cli.access, &cli.cloud, world, ui),
        Command::Status(args) => status::run(args, &cli.access, &cli.cloud, world, ui),
        Command::Revoke(args) => revoke::run(args, &cli.access, &cli.cloud, world, ui),
        Command::Restore(args) => restore::run(args, &cli.access, &cli.cloud, world, ui),
        Command::History(args) => history::run(args, world, ui),
        Command::Completion(args) => completion::run(args, ui),
        Command::Version => ui.report(&Version::current()).map(|()| Status::Done),
    }
}
