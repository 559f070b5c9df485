//! Rules that lead to more than they say, held by others than the API server's own users.

use std::collections::BTreeMap;

use super::{ClusterFacts, Finding, FoundObject, Method, Remedy, Since, SourceFact, SourceFrom, Undo, Whose};
use crate::core::rbac::binding_object::BindingRef;
use crate::core::rbac::reach::{Primitive, Reach, ReachCluster, ReachPath};
use crate::core::rbac::user_info::{UserInfo, service_account_of};
use crate::core::rbac::who_can::is_everyone;
use crate::core::shell::kubectl_on;

/// Roles of the API server's own that are a part of others.
const OWN_AGGREGATED: [&str; 3] = ["system:aggregate-to-admin", "system:aggregate-to-edit", "system:aggregate-to-view"];

/// The rights with which someone becomes another, or more.
pub(super) fn rules(facts: &ClusterFacts<'_>, whose: &Whose) -> Vec<Finding> {
    let grants = &facts.scan.grants;
    let cluster = ReachCluster::new(grants.inventory(), grants.mappings(), facts.roles, facts.discovered);
    let others: Vec<UserInfo> =
        cluster.all_users().into_iter().filter(|info| !is_systems_own(info) && !whose.has_name(&info.name)).collect();
    let mut reach = Reach::new(cluster);
    let mut found = Vec::new();
    for info in others {
        // One for each right and the bindings that give it, by where it leads furthest.
        let mut best: BTreeMap<(Method, Vec<BindingRef>), ReachPath<'_>> = BTreeMap::new();
        for path in reach.paths(&info) {
            let Some(step) = path.steps.first() else { continue };
            let Some(method) = method_of(step.primitive) else { continue };
            let bindings: Vec<BindingRef> = step.bindings.iter().map(|binding| binding.reference()).collect();
            let known = best.entry((method, bindings)).or_insert_with(|| path.clone());
            if (path.certainty(), &path.target) < (known.certainty(), &known.target) {
                *known = path;
            }
        }
        found.extend(best.into_iter().map(|((method, _), path)| finding(&info, method, &path)));
    }
    found
}

/// Whether it is a part of the cluster itself. What it may do was decided by who made the cluster.
fn is_systems_own(info: &UserInfo) -> bool {
    match service_account_of(&info.name) {
        Some((namespace, _)) => namespace == "kube-system",
        None if info.name.is_empty() => {
            let group = info.groups.first().map(String::as_str).unwrap_or_default();
            group.starts_with("system:") && !is_everyone("Group", group)
        }
        None => info.name.starts_with("system:"),
    }
}

fn method_of(primitive: Primitive) -> Option<Method> {
    Some(match primitive {
        Primitive::Impersonate | Primitive::ConstrainedImpersonate => Method::Impersonate,
        Primitive::Escalate => Method::Escalate,
        Primitive::Bind => Method::Bind,
        Primitive::CertificateRequest => Method::ApproveRequests,
        Primitive::Token => Method::IssueTokens,
        _ => return None,
    })
}

fn finding(info: &UserInfo, method: Method, path: &ReachPath<'_>) -> Finding {
    let who = match info.as_service_account() {
        Some((namespace, name)) => format!("ServiceAccount {namespace}/{name}"),
        None if info.name.is_empty() => {
            format!("members of group {}", info.groups.first().map(String::as_str).unwrap_or_default())
        }
        None => format!("User {}", info.name),
    };
    let step = &path.steps[0];
    let binding = step.bindings.first();
    let object = binding.map_or_else(
        || FoundObject { kind: "ClusterRoleBinding".to_owned(), namespace: None, name: None },
        |binding| FoundObject::of_binding(binding),
    );
    let requests: Vec<String> = step.attributes.iter().map(ToString::to_string).collect();
    let command =
        object.name.as_ref().and_then(|name| kubectl_on("edit", &object.kind, object.namespace.as_deref(), name, &[]));
    let depends_on = path.depends_on();
    let condition =
        if depends_on.is_empty() { String::new() } else { format!(", if {}", depends_on.join(", and if ")) };
    Finding {
        method,
        leads_to: format!("{} for {who}{condition}", path.target),
        since: Since::created(binding.and_then(|binding| binding.created())),
        source: vec![SourceFact { what: requests.join(" and "), from: SourceFrom::ServerSet }],
        remedy: Remedy {
            text: "take the subject out of the binding, or the rule out of its role, if it is not meant".to_owned(),
            command,
            undo: Undo::Partly,
        },
        certainty: path.certainty(),
        object,
    }
}

/// The roles whose rules become a part of admin, edit or view, beyond the API server's own.
pub(super) fn aggregated(facts: &ClusterFacts<'_>) -> Vec<Finding> {
    let found = facts.aggregated.iter().filter(|role| !OWN_AGGREGATED.contains(&role.name.as_str()));
    let finding = |role: &super::AggregatedRole| Finding {
        method: Method::AggregatedRole,
        object: FoundObject::new("ClusterRole", None, &role.name),
        leads_to: format!("everyone who holds {}", role.into),
        since: Since::created(role.created),
        source: Vec::new(),
        remedy: Remedy {
            text: "look at its rules; delete it if they are not meant".to_owned(),
            command: kubectl_on("get", "ClusterRole", None, &role.name, &["-o", "yaml"]),
            undo: Undo::Partly,
        },
        certainty: crate::core::rbac::reach::Certainty::Exact,
    };
    found.map(finding).collect()
}
