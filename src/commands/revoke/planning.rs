//! From the clusters that were read to one plan: each is asked what a revocation needs to know, and its draft joins the others.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};

use super::super::clusters::{Chosen, Extent};
use super::super::fleet::{self, unread};
use super::planned::Planned;
use super::request::Request;
use crate::adapters::cloud::CloudSettings;
use crate::adapters::cluster::ApiServer;
use crate::cli::{AccessArgs, DryRun, RevokeArgs};
use crate::core::ids::{ClusterId, Uid};
use crate::core::revocation::input::DryRuns;
use crate::core::revocation::leaked::renewed;
use crate::core::revocation::plan::{Draft, Plan, RevokeMode, TokenStep, misnamed};
use crate::core::revocation::refusal::{Refusal, RefusalCode, RefusalScope};
use crate::error::{Error, Result};
use crate::gather::account::AccountReading;
use crate::gather::cluster_access::AccessQuery;
use crate::gather::fleet::{Bounds, Cluster, ClusterRef, Fleet};
use crate::gather::grants::BindingsNeeded;
use crate::gather::leaked::Leaked;
use crate::gather::revocation::{self, Gathered};
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::world::World;

/// What a plan is made by.
pub(super) struct Planning<'a> {
    pub(super) args: &'a RevokeArgs,
    pub(super) access: &'a AccessArgs,
    pub(super) world: &'a World,
    pub(super) request: &'a Request,
    pub(super) leaked: &'a [Leaked],
    pub(super) bounds: Bounds,
}

/// The clusters that a plan can be made for, and those that it can't.
#[derive(Default)]
struct GatheredFleet {
    clusters: Vec<Gathered>,
    /// The plans of the clusters, in their order.
    drafts: Vec<Draft>,
    unread: Vec<(ClusterRef, Error)>,
    /// Those that are reached by a credential that was issued for it.
    by_temporary_credential: Vec<ClusterRef>,
}

impl GatheredFleet {
    /// Whether a source that was asked about one of the clusters failed, or one was not asked that could find more.
    fn has_gaps(&self) -> bool {
        self.clusters.iter().any(|gathered| !gathered.failed.is_empty() || !gathered.not_asked.is_empty())
    }
}

