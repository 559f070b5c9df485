//! What the identities could do before and after, as it is shown.

use crate::core::revocation::matrix::{Answer, BeforeAndAfter, Matrix, MatrixRow, binding_in_reason, matrix};
use crate::core::revocation::operation::{ClusterRecord, OperationReport};
use crate::core::revocation::verification::Reviewed;
use crate::output::table::Tone;

/// The questions about the users of one cluster.
#[derive(Debug)]
pub struct AccessTable {
    /// The cluster, where its ID is known.
    pub cluster_id: Option<String>,
    /// The user names, each with two cells in every row.
    pub names: Vec<String>,
    /// The questions.
    pub rows: Vec<AccessRow>,
}

/// A question, and what was answered.
#[derive(Debug)]
pub struct AccessRow {
    /// What was asked.
    pub question: String,
    /// Before and after, for each of the names in their order; `None`: not asked.
    pub answers: Vec<[Option<AccessCell>; 2]>,
}

/// One answer.
#[derive(Debug)]
pub struct AccessCell {
    /// The answer, with the review or the binding that it is by.
    pub text: String,
    /// How it looks.
    pub tone: Tone,
}

impl AccessTable {
    /// The table of a cluster; `None` where nothing was asked.
    pub(super) fn of(cluster: &ClusterRecord, report: Option<&OperationReport>) -> Option<Self> {
        let Matrix { cluster_id, names, rows } = matrix(cluster, report)?;
        let row = |row: MatrixRow| AccessRow {
            question: row.question,
            answers: row
                .cells
                .iter()
                .map(|BeforeAndAfter { before, after }| [cell(before, Tone::Plain), cell(after, Tone::Danger)])
                .collect(),
        };
        let rows = rows.into_iter().map(row).collect();
        Some(Self { cluster_id: cluster_id.map(|id| id.to_string()), names, rows })
    }
}

/// The cell of an answer; a yes looks as `yes` says.
fn cell(answer: &Answer, yes: Tone) -> Option<AccessCell> {
    let cell = |text: String, tone| Some(AccessCell { text, tone });
    match answer {
        Answer::NotAsked => None,
        Answer::NotRecorded => cell("not recorded".to_owned(), Tone::Plain),
        Answer::Yes => cell("yes (access review; its reason is not recorded)".to_owned(), yes),
        Answer::Review(Reviewed::No) => cell("no (access review)".to_owned(), Tone::Plain),
        Answer::Review(Reviewed::ByRbac(reason)) => cell(
            match binding_in_reason(reason) {
                Some((binding, role)) => format!("yes by {binding}, {role}"),
                None => format!("yes (access review): {reason}"),
            },
            yes,
        ),
        Answer::Review(Reviewed::ByAnother(reason)) => {
            cell(format!("yes (access review) by another authorizer: {reason}"), yes)
        }
        Answer::Review(Reviewed::Unclear(reason)) => {
            cell(format!("no clear answer (access review): {reason}"), Tone::Attention)
        }
    }
}
