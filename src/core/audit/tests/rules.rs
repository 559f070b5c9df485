//! Each rule by itself.

use serde_json::json;

use super::lines::*;
use crate::core::audit::action::RequestOutcome;
use crate::core::audit::caveat::Caveat;
use crate::core::audit::tracer::AskedFor;

const NAME: &str = "200000000000000103";
const PODS: [&str; 5] = ["", "pods", "", "shop", ""];
const BINDING: [&str; 5] = ["rbac.authorization.k8s.io", "clusterrolebindings", "", "", "x"];

/// The client chooses the Audit-ID: twenty requests are twenty requests.
#[test]
fn requests_of_one_audit_id_are_distinguished() {
    let lines: Vec<Line> =
        (0..20).map(|second| line(second, CERTIFICATE, NAME, "list", &PODS).with("auditID", json!("mine"))).collect();
    let trace = traced(&texts(&lines), certificate_asked());
    assert_eq!(summary(&trace), ["0<- Root Proof X509SHA256=fc8c000000000000000 200000000000000103: 20 Read"]);
    assert_eq!(trace.caveats, [Caveat::SharedAuditIds { ids: 1, id: "mine".to_owned(), most: 20 }]);
    assert!(!trace.caveats[0].is_incomplete());
}

#[test]
fn a_request_is_what_its_last_stage_says() {
    let stage = |line: Line, stage: &str| line.with("stage", json!(stage));
    let get = |second, name| line(second, CERTIFICATE, NAME, "get", &["", "pods", "", "shop", name]);
    let received = |second, name| stage(get(second, name), "RequestReceived").with("responseStatus", json!(null));
    let lines = [
        received(1, "a"),
        get(1, "a"),
        received(2, "sent"),
        stage(get(3, "open"), "ResponseStarted"),
        stage(get(4, "b"), "ResponseStarted"),
        get(4, "b"),
        get(5, "c").code(404),
        // What allows it is not what decides: admission, the escalation check or a second check refused.
        get(6, "d").code(403),
        stage(get(7, "e"), "Panic").code(500),
    ];
    let mut reversed = texts(&lines);
    reversed.reverse();
    for lines in [texts(&lines), reversed] {
        let trace = traced(&lines, certificate_asked());
        let outcomes: Vec<RequestOutcome> = trace.events.iter().map(|event| event.outcome()).collect();
        use RequestOutcome::{Done, Failed, Open, Refused, Unknown};
        assert_eq!(outcomes, [Done, Unknown, Open, Done, Failed, Refused, Failed]);
        assert_eq!(
            summary(&trace),
            ["0<- Root Proof X509SHA256=fc8c000000000000000 200000000000000103: 3 Read, 3 attempts, 1 no answer"]
        );
        assert_eq!(trace.caveats, []);
    }
}

#[test]
fn a_401_is_nobodys() {
    let unknown = |second| {
        line(second, "", "", "get", &PODS).code(401).with("user", json!({})).with("stage", json!("ResponseStarted"))
    };
    let trace = traced(&texts(&[unknown(1), unknown(2), line(3, CERTIFICATE, NAME, "list", &PODS)]), uid_asked());
    assert_eq!(trace.head.unauthenticated, 2);
    assert_eq!(summary(&trace).len(), 1);
}

