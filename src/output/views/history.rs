use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ApiVersion, Kind, time};
use crate::core::revocation::journal::{Ending, OperationId, OperationSummary, State, SummaryPurpose};
use crate::output::html::Page;
use crate::output::markdown::Markdown;
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};

/// What `history` prints: the last operation first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `History`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "History")))]
    pub kind: Kind,
    /// When it was read.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// The operations.
    pub operations: Vec<PastOperation>,
}

/// An operation.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PastOperation {
    /// Its ID.
    pub id: String,
    /// What it is; null where its files can't be read, as all that is not known then.
    pub kind: Option<OperationKind>,
    /// Of a restore, the operation that it takes back, or the folder that it restores from; null of all others.
    pub restores: Option<String>,
    /// When it began.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub time: Option<Timestamp>,
    /// The clusters.
    pub cluster_ids: Option<Vec<String>>,
    /// The identities.
    pub uids: Option<Vec<String>>,
    /// How many steps were agreed to.
    pub steps: Option<usize>,
    /// How it ended, or that it did not.
    pub outcome: OperationOutcome,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// Who approved it beside the operator; null where no approval was asked for.
    pub approved_by: Option<String>,
}

/// What an operation is.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum OperationKind {
    /// Access is taken away.
    Revoke,
    /// Access is given back.
    Restore,
    /// The operator's own kubeconfig is replaced.
    Rotate,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum OperationOutcome {
    /// All was done, and proven.
    Verified,
    /// All was done, and access was found nevertheless.
    Residual,
    /// All was done, and it could not be proven.
    Unverifiable,
    /// Some steps were not done.
    Incomplete,
    /// What had been taken was given back.
    Restored,
    /// The operator stopped it.
    Interrupted,
    /// Nothing could be done.
    Failed,
    /// It was cut off, or still goes on.
    Unfinished,
    /// Its files can't be read.
    Damaged,
}

impl PastOperation {
    /// An operation and how far it came.
    pub fn of(id: &OperationId, summary: OperationSummary, state: State) -> Self {
        Self {
            id: id.to_string(),
            kind: Some(OperationKind::of(&summary.purpose)),
            restores: restores(&summary.purpose),
            time: Some(summary.begun),
            cluster_ids: Some(summary.cluster_ids.iter().flatten().map(ToString::to_string).collect()),
            uids: Some(summary.uids.iter().map(ToString::to_string).collect()),
            steps: Some(summary.steps),
            outcome: OperationOutcome::of(state),
            reason: summary.reason,
            approved_by: summary.approved_by,
        }
    }

    /// An operation whose files can't be read.
    pub fn damaged(id: &OperationId) -> Self {
        Self {
            id: id.to_string(),
            kind: None,
            restores: None,
            time: None,
            cluster_ids: None,
            uids: None,
            steps: None,
            outcome: OperationOutcome::Damaged,
            reason: None,
            approved_by: None,
        }
    }
}

fn restores(purpose: &SummaryPurpose) -> Option<String> {
    match purpose {
        SummaryPurpose::Restore { of, .. } => Some(of.to_string()),
        SummaryPurpose::Revoke { .. } | SummaryPurpose::Rotate { .. } => None,
    }
}

impl OperationKind {
    fn of(purpose: &SummaryPurpose) -> Self {
        match purpose {
            SummaryPurpose::Revoke { .. } => Self::Revoke,
            SummaryPurpose::Restore { .. } => Self::Restore,
            SummaryPurpose::Rotate { .. } => Self::Rotate,
        }
    }

    /// The word in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoke => "Revoke",
            Self::Restore => "Restore",
            Self::Rotate => "Rotate",
        }
    }
}

impl OperationOutcome {
    /// How far an operation came.
    pub fn of(state: State) -> Self {
        match state {
            State::Unfinished => Self::Unfinished,
            State::Ended(ending) => Self::of_ending(ending),
        }
    }

