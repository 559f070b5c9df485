use jiff::Timestamp;
use serde::Serialize;

use super::expiry::status_tone;
use super::words::Word as _;
use super::{
    ApiVersion, CloudView, ClusterIdFromWord, CredentialStatusWord, CredentialWord, IdentityTypeWord, Kind, StateWord,
    distance, time,
};
use crate::core::cluster::cluster_id::{ClusterIdFrom, KnownCluster};
use crate::core::cluster::server_view::ServerIdentity;
use crate::core::credential::Credential;
use crate::core::credential::certificate::Subject;
use crate::core::credential::expiry::Expiry;
use crate::core::identity::verdict::Verdict;
use crate::core::ids::Uid;
use crate::core::kubeconfig::ResolvedContext;
use crate::core::kubeconfig::connection::without_secrets;
use crate::output::report::Report;
use crate::output::table::{Cell, Table, Tone};

/// What `whoami` prints: what the file claims, what the API server sees, what the cloud says, kept apart.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WhoAmI {
    /// `ackcred/v1`.
    pub api_version: ApiVersion,
    /// `WhoAmI`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "WhoAmI")))]
    pub kind: Kind,
    /// The context.
    pub context: Option<String>,
    /// The kubeconfig file that holds the user entry.
    pub source: Option<String>,
    /// For which cluster.
    pub cluster: ClusterFacts,
    /// The credential.
    pub credential: CredentialFacts,
    /// The other credentials of the same user entry, each of which may open the cluster as well.
    pub other_credentials: Vec<CredentialFacts>,
    /// Whose it is.
    pub identity: IdentityFacts,
    /// What the API server sees; null when it was not asked.
    pub api_server: Option<ApiServerView>,
    /// Who calls the cloud; null when it was not asked.
    pub cloud: Option<CloudView>,
    /// What the reader must know.
    pub warnings: Vec<String>,
}

/// Which cluster a credential is for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClusterFacts {
    /// The ACK cluster ID.
    pub id: Option<String>,
    /// How the ID is known.
    pub id_from: Option<ClusterIdFromWord>,
    /// Whether the cluster itself confirmed the ID; null when it was not asked or could not tell.
    pub confirmed: Option<bool>,
    /// URL of the API server.
    pub server: Option<String>,
    /// Name of the cluster entry.
    pub name: Option<String>,
    /// How the ID is known, for people.
    #[serde(skip)]
    id_from_in_words: Option<&'static str>,
}

/// What a credential says of itself.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CredentialFacts {
    /// The kind of credential.
    pub kind: CredentialWord,
    /// The certificate's subject.
    pub subject: Option<CertificateSubject>,
    /// The certificate's serial number, hexadecimal.
    pub serial: Option<String>,
    /// SHA-256 fingerprint of the certificate, hexadecimal.
    pub sha256: Option<String>,
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
    /// The status.
    pub status: CredentialStatusWord,
    /// Why the status is what it is, where that needs a word.
    pub reason: Option<String>,
}

/// The subject of a client certificate: the API server takes the user from the common name and the groups from the
/// organizations.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CertificateSubject {
    /// `CN`.
    pub common_name: Option<String>,
    /// `O`.
    pub organizations: Vec<String>,
}

/// Whose a credential is.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct IdentityFacts {
    /// The RAM UID.
    pub uid: Option<String>,
    /// RAM user, RAM role or the account itself.
    #[serde(rename = "type")]
    pub kind: IdentityTypeWord,
    /// Its name in RAM.
    pub name: Option<String>,
    /// Whether it still exists.
    pub state: StateWord,
    /// What the state is known from, or why it is not known.
    pub evidence: Option<String>,
}

/// What the API server sees, or why it could not be asked.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApiServerView {
    /// The user name.
    pub username: Option<String>,
    /// The groups; null when they are unknown.
    pub groups: Option<Vec<String>>,
    /// What failed.
    pub error: Option<String>,
}

impl Report for WhoAmI {
    fn headline(&self) -> Option<usize> {
        None
    }

