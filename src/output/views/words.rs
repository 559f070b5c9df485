//! The words of the documents: the program's own enums under the names that are published. A word that stands here is never changed.

use serde::{Deserialize, Serialize};

use crate::core::access::scan::StateKind;
use crate::core::cluster::cluster_id::ClusterIdFrom;
use crate::core::credential::CredentialKind;
use crate::core::credential::expiry::CredentialStatus;
use crate::core::identity::IdentityType;
use crate::core::identity::ack::CertificateState;
use crate::core::identity::verdict::State;
use crate::core::lint::Level;
use crate::core::rbac::inert::Inert;
use crate::core::rbac::reach::{Certainty, Primitive};
use crate::core::rbac::user_info::GroupsSource;
use crate::core::revocation::plan::RemainKind;
use crate::core::revocation::refusal::RefusalCode;
use crate::core::revocation::target::GroupsFrom;
use crate::core::revocation::verification::{Check, CheckResult, Outcome};

/// A word that documents and tables have.
pub trait Word: Copy + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// The word in tables.
    fn as_str(self) -> &'static str;
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident of $origin:ident { $($(#[$meaning:meta])* $word:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$meaning])* $word,)*
        }

        impl Word for $name {
            const ALL: &'static [Self] = &[$(Self::$word),*];

            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => stringify!($word),)*
                }
            }
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

pub(super) use words;

words! {
    /// How grave a finding is.
    LintLevelWord of Level {
        /// It gives power over the cluster, or access to an identity that is gone.
        Error,
        /// It gives more than is needed.
        Warning,
    }
    /// What kind of identity it is.
    IdentityTypeWord of IdentityType {
        /// A RAM user.
        RamUser,
        /// A RAM role.
        RamRole,
        /// A RAM role by which a cloud service works in the cluster.
        CloudService,
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

    /// The kind of a credential.
    CredentialWord of CredentialKind {
        /// A client certificate, inline or in a file.
        ClientCertificate,
        /// A bearer token in the kubeconfig.
        Token,
        /// A bearer token in a file.
        TokenFile,
        /// A credential plugin, or what it left in its cache.
        Exec,
        /// A legacy authentication provider.
        AuthProvider,
        /// User name and password.
        Basic,
        /// Nothing to authenticate with.
        None,
    }

    /// The status of a credential. The order is from worst to best, so that sorting puts the worst first.
    CredentialStatusWord of CredentialStatus {
        /// It is there and can't work.
        Invalid,
        /// Something that is named is not there, or no credential at all.
        Missing,
        /// Its last second is over.
        Expired,
        /// Its first second is to come.
        NotYetValid,
        /// It ends within the time that was asked for.
        Expiring,
        /// It lives longer than allowed; only where a longest lifetime was given.
        LongLived,
        /// It never ends.
        Static,
        /// It is valid.
        Effective,
        /// It is fetched anew when needed.
        Dynamic,
    }

    /// Where an identity's groups are known from.
    GroupsFromWord of GroupsFrom {
        /// The organizations of its certificate.
        Certificate,
        /// What ACK's certificates have.
        Assumed,
    }

    /// Where the groups of a user info are known from.
    GroupsSourceWord of GroupsSource {
        /// The organizations of its certificate.
        Certificate,
        /// What ACK's certificates have, and what the operator added.
        Assumed,
        /// A mapping of ack-ram-authenticator.
        Mapping,
        /// What the API server gives every service account.
        ServiceAccount,
    }

    /// Why a rule allows nothing.
    InertWord of Inert {
        /// The binding's role is not there.
        RoleMissing,
        /// The role has no rules.
        RoleWithoutRules,
        /// A RoleBinding allows no paths.
        PathInRoleBinding,
        /// A RoleBinding does not allow this on a kind outside of namespaces.
        ClusterScopedInRoleBinding,
        /// No request asks for a subresource `*`.
        SubresourceStar,
        /// `*` among resource names is a name.
        StarAmongNames,
        /// An object that is created has no name yet, unless it is applied.
        CreateByName,
    }

    /// Whether a path holds by the API server alone.
    CertaintyWord of Certainty {
        /// It does.
        Exact,
        /// Something else must come to it.
        Depends,
    }

    /// By what one user becomes another.
    PrimitiveWord of Primitive {
        /// `*` on `*.*`.
        FullRights,
        /// Acting as others.
        Impersonate,
        /// Acting as others for some verbs alone.
        ConstrainedImpersonate,
        /// Tokens of service accounts.
        Token,
        /// Writing more into a role that is bound to it.
        Escalate,
        /// Binding a role to itself.
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
        /// The leaked file holds another credential beside the certificate.
        OtherCredential,
        /// What stays lets the identity become another user, or gain more rights.
        Path,
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
        /// A binding names the identity by another name than those of the certificates that are known.
        EarlierName,
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
        /// Static tokens that were to be ended, by the labels of their Secrets.
        StaticTokens,
        /// Whether anything came back while it was watched.
        Settled,
        /// The API server, asked with the certificates that were rotated away.
        OldCertificate,
        /// The API server, asked with the new kubeconfig.
        NewKubeconfig,
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
        /// One of several leaked files can't be read as a kubeconfig.
        FileUnread,
        /// A name that `--also-name` or `--accept-name` gives is not there, or resembles none of the identities.
        NameMismatch,
        /// The file, plan or operation is of another cluster.
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
}

impl StateWord {
    /// The word for a verdict's state.
    pub fn of(state: State) -> Self {
        StateKind::of(state).into()
    }
}

/// Where a cluster ID was found, the most trusted place first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ClusterIdFromWord {
    /// The credential plugin's `--cluster-id` argument.
    ExecArgument,
    /// The host name of the API server, `apiserver.<id>.<region>.cs.aliyuncs.com`.
    ServerHost,
    /// The payload of an ACK token.
    TokenPayload,
    /// The end of the context's name. Anyone may rename a context.
    ContextName,
    /// `--cluster-id`, for a chosen context whose cluster nothing else says.
    Flag,
    /// The plan or the operation that is resumed, for a context of this name whose cluster nothing else says.
    Record,
    /// ConfigMap kube-system/ack-cluster-profile, where nothing else says the ID or where it contradicts.
    ClusterProfile,
}

impl From<ClusterIdFrom> for ClusterIdFromWord {
    fn from(place: ClusterIdFrom) -> Self {
        match place {
            ClusterIdFrom::ExecArgument => Self::ExecArgument,
            ClusterIdFrom::ServerHost => Self::ServerHost,
            ClusterIdFrom::TokenPayload => Self::TokenPayload,
            ClusterIdFrom::ContextName => Self::ContextName,
            ClusterIdFrom::Flag => Self::Flag,
            ClusterIdFrom::Record => Self::Record,
            ClusterIdFrom::ClusterProfile => Self::ClusterProfile,
        }
    }
}

/// State of an identity's kubeconfig, in the documents' words.
/// Source: <https://www.alibabacloud.com/help/en/ack/user-guide/clear-kubeconfig>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum KubeconfigWord {
    /// Never issued.
    NotIssued,
    /// Issued and valid, or deleted while its bindings remain: the cloud's word is the same for both.
    Effective,
    /// Past its end.
    Expired,
    /// Deleted, with its bindings.
    Deleted,
    /// The cloud doesn't say.
    Unknown,
}