impl Planning<'_> {
    /// Reads the clusters and the account, and makes one plan of what they say.
    ///
    /// # Errors
    /// Ctrl-C, and where the one cluster that was meant can't be read.
    pub(super) fn plan_of(
        &self,
        chosen: Chosen,
        settings: Option<CloudSettings>,
        runtime: &Runtime,
        ui: &Ui,
    ) -> Result<Planned> {
        let extent = chosen.extent;
        let query = AccessQuery {
            world: self.world,
            timeout: self.access.request_timeout.0,
            namespace: None,
            with_rights: false,
        };
        let Fleet { account, clusters, .. } =
            fleet::read_to_change(runtime, chosen, query, settings, BindingsNeeded::OneKind, ui)?;
        let gathered = ui.waiting("making the plan", self.gather(clusters, &account, extent));
        let mut gathered = runtime.cancellable(gathered)??;
        let mode = self.mode(gathered.clusters.iter().map(|one| one.input.targets.len()).sum(), extent);
        let plan = self.plan(&mut gathered, mode);
        let has_gaps = !account.failed.is_empty() || gathered.has_gaps();
        Ok(Planned { plan, mode, extent, clusters: gathered.clusters, account, has_gaps })
    }

    /// Asks every cluster that was read.
    ///
    /// # Errors
    /// Where the one cluster that was meant doesn't answer any more; of several it is reported with the others.
    async fn gather(
        &self,
        clusters: Vec<Cluster<ApiServer>>,
        account: &AccountReading,
        extent: Extent,
    ) -> Result<GatheredFleet> {
        let account_names = if extent.is_several() { account_names(&clusters) } else { BTreeSet::new() };
        let are_few = clusters.len() <= self.bounds.parallel;
        let asked = stream::iter(clusters).map(async |Cluster { cluster_ref, outcome }| {
            let gathered = match outcome {
                Err(error) => Err(error),
                Ok((route, reading)) => {
                    let question = self.question(reading.cluster.id.as_ref(), &account_names, extent);
                    let work = Box::pin(revocation::gather(question, &route, reading, account));
                    self.bounds.within(work).await.map(|gathered| self.draft(gathered, extent, are_few))
                }
            };
            (cluster_ref, gathered)
        });
        let mut fleet = GatheredFleet::default();
        let mut answers = std::pin::pin!(asked.buffered(self.bounds.parallel));
        // Each cluster's draft says what the identity holds in all others.
        let mut known_elsewhere = BTreeSet::new();
        while let Some((cluster_ref, gathered)) = answers.next().await {
            fleet
                .by_temporary_credential
                .extend(Some(cluster_ref.clone()).filter(|cluster_ref| cluster_ref.temporary_credential));
            match gathered {
                Ok((gathered, mut draft)) => {
                    draft.elsewhere.retain(|one| {
                        known_elsewhere.insert((one.cluster.clone(), one.remain.uid.clone(), one.remain.what.clone()))
                    });
                    fleet.clusters.push(gathered);
                    fleet.drafts.push(draft);
                }
                Err(error) if extent.is_several() => fleet.unread.push((cluster_ref, error)),
                Err(error) => return Err(error),
            }
        }
        Ok(fleet)
    }

    /// Plans one cluster. Of many clusters only what is needed later is kept of each, and its connections are closed.
    fn draft(&self, mut gathered: Gathered, extent: Extent, are_few: bool) -> (Gathered, Draft) {
        let mode = self.mode(gathered.input.targets.len(), extent);
        let leaked = renewed(self.request.leaked_before(), gathered.leaked.clone());
        let draft = Draft::of(&gathered.input, &self.request.flags, &leaked, mode, &gathered.dry_runs);
        if !are_few {
            gathered.api.disconnect();
            gathered.dry_runs = DryRuns::new();
            // Whether a name that was given is there is looked up in all clusters' bindings, once all are read.
            if self.request.flags.also_names.is_empty() && self.request.flags.accept_names.is_empty() {
                gathered.input.forget_others();
            }
        }
        (gathered, draft)
    }

    fn question<'q>(
        &'q self,
        cluster: Option<&ClusterId>,
        account_names: &'q BTreeSet<(Uid, String)>,
        extent: Extent,
    ) -> revocation::RevocationQuery<'q> {
        revocation::RevocationQuery {
            world: self.world,
            timeout: self.access.request_timeout.0,
            wanted: self.request.wanted(cluster),
            leaked: self.leaked,
            remembered: &self.request.remembered,
            account_names,
            also_names: &self.request.flags.also_names,
            asserted_id: self.args.clusters.cluster_id.first().filter(|_| !extent.is_several()),
            dry_run: self.args.dry_run != DryRun::Client,
            end_static_tokens: self.request.flags.end_static_tokens,
            remembered_tokens: self.remembered_tokens(cluster),
        }
    }

    /// The static tokens of an operation that is gone on with: by now its identities may have lost the right to read them.
    fn remembered_tokens(&self, cluster: Option<&ClusterId>) -> Vec<TokenStep> {
        let plan = self.request.resumed.as_ref().and_then(|past| past.record.revocation());
        let steps = plan.into_iter().flat_map(|plan| plan.token_steps());
        steps.filter(|(step, _)| step.cluster_id.as_ref() == cluster).map(|(_, token)| token.clone()).collect()
    }

    /// How many are revoked together.
    fn mode(&self, targets: usize, extent: Extent) -> RevokeMode {
        match targets {
            _ if extent.is_several() => RevokeMode::MultiCluster,
            _ if self.request.flags.all_deleted => RevokeMode::AllDeleted,
            0 | 1 => RevokeMode::Single,
            _ => RevokeMode::Named,
        }
    }

    /// One plan for all clusters, with everything that stands against it.
    fn plan(&self, fleet: &mut GatheredFleet, mode: RevokeMode) -> Plan {
        let flags = &self.request.flags;
        let duplicate_cluster_ids = duplicate_cluster_ids(&fleet.clusters);
        let is_sure = |gathered: &Gathered| {
            !duplicate_cluster_ids.iter().any(|one| one.cluster_id.as_ref() == gathered.input.cluster.id())
        };
        let drafts = std::mem::take(&mut fleet.drafts).into_iter().zip(&fleet.clusters);
        let drafts = drafts.filter(|(_, gathered)| is_sure(gathered)).map(|(draft, _)| draft).collect();
        let given = fleet.clusters.first().map(|gathered| gathered.leaked.clone()).unwrap_or_default();
        let leaked = renewed(self.request.leaked_before(), given);
        let earlier = self.request.plan_before().map(|before| before.paths.as_slice()).unwrap_or_default();
        let mut plan = Plan::with_earlier(drafts, flags.clone(), leaked, earlier);
        plan.warnings.extend(fleet.by_temporary_credential.iter().map(|cluster_ref| {
            format!(
                "{} is reached by a credential that was issued for this and is valid for 15 minutes",
                cluster_ref.describe()
            )
        }));
        plan.refusals
            .extend(fleet.unread.iter().map(|(cluster_ref, error)| unread(cluster_ref, error).hint_if(error.advice())));
        plan.refusals.extend(duplicate_cluster_ids);
        // What an operation has done already is there no more.
        if self.request.resumed.is_none() {
            plan.refusals.extend(misnamed(fleet.clusters.iter().map(|gathered| &gathered.input), flags));
        }
        if mode == RevokeMode::MultiCluster {
            plan.refusals.extend(self.held_nowhere(fleet, &plan));
        }
        self.request.hold_against(&mut plan, &fleet.clusters);
        if let Some(gathered) = fleet.clusters.first() {
            plan.refusals.extend(self.leaked.iter().filter_map(|leaked| self.contradiction(leaked, gathered)));
        }
        plan
    }

    /// A file need not say which cluster it is for, but what it says must be right.
    fn contradiction(&self, leaked: &Leaked, gathered: &Gathered) -> Option<Refusal> {
        let (claim, id) = (leaked.inference.best.as_ref()?, gathered.input.cluster.id()?);
        (claim.id != *id).then(|| {
            let file = if self.leaked.len() > 1 { leaked.facts.label() } else { "the file" };
            let message =
                format!("{} in {file} says that its cluster is {}, it is {id}", claim.from.describe(), claim.id);
            Refusal::new(RefusalCode::ClusterContradicted, message)
                .hint(format!("kubectl ackcred revoke {}, if you are sure of the cluster", leaked.uid))
        })
    }

    /// Those who were named and hold nothing in any of the clusters.
    fn held_nowhere(&self, fleet: &GatheredFleet, plan: &Plan) -> Vec<Refusal> {
        let planned = plan.uids();
        let is_barred = |gathered: &Gathered| {
            let id = gathered.input.cluster.id();
            plan.refusals.iter().any(|refusal| refusal.scope.is_whole_cluster() && refusal.cluster_id.as_ref() == id)
        };
        let barred: Vec<&Gathered> = fleet.clusters.iter().filter(|gathered| is_barred(gathered)).collect();
        let is_known = |uid: &&Uid| {
            let is_refused =
                plan.refusals.iter().any(|refusal| refusal.scope == RefusalScope::Identity(Uid::clone(uid)));
            let is_theirs =
                |gathered: &&Gathered| gathered.input.targets.iter().any(|target| target.target.uid == **uid);
            is_refused || planned.contains(uid) || barred.iter().any(is_theirs)
        };
        let absent = self.request.uids.iter().filter(|uid| !is_known(uid));
        let count = fleet.clusters.len();
        absent
            .map(|uid| {
                let message =
                    format!("{uid} has no binding and no kubeconfig in any of the {count} clusters that were read");
                Refusal::new(RefusalCode::NothingIssued, message)
                    .of(RefusalScope::Identity(uid.clone()))
                    .hint("kubectl ackcred status UID shows an identity in every cluster")
            })
            .collect()
    }
}

