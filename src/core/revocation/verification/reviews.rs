//! Check `AccessReviews`: questions that the API server answered with yes before the change must get a no after it.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::answers;
use super::rbac::names;
use super::{Answers, Check, CheckReport, Probe};
use crate::core::cluster::server_view::AccessReview;
use crate::core::ids::Uid;
use crate::core::rbac::binding_object::BindingObject;
use crate::core::rbac::inventory::Binding;
use crate::core::rbac::{Attributes, PolicyRule, UserInfo, allows, probes};
use crate::core::revocation::input::{InputTarget, RevocationInput};
use crate::core::revocation::operation::ClusterRecord;
use crate::core::revocation::plan::Plan;
use crate::core::revocation::target::Target;

/// The most questions that are asked before the change, and again after it.
const MOST_PROBES: usize = 200;
/// How many answers of a kind are shown.
const MOST_SHOWN: usize = 5;

/// What the access reviews are compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// The questions that were answered with yes before the change: afterwards each must be answered with no.
    pub allowed: Vec<Probe>,
    /// All questions that were answered, as they are kept; empty for an operation that is resumed, whose record has them.
    pub answers: Vec<Answers>,
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
            Self::Denied => "the API server already said no before the change, so its no afterwards proves nothing",
        }
    }
}

impl Before {
    /// The questions that were answered with yes. `failure` says why some have no answer at all.
    pub fn of_answers(
        questions: &[(&Target, Probe)],
        answered: &[(&Probe, Reviewed)],
        failure: Option<String>,
    ) -> Self {
        let is_yes = |answer: &Reviewed| matches!(answer, Reviewed::ByRbac(_) | Reviewed::ByAnother(_));
        let allowed: Vec<Probe> =
            answered.iter().filter(|(_, answer)| is_yes(answer)).map(|(probe, _)| (*probe).clone()).collect();
        let why = match failure {
            Some(failure) => Missing::Unanswered(format!("the access reviews before the change failed: {failure}")),
            None => Missing::Denied,
        };
        let is_allowed = |target: &Target| allowed.iter().any(|probe| target.names.contains(&probe.name));
        let missing = questions.iter().filter(|(target, _)| !is_allowed(target));
        let missing = missing.map(|(target, _)| (target.uid.clone(), why.clone())).collect();
        let answers = answers(answered.iter().map(|(probe, answer)| (*probe, answer.clone())));
        Self { allowed, answers, missing }
    }

    /// The questions on record of an operation that is resumed: its bindings may be gone, and then there is nothing to ask about.
    pub fn recorded(cluster: &ClusterRecord, plan: &Plan) -> Self {
        let why = "the operation has no question on record that was answered with yes before the change";
        let is_allowed =
            |uid: &Uid| cluster.probes.iter().any(|probe| Uid::of_user_name(&probe.name).as_ref() == Some(uid));
        let mut missing = BTreeMap::new();
        for then in cluster.roles.iter().filter(|then| then.role.as_ref().is_some_and(|role| !role.rules.is_empty())) {
            let steps = plan
                .binding_steps()
                .filter(|(step, own)| own.binding == then.binding && step.cluster_id.as_ref() == cluster.id.as_ref());
            let uids = steps.flat_map(|(_, own)| &own.identities).filter(|uid| !is_allowed(uid));
            missing.extend(uids.map(|uid| (uid.clone(), Missing::Unanswered(why.to_owned()))));
        }
        Self { allowed: cluster.probes.clone(), answers: Vec::new(), missing }
    }

    /// The same where others changed everything for some identities first: for them the API server rightly said no.
    #[must_use]
    pub fn of_changed(mut self, is_changed: impl Fn(&Uid) -> bool) -> Self {
        self.missing.retain(|uid, missing| *missing != Missing::Denied || is_changed(uid));
        self
    }

