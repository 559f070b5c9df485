//! From the clusters that were read to one plan: each is asked what a rotation needs to know, and its draft joins the others.

use super::super::clusters::{Chosen, Extent};
use super::super::fleet::{self, unread};
use super::destination;
use super::planned::Planned;
use super::request::Request;
use crate::adapters::cloud::CloudSettings;
use crate::adapters::cluster::ApiServer;
use crate::adapters::kubeconfig_files::Loaded;
use crate::cli::{AccessArgs, DryRun, RotateArgs};
use crate::core::revocation::plan::Draft;
use crate::core::revocation::refusal::{Refusal, RefusalCode, RefusalScope};
use crate::core::revocation::rotation::{RotationDraft, RotationFacts, RotationPlan, draft};
use crate::error::Result;
use crate::gather::account::AccountReading;
use crate::gather::cloud::CloudAccess;
use crate::gather::cluster_access::AccessQuery;
use crate::gather::fleet::{Bounds, Cluster, Fleet};
use crate::gather::grants::BindingsNeeded;
use crate::gather::leaked::Leaked;
use crate::gather::rotation::{self, Gathered, NotGathered, RotationQuery};
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::world::World;

/// What a plan is made by.
pub(super) struct Planning<'a> {
    pub(super) args: &'a RotateArgs,
    pub(super) access: &'a AccessArgs,
    pub(super) world: &'a World,
    pub(super) request: &'a Request,
    pub(super) leaked: Option<&'a Leaked>,
    pub(super) loaded: &'a Loaded,
    pub(super) bounds: Bounds,
}

impl Planning<'_> {
    /// Reads the clusters and the account, and makes one plan of what they say. Of an operation that is gone on with, what was agreed to
    /// then stands, as far as nothing speaks against it now.
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
            fleet::read_to_change(runtime, chosen, query, settings, BindingsNeeded::None, ui)?;
        let gathering = ui.waiting("making the plan", self.gather(clusters, &account, extent));
        let (gathered, drafts, unread) = runtime.cancellable(gathering)??;
        let mut plan = RotationPlan::new(drafts, self.args.keep_others);
        plan.plan.refusals.extend(unread);
        if let Some(agreed) = self.request.agreed() {
            self.hold_against(agreed, &mut plan, &gathered);
        }
        Ok(Planned { rotation: plan, extent, clusters: gathered, account })
    }

    async fn gather(
        &self,
        clusters: Vec<Cluster<ApiServer>>,
        account: &AccountReading,
        extent: Extent,
    ) -> Result<(Vec<Gathered>, Vec<RotationDraft>, Vec<Refusal>)> {
        let (mut gathered, mut drafts, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
        for Cluster { cluster_ref, outcome } in clusters {
            let (route, reading) = match outcome {
                Ok(read) => read,
                Err(error) if extent.is_several() => {
                    refusals.push(unread(&cluster_ref, &error));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let id = reading.cluster.id.clone();
            let remembered = self.request.remembered(id.as_ref());
            let question = RotationQuery {
                world: self.world,
                timeout: self.access.request_timeout.0,
                leaked: self.leaked,
                asserted_id: self.args.cluster_id.as_ref().filter(|_| !extent.is_several()),
                loaded: self.loaded,
                dry_run: self.args.dry_run != DryRun::Client,
                remembered: remembered.as_ref(),
            };
            let asked = Box::pin(rotation::gather(question, &route, reading, account));
            match self.bounds.within(async { Ok(asked.await) }).await {
                Ok(Ok(one)) => {
                    drafts.push(self.draft(&one, account, extent));
                    gathered.push(one);
                }
                Ok(Err(NotGathered::Refused(refusal))) => {
                    let scope = RefusalScope::Cluster(route.context.name.clone());
                    refusals.push(refusal.of(scope).in_cluster(id.as_ref()));
                }
                Ok(Err(NotGathered::Failed(error))) | Err(error) if extent.is_several() => {
                    refusals.push(unread(&cluster_ref, &error));
                }
                Ok(Err(NotGathered::Failed(error))) | Err(error) => return Err(error),
            }
        }
        Ok((gathered, drafts, refusals))
    }

    fn draft(&self, gathered: &Gathered, account: &AccountReading, extent: Extent) -> RotationDraft {
        let input = &gathered.revocation.input;
        let id = input.cluster.id();
        let agreed = self.request.agreed().and_then(|agreed| agreed.destination(id)).cloned();
        let destination = match agreed {
            Some(agreed) => Ok(agreed),
            None => {
                destination::of(self.args, &gathered.context, self.loaded, id, self.world).map_err(|refusal| *refusal)
            }
        };
        let access_key = access_key(&account.cloud);
        let facts = RotationFacts {
            input,
            uid: &gathered.uid,
            certificates: &gathered.certificates,
            caller: &account.people.sources().caller,
            access_key: access_key.as_deref(),
            destination,
            dry_runs: &gathered.dry_runs,
            keep_others: self.args.keep_others,
            copies: &gathered.copies,
        };
        let draft = draft(facts);
        if extent.is_several() && !draft.draft.refusals.is_empty() {
            // The other clusters go on without this one.
            let Draft { refusals, warnings, .. } = draft.draft;
            let draft = Draft { refusals, warnings, ..Draft::default() };
            return RotationDraft { draft, certificates: Vec::new(), destination: None };
        }
        draft
    }

    /// What was agreed to stands, unless the contexts lead elsewhere by now or something speaks against it.
    fn hold_against(&self, agreed: &RotationPlan, plan: &mut RotationPlan, clusters: &[Gathered]) {
        let Some(past) = &self.request.resumed else { return };
        let mut refusals = std::mem::take(&mut plan.plan.refusals);
        let is_of_record = |gathered: &Gathered| {
            let now = &gathered.revocation.input.cluster;
            past.record.clusters.iter().any(|then| then.is_reached_by(&now.ca_keys, &now.server))
        };
        if !clusters.iter().all(is_of_record) {
            let message = format!("{} was started in another cluster than this context leads to", past.id);
            let refusal = Refusal::new(RefusalCode::OtherCluster, message);
            refusals.push(refusal.hint("name its context with --context"));
        }
        let uids = agreed.plan.uids();
        if let Some(other) = clusters.iter().find(|gathered| !uids.contains(&gathered.uid)) {
            let message = format!("{} is about another identity than {}", past.id, other.uid);
            let refusal = Refusal::new(RefusalCode::OtherIdentity, message);
            refusals.push(refusal.hint("name the context of that identity with --context"));
        }
        *plan = agreed.clone();
        plan.plan.refusals = refusals;
    }
}

/// The access key, where it is one that lasts.
fn access_key(cloud: &CloudAccess) -> Option<String> {
    let credentials = cloud.ready()?.credentials();
    let lasts = credentials.security_token.is_none();
    lasts.then(|| format!("{} (from {})", credentials.access_key_id, credentials.source))
}
