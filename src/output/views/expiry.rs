use jiff::Timestamp;
use serde::Serialize;

use super::words::Word as _;
use super::{ApiVersion, CredentialStatusWord, CredentialWord, Kind, distance, time};
use crate::core::credential::Credential;
use crate::core::credential::expiry::Expiry;
use crate::core::ids::ClusterId;
use crate::output::html::Page;
use crate::output::prometheus::Metrics;
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};

/// What `expiry` prints: one item a credential, worst first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExpiryReport {
    api_version: ApiVersion,
    /// `ExpiryReport`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "ExpiryReport")))]
    kind: Kind,
    /// When it was read.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// One item a context and credential.
    pub items: Vec<ExpiryItem>,
    /// How many items have each status.
    summary: StatusCounts,
    /// Whether files were asked about: then tables say of each row which one it is of.
    #[serde(skip)]
    of_files: bool,
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
    /// The line of the file that the credential begins in; null where whole kubeconfig files are read.
    pub line: Option<u64>,
    /// The ACK cluster, where it can be inferred.
    pub cluster_id: Option<String>,
    /// The RAM UID in the certificate's common name.
    pub uid: Option<String>,
    /// The common name of the certificate's subject.
    pub common_name: Option<String>,
    /// The kind of credential; null where nothing could be read.
    pub credential: Option<CredentialWord>,
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
    pub status: CredentialStatusWord,
    /// Why the status is what it is, where that needs a word.
    pub reason: Option<String>,
}

/// How many credentials have each status.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
struct StatusCounts {
    invalid: usize,
    missing: usize,
    expired: usize,
    not_yet_valid: usize,
    expiring: usize,
    long_lived: usize,
    #[serde(rename = "Static")]
    without_end: usize,
    effective: usize,
    dynamic: usize,
}

impl StatusCounts {
    fn add(&mut self, status: CredentialStatusWord) {
        *match status {
            CredentialStatusWord::Invalid => &mut self.invalid,
            CredentialStatusWord::Missing => &mut self.missing,
            CredentialStatusWord::Expired => &mut self.expired,
            CredentialStatusWord::NotYetValid => &mut self.not_yet_valid,
            CredentialStatusWord::Expiring => &mut self.expiring,
            CredentialStatusWord::LongLived => &mut self.long_lived,
            CredentialStatusWord::Static => &mut self.without_end,
            CredentialStatusWord::Effective => &mut self.effective,
            CredentialStatusWord::Dynamic => &mut self.dynamic,
        } += 1;
    }
}

impl ExpiryItem {
    /// A credential and its end, without the place that it was read from.
    pub fn of(credential: &Credential, expiry: Expiry) -> Self {
        Self {
            context: None,
            source: None,
            line: None,
            cluster_id: None,
            uid: credential.uid.as_ref().map(ToString::to_string),
            common_name: credential.subject.as_ref().and_then(|subject| subject.common_name.clone()),
            credential: Some(CredentialWord::from(credential.kind)),
            not_before: credential.not_before,
            not_after: credential.not_after,
            remaining_seconds: expiry.remaining.map(|left| left.as_secs()),
            lifetime_seconds: expiry.lifetime.map(|lives| lives.as_secs()),
            serial: credential.serial.clone(),
            ca_not_after: credential.ca_not_after,
            status: CredentialStatusWord::from(expiry.status),
            reason: expiry.reason,
        }
    }

    /// What stands for a file of which no credential could be read.
    pub fn unread(file: String, is_missing: bool, reason: String) -> Self {
        Self {
            context: None,
            source: Some(file),
            line: None,
            cluster_id: None,
            uid: None,
            common_name: None,
            credential: None,
            not_before: None,
            not_after: None,
            remaining_seconds: None,
            lifetime_seconds: None,
            serial: None,
            ca_not_after: None,
            status: if is_missing { CredentialStatusWord::Missing } else { CredentialStatusWord::Invalid },
            reason: Some(reason),
        }
    }

    /// The same credential, found here.
    #[must_use]
    pub fn found(self, context: Option<&str>, file: Option<String>, cluster_id: Option<&ClusterId>) -> Self {
        let (context, cluster_id) = (context.map(str::to_owned), cluster_id.map(ToString::to_string));
        Self { context, source: file, cluster_id, ..self }
    }
}

impl ExpiryReport {
    /// Sorts the items, worst first, and counts them.
    pub fn new(time: Timestamp, mut items: Vec<ExpiryItem>) -> Self {
        items.sort_by(|a, b| {
            let key = |item: &ExpiryItem| (item.status, item.not_after.unwrap_or(Timestamp::MAX));
            key(a)
                .cmp(&key(b))
                .then_with(|| (&a.context, &a.source, a.credential).cmp(&(&b.context, &b.source, b.credential)))
        });
        let mut summary = StatusCounts::default();
        for item in &items {
            summary.add(item.status);
        }
        Self { api_version: ApiVersion::V1, kind: Kind::ExpiryReport, time, items, summary, of_files: false }
    }

    /// The same report where files were asked about, not contexts.
    #[must_use]
    pub fn of_files(self, of_files: bool) -> Self {
        Self { of_files, ..self }
    }
}

impl Report for ExpiryReport {
    fn table(&self, wide: bool) -> Table<'_> {
        let mut headers = vec!["CONTEXT", "CLUSTER-ID", "UID", "CREDENTIAL", "EXPIRES", "LEFT", "STATUS"];
        let begins_with_file = self.of_files && !wide;
        if begins_with_file {
            headers.insert(0, "FILE");
        }
        if wide {
            headers.extend(["FILE", "ISSUED", "LIFETIME", "SERIAL", "CA-EXPIRES", "REASON"]);
        }
        let rows = self.items.iter().map(move |item| {
            let mut cells = row(item, wide);
            if begins_with_file {
                cells.insert(0, Cell::maybe(item.source.as_deref()));
            }
            cells
        });
        Table { headers, rows: Box::new(rows) }
    }

    fn metrics(&self) -> Option<Metrics> {
        Some(Metrics::of_expiry(self))
    }

    fn page(&self) -> Option<Page> {
        Some(Page::of_expiry(self))
    }

    fn list(&self) -> Option<&'static str> {
        Some("items")
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

/// How long it is until the end, in words.
pub fn left(item: &ExpiryItem) -> Option<String> {
    match (item.remaining_seconds, item.status) {
        (Some(seconds), _) => Some(distance(seconds)),
        (None, CredentialStatusWord::Static) => Some("forever".to_owned()),
        (None, _) => None,
    }
}

/// How a status looks.
pub fn status_tone(status: CredentialStatusWord) -> Tone {
    match status {
        CredentialStatusWord::Invalid | CredentialStatusWord::Expired => Tone::Danger,
        CredentialStatusWord::Missing
        | CredentialStatusWord::NotYetValid
        | CredentialStatusWord::Expiring
        | CredentialStatusWord::LongLived
        | CredentialStatusWord::Static => Tone::Attention,
        CredentialStatusWord::Effective | CredentialStatusWord::Dynamic => Tone::Plain,
    }
}
