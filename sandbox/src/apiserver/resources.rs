//! The kinds of object that the sandbox holds, and those that it only knows by name.

pub(crate) const RBAC: &str = "rbac.authorization.k8s.io";
pub(crate) const AUTHORIZATION: &str = "authorization.k8s.io";
pub(crate) const AUTHENTICATION: &str = "authentication.k8s.io";
pub(crate) const RAM_AUTHENTICATOR: &str = "ramauthenticator.k8s.alibabacloud";

/// What a resource's objects consist of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Role,
    Binding,
    Namespace,
    ConfigMap,
    Secret,
    Lease,
    /// A custom resource: `spec` and `status` as they come.
    Custom,
    /// Put from outside and read as it is.
    Stored,
    /// Known so that access to it can be probed; there never is one.
    Empty,
}

/// One resource of the API.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
    pub(crate) short: &'static [&'static str],
    pub(crate) shape: Shape,
}

/// A resource by its row in [`RESOURCES`]: cheap to copy and to compare.
pub(crate) type ResourceRef = &'static Resource;

macro_rules! resource {
    ($group:expr, $version:literal, $plural:literal, $singular:literal, $kind:literal, $namespaced:literal, $short:expr, $shape:ident) => {
        Resource {
            group: $group,
            version: $version,
            plural: $plural,
            singular: $singular,
            kind: $kind,
            namespaced: $namespaced,
            short: &$short,
            shape: Shape::$shape,
        }
    };
}

pub(crate) static RESOURCES: &[Resource] = &[
    resource!("", "v1", "configmaps", "configmap", "ConfigMap", true, ["cm"], ConfigMap),
    resource!("", "v1", "events", "event", "Event", true, ["ev"], Empty),
    resource!("", "v1", "namespaces", "namespace", "Namespace", false, ["ns"], Namespace),
    resource!("", "v1", "nodes", "node", "Node", false, ["no"], Empty),
    resource!("", "v1", "pods", "pod", "Pod", true, ["po"], Empty),
    resource!("", "v1", "secrets", "secret", "Secret", true, [], Secret),
    resource!("", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", true, ["sa"], Stored),
    resource!("", "v1", "services", "service", "Service", true, ["svc"], Empty),
    resource!("apps", "v1", "daemonsets", "daemonset", "DaemonSet", true, ["ds"], Empty),
    resource!("apps", "v1", "deployments", "deployment", "Deployment", true, ["deploy"], Empty),
    resource!("apps", "v1", "statefulsets", "statefulset", "StatefulSet", true, ["sts"], Empty),
    resource!("batch", "v1", "jobs", "job", "Job", true, [], Empty),
    resource!(
        "admissionregistration.k8s.io",
        "v1",
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicy",
        "MutatingAdmissionPolicy",
        false,
        [],
        Stored
    ),
    resource!(
        "admissionregistration.k8s.io",
        "v1",
        "mutatingwebhookconfigurations",
        "mutatingwebhookconfiguration",
        "MutatingWebhookConfiguration",
        false,
        [],
        Stored
    ),
    resource!(
        "admissionregistration.k8s.io",
        "v1",
        "validatingwebhookconfigurations",
        "validatingwebhookconfiguration",
        "ValidatingWebhookConfiguration",
        false,
        [],
        Stored
    ),
    resource!("apiregistration.k8s.io", "v1", "apiservices", "apiservice", "APIService", false, [], Stored),
    resource!(
        "certificates.k8s.io",
        "v1",
        "certificatesigningrequests",
        "certificatesigningrequest",
        "CertificateSigningRequest",
        false,
        ["csr"],
        Stored
    ),
    resource!("coordination.k8s.io", "v1", "leases", "lease", "Lease", true, [], Lease),
    resource!(RBAC, "v1", "clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding", false, [], Binding),
    resource!(RBAC, "v1", "clusterroles", "clusterrole", "ClusterRole", false, [], Role),
    resource!(RBAC, "v1", "rolebindings", "rolebinding", "RoleBinding", true, [], Binding),
    resource!(RBAC, "v1", "roles", "role", "Role", true, [], Role),
    resource!(
        RAM_AUTHENTICATOR,
        "v1alpha1",
        "ramidentitymappings",
        "ramidentitymapping",
        "RAMIdentityMapping",
        false,
        [],
        Custom
    ),
];

impl Resource {
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.into() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `clusterroles.rbac.authorization.k8s.io`, or `pods`.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.into() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `ClusterRole.rbac.authorization.k8s.io`, or `Pod`.
    pub(crate) fn qualified_kind(&self) -> String {
        if self.group.is_empty() { self.kind.into() } else { format!("{}.{}", self.kind, self.group) }
    }

    pub(crate) fn list_kind(&self) -> String {
        format!("{}List", self.kind)
    }
}

/// The resource with this group, version and plural name.
pub(crate) fn find(group: &str, version: &str, plural: &str) -> Option<ResourceRef> {
    RESOURCES.iter().find(|known| known.group == group && known.version == version && known.plural == plural)
}

/// The resource of this `apiVersion` and `kind`.
pub(crate) fn of_kind(api_version: &str, kind: &str) -> Option<ResourceRef> {
    RESOURCES.iter().find(|known| known.kind == kind && known.api_version() == api_version)
}

/// One of the resources that the server itself relies on.
pub(crate) fn rbac(plural: &str) -> ResourceRef {
    RESOURCES.iter().find(|known| known.group == RBAC && known.plural == plural).unwrap_or(&RESOURCES[0])
}
