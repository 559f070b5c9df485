//! What a user could become by its rules: a table of primitives, followed step by step.
//!
//! Each primitive needs all its rights in one user info. A path is Exact where the API server itself lets it happen, and Depends where
//! something else must come to it: an admission that allows it, a pod that runs, a signer. `tests/servers/cluster` walks them.

mod authenticators;
mod cluster;
mod impersonation;
mod known;
mod names;
mod node;
mod paths;
mod roles;
#[cfg(test)]
mod tests;
mod workloads;

use std::fmt;
use std::rc::Rc;

pub use cluster::{Discovered, ReachCluster};
pub use known::{KnownPath, KnownStep};
pub use paths::{Becoming, Reach};

use super::Attributes;
use super::inventory::{Binding, Role};

/// What of the rules leads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Primitive {
    /// `*` on `*.*`.
    FullRights,
    /// Acting as others.
    Impersonate,
    /// Acting as others for some verbs alone.
    ConstrainedImpersonate,
    /// Tokens of service accounts.
    Token,
    /// Writing more into a role of one's own.
    Escalate,
    /// Binding a role to oneself.
    Bind,
    /// Client certificates of any name.
    CertificateRequest,
    /// Running pods, or getting into those that run.
    Workload,
    /// Reading static tokens.
    ReadSecrets,
    /// Having static tokens made.
    MakeSecrets,
    /// Mapping RAM identities to names.
    Mapping,
    /// Changing what others write.
    Admission,
    /// The kubelets of nodes.
    Kubelet,
    /// Answering for a part of the API.
    Aggregation,
}

/// Whether a path holds by the API server alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// It does.
    Exact,
    /// Something else must come to it.
    Depends,
}

/// What can be become.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Full rights in the whole cluster.
    Administrator,
    /// A member of `system:masters`.
    Masters,
    /// A reader of every Secret.
    AllSecrets,
    /// Full rights in a namespace, which is no administrator; `None`: in each.
    NamespaceAdmin(Option<String>),
    /// Another user; `None`: any.
    Identity(Option<String>),
    /// A service account.
    ServiceAccount {
        /// Its namespace; `None`: any.
        namespace: Option<String>,
        /// Its name; `None`: any there.
        name: Option<String>,
    },
    /// The holder of a role.
    Role {
        /// The namespace in which it is held; `None`: in the cluster, or in each namespace.
        namespace: Option<String>,
        /// The role.
        role: Role,
    },
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Administrator => formatter.write_str("administrator of the cluster"),
            Self::Masters => formatter.write_str("member of system:masters"),
            Self::AllSecrets => formatter.write_str("reader of all Secrets"),
            Self::NamespaceAdmin(Some(namespace)) => write!(formatter, "administrator of namespace {namespace}"),
            Self::NamespaceAdmin(None) => formatter.write_str("administrator of any namespace"),
            Self::Identity(Some(name)) => write!(formatter, "User/{name}"),
            Self::Identity(None) => formatter.write_str("any user"),
            Self::ServiceAccount { namespace: Some(namespace), name: Some(name) } => {
                write!(formatter, "ServiceAccount/{namespace}/{name}")
            }
            Self::ServiceAccount { namespace: Some(namespace), name: None } => {
                write!(formatter, "any ServiceAccount in namespace {namespace}")
            }
            Self::ServiceAccount { namespace: None, .. } => formatter.write_str("any ServiceAccount"),
            Self::Role { namespace, role } => {
                write!(formatter, "holder of {}/{}", role.kind, role.name)?;
                namespace.as_ref().map_or(Ok(()), |namespace| write!(formatter, " in namespace {namespace}"))
            }
        }
    }
}

/// One step of a path.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// By which primitive.
    pub primitive: Primitive,
    /// The requests that it takes, each of which is allowed.
    pub attributes: Vec<Attributes>,
    /// The bindings that allow them; none where an earlier step gave the right.
    pub bindings: Vec<&'a Binding>,
    /// The user after it, where that is another one.
    pub becomes: Option<Target>,
    /// What else must be the case, in words that follow "if".
    pub depends_on: Vec<&'static str>,
}

impl Step<'_> {
    /// Whether the API server alone lets it happen.
    pub fn certainty(&self) -> Certainty {
        if self.depends_on.is_empty() { Certainty::Exact } else { Certainty::Depends }
    }
}

/// How something can be become.
#[derive(Clone, Debug)]
pub struct ReachPath<'a> {
    /// What.
    pub target: Target,
    /// The steps, in their order. None where the user is it already, without any rule.
    pub steps: Vec<Rc<Step<'a>>>,
}

impl ReachPath<'_> {
    /// Whether each step holds by the API server alone.
    pub fn certainty(&self) -> Certainty {
        self.steps.iter().map(|step| step.certainty()).max().unwrap_or(Certainty::Exact)
    }

    /// What else must be the case, each once.
    pub fn depends_on(&self) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = Vec::new();
        for why in self.steps.iter().flat_map(|step| step.depends_on.iter().copied()) {
            if !all.contains(&why) {
                all.push(why);
            }
        }
        all
    }
}
