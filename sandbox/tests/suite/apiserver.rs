//! What only the stand-in can show: faults on the wire, a compacted history, large lists, clients that aren't let in.

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault, Gate, Impostor};
use ackcred_sandbox::certs::{Authority, KeyKind, Subject, Validity};
use ackcred_sandbox::client::Client;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::session::Session;
use ackcred_sandbox::story::{LEAVER, Story};
use flate2::read::GzDecoder;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
const ROLE_BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/rolebindings";

fn server() -> (ApiServer, Client) {
    let server = ApiServer::start(ApiServerOptions::default()).unwrap();
    let administrator = server.administrator().unwrap();
    let client = Client::new(&server, Some(&administrator)).unwrap();
    (server, client)
}

fn role(name: &str) -> String {
    json!({"metadata": {"name": name}, "rules": []}).to_string()
}

fn fill(server: &ApiServer, count: usize) {
    server.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "full"}}), "test").unwrap();
    for index in 0..count {
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": format!("b-{index:05}"), "namespace": "full"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "User", "name": format!("{index}")}],
        });
        server.put(binding, "test").unwrap();
    }
}

/// The time by the machine's clock, to make certificates that are over or not yet begun.
#[expect(clippy::disallowed_methods, reason = "the server judges certificates by the machine's clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[test]
fn a_held_request_is_not_done_and_a_held_response_is() {
    let (server, client) = server();
    for (fault, name, done) in
        [(Fault::HoldRequest as fn(Gate) -> Fault, "held-request", 404), (Fault::HoldResponse, "held-response", 200)]
    {
        let gate = Gate::new();
        server.faults().add("POST", ROLES, 1, fault(gate.clone()));
        let administrator = server.administrator().unwrap();
        let other = Client::new(&server, Some(&administrator)).unwrap();
        let sending = std::thread::spawn(move || other.send("POST", ROLES, &[], &role(name)).unwrap().code);
        assert!(gate.wait_reached(1, Duration::from_secs(60)));
        assert_eq!(client.send("GET", &format!("{ROLES}/{name}"), &[], "").unwrap().code, done, "{name}");
        gate.open();
        assert_eq!(sending.join().unwrap(), 201);
    }
}

#[test]
fn a_dropped_request_is_not_done_and_a_dropped_response_is() {
    let (server, client) = server();
    server.faults().add("POST", ROLES, 1, Fault::DropRequest);
    assert!(client.send("POST", ROLES, &[], &role("lost")).is_err());
    assert_eq!(client.send("GET", &format!("{ROLES}/lost"), &[], "").unwrap().code, 404);
    server.faults().add("POST", ROLES, 1, Fault::DropResponse);
    assert!(client.send("POST", ROLES, &[], &role("made")).is_err());
    assert_eq!(client.send("GET", &format!("{ROLES}/made"), &[], "").unwrap().code, 200);
    let changes: Vec<(String, u16)> =
        server.faults().changes().into_iter().map(|exchange| (exchange.method, exchange.code)).collect();
    assert_eq!(changes, [("POST".to_owned(), 0), ("POST".to_owned(), 0)], "neither got an answer");
}

#[test]
fn answers_are_delayed_replaced_and_cut() {
    let (server, client) = server();
    server.faults().add("GET", "/version", 1, Fault::Delay(Duration::from_millis(120)));
    let start = Instant::now();
    assert_eq!(client.send("GET", "/version", &[], "").unwrap().code, 200);
    assert!(start.elapsed() >= Duration::from_millis(120));
    let html = Fault::Answer { code: 502, content_type: "text/html", body: "<html>".into() };
    server.faults().add("*", "/version", 1, html);
    let reply = client.send("GET", "/version", &[], "").unwrap();
    assert_eq!((reply.code, &reply.body[..]), (502, &b"<html>"[..]));
    server.faults().add("GET", "/version", 1, Fault::Truncate(5));
    assert!(client.send("GET", "/version", &[], "").is_err());
    assert_eq!(client.send("GET", "/version", &[], "").unwrap().code, 200, "each fault was for once");
}

