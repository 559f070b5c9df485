//! API servers that misbehave: each gives a clear, typed error in time and in bounded memory, never a part as the whole.

mod objects;
pub(crate) mod server;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubectl_ackcred::internals::{
    ApiServer, BindingScope, CallError, Endpoint, Failure, Grants, Inventory, Limits, ListError, Login, Secret,
    TlsFailure,
};
use server::{Server, Tls, binding, gzip, json, list, page, role_bindings as role_bindings_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// What an answer may take that does come, on a machine that has other work.
const TIMEOUT: Duration = Duration::from_secs(30);
/// What an answer may take that never comes.
const SHORT_TIMEOUT: Duration = Duration::from_millis(600);
/// Far more than any timeout here: a call that is not given up by then never is.
const EVER: Duration = Duration::from_secs(120);

fn connect(server: &Server) -> ApiServer {
    connect_for(server, TIMEOUT)
}

fn connect_for(server: &Server, timeout: Duration) -> ApiServer {
    let endpoint = Endpoint { server: server.url(), ..Endpoint::default() };
    ApiServer::connect(&endpoint, &Login::default(), Some(timeout)).unwrap()
}

async fn role_bindings(api: &ApiServer) -> Result<Inventory, CallError> {
    tokio::time::timeout(EVER, api.bindings(&BindingScope::AllNamespaces)).await.expect("the call is not given up")
}

async fn failure(server: &Server) -> Failure {
    failure_within(server, TIMEOUT).await
}

async fn failure_within(server: &Server, timeout: Duration) -> Failure {
    let error = role_bindings(&connect_for(server, timeout)).await.unwrap_err();
    assert!(error.to_string().starts_with(&server.url()), "{error}");
    assert!(error.to_string().contains("list rolebindings"), "{error}");
    error.failure
}

fn names(inventory: &Inventory) -> Vec<&str> {
    inventory.bindings().iter().map(|binding| binding.name()).collect()
}

#[tokio::test]
async fn one_that_never_answers_is_given_up_in_time() {
    let server = Server::start(|_, stream| async move {
        let _open = stream;
        std::future::pending().await
    })
    .await;
    assert!(matches!(failure_within(&server, SHORT_TIMEOUT).await, Failure::Timeout(SHORT_TIMEOUT)));
}

#[tokio::test]
async fn one_that_drips_is_given_up_in_time() {
    let server = Server::start(|_, mut stream| async move {
        stream.write_all(json(200, "").replace("Content-Length: 0", "Content-Length: 1000").as_bytes()).await?;
        loop {
            stream.write_all(b" ").await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert!(matches!(failure_within(&server, SHORT_TIMEOUT).await, Failure::Timeout(SHORT_TIMEOUT)));
}

#[tokio::test]
async fn one_that_drips_its_refusal_is_still_a_refusal_in_time() {
    let server = Server::start(|_, mut stream| async move {
        stream.write_all(json(403, "").replace("Content-Length: 0", "Content-Length: 1000").as_bytes()).await?;
        std::future::pending().await
    })
    .await;
    let error = role_bindings(&connect_for(&server, SHORT_TIMEOUT)).await.unwrap_err();
    assert!(error.is_forbidden(), "{error:?}");
}

#[tokio::test]
async fn one_that_closes_in_mid_body_gives_no_part_of_the_list() {
    let whole = list(&["a", "b", "c"]);
    for framing in ["length", "chunked"] {
        let part = whole[..whole.len() - 10].to_owned();
        let server = Server::start(move |_, mut stream| {
            let part = part.clone();
            async move {
                let answer = match framing {
                    "length" => json(200, &part).replace(
                        &format!("Content-Length: {}", part.len()),
                        &format!("Content-Length: {}", part.len() + 10),
                    ),
                    _ => format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{part}\r\n",
                        part.len()
                    ),
                };
                stream.write_all(answer.as_bytes()).await
            }
        })
        .await;
        let failure = failure(&server).await;
        assert!(matches!(failure, Failure::Closed), "{framing}: {failure:?}");
    }
}

#[tokio::test]
async fn one_that_ends_its_body_early_gives_no_part_of_the_list() {
    let whole = list(&["a", "b"]);
    let server = Server::answering(move |_| json(200, &whole[..whole.len() - 3]).into()).await;
    assert!(matches!(failure(&server).await, Failure::List(ListError::Truncated)));
}

#[tokio::test]
async fn one_that_closes_without_a_word_is_reported() {
    let server = Server::start(|_, _| async { Ok(()) }).await;
    assert!(matches!(failure(&server).await, Failure::Closed));
}

#[tokio::test]
async fn one_that_is_not_there_is_reported() {
    let server = Server::start(|_, _| async { Ok(()) }).await;
    let url = server.stop().await;
    let endpoint = Endpoint { server: url, ..Endpoint::default() };
    let api = ApiServer::connect(&endpoint, &Login::default(), Some(TIMEOUT)).unwrap();
    assert!(matches!(role_bindings(&api).await.unwrap_err().failure, Failure::ConnectionRefused));
}

#[tokio::test]
async fn a_host_name_that_means_nothing_is_reported() {
    let endpoint = Endpoint { server: "https://no-such-host.invalid".into(), ..Endpoint::default() };
    let api = ApiServer::connect(&endpoint, &Login::default(), Some(TIMEOUT)).unwrap();
    let error = api.bindings(&BindingScope::Cluster).await.unwrap_err();
    assert!(matches!(error.failure, Failure::UnknownHost), "{error:?}");
}

#[tokio::test]
async fn html_is_not_an_api_server() {
    for status in [200, 403, 502] {
        let server = Server::answering(move |_| {
            format!("HTTP/1.1 {status} X\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 6\r\n\r\n<html>")
                .into()
        })
        .await;
        let failure = failure(&server).await;
        let message =
            format!("the answer is not from a Kubernetes API server: text/html instead of JSON (HTTP {status})");
        assert_eq!(failure.to_string(), message);
        assert!(matches!(failure, Failure::NotKubernetes { .. }));
    }
}

#[tokio::test]
async fn other_json_is_not_a_list() {
    for body in [r#"{"error":"login required"}"#, "[]", r#"{"kind":"Status","status":"Success"}"#] {
        let server = Server::answering(move |_| json(200, body).into()).await;
        assert!(matches!(failure(&server).await, Failure::List(ListError::Syntax(..))), "{body}");
    }
    for (kind, version) in
        [("PodList", "v1"), ("RoleBindingList", "v1"), ("RoleBinding", RBAC_V1), ("", ""), ("List", RBAC_V1)]
    {
        let body =
            format!(r#"{{"kind":"{kind}","apiVersion":"{version}","metadata":{{"resourceVersion":"7"}},"items":[]}}"#);
        let server = Server::answering(move |_| json(200, &body).into()).await;
        assert!(matches!(failure(&server).await, Failure::WrongKind { .. }), "{kind} {version}");
    }
}

const RBAC_V1: &str = "rbac.authorization.k8s.io/v1";

/// What is left of a list whose other parts were lost on the way is not an empty list.
#[tokio::test]
async fn a_list_that_lacks_something_is_not_an_empty_list() {
    let refusal = async |metadata: &str, items: &str| {
        let body = role_bindings_with(metadata, items);
        let server = Server::answering(move |_| json(200, &body).into()).await;
        failure(&server).await.to_string()
    };
    for (metadata, items, expected) in [
        (r#"{"resourceVersion":"7"}"#, "null", "the answer is not a Kubernetes list: its `items` is not an array"),
        (r#"{"resourceVersion":"7"}"#, "{}", "the answer is not a Kubernetes list: its `items` is not an array"),
        (r#"{"resourceVersion":"7"}"#, "[null]", "item 0 of the list can't be read"),
        (r#"{"resourceVersion":"7"}"#, "[[]]", "item 0 of the list can't be read"),
        ("{}", "[]", "the list has no resourceVersion"),
        ("null", "[]", "the list has no resourceVersion"),
        (r#"{"resourceVersion":""}"#, "[]", "the list has no resourceVersion"),
        (r#"{"resourceVersion":7}"#, "[]", "the answer is not a Kubernetes list: invalid `metadata`"),
        (
            r#"{"resourceVersion":"7","remainingItemCount":3}"#,
            "[]",
            "the list leaves out items (3) and has no token to go on with",
        ),
        (
            r#"{"resourceVersion":"7","continue":"","remainingItemCount":3}"#,
            "[]",
            "the list leaves out items (3) and has no token to go on with",
        ),
        (
            r#"{"resourceVersion":"7","remainingItemCount":"3"}"#,
            "[]",
            "the answer is not a Kubernetes list: invalid `metadata`",
        ),
        (r#"{"resourceVersion":"7","continue":true}"#, "[]", "the answer is not a Kubernetes list: invalid `metadata`"),
    ] {
        let message = refusal(metadata, items).await;
        assert!(message.starts_with(expected), "{metadata} {items}: {message}");
    }
    for item in [
        r#"{"metadata":{"name":"a"},"roleRef":{"kind":"Role","name":"r"}}"#,
        r#"{"metadata":{"name":"a","namespace":7},"roleRef":{"kind":"Role","name":"r"}}"#,
        r#"{"metadata":{"name":"a","namespace":"n"},"roleRef":{"kind":"Role","name":"r"},"subjects":{}}"#,
        r#"{"metadata":{"name":"a","namespace":"n"},"roleRef":{"kind":"Role","name":"r"},"subjects":["User/27-1"]}"#,
        r#"{"metadata":{"name":"a","namespace":"n"},"roleRef":{"kind":"Role","name":"r"},"subjects":[null]}"#,
        r#"{"metadata":{"name":"a","namespace":"n"},"roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"User"}]}"#,
        r#"{"metadata":{"name":"a","namespace":"n"},"roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"User","name":27}]}"#,
        r#"{"metadata":{"name":"a","namespace":"n"},"roleRef":null,"subjects":[]}"#,
        r#"{"metadata":null,"roleRef":{"kind":"Role","name":"r"}}"#,
    ] {
        let message = refusal(r#"{"resourceVersion":"7"}"#, &format!("[{item}]")).await;
        assert_eq!(message, "item 0 of the list can't be read", "{item}");
    }
}

/// A field of a protobuf message: a text, bytes or another message.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
}

/// The same in protobuf, which has no field for what is empty.
#[tokio::test]
async fn a_list_in_protobuf_that_lacks_something_is_not_an_empty_list() {
    let kind =
        |version: &str, kind: &str| field(1, &[field(1, version.as_bytes()), field(2, kind.as_bytes())].concat());
    let own = || kind(RBAC_V1, "RoleBindingList");
    let list = |head: Vec<u8>, metadata: &[u8], items: &[u8]| {
        let raw = [field(1, metadata), items.to_vec()].concat();
        [b"k8s\0", head.as_slice(), &field(2, &raw)].concat()
    };
    let read = async |body: Vec<u8>| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.kubernetes.protobuf\r\nConnection: close\r\n";
        let answer = [format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat();
        let server = Server::answering(move |_| answer.clone()).await;
        role_bindings(&connect(&server)).await
    };
    let version = field(2, b"7");
    let empty = read(list(own(), &version, &[])).await.unwrap();
    assert_eq!(names(&empty), Vec::<&str>::new());

    let remaining = [version.clone(), vec![0x20, 3]].concat();
    let status = [field(1, &[]), field(2, b"Failure"), field(3, b"no")].concat();
    for (body, expected) in [
        (list(own(), &[], &[]), "the list has no resourceVersion"),
        ([b"k8s\0", own().as_slice(), &field(2, &[])].concat(), "the list has no resourceVersion"),
        ([b"k8s\0", own().as_slice()].concat(), "the answer ends in the middle of the list"),
        (list(own(), &remaining, &[]), "the list leaves out items (3) and has no token to go on with"),
        (list(own(), &field(4, b"3"), &[]), "the answer is not a Kubernetes list"),
        (list(own(), &version, &field(2, &[])), "item 0 of the list can't be read"),
        (list(own(), &version, &[0x10, 1]), "item 0 of the list can't be read"),
        (list(own(), &version, &field(1, &version)), "the answer is not a Kubernetes list"),
        (list(kind(RBAC_V1, ""), &version, &[]), "the answer is a `rbac.authorization.k8s.io/v1` instead of"),
        (list(kind("v1", "PodList"), &version, &[]), "the answer is a `v1 PodList` instead of"),
        (list(Vec::new(), &version, &[]), "the answer is a `` instead of"),
        ([b"k8s\0", kind("v1", "Status").as_slice(), &field(2, &status)].concat(), "item 0 of the list can't be read"),
    ] {
        let message = read(body.clone()).await.unwrap_err().failure.to_string();
        assert!(message.starts_with(expected), "{expected:?}: {message}");
    }
}

/// Both are filled by the API server itself before it serves them.
#[tokio::test]
async fn lists_that_lack_the_api_servers_own_objects_are_errors() {
    let server = Server::answering(|head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let kind = match path.rsplit('/').next().unwrap_or_default() {
            "clusterrolebindings" => "ClusterRoleBindingList",
            "clusterroles" => "ClusterRoleList",
            "roles" => "RoleList",
            other => panic!("asked for {other}"),
        };
        json(
            200,
            &format!(r#"{{"kind":"{kind}","apiVersion":"{RBAC_V1}","metadata":{{"resourceVersion":"7"}},"items":[]}}"#),
        )
        .into()
    })
    .await;
    let api = connect(&server);
    let bindings = api.bindings(&BindingScope::Cluster).await.unwrap_err();
    assert!(matches!(bindings.failure, Failure::WithoutTheServersOwn { what: "ClusterRoleBindings" }), "{bindings:?}");
    let roles = api.roles().await.unwrap_err();
    assert!(matches!(roles.failure, Failure::WithoutTheServersOwn { what: "ClusterRoles" }), "{roles:?}");
}

#[tokio::test]
async fn an_item_that_is_no_binding_is_an_error() {
    let server = Server::answering(|_| json(200, &role_bindings_with("{}", "[{}]")).into()).await;
    assert!(matches!(failure(&server).await, Failure::List(ListError::Item { index: 0, .. })));
}

#[tokio::test]
async fn refusals_carry_the_servers_words() {
    let status =
        r#"{"kind":"Status","status":"Failure","message":"rolebindings is forbidden","reason":"Forbidden","code":403}"#;
    let server = Server::answering(move |_| json(403, status).into()).await;
    let error = role_bindings(&connect(&server)).await.unwrap_err();
    assert!(error.is_forbidden());
    assert_eq!(error.failure.to_string(), "rolebindings is forbidden (Forbidden, HTTP 403)");

    let server = Server::answering(|_| {
        "HTTP/1.1 400 X\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nbad\nthing".to_owned().into()
    })
    .await;
    assert_eq!(failure(&server).await.to_string(), "bad (HTTP 400)");
}

#[tokio::test]
async fn an_endless_refusal_is_cut_short() {
    let server = Server::start(|_, mut stream| async move {
        stream.write_all(b"HTTP/1.1 500 X\r\nContent-Type: application/json\r\n\r\n").await?;
        loop {
            stream.write_all(&[b' '; 4096]).await?;
        }
    })
    .await;
    let error = role_bindings(&connect(&server)).await.unwrap_err();
    assert_eq!(error.status(), Some(500));
}

#[tokio::test]
async fn endless_garbage_ends_with_an_error_long_before_memory_does() {
    for (start, repeated) in [("", " "), ("{\"items\":[{\"a\":\"", "a"), ("{\"a", "a"), ("{\"a\":[", "[")] {
        let server = endless(start, repeated).await;
        let api = connect(&server).with_limits(Limits { item: 1 << 20, list: 8 << 20, ..Limits::default() });
        let failure = role_bindings(&api).await.unwrap_err().failure;
        let ended = matches!(failure, Failure::List(ListError::ItemTooLarge { .. }) | Failure::TooLarge { .. });
        assert!(ended, "{start:?}: {failure:?}");
    }
}

#[tokio::test]
async fn endless_valid_items_end_with_an_error() {
    let server = endless(&format!("{{\"items\":[{}", binding("a")), &format!(",{}", binding("b"))).await;
    let api = connect(&server).with_limits(Limits { list: 1 << 20, ..Limits::default() });
    let failure = role_bindings(&api).await.unwrap_err().failure;
    assert!(matches!(failure, Failure::TooLarge { limit: 0x10_0000 }), "{failure:?}");

    let unlimited = connect_for(&server, SHORT_TIMEOUT).with_limits(Limits { list: u64::MAX, ..Limits::default() });
    let failure = role_bindings(&unlimited).await.unwrap_err().failure;
    assert!(matches!(failure, Failure::Timeout(SHORT_TIMEOUT)), "{failure:?}");
}

#[tokio::test]
async fn items_of_little_text_take_memory_all_the_same() {
    for (count, fits) in [(1_000, true), (2_100, false)] {
        let items = vec![binding("a"); count].join(",");
        assert!(items.len() < 1 << 19, "{}", items.len());
        let body = role_bindings_with(r#"{"resourceVersion":"7"}"#, &format!("[{items}]"));
        let server = Server::answering(move |_| json(200, &body).into()).await;
        let api = connect(&server).with_limits(Limits { list: 1 << 20, ..Limits::default() });
        match role_bindings(&api).await {
            Ok(inventory) => assert!(fits && inventory.bindings().len() == count),
            Err(error) => assert!(!fits && matches!(error.failure, Failure::TooLarge { .. }), "{error:?}"),
        }
    }
}

/// The pages of a table have one bound together.
#[tokio::test]
async fn pages_of_a_table_without_end_end_with_an_error() {
    let rows = vec![r#"{"cells":["shop"]}"#; 100].join(",");
    let page = format!(
        r#"{{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{{"resourceVersion":"7","continue":"more"}},
            "columnDefinitions":[{{"name":"Name"}}],"rows":[{rows}]}}"#
    );
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = asked.clone();
    let server = Server::answering(move |_| {
        seen.fetch_add(1, Ordering::SeqCst);
        json(200, &page).into()
    })
    .await;
    let api = connect(&server).with_limits(Limits { list: 1 << 18, ..Limits::default() });
    let failure = api.namespace_names().await.unwrap_err().failure;
    assert!(matches!(failure, Failure::TooLarge { limit: 0x4_0000 }), "{failure:?}");
    // Each takes about 28 KiB.
    assert_eq!(asked.load(Ordering::SeqCst), 10);
}

async fn endless(start: &str, repeated: &str) -> Server {
    let start = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{start}");
    let repeated = repeated.repeat(4096 / repeated.len() + 1);
    Server::start(move |_, mut stream| {
        let (start, repeated) = (start.clone(), repeated.clone());
        async move {
            stream.write_all(start.as_bytes()).await?;
            loop {
                stream.write_all(repeated.as_bytes()).await?;
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_small_document_stays_small() {
    let server = endless("{\"a\":\"", "a").await;
    let api = connect(&server).with_limits(Limits { document: 1 << 16, ..Limits::default() });
    let failure = api.cluster_profile().await.unwrap_err().failure;
    assert!(matches!(failure, Failure::TooLarge { limit: 0x1_0000 }), "{failure:?}");
}

#[tokio::test]
async fn a_compressed_bomb_ends_with_an_error() {
    let body = gzip(format!("{{\"items\":[{{\"a\":\"{}", "a".repeat(64 << 20)).as_bytes());
    assert!(body.len() < 100_000);
    let server = Server::answering(move |_| compressed(&body)).await;
    let failure = failure(&server).await;
    assert!(matches!(failure, Failure::List(ListError::ItemTooLarge { .. })), "{failure:?}");
}

#[tokio::test]
async fn lists_are_asked_for_and_read_compressed() {
    let body = gzip(list(&["a", "b"]).as_bytes());
    let asked = Arc::new(Mutex::new(String::new()));
    let seen = asked.clone();
    let server = Server::answering(move |head| {
        *seen.lock().unwrap() = head.to_owned();
        compressed(&body)
    })
    .await;
    assert_eq!(names(&role_bindings(&connect(&server)).await.unwrap()), ["a", "b"]);
    let asked = asked.lock().unwrap().to_lowercase();
    assert!(asked.starts_with("get /apis/rbac.authorization.k8s.io/v1/rolebindings http/1.1"), "{asked}");
    assert!(asked.contains("accept-encoding: gzip"), "{asked}");
    assert!(asked.contains("user-agent: kubectl-ackcred/"), "{asked}");
}

#[tokio::test]
async fn damaged_compression_is_an_error() {
    let body = gzip(list(&["a"]).as_bytes());
    let (magic, block, checksum) = (0, 10, body.len() - 8);
    for place in [magic, block, checksum] {
        let mut damaged = body.clone();
        // At the block's start: a reserved kind of block.
        assert_ne!(std::mem::replace(&mut damaged[place], 0xff), 0xff);
        let server = Server::answering(move |_| compressed(&damaged)).await;
        let failure = failure(&server).await;
        assert!(matches!(failure, Failure::Compression(_)), "at {place}: {failure:?}");
    }
    let cut = body[..body.len() - 12].to_vec();
    let server = Server::answering(move |_| compressed(&cut)).await;
    let failure = failure(&server).await;
    assert!(matches!(failure, Failure::Closed), "{failure:?}");
}

fn compressed(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let visits = Arc::new(AtomicUsize::new(0));
    let counter = visits.clone();
    let elsewhere = Server::answering(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        json(200, &list(&[])).into()
    })
    .await;
    let location = elsewhere.url();
    let server = Server::answering(move |_| {
        format!("HTTP/1.1 307 X\r\nLocation: {location}/\r\nContent-Length: 0\r\n\r\n").into()
    })
    .await;
    let endpoint = Endpoint { server: server.url(), ..Endpoint::default() };
    let login = Login { bearer: Some(Secret::new("t".into())), ..Login::default() };
    let api = ApiServer::connect(&endpoint, &login, Some(TIMEOUT)).unwrap();
    let failure = role_bindings(&api).await.unwrap_err().failure;
    assert!(matches!(failure, Failure::Redirected { status: 307 }), "{failure:?}");
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_busy_server_is_asked_again_only_when_it_says_when() {
    for (header, expected) in [("Retry-After: 0\r\n", 2), ("", 1), ("Retry-After: 3600\r\n", 1)] {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        let server = Server::answering(move |_| match counter.fetch_add(1, Ordering::SeqCst) {
            0 => format!("HTTP/1.1 429 X\r\n{header}Content-Length: 0\r\n\r\n").into(),
            _ => json(200, &list(&["a"])).into(),
        })
        .await;
        let answer = role_bindings(&connect(&server)).await;
        assert_eq!(asked.load(Ordering::SeqCst), expected, "{header}");
        match expected {
            2 => assert_eq!(names(&answer.unwrap()), ["a"]),
            _ => assert_eq!(answer.unwrap_err().status(), Some(429)),
        }
    }
}

#[tokio::test]
async fn a_server_that_stays_busy_is_given_up() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let server = Server::answering(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        "HTTP/1.1 503 X\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n".to_owned().into()
    })
    .await;
    assert_eq!(role_bindings(&connect(&server)).await.unwrap_err().status(), Some(503));
    assert!((2..=5).contains(&asked.load(Ordering::SeqCst)));
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let server = Server::answering(|head| {
        let body = match head.split_once("continue=").and_then(|(_, rest)| rest.split([' ', '&']).next()) {
            None => page(&["a"], "x/1=="),
            Some("x%2F1%3D%3D") => page(&["b"], "y"),
            Some("y") => page(&["c"], ""),
            Some(other) => panic!("asked for {other}"),
        };
        json(200, &body).into()
    })
    .await;
    assert_eq!(names(&role_bindings(&connect(&server)).await.unwrap()), ["a", "b", "c"]);
}

const GONE: &str = r#"{"kind":"Status","message":"too old","reason":"Expired","code":410}"#;

#[tokio::test]
async fn a_list_that_expires_in_the_middle_is_read_anew_and_never_mixed() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let server = Server::answering(move |head| {
        let answer = match (counter.fetch_add(1, Ordering::SeqCst), head.contains("continue=")) {
            (0, false) => json(200, &page(&["old"], "x")),
            (1, true) => json(410, GONE),
            (2, false) => json(200, &page(&["new-1"], "y")),
            (3, true) => json(200, &page(&["new-2"], "")),
            other => panic!("{other:?}"),
        };
        answer.into()
    })
    .await;
    assert_eq!(names(&role_bindings(&connect(&server)).await.unwrap()), ["new-1", "new-2"]);
}

#[tokio::test]
async fn a_list_that_expires_again_and_again_is_an_error() {
    let server = Server::answering(|head| match head.contains("continue=") {
        true => json(410, GONE).into(),
        false => json(200, &page(&["a"], "x")).into(),
    })
    .await;
    assert_eq!(role_bindings(&connect(&server)).await.unwrap_err().status(), Some(410));
}

async fn tls_failure(tls: &Tls, endpoint: impl FnOnce(Endpoint) -> Endpoint) -> Failure {
    let server = Server::with_tls(tls, |_| json(200, &list(&["a"])).into()).await;
    let plain = Endpoint {
        server: server.url(),
        certificate_authority: Some(tls.authority.clone().into_bytes()),
        ..Endpoint::default()
    };
    let api = ApiServer::connect(&endpoint(plain), &Login::default(), Some(TIMEOUT)).unwrap();
    role_bindings(&api).await.unwrap_err().failure
}

#[tokio::test]
async fn the_right_certificate_is_accepted() {
    let tls = Tls::valid_for("127.0.0.1");
    let server = Server::with_tls(&tls, |_| json(200, &list(&["a"])).into()).await;
    let endpoint = Endpoint {
        server: server.url(),
        certificate_authority: Some(format!("{}not a certificate\n", tls.authority).into_bytes()),
        ..Endpoint::default()
    };
    let api = ApiServer::connect(&endpoint, &Login::default(), Some(TIMEOUT)).unwrap();
    assert_eq!(names(&role_bindings(&api).await.unwrap()), ["a"]);
}

#[tokio::test]
async fn a_foreign_authority_is_reported_even_if_it_has_the_same_name() {
    for name in ["kubernetes", "another"] {
        let foreign = Tls::signed_by(name, "127.0.0.1", 2001, 4001).authority.into_bytes();
        let failure = tls_failure(&Tls::valid_for("127.0.0.1"), |endpoint| Endpoint {
            certificate_authority: Some(foreign),
            ..endpoint
        })
        .await;
        assert!(matches!(failure, Failure::Tls(TlsFailure::UnknownAuthority)), "{name}: {failure:?}");
    }
}

#[tokio::test]
async fn another_servers_certificate_is_reported() {
    let failure = tls_failure(&Tls::valid_for("10.9.9.9"), |endpoint| endpoint).await;
    assert!(matches!(failure, Failure::Tls(TlsFailure::WrongName(_))), "{failure:?}");
    let failure = tls_failure(&Tls::valid_for("127.0.0.1"), |endpoint| Endpoint {
        tls_server_name: Some("kubernetes".into()),
        ..endpoint
    })
    .await;
    assert!(matches!(failure, Failure::Tls(TlsFailure::WrongName(_))), "{failure:?}");
}

#[tokio::test]
async fn the_tls_server_name_replaces_the_hosts() {
    let tls = Tls::valid_for("kubernetes");
    let server = Server::with_tls(&tls, |_| json(200, &list(&["a"])).into()).await;
    let endpoint = Endpoint {
        server: server.url(),
        certificate_authority: Some(tls.authority.into_bytes()),
        tls_server_name: Some("kubernetes".into()),
        ..Endpoint::default()
    };
    let api = ApiServer::connect(&endpoint, &Login::default(), Some(TIMEOUT)).unwrap();
    assert_eq!(names(&role_bindings(&api).await.unwrap()), ["a"]);
}

#[tokio::test]
async fn an_expired_certificate_and_one_from_the_future_are_reported_with_their_time() {
    let failure = tls_failure(&Tls::valid_between("127.0.0.1", 2001, 2002), |endpoint| endpoint).await;
    assert_eq!(failure.to_string(), "the server's certificate has expired: 2002-01-01T00:00:00Z");
    let failure = tls_failure(&Tls::valid_between("127.0.0.1", 4001, 4002), |endpoint| endpoint).await;
    assert_eq!(failure.to_string(), "the server's certificate is not valid yet: 4001-01-01T00:00:00Z");
}

#[tokio::test]
async fn a_server_without_tls_is_reported() {
    let server = Server::answering(|_| json(200, &list(&[])).into()).await;
    let endpoint = Endpoint {
        server: server.url().replace("http://", "https://"),
        insecure_skip_tls_verify: true,
        ..Endpoint::default()
    };
    let api = ApiServer::connect(&endpoint, &Login::default(), Some(TIMEOUT)).unwrap();
    let failure = role_bindings(&api).await.unwrap_err().failure;
    assert!(matches!(failure, Failure::Tls(TlsFailure::NotTls)), "{failure:?}");
}

#[tokio::test]
async fn no_error_shows_a_credential() {
    let endpoint = Endpoint { server: "http://me:hunter2@127.0.0.1:1".into(), ..Endpoint::default() };
    let login = Login { bearer: Some(Secret::new("hunter2".into())), ..Login::default() };
    let api = ApiServer::connect(&endpoint, &login, Some(TIMEOUT)).unwrap();
    let error = role_bindings(&api).await.unwrap_err();
    let message = format!("{api:?} {error} {error:?} {}", error.failure);
    assert!(!message.contains("hunter2"), "{message}");
}

#[tokio::test]
async fn identity_and_impersonation_are_sent_as_kubectl_sends_them() {
    let seen = Arc::new(Mutex::new(String::new()));
    let head_of = seen.clone();
    let server = Server::answering(move |head| {
        *head_of.lock().unwrap() = head.to_owned();
        json(
            201,
            r#"{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","status":{"userInfo":{"username":"12345-1","groups":["a"],
            "extra":{"authentication.kubernetes.io/credential-id":["X509SHA256=ab"]}}}}"#,
        )
        .into()
    })
    .await;
    let mut login = Login { basic: Some(("me".into(), Secret::new("pw".into()))), ..Login::default() };
    login.impersonate.user = Some("jane".into());
    login.impersonate.groups = vec!["dev".into(), "ops".into()];
    login.impersonate.extra.insert("example.com/scope".into(), vec!["view".into()]);
    let endpoint = Endpoint { server: format!("{}/prefix/", server.url()), ..Endpoint::default() };
    let api = ApiServer::connect(&endpoint, &login, Some(TIMEOUT)).unwrap();
    let identity = api.self_subject_review().await.unwrap().unwrap();
    assert_eq!((identity.username.as_str(), identity.groups.as_slice()), ("12345-1", &["a".to_owned()][..]));
    assert_eq!((identity.uid.as_deref(), identity.credential_id()), (None, Some("X509SHA256=ab")));
    let head = seen.lock().unwrap().clone();
    let lower = head.to_lowercase();
    assert!(head.starts_with("POST /prefix/apis/authentication.k8s.io/v1/selfsubjectreviews HTTP/1.1"), "{head}");
    assert!(head.contains("Basic bWU6cHc="), "{head}");
    for line in [
        "impersonate-user: jane",
        "impersonate-group: dev",
        "impersonate-group: ops",
        "impersonate-extra-example.com%2fscope: view",
        "content-type: application/json",
    ] {
        assert!(lower.contains(line), "{line} in {head}");
    }
}

#[tokio::test]
async fn requests_go_through_the_proxy_and_its_failure_shows_no_password() {
    let proxy = Server::start(|head, mut stream| async move {
        assert!(head.starts_with("CONNECT api.example:6443 HTTP/1.1"), "{head}");
        assert!(head.to_lowercase().contains("proxy-authorization: basic bwu6ahvudgvymg=="), "{head}");
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        assert!(server::head(&mut stream).await?.starts_with("GET /apis/"));
        stream.write_all(json(200, &list(&["a"])).as_bytes()).await
    })
    .await;
    let through = |proxy: &str| {
        let proxy = Secret::new(proxy.replace("http://", "http://me:hunter2@"));
        let endpoint = Endpoint { server: "http://api.example:6443".into(), proxy: Some(proxy), ..Endpoint::default() };
        ApiServer::connect(&endpoint, &Login::default(), Some(TIMEOUT)).unwrap()
    };
    assert_eq!(names(&role_bindings(&through(&proxy.url())).await.unwrap()), ["a"]);

    let denying = Server::answering(|_| b"HTTP/1.1 407 X\r\n\r\n".to_vec()).await;
    let error = role_bindings(&through(&denying.url())).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Connection(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let mut chain: Vec<String> = vec![error.to_string()];
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        chain.push(error.to_string());
        cause = error.source();
    }
    let message = chain.join(": ");
    assert!(chain.iter().all(|sentence| message.matches(sentence).count() == 1), "{message}");
}

#[tokio::test]
async fn a_proxy_that_can_not_be_reached_is_not_the_server() {
    let gone = Server::answering(|_| Vec::new()).await.stop().await;
    let failure = async |proxy: &str| {
        let proxy = Some(Secret::new(proxy.to_owned()));
        let endpoint = Endpoint { server: "https://api.example:6443".into(), proxy, ..Endpoint::default() };
        let api = ApiServer::connect(&endpoint, &Login::default(), Some(TIMEOUT)).unwrap();
        role_bindings(&api).await.unwrap_err().failure
    };
    for scheme in ["http", "https", "socks5", "SOCKS5", "socks5h"] {
        let failure = failure(&gone.replace("http", scheme)).await;
        let Failure::Proxy(why) = &failure else { panic!("{scheme}: {failure:?}") };
        assert!(matches!(**why, Failure::ConnectionRefused), "{scheme}: {failure:?}");
        let error: Box<dyn std::error::Error> = failure.into();
        let message = kubectl_ackcred::internals::chain(error.as_ref());
        assert_eq!(message, "the proxy can't be reached: the connection was refused", "{scheme}");
    }
    let unknown = failure("http://proxy.invalid:1").await;
    assert!(matches!(&unknown, Failure::Proxy(why) if matches!(**why, Failure::UnknownHost)), "{unknown:?}");
    let without_tls = Server::answering(|_| json(200, "{}").into()).await;
    let not_tls = failure(&without_tls.url().replace("http", "https")).await;
    assert!(
        matches!(&not_tls, Failure::Proxy(why) if matches!(**why, Failure::Tls(TlsFailure::NotTls))),
        "{not_tls:?}"
    );
}

#[tokio::test]
async fn a_socks_proxy_is_given_the_name_to_resolve_and_the_password() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        // The greeting's length is that of the methods, the login has two texts, the request a name and a port.
        for (step, answer) in [&b"\x05\x02"[..], b"\x01\x00", b"\x05\x00\x00\x01\0\0\0\0\0\0"].into_iter().enumerate() {
            let mut bytes = Vec::new();
            let texts = if step == 1 { 2 } else { 1 };
            bytes.resize(if step == 2 { 4 } else { 1 }, 0);
            stream.read_exact(&mut bytes).await.unwrap();
            for _ in 0..texts {
                let mut text = vec![0; usize::from(stream.read_u8().await.unwrap())];
                stream.read_exact(&mut text).await.unwrap();
                heard.push(String::from_utf8_lossy(&text).into_owned());
            }
            if step == 2 {
                heard.push(stream.read_u16().await.unwrap().to_string());
            }
            stream.write_all(answer).await.unwrap();
        }
        let mut head = [0; 16];
        stream.read_exact(&mut head).await.unwrap();
        stream.write_all(json(200, &list(&["a"])).as_bytes()).await.unwrap();
        heard
    });
    let proxy_url = Some(Secret::new(format!("socks5://me:p%40ss%3A@{address}")));
    let endpoint = Endpoint { server: "http://api.example:80".into(), proxy: proxy_url, ..Endpoint::default() };
    let api = ApiServer::connect(&endpoint, &Login::default(), Some(TIMEOUT)).unwrap();
    assert_eq!(names(&role_bindings(&api).await.unwrap()), ["a"]);
    assert_eq!(proxy.await.unwrap()[1..], ["me", "p@ss:", "api.example", "80"]);
}

const NOT_FOUND: &str =
    r#"{"kind":"Status","message":"could not find the requested resource","reason":"NotFound","code":404}"#;
const FORBIDDEN: &str = r#"{"kind":"Status","message":"forbidden","reason":"Forbidden","code":403}"#;

#[tokio::test]
async fn what_does_not_exist_is_absent() {
    let server = Server::answering(|_| json(404, NOT_FOUND).into()).await;
    let api = connect(&server);
    assert_eq!(api.self_subject_review().await.unwrap(), None);
    assert_eq!(api.cluster_profile().await.unwrap(), None);
    assert_eq!(api.ram_identity_mappings().await.unwrap(), None);
    assert_eq!(api.auth_config_map().await.unwrap(), None);
    assert!(!api.ram_authenticator_group().await.unwrap());
    assert!(role_bindings(&api).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_404_that_is_not_the_api_servers_proves_nothing() {
    let server = Server::answering(|_| {
        "HTTP/1.1 404 X\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>".to_owned().into()
    })
    .await;
    let error = connect(&server).ram_identity_mappings().await.unwrap_err();
    assert!(matches!(error.failure, Failure::NotKubernetes { status: 404, .. }), "{error:?}");
}

#[tokio::test]
async fn denied_mappings_are_absent_only_where_their_group_is() {
    for (group_exists, absent) in [(false, true), (true, false)] {
        let server = Server::answering(move |head| {
            let answer = match (head.contains("/ramidentitymappings"), group_exists) {
                (true, _) => json(403, FORBIDDEN),
                (false, true) => json(200, r#"{"kind":"APIGroup","apiVersion":"v1"}"#),
                (false, false) => json(404, NOT_FOUND),
            };
            answer.into()
        })
        .await;
        match connect(&server).ram_identity_mappings().await {
            Ok(mappings) => assert!(absent && mappings.is_none()),
            Err(error) => assert!(!absent && error.is_forbidden(), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn mappings_and_profile_are_read() {
    let server = Server::answering(|head| {
        let body = match head.split(' ').nth(1).unwrap_or_default() {
            "/apis/ramauthenticator.k8s.alibabacloud/v1alpha1/ramidentitymappings" => {
                r#"{"kind":"RAMIdentityMappingList","apiVersion":"ramauthenticator.k8s.alibabacloud/v1alpha1",
                    "metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"m"},"spec":{"arn":"acs:ram::1:user/a","username":"alice","groups":["dev"]},
                    "status":{"userID":"234"}}]}"#
            }
            "/api/v1/namespaces/kube-system/configmaps/alibabacloud-auth" => {
                r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"alibabacloud-auth","namespace":"kube-system"},"data":{"mapRoles":"- rolearn: acs:ram::1:role/r\n  username: bob\n"}}"#
            }
            "/api/v1/namespaces/kube-system/configmaps/ack-cluster-profile" => {
                r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"ack-cluster-profile","namespace":"kube-system"},"data":{"clusterid":" c1\n","uid":"15"}}"#
            }
            "/apis/ramauthenticator.k8s.alibabacloud" => r#"{"kind":"APIGroup","apiVersion":"v1"}"#,
            other => panic!("asked for {other}"),
        };
        json(200, body).into()
    })
    .await;
    let api = connect(&server);
    let mut mappings = api.ram_identity_mappings().await.unwrap().unwrap();
    mappings.extend(api.auth_config_map().await.unwrap().unwrap().mappings);
    let grants = Grants::extract(Inventory::default(), mappings);
    let rows: Vec<String> = grants.iter().map(|grant| format!("{:?} {} {grant}", grant.uid, grant.subject)).collect();
    assert_eq!(
        rows,
        ["Some(\"234\") alice RAMIdentityMapping/-/m", "None bob RAMIdentityMapping/-/alibabacloud-auth:mapRoles:0",]
    );
    let profile = api.cluster_profile().await.unwrap().unwrap();
    assert_eq!((profile.cluster_id.as_deref(), profile.owner.as_deref()), (Some("c1"), Some("15")));
}

#[tokio::test]
async fn a_namespace_cannot_lead_to_another_address() {
    let seen = Arc::new(Mutex::new(String::new()));
    let head_of = seen.clone();
    let server = Server::answering(move |head| {
        *head_of.lock().unwrap() = head.to_owned();
        json(200, &list(&[])).into()
    })
    .await;
    connect(&server).bindings(&BindingScope::Namespace("../x?y".into())).await.unwrap();
    let head = seen.lock().unwrap().clone();
    assert!(
        head.starts_with("GET /apis/rbac.authorization.k8s.io/v1/namespaces/%2E%2E%2Fx%3Fy/rolebindings "),
        "{head}"
    );
}
