//! Which clusters a command is about.

use ackcred_sandbox::apiserver::Fault;
use ackcred_sandbox::cloud;
use ackcred_sandbox::cluster::Cluster as _;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use kubectl_ackcred::status::Status;
use serde_json::json;

use crate::fleet::scene::*;

#[test]
fn contexts_are_named_one_by_one() {
    let scene = Scene::of(3);
    let [first, _, third] = &scene.fleet.clusters[..] else { panic!() };
    let report = scene.json(&["scan", "--context", &third.context, "--context", &first.context]);
    assert_eq!(report.status, Status::Done, "{report:?}");
    let ids: Vec<String> = report.document["clusters"].as_array().unwrap().iter().map(|one| text(&one["id"])).collect();
    assert_eq!(ids, [third.id.as_str(), first.id.as_str()]);
    let unknown = scene.run(&["scan", "--context", &first.context, "--context", "gone"]);
    assert_eq!(unknown.status, Status::Failed, "{unknown}");
    assert!(unknown.stderr.contains("gone"), "{unknown}");
}

#[test]
fn clusters_are_chosen_by_their_ids_and_those_without_a_context_are_named() {
    let scene = Scene::of(3).with_contexts_of(&[0, 1]);
    let ids = scene.ids();
    let report = scene.json(&["scan", "--cluster-id", ids[1], "--cluster-id", ids[2]]);
    assert_eq!(report.status, Status::Incomplete, "{report:?}");
    assert_eq!(report.ids_of("grants"), [ids[1]]);
    assert_eq!(report.unread(), [(ids[2].to_owned(), "not reached: no context leads to it".to_owned())]);
}

#[test]
fn all_clusters_of_the_account_are_read_or_named() {
    let scene = Scene::of(4).with_contexts_of(&[0, 2]);
    scene.fleet.cloud.edit(|cloud_state| {
        cloud_state.cluster_mut(scene.ids()[2]).unwrap().state = "deleting".to_owned();
    });
    let report = scene.json(&["scan", "--all-clusters"]);
    assert_eq!(report.status, Status::Incomplete, "{report:?}");
    assert_eq!(report.ids_of("grants"), [scene.ids()[0]]);
    let mut unread = report.unread();
    unread.sort_by_key(|(id, _)| scene.ids().iter().position(|own| own == id));
    let expected = [
        (1, "not reached: no context leads to it"),
        (2, "not reached: in state deleting a cluster serves no API"),
        (3, "not reached: no context leads to it"),
    ];
    assert_eq!(unread, expected.map(|(place, why)| (scene.ids()[place].to_owned(), why.to_owned())));
    assert!(scene.fleet.clusters[2].server.faults().exchanges().is_empty(), "a cluster that is going was asked");
    assert!(report.stderr.contains("shop-004"), "{}", report.stderr);
}

#[test]
fn without_the_cloud_nobody_knows_all_clusters() {
    let scene = Scene::of(1);
    let outcome = scene.run(&["scan", "--all-clusters", "--offline"]);
    assert_eq!(outcome.status, Status::Failed, "{outcome}");
    assert!(outcome.stderr.contains("only the cloud knows the account's clusters: --offline"), "{outcome}");
}

#[test]
fn clusters_that_could_not_be_listed_are_not_said_to_be_none() {
    let scene = Scene::of(1);
    for action in ["DescribeRegions", "DescribeClustersV1"] {
        scene.fleet.cloud.add_fault(cloud::CloudFault::of(action, cloud::FaultKind::Forbidden));
    }
    let outcome = scene.run(&["scan", "--all-clusters"]);
    assert_eq!(outcome.status, Status::Failed, "{outcome}");
    for named in ["cs:DescribeRegions: StatusForbidden", "cs:DescribeClustersV1 needs cs:GetClusters"] {
        assert!(outcome.stderr.contains(named) && !outcome.stderr.contains("no cluster"), "{outcome}");
    }
}

#[test]
fn one_cluster_by_two_contexts_is_read_once() {
    let scene = Scene::of(2);
    // The same file once more, with contexts that tell no ID: only the clusters themselves do.
    let again = scene.fleet.kubeconfig();
    let again = again.replace(&format!("{OPERATORS_UID}-c"), "again-").replace("name: c", "name: again-cluster-");
    let again = again.replace("cluster: c", "cluster: again-cluster-");
    let scene = scene.with_file("again", &again);
    let report = scene.json(&["scan", "--all-contexts"]);
    assert_eq!(report.status, Status::Done, "{report:?}");
    assert_eq!(report.document["clusters"].as_array().unwrap().len(), 2, "{report:?}");
    assert_eq!(report.grants().len(), 2 * GRANTS);
}

