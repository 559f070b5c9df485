//! What the cloud remembers, by answers that fail.

use std::time::Duration;

use ackcred_sandbox::apiserver::Fault;
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::cloud::{self, CleanBehaviour, FaultKind};
use kubectl_ackcred::status::Status;

use super::{GENEROUS, all, patience};
use crate::scene::{CARL, Incident, result_of};

/// The cloud keeps the kubeconfig, or the permission, and its answers fail from the last write in the cluster on.
#[test]
fn the_cloud() {
    let readings = [
        ("ListClusterKubeconfigStates", CleanBehaviour::Later(Duration::from_secs(3600))),
        ("DescribeUserPermission", CleanBehaviour::KeepsPermissionRecord),
    ];
    let body = |text: &str| Some(FaultKind::Body(text.to_owned()));
    let faults = [
        ("none", None),
        ("refused", Some(FaultKind::Forbidden)),
        ("hang", Some(FaultKind::Hang(None))),
        ("garbage", body("\u{1}garbage")),
        ("other kind", body(r#"[{"code":"Success"}]"#)),
        ("an error in a 200", body(r#"{"code":"InternalError","message":"try again","requestId":"1"}"#)),
        ("empty", body("")),
        ("no object", body("{}")),
        ("null", body("null")),
        ("cut", Some(FaultKind::Truncated)),
        ("reset", Some(FaultKind::Reset)),
        ("failing", Some(FaultKind::ServerError(500))),
    ];
    let rows: Vec<_> = readings.iter().flat_map(|reading| faults.iter().map(move |fault| (reading, fault))).collect();
    let held = all(&rows, |((action, behaviour), (name, kind))| {
        let incident = Incident::sandbox(|setup| setup.clean_behaviour(*behaviour));
        let team = BindingRef::role_binding("shop", "team").path();
        // The dry run passes, the write waits.
        let gate = incident.server.faults().gate_after("PATCH", &team, 1, Fault::HoldResponse);
        let timeout = patience(Some(name));
        let args = ["revoke", CARL, "--yes", "--force", "--settle", "0", "--request-timeout", timeout];
        let (status, report, said) = std::thread::scope(|scope| {
            let revoking = scope.spawn(|| incident.json(&args));
            assert!(gate.wait_reached(1, GENEROUS));
            if let Some(kind) = kind {
                incident.cloud.add_fault(cloud::CloudFault::of(action, kind.clone()));
            }
            gate.open();
            revoking.join().unwrap()
        });
        let row = format!("{action} {name} {said}\n{report:#}");
        assert_eq!(status, Status::Incomplete, "{row}");
        assert_ne!(report["verification"][0]["outcome"], "Verified", "{row}");
        let result = result_of(&report, "Cloud");
        match kind {
            None => assert_eq!(result, "Failed", "{row}"),
            Some(_) => assert!(matches!(result, "Failed" | "Error"), "{row}"),
        }
    });
    assert_eq!(held, 2 * 12);
}
