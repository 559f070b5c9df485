//! Whether access is gone: six checks after the change, and what they come to together.
//!
//! One file a check: what its answers mean is decided there, with a table of cases beside it. `gather::verification` asks and
//! hands over.

use jiff::Timestamp;

use super::leaked::LeakedFacts;
use super::plan::{Plan, Remain};
use super::target::{GroupsFrom, Target};
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::{Attributes, UserInfo};

mod answers;
mod cloud_record;
#[cfg(test)]
mod fixtures;
mod leaked_file;
mod mappings;
mod other_credentials;
mod rbac;
mod reviews;
mod rotation;
mod several_files;
mod static_tokens;
mod watch;

pub use answers::{Answers, ClusterAnswers, answers};
pub use cloud_record::read_cloud_record;
pub use leaked_file::{
    LeakedQuestion, certificate_refused, is_let_in, leaked_question, mistaken_identity, weigh_get, weigh_own_review,
};
pub use mappings::weigh_mappings;
pub use other_credentials::{CredentialAnswer, weigh_other, with_others, without_file};
pub use rbac::evaluate;
pub use reviews::{Before, Reviewed, questions, read_review, weigh_reviews};
pub use rotation::{OldQuestion, joined, new_is_seen, old_names_left, old_question, weigh_new, weigh_old};
pub use several_files::of_files;
pub use static_tokens::weigh_static_tokens;
pub use watch::{Returned, SETTLE, SETTLE_RECONCILED, Seen, Window, came_back, reconciled, weigh_window};

/// A question that is asked about a name before the change and after it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Probe {
    /// The user name.
    pub name: String,
    /// The groups that go with it.
    pub groups: Vec<String>,
    /// The question.
    pub attributes: Attributes,
}

impl Probe {
    /// The user that it asks about.
    pub fn user_info(&self) -> UserInfo {
        UserInfo { name: self.name.clone(), groups: self.groups.clone() }
    }
}

/// What a verification comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// All that was asked is clean.
    Verified,
    /// A check could not be made.
    Unverifiable,
    /// Something still gives access, or the cloud still remembers some.
    Residual,
}

/// Who was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Every binding and role, evaluated here.
    Rbac,
    /// The API server's own decisions.
    AccessReviews,
    /// ACK's record of kubeconfigs and permissions.
    Cloud,
    /// The API server, asked with the leaked credential.
    LeakedFile,
    /// Mappings, groups, and what else lets the identity in.
    MappingsAndGroups,
    /// Static tokens that were to be ended.
    StaticTokens,
    /// Whether anything came back while it was watched.
    Settled,
    /// The API server, asked with the certificates that were rotated away.
    OldCertificate,
    /// The API server, asked with the new kubeconfig.
    NewKubeconfig,
}

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckResult {
    /// No access is left, as far as this check can see.
    Passed,
    /// Some is left.
    Failed,
    /// It did not answer, or not clearly.
    Error,
    /// It was not asked, as agreed.
    Skipped,
}

impl CheckResult {
    /// The one that counts of several answers to one check: access that is left, then what did not answer, then what was not asked.
    fn worse(self, other: Self) -> Self {
        let severity = |result| match result {
            Self::Failed => 3,
            Self::Error => 2,
            Self::Skipped => 1,
            Self::Passed => 0,
        };
        if severity(other) > severity(self) { other } else { self }
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// The check.
    pub check: Check,
    /// What the answer means.
    pub result: CheckResult,
    /// The answer.
    pub detail: String,
    /// What it found that gives access; empty unless it failed.
    pub findings: Vec<String>,
}

impl CheckReport {
    /// No access is left.
    pub fn passed(check: Check, detail: impl Into<String>) -> Self {
        Self { check, result: CheckResult::Passed, detail: detail.into(), findings: Vec::new() }
    }

    /// This is left.
    pub fn failed(check: Check, detail: impl Into<String>, findings: Vec<String>) -> Self {
        Self { check, result: CheckResult::Failed, detail: detail.into(), findings }
    }

    /// It could not be made, and why.
    pub fn error(check: Check, detail: impl Into<String>) -> Self {
        Self { check, result: CheckResult::Error, detail: detail.into(), findings: Vec::new() }
    }

