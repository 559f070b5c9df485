//! `scan --persistence`: what would let someone in again.

use std::path::Path;

use jiff::Timestamp;

use super::stop::Stop;
use super::{cloud, fleet, leaked_file, operation};
use crate::adapters::cluster::ApiServer;
use crate::adapters::files;
use crate::adapters::journal::StateFolder;
use crate::cli::{AccessArgs, CloudArgs, FailOn, ScanArgs};
use crate::core::access::scan::ClusterScan;
use crate::core::ids::Uid;
use crate::core::persistence::{ClusterFacts, Finding, RightsThen, Traced, Whose, findings};
use crate::core::rbac::user_info::of_identity;
use crate::core::revocation::journal::{Fate, OperationId, writes};
use crate::error::{Error, Result};
use crate::gather::cluster_access::{AccessQuery, ClusterReading};
use crate::gather::history::{self, Past};
use crate::gather::leaked::Leaked;
use crate::gather::persistence::{self, PersistenceReading};
use crate::gather::rights::RightsReading;
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::output::views::{
    ApiVersion, AskedPersistence, FindingView, Kind, PersistenceColumns, PersistenceReport, counted,
};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(
    args: &ScanArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status, Stop> {
    let flags = &args.persistence;
    if args.fail_on.iter().any(|word| *word != FailOn::Any) {
        let error = Error::usage("with --persistence, --fail-on takes any");
        return Err(error.hint("kubectl ackcred scan --help").into());
    }
    let leaked = leaked_file::read(flags.file.as_deref(), flags.leaked_context.as_deref(), world)?;
    let past = flags.operation.as_ref().map(|id| past(id, world, ui)).transpose()?;
    let traced = flags.trace.as_deref().map(|path| read_trace(path, world)).transpose()?;
    let chosen = leaked_file::choose(&args.clusters, args.in_cluster, access, leaked.as_ref(), world)?;
    let extent = chosen.extent;
    let query = AccessQuery { world, timeout: access.request_timeout.0, namespace: None, with_rights: true };
    let settings = cloud::settings(cloud_args, access, world)?;
    let runtime = Runtime::begin()?;
    let fleet = fleet::read_to_show(&runtime, chosen, query, settings, |api: ApiServer| api, ui)?;
    fleet::say_read(&fleet, extent, ui);

    let asked = Asked { args, leaked: leaked.as_ref(), past: past.as_ref(), traced };
    let since = asked.since();
    let mut found = Found::default();
    for reading in fleet.reading() {
        let Some(rights) = &reading.rights else { continue };
        let read = runtime.cancellable(persistence::ask(&reading.api, &reading.scan, since, world.now))?;
        found.add(&asked, reading, rights, &read, world.now);
    }
    found.unread.iter().for_each(|text| ui.warning(text));
    let status = match fleet::status(&fleet) {
        Status::Done if !found.unread.is_empty() => Status::Incomplete,
        status => status,
    };
    let report = PersistenceReport {
        api_version: ApiVersion::V1,
        kind: Kind::PersistenceReport,
        time: world.now,
        asked: asked.view(since),
        clusters: fleet.clusters.iter().map(fleet::scanned).collect(),
        findings: found.findings,
        read: found.read.into_iter().map(str::to_owned).collect(),
        unread: found.unread,
        not_seen: PersistenceReport::not_seen(),
        incomplete: status != Status::Done,
        columns: PersistenceColumns { are_several: extent.is_several() },
    };
    ui.report(&report)?;
    sum_up(&report, &asked, ui);
    let has_findings = args.fail_on.contains(&FailOn::Any) && !report.findings.is_empty();
    Ok(if status == Status::Done && has_findings { Status::Findings } else { status })
}

fn past(id: &OperationId, world: &World, ui: &Ui) -> Result<Past> {
    let folder = StateFolder::of(world).map_err(Error::failed)?;
    let past = history::load(&folder, id).map_err(operation::unknown)?;
    operation::say_damaged(&past, ui);
    if past.record.revocation().is_none() {
        let message = format!("{id} is a restore: it took no rights away");
        return Err(Error::usage(message).hint("kubectl ackcred history lists the revocations"));
    }
    Ok(past)
}

fn read_trace(path: &Path, world: &World) -> Result<Traced> {
    let failed = |error: anyhow::Error| {
        let error = error.context(format!("cannot read {}", path.display()));
        Error::failed(error).hint("kubectl ackcred trace -o json prints one")
    };
    let text = files::load_document(&world.cwd.join(path)).map_err(|error| failed(error.into()))?;
    Traced::parse(&text).map_err(|error| failed(error.into()))
}

/// What is asked for.
struct Asked<'a> {
    args: &'a ScanArgs,
    leaked: Option<&'a Leaked>,
    past: Option<&'a Past>,
    traced: Option<Traced>,
}

