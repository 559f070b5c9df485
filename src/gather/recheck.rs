//! Asks whether what operations took away in one cluster is still gone. The cluster and the cloud are read once for all of them.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use super::account::AccountReading;
use super::cloud::CloudAccess;
use super::cluster_access::ClusterReading;
use super::history::Past;
use super::leaked::Leaked;
use super::revocation::SIDE_BY_SIDE;
use super::verification::{ClusterFacts, VerificationQuery, ask_cloud, verify_again};
use crate::adapters::cluster::ApiServer;
use crate::core::identity::evidence::{Answer, Listing};
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::managed_by::last_write_of_subjects;
use crate::core::revocation::input::{InputTarget, KubeconfigFact};
use crate::core::revocation::journal::Event;
use crate::core::revocation::operation::ClusterRecord;
use crate::core::revocation::plan::{Plan, PlannedTarget};
use crate::core::revocation::recheck::{PutBack, bindings_of, gone_at};
use crate::core::revocation::record;
use crate::core::revocation::target::Target;
use crate::core::revocation::verification::{Before, Check, CheckReport, Verification, outcome};

/// What is asked of one cluster.
pub struct RecheckQuery<'a> {
    /// What the cluster and the cloud said of it.
    pub reading: &'a ClusterReading<ApiServer>,
    /// The account that was asked.
    pub account: &'a AccountReading,
    /// The leaked credentials whose files are given and of this cluster.
    pub leaked: Vec<&'a Leaked>,
    /// Whether the cloud's record is not meant.
    pub is_rbac_only: bool,
    /// The time, where the API server's own is not known.
    pub now: Timestamp,
}

/// What an operation did in the cluster.
pub struct Part<'a> {
    /// The operation.
    pub past: &'a Past,
    /// The cluster, as its record has it.
    pub cluster: &'a ClusterRecord,
    /// Whose access is meant to be gone.
    pub uids: Vec<Uid>,
}

/// What was found of one identity.
pub struct Rechecked {
    /// What the checks came to.
    pub verification: Verification,
    /// The bindings that name it, with who wrote them.
    pub put_back: Vec<PutBack>,
}

/// Makes the checks of each operation anew, in its order.
pub async fn recheck(query: &RecheckQuery<'_>, parts: &[Part<'_>]) -> Vec<Vec<Rechecked>> {
    let plans: Vec<Plan> = parts.iter().filter_map(|part| query.plan_of(part)).collect();
    let targets: Vec<Vec<InputTarget>> =
        parts.iter().zip(&plans).map(|(part, plan)| query.targets(part, plan)).collect();
    let before: Vec<Before> =
        parts.iter().zip(&plans).map(|(part, plan)| Before::recorded(part.cluster, plan)).collect();
    let asked: Vec<Asked<'_>> = parts
        .iter()
        .zip(&plans)
        .zip(&targets)
        .zip(&before)
        .map(|(((part, plan), targets), before)| Asked { part, plan, targets, before })
        .collect();
    let (facts, cloud) = tokio::join!(ClusterFacts::read(&query.reading.api), query.cloud_records(&asked));
    let mut all = Vec::new();
    for one in &asked {
        all.push(query.one(one, &facts, &cloud).await);
    }
    all
}

/// An operation's part, and what it is asked with.
struct Asked<'a> {
    part: &'a Part<'a>,
    plan: &'a Plan,
    targets: &'a [InputTarget],
    before: &'a Before,
}

