//! What the leaked certificate means for a revocation: it can be all that shows a number to be a RAM identity's.

use ackcred_sandbox::binding::BindingRef;
use serde_json::Value;

use crate::scene::{CARL, CLUSTER, Incident};

/// carl is in no list of the account and of ACK, and no binding that ACK named is left.
#[test]
fn the_certificate_in_a_leaked_file_shows_whose_number_it_is() {
    let incident = Incident::sandbox(|setup| setup);
    incident.cloud.edit(|cloud_state| {
        let cluster = cloud_state.cluster_mut(CLUSTER).unwrap();
        cluster.kubeconfigs.remove(CARL);
        cluster.permissions.clear();
    });
    let own = BindingRef::cluster_role_binding(&format!("{CARL}-clusterrolebinding"));
    incident.delete(&own.path());
    let target = |args: &[&str]| -> (Value, String) {
        let (_, plan, _) = incident.json(args);
        (plan["targets"][0]["state"].clone(), plan["targets"][0]["evidence"].as_str().unwrap().to_owned())
    };
    let (state, evidence) = target(&["revoke", CARL, "--dry-run"]);
    assert_eq!(state, "Unknown", "{evidence}");
    assert!(evidence.ends_with("not shown to be a RAM identity"), "{evidence}");
    let leaked = incident.leaked.display().to_string();
    let (state, evidence) = target(&["revoke", "-f", &leaked, "--dry-run", "--force"]);
    assert_eq!(state, "Deleted", "{evidence}");
    assert!(evidence.ends_with("by a certificate that the cluster's CA signed"), "{evidence}");
}
