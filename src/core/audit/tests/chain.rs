//! Certificate → token → token → grant → use, in logs of every order.

use serde_json::{Value, json};

use super::lines::*;
use crate::core::audit::caveat::Caveat;
use crate::core::audit::period::Period;
use crate::core::audit::tracer::AskedFor;

const NAME: &str = "200000000000000103-1700000000";
const ROBOT: &str = "system:serviceaccount:ci:robot";
const BUILDER: &str = "system:serviceaccount:ci:builder";
const FAR: &str = "X509SHA256=0000000000000000000000000000000000000000000000000000000000000777";

fn token(of: &str) -> Value {
    json!({
        "metadata": { "name": of }, "spec": { "audiences": ["api"], "boundObjectRef": { "kind": "Pod", "name": "web-1" } },
        "status": { "token": CANARY, "expirationTimestamp": "2036-11-22T03:10:04Z" },
    })
}

fn binding() -> Value {
    json!({
        "metadata": { "name": "far", "namespace": "shop" }, "roleRef": { "kind": "ClusterRole", "name": "edit" },
        "subjects": [{ "kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "mallory" }],
    })
}

/// Requests a few seconds apart; others' requests between them.
fn log(with_bodies: bool) -> Vec<Line> {
    let body = |line: Line, body: Value| if with_bodies { line.bodies(body.clone(), body) } else { line };
    let token_of = |name| ["", "serviceaccounts", "token", "ci", name];
    let mut lines = vec![
        line(0, FAR, "mallory", "list", &["", "pods", "", "shop", ""]),
        line(1, CERTIFICATE, NAME, "list", &["", "pods", "", "shop", ""]),
        body(line(2, CERTIFICATE, NAME, "create", &token_of("robot")).issued("JTI=1-a"), token("robot")),
        line(3, "JTI=1-a", ROBOT, "get", &["", "secrets", "", "ci", "db"]),
        body(line(4, "JTI=1-a", ROBOT, "create", &token_of("builder")).issued("JTI=2-b"), token("builder")),
        line(5, "JTI=2-b", BUILDER, "list", &["", "secrets", "", "", ""]).code(403),
        body(
            line(6, "JTI=2-b", BUILDER, "create", &["rbac.authorization.k8s.io", "rolebindings", "", "shop", "far"])
                .code(201),
            binding(),
        ),
        line(8, FAR, "mallory", "delete", &["apps", "deployments", "", "shop", "web"])
            .allowed_by("RoleBinding \"far/shop\""),
        line(9, "JTI=9-z", "system:serviceaccount:kube-system:x", "list", &["", "pods", "", "", ""]),
    ];
    for second in 10..80 {
        lines.push(line(second, "JTI=9-z", "system:serviceaccount:kube-system:x", "list", &["", "pods", "", "", ""]));
    }
    lines
}

const EXPECTED: [&str; 4] = [
    "0<- Root Proof X509SHA256=fc8c000000000000000 200000000000000103-1700000000: 1 Read, 1 Mint",
    "1<0 Minted Proof JTI=1-a system:serviceaccount:ci:robot: 1 ReadSecret, 1 Mint",
    "2<1 Minted Proof JTI=2-b system:serviceaccount:ci:build: 1 Grant, 1 attempts",
    "3<2 Granted GrantOnly X509SHA256=0000000000000000000 mallory: 1 Write",
];

#[test]
fn it_is_followed_completely_at_either_level_and_in_any_order() {
    for with_bodies in [false, true] {
        let lines = texts(&log(with_bodies));
        let mut reversed = lines.clone();
        reversed.reverse();
        let mut shuffled = lines.clone();
        // By seconds up to a minute, always the same way.
        let key = |place: usize| place + (place * 7919) % 60;
        let mut places: Vec<usize> = (0..lines.len()).collect();
        places.sort_by_key(|place| key(*place));
        for (to, from) in places.iter().enumerate() {
            shuffled[to] = lines[*from].clone();
        }
        let (first, second): (Vec<_>, Vec<_>) =
            lines.iter().cloned().enumerate().partition(|(place, _)| place % 2 == 1);
        let of_two_servers: Vec<String> = first.into_iter().chain(second).map(|(_, line)| line).collect();
        for (what, lines) in [
            ("in order", &lines),
            ("reversed", &reversed),
            ("shuffled", &shuffled),
            ("of two servers", &of_two_servers),
        ] {
            let (trace, times) = traced_in(lines, certificate_asked());
            assert_eq!(summary(&trace), EXPECTED, "{what}, with bodies: {with_bodies}");
            assert_eq!(trace.caveats, []);
            assert!(times <= 5.5, "{what}: read {times} times");
        }
        assert_eq!(summary(&traced_once(&lines, certificate_asked())), EXPECTED, "read once");
        assert_eq!(summary(&traced_once(&shuffled, certificate_asked())), EXPECTED, "shuffled, read once");
    }
}

/// Behind the record that shows a token, its requests are found at once.
#[test]
fn only_what_came_before_is_read_again() {
    let pods = ["", "pods", "", "", ""];
    let mint = line(4, CERTIFICATE, NAME, "create", &["", "serviceaccounts", "token", "ci", "robot"]).issued("JTI=1-a");
    let used = |second| line(second, "JTI=1-a", ROBOT, "list", &pods);
    let before = (0..4).map(used).chain([mint]);
    let lines = texts(&before.chain((5..100).map(used)).collect::<Vec<_>>());
    let (trace, times) = traced_in(&lines, certificate_asked());
    assert_eq!(summary(&trace)[1], "1<0 Minted Proof JTI=1-a system:serviceaccount:ci:robot: 99 Read");
    assert_eq!((trace.head.records, trace.events.len()), (100, 100));
    assert_eq!(times, 1.05);
}

#[test]
fn a_minted_token_has_its_facts_and_never_the_token() {
    let trace = traced(&texts(&log(true)), certificate_asked());
    let facts = trace.actors[1].actor.token.clone().unwrap();
    assert_eq!((facts.audiences, facts.bound_to), (vec!["api".to_owned()], Some("Pod/web-1".to_owned())));
    assert!(facts.expires.is_some());
    assert!(!format!("{trace:?}").contains(CANARY));
}

#[test]
fn doubled_lines_count_once_and_are_said() {
    let lines = texts(&log(true));
    let doubled: Vec<String> = lines.iter().flat_map(|line| [line.clone(), line.clone()]).collect();
    let trace = traced(&doubled, certificate_asked());
    assert_eq!(summary(&trace), EXPECTED);
    assert_eq!(trace.caveats, [Caveat::Doubled(7)]);
    assert_eq!(trace.caveats[0].to_string(), "7 lines repeat an event that was read already and are not counted again");
}

#[test]
fn a_line_that_is_cut_off_is_counted_and_makes_it_incomplete() {
    let mut lines = texts(&log(true));
    let last = line(90, CERTIFICATE, NAME, "list", &["", "nodes", "", "", ""]).text();
    lines.push(last[..last.len() / 2].to_owned());
    let trace = traced(&lines, certificate_asked());
    assert_eq!(summary(&trace), EXPECTED);
    assert_eq!(trace.caveats, [Caveat::Unreadable(1)]);
    assert!(trace.caveats[0].is_incomplete());
}

/// Of what can be read once, a minute is kept; what may have been before it is said to be missing.
#[test]
fn a_mint_that_comes_too_late_in_a_stream_is_said() {
    let mut lines = log(false);
    let mint = lines.remove(2);
    lines.insert(60, mint.clone());
    assert_eq!(summary(&traced_once(&texts(&lines), certificate_asked())), EXPECTED, "58 s late");
    let mut lines = log(false);
    lines.remove(2);
    lines.push(mint);
    let trace = traced_once(&texts(&lines), certificate_asked());
    assert_eq!(trace.caveats, [Caveat::TooLate(1)]);
    assert!(trace.caveats[0].is_incomplete());
    assert_eq!(trace.caveats[0].hint(), Some("sort it, or give a file"));
    assert_eq!(summary(&traced(&texts(&lines), certificate_asked())), EXPECTED, "a file is read again");
}

#[test]
fn links_are_followed_as_deep_as_is_asked() {
    let asked = AskedFor { depth: 1, ..certificate_asked() };
    let trace = traced(&texts(&log(false)), asked);
    assert_eq!(summary(&trace), EXPECTED[..2]);
    assert_eq!(trace.caveats, [Caveat::Deeper]);
}

#[test]
fn what_led_to_a_shown_request_is_shown_too() {
    let at = |second: i64| Some(time(second).parse().unwrap());
    let asked = AskedFor { period: Period { since: at(8), until: at(8) }, ..certificate_asked() };
    let trace = traced(&texts(&log(false)), asked);
    let expected = [
        "0<- Root Proof X509SHA256=fc8c000000000000000 200000000000000103-1700000000: ",
        "1<0 Minted Proof JTI=1-a system:serviceaccount:ci:robot: ",
        "2<1 Minted Proof JTI=2-b system:serviceaccount:ci:build: ",
        EXPECTED[3],
    ];
    assert_eq!(summary(&trace), expected);
    assert_eq!(trace.events.len(), 1);
}
