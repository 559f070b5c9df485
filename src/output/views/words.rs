//! The words of the documents: the program's own enums under the names that are published. A word that stands here is never changed.

use serde::{Deserialize, Serialize};

use crate::core::access::scan::StateKind;
use crate::core::identity::IdentityType;
use crate::core::revocation::plan::RemainKind;
use crate::core::revocation::refusal::RefusalCode;
use crate::core::revocation::target::GroupsFrom;
use crate::core::revocation::verification::{Check, CheckResult, Outcome};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident of $origin:ident { $($(#[$meaning:meta])* $word:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$meaning])* $word,)*
        }

        #[cfg(test)]
        impl $name {
            /// All of them.
            pub(super) const ALL: &[Self] = &[$(Self::$word),*];
        }

        impl From<$origin> for $name {
            fn from(value: $origin) -> Self {
                match value {
                    $($origin::$word => Self::$word,)*
                }
            }
        }
    )*};
}

words! {
    /// What kind of identity it is.
    IdentityTypeWord of IdentityType {
        /// A RAM user.
        RamUser,
        /// A RAM role.
        RamRole,
        /// The Alibaba Cloud account itself.
        Root,
        /// No source says.
        Unknown,
    }

    /// Whether an identity exists.
    StateWord of StateKind {
        /// The identity exists.
        Active,
        /// It exists and may do nothing at present.
        Frozen,
        /// It is in the recycle bin and can be restored.
        Recycled,
        /// It is gone.
        Deleted,
        /// Neither existence nor absence is proved.
        Unknown,
    }

    /// Where an identity's groups are known from.
    GroupsFromWord of GroupsFrom {
        /// The organizations of its certificate.
        Certificate,
        /// What ACK's certificates have.
        Assumed,
    }

    /// What kind of thing a revocation does not end.
    RemainWord of RemainKind {
        /// A binding gives something to a group that the identity is in.
        GroupGrant,
        /// The certificate is in the group system:masters.
        Masters,
        /// A mapping of ack-ram-authenticator lets the identity in.
        Mapping,
        /// A user name that resembles the identity's is given something, and the operator has not said whose it is.
        ResemblingName,
        /// A mapping goes by a name that may be given to another identity.
        ReusableName,
        /// A binding stays, empty, because of its finalizers.
        EmptyBinding,
        /// The certificate stays valid.
        Certificate,
        /// The identity can have a kubeconfig issued anew.
        Reissue,
        /// The deleted kubeconfig can be restored.
        RecycleBin,
        /// The identity is a role: every identity that may assume it loses access.
        RoleSessions,
        /// ACK remembers a permission for all clusters.
        AllClusters,
        /// The identity holds a kubeconfig of another cluster.
        OtherCluster,
    }

    /// What a verification comes to.
    OutcomeWord of Outcome {
        /// All checks passed.
        Verified,
        /// A check could not be made.
        Unverifiable,
        /// Something still gives access, or the cloud still remembers some.
        Residual,
    }

    /// A check of a verification.
    CheckWord of Check {
        /// Every binding and role, evaluated here.
        Rbac,
        /// The API server's own decisions.
        AccessReviews,
        /// ACK's record of kubeconfigs and permissions.
        Cloud,
        /// The API server, asked with the leaked credential.
        LeakedFile,
        /// Mappings, groups, and what else lets the identity in.
        MappingsAndGroups,
        /// Whether anything came back while it was watched.
        Settled,
    }

    /// What a check came to.
    CheckResultWord of CheckResult {
        /// No access is left, as far as this check can see.
        Passed,
        /// Some is left.
        Failed,
        /// It could not be made, or its answer is not clear.
        Error,
        /// It was not made, as agreed.
        Skipped,
    }

    /// Why something is refused.
    RefusalWord of RefusalCode {
        /// The identity is the Alibaba Cloud account itself.
        RootAccount,
        /// The identity is the caller itself.
        OwnIdentity,
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
        /// Sources disagree on which cluster this is.
        ClusterContradicted,
        /// No trusted source says which cluster this is.
        ClusterUnconfirmed,
        /// Afterwards no identity would hold full rights.
        LastAdministrator,
        /// There are no cloud credentials.
        NoCloudCredentials,
        /// A pod's service account can't be asked for consent.
        InCluster,
        /// There is no terminal on which to ask for consent.
        NoTerminal,
        /// Consent was not given.
        Declined,
        /// The credential in the file names no RAM identity.
        NoRamIdentity,
        /// A name that `--also-name` or `--accept-name` gives is not there, or resembles none of the identities.
        NameMismatch,
        /// The file, plan or operation is of another cluster.
        OtherCluster,
        /// The credential in the file holds nothing any more; a later one of the same identity does.
        CredentialDead,
        /// A plan made now is not the plan that was given.
        PlanChanged,
        /// Another revocation or restore is under way in this cluster.
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
    }
}

impl OutcomeWord {
    /// What a table says.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "Verified",
            Self::Unverifiable => "Unverifiable",
            Self::Residual => "Residual",
        }
    }
}
