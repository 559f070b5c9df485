//! The API server's own decisions: what the roles allowed, asked before the change and after it.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep};

use super::{REVIEW_STEP, REVIEWS_SETTLE_WITHIN, VerificationQuery, is_named};
use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::ids::Uid;
use crate::core::rbac::binding_object::BindingObject;
use crate::core::rbac::inventory::Binding;
use crate::core::rbac::{Attributes, PolicyRule, UserInfo, allows, probes};
use crate::core::revocation::input::{InputTarget, RevocationInput};
use crate::core::revocation::operation::ClusterRecord;
use crate::core::revocation::plan::Plan;
use crate::core::revocation::target::Target;
use crate::core::revocation::verification::{Check, CheckReport, Probe, Reviewed, read_review};
use crate::error::chain;
use crate::gather::revocation::SIDE_BY_SIDE;

/// The most questions that are asked before the change, and again after it.
const MOST_PROBES: usize = 200;

/// What the access reviews are compared with.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// The questions that were answered with yes before the change: afterwards each must be answered with no.
    pub allowed: Vec<Probe>,
    /// The identities of which no question was answered with yes although their roles allow something.
    pub missing: BTreeMap<Uid, Missing>,
}

/// Why no question about an identity was answered with yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// There were no answers, and why.
    Unanswered(String),
    /// All were answered with no.
    Denied,
}

impl Missing {
    fn describe(&self) -> &str {
        match self {
            Self::Unanswered(why) => why,
            Self::Denied => "the API server said no before the change already, so its no afterwards proves nothing",
        }
    }
}

impl Before {
    /// What an operation has on record that is gone on with: of bindings that are gone nothing can be asked any more.
    pub fn recorded(cluster: &ClusterRecord, plan: &Plan) -> Self {
        let why = "the operation has no question on record that was answered with yes before the change";
        let is_allowed =
            |uid: &Uid| cluster.probes.iter().any(|probe| Uid::of_user_name(&probe.name).as_ref() == Some(uid));
        let mut missing = BTreeMap::new();
        for then in cluster.roles.iter().filter(|then| then.role.as_ref().is_some_and(|role| !role.rules.is_empty())) {
            let steps = plan.binding_steps().filter(|step| {
                step.object.as_ref() == Some(&then.binding) && step.cluster_id.as_ref() == cluster.id.as_ref()
            });
            let uids = steps.flat_map(|step| &step.identities).filter(|uid| !is_allowed(uid));
            missing.extend(uids.map(|uid| (uid.clone(), Missing::Unanswered(why.to_owned()))));
        }
        Self { allowed: cluster.probes.clone(), missing }
    }

    /// The same, after others had changed everything for some identities before us: to them the API server rightly said no.
    #[must_use]
    pub fn of_changed(mut self, is_changed: impl Fn(&Uid) -> bool) -> Self {
        self.missing.retain(|uid, missing| *missing != Missing::Denied || is_changed(uid));
        self
    }
}

