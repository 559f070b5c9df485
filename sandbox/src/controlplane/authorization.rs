//! When the API server's authorizer knows what was written.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::binding::RBAC;
use crate::client::Client;
use crate::cluster::ClusterError;

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const WITHIN: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(10);

/// Writes one object of each of RBAC's kinds and waits until access follows from them. The authorizer gets the
/// objects of each kind in the order in which they were written, so it then knows all older ones too.
pub(super) fn catch_up(client: &Client) -> Result<(), ClusterError> {
    static COUNTER: AtomicUsize = AtomicUsize::new(0);
    let name = format!("catch-up-{}", COUNTER.fetch_add(1, Ordering::Relaxed));
    let scopes = [
        (RBAC.to_owned(), "clusterroles", "clusterrolebindings", "ClusterRole"),
        (format!("{RBAC}/namespaces/default"), "roles", "rolebindings", "Role"),
    ];
    for (place, roles, bindings, kind) in &scopes {
        let rule = json!({"apiGroups": ["ackcred-sandbox"], "resources": [roles], "verbs": ["get"]});
        create(client, &format!("{place}/{roles}"), &json!({"metadata": {"name": name}, "rules": [rule]}).to_string())?;
        let binding = json!({
            "metadata": {"name": name}, "roleRef": {"kind": kind, "name": name},
            "subjects": [{"kind": "User", "name": name}],
        });
        create(client, &format!("{place}/{bindings}"), &binding.to_string())?;
    }
    for (_, roles, ..) in &scopes {
        let attributes = json!({"namespace": "default", "group": "ackcred-sandbox", "resource": roles, "verb": "get"});
        wait_allowed(client, &json!({"spec": {"user": name, "resourceAttributes": attributes}}).to_string())?;
    }
    for (place, roles, bindings, _) in &scopes {
        for resource in [bindings, roles] {
            let path = format!("{place}/{resource}/{name}");
            let reply = client.send("DELETE", &path, &[], "")?;
            if reply.code != 200 {
                return Err(reply.refused("DELETE", &path));
            }
        }
    }
    Ok(())
}

fn create(client: &Client, path: &str, body: &str) -> Result<(), ClusterError> {
    let reply = client.send("POST", path, &[], body)?;
    if reply.code == 201 { Ok(()) } else { Err(reply.refused("POST", path)) }
}

fn wait_allowed(client: &Client, review: &str) -> Result<(), ClusterError> {
    let until = Instant::now() + WITHIN;
    loop {
        let reply = client.send("POST", REVIEWS, &[], review)?;
        if reply.json()["status"]["allowed"] == true {
            return Ok(());
        }
        if reply.code != 201 || Instant::now() > until {
            return Err(reply.refused("POST", REVIEWS));
        }
        std::thread::sleep(STEP);
    }
}
