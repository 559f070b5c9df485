//! 401, 403, 404, 405.

use serde_json::{Value, json};

use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

pub(crate) fn forbidden(transcript: &mut Transcript<'_>) {
    for who in ["stranger", "nobody"] {
        for path in [
            format!("{RBAC}/clusterroles"),
            format!("{RBAC}/clusterroles?fieldSelector=metadata.name%3Dx"),
            format!("{RBAC}/clusterroles/x"),
            format!("{RBAC}/rolebindings"),
            format!("{}/rolebindings/x", rbac_in("default")),
            "/api/v1/namespaces/kube-system/configmaps/ack-cluster-profile".into(),
            "/api/v1/namespaces/kube-system".into(),
            "/apis/ramauthenticator.k8s.alibabacloud/v1alpha1/ramidentitymappings".into(),
            "/nowhere".into(),
        ] {
            transcript.get(who, &path);
        }
    }
    transcript.create("stranger", &format!("{RBAC}/clusterroles"), &json!({"metadata": {"name": "x"}}));
    transcript.patch("stranger", &format!("{RBAC}/clusterroles/x"), &json!([]));
    transcript.delete("stranger", &format!("{RBAC}/clusterroles/x"), &Value::Null);
    transcript.ask("stranger", "PUT", &format!("{RBAC}/clusterroles/x"), &json!({"metadata": {"name": "x"}}));
}

pub(crate) fn unauthorized(transcript: &mut Transcript<'_>) {
    let who = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let token = |token: &str| format!("Bearer {token}");
    transcript.ask_with("nobody", "POST", who, &[("Authorization", &token("no-such-token"))], &json!({}));
    transcript.ask_with("nobody", "POST", who, &[("Authorization", &token("robot-token"))], &json!({}));
    // A certificate is heard before a token.
    transcript.ask_with("stranger", "POST", who, &[("Authorization", &token("no-such-token"))], &json!({}));
    transcript.get("nobody", "/readyz");
}

pub(crate) fn not_there(transcript: &mut Transcript<'_>) {
    for path in [
        format!("{RBAC}/clusterroles/not-there"),
        format!("{}/rolebindings/not-there", rbac_in("default")),
        format!("{}/rolebindings", rbac_in("not-there")),
        format!("{RBAC}/no-such-resource"),
        "/apis/ramauthenticator.k8s.alibabacloud/v1alpha1/ramidentitymappings".into(),
        "/apis/ramauthenticator.k8s.alibabacloud".into(),
        "/nowhere".into(),
        "/api/v1/namespaces/default/pods".into(),
        "/api/v1/nodes".into(),
        "/apis/rbac.authorization.k8s.io".into(),
    ] {
        transcript.get("admin", &path);
    }
    for (method, path) in [
        ("PUT", format!("{RBAC}/clusterroles")),
        ("PATCH", format!("{RBAC}/clusterroles")),
        ("POST", format!("{RBAC}/clusterroles/x")),
        ("POST", format!("{RBAC}/rolebindings")),
        ("BREW", format!("{RBAC}/clusterroles")),
    ] {
        transcript.ask("admin", method, &path, &json!({}));
    }
    transcript.delete("admin", &format!("{RBAC}/clusterroles/not-there"), &Value::Null);
}
