//! Nobody hands out what they don't hold.

use serde_json::{Value, json};

use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

/// A user who may write RBAC's objects and get pods, and no more.
fn operator(transcript: &mut Transcript<'_>, user: &str) {
    let role = format!("{user}-role");
    transcript.role(
        &role,
        &json!([
            {
                "apiGroups": ["rbac.authorization.k8s.io"],
                "resources": ["rolebindings", "clusterrolebindings", "roles", "clusterroles"],
                "verbs": ["get", "list", "watch", "create", "update", "patch", "delete"],
            },
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
        ]),
    );
    transcript.bind(&role, user);
    transcript.until_allowed(user, &[], &json!({"verb": "get", "resource": "pods"}), true);
}

pub(crate) fn bindings(transcript: &mut Transcript<'_>) {
    transcript.namespace("handing-out");
    operator(transcript, "operator");
    transcript.role("handing-out-narrow", &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]));
    transcript.role("handing-out-wide", &json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]));
    let bindings = format!("{}/rolebindings", rbac_in("handing-out"));
    let binding = |name: &str, kind: &str, role: &str| {
        json!({
            "metadata": {"name": name}, "roleRef": {"kind": kind, "name": role},
            "subjects": [{"kind": "User", "name": "1"}, {"kind": "User", "name": "2"}],
        })
    };
    transcript.create("operator", &bindings, &binding("narrow", "ClusterRole", "handing-out-narrow"));
    transcript.create("operator", &bindings, &binding("wide", "ClusterRole", "handing-out-wide"));
    transcript.create("operator", &bindings, &binding("dangling", "ClusterRole", "no-such-role"));
    transcript.create("operator", &bindings, &binding("dangling", "Role", "no-such-role"));
    transcript.create(
        "operator",
        &format!("{RBAC}/clusterrolebindings"),
        &binding("all", "ClusterRole", "cluster-admin"),
    );
    transcript.prepare("POST", &bindings, &binding("wide", "ClusterRole", "handing-out-wide"), 201);
    let wide = format!("{bindings}/wide");
    // Whether the name is taken is shown only to those who may make it.
    transcript.create(
        "operator",
        &format!("{bindings}?dryRun=All"),
        &binding("wide", "ClusterRole", "handing-out-wide"),
    );
    transcript.create("admin", &format!("{bindings}?dryRun=All"), &binding("wide", "ClusterRole", "handing-out-wide"));
    // To take a subject away is a change like any other; to delete the whole is not.
    let removal = json!([{"op": "remove", "path": "/subjects/0"}]);
    transcript.patch("operator", &wide, &removal);
    transcript.patch("operator", &format!("{wide}?dryRun=All"), &removal);
    transcript.patch("operator", &wide, &json!([{"op": "add", "path": "/metadata/labels", "value": {"l": "1"}}]));
    transcript.patch(
        "operator",
        &wide,
        &json!([{"op": "add", "path": "/metadata/finalizers", "value": ["example.com/hold"]}]),
    );
    transcript.patch("operator", &wide, &json!([{"op": "remove", "path": "/metadata/finalizers"}]));
    transcript.delete("operator", &wide, &Value::Null);
    // The verb `bind` stands for the rules.
    transcript.role(
        "handing-out-bind",
        &json!([{
            "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": ["bind"],
            "resourceNames": ["handing-out-wide"],
        }]),
    );
    transcript.bind("handing-out-bind", "operator");
    let may_bind = json!({"verb": "bind", "group": "rbac.authorization.k8s.io", "resource": "clusterroles", "name": "handing-out-wide"});
    transcript.until_allowed("operator", &[], &may_bind, true);
    transcript.create("operator", &bindings, &binding("wide", "ClusterRole", "handing-out-wide"));
    transcript.patch("operator", &wide, &removal);
    // A role that went away meanwhile.
    transcript.prepare("POST", &bindings, &binding("dangling", "ClusterRole", "no-such-role"), 201);
    transcript.patch("operator", &format!("{bindings}/dangling"), &removal);
    transcript.delete("operator", &format!("{bindings}/dangling"), &Value::Null);
    // Of what one holds, a part can't be named: that is said, too.
    transcript.bind("handing-out-none", "operator");
    let secrets = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]);
    let body = json!({"metadata": {"name": "handing-out-secrets"}, "rules": secrets});
    let list_secrets = json!({"verb": "list", "resource": "secrets"});
    transcript.until_reason("operator", &list_secrets, "handing-out-none");
    transcript.create("operator", &format!("{RBAC}/clusterroles"), &body);
    transcript.get("operator", "/api/v1/secrets");
}

pub(crate) fn roles(transcript: &mut Transcript<'_>) {
    transcript.namespace("making-roles");
    operator(transcript, "role-maker");
    let roles = format!("{RBAC}/clusterroles");
    for (name, rules) in [
        ("making-held", json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": ["x"]}])),
        (
            "making-more",
            json!([
                {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["get", "list"], "resourceNames": ["x"]},
                {"apiGroups": ["apps", ""], "resources": ["deployments/scale"], "verbs": ["*"]},
                {"nonResourceURLs": ["/x", "/api/*"], "verbs": ["get", "post"]},
            ]),
        ),
        ("making-all", json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])),
        ("making-none", json!([])),
    ] {
        transcript.create("role-maker", &roles, &json!({"metadata": {"name": name}, "rules": rules}));
    }
    let aggregating = json!({
        "metadata": {"name": "making-aggregate"},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]},
    });
    transcript.create("role-maker", &roles, &aggregating);
    let wider = json!([{"op": "add", "path": "/rules/0/verbs/-", "value": "list"}]);
    transcript.patch("role-maker", &format!("{roles}/making-held"), &wider);
    transcript.patch("admin", &format!("{roles}/making-held"), &wider);
    let namespaced = format!("{}/roles", rbac_in("making-roles"));
    let urls = json!({"metadata": {"name": "urls"}, "rules": [{"nonResourceURLs": ["/x"], "verbs": ["get"]}]});
    transcript.create("admin", &namespaced, &urls);
}
