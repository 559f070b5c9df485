//! Whether access is gone: what each voice said after the change, and what that comes to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::plan::Remain;
use super::target::GroupsFrom;
use crate::core::cluster::server_view::AccessReview;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::{Attributes, UserInfo};

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
    /// Whom it asks about.
    pub fn user_info(&self) -> UserInfo {
        UserInfo { name: self.name.clone(), groups: self.groups.clone() }
    }
}

/// What a verification comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Outcome {
    /// All that was asked is clean.
    Verified,
    /// A voice did not answer.
    Unverifiable,
    /// Something still gives access, or the cloud still remembers some.
    Residual,
}

impl Outcome {
    /// The output's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "Verified",
            Self::Unverifiable => "Unverifiable",
            Self::Residual => "Residual",
        }
    }
}

/// Who was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Whether anything came back while it was watched.
    Settled,
}

impl Check {
    /// The voice in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Rbac => "RBAC",
            Self::AccessReviews => "access reviews",
            Self::Cloud => "cloud",
            Self::LeakedFile => "leaked file",
            Self::MappingsAndGroups => "mappings, groups",
            Self::Settled => "settled",
        }
    }
}

/// What a voice's answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum CheckResult {
    /// No access is left, as far as this voice can tell.
    Passed,
    /// Some is left.
    Failed,
    /// It did not answer, or not clearly.
    Error,
    /// It was not asked, as agreed.
    Skipped,
}

/// What one voice said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CheckReport {
    /// Who was asked.
    pub check: Check,
    /// What the answer means.
    pub result: CheckResult,
    /// The answer.
    pub detail: String,
    /// What it found that gives access; empty unless it failed.
    #[serde(default)]
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

    /// No answer, and why.
    pub fn error(check: Check, detail: impl Into<String>) -> Self {
        Self { check, result: CheckResult::Error, detail: detail.into(), findings: Vec::new() }
    }

    /// Not asked, and why.
    pub fn skipped(check: Check, detail: impl Into<String>) -> Self {
        Self { check, result: CheckResult::Skipped, detail: detail.into(), findings: Vec::new() }
    }

    /// Passed where nothing was found, else failed.
    pub fn of(check: Check, detail: impl Into<String>, findings: Vec<String>) -> Self {
        if findings.is_empty() { Self::passed(check, detail) } else { Self::failed(check, detail, findings) }
    }
}

/// What became of one identity in one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Verification {
    /// The cluster.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub cluster_id: Option<ClusterId>,
    /// The identity.
    #[cfg_attr(test, schemars(with = "String"))]
    pub uid: Uid,
    /// What it comes to.
    pub outcome: Outcome,
    /// When the last voice had answered, by the API server's clock where it tells.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub at: Timestamp,
    /// Where the groups are known from that were asked with.
    pub groups_from: GroupsFrom,
    /// What each voice said.
    pub checks: Vec<CheckReport>,
    /// What the revocation was never to end.
    pub remains: Vec<Remain>,
    /// What nobody can see.
    pub not_checked: Vec<String>,
}

impl Verification {
    /// What still gives access, by all checks.
    pub fn findings(&self) -> impl Iterator<Item = &str> {
        self.checks.iter().flat_map(|check| &check.findings).map(String::as_str)
    }
}

/// What the voices come to: what is left outweighs who didn't answer. The cloud counts as missing where it was not asked;
/// the leaked file doesn't: there may be none.
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

/// What the API server's answer to the leaked credential means; the probe had been allowed before. A denial counts only if it
/// names the credential's own user: something between may drop the certificate, and a request without one is denied too.
pub fn read_leaked_status(status: u16, message: &str, user: &str) -> Result<(), String> {
    match status {
        401 => Ok(()),
        403 if message.contains(&format!("User {user:?}")) => Ok(()),
        403 => Err(format!("403: the answer doesn't name {user}, so it may be about another credential")),
        // Whoever is told that something isn't there may look for it.
        404 => Err("404: it may still look".to_owned()),
        200..=299 => Err(format!("{status}: it still works")),
        _ => Err(format!("{status}: no clear answer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_outweighs_who_is_silent() {
        use Check::{AccessReviews, Cloud, LeakedFile, Rbac};
        let clean = || CheckReport::passed(Rbac, "");
        assert_eq!(outcome(&[clean()]), Outcome::Verified);
        assert_eq!(outcome(&[clean(), CheckReport::error(AccessReviews, "")]), Outcome::Unverifiable);
        assert_eq!(outcome(&[clean(), CheckReport::skipped(Cloud, "")]), Outcome::Unverifiable);
        assert_eq!(outcome(&[clean(), CheckReport::skipped(LeakedFile, "")]), Outcome::Verified);
        let left = CheckReport::of(Cloud, "", vec!["a record".to_owned()]);
        assert_eq!(outcome(&[CheckReport::error(Rbac, ""), left]), Outcome::Residual);
    }

    #[test]
    fn only_a_clear_denial_counts() {
        let review = |allowed, reason: &str, error: Option<&str>| AccessReview {
            allowed,
            denied: false,
            reason: reason.to_owned(),
            evaluation_error: error.map(str::to_owned),
        };
        assert_eq!(read_review(&review(false, "", None)), Reviewed::No);
        assert!(matches!(read_review(&review(true, "RBAC: allowed by x", None)), Reviewed::ByRbac(_)));
        assert!(matches!(read_review(&review(true, "webhook says so", None)), Reviewed::ByAnother(_)));
        assert!(matches!(read_review(&review(false, "", Some("role not found"))), Reviewed::Unclear(_)));
    }

    #[test]
    fn a_leaked_credential_is_dead_where_it_is_refused_and_nowhere_else() {
        let of_another = r#"pods is forbidden: User "system:anonymous" cannot list resource "pods""#;
        let own = r#"pods is forbidden: User "200-17" cannot list resource "pods""#;
        let read = |status, message| read_leaked_status(status, message, "200-17");
        assert!(read(401, "Unauthorized").is_ok() && read(403, own).is_ok());
        let of_a_longer_name = own.replace("200-17", "200-171");
        for message in ["", "denied", of_another, &of_a_longer_name] {
            assert!(read(403, message).is_err(), "{message}");
        }
        for status in [200, 204, 404, 410, 429, 500, 503] {
            assert!(read(status, own).is_err(), "{status}");
        }
    }
}