impl From<CertificateState> for KubeconfigWord {
    fn from(state: CertificateState) -> Self {
        match state {
            CertificateState::Unissued => Self::NotIssued,
            CertificateState::Unexpired => Self::Effective,
            CertificateState::Expired => Self::Expired,
            CertificateState::Removed => Self::Deleted,
            CertificateState::Unknown => Self::Unknown,
        }
    }
}

impl Word for KubeconfigWord {
    const ALL: &'static [Self] = &[Self::NotIssued, Self::Effective, Self::Expired, Self::Deleted, Self::Unknown];

    fn as_str(self) -> &'static str {
        match self {
            Self::NotIssued => "Not Issued",
            Self::Effective => "Effective",
            Self::Expired => "Expired",
            Self::Deleted => "Deleted",
            Self::Unknown => "Unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_documents_have_the_same_words() {
        fn check<W: Word + Serialize>(all: &[W]) {
            all.iter().for_each(|word| assert_eq!(serde_json::to_value(word).unwrap(), word.as_str()));
        }
        check(IdentityTypeWord::ALL);
        check(StateWord::ALL);
        check(CredentialWord::ALL);
        check(CredentialStatusWord::ALL);
        check(GroupsFromWord::ALL);
        check(GroupsSourceWord::ALL);
        check(InertWord::ALL);
        check(CertaintyWord::ALL);
        check(PrimitiveWord::ALL);
        check(RemainWord::ALL);
        check(OutcomeWord::ALL);
        check(CheckWord::ALL);
        check(CheckResultWord::ALL);
        check(RefusalWord::ALL);
    }

    #[test]
    fn the_worst_status_is_sorted_first() {
        assert!(CredentialStatusWord::ALL.is_sorted());
    }
}
