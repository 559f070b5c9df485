//! What counts, what it takes, and that roles allow exactly that.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::authority::AuthorityBodies;
use super::draft::Draft;
use super::fixtures::{Sent, event};
use super::proof::{prove, read};
use super::uncovered::Uncovered;
use super::usage::Usage;
use super::whose::{Whose, bearer};
use super::widening::Widening;
use super::*;
use crate::core::rbac::allows;
use crate::core::rbac::user_info::NamedSubject;

fn ann() -> Whose {
    Whose::of(NamedSubject::User("ann".into()))
}

fn usage_of<'a>(sent: impl IntoIterator<Item = Sent<'a>>) -> Usage {
    let mut usage = Usage::new(ann(), None);
    for (number, sent) in sent.into_iter().enumerate() {
        let id = number.to_string();
        let sent = Sent { id: if sent.id == "a-1" { &id } else { sent.id }, ..sent };
        event(&sent, |event| usage.take(event, AuthorityBodies::default));
    }
    usage
}

fn with_bodies(sent: &Sent<'_>, request: &Value) -> Usage {
    let mut usage = Usage::new(ann(), None);
    let bodies = || AuthorityBodies { request: serde_json::from_value(request.clone()).ok(), response: None };
    event(sent, |event| usage.take(event, bodies));
    usage
}

fn asked(usage: &Usage) -> Vec<String> {
    usage.asked.keys().map(ToString::to_string).collect()
}

fn uncovered(draft: &Draft) -> Vec<String> {
    draft.uncovered.keys().map(|(request, why)| format!("{why:?}: {request}")).collect()
}

/// What was allowed and used counts, whatever it found; what was refused doesn't, whatever refused it.
#[test]
fn the_status_decides_what_counts() {
    for (decision, code, counts) in [
        (Some("allow"), Some(200), true),
        (Some("allow"), Some(404), true),
        (Some("allow"), Some(409), true),
        (Some("allow"), Some(422), true),
        (Some("allow"), Some(500), true),
        (Some("allow"), Some(401), false),
        (Some("allow"), Some(403), false),
        (Some("allow"), Some(429), false),
        (Some("forbid"), Some(403), false),
        (Some("forbid"), Some(200), false),
        (None, Some(403), false),
    ] {
        let usage = usage_of([Sent { decision, code, ..Sent::default() }]);
        let expected = (u64::from(counts), u64::from(!counts), 0);
        assert_eq!((usage.counted, usage.refused, usage.uncovered.len()), expected, "{decision:?} {code:?}");
    }
    for (decision, code, why) in [(Some("allow"), None, Uncovered::NoStatus), (None, Some(200), Uncovered::NoDecision)]
    {
        let usage = usage_of([Sent { decision, code, ..Sent::default() }]);
        let found: Vec<Uncovered> = usage.uncovered.keys().map(|(_, why)| *why).collect();
        assert_eq!((usage.counted, found), (0, vec![why]));
    }
}

/// The same request may be in a log more than once: by its stages, and where the log is given twice. By its Audit-ID alone, which the
/// client chooses, others would hide behind it.
#[test]
fn a_request_counts_once_and_every_request_counts() {
    let stage = |stage| Sent { id: "same", stage, ..Sent::default() };
    let started = Sent { decision: None, code: None, ..stage("RequestReceived") };
    let usage = usage_of([started, stage("ResponseStarted"), stage("ResponseComplete"), stage("ResponseComplete")]);
    assert_eq!(usage.counted, 1);
    let other = Sent { uri: "/api/v1/namespaces/shop/secrets/db", ..stage("ResponseComplete") };
    let usage = usage_of([stage("ResponseComplete"), other]);
    assert_eq!(asked(&usage), ["get pods/web in namespace shop", "get secrets/db in namespace shop"]);
}

#[test]
fn what_everyone_has_is_left_out() {
    let usage = usage_of([
        Sent { uri: "/apis/apps/v1?timeout=32s", ..Sent::default() },
        Sent {
            verb: "create",
            uri: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            code: Some(201),
            ..Sent::default()
        },
    ]);
    assert_eq!((usage.counted, usage.of_everyone, asked(&usage)), (2, 2, vec![]));
}

#[test]
fn who_acts_as_another_needs_that_and_the_other_needs_the_rest() {
    let sent = || Sent { as_user: Some(("bo", &["system:authenticated"])), ..Sent::default() };
    assert_eq!(asked(&usage_of([sent()])), ["impersonate users/bo"]);
    let by_other = Sent { user: "root", as_user: Some(("ann", &["system:authenticated"])), ..Sent::default() };
    assert_eq!(asked(&usage_of([by_other])), ["get pods/web in namespace shop"]);
}

