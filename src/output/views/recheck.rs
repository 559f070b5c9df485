//! Whether what operations took away is still gone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::history::OperationOutcome;
use super::step::BindingView;
use super::verification::{CheckView, RemainView, VerificationView};
use super::words::{CheckResultWord, CheckWord, GroupsFromWord, OutcomeWord};
use super::{ApiVersion, Kind, counted, time};
use crate::core::revocation::recheck::PutBack;
use crate::output::prometheus::Metrics;
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};

/// What `verify` prints: the last operation first.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerificationReport {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `VerificationReport`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "VerificationReport")))]
    pub kind: Kind,
    /// When it was made.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// The operations.
    pub operations: Vec<VerifiedOperation>,
    /// Whether a check could not be made, a cluster was not reached, or a record could not be read.
    pub incomplete: bool,
}

/// An operation, and what is there of what it took away.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VerifiedOperation {
    /// Its ID.
    pub id: String,
    /// How the operation itself ended; null where its record can't be read.
    pub ended: Option<OperationOutcome>,
    /// Why its record can't be read; null where it can.
    pub error: Option<String>,
    /// Each identity in each of its clusters.
    pub verification: Vec<RecheckView>,
}

/// An identity in a cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RecheckView {
    /// The cluster; null where its ID is not known.
    pub cluster_id: Option<String>,
    /// The RAM UID.
    pub uid: String,
    /// What it comes to.
    pub outcome: RecheckOutcome,
    /// When the last check ended, by the API server's clock where that is known; null where nothing was checked.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub at: Option<Timestamp>,
    /// Where the groups are known from that were asked with; null where nothing was checked.
    pub groups_from: Option<GroupsFromWord>,
    /// What each check found.
    pub checks: Vec<CheckView>,
    /// The bindings that name the identity, and who put it there.
    pub put_back: Vec<PutBackView>,
    /// The restore that gave the access back on purpose; null where none did.
    pub restored_by: Option<String>,
    /// Why nothing was checked; null where something was, or where the access was given back.
    pub error: Option<String>,
    /// What the revocation was never to end.
    pub remains: Vec<RemainView>,
    /// What can't be checked.
    pub not_checked: Vec<String>,
}

/// A binding that names an identity whose access was taken away.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PutBackView {
    /// The binding.
    pub binding: BindingView,
    /// Its role, `Kind/name`.
    pub role: String,
    /// The identity's user names in it.
    pub names: Vec<String>,
    /// The field manager that wrote its subjects last; null where the API server noted none.
    pub manager: Option<String>,
    /// When that was; null where it is not known.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub since: Option<Timestamp>,
    /// Who put it back and when, in one line.
    pub what: String,
}

/// Whether an identity's access is still gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RecheckOutcome {
    /// It is still gone, by all checks.
    Verified,
    /// There is access.
    Residual,
    /// A check could not be made.
    Unverifiable,
    /// A restore gave it back on purpose.
    Restored,
}

impl RecheckOutcome {
    fn of(outcome: OutcomeWord) -> Self {
        match outcome {
            OutcomeWord::Verified => Self::Verified,
            OutcomeWord::Residual => Self::Residual,
            OutcomeWord::Unverifiable => Self::Unverifiable,
        }
    }

    /// The word in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "Verified",
            Self::Residual => "Residual",
            Self::Unverifiable => "Unverifiable",
            Self::Restored => "Restored",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Verified => Tone::Good,
            Self::Residual => Tone::Danger,
            Self::Unverifiable => Tone::Attention,
            Self::Restored => Tone::Plain,
        }
    }
}

impl RecheckView {
    /// What the checks found.
    pub fn checked(verification: VerificationView, put_back: &[PutBack]) -> Self {
        let VerificationView { cluster_id, uid, outcome, at, groups_from, checks, remains, not_checked } = verification;
        Self {
            outcome: RecheckOutcome::of(outcome),
            at: Some(at),
            groups_from: Some(groups_from),
            checks,
            put_back: put_back.iter().map(PutBackView::of).collect(),
            remains,
            not_checked,
            ..Self::unchecked(cluster_id, uid, RecheckOutcome::Unverifiable)
        }
    }

    /// An identity whose cluster could not be asked, and why.
    pub fn not_read(cluster_id: Option<String>, uid: String, why: String) -> Self {
        Self { error: Some(why), ..Self::unchecked(cluster_id, uid, RecheckOutcome::Unverifiable) }
    }

    /// An identity whose access a restore gave back; where it did so in part, what is meant to be there is not known.
    pub fn restored(cluster_id: Option<String>, uid: String, by: String, is_whole: bool) -> Self {
        let unfinished = || format!("restore {by} gave it back in part: finish it, or revoke again");
        let outcome = if is_whole { RecheckOutcome::Restored } else { RecheckOutcome::Unverifiable };
        Self { error: (!is_whole).then(unfinished), restored_by: Some(by), ..Self::unchecked(cluster_id, uid, outcome) }
    }

