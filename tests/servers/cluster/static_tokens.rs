//! Static tokens by their rows alone, whichever server answers.

use ackcred_sandbox::cluster::Cluster;
use kubectl_ackcred::internals::{LastUse, StaticTokenKind};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::cluster::calls::connect;
use crate::cluster::transcript::Transcript;

const TODAY: &str = "2026-11-29T12:00:00Z";

pub(super) fn reading(cluster: &dyn Cluster) {
    let mut setting = Transcript::new(cluster);
    let today = setting.client("admin").send("GET", "/version", &[], "").unwrap().headers["date"].clone();
    let today = jiff::fmt::rfc2822::parse(today.to_str().unwrap()).unwrap().date().to_string();
    let mut token = |namespace: &str, name: &str, labels: &serde_json::Value| {
        let body = json!({
            "metadata": {"name": name, "labels": labels, "annotations": {"kubernetes.io/service-account.name": "robot"}},
            "type": "kubernetes.io/service-account-token", "stringData": {"a": "1", "b": "2"},
        });
        setting.prepare("POST", &format!("/api/v1/namespaces/{namespace}/secrets"), &body, 201);
    };
    token("default", "ended", &json!({"kubernetes.io/legacy-token-invalid-since": "2026-01-01"}));
    token("default", "new", &json!({}));
    token("default", "recent", &json!({"kubernetes.io/legacy-token-last-used": today}));
    token("kube-public", "older", &json!({"kubernetes.io/legacy-token-last-used": "2020-01-01"}));
    let bootstrap = json!({
        "metadata": {"name": "bootstrap-token-abcdef"}, "type": "bootstrap.kubernetes.io/token", "stringData": {"token-id": "abcdef"},
    });
    setting.prepare("POST", "/api/v1/namespaces/kube-system/secrets", &bootstrap, 201);
    let other = json!({"metadata": {"name": "other"}, "stringData": {"a": "1"}});
    setting.prepare("POST", "/api/v1/namespaces/default/secrets", &other, 201);

    let runtime = Runtime::new().unwrap();
    let _guard = runtime.enter();
    let admin = connect(cluster, Some(&cluster.administrator().unwrap()));
    let found = runtime.block_on(admin.static_tokens(TODAY.parse().unwrap()));
    assert!(found.unread.is_empty(), "{:?}", found.unread);
    let seen: Vec<_> = found
        .tokens
        .iter()
        .map(|token| (token.kind, &*token.namespace, &*token.name, token.keys, token.last_use, token.is_ended))
        .collect();
    let account = StaticTokenKind::ServiceAccount;
    assert_eq!(
        seen,
        [
            (account, "default", "ended", 2, LastUse::NoneRecorded, true),
            (account, "default", "new", 2, LastUse::NoneRecorded, false),
            (account, "default", "recent", 2, LastUse::Recent, false),
            (account, "kube-public", "older", 2, LastUse::Older, false),
            (StaticTokenKind::Bootstrap, "kube-system", "bootstrap-token-abcdef", 1, LastUse::Unread, false),
        ]
    );
    assert!(found.tokens.iter().all(|token| token.created.is_some()));
    let nobody = runtime.block_on(connect(cluster, None).static_tokens(TODAY.parse().unwrap()));
    assert_eq!((nobody.tokens, nobody.unread.len()), (Vec::new(), 1), "what can't be read is none of nothing");
}
