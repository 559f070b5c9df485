//! Values that are one text on the disk, and the words of each enum. A word that stands here is never changed.

use jiff::Timestamp;

use crate::core::access::scan::StateKind;
use crate::core::credential::CredentialKind;
use crate::core::identity::IdentityType;
use crate::core::ids::{ClusterId, Region, Uid};
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::binding_object::BindingRef;
use crate::core::rbac::reach::Primitive;
use crate::core::revocation::input::Confirmation;
use crate::core::revocation::journal::{self, Ending, OperationId, Phase, StepResult};
use crate::core::revocation::plan::{BindingAction, RemainKind};
use crate::core::revocation::refusal::RefusalCode;
use crate::core::revocation::rotation::CertificateFrom;
use crate::core::revocation::target::GroupsFrom;
use crate::core::revocation::verification::{Check, CheckResult, Outcome};

/// A value that is one text on the disk.
pub trait OnDisk: Sized {
    /// What a text must be, for an error.
    const EXPECTED: &'static str;

    /// The text.
    fn write(&self) -> String;

    /// The value of a text; `None` where it has none.
    fn read(text: &str) -> Option<Self>;
}

macro_rules! parsed {
    ($($type:ty, $expected:literal;)*) => {$(
        impl OnDisk for $type {
            const EXPECTED: &'static str = $expected;

            fn write(&self) -> String {
                self.to_string()
            }

            fn read(text: &str) -> Option<Self> {
                Self::parse(text)
            }
        }
    )*};
}

parsed! {
    Uid, "a UID, which is a number";
    ClusterId, "a cluster ID";
    Region, "a region ID";
    OperationId, "the ID of an operation";
}

impl OnDisk for Timestamp {
    const EXPECTED: &'static str = "a time";

    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl OnDisk for BindingRef {
    const EXPECTED: &'static str = "a binding, as RoleBinding/namespace/name";

    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('/')?;
        let (namespace, name) = rest.split_once('/')?;
        let namespace = (namespace != "-").then(|| namespace.to_owned());
        Some(Self { kind: BindingKind::read(kind)?, namespace, name: name.to_owned() })
    }
}