/// Each credential that was seen under a name of the identity is an actor of its own.
#[test]
fn with_a_uid_every_credential_of_its_names_is_followed() {
    let other = "X509SHA256=0000000000000000000000000000000000000000000000000000000000000002";
    let by_authenticator = line(4, "", "dev-joe", "list", &PODS)
        .with("user", json!({ "username": "dev-joe", "uid": format!("ack-ram-authenticator:1000000000000001:{UID}") }));
    let lines = [
        line(1, CERTIFICATE, &format!("{UID}-1700000000"), "list", &PODS),
        line(2, other, UID, "list", &PODS),
        line(3, "", &format!("{UID}-x"), "list", &PODS),
        by_authenticator,
        line(5, "X509SHA256=01", &format!("1{UID}"), "list", &PODS),
        line(6, "X509SHA256=02", &format!("{UID}.17"), "list", &PODS),
        line(7, "X509SHA256=03", "kubernetes-admin", "list", &PODS)
            .with("impersonatedUser", json!({ "username": UID })),
    ];
    assert_eq!(
        summary(&traced(&texts(&lines), uid_asked())),
        [
            "0<- Root NameOnly X509SHA256=fc8c000000000000000 200000000000000103-1700000000: 1 Read",
            "1<- Root NameOnly X509SHA256=0000000000000000000 200000000000000103: 1 Read",
            "2<- Root NameOnly ? 200000000000000103-x: 1 Read",
            "3<- Root NameOnly ? dev-joe: 1 Read",
            "4<- Named NameOnly X509SHA256=03 200000000000000103: 1 Read",
        ]
    );
}

/// Older servers name no credential: a request of the same name is a branch of its own.
#[test]
fn the_same_name_is_its_own_branch() {
    let asked = AskedFor { names: vec![NAME.into()], ..certificate_asked() };
    let lines = [line(1, "", NAME, "list", &PODS), line(2, CERTIFICATE, NAME, "list", &PODS)];
    assert_eq!(
        summary(&traced(&texts(&lines), asked)),
        [
            "0<- Root Proof X509SHA256=fc8c000000000000000 200000000000000103: 1 Read",
            "1<- Named NameOnly ? 200000000000000103: 1 Read",
        ]
    );
}

#[test]
fn acting_as_another_is_a_link_of_its_own() {
    let as_bob = |line: Line| line.with("impersonatedUser", json!({ "username": "bob" }));
    let received = line(2, CERTIFICATE, NAME, "create", &["", "serviceaccounts", "token", "ci", "robot"]);
    let mint = as_bob(received.clone()).issued("JTI=3-c");
    let lines = [
        line(1, CERTIFICATE, NAME, "list", &PODS),
        // As whom it is sent is not known yet at the first stage.
        received.with("stage", json!("RequestReceived")).with("responseStatus", json!(null)),
        mint,
        line(3, "JTI=3-c", "system:serviceaccount:ci:robot", "list", &PODS),
    ];
    let expected = [
        "0<- Root Proof X509SHA256=fc8c000000000000000 200000000000000103: 1 Read",
        "1<0 Impersonated Proof X509SHA256=fc8c000000000000000 bob: 1 Mint",
        "2<1 Minted Proof JTI=3-c system:serviceaccount:ci:robot: 1 Read",
    ];
    assert_eq!(summary(&traced(&texts(&lines), certificate_asked())), expected);
}

#[test]
fn a_group_is_followed_unless_everyone_is_in_it() {
    let grant = |second, group: &str| {
        let body = json!({ "metadata": { "name": "x" }, "subjects": [{ "kind": "Group", "name": group }] });
        line(second, CERTIFICATE, NAME, "create", &BINDING).code(201).bodies(body.clone(), body)
    };
    let member = line(5, "X509SHA256=05", "carl", "list", &PODS)
        .with("user", json!({ "username": "carl", "groups": ["dev", "system:authenticated"] }));
    let trace = traced(&texts(&[grant(1, "dev"), grant(2, "system:authenticated"), member]), certificate_asked());
    assert_eq!(summary(&trace)[1], "1<0 Granted GrantOnly ? carl: 1 Read");
    assert_eq!(trace.caveats, [Caveat::GroupOfEveryone("system:authenticated".to_owned())]);
}

/// Whom an existing binding was changed for, level Metadata doesn't say.
#[test]
fn a_changed_binding_without_a_body_is_said() {
    let lines = [
        line(1, CERTIFICATE, NAME, "patch", &BINDING),
        line(2, "X509SHA256=05", "carl", "list", &PODS).allowed_by("ClusterRoleBinding \"x\""),
    ];
    let trace = traced(&texts(&lines), certificate_asked());
    assert_eq!(summary(&trace).len(), 1);
    assert_eq!(trace.caveats, [Caveat::GrantsToUnknown(1)]);
}

