//! `rights`: what an identity may do, and what it could become.

use std::collections::{BTreeMap, BTreeSet};

use super::stop::Stop;
use super::{cloud, fleet, leaked_file};
use crate::adapters::cluster::ApiServer;
use crate::cli::{AccessArgs, CloudArgs, RightsArgs, RightsFailOn};
use crate::core::access::scan::ClusterScan;
use crate::core::rbac::holdings::{HeldRule, Through, held_rules};
use crate::core::rbac::others::and_more;
use crate::core::rbac::reach::{Reach, ReachCluster};
use crate::core::rbac::spot_checks::{SpotCheck, spot_checks};
use crate::core::rbac::user_info::{KnownUser, NamedSubject, of_identity, of_subject};
use crate::core::rbac::{Attributes, UserInfo, has_full_rights, rule_allows_some};
use crate::error::{Result, chain};
use crate::gather::access_reviews::{self, EndedEarly};
use crate::gather::cluster_access::{AccessQuery, ClusterReading};
use crate::gather::leaked::Leaked;
use crate::gather::rights::RightsReading;
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::output::views::{
    ApiVersion, GroupsSourceWord, HeldRuleView, Kind, PathView, RequestView, ReviewView, RightsColumns, RightsReport,
    RightsUser, UserPath, counted,
};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(
    args: &RightsArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status, Stop> {
    let leaked = leaked_file::read(args.file.as_deref(), args.leaked_context.as_deref(), world)?;
    let chosen = leaked_file::choose(&args.clusters, args.in_cluster, access, leaked.as_ref(), world)?;
    let extent = chosen.extent;
    let query = AccessQuery { world, timeout: access.request_timeout.0, namespace: None, with_rights: true };
    // The account is only needed for its list of clusters.
    let needs_cloud = args.clusters.all_clusters || args.clusters.temporary_credentials;
    let settings = if needs_cloud { cloud::settings(cloud_args, access, world)? } else { None };
    let keep = |api: ApiServer| {
        api.disconnect();
        args.ask.then_some(api)
    };
    let runtime = Runtime::begin()?;
    let fleet = fleet::read_to_show(&runtime, chosen, query, settings, keep, ui)?;
    fleet::say_sources(&fleet, extent, ui);

    let whose = Whose { args, leaked: leaked.as_ref() };
    let mut found = Found::default();
    for reading in fleet.reading() {
        let Some(rights) = &reading.rights else { continue };
        let users = whose.users(&reading.scan);
        let first = found.users.len();
        found.add(&reading.scan, rights, &users, args.all);
        if let Some(api) = reading.api.as_ref().filter(|_| !found.is_interrupted) {
            let questions = questions(first, &users, reading, rights);
            found.ask(&runtime, api, &questions, ui);
        }
    }
    let status = match fleet::status(&fleet) {
        _ if found.is_interrupted => Status::Interrupted,
        Status::Done if found.is_incomplete => Status::Incomplete,
        status => status,
    };
    let findings = found.has(&args.fail_on);
    let report = RightsReport {
        api_version: ApiVersion::V1,
        kind: Kind::RightsReport,
        time: world.now,
        clusters: fleet.clusters.iter().map(fleet::scanned).collect(),
        users: found.users,
        rules: found.rules,
        paths: found.paths,
        reviews: args.ask.then_some(found.reviews),
        hidden_defaults: found.hidden_defaults,
        hidden_inert: found.hidden_inert,
        incomplete: status != Status::Done,
        columns: RightsColumns { are_several: extent.is_several(), all: args.all },
    };
    ui.report(&report)?;
    sum_up(&report, args, ui);
    Ok(if status == Status::Done && findings { Status::Findings } else { status })
}

/// Whose rights are asked for.
struct Whose<'a> {
    args: &'a RightsArgs,
    leaked: Option<&'a Leaked>,
}