#[test]
fn an_answer_drips_and_another_has_no_end() {
    let (server, client) = server();
    server.faults().add("GET", "/readyz", 1, Fault::Drip(Duration::from_millis(100)));
    let start = Instant::now();
    assert_eq!(&client.send("GET", "/readyz", &[], "").unwrap().body[..], b"ok");
    assert!(start.elapsed() >= Duration::from_millis(200));
    let endless =
        |is_compressed| Fault::Endless { start: "{\"items\":[".into(), repeat: "{},".repeat(1000), is_compressed };
    server.faults().add("GET", ROLES, 1, endless(false));
    let so_far = client.listen(ROLES, Duration::from_millis(500)).unwrap().body;
    assert!(so_far.starts_with(b"{\"items\":[{},{},{},") && so_far.len() > 100_000, "{} bytes", so_far.len());
    server.faults().add("GET", ROLES, 1, endless(true));
    let answer = client.listen(ROLES, Duration::from_millis(500)).unwrap();
    assert_eq!(answer.headers["content-encoding"], "gzip");
    let mut inflated = Vec::new();
    // It breaks off where it was no longer listened to.
    assert!(GzDecoder::new(&answer.body[..]).read_to_end(&mut inflated).is_err());
    assert!(inflated.starts_with(b"{\"items\":[{},{},{},"));
    assert!(inflated.len() > 100 * answer.body.len(), "{} of {}", inflated.len(), answer.body.len());
}

#[test]
fn another_server_answers_in_its_place_until_the_faults_are_cleared() {
    for (impostor, expected) in [
        (Impostor::OfAnotherAuthority, "the server's certificate is signed by an unknown authority"),
        (Impostor::Expired, "the server's certificate has expired"),
    ] {
        let (server, client) = server();
        let session = Session::now().unwrap();
        session.write(".kube/config", server.kubeconfig(&Subject::user("ann", ["on-call"])).unwrap()).unwrap();
        let who = || session.run(&["whoami"]).stderr;
        assert!(!who().contains("the server's certificate"));
        server.faults().add("GET", "/version", 1, Fault::Impostor(impostor));
        assert!(client.send("GET", "/version", &[], "").is_err());
        assert!(who().contains(expected), "{}", who());
        assert_eq!(client.send("GET", "/readyz", &[], "").unwrap().code, 200, "it stands before others alone");
        server.faults().clear();
        assert!(!who().contains("the server's certificate"));
    }
}

#[test]
fn a_kubeconfig_opens_the_server_it_was_made_for() {
    let (server, _) = server();
    let text = server.kubeconfig(&Subject::user("ann", ["on-call"])).unwrap();
    let file: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(file["clusters"][0]["cluster"]["server"], server.url());
    assert_eq!((&file["current-context"], &file["users"][0]["name"]), (&json!("ann"), &json!("ann")));
}

#[test]
fn the_clients_audit_id_is_adopted() {
    let (server, client) = server();
    let reply = client.send("GET", "/version", &[("Audit-ID", "ours-1")], "").unwrap();
    assert_eq!(reply.headers["audit-id"], "ours-1");
    let seen = server.faults().exchanges();
    let last = seen.last().unwrap();
    assert_eq!((last.audit_id.as_str(), last.user.as_str(), last.code), ("ours-1", "admin", 200));
    let own = client.send("GET", "/version", &[], "").unwrap();
    assert_eq!(own.headers["audit-id"].len(), 36);
}

#[test]
fn a_page_after_compaction_is_gone_and_names_a_way_on() {
    let (server, client) = server();
    fill(&server, 5);
    let first = client.send("GET", &format!("{ROLE_BINDINGS}?limit=2"), &[], "").unwrap().json();
    let token = first["metadata"]["continue"].as_str().unwrap();
    let version = first["metadata"]["resourceVersion"].as_str().unwrap();
    client.send("POST", ROLES, &[], &role("later")).unwrap();
    server.compact().unwrap();
    let gone = client.send("GET", &format!("{ROLE_BINDINGS}?limit=2&continue={token}"), &[], "").unwrap();
    let status = gone.json();
    assert_eq!((gone.code, &status["reason"]), (410, &json!("Expired")));
    let token = status["metadata"]["continue"].as_str().unwrap();
    let rest = client.send("GET", &format!("{ROLE_BINDINGS}?continue={token}"), &[], "").unwrap().json();
    assert_eq!(rest["items"].as_array().unwrap().len(), 3);
    let exact = format!("{ROLE_BINDINGS}?resourceVersion={version}&resourceVersionMatch=Exact");
    assert_eq!(client.send("GET", &exact, &[], "").unwrap().code, 410);
    let watch = format!("{ROLE_BINDINGS}?watch=1&resourceVersion={version}");
    let events = client.send("GET", &watch, &[], "").unwrap().events();
    assert_eq!((&events[0]["type"], &events[0]["object"]["code"]), (&json!("ERROR"), &json!(410)));
}

#[test]
fn a_long_list_is_compressed_for_those_who_take_it() {
    let (server, client) = server();
    fill(&server, 600);
    let plain = client.send("GET", ROLE_BINDINGS, &[], "").unwrap();
    assert!(plain.headers.get("content-encoding").is_none());
    assert_eq!(plain.json()["items"].as_array().unwrap().len(), 600);
    let packed = client.send("GET", ROLE_BINDINGS, &[("Accept-Encoding", "gzip")], "").unwrap();
    assert_eq!(packed.headers["content-encoding"], "gzip");
    let mut unpacked = String::new();
    GzDecoder::new(&packed.body[..]).read_to_string(&mut unpacked).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&unpacked).unwrap(), plain.json());
    let short = client.send("GET", &format!("{ROLE_BINDINGS}?limit=3"), &[("Accept-Encoding", "gzip")], "").unwrap();
    assert!(short.headers.get("content-encoding").is_none());
}

