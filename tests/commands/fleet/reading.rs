//! Whatever happens to one cluster, all others are reported, and that one is named.

use std::time::{Duration, Instant};

use ackcred_sandbox::apiserver::Fault;
use ackcred_sandbox::cloud;
use kubectl_ackcred::status::Status;

use crate::fleet::scene::*;

#[test]
fn identities_come_first_and_then_what_they_hold_in_which_cluster() {
    let scene = Scene::of(3);
    let outcome = scene.run(&["scan", "--all-contexts"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(cells(lines[0]), ["UID", "TYPE", "NAME", "STATE", "CLUSTERS", "GRANTS"]);
    assert_eq!(cells(lines[1])[..1], [LEAVERS_UID]);
    assert!(lines[1].trim_end().ends_with("3          9"), "{outcome}");
    assert_eq!(lines[2], "");
    assert_eq!(cells(lines[3]), ["CLUSTER-ID", "CLUSTER", "UID", "TYPE", "NAME", "STATE", "BINDING", "ROLE"]);
    let first = &scene.fleet.clusters[0];
    assert_eq!(cells(lines[4])[..3], [first.id.as_str(), "shop-001", LEAVERS_UID]);
    assert_eq!(lines.len(), 4 + 3 * GRANTS, "{outcome}");
    assert!(outcome.stderr.contains("1 identity that no longer exists holds 9 bindings in 3 clusters"), "{outcome}");
}

#[test]
fn of_one_cluster_the_table_is_as_ever() {
    let scene = Scene::of(2);
    let outcome = scene.run(&["scan"]);
    assert!(outcome.stdout.starts_with("UID "), "{outcome}");
    assert_eq!(outcome.stdout.lines().count(), 1 + GRANTS, "{outcome}");
    assert!(scene.fleet.clusters[1].server.faults().exchanges().is_empty(), "another cluster was asked");
}

#[test]
fn the_document_names_clusters_identities_and_grants() {
    let scene = Scene::of(3);
    let report = scene.json(&["scan", "--all-contexts", "--all-users"]);
    assert_eq!((report.status, report.document["incomplete"].as_bool()), (Status::Done, Some(false)));
    let clusters = report.document["clusters"].as_array().unwrap();
    let names: Vec<String> = clusters.iter().map(|cluster| text(&cluster["name"])).collect();
    assert_eq!(names, ["shop-001", "shop-002", "shop-003"]);
    let identities = report.document["identities"].as_array().unwrap();
    let of = |uid: &str| identities.iter().find(|one| one["uid"] == uid).unwrap();
    assert_eq!((&of(LEAVERS_UID)["clusters"], &of(LEAVERS_UID)["grants"]), (&3.into(), &9.into()));
    assert_eq!((&of(DEVELOPERS_UID)["clusters"], &of(DEVELOPERS_UID)["grants"]), (&3.into(), &6.into()));
    let uids: Vec<String> = report.grants().iter().map(|row| text(&row["uid"])).collect();
    assert!(uids[..9].iter().all(|uid| uid == LEAVERS_UID), "the worst stands first, in all clusters: {uids:?}");
}

#[test]
fn the_account_is_asked_once_for_all_clusters() {
    let scene = Scene::of(5);
    assert_eq!(scene.run(&["scan", "--all-contexts"]).status, Status::Done);
    let asked = |action: &str| scene.fleet.cloud.log().iter().filter(|request| request.action == action).count();
    assert_eq!((asked("ListUsers"), asked("ListRoles"), asked("GetCallerIdentity")), (1, 1, 1));
    // Of each cluster the list of people and that of cloud services.
    assert_eq!((asked("DescribeClustersV1"), asked("ListClusterKubeconfigStates")), (1, 10));
}

#[test]
fn dead_silent_and_busy_clusters_are_named_and_hold_nobody_up() {
    let scene = Scene::of(12);
    let (dead, silent, busy) = ([1, 4, 6, 9, 11], [2, 7], 3);
    dead.iter().for_each(|place| scene.fleet.kill(*place).unwrap());
    let _gates = silent.map(|place| scene.fleet.hang(place));
    scene.fleet.throttle(busy);
    let report = scene.json(&["scan", "--all-contexts", "--parallel", "4", "--cluster-timeout", "8s"]);
    assert_eq!((report.status, report.document["incomplete"].as_bool()), (Status::Incomplete, Some(true)));
    let unread = report.unread();
    let mut expected: Vec<&str> = dead.iter().chain(&silent).chain([&busy]).map(|place| scene.ids()[*place]).collect();
    let mut named: Vec<&str> = unread.iter().map(|(id, _)| id.as_str()).collect();
    expected.sort_unstable();
    named.sort_unstable();
    assert_eq!(named, expected, "{report:?}");
    let reason = |place: usize| {
        let found = unread.iter().find(|(id, _)| *id == scene.ids()[place]);
        found.map(|(_, reason)| reason.as_str()).unwrap_or_default()
    };
    assert!(reason(dead[0]).contains("refused"), "{}", reason(dead[0]));
    assert_eq!(reason(silent[0]), "not read within 8s");
    assert_eq!(report.ids_of("grants").len(), 4, "the others are all report");
    assert_eq!(report.grants().len(), 4 * GRANTS);
    for (id, _) in &unread {
        assert!(report.stderr.contains(id.as_str()), "{id} is not named: {}", report.stderr);
    }
}

#[test]
fn where_no_cluster_can_be_read_it_has_failed() {
    let scene = Scene::of(2);
    (0..2).for_each(|place| scene.fleet.kill(place).unwrap());
    let report = scene.json(&["scan", "--all-contexts", "--offline"]);
    assert_eq!((report.status, report.unread().len()), (Status::Failed, 2));
}

#[test]
fn no_more_clusters_than_wanted_are_read_at_a_time() {
    let scene = Scene::of(6);
    let gates: Vec<_> = (0..6).map(|place| scene.fleet.hang(place)).collect();
    let reached = || gates.iter().filter(|gate| gate.reached() > 0).count();
    std::thread::scope(|scope| {
        let scan = scope.spawn(|| scene.json(&["scan", "--all-contexts", "--offline", "--parallel", "2"]));
        for expected in [2, 4, 6] {
            let deadline = Instant::now() + Duration::from_secs(60);
            while reached() < expected && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
            // Time for a third one to come, if it would.
            std::thread::sleep(Duration::from_millis(200));
            assert_eq!(reached(), expected);
            gates.iter().filter(|gate| gate.reached() > 0).for_each(ackcred_sandbox::apiserver::Gate::open);
        }
        assert_eq!(scan.join().unwrap().status, Status::Done);
    });
}

#[test]
fn a_throttling_cloud_slows_all_calls_down_and_nobody_is_missed() {
    let scene = Scene::of(6);
    let throttled = cloud::FaultKind::Throttled(None);
    let fault = cloud::CloudFault::of("ListClusterKubeconfigStates", throttled).on(cloud::Turn::First(4));
    scene.fleet.cloud.add_fault(fault);
    let report = scene.json(&["scan", "--all-contexts"]);
    assert_eq!(report.status, Status::Done, "{report:?}");
    let identities = report.document["identities"].as_array().unwrap();
    assert!(text(&identities[0]["evidence"]).starts_with("confirmed: "), "{identities:?}");
    assert_eq!(report.grants().len(), 6 * GRANTS);
}

#[test]
fn a_cluster_whose_kubeconfigs_can_not_be_listed_is_incomplete_alone() {
    let scene = Scene::of(3);
    let fault =
        cloud::CloudFault::of("ListClusterKubeconfigStates", cloud::FaultKind::Forbidden).on(cloud::Turn::Nth(2));
    scene.fleet.cloud.add_fault(fault);
    let report = scene.json(&["scan", "--all-contexts"]);
    assert_eq!(report.status, Status::Incomplete, "{report:?}");
    assert_eq!(report.grants().len(), 3 * GRANTS, "its bindings are reported all the same");
    assert!(report.document["cloud"]["error"].as_str().unwrap().contains("ListClusterKubeconfigStates"));
}

#[test]
fn where_the_current_credential_is_not_taken_the_next_context_is_tried() {
    let scene = Scene::of(1);
    let cluster = &scene.fleet.clusters[0];
    let stranger = ackcred_sandbox::cluster::Cluster::kubeconfig(
        &cluster.server,
        &ackcred_sandbox::certs::Subject::user("stranger", ["nobody"]),
    )
    .unwrap()
    .replace("kubernetes", "again");
    let named = stranger.replace("stranger", &format!("stranger-{}", cluster.id));
    // The stranger's context comes first; its cluster is the operator's, by ID and CA.
    let session = scene.session.write("first", &named).unwrap();
    let files = std::env::join_paths([session, scene.fleet.folder().join("config")]).unwrap();
    let Scene { fleet, session } = scene;
    let scene = Scene { session: session.with("KUBECONFIG", files), fleet };
    let report = scene.json(&["scan", "--all-contexts"]);
    assert_eq!(report.status, Status::Done, "{report:?}");
    let clusters = report.document["clusters"].as_array().unwrap();
    assert_eq!(clusters.len(), 1);
    assert_eq!(clusters[0]["context"], scene.fleet.clusters[0].context.as_str());
}

#[test]
fn findings_and_gaps_keep_their_exit_codes() {
    let scene = Scene::of(2);
    assert_eq!(scene.run(&["scan", "--all-contexts", "--fail-on", "deleted"]).status, Status::Findings);
    scene.fleet.kill(1).unwrap();
    assert_eq!(scene.run(&["scan", "--all-contexts", "--fail-on", "deleted"]).status, Status::Incomplete);
}

#[test]
fn status_tells_everybody_in_every_cluster() {
    let scene = Scene::of(3);
    let report = scene.json(&["status", "--all-contexts", "--activity"]);
    assert_eq!(report.status, Status::Done, "{report:?}");
    assert_eq!(report.ids_of("items").len(), 3);
    let leavers = report.document["items"].as_array().unwrap().iter().filter(|item| item["uid"] == LEAVERS_UID);
    assert_eq!(leavers.filter(|item| item["lastAccess"]["outcome"] == "None").count(), 3);
    assert!(report.document["clusters"].as_array().unwrap().iter().all(|one| one["auditing"] == "Enabled"));
    let outcome = scene.run(&["status", "--all-contexts"]);
    let header = outcome.stdout.lines().find(|line| line.contains("CLUSTER-ID")).unwrap();
    assert!(header.starts_with("CLUSTER-ID "), "{outcome}");
    assert_eq!(outcome.stderr.matches("AUDITING").count(), 3, "{outcome}");
}

#[test]
fn a_bar_is_drawn_at_a_terminal_and_nowhere_else() {
    let scene = Scene::of(3);
    (0..3).for_each(|place| scene.fleet.delay(place, Duration::from_millis(400)));
    let bar = "/3 clusters";
    let scan = ["scan", "--all-contexts", "--parallel", "1"];
    let quiet = scene.run(&scan);
    assert!(!quiet.stderr.contains(bar), "{quiet}");
    let Scene { fleet, session } = scene;
    let scene = Scene { session: session.on_a_terminal(), fleet };
    let shown = scene.run(&scan);
    assert!(shown.stderr.contains(&format!("[------------] 0{bar}, 1 running")), "{shown}");
    let tail = &scene.ids()[1][20..];
    assert!(shown.stderr.contains(&format!("{tail}\r")), "the slowest is named: {shown}");
    let last = shown.stderr.rfind(bar).unwrap();
    assert!(shown.stderr[last..].contains("\r\u{1b}[K"), "the bar is taken away again: {shown}");
    let silenced = scene.run(&[&scan[..], &["-q"]].concat());
    assert!(!silenced.stderr.contains(bar), "{silenced}");
    let alone = scene.run(&["scan"]);
    assert!(!alone.stderr.contains("clusters,"), "one cluster has no bar: {alone}");
}

#[test]
fn one_that_answers_nonsense_is_named() {
    let scene = Scene::of(2);
    let page = Fault::Answer { code: 200, content_type: "text/html", body: "<html>sign in</html>".into() };
    scene.fleet.clusters[1].server.faults().add("*", "", usize::MAX, page);
    let report = scene.json(&["scan", "--all-contexts"]);
    assert_eq!((report.status, report.unread().len(), report.grants().len()), (Status::Incomplete, 1, GRANTS));
}