    /// How an operation ended.
    pub fn of_ending(ending: Ending) -> Self {
        match ending {
            Ending::Verified => Self::Verified,
            Ending::Residual => Self::Residual,
            Ending::Unverifiable => Self::Unverifiable,
            Ending::Incomplete => Self::Incomplete,
            Ending::Restored => Self::Restored,
            Ending::Interrupted => Self::Interrupted,
            Ending::Failed => Self::Failed,
        }
    }

    /// What the word means, in a sentence.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Verified => "all was done, and every check passed",
            Self::Residual => "all was done, and access is left",
            Self::Unverifiable => "all was done, and a check could not be made",
            Self::Incomplete => "some steps were not done",
            Self::Restored => "what had been taken was given back",
            Self::Interrupted => "the operator stopped it",
            Self::Failed => "nothing could be done",
            Self::Unfinished => "it was cut off, or still goes on",
            Self::Damaged => "its files can't be read",
        }
    }

    /// The word in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "Verified",
            Self::Residual => "Residual",
            Self::Unverifiable => "Unverifiable",
            Self::Incomplete => "Incomplete",
            Self::Restored => "Restored",
            Self::Interrupted => "Interrupted",
            Self::Failed => "Failed",
            Self::Unfinished => "Unfinished",
            Self::Damaged => "Damaged",
        }
    }

    /// How it looks.
    pub fn tone(self) -> Tone {
        match self {
            Self::Verified | Self::Restored => Tone::Plain,
            Self::Residual | Self::Damaged => Tone::Danger,
            Self::Unverifiable | Self::Incomplete | Self::Interrupted | Self::Failed | Self::Unfinished => {
                Tone::Attention
            }
        }
    }
}

impl Report for History {
    fn table(&self, wide: bool) -> Table<'_> {
        let mut headers = vec!["OPERATION", "WHAT", "TIME", "CLUSTER-ID", "UID", "STEPS", "OUTCOME"];
        if wide {
            headers.extend(["RESTORES", "REASON", "APPROVED-BY"]);
        }
        let rows = self.operations.iter().map(move |one| {
            let mut cells = vec![
                Cell::new(one.id.as_str()),
                Cell::maybe(one.kind.map(OperationKind::as_str)),
                Cell::maybe(one.time.map(time)),
                Cell::maybe(one.cluster_ids.as_ref().map(|ids| match ids.len() {
                    0..=2 => ids.join(","),
                    many => format!("{many} clusters"),
                })),
                Cell::maybe(one.uids.as_ref().map(|uids| uids.join(","))),
                Cell::maybe(one.steps.map(|steps| steps.to_string())),
                Cell::new(one.outcome.as_str()).tone(one.outcome.tone()),
            ];
            if wide {
                cells.extend([&one.restores, &one.reason, &one.approved_by].map(|text| Cell::maybe(text.as_deref())));
            }
            cells
        });
        Table { headers, rows: Box::new(rows) }
    }

    fn page(&self) -> Option<Page> {
        Some(Page::of_history(self))
    }

    fn markdown(&self) -> Option<Markdown> {
        Some(Markdown::of_history(self))
    }

    fn list(&self) -> Option<&'static str> {
        Some("operations")
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.operations.iter().map(|one| one.id.clone()))
    }

    fn nothing_found(&self) -> Option<String> {
        self.operations.is_empty().then(|| "nothing was revoked, restored or rotated from this machine".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_same_in_tables_and_in_documents() {
        for kind in [OperationKind::Revoke, OperationKind::Restore, OperationKind::Rotate] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        let endings = [
            Ending::Verified,
            Ending::Residual,
            Ending::Unverifiable,
            Ending::Incomplete,
            Ending::Restored,
            Ending::Interrupted,
            Ending::Failed,
        ];
        let outcomes = endings.map(|ending| OperationOutcome::of(State::Ended(ending)));
        for outcome in outcomes.into_iter().chain([OperationOutcome::Unfinished, OperationOutcome::Damaged]) {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }
}
