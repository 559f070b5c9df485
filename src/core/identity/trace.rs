//! What shows that a number is, or was, a RAM identity's. User names of other origin can be numbers too: an OIDC employee number
//! is in no listing of RAM, and that says nothing.

/// Where a number is known from as a RAM identity's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trace {
    /// A row of `cs:ListClusterKubeconfigStates`, whatever it says.
    KubeconfigState,
    /// A row of `cs:ListUserKubeConfigStates` about a kubeconfig that was issued, be it deleted since.
    IssuedKubeconfig,
    /// A record of `cs:DescribeUserPermission`.
    Permission,
    /// A binding with the name and the role that ACK gives an identity's own.
    AckBinding,
    /// The UID that ack-ram-authenticator recorded in a mapping.
    Mapping,
    /// A client certificate that the cluster's CA signed.
    Certificate,
    /// The record of an operation that found it deleted, and may have taken away what showed it.
    Operation,
}

impl Trace {
    /// What it is, for the evidence.
    pub fn describe(self) -> &'static str {
        match self {
            Self::KubeconfigState => "a row of cs:ListClusterKubeconfigStates",
            Self::IssuedKubeconfig => "a kubeconfig that cs:ListUserKubeConfigStates knows to have been issued",
            Self::Permission => "a record of cs:DescribeUserPermission",
            Self::AckBinding => "a binding that ACK named",
            Self::Mapping => "a UID that ack-ram-authenticator recorded",
            Self::Certificate => "a certificate that the cluster's CA signed",
            Self::Operation => "the record of the operation that is resumed",
        }
    }
}
