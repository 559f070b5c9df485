//! `trace`: what a credential was used for, from an audit log. No cluster and no cloud is asked.

use std::path::Path;

use super::access;
use super::log_progress::LogProgressBar;
use crate::adapters::audit_log::{AuditLog, AuditLogError, LogSource};
use crate::cli::{TraceArgs, TraceFailOn};
use crate::core::audit::period::Period;
use crate::core::audit::tracer::AskedFor;
use crate::error::{Error, Result};
use crate::gather::audit_log;
use crate::gather::trace::{self, NotTraceable, TraceReading};
use crate::output::ui::Ui;
use crate::output::views::{ActorView, AskedAbout, TraceReport};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(args: &TraceArgs, world: &World, ui: &Ui) -> Result<Status> {
    let asked = asked(args, world)?;
    let sources: Vec<LogSource> = args.audit_log.iter().map(|path| LogSource::of(path)).collect();
    let (mut logs, unopened) = audit_log::open(&sources, world);
    if logs.is_empty() {
        return Err(not_opened(unopened));
    }
    if logs.len() > 1 && !logs.iter().all(AuditLog::can_be_read_again) {
        return Err(Error::usage("standard input or a pipe is read once, and other logs more often: give it alone")
            .hint("write it into a file"));
    }
    let TraceReading { trace, failures } = {
        let mut bar = LogProgressBar::begin(ui);
        trace::read(&mut logs, searched(&asked, args), &mut |progress| bar.draw(progress))
    };
    let failures: Vec<String> = unopened.iter().chain(&failures).map(ToString::to_string).collect();
    let hints: Vec<_> = trace.caveats.iter().filter_map(|caveat| caveat.hint()).collect();
    let names = logs.iter().map(|log| log.name.clone()).collect();
    let report = TraceReport::of(asked, trace, names, failures);
    report.warnings.iter().for_each(|warning| ui.warning(warning));
    hints.iter().for_each(|hint| ui.note(&format!("hint: {hint}")));
    ui.report(&report)?;
    Ok(match report.incomplete {
        true => Status::Incomplete,
        false if args.fail_on.iter().any(|word| report.actors.iter().any(|actor| was_used(actor, *word))) => {
            Status::Findings
        }
        false => Status::Done,
    })
}

fn asked(args: &TraceArgs, world: &World) -> Result<AskedAbout> {
    let mut asked = AskedAbout {
        file: args.file.as_ref().map(|file| file.display().to_string()),
        credentials: args.credential.clone(),
        uids: args.uids.iter().map(ToString::to_string).collect(),
        names: Vec::new(),
        issued: None,
        since: args.since.map(|bound| bound.before(world.now)),
        until: args.until.map(|bound| bound.before(world.now)),
        depth: args.depth,
    };
    if let Some(file) = &args.file {
        let found = of_file(file, args.leaked_context.as_deref(), world)?;
        asked.credentials.extend(found.credentials);
        asked.names = found.names;
        asked.issued = found.issued;
    }
    Ok(asked)
}

fn of_file(file: &Path, context: Option<&str>, world: &World) -> Result<trace::TraceableFile> {
    trace::credentials_of(world, file, context).map_err(|error| match error {
        NotTraceable::File(error) => access::unreadable_file(error),
        NotTraceable::Context(error) => {
            let hint = access::context_hint(&error, "--leaked-context chooses one of its contexts");
            Error::failed(error).hint(hint)
        }
        NotTraceable::NoCredential => {
            Error::failed(error).hint("kubectl ackcred whoami -f shows what it holds; trace takes a UID, too")
        }
    })
}

fn searched(asked: &AskedAbout, args: &TraceArgs) -> AskedFor {
    AskedFor {
        credentials: asked.credentials.iter().map(|id| id.as_str().into()).collect(),
        names: asked.names.iter().map(|name| name.as_str().into()).collect(),
        uids: args.uids.clone(),
        depth: args.depth,
        with_commands: args.show_commands,
        period: Period { since: asked.since, until: asked.until },
    }
}

fn not_opened(errors: Vec<AuditLogError>) -> Error {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    Error::failed(anyhow::Error::msg(texts.join("; "))).hint("--audit-log takes files, or - for standard input")
}

fn was_used(actor: &ActorView, word: TraceFailOn) -> bool {
    0 < match word {
        TraceFailOn::Minted => actor.counts.mints,
        TraceFailOn::Granted => actor.counts.grants,
        TraceFailOn::Secrets => actor.counts.secrets,
        TraceFailOn::Executed => actor.counts.executions,
    }
}