impl Whose<'_> {
    /// Their user infos in a cluster.
    fn users(&self, scan: &ClusterScan) -> Vec<KnownUser> {
        let groups = &self.args.group;
        let certificate = self.leaked.map(Leaked::certificate_name);
        let of_file =
            self.leaked.iter().flat_map(|leaked| of_identity(&leaked.uid, &scan.grants, certificate.as_ref(), groups));
        let of_uids = self.args.uids.iter().flat_map(|uid| of_identity(uid, &scan.grants, None, groups));
        let of_subjects = self.args.subject.iter().map(|subject| of_subject(subject, groups));
        of_file.chain(of_uids).chain(of_subjects).collect()
    }
}

/// A question to an API server about one of the users, which stands at this place of the document.
struct Question<'a> {
    place: usize,
    info: &'a UserInfo,
    check: SpotCheck,
}

/// The questions about a cluster's users, of which the first stands at this place of the document.
fn questions<'a>(
    first: usize,
    users: &'a [KnownUser],
    reading: &ClusterReading<Option<ApiServer>>,
    rights: &RightsReading,
) -> Vec<Question<'a>> {
    let (inventory, is_whole) = (reading.scan.grants.inventory(), reading.unread_bindings.is_empty());
    let of_user = |(place, known): (usize, &'a KnownUser)| {
        let checks = spot_checks(inventory, is_whole, &rights.roles, &known.info);
        checks.into_iter().map(move |check| Question { place: first + place, info: &known.info, check })
    };
    users.iter().enumerate().flat_map(of_user).collect()
}

/// What was found in all clusters.
#[derive(Default)]
struct Found<'a> {
    users: Vec<RightsUser>,
    rules: Vec<HeldRuleView<'a>>,
    paths: Vec<UserPath>,
    reviews: Vec<ReviewView>,
    hidden_defaults: usize,
    hidden_inert: usize,
    has_secrets: bool,
    has_full_rights: bool,
    has_group_grant: bool,
    is_incomplete: bool,
    is_interrupted: bool,
}

impl<'a> Found<'a> {
    fn add(&mut self, scan: &'a ClusterScan, rights: &'a RightsReading, users: &[KnownUser], all: bool) {
        let inventory = scan.grants.inventory();
        let cluster = ReachCluster::new(inventory, scan.grants.mappings(), &rights.roles, rights.discovered);
        let mut reach = Reach::new(cluster);
        for known in users {
            let user = user_view(self.users.len() + 1, scan, known);
            for held in held_rules(reach.index(), &rights.roles, &rights.kinds, &known.info) {
                self.take(&user, &held, all);
            }
            self.has_full_rights |= known.info.is_master();
            self.paths.extend(
                reach
                    .paths(&known.info)
                    .iter()
                    .map(|path| UserPath { user: user.id.clone(), path: PathView::of(&user.text, &path.into()) }),
            );
            self.users.push(user);
        }
    }

    fn take(&mut self, user: &RightsUser, held: &HeldRule<'a>, all: bool) {
        match held {
            HeldRule { inert: Some(_), .. } if !all => self.hidden_inert += 1,
            HeldRule { is_default: true, .. } if !all => self.hidden_defaults += 1,
            _ => self.rules.push(HeldRuleView::of(user, held)),
        }
        if held.inert.is_some() || held.is_unread {
            return;
        }
        let secrets = |verb: &str| Attributes::on(verb, "", "secrets", "", "");
        self.has_secrets |= ["get", "list", "watch"].iter().any(|verb| rule_allows_some(&held.rule, &secrets(verb)));
        let is_cluster_wide = held.binding.namespace().is_none();
        self.has_full_rights |= is_cluster_wide && has_full_rights(std::slice::from_ref(&held.rule));
        self.has_group_grant |= matches!(held.through, Through::Group(_)) && !held.is_default;
    }