#[test]
fn a_refused_deed_leads_nowhere() {
    let token = line(1, CERTIFICATE, NAME, "create", &["", "serviceaccounts", "token", "ci", "robot"]);
    let lines = [
        token.clone().issued("JTI=4-d").code(403),
        line(2, "JTI=4-d", "system:serviceaccount:ci:robot", "list", &PODS),
        line(3, CERTIFICATE, NAME, "create", &BINDING).code(403),
        line(4, "X509SHA256=05", "carl", "list", &PODS).allowed_by("ClusterRoleBinding \"x\""),
        // Nothing is stored.
        line(5, CERTIFICATE, NAME, "create", &BINDING).with("requestURI", json!("/x?dryRun=All")),
    ];
    let trace = traced(&texts(&lines), certificate_asked());
    assert_eq!(
        summary(&trace),
        ["0<- Root Proof X509SHA256=fc8c000000000000000 200000000000000103: 1 Read, 2 attempts"]
    );
    let nameless = traced(&texts(&[token.code(201)]), certificate_asked());
    assert_eq!(nameless.caveats, [Caveat::NamelessTokens(1)]);
}

#[test]
fn commands_are_kept_where_they_are_asked_for() {
    let exec = line(1, CERTIFICATE, NAME, "create", &["", "pods", "exec", "shop", "web"])
        .with("requestURI", json!("/exec?command=cat&command=/etc/shadow"))
        .code(101);
    let command = |with_commands| {
        let trace = traced(&texts(std::slice::from_ref(&exec)), AskedFor { with_commands, ..certificate_asked() });
        trace.events[0].command.as_deref().map(str::to_owned)
    };
    assert_eq!((command(true), command(false)), (Some("cat /etc/shadow".to_owned()), None));
}

/// The name that the server chose is in no URL.
#[test]
fn a_generated_name_is_read_from_the_answer() {
    let bare = line(1, CERTIFICATE, NAME, "create", &["", "pods", "", "shop", ""]).code(201);
    let request = json!({ "metadata": { "generateName": "web-" }, "spec": { "x": 1 } });
    let whole = bare.clone().bodies(request.clone(), json!({ "metadata": { "name": "web-7k" }, "data": CANARY }));
    let asked = bare.bodies(request, json!(null)).with("level", json!("Request"));
    let name = |line: &Line| {
        let trace = traced(&texts(std::slice::from_ref(line)), certificate_asked());
        trace.events[0].object.as_ref().and_then(|object| object.name.clone())
    };
    assert_eq!((name(&whole), name(&asked)), (Some("web-7k".to_owned()), None));
}

/// What is odd in one body hides nothing of the other.
#[test]
fn each_body_is_read_by_itself() {
    let binding = json!({ "metadata": { "name": "x" }, "subjects": [{ "kind": "User", "name": "carl" }] });
    let grant = line(1, CERTIFICATE, NAME, "patch", &BINDING).bodies(json!({ "subjects": "odd" }), binding);
    let trace = traced(&texts(&[grant, line(2, "X509SHA256=05", "carl", "list", &PODS)]), certificate_asked());
    assert_eq!(summary(&trace)[1], "1<0 Granted GrantOnly X509SHA256=05 carl: 1 Read");
    assert_eq!(trace.caveats, []);
}

/// An API server that ended within a line, and one that went on in the same file: neither request can be read.
#[test]
fn a_line_behind_one_that_was_cut_off_is_said() {
    let line = line(1, "X509SHA256=05", "carl", "list", &PODS).text();
    let trace = traced(&[format!("{}{line}", &line[..120])], certificate_asked());
    assert_eq!(trace.caveats, [Caveat::Unreadable(1)]);
}