#[test]
fn certificates_that_are_over_early_or_foreign_are_unauthorized() {
    let (server, _) = server();
    let subject = Subject::ack("2001-1");
    let day = SignedDuration::from_hours(24);
    let over = Validity::starting(now() - day * 3, day);
    let early = Validity::starting(now() + day, day);
    let foreign = Authority::new(now()).unwrap();
    let fine = Validity::ack(now() - day);
    for (identity, code) in [
        (server.authority().client(&subject, fine, KeyKind::Rsa).unwrap(), 200),
        (server.authority().client(&subject, fine, KeyKind::EcdsaP384).unwrap(), 200),
        (server.authority().client(&subject, fine, KeyKind::Ed25519).unwrap(), 200),
        (server.authority().client(&subject, over, KeyKind::EcdsaP256).unwrap(), 401),
        (server.authority().client(&subject, early, KeyKind::EcdsaP256).unwrap(), 401),
        (foreign.client(&subject, fine, KeyKind::EcdsaP256).unwrap(), 401),
    ] {
        let client = Client::new(&server, Some(&identity)).unwrap();
        assert_eq!(client.send("GET", "/api", &[], "").unwrap().code, code);
    }
}

#[test]
fn a_watch_goes_on_after_the_right_to_start_one_is_gone() {
    let (server, client) = server();
    let watcher = server.client(&Subject::ack("watcher")).unwrap();
    client.send("POST", ROLES, &[], &json!({
        "metadata": {"name": "see"},
        "rules": [{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": ["watch"]}],
    }).to_string()).unwrap();
    let bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    client
        .send(
            "POST",
            bindings,
            &[],
            &json!({
                "metadata": {"name": "see"}, "roleRef": {"kind": "ClusterRole", "name": "see"},
                "subjects": [{"kind": "User", "name": "watcher"}],
            })
            .to_string(),
        )
        .unwrap();
    let gate = Gate::new();
    server.faults().add("GET", ROLES, 1, Fault::HoldResponse(gate.clone()));
    let watching = Client::new(&server, Some(&watcher)).unwrap();
    let events = std::thread::spawn(move || {
        watching
            .listen(&format!("{ROLES}?watch=1"), Duration::from_secs(1))
            .map(|reply| (reply.code, reply.events(), watching))
    });
    assert!(gate.wait_reached(1, Duration::from_secs(60)));
    client.send("DELETE", &format!("{bindings}/see"), &[], "").unwrap();
    client.send("POST", ROLES, &[], &role("seen-all-the-same")).unwrap();
    gate.open();
    let (code, events, watching) = events.join().unwrap().unwrap();
    assert_eq!(code, 200);
    assert_eq!(events.last().unwrap()["object"]["metadata"]["name"], "seen-all-the-same");
    assert_eq!(watching.send("GET", &format!("{ROLES}?watch=1"), &[], "").unwrap().code, 403);
}

#[test]
fn two_servers_under_one_authority_know_each_others_clients() {
    let authority = Arc::new(Authority::new(now()).unwrap());
    let first = ApiServer::start_under(authority.clone(), ApiServerOptions::default()).unwrap();
    let second = ApiServer::start_under(authority, ApiServerOptions::default()).unwrap();
    let administrator = first.administrator().unwrap();
    let client = Client::new(&second, Some(&administrator)).unwrap();
    assert_eq!(client.send("GET", ROLES, &[], "").unwrap().code, 200);
}

#[test]
fn the_story_leaves_nothing_behind() {
    let story = Story::start(ApiServerOptions { ram_authenticator: true, ..ApiServerOptions::default() }).unwrap();
    let folder = story.folder().to_owned();
    let administrator = story.server.administrator().unwrap();
    let client = Client::new(&story.server, Some(&administrator)).unwrap();
    let bindings = client.send("GET", ROLE_BINDINGS, &[], "").unwrap().json().to_string();
    assert!(bindings.contains(LEAVER.uid));
    let mappings = "/apis/ramauthenticator.k8s.alibabacloud/v1alpha1/ramidentitymappings";
    assert_eq!(client.send("GET", mappings, &[], "").unwrap().json()["kind"], "RAMIdentityMappingList");
    assert!(std::fs::read_to_string(&story.leaked).unwrap().contains(LEAVER.uid));
    drop(story);
    assert!(!folder.exists());
}