    /// It was not made, and why.
    pub fn skipped(check: Check, detail: impl Into<String>) -> Self {
        Self { check, result: CheckResult::Skipped, detail: detail.into(), findings: Vec::new() }
    }

    /// Passed where nothing was found, else failed.
    pub fn of(check: Check, detail: impl Into<String>, findings: Vec<String>) -> Self {
        if findings.is_empty() { Self::passed(check, detail) } else { Self::failed(check, detail, findings) }
    }
}

/// What became of one identity in one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The cluster.
    pub cluster_id: Option<ClusterId>,
    /// The identity.
    pub uid: Uid,
    /// What it comes to.
    pub outcome: Outcome,
    /// When the last check ended, by the API server's clock where that is known.
    pub at: Timestamp,
    /// Where the groups are known from that were asked with.
    pub groups_from: GroupsFrom,
    /// What each check found.
    pub checks: Vec<CheckReport>,
    /// What the revocation was never to end.
    pub remains: Vec<Remain>,
    /// What no check can see.
    pub not_checked: Vec<String>,
}

/// What the checks come to: access that is left outweighs a check that could not be made. A skipped check of the cloud counts as
/// missing; a skipped one of the leaked file doesn't, since there may be none.
pub fn outcome(checks: &[CheckReport]) -> Outcome {
    let any = |what: fn(&CheckReport) -> bool| checks.iter().any(what);
    if any(|check| check.result == CheckResult::Failed) {
        return Outcome::Residual;
    }
    let missing = |check: &CheckReport| match check.result {
        CheckResult::Error => true,
        CheckResult::Skipped => check.check == Check::Cloud,
        CheckResult::Passed | CheckResult::Failed => false,
    };
    if any(missing) { Outcome::Unverifiable } else { Outcome::Verified }
}

/// What the checks are assembled with.
pub struct Assembly<'a> {
    /// The cluster.
    pub cluster_id: Option<&'a ClusterId>,
    /// What was agreed to.
    pub plan: &'a Plan,
    /// What the access reviews were compared with.
    pub before: &'a Before,
    /// The leaked files of the plan that were not there to be presented.
    pub missing_files: Vec<&'a LeakedFacts>,
    /// When the last check was made.
    pub at: Timestamp,
}

impl Assembly<'_> {
    /// One identity's checks, with their outcome and with what they don't cover.
    pub fn verification(&self, target: &Target, mut checks: Vec<CheckReport>) -> Verification {
        checks.sort_by_key(|report| report.check);
        let mut not_checked = self.plan.not_checked.clone();
        let missing =
            self.missing_files.iter().filter(|one| one.is_of(&target.uid)).map(|one| match self.plan.leaked.len() {
                1 => "the leaked file itself: give it again with -f".to_owned(),
                _ => format!("the leaked file {}: give it again with -f", one.label()),
            });
        not_checked.splice(..0, missing);
        if self.before.allowed.is_empty() {
            not_checked.insert(0, "access reviews: nothing that the roles allow was seen to work before".to_owned());
        }
        let is_own = |remain: &&Remain| remain.uid.as_ref().is_none_or(|uid| *uid == target.uid);
        Verification {
            cluster_id: self.cluster_id.cloned(),
            uid: target.uid.clone(),
            outcome: outcome(&checks),
            at: self.at,
            groups_from: target.groups_from,
            checks,
            remains: self.plan.remains.iter().filter(is_own).cloned().collect(),
            not_checked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_outweighs_a_missing_answer() {
        use Check::{AccessReviews, Cloud, LeakedFile, Rbac};
        let clean = || CheckReport::passed(Rbac, "");
        assert_eq!(outcome(&[clean()]), Outcome::Verified);
        assert_eq!(outcome(&[clean(), CheckReport::error(AccessReviews, "")]), Outcome::Unverifiable);
        assert_eq!(outcome(&[clean(), CheckReport::skipped(Cloud, "")]), Outcome::Unverifiable);
        assert_eq!(outcome(&[clean(), CheckReport::skipped(LeakedFile, "")]), Outcome::Verified);
        let left = CheckReport::of(Cloud, "", vec!["a record".to_owned()]);
        assert_eq!(outcome(&[CheckReport::error(Rbac, ""), left]), Outcome::Residual);
    }
}
