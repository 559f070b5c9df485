//! The kinds that every cluster has, where a rule leaves open which.

/// An API group with the version that all supported servers have, and what stands for `*` in it.
pub(super) struct KnownGroup {
    /// The group; empty for the core group.
    pub(super) name: &'static str,
    /// The version in which it is served.
    pub(super) version: &'static str,
    /// Some of its kinds and subresources, the most telling first.
    pub(super) resources: &'static [&'static str],
}

/// Source: <https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/>
pub(super) const KNOWN_GROUPS: [KnownGroup; 14] = [
    KnownGroup {
        name: "",
        version: "v1",
        resources: &[
            "pods",
            "secrets",
            "configmaps",
            "services",
            "serviceaccounts",
            "namespaces",
            "nodes",
            "persistentvolumeclaims",
            "persistentvolumes",
            "events",
            "pods/exec",
            "pods/log",
            "serviceaccounts/token",
            "nodes/proxy",
        ],
    },
    KnownGroup {
        name: "apps",
        version: "v1",
        resources: &["deployments", "statefulsets", "daemonsets", "replicasets", "deployments/scale"],
    },
    KnownGroup {
        name: "rbac.authorization.k8s.io",
        version: "v1",
        resources: &["rolebindings", "roles", "clusterrolebindings", "clusterroles"],
    },
    KnownGroup { name: "batch", version: "v1", resources: &["jobs", "cronjobs"] },
    KnownGroup { name: "networking.k8s.io", version: "v1", resources: &["ingresses", "networkpolicies"] },
    KnownGroup { name: "apiextensions.k8s.io", version: "v1", resources: &["customresourcedefinitions"] },
    KnownGroup {
        name: "admissionregistration.k8s.io",
        version: "v1",
        resources: &["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
    },
    KnownGroup { name: "certificates.k8s.io", version: "v1", resources: &["certificatesigningrequests"] },
    KnownGroup { name: "storage.k8s.io", version: "v1", resources: &["storageclasses"] },
    KnownGroup { name: "autoscaling", version: "v1", resources: &["horizontalpodautoscalers"] },
    KnownGroup { name: "policy", version: "v1", resources: &["poddisruptionbudgets"] },
    KnownGroup { name: "coordination.k8s.io", version: "v1", resources: &["leases"] },
    KnownGroup { name: "discovery.k8s.io", version: "v1", resources: &["endpointslices"] },
    KnownGroup { name: "events.k8s.io", version: "v1", resources: &["events"] },
];

/// The verbs of resources.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb>
pub const RESOURCE_VERBS: [&str; 8] =
    ["get", "list", "create", "delete", "update", "patch", "watch", "deletecollection"];

/// Paths that the API server's own defaults don't allow.
pub(super) const GUARDED_PATHS: [&str; 4] = ["/metrics", "/logs", "/statusz", "/debug/pprof/"];

/// The known group of this name.
pub(super) fn known_group(name: &str) -> Option<&'static KnownGroup> {
    KNOWN_GROUPS.iter().find(|group| group.name == name)
}
