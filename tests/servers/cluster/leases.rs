//! Leases: what a holder writes, and what another finds.

use serde_json::{Value, json};

use crate::cluster::transcript::Transcript;

pub(crate) fn leases(transcript: &mut Transcript<'_>) {
    transcript.namespace("leases");
    let all = "/apis/coordination.k8s.io/v1/namespaces/leases/leases";
    let time = "2026-11-22T03:10:02.000250Z";
    let lease = |spec: Value| json!({"metadata": {"name": "one"}, "spec": spec});
    let held = json!({
        "holderIdentity": "ann at desk", "leaseDurationSeconds": 15, "acquireTime": time, "renewTime": time, "leaseTransitions": 0,
    });
    for wrong in [
        json!({"leaseDurationSeconds": 0}),
        json!({"leaseDurationSeconds": -1, "leaseTransitions": -1}),
        json!({"renewTime": "2026-11-22T03:10:02Z"}),
        json!({"holder": "ann"}),
    ] {
        transcript.create("admin", &format!("{all}?fieldValidation=Strict&dryRun=All"), &lease(wrong));
    }
    let created = transcript.create("admin", all, &lease(held.clone()));
    transcript.create("admin", all, &lease(held));
    let one = format!("{all}/one");
    transcript.get("admin", &one);
    transcript.get("admin", &format!("{all}/two"));

    let mut renewed = created.clone();
    renewed["spec"]["renewTime"] = json!("2026-11-22T05:10:07.5+02:00");
    transcript.ask("admin", "PUT", &one, &renewed);
    renewed["spec"]["renewTime"] = json!("2026-11-22T05:10:07.500000+02:00");
    transcript.ask("admin", "PUT", &one, &renewed);
    transcript.ask("admin", "PUT", &one, &renewed);
    let free = json!({"metadata": {"name": "one"}, "spec": {"holderIdentity": "", "leaseDurationSeconds": 1}});
    transcript.ask("admin", "PUT", &one, &free);
    transcript.get("admin", &one);
    transcript.patch("admin", &one, &json!([{"op": "replace", "path": "/spec/holderIdentity", "value": "bo"}]));
    transcript.get("nobody", &one);
    transcript.ask("nobody", "PUT", &one, &free);
    transcript.get("admin", all);
    transcript.ask("admin", "DELETE", &one, &json!({"preconditions": {"resourceVersion": "1"}}));
    transcript.ask("admin", "DELETE", &one, &Value::Null);
    transcript.ask("admin", "PUT", &one, &renewed);
    transcript.ask("admin", "PUT", &one, &free);
}
