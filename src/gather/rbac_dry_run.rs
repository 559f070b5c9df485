//! Asks an API server what it would say to roles and bindings that are only suggested. Nothing is stored.

use serde_json::Value;

use crate::adapters::cluster::ApiServer;
use crate::error::chain;

/// What was said to one object.
pub struct DryRunAnswer {
    /// `Role`, `ClusterRoleBinding` and so on.
    pub kind: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Why it would not be taken; `None`: it would.
    pub error: Option<String>,
}

/// Asks about each object, one after the other.
pub async fn ask(api: &ApiServer, objects: &[Value]) -> Vec<DryRunAnswer> {
    let mut answers = Vec::new();
    for object in objects {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let error = api.dry_run_rbac(object).await.err().map(|error| chain(&error));
        answers.push(DryRunAnswer {
            kind: text(&object["kind"]).unwrap_or_default(),
            namespace: text(&object["metadata"]["namespace"]),
            name: text(&object["metadata"]["name"]).unwrap_or_default(),
            error,
        });
    }
    answers
}
