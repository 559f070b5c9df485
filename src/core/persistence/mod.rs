//! What would let someone in again after a revocation: a heuristic over what the API server shows. It changes no outcome.
//!
//! A finding is not a deed. Most of these objects have a good reason to be there, and a binding or a role does not record who made it.

mod accounts;
mod extensions;
mod facts;
mod grants;
mod requests;
mod rules;
#[cfg(test)]
mod tests;
mod then;
mod traced;

use std::fmt;

use jiff::Timestamp;

use crate::core::credential::static_token::AboutTime;
use crate::core::ids::Uid;
use crate::core::rbac::inventory::Binding;
use crate::core::rbac::reach::Certainty;
use crate::core::rbac::user_info::{GroupsSource, KnownUser, UserInfo};

pub use facts::{
    AdmissionPolicy, AggregatedRole, ApiService, CertificateRequest, ClusterFacts, RequestState, ServiceRef, Webhook,
    WebhookKind,
};
pub use grants::is_candidate;
pub use then::RightsThen;
pub use traced::Traced;

/// What no API server shows, in fixed words.
pub const NOT_SEEN: [&str; 5] = [
    "tokens already issued",
    "what runs in pods, images, nodes",
    "kubelet and etcd access",
    "other clusters",
    "workloads that act by themselves",
];

/// By what someone would get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// A ServiceAccount's token that lies in a Secret and has no end.
    StaticToken,
    /// A token with which a machine joins the cluster.
    BootstrapToken,
    /// A token that it could have had issued for a ServiceAccount.
    IssuedToken,
    /// A client certificate that was asked for.
    CertificateRequest,
    /// A grant to a ServiceAccount that is spelled as a user.
    AccountAsUser,
    /// A grant to all ServiceAccounts, or to all of a namespace.
    AllAccounts,
    /// A grant to a RAM identity that is deleted.
    DeletedIdentity,
    /// A grant to a RAM identity that is in the recycle bin.
    RecycledIdentity,
    /// A grant to a RAM identity of which it is not known whether it exists.
    UnknownIdentity,
    /// A right to act as others.
    Impersonate,
    /// A right to write more into a role that is held.
    Escalate,
    /// A right to bind a role that is not held.
    Bind,
    /// A right to have client certificates signed.
    ApproveRequests,
    /// A right to have tokens issued.
    IssueTokens,
    /// A role whose rules become a part of admin, edit or view.
    AggregatedRole,
    /// A RAM identity that is mapped to a user name and groups.
    Mapping,
    /// A webhook outside the cluster that sees, or changes, what others write.
    Webhook,
    /// A policy that changes what others write.
    AdmissionPolicy,
    /// A service that answers for a part of the API and sees its callers.
    ApiService,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundObject {
    /// Its kind, such as `Secret`.
    pub kind: String,
    /// Its namespace; `None` for one of the cluster, and for any.
    pub namespace: Option<String>,
    /// Its name; `None` for any.
    pub name: Option<String>,
}

impl FoundObject {
    /// An object by its kind, namespace and name.
    pub fn new(kind: &str, namespace: Option<&str>, name: &str) -> Self {
        Self { kind: kind.to_owned(), namespace: namespace.map(str::to_owned), name: Some(name.to_owned()) }
    }

    fn of_binding(binding: &Binding) -> Self {
        Self::new(binding.kind().as_str(), binding.namespace(), binding.name())
    }
}

impl fmt::Display for FoundObject {
    /// `Secret/shop/robot-token`, `ClusterRole/-/x`, `ServiceAccount/shop/*`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("*");
        write!(formatter, "{}/{}/{name}", self.kind, self.namespace.as_deref().unwrap_or("-"))
    }
}

/// Since when it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// The API server wrote when the object was created.
    Created(Timestamp),
    /// The API server wrote when its subjects were changed, later than it was created.
    Changed(Timestamp),
    /// Only the object's age is known.
    AboutAge(AboutTime),
    /// It is not known.
    Unknown,
}

impl Since {
    fn created(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Unknown, Self::Created)
    }

    fn about(time: Option<AboutTime>) -> Self {
        time.map_or(Self::Unknown, Self::AboutAge)
    }

    /// Whether it can be said to have been there before this time.
    pub fn is_before(self, time: Timestamp) -> bool {
        match self {
            Self::Created(since) | Self::Changed(since) => since < time,
            Self::AboutAge(about) => about.latest < time,
            Self::Unknown => false,
        }
    }
}

/// A fact about how it came to be, or of its use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFact {
    /// The fact.
    pub what: String,
    /// Who says so.
    pub from: SourceFrom,
}

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceFrom {
    /// The API server wrote it itself: a client can't forge it.
    ServerSet,
    /// A client wrote it, as it liked.
    ClientClaim,
    /// An audit log.
    Audit,
}

/// What ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// What to do, in words.
    pub text: String,
    /// The command that does it, or that shows what to decide; `None` where there is none.
    pub command: Option<String>,
    /// Whether it can be taken back.
    pub undo: Undo,
}

/// Whether something can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Undo {
    /// Yes.
    Yes,
    /// No.
    No,
    /// A part of it, or by who knows how it was.
    Partly,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// By what someone would get in.
    pub method: Method,
    /// What it is about.
    pub object: FoundObject,
    /// To which rights it leads, in words.
    pub leads_to: String,
    /// Since when it is there.
    pub since: Since,
    /// How it came to be, as far as anybody says.
    pub source: Vec<SourceFact>,
    /// What ends it.
    pub remedy: Remedy,
    /// Whether the API server alone lets it happen.
    pub certainty: Certainty,
}

/// Whose ways back are looked for, in one cluster.
#[derive(Clone, Debug, Default)]
pub struct Whose {
    /// Its user names with their groups; none for everybody.
    pub users: Vec<KnownUser>,
    /// The SHA-256 fingerprint of its certificate, in hexadecimal digits.
    pub fingerprint: Option<String>,
}

impl Whose {
    /// Whether no identity was named.
    pub fn is_everybody(&self) -> bool {
        self.users.is_empty()
    }

    /// Adds a name that it had, which no binding has any more.
    pub fn add_name(&mut self, uid: &Uid, name: &str, groups: &[String]) {
        if !self.has_name(name) {
            let info = UserInfo::authenticated(name, groups.iter().map(String::as_str));
            let (uid, groups_from) = (Some(uid.clone()), GroupsSource::Assumed);
            self.users.push(KnownUser { uid, info, groups_from, mapping: None });
        }
    }

    fn has_name(&self, name: &str) -> bool {
        self.users.iter().any(|user| user.info.name == name)
    }
}

/// Everything that is found in a cluster, what is sure and what leads furthest first.
pub fn findings(facts: &ClusterFacts<'_>, whose: &Whose, then: &RightsThen, since: Option<Timestamp>) -> Vec<Finding> {
    let mut found = accounts::static_tokens(facts, whose, then);
    found.extend(accounts::issued_tokens(facts, whose, then));
    found.extend(requests::requests(facts, whose));
    found.extend(grants::grants(facts));
    found.extend(rules::rules(facts, whose));
    found.extend(rules::aggregated(facts));
    found.extend(extensions::mappings(facts));
    found.extend(extensions::extensions(facts));
    if let Some(since) = since {
        found.retain(|finding| !finding.since.is_before(since));
    }
    found.sort_by(|one, other| {
        (one.certainty, one.method, &one.object, &one.leads_to).cmp(&(
            other.certainty,
            other.method,
            &other.object,
            &other.leads_to,
        ))
    });
    found
}
