//! Whether access is gone: the checks, and what they come to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words::{CheckResultWord, CheckWord, GroupsFromWord, OutcomeWord, RemainWord, Word as _};
use super::{each_once, time};
use crate::core::distinct::distinct;
use crate::core::revocation::plan::Remain;
use crate::core::revocation::verification::{CheckReport, Verification};
use crate::output::table::{Cell, Table, Tone};

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
    /// The view of what is left.
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
            Self::OldCertificate => "old certificate",
            Self::NewKubeconfig => "new kubeconfig",
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

/// How many clusters verifications are of.
fn clusters(verifications: &[VerificationView]) -> usize {
    distinct(verifications.iter().map(|one| one.cluster_id.as_ref())).len()
}

/// The checks, one a row.
pub(super) fn checks_table(verifications: &[VerificationView], wide: bool) -> Table<'_> {
    let mut headers = vec!["UID", "CHECK", "RESULT", "DETAIL"];
    let shows_cluster = wide || clusters(verifications) > 1;
    if shows_cluster {
        headers.insert(0, "CLUSTER-ID");
    }
    let rows = verifications.iter().flat_map(move |verification| {
        verification.checks.iter().map(move |check| {
            let (word, tone) = check.result.word();
            let mut cells = vec![
                Cell::new(verification.uid.as_str()),
                Cell::new(check.check.describe()),
                Cell::new(word).tone(tone),
                Cell::new(check.detail.as_str()),
            ];
            if shows_cluster {
                cells.insert(0, Cell::maybe(verification.cluster_id.as_deref()));
            }
            cells
        })
    });
    Table { headers, rows: Box::new(rows) }
}

/// What was found that gives access, and what remains.
pub(super) fn left(verifications: &[VerificationView]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let several = clusters(verifications) > 1;
    for verification in verifications {
        let place = verification.cluster_id.as_ref().filter(|_| several).map(|id| format!(" in {id}"));
        let place = place.unwrap_or_default();
        lines.extend(verification.findings().map(|what| format!("Found         {what}{place}")));
    }
    let remains = verifications.iter().flat_map(|verification| &verification.remains);
    lines.extend(each_once("Remains       ", remains.map(|remain| remain.what.as_str())));
    lines
}

/// What no check can see.
pub(super) fn unseen(verifications: &[VerificationView]) -> impl Iterator<Item = String> {
    let unseen = distinct(verifications.iter().flat_map(|one| &one.not_checked));
    unseen.into_iter().map(|what| format!("Not checked   {what}"))
}

/// What a verification came to, in one line.
pub(super) fn result_line(
    VerificationView { outcome, at, uid, groups_from, cluster_id, .. }: &VerificationView,
) -> String {
    let cluster = cluster_id.as_ref().map(|id| format!(" in {id}")).unwrap_or_default();
    let groups = match groups_from {
        GroupsFromWord::Certificate => "groups from the certificate",
        GroupsFromWord::Assumed => "groups assumed",
    };
    format!("{} at {}: {uid}{cluster} ({groups})", outcome.as_str(), time(*at))
}