macro_rules! words {
    ($type:ty, $expected:literal: $($variant:ident = $word:literal),* $(,)?) => {
        impl OnDisk for $type {
            const EXPECTED: &'static str = $expected;

            fn write(&self) -> String {
                match self {
                    $(Self::$variant => $word,)*
                }
                .to_owned()
            }

            fn read(text: &str) -> Option<Self> {
                match text {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

words!(BindingKind, "a kind of binding": ClusterRoleBinding = "ClusterRoleBinding", RoleBinding = "RoleBinding");

words!(IdentityType, "a type of identity": RamUser = "RamUser", RamRole = "RamRole", CloudService = "CloudService", Root = "Root", Unknown = "Unknown");

words!(
    StateKind,
    "a state of an identity": Active = "Active",
    Frozen = "Frozen",
    Recycled = "Recycled",
    Deleted = "Deleted",
    Unknown = "Unknown",
);

words!(
    CertificateFrom,
    "a place of a certificate": Context = "Context",
    LeakedFile = "LeakedFile",
);

words!(GroupsFrom, "a source of groups": Certificate = "Certificate", Assumed = "Assumed");

words!(
    Primitive,
    "a step of a path": FullRights = "FullRights",
    Impersonate = "Impersonate",
    ConstrainedImpersonate = "ConstrainedImpersonate",
    Token = "Token",
    Escalate = "Escalate",
    Bind = "Bind",
    CertificateRequest = "CertificateRequest",
    Workload = "Workload",
    ReadSecrets = "ReadSecrets",
    MakeSecrets = "MakeSecrets",
    Mapping = "Mapping",
    Admission = "Admission",
    Kubelet = "Kubelet",
    Aggregation = "Aggregation",
);

words!(
    Confirmation,
    "what confirms a cluster": ClusterProfile = "ClusterProfile",
    CloudAddress = "CloudAddress",
    OperatorsWord = "AssertedByOperator",
    Nothing = "Nothing",
);

words!(
    BindingAction,
    "an action of a step": Delete = "DeleteBinding",
    RemoveSubjects = "RemoveSubjects",
    Empty = "EmptyBinding",
    Replace = "ReplaceSubject",
);

/// The actions of steps that are no binding's.
pub const DELETE_KUBECONFIG: &str = "DeleteKubeconfig";
/// The action of a step that ends a static token.
pub const END_STATIC_TOKEN: &str = "EndStaticToken";
/// See [`DELETE_KUBECONFIG`].
pub const ROTATE_KUBECONFIG: &str = "RotateKubeconfig";

words!(
    RemainKind,
    "a kind of thing that is left": GroupGrant = "GroupGrant",
    Masters = "Masters",
    Mapping = "Mapping",
    ResemblingName = "ResemblingName",
    OtherCredential = "OtherCredential",
    ReusableName = "ReusableName",
    Path = "Path",
    EmptyBinding = "EmptyBinding",
    Certificate = "Certificate",
    Reissue = "Reissue",
    RecycleBin = "RecycleBin",
    RoleSessions = "RoleSessions",
    AllClusters = "AllClusters",
    OtherCluster = "OtherCluster",
    EarlierName = "EarlierName",
);

words!(
    CredentialKind,
    "a kind of credential": ClientCertificate = "ClientCertificate",
    Token = "Token",
    TokenFile = "TokenFile",
    Exec = "Exec",
    AuthProvider = "AuthProvider",
    Basic = "Basic",
    None = "None",
);

words!(
    RefusalCode,
    "the code of a refusal": RootAccount = "RootAccount",
    OwnIdentity = "OwnIdentity",
    CloudServiceRole = "CloudServiceRole",
    ClusterState = "ClusterState",
    ClusterUnread = "ClusterUnread",
    NothingIssued = "NothingIssued",
    IdentityUnknown = "IdentityUnknown",
    RecentAccess = "RecentAccess",
    ActivityUnknown = "ActivityUnknown",
    MissingRight = "MissingRight",
    ClusterContradicted = "ClusterContradicted",
    ClusterUnconfirmed = "ClusterUnconfirmed",
    LastAdministrator = "LastAdministrator",
    NoCloudCredentials = "NoCloudCredentials",
    InCluster = "InCluster",
    NoTerminal = "NoTerminal",
    Declined = "Declined",
    NoRamIdentity = "NoRamIdentity",
    FileUnread = "FileUnread",
    NameMismatch = "NameMismatch",
    OtherCluster = "OtherCluster",
    CredentialDead = "CredentialDead",
    PlanChanged = "PlanChanged",
    Locked = "Locked",
    NoJournal = "NoJournal",
    RoleGone = "RoleGone",
    RoleChanged = "RoleChanged",
    NamespaceChanged = "NamespaceChanged",
    BindingChanged = "BindingChanged",
    SubjectPresent = "SubjectPresent",
    IdentityGone = "IdentityGone",
    Rearm = "Rearm",
    NothingToRestore = "NothingToRestore",
    JournalDamaged = "JournalDamaged",
    OtherIdentity = "OtherIdentity",
    NoDestination = "NoDestination",
    NotEditable = "NotEditable",
    NotApproved = "NotApproved",
);

words!(
    StepResult,
    "the result of a step": Done = "Done",
    AlreadyDone = "AlreadyDone",
    Skipped = "Skipped",
    Failed = "Failed",
    Unknown = "Unknown",
);

words!(
    Ending,
    "the end of an operation": Verified = "Verified",
    Residual = "Residual",
    Unverifiable = "Unverifiable",
    Incomplete = "Incomplete",
    Restored = "Restored",
    Interrupted = "Interrupted",
    Failed = "Failed",
);

words!(
    Outcome,
    "the outcome of a verification": Verified = "Verified",
    Unverifiable = "Unverifiable",
    Residual = "Residual",
);

words!(
    Check,
    "a check": Rbac = "Rbac",
    AccessReviews = "AccessReviews",
    Cloud = "Cloud",
    LeakedFile = "LeakedFile",
    MappingsAndGroups = "MappingsAndGroups",
    StaticTokens = "StaticTokens",
    Settled = "Settled",
    OldCertificate = "OldCertificate",
    NewKubeconfig = "NewKubeconfig",
);

words!(
    CheckResult,
    "the result of a check": Passed = "Passed",
    Failed = "Failed",
    Error = "Error",
    Skipped = "Skipped",
);

words!(
    journal::Action,
    "an action of the audit file": Revoke = "revoke",
    Restore = "restore",
    Rotate = "rotate",
    Resume = "resume",
    Verify = "verify",
    IssueTemporaryCredential = "issueTemporaryCredential",
);

words!(Phase, "a phase of an operation": Begun = "begun", Ended = "ended");
