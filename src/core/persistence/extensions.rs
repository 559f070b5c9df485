//! What stands beside RBAC: mappings of RAM identities, and what others are asked about.

use super::{
    AdmissionPolicy, ApiService, ClusterFacts, Finding, FoundObject, Method, Remedy, Since, Undo, Webhook, WebhookKind,
};
use crate::core::rbac::mapping::{Mapping, MappingOrigin};
use crate::core::rbac::reach::Certainty;
use crate::core::shell::kubectl_on;

/// The RAM identities that are mapped to user names and groups.
pub(super) fn mappings(facts: &ClusterFacts<'_>) -> Vec<Finding> {
    facts.scan.grants.mappings().iter().map(mapping).collect()
}

fn mapping(mapping: &Mapping) -> Finding {
    let groups = mapping.groups.join(", ");
    let in_groups = if groups.is_empty() { String::new() } else { format!(" in groups {groups}") };
    let (object, command) = match mapping.origin {
        MappingOrigin::Object => (
            FoundObject::new("RAMIdentityMapping", None, &mapping.name),
            shown("RAMIdentityMapping", None, &mapping.name),
        ),
        MappingOrigin::ConfigMap => (
            FoundObject::new("ConfigMap", Some("kube-system"), &mapping.name),
            shown("ConfigMap", Some("kube-system"), "alibabacloud-auth"),
        ),
    };
    Finding {
        method: Method::Mapping,
        object,
        leads_to: format!("User {}{in_groups} for {}", mapping.username, mapping.identity.as_str()),
        since: Since::created(mapping.created),
        source: Vec::new(),
        remedy: look("look at the mapping; delete it if it is not meant", command),
        certainty: Certainty::Exact,
    }
}

/// Webhooks outside the cluster, policies that change what others write, and services that answer for a part of the API.
pub(super) fn extensions(facts: &ClusterFacts<'_>) -> Vec<Finding> {
    let webhooks = facts.webhooks.iter().map(webhook);
    let policies = facts.policies.iter().map(policy);
    let services = facts.services.iter().map(service);
    webhooks.chain(policies).chain(services).collect()
}

fn webhook(webhook: &Webhook) -> Finding {
    let does = match webhook.kind {
        WebhookKind::Mutating => "changes",
        WebhookKind::Validating => "sees",
    };
    let kind = webhook.kind.configuration();
    let command = shown(kind, None, &webhook.configuration);
    Finding {
        method: Method::Webhook,
        object: FoundObject::new(kind, None, &webhook.configuration),
        leads_to: format!("{} outside the cluster, which {does} what others write ({})", webhook.host, webhook.name),
        since: Since::created(webhook.created),
        source: Vec::new(),
        remedy: look("look at the webhook; delete it if it is not meant", command),
        certainty: Certainty::Depends,
    }
}

fn policy(policy: &AdmissionPolicy) -> Finding {
    Finding {
        method: Method::AdmissionPolicy,
        object: FoundObject::new("MutatingAdmissionPolicy", None, &policy.name),
        leads_to: "a change of what others write".to_owned(),
        since: Since::created(policy.created),
        source: Vec::new(),
        remedy: look(
            "look at the policy and its bindings; delete it if it is not meant",
            shown("MutatingAdmissionPolicy", None, &policy.name),
        ),
        certainty: Certainty::Depends,
    }
}

fn service(service: &ApiService) -> Finding {
    Finding {
        method: Method::ApiService,
        object: FoundObject::new("APIService", None, &service.name),
        leads_to: format!("Service {}, which sees who calls this part of the API", service.service),
        since: Since::created(service.created),
        source: Vec::new(),
        remedy: look(
            "look at the Service; delete the APIService if it is not meant",
            shown("APIService", None, &service.name),
        ),
        certainty: Certainty::Depends,
    }
}

/// The command that shows an object.
fn shown(kind: &str, namespace: Option<&str>, name: &str) -> Option<String> {
    kubectl_on("get", kind, namespace, name, &["-o", "yaml"])
}

fn look(text: &str, command: Option<String>) -> Remedy {
    Remedy { text: text.to_owned(), command, undo: Undo::Partly }
}