    /// The questions about an identity; without any, the check's report.
    pub fn probes_of(&self, target: &Target) -> Result<Vec<&Probe>, CheckReport> {
        let own: Vec<&Probe> = self.allowed.iter().filter(|probe| target.names.contains(&probe.name)).collect();
        match self.missing.get(&target.uid) {
            _ if !own.is_empty() => Ok(own),
            Some(missing) => Err(CheckReport::error(Check::AccessReviews, missing.describe())),
            None => Err(CheckReport::skipped(Check::AccessReviews, "nothing was seen to work before")),
        }
    }
}

/// What the bindings to be taken away allow, as questions about each of their identities' names.
pub fn questions(input: &RevocationInput) -> Vec<(&Target, Probe)> {
    let inventory = input.scan.grants.inventory();
    let references: BTreeSet<_> = input.bindings.iter().map(BindingObject::reference).collect();
    let is_leaving = |binding: &&Binding| references.contains(&binding.reference());
    let leaving: Vec<&Binding> = inventory.bindings().iter().filter(is_leaving).collect();
    let count: usize = input.targets.iter().map(|target| target.target.names.len()).sum();
    let limit = MOST_PROBES / count.max(1);
    let mut questions = Vec::new();
    for InputTarget { target, .. } in &input.targets {
        let own: Vec<(&Binding, &[PolicyRule])> = leaving
            .iter()
            .filter(|binding| names(binding, target))
            .filter_map(|binding| Some((*binding, input.roles.granted_by(binding)?.rules.as_slice())))
            .collect();
        // What every member of its groups may do proves nothing.
        let unnamed = UserInfo { name: String::new(), groups: target.groups.clone() };
        let by_group = |attributes: &Attributes| allows(inventory, &input.roles, &unnamed, attributes).is_some();
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

/// What an access review means for a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reviewed {
    /// Denied, clearly.
    No,
    /// Allowed, by RBAC.
    ByRbac(String),
    /// Allowed, by another authorizer.
    ByAnother(String),
    /// Neither yes nor no.
    Unclear(String),
}

/// Reads an access review. One that an authorizer could not decide is no denial.
pub fn read_review(review: &AccessReview) -> Reviewed {
    match review {
        AccessReview { allowed: true, reason, .. } if review.is_rbac() => Reviewed::ByRbac(reason.clone()),
        AccessReview { allowed: true, reason, .. } => Reviewed::ByAnother(reason.clone()),
        AccessReview { evaluation_error: Some(error), denied: false, .. } => Reviewed::Unclear(error.clone()),
        _ => Reviewed::No,
    }
}

/// What the answers after the change come to: each question with its answer.
pub fn weigh_reviews<'a>(answers: impl IntoIterator<Item = (&'a Probe, Reviewed)>) -> CheckReport {
    let (mut asked, mut left, mut unclear) = (0, Vec::new(), Vec::new());
    for (probe, answer) in answers {
        asked += 1;
        let may = format!("{} may {}", probe.name, probe.attributes);
        match answer {
            Reviewed::No => {}
            Reviewed::ByRbac(reason) => left.push(format!("{may}: {reason}")),
            Reviewed::ByAnother(reason) => left.push(format!("{may}, by another authorizer: {reason}")),
            Reviewed::Unclear(reason) => unclear.push(format!("{may}? {reason}")),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::super::fixtures::{carl, uid};
    use super::*;
    use crate::core::revocation::verification::CheckResult::{Error, Failed, Passed, Skipped};

    fn probe(name: &str) -> Probe {
        let [verb, resource] = ["list", "pods"].map(str::to_owned);
        Probe {
            name: name.into(),
            groups: Vec::new(),
            attributes: Attributes { verb, resource, ..Attributes::default() },
        }
    }

    #[test]
    fn only_a_clear_denial_counts() {
        for (allowed, denied, reason, error, expected) in [
            (false, false, "", None, "No"),
            (false, true, "no policy", Some("slow webhook"), "No"),
            (true, false, "RBAC: allowed by x", None, "ByRbac"),
            (true, false, "webhook says so", None, "ByAnother"),
            (true, false, "", Some("role not found"), "ByAnother"),
            (false, false, "", Some("role not found"), "Unclear"),
        ] {
            let evaluation_error = error.map(str::to_owned);
            let review = AccessReview { allowed, denied, reason: reason.into(), evaluation_error };
            let read = format!("{:?}", read_review(&review));
            assert!(read.starts_with(expected), "{review:?}: {read}");
        }
    }

    #[test]
    fn one_yes_outweighs_all_others_and_one_unclear_answer_outweighs_every_no() {
        let yes = || Reviewed::ByRbac("RBAC: allowed".into());
        let other = || Reviewed::ByAnother("webhook".into());
        let unclear = || Reviewed::Unclear("timeout".into());
        let no = || Reviewed::No;
        for (answers, expected, detail) in [
            (vec![no(), no()], Passed, "2 asked before: yes; after: no"),
            (vec![no(), yes()], Failed, "1 of 2 are still answered with yes"),
            (vec![unclear(), other()], Failed, "1 of 2 are still answered with yes"),
            (vec![no(), unclear(), no()], Error, "1 of 3 without a clear answer, such as 200 may list pods? timeout"),
            (vec![yes(); 9], Failed, "9 of 9 are still answered with yes"),
        ] {
            let probe = probe("200");
            let report = weigh_reviews(answers.into_iter().map(|answer| (&probe, answer)));
            assert_eq!(report.result, expected, "{detail}");
            assert!(report.detail.starts_with(detail), "{}", report.detail);
            assert!(report.findings.len() <= MOST_SHOWN && report.findings.is_empty() == (expected != Failed));
        }
    }

    #[test]
    fn without_a_yes_before_a_no_afterwards_proves_nothing() {
        let (carl, denied) = (carl(), Missing::Denied);
        let unanswered = Missing::Unanswered("403".into());
        for (allowed, missing, expected) in [
            (vec!["200-17"], None, None),
            (vec!["200-17"], Some(&denied), None),
            (vec!["300"], None, Some(Skipped)),
            (vec!["300"], Some(&denied), Some(Error)),
            (Vec::new(), Some(&unanswered), Some(Error)),
            (Vec::new(), None, Some(Skipped)),
        ] {
            let before = Before {
                allowed: allowed.iter().map(|name| probe(name)).collect(),
                missing: missing.map(|missing| (uid("200"), missing.clone())).into_iter().collect(),
                ..Before::default()
            };
            let report = before.probes_of(&carl).err();
            assert_eq!(report.as_ref().map(|report| report.result), expected, "{before:?}: {report:?}");
        }
    }

    #[test]
    fn an_identity_is_missing_if_none_of_its_questions_got_a_yes() {
        let (carl, finn) = (carl(), Target::new(uid("300")));
        let questions = [(&carl, probe("200")), (&carl, probe("200-17")), (&finn, probe("300"))];
        let answered = [(&questions[0].1, Reviewed::No), (&questions[1].1, Reviewed::ByRbac("RBAC: allowed".into()))];
        let before = |failure: Option<&str>| Before::of_answers(&questions, &answered, failure.map(str::to_owned));
        assert_eq!(before(None).missing, BTreeMap::from([(uid("300"), Missing::Denied)]));
        let failed = before(Some("403"));
        assert!(matches!(failed.missing[&uid("300")], Missing::Unanswered(ref why) if why.ends_with("failed: 403")));
        assert_eq!((failed.missing.len(), failed.allowed.len(), failed.answers.len()), (1, 1, 2));
        // What others changed first was rightly denied; what could not be asked stays unknown.
        assert!(before(None).of_changed(|_| false).missing.is_empty());
        assert_eq!(failed.of_changed(|_| false).missing.len(), 1);
    }
}
