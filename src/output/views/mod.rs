//! The JSON contract: one file a document. Tables are drawn from the same values.
//!
//! A document is made of types of its own: domain types are converted by functions, and never serialised themselves. Keys are
//! lowerCamelCase and always present, `null` where a value is unknown; times are RFC 3339 in UTC; UIDs are strings.
//! `docs/schemas/` holds a JSON Schema for each document, generated from these types.

mod approval;
mod cloud;
mod expiry;
mod history;
mod leaked;
mod lint;
mod paths;
mod persistence;
mod persistence_words;
mod plan;
#[cfg(test)]
mod published;
mod recheck;
mod refusal;
mod restoration;
mod revocation;
mod rights;
mod rotation;
mod scan;
mod status;
mod step;
mod suggestion;
mod suggestion_words;
mod trace;
mod trace_words;
mod verification;
mod version;
mod who_can;
mod whoami;
mod words;

pub use cloud::{CallerView, CloudView};
pub use expiry::{ExpiryItem, ExpiryReport, SearchView, UnreadView, left, status_tone};
pub use history::{History, OperationKind, OperationOutcome, PastOperation};
pub use leaked::LeakedView;
pub use lint::{AcceptedView, LintFindingView, LintReport, NotCheckedView};
pub use paths::{PathView, RequestView};
pub use persistence::{AskedPersistence, FindingView, PersistenceColumns, PersistenceReport};
pub use plan::{RevocationPlan, TargetView};
pub use recheck::{RecheckOutcome, RecheckView, VerificationReport, VerifiedOperation};
pub use restoration::RestoreReport;
pub use revocation::RevocationReport;
pub use rights::{HeldRuleView, ReviewView, RightsColumns, RightsReport, RightsUser, UserPath};
pub use rotation::{RotationPlanDocument, RotationReport};
pub use scan::{Binding, GrantView, HolderView, Identities, ResemblingView, Role, Rows, ScanReport, ScannedCluster};
pub use status::{Auditing, ClusterStatus, Dimension, LastAccessView, StatusItem, StatusReport};
pub use step::{StepOutcome, StepView};
pub use suggestion::{
    CoveredView, DryRunView, LostView, NotCoveredView, RoleHolder, SuggestedRoleView, Suggestion, SuggestionFor,
    SuggestionWindow, WidenedView,
};
pub use trace::{ActorView, AskedAbout, TraceReport, TracedEvent, evidence_text};
pub use trace_words::RequestOutcomeWord;
pub use verification::{RemainView, VerificationView};
pub use version::Version;
pub use who_can::{AllowedView, WhoCanColumns, WhoCanReport};
pub use whoami::{ApiServerView, ClusterFacts, CredentialFacts, IdentityFacts, WhoAmI};
pub use words::{
    CertaintyWord, ClusterIdFromWord, CredentialStatusWord, CredentialWord, GroupsSourceWord, IdentityTypeWord,
    KubeconfigWord, LintLevelWord, OutcomeWord, StateWord, Word,
};

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::output::table::Tone;

/// `apiVersion` of every document.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ApiVersion {
    /// The first.
    #[serde(rename = "ackcred/v1")]
    V1,
}

/// `kind` of each document.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Kind {
    /// What `whoami` prints.
    WhoAmI,
    /// What `expiry` prints.
    ExpiryReport,
    /// What `scan` prints.
    ScanReport,
    /// What `scan --persistence` prints.
    PersistenceReport,
    /// What `status` prints.
    StatusReport,
    /// What `rights` prints.
    RightsReport,
    /// What `who-can` prints.
    WhoCanReport,
    /// What `trace` prints.
    TraceReport,
    /// What `lint` prints.
    LintReport,
    /// What `suggest` prints.
    Suggestion,
    /// What `revoke --dry-run` prints.
    RevocationPlan,
    /// What `revoke` prints.
    RevocationReport,
    /// What `restore` prints.
    RestoreReport,
    /// What `verify` prints.
    VerificationReport,
    /// What `rotate --dry-run` prints.
    RotationPlan,
    /// What `rotate` prints.
    RotationReport,
    /// What `history` prints.
    History,
    /// What `version` prints.
    Version,
}

/// A length of time as people say it.
pub fn distance(seconds: i64) -> String {
    crate::core::credential::duration::distance(SignedDuration::from_secs(seconds))
}

/// How an identity's state looks: red for one that is gone and still holds something.
pub fn state_tone(state: StateWord) -> Tone {
    match state {
        StateWord::Deleted => Tone::Danger,
        StateWord::Recycled | StateWord::Unknown => Tone::Attention,
        StateWord::Frozen | StateWord::Active => Tone::Plain,
    }
}

/// `1 grant`, `2 grants`.
pub fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Each name once, with its cluster before it where there are several.
fn distinct_names<'a>(
    names: impl Iterator<Item = (Option<String>, String)> + 'a,
) -> Box<dyn Iterator<Item = String> + 'a> {
    let mut known = BTreeSet::new();
    Box::new(names.filter_map(move |(cluster, name)| {
        let name = match cluster {
            None => name,
            Some(cluster) => format!("{cluster}/{name}"),
        };
        known.insert(name.clone()).then_some(name)
    }))
}

/// A time, RFC 3339, to the second.
pub fn time(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Lines with this in front; what is the same in several clusters stands once, with their number.
fn each_once<'a>(heading: &str, texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for text in texts {
        match counted.iter_mut().find(|(detail, _)| *detail == text) {
            Some((_, count)) => *count += 1,
            None => counted.push((text, 1)),
        }
    }
    let line = |(text, count): (&str, usize)| match count {
        1 => format!("{heading}{text}"),
        many => format!("{heading}{text} ({many} times)"),
    };
    counted.into_iter().map(line).collect()
}

/// What is said where a result has no row: that nothing was found, and that it may be there all the same.
fn nothing_in(nothing: &str, is_incomplete: bool) -> String {
    if is_incomplete { format!("{nothing}, but not everything could be read") } else { nothing.to_owned() }
}