impl RecheckQuery<'_> {
    /// What was agreed to in this cluster.
    fn plan_of(&self, part: &Part<'_>) -> Option<Plan> {
        let mut plan = part.past.record.revocation()?.in_cluster(part.cluster.id.as_ref());
        plan.flags.rbac_only |= self.is_rbac_only;
        Some(plan)
    }

    fn targets(&self, part: &Part<'_>, plan: &Plan) -> Vec<InputTarget> {
        let meant = plan.targets.iter().filter(|target| part.uids.contains(&target.uid));
        meant.map(|target| self.target(target)).collect()
    }

    fn target(&self, known: &PlannedTarget) -> InputTarget {
        let mut target = Target::new(known.uid.clone());
        let names = self.account.people.ram_names().filter(|(owner, _)| **owner == known.uid);
        target.learn_ram_names(names.map(|(_, name)| name));
        target.learn_ram_names(known.name.as_deref());
        target.learn(known.names.iter().map(String::as_str));
        target.assert_names(known.also_names.iter().map(String::as_str));
        target.learn(self.reading.scan.grants.iter().map(|grant| grant.subject));
        (target.groups, target.groups_from) = (known.groups.clone(), known.groups_from);
        InputTarget {
            verdict: self.account.verdict(&known.uid, &self.reading.scan, None),
            target,
            kubeconfig: KubeconfigFact::NotAsked,
            permissions: Answer::NotAsked,
            activity: None,
            elsewhere: Listing::NotAsked,
            is_resumed: true,
        }
    }

    /// What the cloud has on record of each identity; nothing where it was not asked.
    async fn cloud_records(&self, asked: &[Asked<'_>]) -> BTreeMap<Uid, CheckReport> {
        let mut once: BTreeMap<&Uid, &InputTarget> = BTreeMap::new();
        let meant = asked.iter().filter(|one| !one.plan.flags.rbac_only);
        for target in meant.clone().flat_map(|one| one.targets) {
            once.insert(&target.target.uid, target);
        }
        let Some(first) = meant.into_iter().next() else { return BTreeMap::new() };
        let question = self.question(first, once.values().copied().collect());
        let reports = ask_cloud(&question, false).await;
        once.into_keys().cloned().zip(reports).collect()
    }

    async fn one(&self, asked: &Asked<'_>, facts: &ClusterFacts, cloud: &BTreeMap<Uid, CheckReport>) -> Vec<Rechecked> {
        let skipped = || CheckReport::skipped(Check::Cloud, "the cloud was not asked: its record stays as it is");
        let report_of = |target: &InputTarget| match asked.plan.flags.rbac_only {
            true => skipped(),
            false => cloud.get(&target.target.uid).cloned().unwrap_or_else(skipped),
        };
        let reports = asked.targets.iter().map(report_of).collect();
        let question = self.question(asked, asked.targets.iter().collect());
        let verifications = verify_again(&question, facts, reports).await;
        let mut all = Vec::new();
        for (target, mut verification) in asked.targets.iter().zip(verifications) {
            if self.is_rbac_only {
                verification.checks.retain(|check| check.check != Check::Cloud);
                verification.outcome = outcome(&verification.checks);
                verification.not_checked.insert(0, "the cloud's record: --rbac-only".to_owned());
            }
            let put_back = self.put_back(asked.part, &target.target, facts).await;
            all.push(Rechecked { verification, put_back });
        }
        all
    }

    /// The bindings that name an identity again, each with its last writer: a list doesn't say it.
    async fn put_back(&self, part: &Part<'_>, target: &Target, facts: &ClusterFacts) -> Vec<PutBack> {
        let found = facts.inventory().map(|inventory| bindings_of(target, inventory)).unwrap_or_default();
        let gone_at = gone_at_of(part, &target.uid);
        let read = stream::iter(found).map(async |found: PutBack| {
            // The list has found it: that its writer can't be read takes nothing away.
            let object = self.reading.api.binding(&found.binding).await.ok().flatten();
            let write = object.as_ref().map(last_write_of_subjects).unwrap_or_default();
            found.written(write, gone_at)
        });
        read.buffered(SIDE_BY_SIDE).collect().await
    }

    fn question<'q>(&'q self, asked: &'q Asked<'_>, targets: Vec<&'q InputTarget>) -> VerificationQuery<'q> {
        VerificationQuery {
            api: &self.reading.api,
            cloud: self.cloud(),
            region: self.reading.region.as_ref(),
            cluster_id: self.reading.cluster.id.as_ref(),
            targets,
            plan: asked.plan,
            before: asked.before,
            leaked: self.leaked.clone(),
            settle: Duration::ZERO,
            has_just_changed: false,
            now: self.now,
        }
    }

    fn cloud(&self) -> &CloudAccess {
        &self.account.cloud
    }
}

/// When the operation had found the identity gone; `None` where it never did.
fn gone_at_of(part: &Part<'_>, uid: &Uid) -> Option<Timestamp> {
    let ended = part.past.events.iter().rev().find_map(|event| match event {
        Event::Ended { time, .. } => Some(*time),
        _ => None,
    });
    let report = part.past.report.clone().and_then(|json| record::report::read(json).ok());
    let cluster: Option<&ClusterId> = part.cluster.id.as_ref();
    gone_at(report.as_ref(), ended, cluster, uid)
}
