//! Why something is not done: each reason with its own code, for scripts, and its own sentence, for people.

use super::journal::OperationId;
use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::binding_object::BindingRef;

/// The reasons. A word that is published here keeps its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalCode {
    /// The identity is the Alibaba Cloud account itself.
    RootAccount,
    /// The identity is the caller itself.
    OwnIdentity,
    /// The identity is a role by which a cloud service works in the cluster.
    CloudServiceRole,
    /// The cluster is failed, being deleted, or gone.
    ClusterState,
    /// One of several clusters could not be read.
    ClusterUnread,
    /// There is neither a kubeconfig nor a binding of the identity here.
    NothingIssued,
    /// Whether the identity exists is unknown, it is one of several, and something would be taken from it.
    IdentityUnknown,
    /// The identity has used the cluster in the last seven days.
    RecentAccess,
    /// Whether the identity has used the cluster in the last seven days is unknown.
    ActivityUnknown,
    /// The API server would not let the operator carry out a step.
    MissingRight,
    /// Things disagree on which cluster this is.
    ClusterContradicted,
    /// Nothing that can be trusted tells which cluster this is.
    ClusterUnconfirmed,
    /// Afterwards no identity would hold full rights.
    LastAdministrator,
    /// There is nothing to ask the cloud with.
    NoCloudCredentials,
    /// A pod's service account can't be asked for consent.
    InCluster,
    /// There is no terminal to ask for consent at.
    NoTerminal,
    /// Consent was not given.
    Declined,
    /// The credential in the file names no RAM identity.
    NoRamIdentity,
    /// One of several leaked files can't be read as a kubeconfig.
    FileUnread,
    /// A name that `--also-name` or `--accept-name` gives is not there, or resembles none of the identities.
    NameMismatch,
    /// The file is of a cluster that no context leads to.
    OtherCluster,
    /// The credential in the file holds nothing any more; a later one of the same identity does.
    CredentialDead,
    /// A plan made now is not the plan that was given.
    PlanChanged,
    /// Another operation is under way in this cluster.
    Locked,
    /// The state folder can't keep the journal.
    NoJournal,
    /// The role of a binding is gone.
    RoleGone,
    /// The role of a binding is another by now, or allows something else.
    RoleChanged,
    /// The namespace of a binding is gone, going, or another by now.
    NamespaceChanged,
    /// A binding is another by now.
    BindingChanged,
    /// The subject holds the binding already.
    SubjectPresent,
    /// The identity to give access back to is gone, or may be.
    IdentityGone,
    /// A credential that had leaked would work again.
    Rearm,
    /// Nothing was taken away that could be given back.
    NothingToRestore,
    /// The record of an operation can't be read, or was changed since it was written.
    JournalDamaged,
    /// The kubeconfig is of another identity than the cloud's caller, who alone can have it rotated.
    OtherIdentity,
    /// Nothing says where to write the new kubeconfig.
    NoDestination,
    /// The user entry can't be edited where it stands.
    NotEditable,
    /// No second person is known to have approved the plan.
    NotApproved,
}

impl RefusalCode {
    /// Whether what stands against beginning a revocation stands against going on with one that was begun, too. Only what it
    /// may itself have brought about does not.
    pub fn holds_when_resumed(self) -> bool {
        match self {
            // What it took away already is not there to be taken.
            Self::NothingIssued | Self::CredentialDead | Self::NameMismatch => false,
            Self::RootAccount
            | Self::OwnIdentity
            | Self::CloudServiceRole
            | Self::ClusterState
            | Self::ClusterUnread
            | Self::IdentityUnknown
            | Self::RecentAccess
            | Self::ActivityUnknown
            | Self::MissingRight
            | Self::ClusterContradicted
            | Self::ClusterUnconfirmed
            | Self::LastAdministrator
            | Self::NoCloudCredentials
            | Self::InCluster
            | Self::NoTerminal
            | Self::Declined
            | Self::NoRamIdentity
            | Self::FileUnread
            | Self::OtherCluster
            | Self::PlanChanged
            | Self::Locked
            | Self::NoJournal
            | Self::RoleGone
            | Self::RoleChanged
            | Self::NamespaceChanged
            | Self::BindingChanged
            | Self::SubjectPresent
            | Self::IdentityGone
            | Self::Rearm
            | Self::NothingToRestore
            | Self::JournalDamaged
            | Self::OtherIdentity
            | Self::NoDestination
            | Self::NotEditable
            | Self::NotApproved => true,
        }
    }
}

/// Why nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The cluster that it is about, where its ID is known.
    pub cluster_id: Option<ClusterId>,
    /// What is not done.
    pub scope: RefusalScope,
    /// The reason.
    pub code: RefusalCode,
    /// The reason in words.
    pub message: String,
    /// What to do, where there is something.
    pub hint: Option<String>,
}

/// What a refusal stands in the way of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusalScope {
    /// All that was asked for; because of the record of this operation, where it is about one.
    Operation(Option<OperationId>),
    /// Everything in one cluster, which goes by this name, if it has one.
    Cluster(Option<String>),
    /// One identity.
    Identity(Uid),
    /// One binding.
    Binding(BindingRef),
}

impl RefusalScope {
    /// Whether it is a whole cluster, or more.
    pub fn is_whole_cluster(&self) -> bool {
        matches!(self, Self::Operation(_) | Self::Cluster(_))
    }

    /// Whether it is all that was asked for.
    pub fn is_operation(&self) -> bool {
        matches!(self, Self::Operation(_))
    }

    /// What is not done, by its name; `None` where it is all of it.
    pub fn target(&self) -> Option<String> {
        match self {
            Self::Operation(record) => record.as_ref().map(ToString::to_string),
            Self::Cluster(name) => name.clone(),
            Self::Identity(uid) => Some(uid.to_string()),
            Self::Binding(binding) => Some(binding.to_string()),
        }
    }
}

impl Refusal {
    /// A refusal of all that was asked for.
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        let scope = RefusalScope::Operation(None);
        Self { cluster_id: None, scope, code, message: message.into(), hint: None }
    }

    /// Says what is not done.
    #[must_use]
    pub fn of(self, scope: RefusalScope) -> Self {
        Self { scope, ..self }
    }

    /// Says in which cluster.
    #[must_use]
    pub fn in_cluster(self, cluster_id: Option<&ClusterId>) -> Self {
        Self { cluster_id: cluster_id.cloned(), ..self }
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        self.hint_if(Some(hint))
    }

    /// Says what to do, where there is something.
    #[must_use]
    pub fn hint_if(self, hint: Option<impl Into<String>>) -> Self {
        Self { hint: hint.map(Into::into), ..self }
    }
}
