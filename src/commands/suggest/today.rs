//! What the cluster says today of whom roles are suggested for: whether they exist, and what they hold.

use std::collections::BTreeSet;

use super::super::clusters::{Chosen, Extent};
use super::super::{access, cloud, fleet};
use crate::adapters::cluster::ApiServer;
use crate::cli::{AccessArgs, CloudArgs};
use crate::core::access::scan::{ClusterScan, StateKind};
use crate::core::identity::verdict::State;
use crate::core::ids::Uid;
use crate::core::rbac::holdings::held_rules;
use crate::core::rbac::reach::{Reach, ReachCluster};
use crate::core::rbac::user_info::{UserInfo, of_identity, of_subject};
use crate::core::suggestion::unseen::{is_kept, lost};
use crate::core::suggestion::usage::Usage;
use crate::core::suggestion::whose::Whose;
use crate::core::suggestion::{Rights, unseen::Lost};
use crate::error::{Error, Result};
use crate::gather::cluster_access::{AccessQuery, ClusterReading, Route};
use crate::gather::fleet::{Bounds, Choice, Fleet};
use crate::gather::rights::RightsReading;
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::output::views::{LostView, PathView, ScannedCluster};
use crate::status::Status;
use crate::world::World;

/// What the cluster says today.
pub(super) enum ClusterToday {
    /// It was not to be asked.
    NotAsked,
    /// It could not be read: what would be lost is not known.
    Unread,
    /// It was read.
    Read(Box<Fleet<Option<ApiServer>>>),
}

/// What is known of the identity.
pub(super) struct IdentityToday {
    pub(super) uid: Uid,
    pub(super) state: State,
    pub(super) evidence: String,
}

impl IdentityToday {
    pub(super) fn is_deleted(&self) -> bool {
        StateKind::of(self.state) == StateKind::Deleted
    }
}

impl ClusterToday {
    /// Reads the one cluster. Where that fails, the log can still be read; `keeps_api`: there is more to ask of the API server.
    ///
    /// # Errors
    /// The command line makes no sense, or Ctrl-C.
    pub(super) fn read(
        runtime: &Runtime,
        keeps_api: bool,
        (access, cloud_args): (&AccessArgs, &CloudArgs),
        world: &World,
        ui: &Ui,
    ) -> Result<Self> {
        let keep = |api: ApiServer| {
            if keeps_api {
                return Some(api);
            }
            api.disconnect();
            None
        };
        let fleet = chosen(access, world).and_then(|chosen| {
            let query = AccessQuery { world, timeout: access.request_timeout.0, namespace: None, with_rights: true };
            let settings = cloud::settings(cloud_args, access, world)?;
            fleet::read_to_show(runtime, chosen, query, settings, keep, ui)
        });
        match fleet {
            Ok(fleet) if fleet.is_interrupted => Err(Error::interrupted()),
            Ok(fleet) => {
                fleet::say_sources(&fleet, Extent::One, ui);
                Ok(Self::Read(Box::new(fleet)))
            }
            Err(error) if matches!(error.status(), Status::Usage | Status::Interrupted) => Err(error),
            Err(error) => {
                ui.warning(&format!(
                    "the cluster was not read, so that what would be lost is not known: {}",
                    error.message()
                ));
                error.advice().into_iter().for_each(|hint| ui.note(&format!("hint: {hint}")));
                Ok(Self::Unread)
            }
        }
    }

    fn reading(&self) -> Option<&ClusterReading<Option<ApiServer>>> {
        match self {
            Self::Read(fleet) => fleet.reading().next(),
            Self::NotAsked | Self::Unread => None,
        }
    }

    fn rights(&self) -> Option<(&ClusterScan, &RightsReading)> {
        self.reading().and_then(|reading| Some((&reading.scan, reading.rights.as_ref()?)))
    }

    /// The API server, where there is more to ask of it.
    pub(super) fn api(&self) -> Option<&ApiServer> {
        self.reading()?.api.as_ref()
    }

    /// Of the API server's version 1.x, where it is known.
    pub(super) fn minor_version(&self) -> Option<u32> {
        self.rights()?.1.discovered.minor_version
    }

    /// Whether something that was to be read was not.
    pub(super) fn has_gaps(&self) -> bool {
        match self {
            Self::NotAsked => false,
            Self::Unread => true,
            Self::Read(fleet) => fleet::status(fleet) != Status::Done,
        }
    }