impl Asked<'_> {
    fn since(&self) -> Option<Timestamp> {
        self.args.persistence.since.or_else(|| self.past.map(|past| past.record.begun))
    }

    /// The identities: those that are named, else those of the operation.
    fn uids(&self) -> Vec<Uid> {
        let named = &self.args.persistence.uids;
        match (self.leaked, self.past) {
            (Some(leaked), _) => vec![leaked.uid.clone()],
            (None, Some(past)) if named.is_empty() => {
                past.record.revocation().map(|plan| plan.uids()).unwrap_or_default()
            }
            _ => named.clone(),
        }
    }

    fn whose(&self, scan: &ClusterScan) -> Whose {
        let certificate = self.leaked.map(Leaked::certificate_name);
        let of_uid = |uid: &Uid| of_identity(uid, &scan.grants, certificate.as_ref(), &[]);
        let users = self.uids().iter().flat_map(of_uid).collect();
        let fingerprint = self.leaked.map(|leaked| leaked.facts.certificate_sha256.clone());
        let mut whose = Whose { users, fingerprint };
        if let Some(plan) = self.past.and_then(|past| past.record.revocation()) {
            for target in plan.targets.iter().filter(|target| self.uids().contains(&target.uid)) {
                target.names.iter().for_each(|name| whose.add_name(&target.uid, name, &target.groups));
            }
        }
        whose
    }

    /// The rights of before, as far as the operation's record has them.
    fn then(&self, scan: &ClusterScan) -> RightsThen {
        let Some(past) = self.past else { return RightsThen::default() };
        let clusters: Vec<_> = past.record.clusters.iter().filter(|cluster| cluster.id == scan.id).collect();
        let Some(cluster) = clusters.first() else {
            let mut then = RightsThen::default();
            then.unknown.push(format!("the rights of before: operation {} was not about this cluster", past.id));
            return then;
        };
        let writes = writes(&past.events);
        let taken = writes.iter().filter(|write| write.cluster_id == scan.id && write.fate() != Fate::Refused);
        RightsThen::of_record(taken.filter_map(|write| write.before.as_ref()), &cluster.roles)
    }

    fn view(&self, since: Option<Timestamp>) -> AskedPersistence {
        let flags = &self.args.persistence;
        AskedPersistence {
            uids: self.uids().iter().map(ToString::to_string).collect(),
            file: flags.file.as_ref().map(|file| file.display().to_string()),
            since,
            operation: flags.operation.as_ref().map(ToString::to_string),
            trace: flags.trace.as_ref().map(|file| file.display().to_string()),
        }
    }
}

/// What was found in all clusters.
#[derive(Default)]
struct Found {
    findings: Vec<FindingView>,
    read: Vec<&'static str>,
    unread: Vec<String>,
}

impl Found {
    fn add(
        &mut self,
        asked: &Asked<'_>,
        reading: &ClusterReading<ApiServer>,
        rights: &RightsReading,
        read: &PersistenceReading,
        now: Timestamp,
    ) {
        let scan = &reading.scan;
        let then = asked.then(scan);
        let facts = ClusterFacts {
            scan,
            roles: &rights.roles,
            discovered: rights.discovered,
            tokens: &read.tokens,
            requests: &read.requests,
            aggregated: &read.aggregated,
            webhooks: &read.webhooks,
            policies: &read.policies,
            services: &read.services,
            changed: &read.changed,
            now,
        };
        let id = scan.id.as_ref().map(ToString::to_string);
        let name = scan.name.clone().or_else(|| scan.context.clone());
        let view = |finding: Finding| FindingView::of(finding, id.clone(), name.clone());
        let mut found = findings(&facts, &asked.whose(scan), &then, asked.since());
        if let Some(traced) = &asked.traced {
            traced.add_to(&mut found);
        }
        self.findings.extend(found.into_iter().map(view));
        for what in ["bindings and roles", "mappings of RAM identities"].iter().chain(&read.read) {
            if !self.read.contains(what) {
                self.read.push(what);
            }
        }
        self.unread.extend(read.unread.iter().cloned());
        self.unread.extend(then.unknown.into_iter().map(|what| format!("not known: {what}")));
    }
}

fn sum_up(report: &PersistenceReport, asked: &Asked<'_>, ui: &Ui) {
    if !report.findings.is_empty() {
        ui.note(&format!("{}; none of them says why it is there", counted(report.findings.len(), "finding")));
    }
    if asked.uids().is_empty() {
        ui.note(
            "ServiceAccounts whose tokens it could have had issued are listed for an identity: give its UID, or -f",
        );
    }
}
