//! The groups that Kubernetes and ACK themselves put users into.

/// The group whose members may do everything, whatever RBAC says.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles>
pub const MASTERS: &str = "system:masters";

/// The group that the API server adds to every authenticated user. An access review doesn't add it by itself.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles>
pub const AUTHENTICATED: &str = "system:authenticated";

/// The group of requests without a credential.
pub const UNAUTHENTICATED: &str = "system:unauthenticated";

/// The group of all service accounts; with `:` and a namespace behind it, of those of one namespace.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects>
pub const SERVICE_ACCOUNTS: &str = "system:serviceaccounts";

/// The organization that ACK writes into certificates.
pub const ACK_USERS: &str = "system:users";