    fn ask(&mut self, runtime: &Runtime, api: &ApiServer, questions: &[Question<'_>], ui: &Ui) {
        let asked = questions.iter().map(|question| (question.info, &question.check.attributes));
        let answers = runtime.to_completion(|| (), async |interrupt| access_reviews::ask(api, asked, &interrupt).await);
        let (answered, all) = (answers.reviews.len(), counted(questions.len(), "request"));
        match answers.ended {
            None => {}
            Some(EndedEarly::Failed(error)) => {
                self.is_incomplete = true;
                ui.warning(&format!("the API server answered {answered} of {all}: {}", chain(&error)));
            }
            Some(EndedEarly::Interrupted) => {
                self.is_interrupted = true;
                ui.warning(&format!("the API server answered {answered} of {all}; the others are interrupted"));
            }
        }
        self.reviews.extend(questions.iter().zip(answers.reviews).map(|(Question { place, check, .. }, answer)| {
            let user = &self.users[*place];
            ReviewView {
                user: user.id.clone(),
                text: format!("{}: {}", user.text, check.attributes),
                request: RequestView::of(&check.attributes),
                allowed: answer.allowed,
                expected: check.expected.unwrap_or(false),
                is_known: check.expected.is_some(),
                reason: Some(answer.reason).filter(|reason| !reason.is_empty()),
            }
        }));
    }

    fn has(&self, fail_on: &[RightsFailOn]) -> bool {
        let leads_up = |path: &UserPath| path.path.leads_to_full_rights();
        fail_on.iter().any(|word| match word {
            RightsFailOn::Administrator => self.has_full_rights,
            RightsFailOn::Path => self.paths.iter().any(leads_up),
            RightsFailOn::Secrets => self.has_secrets || self.has_full_rights,
            RightsFailOn::GroupGrant => self.has_group_grant,
        })
    }
}

fn user_view(number: usize, scan: &ClusterScan, known: &KnownUser) -> RightsUser {
    let info = &known.info;
    let text = match (info.as_service_account(), info.name.as_str()) {
        (Some((namespace, name)), _) => format!("ServiceAccount/{namespace}/{name}"),
        (None, "") => {
            format!("Group/{} (members unknown)", info.groups.first().map(String::as_str).unwrap_or_default())
        }
        (None, name) => name.to_owned(),
    };
    RightsUser {
        id: number.to_string(),
        cluster_id: scan.id.as_ref().map(ToString::to_string),
        context: scan.context.clone(),
        cluster_name: scan.name.clone().or_else(|| scan.context.clone()),
        uid: known.uid.as_ref().map(ToString::to_string),
        name: Some(info.name.clone()).filter(|name| !name.is_empty()),
        groups: info.groups.clone(),
        groups_from: known.groups_from.into(),
        mapping: known.mapping.clone(),
        text,
    }
}

fn sum_up(report: &RightsReport<'_>, args: &RightsArgs, ui: &Ui) {
    let mut assumed: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for user in report.users.iter().filter(|user| user.groups_from == GroupsSourceWord::Assumed) {
        if let Some(name) = &user.name {
            assumed.entry(user.groups.join(", ")).or_default().insert(name);
        }
    }
    let hint = if args.file.is_some() { "" } else { "-f reads them from a certificate, " };
    for (groups, names) in assumed {
        let names = and_more(&names.iter().take(3).copied().collect::<Vec<&str>>(), ", ", names.len());
        ui.note(&format!("the groups of {names} are assumed: {groups}; {hint}--group adds one"));
    }
    match report.hidden_defaults {
        0 => {}
        number => ui.note(&format!(
            "{} of the API server's defaults for every user hidden; use --all to show",
            counted(number, "rule")
        )),
    }
    match report.hidden_inert {
        0 => {}
        1 => ui.note("1 rule that allows nothing hidden; use --all to show it, with the reason"),
        number => {
            ui.note(&format!("{number} rules that allow nothing hidden; use --all to show them, with the reason"))
        }
    }
    if args.subject.iter().any(|subject| matches!(subject, NamedSubject::Group(_))) {
        ui.note("who is in a group is not known to the cluster");
    }
}
