use super::scan::cluster;
use crate::core::fixtures::at;
use crate::core::persistence::{Finding, FoundObject, Method, Remedy, Since, SourceFact, SourceFrom, Undo};
use crate::core::rbac::reach::Certainty;
use crate::output::views::{ApiVersion, AskedPersistence, FindingView, Kind, PersistenceColumns, PersistenceReport};

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";

/// A Secret that an identity could read, with everything that can be said of it; a cluster of which a part was not read.
pub(super) fn example() -> PersistenceReport {
    let finding = Finding {
        method: Method::StaticToken,
        object: FoundObject::new("Secret", Some("shop"), "robot-token"),
        leads_to: "a ServiceAccount of namespace shop".to_owned(),
        since: Since::Created(at("2026-01-01T00:00:00Z")),
        source: vec![SourceFact { what: "used in the last 30 days".to_owned(), from: SourceFrom::ServerSet }],
        remedy: Remedy {
            text: "label the Secret".to_owned(),
            command: Some("kubectl label secret -n shop robot-token x=y".to_owned()),
            undo: Undo::Yes,
        },
        certainty: Certainty::Exact,
    };
    PersistenceReport {
        api_version: ApiVersion::V1,
        kind: Kind::PersistenceReport,
        time: at("2026-01-01T10:11:12Z"),
        asked: AskedPersistence {
            uids: vec!["200000000000000103".to_owned()],
            file: Some("leaked.yaml".to_owned()),
            since: Some(at("2025-12-01T00:00:00Z")),
            operation: Some("20251201-000000-3f9a2c".to_owned()),
            trace: Some("trace.json".to_owned()),
        },
        clusters: vec![cluster(CLUSTER, Some("cannot list roles"))],
        findings: vec![FindingView::of(finding, Some(CLUSTER.to_owned()), Some("prod".to_owned()))],
        read: vec!["bindings and roles".to_owned()],
        unread: vec!["cannot list secrets in namespace shop".to_owned()],
        not_seen: PersistenceReport::not_seen(),
        incomplete: true,
        columns: PersistenceColumns { are_several: true },
    }
}
