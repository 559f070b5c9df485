use jiff::Timestamp;
use serde::Serialize;

use super::persistence_words::{MethodWord, SinceIs, SourceFromWord, UndoWord};
use super::words::{CertaintyWord, Word as _};
use super::{ApiVersion, Kind, ScannedCluster, distinct_names, nothing_in, time};
use crate::core::persistence::{Finding, FoundObject, NOT_SEEN, Remedy, Since, SourceFact};
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};

/// What `scan --persistence` prints: what would let someone in again.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PersistenceReport {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `PersistenceReport`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "PersistenceReport")))]
    pub kind: Kind,
    /// When it was made.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub time: Timestamp,
    /// What was asked for.
    pub asked: AskedPersistence,
    /// The clusters that were read, or that were to be.
    pub clusters: Vec<ScannedCluster>,
    /// The findings, those that hold by the API server alone first. A finding says nothing of why it is there.
    pub findings: Vec<FindingView>,
    /// What was read, in words for people.
    pub read: Vec<String>,
    /// What could not be read, and why.
    pub unread: Vec<String>,
    /// What no API server shows, in words for people.
    pub not_seen: Vec<&'static str>,
    /// Whether something that was asked could not be read: then there may be more.
    pub incomplete: bool,
    /// What is drawn.
    #[serde(skip)]
    pub columns: PersistenceColumns,
}

/// Which columns a table has beside its usual ones.
#[derive(Clone, Copy, Debug)]
pub struct PersistenceColumns {
    /// Whether rows of several clusters may stand beside each other.
    pub are_several: bool,
}

/// What was asked for.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AskedPersistence {
    /// The identities; none for everybody.
    pub uids: Vec<String>,
    /// The file whose certificate names the identity.
    pub file: Option<String>,
    /// Findings that were there before it are left out.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub since: Option<Timestamp>,
    /// The revocation before which the identity had its rights.
    pub operation: Option<String>,
    /// The trace that says who made what.
    pub trace: Option<String>,
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FindingView {
    /// The cluster.
    pub cluster_id: Option<String>,
    /// By what someone would get in.
    pub method: MethodWord,
    /// What it is about.
    pub object: FoundObjectView,
    /// To which rights it leads, in words for people.
    pub leads_to: String,
    /// Since when it is there.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub since: Option<Timestamp>,
    /// What that time stands for.
    pub since_is: SinceIs,
    /// How it came to be and how it is used, as far as it is recorded.
    pub source: Vec<SourceView>,
    /// What ends it.
    pub remedy: RemedyView,
    /// Whether the API server alone lets it happen.
    pub certainty: CertaintyWord,
    /// The cluster's name.
    #[serde(skip)]
    pub cluster_name: Option<String>,
}

/// An object of the cluster.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FoundObjectView {
    /// Its kind.
    pub kind: String,
    /// Its namespace; null for one of the cluster, and for any.
    pub namespace: Option<String>,
    /// Its name; null for any.
    pub name: Option<String>,
    /// The same in one text.
    #[serde(skip)]
    text: String,
}

/// A fact, and who says so.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SourceView {
    /// The fact, in words for people.
    pub what: String,
    /// Who says so.
    pub from: SourceFromWord,
}

/// What ends a finding.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RemedyView {
    /// What to do, in words for people.
    pub text: String,
    /// The command that does it, or that shows what to decide.
    pub command: Option<String>,
    /// Whether it can be taken back.
    pub undo: UndoWord,
}

