//! Questions for one object or review whose answers are none: an error each, never an object in which nothing stands.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubectl_ackcred::internals::{
    ApiServer, Attributes, BindingKind, BindingRef, CallError, Change, Endpoint, Login, Role, UserInfo,
};

use super::server::{Server, json};
use super::{FORBIDDEN, NOT_FOUND};

/// Nothing here is meant to take long.
const GENEROUS: Duration = Duration::from_secs(30);

const NAMES: [&str; 12] = [
    "SelfSubjectReview",
    "SubjectAccessReview",
    "SelfSubjectAccessReview",
    "ack-cluster-profile",
    "alibabacloud-auth",
    "APIGroup",
    "Namespace",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "dry run",
];

/// Asks for one of them, and gives what was understood.
async fn ask(api: &ApiServer, name: &str) -> Result<String, CallError> {
    let binding =
        |kind, namespace: Option<&str>| BindingRef { kind, namespace: namespace.map(str::to_owned), name: "a".into() };
    let role = |kind: &str| Role { kind: kind.into(), name: "a".into() };
    let of_namespace = binding(BindingKind::RoleBinding, Some("n"));
    Ok(match name {
        "SelfSubjectReview" => format!("{:?}", api.self_subject_review().await?),
        "SubjectAccessReview" => {
            format!("{:?}", api.subject_access_review(&UserInfo::default(), &Attributes::default()).await?)
        }
        "SelfSubjectAccessReview" => format!("{:?}", api.self_subject_access_review(&Attributes::default()).await?),
        "ack-cluster-profile" => format!("{:?}", api.cluster_profile().await?),
        "alibabacloud-auth" => format!("{:?}", api.auth_config_map().await?),
        "APIGroup" => format!("{:?}", api.ram_authenticator_group().await?),
        "Namespace" => format!("{:?}", api.namespace("a").await?),
        "Role" => format!("{:?}", api.role(Some("n"), &role("Role")).await?),
        "ClusterRole" => format!("{:?}", api.role(Some("n"), &role("ClusterRole")).await?),
        "RoleBinding" => format!("{:?}", api.binding(&of_namespace).await?),
        "ClusterRoleBinding" => format!("{:?}", api.binding(&binding(BindingKind::ClusterRoleBinding, None)).await?),
        "dry run" => {
            format!("{:?}", api.dry_run(&of_namespace, &Change::Patch { operations: Vec::new() }).await?)
        }
        other => panic!("there is no {other}"),
    })
}