#[test]
fn flags_of_one_server_make_no_sense_for_several() {
    let scene = Scene::of(2);
    let [first, second] = &scene.fleet.clusters[..] else { panic!() };
    let several: [&[&str]; 7] = [
        &["scan", "--all-contexts", "--token", "x"],
        &["scan", "--all-contexts", "--context", "x"],
        &["scan", "--all-contexts", "--all-clusters"],
        &["scan", "--context", &first.context, "--context", &second.context, "--server", "https://127.0.0.1:1"],
        &["scan", "--context", &first.context, "--context", &second.context, "--cluster-id", &first.id],
        &["scan", "--all-contexts", "--temporary-credentials"],
        &["status", LEAVERS_UID, "--all-contexts"],
    ];
    for args in several {
        let outcome = scene.run(args);
        assert_eq!(outcome.status, Status::Usage, "{args:?}: {outcome}");
    }
}

#[test]
fn an_id_in_an_edited_name_hides_no_cluster() {
    let scene = Scene::of(2);
    let [first, second] = &scene.fleet.clusters[..] else { panic!() };
    // The second cluster's context bears the first one's ID, and the clusters don't say which they are.
    let renamed = scene.fleet.kubeconfig().replace(&second.context, &format!("other-{}", first.id));
    for cluster in &scene.fleet.clusters {
        let forbidden = Fault::Answer { code: 403, content_type: "application/json", body: "{}".into() };
        cluster.server.faults().add("GET", "ack-cluster-profile", usize::MAX, forbidden);
    }
    let file = scene.session.write("renamed", renamed).unwrap();
    let Scene { fleet, session } = scene;
    let scene = Scene { session: session.with("KUBECONFIG", file), fleet };
    let report = scene.json(&["scan", "--all-contexts", "--offline"]);
    assert_eq!(report.document["clusters"].as_array().unwrap().len(), 2, "{report:?}");
    let leavers = report.grants().iter().filter(|row| row["uid"] == LEAVERS_UID).count();
    assert_eq!(leavers, 2 * GRANTS);
    let plan = scene.json(&["revoke", LEAVERS_UID, "--all-contexts", "--dry-run"]);
    assert_eq!(plan.status, Status::Refused, "{plan:?}");
    assert!(plan.stderr.contains("go by one ID and lead to two clusters"), "{}", plan.stderr);
    assert_eq!(plan.document["steps"].as_array().unwrap().len(), 0);
}

#[test]
fn names_for_scripts_are_uids_each_once() {
    let scene = Scene::of(2);
    let outcome = scene.run(&["scan", "--all-contexts", "-o", "name"]);
    assert_eq!(outcome.stdout.lines().collect::<Vec<_>>(), [LEAVERS_UID], "{outcome}");
}

#[cfg(unix)]
#[test]
fn credential_plugins_of_several_clusters_ask_nobody_at_the_terminal() {
    use ackcred_sandbox::programs::write_program;
    let scene = Scene::of(2);
    let home = scene.session.home().to_owned();
    let mut file = Kubeconfig::new();
    for (number, cluster) in scene.fleet.clusters.iter().enumerate() {
        let identity = cluster.server.administrator().unwrap();
        let answer = json!({
            "kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
            "status": {"clientCertificateData": identity.certificate_pem(), "clientKeyData": identity.key().pkcs8_pem()},
        });
        scene.session.write(&format!("answer-{number}"), answer.to_string()).unwrap();
        let script = format!(
            "#!/bin/sh\nprintf %s \"$KUBERNETES_EXEC_INFO\" > {0}/info-{number}\ncat {0}/answer-{number}\n",
            home.display()
        );
        let plugin = home.join(format!("plugin-{number}"));
        write_program(&plugin, &script).unwrap();
        let exec = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "command": plugin, "interactiveMode": "IfAvailable",
        });
        let name = format!("exec-{number}");
        file = file.cluster(&name, &cluster.server.url(), Some(&cluster.server.ca_pem()));
        file = file.user(&name, &Credential::Exec(exec)).context(&name, &name, &name).current(&name);
    }
    let config = scene.session.write("config", file.yaml()).unwrap();
    let Scene { fleet, session } = scene;
    let session = session.with("KUBECONFIG", config).with("PATH", "/usr/bin:/bin").answering("secret\n");
    let scene = Scene { session, fleet };
    let interactive = |number: usize| {
        let info = std::fs::read_to_string(home.join(format!("info-{number}"))).unwrap();
        serde_json::from_str::<serde_json::Value>(&info).unwrap()["spec"]["interactive"].as_bool().unwrap()
    };
    let several = scene.run(&["scan", "--all-contexts", "--offline"]);
    assert_eq!(several.status, Status::Done, "{several}");
    assert_eq!([interactive(0), interactive(1)], [false, false]);
    let alone = scene.run(&["scan", "--offline"]);
    assert_eq!(alone.status, Status::Done, "{alone}");
    assert!(interactive(1), "one alone may ask");
}
