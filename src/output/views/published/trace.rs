use std::sync::Arc;

use crate::core::fixtures::at;
use crate::output::views::trace::{
    ActorCounts, ActorView, AskedAbout, EventLevels, LinkedBy, LogGap, PossibleView, TraceReport, TracedEvent,
    TracedLog, TracedObject, TracedToken,
};
use crate::output::views::trace_words::{ActionWord, EvidenceWord, LevelWord, LinkWord, RequestOutcomeWord};
use crate::output::views::{ApiVersion, Kind};

const CERTIFICATE: &str = "X509SHA256=fc8c0a3b5d9e1f2a4c6b8d7e0f1a2b3c4d5e6f708192a3b4c5d6e7f80910151b";

/// A leaked certificate, a token that it had issued, and what may have been.
pub(super) fn example() -> TraceReport {
    let token = object("serviceaccounts", Some("token"), "ci", "robot");
    let linked_by = LinkedBy { time: at("2026-11-22T03:11:02Z"), audit_id: "a-2".into(), object: Some(token.clone()) };
    let secrets = object("secrets", None, "ci", "db");
    TraceReport {
        api_version: ApiVersion::V1,
        kind: Kind::TraceReport,
        asked: AskedAbout {
            file: Some("leaked.yaml".to_owned()),
            credentials: vec![CERTIFICATE.to_owned()],
            uids: vec!["200000000000000103".to_owned()],
            names: vec!["200000000000000103-1700000000".to_owned()],
            issued: Some(at("2025-11-01T12:26:40Z")),
            since: Some(at("2026-11-20T00:00:00Z")),
            until: Some(at("2026-11-23T00:00:00Z")),
            depth: 5,
        },
        log: TracedLog {
            sources: vec!["audit.log".to_owned()],
            from: Some(at("2026-11-20T00:00:01Z")),
            to: Some(at("2026-11-22T03:20:00Z")),
            lines: 129_326,
            levels: EventLevels { metadata: 129_000, request: 200, request_response: 125 },
            gaps: vec![LogGap { from: at("2026-11-20T10:00:00Z"), to: at("2026-11-20T10:30:00Z") }],
            starts_after_issue: Some(true),
            unauthenticated: 37,
        },
        actors: vec![
            ActorView {
                id: "1".into(),
                credential: Some(CERTIFICATE.into()),
                name: Some("200000000000000103-1700000000".into()),
                parent: None,
                link: LinkWord::Root,
                evidence: EvidenceWord::Proof,
                linked_by: None,
                token: None,
                impersonation_constraint: None,
                first: Some(at("2026-11-22T03:11:02Z")),
                last: Some(at("2026-11-22T03:11:02Z")),
                source_ips: vec!["192.0.2.7".into()],
                counts: ActorCounts { requests: 1, mints: 1, ..ActorCounts::default() },
            },
            ActorView {
                id: "2".into(),
                credential: Some("JTI=0b1c7d0e-5f7a-4a41-9a55-2d3c8a1f6e52".into()),
                name: Some("system:serviceaccount:ci:robot".into()),
                parent: Some("1".into()),
                link: LinkWord::Minted,
                evidence: EvidenceWord::Proof,
                linked_by: Some(linked_by.clone()),
                token: Some(TracedToken {
                    audiences: vec!["api".to_owned()],
                    expires: Some(at("2036-11-22T03:10:04Z")),
                    bound_to: Some("Pod/web-1".to_owned()),
                }),
                impersonation_constraint: Some("impersonate:user-info".into()),
                first: Some(at("2026-11-22T03:11:05Z")),
                last: Some(at("2026-11-22T03:14:09Z")),
                source_ips: vec!["192.0.2.7".into()],
                counts: ActorCounts {
                    requests: 9,
                    reads: 1,
                    secrets: 1,
                    writes: 1,
                    grants: 1,
                    mints: 1,
                    executions: 1,
                    attempts: 2,
                    unanswered: 1,
                },
            },
        ],
        events: vec![
            event("2026-11-22T03:11:02Z", "1", ActionWord::Mint, Some(token)),
            event("2026-11-22T03:11:05Z", "2", ActionWord::ReadSecret, Some(secrets.clone())),
            TracedEvent { path: Some("/metrics".into()), ..event("2026-11-22T03:12:05Z", "2", ActionWord::Read, None) },
        ],
        possible: vec![
            PossibleView {
                link: LinkWord::Requested,
                credential: Some("X509SHA256=0b".to_owned()),
                ..possible(
                    &linked_by,
                    secrets,
                    "it was used to request a certificate for shadow-admin; then a certificate of that name was first seen",
                )
            },
            possible(
                &linked_by,
                object("pods", Some("exec"), "shop", "web-1"),
                "it ran a command in a pod of that account",
            ),
        ],
        unreadable: 1,
        warnings: vec!["1 record of the log could not be read".to_owned()],
        incomplete: true,
    }
}

fn possible(linked_by: &LinkedBy, object: Arc<TracedObject>, why: &str) -> PossibleView {
    PossibleView {
        link: LinkWord::Exec,
        evidence: EvidenceWord::Possible,
        actor: "2".into(),
        linked_by: LinkedBy { object: Some(object), ..linked_by.clone() },
        name: "shadow-admin".to_owned(),
        credential: None,
        requests: 3,
        first: at("2026-11-22T03:15:05Z"),
        last: at("2026-11-22T03:16:05Z"),
        source_ips: vec!["203.0.113.9".into()],
        why: why.to_owned(),
    }
}

fn object(resource: &str, subresource: Option<&str>, namespace: &str, name: &str) -> Arc<TracedObject> {
    Arc::new(TracedObject {
        api_group: String::new(),
        resource: resource.to_owned(),
        subresource: subresource.map(str::to_owned),
        namespace: Some(namespace.to_owned()),
        name: Some(name.to_owned()),
    })
}

fn event(time: &str, actor: &str, action: ActionWord, object: Option<Arc<TracedObject>>) -> TracedEvent {
    TracedEvent {
        time: at(time),
        actor: actor.into(),
        action,
        verb: "get".into(),
        object,
        path: None,
        code: Some(200),
        result: RequestOutcomeWord::Done,
        decision: Some("allow".into()),
        granted_by: Some("RoleBinding/ci/robot".into()),
        audit_id: "a-2".into(),
        impersonated: Some("bob".into()),
        from: Some("192.0.2.7".into()),
        level: LevelWord::Metadata,
        command: Some("sh".into()),
    }
}

/// What other verbs read of a trace is what was written.
#[test]
fn a_trace_is_read_as_it_was_written() {
    let written = serde_json::to_value(example()).unwrap();
    let read: TraceReport = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), written);
}