    fn table(&self, wide: bool) -> Table<'_> {
        let rows = attributes(self, wide).into_iter().map(|(name, value)| vec![Cell::new(name), value]);
        Table { headers: vec!["ATTRIBUTE", "VALUE"], rows: Box::new(rows) }
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(self.identity.uid.iter().cloned())
    }
}

fn attributes(report: &WhoAmI, wide: bool) -> Vec<(&'static str, Cell<'_>)> {
    let credential = &report.credential;
    let mut rows = vec![
        ("Context", Cell::maybe(report.context.as_deref())),
        ("Source", Cell::maybe(report.source.as_deref())),
        ("Cluster", Cell::maybe(report.cluster.describe())),
        ("Server", Cell::maybe(report.cluster.server.as_deref())),
        ("Credential", Cell::new(credential.kind.as_str())),
    ];
    if let Some(subject) = &credential.subject {
        rows.push(("Subject", Cell::new(subject.describe())));
    }
    if let Some(serial) = &credential.serial {
        rows.push(("Serial", Cell::new(serial)));
    }
    if let Some(sha256) = &credential.sha256 {
        rows.push(("SHA-256", Cell::new(sha256)));
    }
    rows.push(("RAM UID", Cell::maybe(report.identity.uid.as_deref())));
    let identity = Cell::maybe(report.identity.uid.as_ref().map(|_| report.identity.describe()));
    rows.push(("RAM identity", identity.tone(identity_tone(report))));
    if let Some(source) = &report.api_server {
        rows.push(("API server sees", source.describe()));
    }
    if let Some(cloud) = &report.cloud {
        rows.push(("Cloud caller", cloud.describe_caller()));
        if wide {
            rows.push(("Cloud credentials", Cell::maybe(cloud.source.as_deref())));
        }
    }
    rows.push(("Issued", Cell::maybe(credential.not_before.map(time))));
    rows.push(("Expires", Cell::maybe(credential.expires())));
    rows.push(("Status", Cell::new(credential.describe_status()).tone(status_tone(credential.status))));
    for other in &report.other_credentials {
        let end = other.expires().map(|end| format!("   {end}")).unwrap_or_default();
        let text = format!("{}{end}   {}", other.kind.as_str(), other.describe_status());
        rows.push(("Also holds", Cell::new(text).tone(status_tone(other.status))));
    }
    rows
}

/// Whose it is comes first to the eye; and it is dangerous where the identity is gone and a credential of it works.
fn identity_tone(report: &WhoAmI) -> Tone {
    let is_gone = matches!(report.identity.state, StateWord::Deleted | StateWord::Recycled);
    let mut credentials = std::iter::once(&report.credential).chain(&report.other_credentials);
    match is_gone && credentials.any(CredentialFacts::may_work) {
        true => Tone::Danger,
        false => Tone::Attention,
    }
}

impl ClusterFacts {
    /// The cluster of a context.
    pub fn of(context: &ResolvedContext, known: &KnownCluster) -> Self {
        Self {
            id: known.id.as_ref().map(ToString::to_string),
            id_from: known.from.map(ClusterIdFromWord::from),
            confirmed: known.confirmed,
            server: context.cluster.as_ref().map(|cluster| without_secrets(&cluster.value.server)),
            name: (!context.cluster_name.is_empty()).then(|| context.cluster_name.clone()),
            id_from_in_words: known.from.map(ClusterIdFrom::describe),
        }
    }

    fn describe(&self) -> Option<String> {
        let id = self.id.as_deref()?;
        let from = self.id_from_in_words.map(|from| format!("   from {from}")).unwrap_or_default();
        let confirmed = match self.confirmed {
            Some(true) => ", confirmed by the cluster",
            Some(false) => ", contradicted by the cluster",
            None => "",
        };
        Some(format!("{id}{from}{confirmed}"))
    }
}