impl FindingView {
    /// The view of a finding in a cluster of this ID and name.
    pub fn of(finding: Finding, cluster_id: Option<String>, cluster_name: Option<String>) -> Self {
        let Finding { method, object, leads_to, since, source, remedy, certainty } = finding;
        let (since, since_is) = match since {
            Since::Created(since) => (Some(since), SinceIs::Created),
            Since::Changed(since) => (Some(since), SinceIs::Changed),
            Since::AboutAge(about) => (Some(about.latest), SinceIs::AboutAge),
            Since::Unknown => (None, SinceIs::None),
        };
        let text = object.to_string();
        let FoundObject { kind, namespace, name } = object;
        let Remedy { text: remedy_text, command, undo } = remedy;
        Self {
            cluster_id,
            method: method.into(),
            object: FoundObjectView { kind, namespace, name, text },
            leads_to,
            since,
            since_is,
            source: source
                .into_iter()
                .map(|SourceFact { what, from }| SourceView { what, from: from.into() })
                .collect(),
            remedy: RemedyView { text: remedy_text, command, undo: undo.into() },
            certainty: certainty.into(),
            cluster_name,
        }
    }

    fn since_text(&self) -> Option<String> {
        let since = time(self.since?);
        Some(match self.since_is {
            SinceIs::AboutAge => format!("about {}", &since[..10]),
            SinceIs::Changed => format!("{since} (changed)"),
            SinceIs::Created | SinceIs::None => since,
        })
    }

    fn source_text(&self) -> String {
        let text = |source: &SourceView| match source.from {
            SourceFromWord::ServerSet => source.what.clone(),
            SourceFromWord::ClientClaim => format!("{} (the client's word)", source.what),
            SourceFromWord::Audit => format!("{} (audit log)", source.what),
        };
        if self.source.is_empty() {
            return "not recorded".to_owned();
        }
        self.source.iter().map(text).collect::<Vec<_>>().join("; ")
    }
}

impl PersistenceReport {
    /// What no API server shows.
    pub fn not_seen() -> Vec<&'static str> {
        NOT_SEEN.to_vec()
    }
}

impl Report for PersistenceReport {
    fn heading(&self) -> Vec<String> {
        vec![
            "A heuristic: each row could let someone in again, and most rows have a good reason to be there."
                .to_owned(),
            String::new(),
        ]
    }

    fn headline(&self) -> Option<usize> {
        Some(if self.columns.are_several { 4 } else { 2 })
    }

    fn table(&self, wide: bool) -> Table<'_> {
        let PersistenceColumns { are_several } = self.columns;
        let mut headers = vec!["METHOD", "OBJECT", "LEADS-TO", "SINCE", "SOURCE", "REMEDY", "UNDO"];
        if are_several {
            headers.splice(..0, ["CLUSTER-ID", "CLUSTER"]);
        }
        if wide {
            headers.extend(["CERTAINTY", "WHAT-TO-DO"]);
        }
        let cells = move |finding: &'_ FindingView| {
            let mut cells = Vec::new();
            if are_several {
                cells.extend([finding.cluster_id.clone(), finding.cluster_name.clone()].map(Cell::maybe));
            }
            let tone = if finding.certainty == CertaintyWord::Exact { Tone::Attention } else { Tone::Plain };
            let remedy = finding.remedy.command.clone().unwrap_or_else(|| finding.remedy.text.clone());
            cells.extend([
                Cell::new(finding.method.as_str()).tone(tone),
                Cell::new(finding.object.text.clone()),
                Cell::new(finding.leads_to.clone()),
                Cell::maybe(finding.since_text()),
                Cell::new(finding.source_text()),
                Cell::new(remedy),
                Cell::new(finding.remedy.undo.as_str()),
            ]);
            if wide {
                cells.extend([Cell::new(finding.certainty.as_str()), Cell::new(finding.remedy.text.clone())]);
            }
            cells
        };
        Table { headers, rows: Box::new(self.findings.iter().map(cells)) }
    }

    fn footing(&self) -> Vec<String> {
        vec![String::new(), format!("Not seen: {}", self.not_seen.join(" · "))]
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        distinct_names(self.findings.iter().map(|finding| {
            let cluster = finding.cluster_id.clone().filter(|_| self.columns.are_several);
            (cluster, finding.object.text.clone())
        }))
    }

    fn list(&self) -> Option<&'static str> {
        Some("findings")
    }

    fn nothing_found(&self) -> Option<String> {
        let nothing = "nothing of what was read would let someone in again";
        self.findings.is_empty().then(|| nothing_in(nothing, self.incomplete))
    }
}
