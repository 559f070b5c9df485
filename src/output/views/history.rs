use jiff::Timestamp;
use serde::Serialize;

use super::{ApiVersion, time};
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};

/// What `history` prints: the last operation first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "kind")]
pub struct History {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
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
    /// What it was: `Revoke` or `Restore`; null where its files can't be read.
    pub operation: Option<&'static str>,
    /// When it began.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub time: Option<Timestamp>,
    /// The clusters.
    pub cluster_ids: Vec<String>,
    /// The identities.
    pub uids: Vec<String>,
    /// How many steps were agreed to.
    pub steps: usize,
    /// How it ended; `Unfinished` where it was cut off, `Damaged` where its files can't be read.
    pub outcome: String,
    /// Why, in the operator's words.
    pub reason: Option<String>,
}

impl Report for History {
    fn table(&self, wide: bool) -> Table<'_> {
        let mut headers = vec!["OPERATION", "WHAT", "TIME", "CLUSTER-ID", "UID", "STEPS", "OUTCOME"];
        if wide {
            headers.push("REASON");
        }
        let rows = self.operations.iter().map(move |one| {
            let tone = match one.outcome.as_str() {
                "Verified" | "Restored" => Tone::Plain,
                "Residual" | "Damaged" => Tone::Danger,
                _ => Tone::Attention,
            };
            let mut cells = vec![
                Cell::new(one.id.as_str()),
                Cell::maybe(one.operation),
                Cell::maybe(one.time.map(time)),
                match one.cluster_ids.len() {
                    0..=2 => Cell::new(one.cluster_ids.join(",")),
                    many => Cell::new(format!("{many} clusters")),
                },
                Cell::new(one.uids.join(",")),
                Cell::new(one.steps.to_string()),
                Cell::new(one.outcome.as_str()).tone(tone),
            ];
            if wide {
                cells.push(Cell::maybe(one.reason.as_deref()));
            }
            cells
        });
        Table { headers, rows: Box::new(rows) }
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.operations.iter().map(|one| one.id.clone()))
    }

    fn nothing_found(&self) -> Option<String> {
        self.operations.is_empty().then(|| "nothing was revoked or restored from this machine".to_owned())
    }
}
