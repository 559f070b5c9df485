//! Whether access is gone: the checks, and what they come to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words::{CheckResultWord, CheckWord, GroupsFromWord, OutcomeWord, RemainWord};
use crate::core::revocation::plan::Remain;
use crate::core::revocation::verification::{CheckReport, Verification};
use crate::output::table::Tone;

/// What was verified of one identity in one cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerificationView {
    /// The cluster; null where its ID is not known.
    pub cluster_id: Option<String>,
    /// The RAM UID.
    pub uid: String,
    /// What it comes to.
    pub outcome: OutcomeWord,
    /// When the last check ended, by the API server's clock where that is known.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub at: Timestamp,
    /// Where the groups are known from that were asked with.
    pub groups_from: GroupsFromWord,
    /// What each check found.
    pub checks: Vec<CheckView>,
    /// What the revocation was never to end.
    pub remains: Vec<RemainView>,
    /// What can't be checked.
    pub not_checked: Vec<String>,
}

/// What one check found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    /// The check.
    pub check: CheckWord,
    /// What it came to.
    pub result: CheckResultWord,
    /// What was evaluated, or why not.
    pub detail: String,
    /// What it found that gives access; empty unless it failed.
    pub findings: Vec<String>,
}

/// Something that a revocation does not end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RemainView {
    /// The cluster; null where its ID is not known.
    pub cluster_id: Option<String>,
    /// The RAM UID; null where it is about all identities.
    pub uid: Option<String>,
    /// What kind of thing.
    pub kind: RemainWord,
    /// What it is.
    pub what: String,
}

impl VerificationView {
    /// The view of a verification.
    pub fn of(verification: Verification) -> Self {
        let Verification { cluster_id, uid, outcome, at, groups_from, checks, remains, not_checked } = verification;
        Self {
            cluster_id: cluster_id.map(|id| id.to_string()),
            uid: uid.to_string(),
            outcome: outcome.into(),
            at,
            groups_from: groups_from.into(),
            checks: checks.into_iter().map(CheckView::of).collect(),
            remains: remains.iter().map(RemainView::of).collect(),
            not_checked,
        }
    }

    /// What still gives access, by all checks.
    pub fn findings(&self) -> impl Iterator<Item = &str> {
        self.checks.iter().flat_map(|check| &check.findings).map(String::as_str)
    }
}

impl CheckView {
    fn of(CheckReport { check, result, detail, findings }: CheckReport) -> Self {
        Self { check: check.into(), result: result.into(), detail, findings }
    }
}

impl RemainView {
    pub fn of(Remain { cluster_id, uid, kind, what }: &Remain) -> Self {
        Self {
            cluster_id: cluster_id.as_ref().map(ToString::to_string),
            uid: uid.as_ref().map(ToString::to_string),
            kind: (*kind).into(),
            what: what.clone(),
        }
    }
}

impl CheckWord {
    /// What a table says.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Rbac => "RBAC",
            Self::AccessReviews => "access reviews",
            Self::Cloud => "cloud",
            Self::LeakedFile => "leaked file",
            Self::MappingsAndGroups => "mappings, groups",
            Self::StaticTokens => "static tokens",
            Self::Settled => "settled",
        }
    }
}

impl CheckResultWord {
    /// What a table says, and how it looks.
    pub fn word(self) -> (&'static str, Tone) {
        match self {
            Self::Passed => ("passed", Tone::Good),
            Self::Failed => ("failed", Tone::Danger),
            Self::Error => ("error", Tone::Attention),
            Self::Skipped => ("skipped", Tone::Plain),
        }
    }
}
