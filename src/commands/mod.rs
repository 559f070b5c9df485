//! One file a verb: ask `gather`, decide in `core`, show through `output`.

mod access;
mod approval;
mod cloud;
mod clusters;
pub(crate) mod completion;
mod consent;
mod expiry;
mod fleet;
pub(crate) mod format;
mod history;
mod leaked_file;
mod leases;
mod lint;
mod log_progress;
mod operation;
mod persistence;
mod restore;
mod revoke;
mod rights;
mod rotate;
mod scan;
mod status;
mod stop;
mod suggest;
mod trace;
mod verify;
mod who_can;
mod whoami;

use self::stop::Stop;
use crate::cli::{self, Cli, Command};
use crate::output::{ui::Ui, views::Version};
use crate::status::Status;
use crate::world::World;

/// Runs the verb of a command line, and says why where it stops.
pub(crate) fn run(cli: &Cli, world: &World, ui: &Ui) -> Status {
    dispatch(cli, world, ui).unwrap_or_else(|stop| stop.end(ui))
}

fn dispatch(cli: &Cli, world: &World, ui: &Ui) -> Result<Status, Stop> {
    Ok(match &cli.command {
        Command::Whoami(args) => whoami::run(args, &cli.access, &cli.cloud, world, ui)?,
        Command::Expiry(args) => expiry::run(args, &cli.access, world, ui)?,
        Command::Scan(args) if args.persistence.persistence => {
            persistence::run(args, &cli.access, &cli.cloud, world, ui)?
        }
        Command::Scan(args) => scan::run(args, &cli.access, &cli.cloud, world, ui)?,
        Command::Status(args) => status::run(args, &cli.access, &cli.cloud, world, ui)?,
        Command::Rights(args) => rights::run(args, &cli.access, &cli.cloud, world, ui)?,
        Command::WhoCan(args) => who_can::run(args, &cli.access, &cli.cloud, world, ui)?,
        Command::Trace(args) => trace::run(args, world, ui)?,
        Command::Lint(args) => lint::run(args, &cli.access, &cli.cloud, world, ui)?,
        Command::Suggest(args) => suggest::run(args, &cli.access, &cli.cloud, world, ui)?,
        Command::Revoke(args) => revoke::run(args, &cli.access, &cli.cloud, world, ui)?,
        Command::Rotate(args) => rotate::run(args, &cli.access, &cli.cloud, world, ui)?,
        Command::Restore(args) => restore::run(args, &cli.access, &cli.cloud, world, ui)?,
        Command::Verify(args) => verify::run(args, &cli.access, &cli.cloud, world, ui)?,
        Command::History(args) => history::run(args, world, ui)?,
        Command::Completion(args) => completion::run(args, ui)?,
        Command::Options => ui
            .data(|out| out.write_all(cli::options(world.streams.data_columns()).as_bytes()))
            .map(|()| Status::Done)?,
        Command::Version => ui.report(&Version::current()).map(|()| Status::Done)?,
    })
}
