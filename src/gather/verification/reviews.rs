//! The API server's own decisions: what the roles allowed, asked before the change and after it.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep};

use super::{Question, REVIEW_STEP, REVIEWS_SETTLE_WITHIN};
use crate::adapters::cluster::{ApiServer, CallError};
use crate::core::binding_object::BindingObject;
use crate::core::case::{Case, TargetCase};
use crate::core::inventory::Binding;
use crate::core::rbac::{Attributes, Bearer, PolicyRule, allows, probes};
use crate::core::target::Target;
use crate::core::verification::{Probe, Reviewed, Voice, VoiceAnswer, read_review};
use crate::gather::revocation::SIDE_BY_SIDE;

/// The most questions that are asked before the change, and again after it.
const MOST_PROBES: usize = 200;

/// Asks what the bindings to be taken away allow, and keeps what is answered with yes: these are the questions that must be
/// answered with no afterwards.
pub async fn probes_that_work(api: &ApiServer, case: &Case) -> Result<Vec<Probe>, CallError> {
    let inventory = case.scan.grants.inventory();
    let references: BTreeSet<_> = case.bindings.iter().map(BindingObject::reference).collect();
    let is_leaving = |binding: &&Binding| references.contains(&binding.reference());
    let leaving: Vec<&Binding> = inventory.bindings().iter().filter(is_leaving).collect();
    let names: usize = case.targets.iter().map(|target| target.target.names.len()).sum();
    let limit = MOST_PROBES / names.max(1);
    let mut questions = Vec::new();
    for TargetCase { target, .. } in &case.targets {
        let own: Vec<(&Binding, &[PolicyRule])> = leaving
            .iter()
            .filter(|binding| binding.subjects().iter().any(|subject| subject.ram_uid() == Some(target.uid.as_str())))
            .filter_map(|binding| {
                Some((*binding, case.roles.of(binding.namespace(), binding.role())?.rules.as_slice()))
            })
            .collect();
        // What everybody in its groups may do proves nothing.
        let nobody = Bearer { name: String::new(), groups: target.groups.clone() };
        let by_group = |attributes: &Attributes| allows(inventory, &case.roles, &nobody, attributes).is_some();
        for attributes in probes(&own, by_group, limit.max(1)) {
            questions.extend(target.names.iter().map(|name| Probe {
                name: name.clone(),
                groups: target.groups.clone(),
                attributes: attributes.clone(),
            }));
        }
    }
    let asked = stream::iter(questions)
        .map(async |probe| Ok((api.subject_access_review(&probe.bearer(), &probe.attributes).await?, probe)));
    let answers: Vec<Result<_, CallError>> = asked.buffered(SIDE_BY_SIDE).collect().await;
    let mut working = Vec::new();
    for answer in answers {
        let (review, probe) = answer?;
        if review.allowed {
            working.push(probe);
        }
    }
    Ok(working)
}

/// The API server's own decision on every question that it had answered with yes.
pub(super) async fn review(question: &Question<'_>, target: &Target) -> VoiceAnswer {
    let own: Vec<&Probe> = question.probes.iter().filter(|probe| target.names.contains(&probe.name)).collect();
    if own.is_empty() {
        return VoiceAnswer::not_asked(Voice::AccessReviews, "nothing was seen to work before");
    }
    let until = Instant::now() + REVIEWS_SETTLE_WITHIN;
    let answers: Vec<Option<Reviewed>> =
        stream::iter(&own).map(|probe| review_until(question.api, probe, until)).buffered(SIDE_BY_SIDE).collect().await;
    let (mut left, mut unclear) = (Vec::new(), Vec::new());
    for (probe, answer) in own.iter().zip(answers) {
        let may = format!("{} may {}", probe.name, probe.attributes);
        match answer {
            Some(Reviewed::No) => {}
            Some(Reviewed::ByRbac(reason)) => left.push(format!("{may}: {reason}")),
            Some(Reviewed::ByAnother(reason)) => left.push(format!("{may}, by another authorizer: {reason}")),
            Some(Reviewed::Unclear(reason)) => unclear.push(format!("{may}? {reason}")),
            None => unclear.push(format!("{may}? no answer")),
        }
    }
    let asked = own.len();
    match (left.len(), unclear.first()) {
        (0, Some(first)) => VoiceAnswer::failed(
            Voice::AccessReviews,
            format!("{} of {asked} without a clear answer, such as {first}", unclear.len()),
        ),
        (0, None) => VoiceAnswer::clean(Voice::AccessReviews, format!("{asked} asked before: yes; after: no")),
        (count, _) => {
            left.truncate(MOST_SHOWN);
            VoiceAnswer::residual(Voice::AccessReviews, format!("{count} of {asked} are still answered with yes"), left)
        }
    }
}

/// How many answers of a kind are shown.
const MOST_SHOWN: usize = 5;

/// Asks until the answer is no, or for as long as the API server may need to hear of its own change.
async fn review_until(api: &ApiServer, probe: &Probe, until: Instant) -> Option<Reviewed> {
    loop {
        let answer = api.subject_access_review(&probe.bearer(), &probe.attributes).await;
        let read = answer.as_ref().ok().map(read_review);
        if read == Some(Reviewed::No) || Instant::now() >= until {
            return read;
        }
        sleep(REVIEW_STEP).await;
    }
}