#[test]
fn what_the_server_asks_beside_the_request_is_needed_too() {
    let exec = || Sent { uri: "/api/v1/namespaces/shop/pods/web/exec?command=sh", code: Some(101), ..Sent::default() };
    let of_exec = |verb: &str| format!("{verb} pods/web --subresource=exec in namespace shop");
    assert_eq!(asked(&usage_of([exec()])), [of_exec("create"), of_exec("get")]);
    let mut old = Usage::new(ann(), Some(34));
    event(&exec(), |event| old.take(event, AuthorityBodies::default));
    assert_eq!(asked(&old), [of_exec("get")]);
    let applied = Sent {
        verb: "patch",
        uri: "/apis/apps/v1/namespaces/shop/deployments/web",
        code: Some(201),
        ..Sent::default()
    };
    assert_eq!(
        asked(&usage_of([applied])),
        ["create deployments.apps/web in namespace shop", "patch deployments.apps/web in namespace shop"]
    );
}

const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings";

#[test]
fn a_binding_takes_bind_on_its_role_by_name() {
    let sent = Sent { verb: "create", uri: BINDINGS, code: Some(201), ..Sent::default() };
    let usage = with_bodies(&sent, &json!({"roleRef": {"kind": "ClusterRole", "name": "view"}}));
    assert_eq!(
        asked(&usage),
        [
            "bind clusterroles.rbac.authorization.k8s.io/view in namespace shop",
            "create rolebindings.rbac.authorization.k8s.io in namespace shop",
        ]
    );
    let draft = Draft::of(&usage_of([sent]), &[]);
    assert_eq!(uncovered(&draft), ["RoleUnknown: create rolebindings.rbac.authorization.k8s.io in namespace shop"]);
}

/// `escalate` is never suggested: what a role gets is held, or it is said that it isn't.
#[test]
fn a_role_is_written_by_who_holds_its_rules() {
    let uri = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles";
    let sent = Sent { verb: "create", uri, code: Some(201), ..Sent::default() };
    let rules = |verb: &str| json!({"rules": [{"verbs": [verb], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["web"]}]});
    for (verb, expected) in [("get", 0), ("delete", 1), ("*", 1)] {
        let mut usage = with_bodies(&sent, &rules(verb));
        event(&Sent { id: "other", ..Sent::default() }, |event| usage.take(event, AuthorityBodies::default));
        let draft = Draft::of(&usage, &[]);
        assert_eq!(draft.uncovered.len(), expected, "{verb}: {:?}", uncovered(&draft));
        assert!(draft.documents().iter().all(|document| !document.to_string().contains("escalate")));
    }
}

/// A request may be made for what a rule would take as a wildcard. Who may do everything is allowed it.
#[test]
fn what_looks_like_a_wildcard_becomes_no_rule() {
    for (verb, uri) in [
        ("list", "/api/v1/*"),
        ("list", "/apis/*/v1/pods"),
        ("get", "/api/v1/namespaces/shop/pods/web/*"),
        ("get", "/logs/*"),
        ("*", "/metrics"),
        ("", "/api/v1/pods"),
        ("list", "/api/v1/namespaces/%2A/pods"),
        ("list", "/api/v1/namespaces/No%20Space/pods"),
    ] {
        let usage = usage_of([Sent { verb, uri, ..Sent::default() }]);
        let draft = Draft::of(&usage, &[]);
        assert_eq!((draft.roles.len(), draft.uncovered.len()), (0, 1), "{verb} {uri}: {draft:?}");
    }
}

/// What audit2rbac makes of the same events: more verbs and names, every namespace, and rights that were denied.
#[test]
fn the_cases_in_which_another_tool_widens_or_lacks_something() {
    let token = |uri| Sent { verb: "create", uri, code: Some(201), ..Sent::default() };
    let usage = usage_of([
        Sent { verb: "list", uri: "/api/v1/namespaces/shop/secrets", code: Some(403), ..Sent::default() },
        Sent { verb: "list", uri: "/api/v1/namespaces/shop/configmaps", ..Sent::default() },
        token("/api/v1/namespaces/ci/serviceaccounts/robot/token"),
        token("/api/v1/namespaces/shop/serviceaccounts/till/token"),
        Sent { as_user: Some(("bo", &["system:authenticated"])), ..Sent::default() },
    ]);
    let documents = Draft::of(&usage, &[]).documents();
    let roles = documents.iter().filter(|document| document.get("rules").is_some());
    let described: Vec<String> = roles
        .flat_map(|role| {
            let place = role["metadata"]["namespace"].as_str().unwrap_or("cluster").to_owned();
            let rules = role["rules"].as_array().unwrap().clone();
            rules.into_iter().map(move |rule| format!("{place} {rule}"))
        })
        .collect();
    let rule = |place: &str, verb: &str, resource: &str, name: &str| {
        let mut rule = json!({"verbs": [verb], "apiGroups": [""], "resources": [resource]});
        if !name.is_empty() {
            rule["resourceNames"] = json!([name]);
        }
        format!("{place} {rule}")
    };
    assert_eq!(
        described,
        [
            rule("cluster", "impersonate", "users", "bo"),
            rule("ci", "create", "serviceaccounts/token", "robot"),
            rule("shop", "list", "configmaps", ""),
            rule("shop", "create", "serviceaccounts/token", "till"),
        ]
    );
}