/// The proper answer with nothing in it.
fn proper(name: &str) -> String {
    let (api_version, kind) = match name {
        "SelfSubjectReview" => ("authentication.k8s.io/v1", name),
        "SubjectAccessReview" | "SelfSubjectAccessReview" => ("authorization.k8s.io/v1", name),
        "ack-cluster-profile" | "alibabacloud-auth" => ("v1", "ConfigMap"),
        "APIGroup" | "Namespace" => ("v1", name),
        "dry run" => ("rbac.authorization.k8s.io/v1", "RoleBinding"),
        _ => ("rbac.authorization.k8s.io/v1", name),
    };
    let metadata = match name {
        "ack-cluster-profile" | "alibabacloud-auth" => format!(r#"{{"name":"{name}","namespace":"kube-system"}}"#),
        "Role" | "RoleBinding" | "dry run" => r#"{"name":"a","namespace":"n"}"#.to_owned(),
        _ => r#"{"name":"a"}"#.to_owned(),
    };
    format!(
        r#"{{"kind":"{kind}","apiVersion":"{api_version}","metadata":{metadata},"data":{{}},"rules":[],
            "roleRef":{{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"}},
            "status":{{"allowed":false,"userInfo":{{"username":"u"}}}}}}"#
    )
}

/// A server that gives every question the answer that was set last.
struct Desk {
    api: ApiServer,
    answer: Arc<Mutex<Vec<u8>>>,
    _server: Server,
}

impl Desk {
    async fn open() -> Self {
        let answer = Arc::<Mutex<Vec<u8>>>::default();
        let given = Arc::clone(&answer);
        let server = Server::answering(move |_| given.lock().unwrap().clone()).await;
        let endpoint = Endpoint { server: server.url(), ..Endpoint::default() };
        let api = ApiServer::connect(&endpoint, &Login::default(), Some(GENEROUS)).unwrap();
        Self { api, answer, _server: server }
    }

    fn set(&self, answer: impl Into<Vec<u8>>) -> &ApiServer {
        *self.answer.lock().unwrap() = answer.into();
        &self.api
    }

    async fn answered(&self, name: &str, answer: impl Into<Vec<u8>>) -> Result<String, CallError> {
        ask(self.set(answer), name).await
    }
}

#[tokio::test]
async fn the_proper_answer_is_taken() {
    let desk = Desk::open().await;
    for name in NAMES {
        desk.answered(name, json(200, &proper(name))).await.unwrap();
        desk.answered(name, json(201, &proper(name))).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_another_object_or_none_is_an_error() {
    let desk = Desk::open().await;
    for name in NAMES {
        let proper = proper(name);
        let kind = proper.split('"').nth(3).unwrap();
        let bodies = [
            "{}".to_owned(),
            "[]".to_owned(),
            "null".to_owned(),
            String::new(),
            "\u{1}".to_owned(),
            NOT_FOUND.to_owned(),
            FORBIDDEN.to_owned(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}"#.to_owned(),
            r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"n"}}"#.to_owned(),
            proper.replacen(&format!("\"{kind}\""), &format!("\"{kind}List\""), 1),
            proper.replacen("/v1\"", "/v1beta1\"", 1).replacen("\"v1\"", "\"v2\"", 1),
            proper.replacen("\"kind\"", "\"sort\"", 1),
            proper[..proper.len() - 1].to_owned(),
            format!("[{proper}]"),
        ];
        for body in bodies {
            let answer = desk.answered(name, json(200, &body)).await;
            assert!(answer.is_err(), "{name} {body} {answer:?}");
        }
        for status in [203, 206] {
            let answer = desk.answered(name, json(status, &proper)).await;
            assert!(answer.is_err(), "{name} {status} {answer:?}");
        }
        let head = "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
        let undecodable =
            [head.as_bytes(), &proper.as_bytes()[..proper.len() - 1], b",\"data\":{\"\xff\":\"\"}}"].concat();
        assert!(desk.answered(name, undecodable).await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn an_object_of_another_name_is_an_error() {
    let desk = Desk::open().await;
    for name in NAMES.iter().filter(|name| !name.contains("Review") && **name != "APIGroup") {
        let proper = proper(name);
        for (own, other) in [("\"name\":\"a", "\"name\":\"b"), ("\"namespace\":\"", "\"namespace\":\"x")] {
            let another = proper.replacen(own, other, 1);
            if another != proper {
                let answer = desk.answered(name, json(200, &another)).await;
                assert!(answer.is_err(), "{name} {another} {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_review_without_a_verdict_is_an_error() {
    let desk = Desk::open().await;
    for name in ["SelfSubjectReview", "SubjectAccessReview", "SelfSubjectAccessReview"] {
        let proper = proper(name);
        let (before, _) = proper.split_once("\"status\"").unwrap();
        for status in
            ["null", "{}", "[]", "\"denied\"", r#"{"allowed":null}"#, r#"{"allowed":"false"}"#, r#"{"userInfo":{}}"#]
        {
            let body = format!("{before}\"status\":{status}}}");
            assert!(desk.answered(name, json(200, &body)).await.is_err(), "{body}");
        }
        let body = format!("{before}\"spec\":{{}}}}");
        assert!(desk.answered(name, json(200, &body)).await.is_err(), "{body}");
    }
}

/// A proxy in front of an API server has a 404 of its own.
#[tokio::test]
async fn only_the_api_servers_own_404_is_absence() {
    let desk = Desk::open().await;
    let plain = |status: u16, text: &str| {
        let length = text.len();
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{text}"
        )
        .into_bytes()
    };
    let absent = |name: &str| !name.contains("Access") && name != "dry run";
    for name in NAMES.into_iter().filter(|name| absent(name)) {
        for own in [json(404, NOT_FOUND).into(), plain(404, "404 page not found\n")] {
            let answer = desk.answered(name, own).await.unwrap();
            assert!(matches!(answer.as_str(), "None" | "false"), "{name} {answer}");
        }
        for foreign in [plain(404, ""), plain(404, "no such host"), json(404, "{}").into(), json(404, FORBIDDEN).into()]
        {
            let answer = desk.answered(name, foreign).await;
            assert!(answer.is_err(), "{name} {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_get_is_denied_by_the_api_server_alone() {
    let desk = Desk::open().await;
    let plain = |status: u16| {
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 6\r\n\r\ndenied"
        )
        .into_bytes()
    };
    let unauthorized = r#"{"kind":"Status","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
    for (answer, expected) in [
        (json(401, unauthorized).into(), Some(401)),
        (json(403, FORBIDDEN).into(), Some(403)),
        (plain(401), None),
        (plain(403), None),
        (json(401, FORBIDDEN).into(), None),
        (json(403, "{}").into(), None),
        (json(403, "").into(), None),
        (json(404, NOT_FOUND).into(), Some(404)),
        (json(206, "{").into(), Some(206)),
        (plain(200), Some(200)),
    ] {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let seen = desk.set(answer).status_of_get("/metrics").await;
        assert_eq!(seen.ok().map(|answer| answer.status), expected, "{text}");
    }
}

/// Only DELETE is answered by a Status where it went well.
#[tokio::test]
async fn a_change_is_done_only_where_the_answer_says_so() {
    let desk = Desk::open().await;
    let binding = BindingRef { kind: BindingKind::RoleBinding, namespace: Some("n".into()), name: "a".into() };
    let patch = Change::Patch { operations: Vec::new() };
    let delete = Change::Delete { uid: "u".into(), resource_version: "1".into() };
    let (success, own) = (r#"{"kind":"Status","apiVersion":"v1","status":"Success"}"#, proper("RoleBinding"));
    for (change, body, expected) in [
        (&patch, own.as_str(), Some(true)),
        (&patch, success, None),
        (&patch, "{}", None),
        (&delete, success, Some(false)),
        (&delete, own.as_str(), Some(true)),
        (&delete, FORBIDDEN, None),
        (&delete, r#"{"kind":"Status","status":"Failure"}"#, None),
        (&delete, "{}", None),
    ] {
        let after = desk.set(json(200, body)).change_binding(&binding, change, "id").await;
        assert_eq!(after.ok().map(|after| after.after.is_some()), expected, "{change:?} {body}");
    }
}
