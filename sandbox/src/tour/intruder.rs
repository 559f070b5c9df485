//! What happened before the tour begins: the file was found and used, and so was a token that has no end.

use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::account_token::StaticTokenOf;
use crate::client::Client;
use crate::clock;
use crate::story::{CLUSTER_ID, LEAVER, Story};

const NAMESPACE: &str = "shop";
const ACCOUNT: &str = "releaser";
const SECRET: &str = "releaser-token";
const RBAC: &str = "rbac.authorization.k8s.io";
const STEP: Duration = Duration::from_millis(20);
/// What the ServiceAccount may look at in the story's cluster.
pub(super) const CONFIG: &str = "/api/v1/namespaces/billing/configmaps";

/// Who found the leaver's file.
pub(super) struct Intruder {
    token: String,
}

impl Intruder {
    /// Lets the leaver read Secrets, one of which holds a static token, and has the file's finder use both.
    ///
    /// # Errors
    /// If an object is not taken, or a request ends in a way that the story doesn't know.
    pub(super) fn at_work(story: &Story) -> anyhow::Result<Self> {
        let token =
            StaticTokenOf { namespace: NAMESPACE, secret: SECRET, account: ACCOUNT, uid: "releaser-1" }.signed()?;
        let subject = json!({"kind": "User", "apiGroup": RBAC, "name": story.leaver_name});
        let rule = json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]});
        let annotations = json!({"kubernetes.io/service-account.name": ACCOUNT});
        for object in [
            json!({
                "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": NAMESPACE},
            }),
            json!({
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
                "metadata": {"name": SECRET, "namespace": NAMESPACE, "annotations": annotations},
                "data": {"token": STANDARD.encode(&token)},
            }),
            json!({
                "apiVersion": format!("{RBAC}/v1"), "kind": "Role",
                "metadata": {"name": "secret-reader", "namespace": NAMESPACE}, "rules": [rule],
            }),
            json!({
                "apiVersion": format!("{RBAC}/v1"), "kind": "RoleBinding",
                "metadata": {"name": format!("{}-secrets", LEAVER.name), "namespace": NAMESPACE}, "subjects": [subject],
                "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "secret-reader"},
            }),
        ] {
            story.server.put(object, "kubectl")?;
        }
        let intruder = Self { token };
        let by_file = Client::new(&story.server, Some(&story.leaver))?;
        let of_file = |path: &str| -> anyhow::Result<u16> { Ok(by_file.send("GET", path, &[], "")?.code) };
        for (code, expected) in [
            (of_file("/api/v1/namespaces/shop/secrets")?, 200),
            (of_file("/api/v1/nodes")?, 403),
            (intruder.try_token(story)?, 200),
        ] {
            anyhow::ensure!(code == expected, "the intruder got {code}, not {expected}");
        }
        let last = clock::now();
        // ACK reads the audit log, too.
        story.cloud.edit(|state| {
            if let Some(cluster) = state.cluster_mut(CLUSTER_ID) {
                *cluster = cluster.clone().active(LEAVER.uid, last, "audit-3");
            }
        });
        // Whatever comes now is later in the log, which shows seconds.
        while clock::now().as_second() <= last.as_second() {
            thread::sleep(STEP);
        }
        Ok(intruder)
    }

    /// The code that the token gets where its ServiceAccount may look.
    pub(super) fn try_token(&self, story: &Story) -> anyhow::Result<u16> {
        let bearer = format!("Bearer {}", self.token);
        let client = Client::new(&story.server, None)?;
        Ok(client.send("GET", CONFIG, &[("Authorization", &bearer)], "")?.code)
    }
}