/// Asks what the bindings to be taken away allow, and keeps what is answered with yes: these are the questions that must be
/// answered with no afterwards. The first question that has no answer ends it; it is given beside.
pub async fn probes_that_work(api: &ApiServer, input: &RevocationInput) -> (Before, Option<CallError>) {
    let questions = questions(input);
    let answers = stream::iter(&questions)
        .map(async |(_, probe)| (api.subject_access_review(&probe.user_info(), &probe.attributes).await, probe));
    let mut answers = std::pin::pin!(answers.buffered(SIDE_BY_SIDE));
    let (mut allowed, mut failure) = (Vec::new(), None);
    while let Some((answer, probe)) = answers.next().await {
        match answer {
            Ok(review) if review.allowed => allowed.push(probe.clone()),
            Ok(_) => {}
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    let why = match &failure {
        Some(error) => Missing::Unanswered(format!("nothing could be asked before the change: {}", chain(error))),
        None => Missing::Denied,
    };
    let is_seen = |target: &Target| allowed.iter().any(|probe| target.names.contains(&probe.name));
    let missing = questions.iter().filter(|(target, _)| !is_seen(target));
    let missing = missing.map(|(target, _)| (target.uid.clone(), why.clone())).collect();
    (Before { allowed, missing }, failure)
}

/// What the bindings to be taken away allow, as questions about each of their identities' names.
fn questions(input: &RevocationInput) -> Vec<(&Target, Probe)> {
    let inventory = input.scan.grants.inventory();
    let references: BTreeSet<_> = input.bindings.iter().map(BindingObject::reference).collect();
    let is_leaving = |binding: &&Binding| references.contains(&binding.reference());
    let leaving: Vec<&Binding> = inventory.bindings().iter().filter(is_leaving).collect();
    let names: usize = input.targets.iter().map(|target| target.target.names.len()).sum();
    let limit = MOST_PROBES / names.max(1);
    let mut questions = Vec::new();
    for InputTarget { target, .. } in &input.targets {
        let own: Vec<(&Binding, &[PolicyRule])> = leaving
            .iter()
            .filter(|binding| binding.subjects().iter().any(|subject| is_named(subject.user_name(), target)))
            .filter_map(|binding| {
                Some((*binding, input.roles.of(binding.namespace(), binding.role())?.rules.as_slice()))
            })
            .collect();
        // What everybody in its groups may do proves nothing.
        let nobody = UserInfo { name: String::new(), groups: target.groups.clone() };
        let by_group = |attributes: &Attributes| allows(inventory, &input.roles, &nobody, attributes).is_some();
        for attributes in probes(&own, by_group, limit.max(1)) {
            let of_name = |name: &String| Probe {
                name: name.clone(),
                groups: target.groups.clone(),
                attributes: attributes.clone(),
            };
            questions.extend(target.names.iter().map(|name| (target, of_name(name))));
        }
    }
    questions
}

/// The API server's own decision on every question that it had answered with yes.
pub(super) async fn review(question: &VerificationQuery<'_>, target: &Target) -> CheckReport {
    let own: Vec<&Probe> = question.before.allowed.iter().filter(|probe| target.names.contains(&probe.name)).collect();
    if own.is_empty() {
        return match question.before.missing.get(&target.uid) {
            Some(missing) => CheckReport::error(Check::AccessReviews, missing.describe()),
            None => CheckReport::skipped(Check::AccessReviews, "nothing was seen to work before"),
        };
    }
    let until = Instant::now() + REVIEWS_SETTLE_WITHIN;
    // Where the API server doesn't answer one question for all that time, the others would each wait as long.
    let is_silent = Cell::new(false);
    let ask = async |probe| match is_silent.get() {
        true => Reviewed::Unclear("not asked: there was no answer to the question before".to_owned()),
        false => match review_until(question.api, probe, until).await {
            Ok(reviewed) => reviewed,
            Err(error) => {
                is_silent.set(true);
                Reviewed::Unclear(chain(&error))
            }
        },
    };
    let answers: Vec<Reviewed> = stream::iter(own.iter().copied()).map(ask).buffered(SIDE_BY_SIDE).collect().await;
    let (mut left, mut unclear) = (Vec::new(), Vec::new());
    for (probe, answer) in own.iter().zip(answers) {
        let may = format!("{} may {}", probe.name, probe.attributes);
        match answer {
            Reviewed::No => {}
            Reviewed::ByRbac(reason) => left.push(format!("{may}: {reason}")),
            Reviewed::ByAnother(reason) => left.push(format!("{may}, by another authorizer: {reason}")),
            Reviewed::Unclear(reason) => unclear.push(format!("{may}? {reason}")),
        }
    }
    let asked = own.len();
    match (left.len(), unclear.first()) {
        (0, Some(first)) => CheckReport::error(
            Check::AccessReviews,
            format!("{} of {asked} without a clear answer, such as {first}", unclear.len()),
        ),
        (0, None) => CheckReport::passed(Check::AccessReviews, format!("{asked} asked before: yes; after: no")),
        (count, _) => {
            left.truncate(MOST_SHOWN);
            CheckReport::failed(Check::AccessReviews, format!("{count} of {asked} are still answered with yes"), left)
        }
    }
}

/// How many answers of a kind are shown.
const MOST_SHOWN: usize = 5;

/// Asks until the answer is no, or for as long as the API server may need to apply its own change.
async fn review_until(api: &ApiServer, probe: &Probe, until: Instant) -> Result<Reviewed, CallError> {
    loop {
        let answer = api.subject_access_review(&probe.user_info(), &probe.attributes).await;
        let read = answer.as_ref().map(read_review);
        if matches!(read, Ok(Reviewed::No)) || Instant::now() >= until {
            return answer.map(|review| read_review(&review));
        }
        sleep(REVIEW_STEP).await;
    }
}
