use jiff::Timestamp;

use crate::core::fixtures::at;
use crate::core::ids::{ClusterId, Uid};
use crate::core::revocation::journal::{Ending, OperationId, OperationSummary, RestoreOrigin, State, SummaryPurpose};
use crate::output::views::{ApiVersion, History, Kind, PastOperation};

/// A revocation, its restore, one that was cut off, and one that can't be read.
pub(super) fn example() -> History {
    let revoked = id("20260101-101112-a90a48");
    let revoke = || SummaryPurpose::Revoke { tombstones: Vec::new() };
    let restore = SummaryPurpose::Restore { of: RestoreOrigin::Operation(revoked.clone()), rearmed: Vec::new() };
    let past =
        |id: &OperationId, begun: &str, purpose, state| PastOperation::of(id, summary(at(begun), purpose), state);
    History {
        api_version: ApiVersion::V1,
        kind: Kind::History,
        time: at("2026-01-05T00:00:00Z"),
        operations: vec![
            PastOperation::damaged(&id("20260104-000000-0badc0")),
            past(&id("20260103-101112-6df3ce"), "2026-01-03T10:11:12Z", revoke(), State::Unfinished),
            past(&id("20260102-101112-01e072"), "2026-01-02T10:11:12Z", restore, State::Ended(Ending::Restored)),
            past(&revoked, "2026-01-01T10:11:12Z", revoke(), State::Ended(Ending::Verified)),
        ],
    }
}

/// A rotation.
pub(super) fn example_of_a_rotation() -> History {
    let id = id("20260103-111112-3f9a2c");
    let rotation = summary(at("2026-01-03T11:11:12Z"), SummaryPurpose::Rotate { tombstones: Vec::new() });
    let rotation = OperationSummary { approved_by: Some("bo@example.com".to_owned()), ..rotation };
    History { operations: vec![PastOperation::of(&id, rotation, State::Ended(Ending::Verified))], ..example() }
}

fn id(text: &str) -> OperationId {
    OperationId::parse(text).unwrap()
}

fn summary(begun: Timestamp, purpose: SummaryPurpose) -> OperationSummary {
    OperationSummary {
        begun,
        plan_hash: String::new(),
        purpose,
        cluster_ids: vec![ClusterId::parse("c5e8f0a1b2c3d4e5f60718293a4b5c6d7")],
        uids: vec![Uid::parse("200000000000000103").unwrap()],
        steps: 3,
        reason: Some("INC-4711".to_owned()),
        approved_by: None,
        record_length: 0,
    }
}
