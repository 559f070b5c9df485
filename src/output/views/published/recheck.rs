//! A leaked certificate whose access is back, one that is still gone, one that was given back, one that could not be asked, and a record
//! that can't be read.

use serde_json::json;

use super::revocation::report as revocation_report;
use crate::core::fixtures::at;
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::binding_object::BindingRef;
use crate::core::rbac::inventory::Role;
use crate::core::rbac::managed_by::SubjectsWrite;
use crate::core::revocation::recheck::PutBack;
use crate::output::views::{
    ApiVersion, Kind, OperationOutcome, RecheckView, VerificationReport, VerificationView, VerifiedOperation,
};

/// Of each outcome one.
pub(super) fn example() -> VerificationReport {
    let residual = || revocation_report().verification[0].clone();
    let verified = |outcome: &str| -> VerificationView {
        let mut json = serde_json::to_value(residual()).unwrap();
        (json["outcome"], json["checks"]) = (json!(outcome), json!([check("Passed"), check_of_cloud(outcome)]));
        serde_json::from_value(json).unwrap()
    };
    let (cluster, uid) = (residual().cluster_id, residual().uid);
    let operation = |id: &str, ended, verification| VerifiedOperation {
        id: id.to_owned(),
        ended: Some(ended),
        error: None,
        verification,
    };
    let damaged = VerifiedOperation {
        id: "20260104-000000-0badc0".to_owned(),
        ended: None,
        error: Some("cannot read operation.json".to_owned()),
        verification: Vec::new(),
    };
    let other = || (cluster.clone(), "200000000000000104".to_owned());
    VerificationReport {
        api_version: ApiVersion::V1,
        kind: Kind::VerificationReport,
        time: at("2026-01-08T10:11:12Z"),
        operations: vec![
            damaged,
            operation(
                "20260103-101112-6df3ce",
                OperationOutcome::Unfinished,
                vec![RecheckView::not_read(
                    cluster.clone(),
                    uid.clone(),
                    "not reached: no context leads to it".to_owned(),
                )],
            ),
            operation(
                "20260101-101112-a90a48",
                OperationOutcome::Verified,
                vec![
                    RecheckView::checked(residual(), &[put_back()]),
                    RecheckView::checked(verified("Verified"), &[]),
                    RecheckView::checked(verified("Unverifiable"), &[]),
                    RecheckView::restored(other().0, other().1, "20260102-101112-01e072".to_owned(), true),
                    RecheckView::restored(other().0, other().1, "20260102-101112-01e072".to_owned(), false),
                ],
            ),
        ],
        incomplete: true,
    }
}

fn check(result: &str) -> serde_json::Value {
    json!({"check": "Rbac", "result": result, "detail": "no grant left", "findings": []})
}

/// What the cloud says where that is all that is missing.
fn check_of_cloud(outcome: &str) -> serde_json::Value {
    let result = if outcome == "Verified" { "Passed" } else { "Skipped" };
    json!({"check": "Cloud", "result": result, "detail": "the cloud was not asked", "findings": []})
}

fn put_back() -> PutBack {
    let binding =
        BindingRef { kind: BindingKind::RoleBinding, namespace: Some("shop".to_owned()), name: "team".to_owned() };
    let found = PutBack {
        binding,
        role: Role { kind: "ClusterRole".into(), name: "dev".into() },
        names: vec!["200000000000000103-1760000000".to_owned()],
        write: SubjectsWrite::default(),
        is_later: None,
    };
    let write = SubjectsWrite { manager: Some("argocd-controller".to_owned()), at: Some(at("2026-01-03T00:00:00Z")) };
    found.written(write, Some(at("2026-01-01T10:11:20Z")))
}

#[test]
fn each_row_says_what_there_is_to_say() {
    let report = example();
    let said: Vec<String> = report.rows().flat_map(|(_, row)| row.what()).collect();
    let expected = [
        "not reached: no context leads to it",
        "RoleBinding/shop/team gives ClusterRole/dev to 200000000000000103-1760000000: put back by argocd-controller at \
         2026-01-03T00:00:00Z",
        "still gone: 2 checks passed",
        "cloud: the cloud was not asked",
        "given back by operation 20260102-101112-01e072",
        "restore 20260102-101112-01e072 gave it back in part: finish it, or revoke again",
    ];
    assert_eq!(said, expected);
    assert!(report.has_findings());
}

#[test]
fn metrics_of_what_could_not_be_checked_have_no_value_of_access() {
    use crate::output::report::Report as _;
    let text = example().metrics().unwrap().to_text();
    let values = |name: &str| text.lines().filter(|line| line.starts_with(&format!("{name}{{"))).count();
    // The same identity in the same cluster stands once, the worst first.
    assert_eq!((values("ackcred_verify_access_back"), values("ackcred_verify_unverifiable")), (2, 3), "{text}");
    assert!(text.contains("manager=\"argocd-controller\"") && text.contains(" 1767398400\n"), "{text}");
    assert!(
        text.contains("ackcred_verify_unreadable_operations 1\n") && text.contains("ackcred_verify_incomplete 1\n")
    );
}