/// What ACK's lists of the clusters call identities.
fn account_names(clusters: &[Cluster<ApiServer>]) -> BTreeSet<(Uid, String)> {
    let read = clusters.iter().filter_map(|cluster| cluster.outcome.as_ref().ok());
    let named = read.flat_map(|(_, reading)| reading.scan.directory.account_names());
    named.filter(|(_, name)| !name.is_empty()).map(|(uid, name)| (uid.clone(), name.to_owned())).collect()
}

/// Clusters that were reached by contexts of different CAs and go by one ID: one of the two is another, and it is unknown which.
fn duplicate_cluster_ids(clusters: &[Gathered]) -> Vec<Refusal> {
    let context = |gathered: &Gathered| gathered.input.cluster.context.clone().unwrap_or_default();
    let mut refusals = Vec::new();
    for (index, gathered) in clusters.iter().enumerate() {
        let Some(id) = gathered.input.cluster.id() else { continue };
        let Some(other) = clusters[..index].iter().find(|earlier| earlier.input.cluster.id() == Some(id)) else {
            continue;
        };
        let message =
            format!("contexts {:?} and {:?} go by one ID and lead to two clusters", context(other), context(gathered));
        let refusal = Refusal::new(RefusalCode::ClusterContradicted, message)
            .in_cluster(Some(id))
            .of(RefusalScope::Cluster(Some(context(gathered))));
        refusals.push(refusal.hint("choose the right one with --context"));
    }
    refusals
}