impl CredentialFacts {
    /// A credential and its end.
    pub fn of(credential: &Credential, expiry: Expiry) -> Self {
        Self {
            kind: CredentialWord::from(credential.kind),
            subject: credential.subject.as_ref().map(CertificateSubject::of),
            serial: credential.serial.clone(),
            sha256: credential.sha256.clone(),
            not_before: credential.not_before,
            not_after: credential.not_after,
            remaining_seconds: expiry.remaining.map(|left| left.as_secs()),
            lifetime_seconds: expiry.lifetime.map(|lives| lives.as_secs()),
            status: CredentialStatusWord::from(expiry.status),
            reason: expiry.reason,
        }
    }

    /// Whether a server may take it now.
    fn may_work(&self) -> bool {
        use CredentialStatusWord as Word;
        !matches!(self.status, Word::Invalid | Word::Missing | Word::Expired | Word::NotYetValid)
    }

    fn expires(&self) -> Option<String> {
        let end = time(self.not_after?);
        let left = match self.remaining_seconds? {
            seconds if seconds < 0 => format!("{} ago", distance(-seconds)),
            seconds => format!("in {}", distance(seconds)),
        };
        let lifetime =
            self.lifetime_seconds.map(|seconds| format!(", lifetime {}", distance(seconds))).unwrap_or_default();
        Some(format!("{end}   {left}{lifetime}"))
    }

    fn describe_status(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{}: {reason}", self.status.as_str()),
            None => self.status.as_str().to_owned(),
        }
    }
}

impl CertificateSubject {
    fn of(subject: &Subject) -> Self {
        Self { common_name: subject.common_name.clone(), organizations: subject.organizations.clone() }
    }

    fn describe(&self) -> String {
        let names = self.common_name.iter().map(|name| format!("CN={name}"));
        let groups = self.organizations.iter().map(|group| format!("O={group}"));
        names.chain(groups).collect::<Vec<_>>().join(", ")
    }
}

impl IdentityFacts {
    /// The verdict on an identity.
    pub fn of(uid: Option<&Uid>, verdict: &Verdict) -> Self {
        Self {
            uid: uid.map(ToString::to_string),
            kind: IdentityTypeWord::from(verdict.identity_type),
            name: verdict.name.clone(),
            state: StateWord::of(verdict.state),
            evidence: Some(verdict.evidence.clone()),
        }
    }

    fn describe(&self) -> String {
        let name = self.name.as_deref().map(|name| format!("{name}   ")).unwrap_or_default();
        let evidence = self.evidence.as_deref().map(|evidence| format!(" ({evidence})")).unwrap_or_default();
        match self.kind {
            IdentityTypeWord::Unknown => format!("{name}{}{evidence}", self.state.as_str()),
            kind => format!("{name}{}, {}{evidence}", kind.as_str(), self.state.as_str()),
        }
    }
}

impl ApiServerView {
    /// What an API server answers; `None` where its version can't say which user it sees.
    pub fn of(answer: &Result<Option<ServerIdentity>, String>) -> Self {
        match answer {
            Ok(Some(ServerIdentity { username, groups, .. })) => {
                Self { username: Some(username.clone()), groups: Some(groups.clone()), error: None }
            }
            Ok(None) => Self {
                error: Some(
                    "no selfsubjectreviews, as before Kubernetes 1.28: it can't say which user it sees".to_owned(),
                ),
                ..Self::default()
            },
            Err(reason) => Self { error: Some(reason.clone()), ..Self::default() },
        }
    }

    fn describe(&self) -> Cell<'_> {
        match (&self.error, &self.username) {
            (Some(error), _) => Cell::new(format!("failed: {error}")).tone(Tone::Attention),
            (None, username) => Cell::new(format!(
                "{}   groups {}",
                username.as_deref().unwrap_or("no user"),
                match self.groups.as_deref() {
                    None | Some([]) => "none".to_owned(),
                    Some(groups) => groups.join(", "),
                }
            )),
        }
    }
}

impl CloudView {
    fn describe_caller(&self) -> Cell<'_> {
        match (&self.caller, &self.error) {
            (Some(caller), _) => Cell::new(caller.describe()),
            (None, Some(error)) => Cell::new(format!("failed: {error}")).tone(Tone::Attention),
            (None, None) => Cell::default(),
        }
    }
}