#[test]
fn documents_are_what_kubectl_apply_takes() {
    let usage = usage_of([Sent::default()]);
    let group = "rbac.authorization.k8s.io";
    assert_eq!(
        Draft::of(&usage, &[]).documents(),
        [
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
                "metadata": {"name": "suggested-ann", "namespace": "shop"},
                "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["web"]}],
            }),
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": {"name": "suggested-ann", "namespace": "shop"},
                "roleRef": {"apiGroup": group, "kind": "Role", "name": "suggested-ann"},
                "subjects": [{"kind": "User", "apiGroup": group, "name": "ann"}],
            }),
        ]
    );
}

/// A draft that allows too little or too much is not shown.
#[test]
fn a_draft_that_is_wrong_is_not_proven() {
    let usage = usage_of([Sent::default()]);
    let draft = Draft::of(&usage, &[]);
    assert_eq!(prove(&draft, usage.asked.keys()), Ok(()));
    let mut without = draft.clone();
    without.roles[0].rules[0].resource_names = vec!["other".into()];
    assert!(prove(&without, usage.asked.keys()).unwrap_err().to_string().contains("do not allow: get pods/web"));
    for widen in [
        |rule: &mut crate::core::rbac::PolicyRule| rule.resource_names.clear(),
        |rule: &mut crate::core::rbac::PolicyRule| rule.verbs.push("delete".into()),
        |rule: &mut crate::core::rbac::PolicyRule| rule.verbs = vec!["*".into()],
        |rule: &mut crate::core::rbac::PolicyRule| rule.api_groups.push("*".into()),
        |rule: &mut crate::core::rbac::PolicyRule| rule.resources.push("secrets".into()),
    ] {
        let mut more = draft.clone();
        widen(&mut more.roles[0].rules[0]);
        assert!(prove(&more, usage.asked.keys()).unwrap_err().to_string().contains("more than what was seen"));
    }
}

fn some_request() -> impl Strategy<Value = (&'static str, String)> {
    let verb = select(vec!["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]);
    let place = select(vec!["", "namespaces/shop/", "namespaces/ci/", "namespaces/a/"]);
    let kind = select(vec!["pods", "secrets", "configmaps", "serviceaccounts", "nodes"]);
    let group = select(vec!["api/v1", "apis/apps/v1", "apis/batch/v1"]);
    let rest = select(vec!["", "/a", "/b", "/a/log", "/b/token", "/a/exec"]);
    let resource = (verb, group, place, kind, rest)
        .prop_map(|(verb, group, place, kind, rest)| (verb, format!("/{group}/{place}{kind}{rest}")));
    let path = (select(vec!["get", "post"]), select(vec!["/metrics", "/logs/a", "/version", "/x"]));
    prop_oneof![9 => resource, 1 => path.prop_map(|(verb, path)| (verb, path.to_owned()))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// In both directions: every request that was seen is allowed to who holds nothing but the roles; a request that is allowed was seen,
    /// is one of those that a right without a name or a namespace stands for, was added by a widening, or is everyone's.
    #[test]
    fn roles_allow_what_was_seen_and_nothing_else(
        seen in prop::collection::vec((some_request(), select(vec![200_u16, 201, 404, 403])), 0..40),
        others in prop::collection::vec(some_request(), 40),
        ways in prop::sample::subsequence(vec![Widening::Reads, Widening::Names, Widening::Namespaces], 0..=3),
    ) {
        let sent = |((verb, uri), code): &'_ ((&'static str, String), u16)| (*verb, uri.clone(), *code);
        let seen: Vec<_> = seen.iter().map(sent).collect();
        let usage = usage_of(seen.iter().map(|(verb, uri, code)| Sent { verb, uri, code: Some(*code), ..Sent::default() }));
        let draft = Draft::of(&usage, &ways);
        prop_assert_eq!(prove(&draft, usage.asked.keys()), Ok(()));
        let (inventory, roles) = read(&draft.documents()).unwrap();
        let user = bearer(&NamedSubject::User("ann".into()));
        for (verb, uri, code) in &seen {
            let request = event(&Sent { verb, uri, ..Sent::default() }, |event| super::asked::attributes(event).unwrap());
            let is_allowed = allows(&inventory, &roles, &user, &request).is_some();
            prop_assert!(*code == 403 || is_allowed || crate::core::rbac::everyone_may(&request), "{}", request);
        }
        let (wide, _) = super::widening::widened(&usage.asked.keys().cloned().collect(), &ways);
        for (verb, uri) in &others {
            let request = event(&Sent { verb, uri, ..Sent::default() }, |event| super::asked::attributes(event).unwrap());
            let is_allowed = allows(&inventory, &roles, &user, &request).is_some();
            let is_meant = wide.iter().any(|right| covers(right, &request));
            prop_assert_eq!(is_allowed, is_meant, "{}", request);
        }
    }
}
