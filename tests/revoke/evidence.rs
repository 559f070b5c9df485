//! What ACK's row and the leaked certificate mean for a revocation: a cloud service's role, a kubeconfig that ACK does not revoke, and a
//! number that only its certificate shows to be a RAM identity's.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::cloud::{KubeconfigRecord, RamRole};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use kubectl_ackcred::status::Status;
use serde_json::Value;

use crate::scene::{CARL, CLUSTER, Incident, days, name, now};
use crate::setting::{Setup, binding, user};

/// By which a cloud service works.
const SERVICE: &str = "300000000000000777";

on_both_servers!(a_cloud_services_role_is_revoked_only_by_force);

fn a_cloud_services_role_is_revoked_only_by_force<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup: Setup| {
        setup.change_account(|account| account.role(RamRole::new(SERVICE, "aliyunserviceroleforarms"))).change_cluster(
            |cluster| {
                let lasting =
                    KubeconfigRecord::effective(now() + days(400)).owner("RamRole", "aliyunserviceroleforarms");
                cluster.kubeconfig(SERVICE, lasting.account_state("Active").cloud_service("arms"))
            },
        )
    });
    let own = format!("{SERVICE}-clusterrolebinding");
    let bound = binding(&own, "ClusterRole", "cs:restricted", &[user(&name(SERVICE))]);
    incident.post(&BindingRef::cluster_role_binding(&own).collection(), &bound);
    let subjects = || incident.subjects("ClusterRoleBinding", "", &own);

    let (status, plan, said) = incident.json(&["revoke", SERVICE, "--yes", "--settle", "0s"]);
    assert_eq!((status, plan["refusals"][0]["code"].as_str()), (Status::Refused, Some("CloudServiceRole")), "{said}");
    assert!(plan["refusals"][0]["message"].to_string().contains("by which arms works"), "{plan:#}");
    assert_eq!(plan["targets"][0]["type"], "CloudService", "{plan:#}");
    assert_eq!(subjects(), Some(vec![name(SERVICE)]));

    let (status, report, said) = incident.json(&["revoke", SERVICE, "--yes", "--force", "--settle", "0s"]);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    assert_eq!((report["verification"][0]["outcome"].as_str(), subjects()), (Some("Verified"), None), "{report:#}");
}

#[test]
fn what_ack_does_not_revoke_is_said_before_consent() {
    let incident = Incident::sandbox(|setup: Setup| {
        setup.change_cluster(|cluster| {
            let lasting = KubeconfigRecord::effective(now() + days(400)).owner("RamUser", "carl");
            cluster.kubeconfig(CARL, lasting.irrevocable())
        })
    });
    let said = format!("ACK says that it does not revoke the kubeconfig of {CARL} (revokable: false)");
    let (status, plan, stderr) = incident.json(&["revoke", CARL, "--dry-run"]);
    assert_eq!(status, Status::Done, "{stderr}");
    assert!(plan["warnings"].to_string().contains(&said), "{plan:#}");
    let table = incident.run(&["revoke", CARL, "--dry-run"]);
    assert!(table.stderr.contains(&said), "{table}");
    let (status, report, stderr) = incident.json(&["revoke", CARL, "--yes", "--settle", "0s"]);
    assert_eq!(status, Status::Incomplete, "{stderr}");
    assert_eq!(report["verification"][0]["outcome"], "Residual", "{report:#}");
    assert_eq!(incident.subjects("ClusterRoleBinding", "", &format!("{CARL}-clusterrolebinding")), None);
}

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
