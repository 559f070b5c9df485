use insta::assert_snapshot;

use super::revocation::{approval, cluster, id, kept, leaked, of_team, refusals, remain, target, text};
use crate::cli::Format;
use crate::core::fixtures::at;
use crate::core::revocation::plan::{BindingAction, BindingStep, Draft, Step, StepKind};
use crate::core::revocation::rotation::{
    CertificateFrom, Destination, KnownCertificate, Place, RotationDraft, RotationPlan, Written,
};
use crate::output::report::{self, Report, Style};
use crate::output::views::{RotationPlanDocument, RotationReport};

const CONFIG: &str = "/home/carl/.kube/config";

/// A plan for one cluster, into a file that holds more.
pub(super) fn plan() -> RotationPlanDocument {
    RotationPlanDocument::of(&agreed(), at("2026-01-01T10:11:12Z"))
}

/// A report of a file that was written, and of one binding that still names the old certificate.
pub(super) fn report() -> RotationReport {
    let written =
        Written { cluster_id: cluster(), path: Some(CONFIG.into()), backup: Some(agreed().backup_of(CONFIG.as_ref())) };
    RotationReport::of(&id("20260101-101112-a90a48"), &agreed(), &[written], kept())
        .approved(Some(&approval(&agreed().plan.hash)))
}

fn agreed() -> RotationPlan {
    let carl = target().uid;
    let undo = text("none: a revoked certificate can't be given back");
    let replace = BindingStep { action: BindingAction::Replace, ..of_team() };
    let step = |kind| Step { id: 0, cluster_id: cluster(), kind, undo: undo.clone() };
    let draft = Draft {
        targets: vec![target()],
        steps: vec![step(StepKind::Rotate(carl)), step(StepKind::Binding(Box::new(replace)))],
        remains: vec![remain()],
        warnings: vec![text("access key LTAI5t can fetch the new kubeconfig, too")],
        refusals: refusals(),
        ..Draft::default()
    };
    let certificate = KnownCertificate {
        cluster_id: cluster(),
        from: CertificateFrom::Context,
        facts: leaked(),
        holds: vec![text("RoleBinding/shop/team gives ClusterRole/cs:ns:dev")],
    };
    let place = Place::UserEntry { path: CONFIG.into(), user: text("200000000000000103") };
    let destination = Destination { cluster_id: cluster(), place };
    let draft = RotationDraft { draft, certificates: vec![certificate], destination: Some(destination) };
    RotationPlan::new(vec![draft], true)
}

/// As a terminal of so many columns shows it.
fn shown(report: &impl Report, columns: u16) -> String {
    let mut text = Vec::new();
    let columns = Some(columns);
    let style = Style { format: Format::Table, headers: true, colored: false, is_for_terminal: true, columns };
    report::write(report, &style, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn plan_and_report_read_like_this() {
    assert_snapshot!(shown(&plan(), 80), @r#"
    Identity      carl   RamUser 200000000000000103, Deleted (confirmed: account_state Deleted in cs:ListClusterKubeconfigStates)
    Cluster       prod   c5e8f0a1b2c3d4e5f60718293a4b5c6d7, context "200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7"
    Certificate   CN=200000000000000103-1760000000, valid until 2028-01-01T00:00:00Z (729d), of your context
      holds       RoleBinding/shop/team gives ClusterRole/cs:ns:dev
    Written to    /home/carl/.kube/config, user entry "200000000000000103" alone; the old file is kept as /home/carl/.kube/config.before-042604

    Plan 042604
      1  rotate   your kubeconfig: ACK revokes it; a new one is tried and written
                  undo: none: a revoked certificate can't be given back
      2  replace  RoleBinding/shop/team
                  replaces User/200000000000000103-1760000000
                  keeps User/200000000000000102-1760000000
                  undo: none: a revoked certificate can't be given back
    Remains       the certificate itself still opens /version until 2028-01-01
    Not checked   sessions opened before now end by themselves, watches within an hour
    Not checked   tokens of ServiceAccounts that it could reach
    Not checked   other authorizers of the API server
    Not checked   other replicas of the API server
    Not checked   kubelets
    "#);
    assert_snapshot!(shown(&plan(), 120), @r#"
    Identity      carl   RamUser 200000000000000103, Deleted (confirmed: account_state Deleted in cs:ListClusterKubeconfigStates)
    Cluster       prod   c5e8f0a1b2c3d4e5f60718293a4b5c6d7, context "200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7"
    Certificate   CN=200000000000000103-1760000000, valid until 2028-01-01T00:00:00Z (729d), of your context
      holds       RoleBinding/shop/team gives ClusterRole/cs:ns:dev
    Written to    /home/carl/.kube/config, user entry "200000000000000103" alone; the old file is kept as /home/carl/.kube/config.before-042604

    Plan 042604
      1  rotate   your kubeconfig: ACK revokes it; a new one is tried and written
                  undo: none: a revoked certificate can't be given back
      2  replace  RoleBinding/shop/team
                  replaces User/200000000000000103-1760000000   keeps User/200000000000000102-1760000000
                  undo: none: a revoked certificate can't be given back
    Remains       the certificate itself still opens /version until 2028-01-01
    Not checked   sessions opened before now end by themselves, watches within an hour
    Not checked   tokens of ServiceAccounts that it could reach
    Not checked   other authorizers of the API server
    Not checked   other replicas of the API server
    Not checked   kubelets
    "#);
    assert_snapshot!(shown(&report(), 80), @r#"
    Residual at 2026-01-01T10:11:20Z: 200000000000000103 in c5e8f0a1b2c3d4e5f60718293a4b5c6d7 (groups from the certificate)
    Written to    /home/carl/.kube/config, user entry "200000000000000103" alone; the old file is kept as /home/carl/.kube/config.before-042604
    UID                  CHECK            RESULT    DETAIL
    200000000000000103   RBAC             failed    1 binding
    200000000000000103   access reviews   passed    12 of 12 denied
    200000000000000103   cloud            error     no answer
    200000000000000103   leaked file      skipped   no file was given
    Found         RoleBinding/shop/team gives ClusterRole/dev to 200000000000000103.17
    Remains       the certificate itself still opens /version until 2028-01-01
    Not checked   kubelets
    Approved by   bo@example.com with key SHA256:FVC/KpRHp7uoHQnIEuYXaJGEKBrCLiEMx7FD7ar2LQA
    Operation 20260101-101112-a90a48   report: kubectl ackcred history 20260101-101112-a90a48 -o json
    "#);
    assert_snapshot!(shown(&report(), 120), @r#"
    Residual at 2026-01-01T10:11:20Z: 200000000000000103 in c5e8f0a1b2c3d4e5f60718293a4b5c6d7 (groups from the certificate)
    Written to    /home/carl/.kube/config, user entry "200000000000000103" alone; the old file is kept as /home/carl/.kube/config.before-042604
    UID                  CHECK            RESULT    DETAIL
    200000000000000103   RBAC             failed    1 binding
    200000000000000103   access reviews   passed    12 of 12 denied
    200000000000000103   cloud            error     no answer
    200000000000000103   leaked file      skipped   no file was given
    Found         RoleBinding/shop/team gives ClusterRole/dev to 200000000000000103.17
    Remains       the certificate itself still opens /version until 2028-01-01
    Not checked   kubelets
    Approved by   bo@example.com with key SHA256:FVC/KpRHp7uoHQnIEuYXaJGEKBrCLiEMx7FD7ar2LQA
    Operation 20260101-101112-a90a48   report: kubectl ackcred history 20260101-101112-a90a48 -o json
    "#);
}