    pub(super) fn view(&self) -> Option<ScannedCluster> {
        match self {
            Self::Read(fleet) => fleet.clusters.first().map(fleet::scanned),
            Self::NotAsked | Self::Unread => None,
        }
    }

    /// Who the identity is; `None` where it is none, or nothing was asked.
    pub(super) fn identity(&self, whose: &Whose) -> Option<IdentityToday> {
        let (Self::Read(fleet), Some(uid)) = (self, whose.uid()) else { return None };
        let scan = &self.reading()?.scan;
        let is_asked = fleet.account.cloud.ready().is_some();
        let judged = || fleet.account.people.judge(&uid, &scan.directory);
        let verdict = scan.verdicts.get(&uid).cloned().or_else(|| is_asked.then(judged))?;
        Some(IdentityToday { uid, state: verdict.state, evidence: verdict.evidence.to_string() })
    }

    /// What is held today and the rights don't give, what could be become first; `None` where the cluster was not read.
    pub(super) fn would_lose(&self, usage: &Usage, rights: &Rights) -> Option<Vec<LostView<'_>>> {
        let (scan, reading) = self.rights()?;
        let cluster =
            ReachCluster::new(scan.grants.inventory(), scan.grants.mappings(), &reading.roles, reading.discovered);
        let mut reach = Reach::new(cluster);
        let (mut paths, mut rules, mut known) = (Vec::new(), Vec::new(), BTreeSet::new());
        for info in users(usage, scan) {
            let name = Some(info.name.clone()).filter(|name| !name.is_empty());
            let who = name.clone().unwrap_or_else(|| usage.whose.to_string());
            for path in reach.paths(&info).iter().filter(|path| !path.steps.is_empty() && !is_kept(path, rights)) {
                paths.push(LostView { user: name.clone(), path: Some(PathView::of(&who, &path.into())), rule: None });
            }
            let held = held_rules(reach.index(), &reading.roles, &reading.kinds, &info);
            for lost in lost(held, rights) {
                // By another name of the same identity it is the same loss.
                let key = (lost.held.binding.reference(), format!("{:?}", lost.rule));
                if known.insert(key) {
                    rules.push((name.clone(), lost));
                }
            }
        }
        rules.sort_by_key(|(_, lost): &(_, Lost<'_>)| lost.is_seen_in_part);
        let rules = rules.into_iter().map(|(user, lost)| LostView::of_rule(user, &lost));
        Some(paths.into_iter().chain(rules).collect())
    }

    /// Says what of today no role changes.
    pub(super) fn say(&self, usage: &Usage, ui: &Ui) {
        if usage.users().any(|info| info.is_master()) {
            ui.warning("it was seen as a member of system:masters, which may do everything: no role takes that away");
        }
        let unread = self.rights().map_or(0, |(scan, reading)| {
            let is_unread = |info: &UserInfo| {
                let reach = scan.grants.inventory().bindings().iter();
                reach
                    .filter(|binding| crate::core::rbac::names(binding, info))
                    .filter(|binding| {
                        reading.roles.granted_by(binding).is_none() && reading.roles.is_unread(binding.role())
                    })
                    .count()
            };
            users(usage, scan).iter().map(is_unread).sum()
        });
        if unread > 0 {
            ui.warning("roles that it holds could not be read: what of them would be lost is not known");
        }
    }
}

/// The user infos whose rights are looked at: those that were seen, with the groups that they were seen in, and those that bindings name.
fn users(usage: &Usage, scan: &ClusterScan) -> Vec<UserInfo> {
    let mut users: Vec<UserInfo> = match &usage.whose {
        // Who was seen is some member; the right is the group's.
        Whose::Subject(_) => Vec::new(),
        Whose::Identity(_) => usage.users().collect(),
    };
    let known = match &usage.whose {
        Whose::Identity(uid) => of_identity(uid, &scan.grants, None, &[]),
        Whose::Subject(subject) => vec![of_subject(subject, &[])],
    };
    for known in known {
        if !users.iter().any(|user| user.name == known.info.name) {
            users.push(known.info);
        }
    }
    users
}

fn chosen(access: &AccessArgs, world: &World) -> Result<Chosen> {
    let loaded = access::load(access, world)?;
    let route = Route::by(access::choose(&loaded, access, world)?);
    let bounds = Bounds::new(1, None, world.open_files);
    Ok(Chosen { choice: Choice::one(route), extent: Extent::One, bounds })
}
