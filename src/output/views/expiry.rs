use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{ApiVersion, distance, time};
use crate::core::credential::CredentialKind;
use crate::core::credential::expiry::CredentialStatus;
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};

/// What `expiry` prints: one item a credential, worst first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "kind")]
pub struct ExpiryReport {
    api_version: ApiVersion,
    /// One item a context and credential.
    pub items: Vec<ExpiryItem>,
    /// How many items have each status that occurs.
    summary: BTreeMap<CredentialStatus, usize>,
}

/// One credential and its end.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExpiryItem {
    /// The context, or null for a user entry that no context names and for a file that can't be read.
    pub context: Option<String>,
    /// The file that the credential was read from.
    pub source: Option<String>,
    /// The ACK cluster, where it can be inferred.
    pub cluster_id: Option<String>,
    /// The RAM UID in the certificate's common name.
    pub uid: Option<String>,
    /// The kind of credential; null where nothing could be read.
    pub credential: Option<CredentialKind>,
    /// Start of validity.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub not_before: Option<Timestamp>,
    /// End of validity.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub not_after: Option<Timestamp>,
    /// Seconds until the end, negative after it.
    pub remaining_seconds: Option<i64>,
    /// Seconds from start to end.
    pub lifetime_seconds: Option<i64>,
    /// The certificate's serial number, hexadecimal.
    pub serial: Option<String>,
    /// The earliest end among the CA certificates in the same bundle.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub ca_not_after: Option<Timestamp>,
    /// The status.
    pub status: CredentialStatus,
    /// Why the status is what it is, where that needs a word.
    pub reason: Option<String>,
}

impl ExpiryReport {
    /// Sorts the items, worst first, and counts them.
    pub fn new(mut items: Vec<ExpiryItem>) -> Self {
        items.sort_by(|a, b| {
            let key = |item: &ExpiryItem| (item.status, item.not_after.unwrap_or(Timestamp::MAX));
            key(a)
                .cmp(&key(b))
                .then_with(|| (&a.context, &a.source, a.credential).cmp(&(&b.context, &b.source, b.credential)))
        });
        let mut summary = BTreeMap::new();
        for item in &items {
            *summary.entry(item.status).or_default() += 1;
        }
        Self { api_version: ApiVersion::V1, items, summary }
    }
}

impl Report for ExpiryReport {
    fn table(&self, wide: bool) -> Table<'_> {
        let mut headers = vec!["CONTEXT", "CLUSTER-ID", "UID", "CREDENTIAL", "EXPIRES", "LEFT", "STATUS"];
        if wide {
            headers.extend(["FILE", "ISSUED", "LIFETIME", "SERIAL", "CA-EXPIRES", "REASON"]);
        }
        Table { headers, rows: Box::new(self.items.iter().map(move |item| row(item, wide))) }
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.items.iter().filter_map(|item| item.context.clone()))
    }

    fn nothing_found(&self) -> Option<String> {
        self.items.is_empty().then(|| "no credentials found".to_owned())
    }
}

fn row(item: &ExpiryItem, wide: bool) -> Vec<Cell<'_>> {
    let mut cells = vec![
        Cell::maybe(item.context.as_deref()),
        Cell::maybe(item.cluster_id.as_deref()),
        Cell::maybe(item.uid.as_deref()),
        Cell::maybe(item.credential.map(|kind| kind.as_str())),
        Cell::maybe(item.not_after.map(time)),
        Cell::maybe(left(item)),
        Cell::new(item.status.as_str()).tone(status_tone(item.status)),
    ];
    if wide {
        cells.extend([
            Cell::maybe(item.source.as_deref()),
            Cell::maybe(item.not_before.map(time)),
            Cell::maybe(item.lifetime_seconds.map(distance)),
            Cell::maybe(item.serial.as_deref()),
            Cell::maybe(item.ca_not_after.map(time)),
            Cell::maybe(item.reason.as_deref()),
        ]);
    }
    cells
}

fn left(item: &ExpiryItem) -> Option<String> {
    match (item.remaining_seconds, item.status) {
        (Some(seconds), _) => Some(distance(seconds)),
        (None, CredentialStatus::Static) => Some("forever".to_owned()),
        (None, _) => None,
    }
}

pub(super) fn status_tone(status: CredentialStatus) -> Tone {
    match status {
        CredentialStatus::Invalid | CredentialStatus::Expired => Tone::Danger,
        CredentialStatus::Missing
        | CredentialStatus::NotYetValid
        | CredentialStatus::Expiring
        | CredentialStatus::LongLived
        | CredentialStatus::Static => Tone::Attention,
        CredentialStatus::Effective | CredentialStatus::Dynamic => Tone::Plain,
    }
}
