//! MutatingAdmissionPolicies that put a subject back into a binding.
//!
//! kube-apiserver 1.36 serves them as `admissionregistration.k8s.io/v1` with nothing to switch on: feature gate
//! MutatingAdmissionPolicy is GA, and the admission plugin of the same name is among the default ones. (1.34 and 1.35 need
//! `--feature-gates=MutatingAdmissionPolicy=true` and `--runtime-config=admissionregistration.k8s.io/v1beta1=true`.)
//! A policy can't match DELETE, and its own kind; it does match what RBAC is made of, and dry runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::binding::{BindingRef, names};
use crate::client::{Client, Reply};
use crate::cluster::ClusterError;

const GROUP: &str = "/apis/admissionregistration.k8s.io/v1";
const POLICIES: &str = "mutatingadmissionpolicies";
const BINDINGS: &str = "mutatingadmissionpolicybindings";

/// The label of the sandbox's own policies.
const LABEL: &str = "ackcred-sandbox";
/// The annotation with the binding and the subject that a policy keeps.
const KEEPS: &str = "ackcred-sandbox/keeps";

/// The server looks for changed policies once a second.
const EFFECTIVE_WITHIN: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(50);

/// Makes a policy and waits until it acts.
pub(super) fn install(client: &Client, binding: &BindingRef, subject: &Value) -> Result<(), ClusterError> {
    static COUNTER: AtomicUsize = AtomicUsize::new(0);
    let name = format!("keep-subject-{}", COUNTER.fetch_add(1, Ordering::Relaxed));
    let keeps = json!({"namespace": binding.namespace, "name": binding.name, "subject": subject});
    let metadata = json!({"name": name, "labels": {LABEL: "true"}, "annotations": {KEEPS: keeps.to_string()}});
    let policy = json!({"metadata": metadata, "spec": spec(&name, binding, subject)});
    create(client, &format!("{GROUP}/{POLICIES}"), &policy)?;
    create(client, &format!("{GROUP}/{BINDINGS}"), &json!({"metadata": metadata, "spec": {"policyName": name}}))?;
    wait_until(client, &name, binding, subject, true)
}

/// Takes all policies of the sandbox away and waits until none acts.
pub(super) fn remove_all(client: &Client) -> Result<(), ClusterError> {
    let path = format!("{GROUP}/{POLICIES}?labelSelector={LABEL}");
    let reply = client.send("GET", &path, &[], "")?;
    if reply.code != 200 {
        return Err(reply.refused("GET", &path));
    }
    let list = reply.json();
    let policies = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    for policy in policies {
        for resource in [BINDINGS, POLICIES] {
            let path = format!("{GROUP}/{resource}/{}", name(policy));
            let reply = client.send("DELETE", &path, &[], "")?;
            if !matches!(reply.code, 200 | 404) {
                return Err(reply.refused("DELETE", &path));
            }
        }
    }
    for policy in policies {
        let keeps = policy["metadata"]["annotations"][KEEPS].as_str().unwrap_or_default();
        let keeps: Value = serde_json::from_str(keeps).unwrap_or_default();
        let text = |key: &str| keeps[key].as_str().map(str::to_owned);
        let binding = BindingRef { namespace: text("namespace"), name: text("name").unwrap_or_default() };
        wait_until(client, name(policy), &binding, &keeps["subject"], false)?;
    }
    Ok(())
}

fn name(policy: &Value) -> &str {
    policy["metadata"]["name"].as_str().unwrap_or_default()
}

/// Besides the binding's updates the policy applies to the creation of a binding with its own name. No such binding is made; a
/// dry run of it shows whether the policy acts.
fn spec(name: &str, binding: &BindingRef, subject: &Value) -> Value {
    // A text in CEL is written as one in JSON.
    let text = |text: &str| Value::from(text).to_string();
    let (own, namespace, named) =
        (text(name), text(binding.namespace.as_deref().unwrap_or_default()), text(&binding.name));
    let concerned = format!(
        "request.operation == 'CREATE' ? object.metadata.name == {own} : request.name == {named} && \
         (has(request.namespace) ? request.namespace : '') == {namespace}"
    );
    let field = |key: &str| subject[key].as_str().map(|value| (key.to_owned(), text(value)));
    let fields: Vec<(String, String)> =
        ["kind", "apiGroup", "name", "namespace"].into_iter().filter_map(field).collect();
    let same: Vec<String> = fields
        .iter()
        .filter(|(key, _)| key != "apiGroup")
        .map(|(key, value)| format!("has(one.{key}) && one.{key} == {value}"))
        .collect();
    let missing = format!("!has(object.subjects) || !object.subjects.exists(one, {})", same.join(" && "));
    let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let subject = format!("Object.subjects{{{}}}", fields.join(", "));
    // In two steps: a list with an object in it as the patch's value is too much for the server, which panics (1.36.3).
    let put_back = format!(
        "(has(object.subjects) ? [] : [JSONPatch{{op: 'add', path: '/subjects', value: []}}]) \
         + [JSONPatch{{op: 'add', path: '/subjects/-', value: {subject}}}]"
    );
    json!({
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": {"resourceRules": [{
            "apiGroups": ["rbac.authorization.k8s.io"], "apiVersions": ["v1"],
            "operations": ["CREATE", "UPDATE"], "resources": [binding.resource()],
        }]},
        "matchConditions": [
            {"name": "concerned", "expression": concerned}, {"name": "missing", "expression": missing},
        ],
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": put_back}}],
    })
}

fn create(client: &Client, path: &str, object: &Value) -> Result<(), ClusterError> {
    let reply = client.send("POST", path, &[], &object.to_string())?;
    if reply.code == 201 { Ok(()) } else { Err(reply.refused("POST", path)) }
}

/// Waits until the policy `name` acts, or doesn't any more.
fn wait_until(
    client: &Client,
    name: &str,
    binding: &BindingRef,
    subject: &Value,
    acts: bool,
) -> Result<(), ClusterError> {
    let somewhere = BindingRef { namespace: binding.namespace.as_ref().map(|_| "default".into()), name: name.into() };
    let path = format!("{}?dryRun=All", somewhere.collection());
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"});
    let body = json!({"metadata": {"name": name}, "roleRef": role}).to_string();
    let until = Instant::now() + EFFECTIVE_WITHIN;
    loop {
        let reply: Reply = client.send("POST", &path, &[], &body)?;
        if reply.code == 201 && names(&reply.json(), subject) == acts {
            return Ok(());
        }
        if reply.code != 201 || Instant::now() > until {
            return Err(reply.refused("POST", &path));
        }
        std::thread::sleep(STEP);
    }
}