    fn unchecked(cluster_id: Option<String>, uid: String, outcome: RecheckOutcome) -> Self {
        Self {
            cluster_id,
            uid,
            outcome,
            at: None,
            groups_from: None,
            checks: Vec::new(),
            put_back: Vec::new(),
            restored_by: None,
            error: None,
            remains: Vec::new(),
            not_checked: Vec::new(),
        }
    }

    /// What there is to say of it, one thing a line: who put a name back, what else gives access, what could not be checked.
    pub fn what(&self) -> Vec<String> {
        let of = |result: CheckResultWord| self.checks.iter().filter(move |check| check.result == result);
        let why = of(CheckResultWord::Error).map(|check| format!("{}: {}", check.check.describe(), check.detail));
        let skipped = of(CheckResultWord::Skipped).filter(|check| matches!(check.check, CheckWord::Cloud));
        let unasked = skipped.map(|check| format!("{}: {}", check.check.describe(), check.detail));
        let missing: Vec<String> = why.chain(unasked).collect();
        match (self.outcome, &self.restored_by, &self.error) {
            (_, _, Some(error)) => vec![error.clone()],
            (RecheckOutcome::Restored, by, None) => {
                vec![format!("given back by operation {}", by.as_deref().unwrap_or_default())]
            }
            (RecheckOutcome::Verified, ..) => {
                let passed = of(CheckResultWord::Passed).count();
                vec![format!("still gone: {} passed", counted(passed, "check"))]
            }
            (RecheckOutcome::Unverifiable, ..) => missing,
            (RecheckOutcome::Residual, ..) => self.findings(),
        }
    }

    /// Who put the identity back, and what other checks than those of bindings found.
    fn findings(&self) -> Vec<String> {
        let mut found: Vec<String> = self.put_back.iter().map(|one| one.what.clone()).collect();
        let others = self.checks.iter().filter(|check| {
            self.put_back.is_empty() || !matches!(check.check, CheckWord::Rbac | CheckWord::AccessReviews)
        });
        for finding in others.flat_map(|check| &check.findings) {
            if !found.contains(finding) {
                found.push(finding.clone());
            }
        }
        found
    }
}

impl PutBackView {
    fn of(put_back: &PutBack) -> Self {
        Self {
            binding: BindingView::of(&put_back.binding),
            role: format!("{}/{}", put_back.role.kind, put_back.role.name),
            names: put_back.names.clone(),
            manager: put_back.write.manager.clone(),
            since: put_back.write.at,
            what: put_back.describe(),
        }
    }
}

impl VerificationReport {
    /// Each identity in each cluster, with its operation.
    pub fn rows(&self) -> impl Iterator<Item = (&VerifiedOperation, &RecheckView)> {
        self.operations.iter().flat_map(|one| one.verification.iter().map(move |row| (one, row)))
    }

    /// Whether there is access that was taken away.
    pub fn has_findings(&self) -> bool {
        self.rows().any(|(_, row)| row.outcome == RecheckOutcome::Residual)
    }
}

impl Report for VerificationReport {
    fn table(&self, wide: bool) -> Table<'_> {
        let mut headers = vec!["OPERATION", "CLUSTER-ID", "UID", "OUTCOME"];
        headers.extend(wide.then_some("CHECKED"));
        headers.push("WHAT");
        let row = move |one: &'_ VerifiedOperation, row: &'_ RecheckView, what: String| {
            let mut cells = vec![
                Cell::new(one.id.clone()),
                Cell::maybe(row.cluster_id.clone()),
                Cell::new(row.uid.clone()),
                Cell::new(row.outcome.as_str()).tone(row.outcome.tone()),
            ];
            cells.extend(wide.then(|| Cell::maybe(row.at.map(time))));
            cells.push(Cell::new(what));
            cells
        };
        let rows = self.rows().flat_map(move |(one, found)| {
            found.what().into_iter().map(|what| row(one, found, what)).collect::<Vec<_>>()
        });
        let damaged = self.operations.iter().filter_map(|one| Some((one, one.error.as_ref()?)));
        let damaged = damaged.map(move |(one, error)| {
            let (none, word) = (|| Cell::maybe(None::<String>), RecheckOutcome::Unverifiable);
            let mut cells =
                vec![Cell::new(one.id.as_str()), none(), none(), Cell::new(word.as_str()).tone(word.tone())];
            cells.extend(wide.then(none));
            cells.push(Cell::new(error.as_str()));
            cells
        });
        Table { headers, rows: Box::new(damaged.chain(rows)) }
    }

    fn headline(&self) -> Option<usize> {
        Some(3)
    }

    fn metrics(&self) -> Option<Metrics> {
        Some(Metrics::of_verify(self))
    }

    fn list(&self) -> Option<&'static str> {
        Some("operations")
    }

    /// The operations of which access is back.
    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        let is_back =
            |one: &&VerifiedOperation| one.verification.iter().any(|row| row.outcome == RecheckOutcome::Residual);
        Box::new(self.operations.iter().filter(is_back).map(|one| one.id.clone()))
    }

    fn nothing_found(&self) -> Option<String> {
        self.operations.is_empty().then(|| "nothing was revoked from this machine".to_owned())
    }
}
