//! The bindings of Kubernetes' own components that no operator can narrow: what an API server makes at its start and keeps.

use crate::core::rbac::inventory::Binding;
use crate::core::rbac::{PolicyRule, Roles};

/// What a rule allows: verbs, API groups, resources.
type Allows = (&'static [&'static str], &'static [&'static str], &'static [&'static str]);

const SCALE: &[&str] = &["*/scale"];
const ALL: &[&str] = &["*"];

/// The components whose role has a `*` or leads to full rights, with these rules of theirs.
/// Source: <https://github.com/kubernetes/kubernetes/blob/v1.36.3/plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go>
/// and `policy.go` beside it.
const COMPONENTS: [(&str, &[Allows]); 7] = [
    (
        "system:controller:clusterrole-aggregation-controller",
        &[(
            &["escalate", "get", "list", "patch", "update", "watch"],
            &["rbac.authorization.k8s.io"],
            &["clusterroles"],
        )],
    ),
    ("system:controller:disruption-controller", &[(&["get"], ALL, SCALE)]),
    (
        "system:controller:generic-garbage-collector",
        &[(&["delete", "get", "list", "patch", "update", "watch"], ALL, ALL)],
    ),
    (
        "system:controller:horizontal-pod-autoscaler",
        &[
            (&["get", "update"], ALL, SCALE),
            (&["get", "list", "watch"], &["custom.metrics.k8s.io", "external.metrics.k8s.io"], ALL),
        ],
    ),
    ("system:controller:namespace-controller", &[(&["delete", "deletecollection", "get", "list", "watch"], ALL, ALL)]),
    ("system:controller:resourcequota-controller", &[(&["list", "watch"], ALL, ALL)]),
    (
        "system:kube-controller-manager",
        &[(&["list", "watch"], ALL, ALL), (&["create"], &[""], &["serviceaccounts/token"])],
    ),
];

/// Whether a binding is one of Kubernetes' own: it has the name and the subject that an API server gives it, and its role allows nothing
/// wider than it does there. Anyone who may write bindings may choose the name.
pub(super) fn is_kubernetes_own(binding: &Binding, roles: &Roles) -> bool {
    let Some((name, own)) = COMPONENTS.iter().find(|(name, _)| *name == binding.name()) else { return false };
    let is_its_own =
        binding.subjects().iter().all(|subject| match (name.strip_prefix("system:controller:"), subject.kind()) {
            (Some(account), "ServiceAccount") => {
                (subject.namespace(), subject.name()) == (Some("kube-system"), account)
            }
            (None, "User") => subject.name() == *name,
            _ => false,
        });
    binding.namespace().is_none()
        && (&*binding.role().kind, &*binding.role().name) == ("ClusterRole", *name)
        && is_its_own
        && roles.granted_by(binding).is_some_and(|role| {
            role.rules.iter().all(|rule| is_narrow(rule) || own.iter().any(|known| is_within(rule, known)))
        })
}

fn is_narrow(rule: &PolicyRule) -> bool {
    let has = |texts: &[String], wide: &[&str]| texts.iter().any(|one| wide.contains(&one.as_str()));
    let reads_secrets = has(&rule.resources, &["secrets"]) && has(&rule.verbs, &["list", "watch"]);
    !reads_secrets
        && !has(&rule.verbs, &["*", "escalate", "bind", "impersonate"])
        && !has(&rule.api_groups, &["*"])
        && !rule.resources.iter().any(|one| one.contains('*') || one == "serviceaccounts/token")
}

fn is_within(rule: &PolicyRule, (verbs, groups, resources): &Allows) -> bool {
    let within = |texts: &[String], known: &[&str]| texts.iter().all(|one| known.contains(&one.as_str()));
    within(&rule.verbs, verbs) && within(&rule.api_groups, groups) && within(&rule.resources, resources)
}
