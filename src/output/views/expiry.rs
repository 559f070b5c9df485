use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::words::Word as _;
use super::{ApiVersion, CredentialStatusWord, CredentialWord, Kind, distance, nothing_in, time};
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
    /// What was searched; null without -R.
    pub search: Option<SearchView>,
    /// Whether files were asked about: then tables say of each row which one it is of.
    #[serde(skip)]
    of_files: bool,
}

/// What of a disk was read and what was not.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SearchView {
    /// How many files were read.
    pub files: u64,
    /// What could not be read.
    pub unread: Vec<UnreadView>,
    /// How many files are larger than 64 MiB and were not read.
    pub too_large: u64,
    /// How many files are compressed or archives and were not looked into.
    pub compressed: u64,
    /// Folders that lie on another file system and were not read.
    pub other_file_systems: Vec<String>,
}

/// A file or a folder that could not be read.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnreadView {
    /// The file or folder.
    pub path: String,
    /// Why.
    pub reason: String,
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
            key(a).cmp(&key(b)).then_with(|| place(a).cmp(&place(b)))
        });
        let mut summary = StatusCounts::default();
        for item in &items {
            summary.add(item.status);
        }
        Self {
            api_version: ApiVersion::V1,
            kind: Kind::ExpiryReport,
            time,
            items,
            summary,
            search: None,
            of_files: false,
        }
    }

    /// The same report of what was found on a disk.
    #[must_use]
    pub fn of_search(self, search: Option<SearchView>) -> Self {
        Self { search, ..self }
    }

    /// The files that hold something, each once.
    fn files(&self) -> BTreeSet<&str> {
        self.items.iter().filter_map(|item| item.source.as_deref()).collect()
    }

    /// How many files have a name that can't be a line of its own: it has a line break or another control character, or is no text.
    pub fn files_without_line(&self) -> usize {
        self.files().into_iter().filter(|file| !is_one_line(file)).count()
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
        let with_lines = self.search.is_some();
        if begins_with_file {
            headers.insert(0, "FILE");
            if with_lines {
                headers.insert(1, "LINE");
            }
        }
        if wide {
            headers.push("FILE");
            headers.extend(with_lines.then_some("LINE"));
            headers.extend(["ISSUED", "LIFETIME", "SERIAL", "CA-EXPIRES", "REASON"]);
        }
        let rows = self.items.iter().map(move |item| {
            let mut cells = row(item);
            let line = with_lines.then(|| Cell::maybe(item.line.map(|line| line.to_string())));
            let file = std::iter::once(Cell::maybe(item.source.as_deref())).chain(line);
            if begins_with_file {
                cells.splice(0..0, file);
            } else if wide {
                cells.extend(file.chain(details(item)));
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
        match &self.search {
            Some(_) => Box::new(self.files().into_iter().filter(|file| is_one_line(file)).map(str::to_owned)),
            None => Box::new(self.items.iter().filter_map(|item| item.context.clone())),
        }
    }

    fn nothing_found(&self) -> Option<String> {
        let nothing = match &self.search {
            Some(search) => nothing_in("no credentials found", !search.unread.is_empty()),
            None => "no credentials found".to_owned(),
        };
        self.items.is_empty().then_some(nothing)
    }
}

fn row(item: &ExpiryItem) -> Vec<Cell<'_>> {
    vec![
        Cell::maybe(item.context.as_deref()),
        Cell::maybe(item.cluster_id.as_deref()),
        Cell::maybe(item.uid.as_deref()),
        Cell::maybe(item.credential.map(|kind| kind.as_str())),
        Cell::maybe(item.not_after.map(time)),
        Cell::maybe(left(item)),
        Cell::new(item.status.as_str()).tone(status_tone(item.status)),
    ]
}

/// What only a wide table has.
fn details(item: &ExpiryItem) -> [Cell<'_>; 5] {
    [
        Cell::maybe(item.not_before.map(time)),
        Cell::maybe(item.lifetime_seconds.map(distance)),
        Cell::maybe(item.serial.as_deref()),
        Cell::maybe(item.ca_not_after.map(time)),
        Cell::maybe(item.reason.as_deref()),
    ]
}

/// In which order items stand that are alike.
fn place(item: &ExpiryItem) -> impl Ord + '_ {
    (&item.context, &item.source, item.line, item.credential)
}

fn is_one_line(name: &str) -> bool {
    !name.contains(|character: char| character.is_control() || character == char::REPLACEMENT_CHARACTER)
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
