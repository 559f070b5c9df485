use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::client::{Client, Connector, Reply};
use crate::cloud::Product;
use crate::story::{LEAVER, PEOPLE};

const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/rolebindings";

/// What a kubeconfig's context (`None`: the current one) gets to see of a cluster.
fn read(kubeconfig: &str, context: Option<&str>) -> io::Result<Reply> {
    let client = Connector::of_kubeconfig(kubeconfig, context).unwrap().client().unwrap();
    client.send("GET", BINDINGS, &[], "")
}

fn bindings(member: &Member) -> Vec<Value> {
    let client = Client::new(&member.server, Some(&member.server.administrator().unwrap())).unwrap();
    let list = client.send("GET", BINDINGS, &[], "").unwrap().json();
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].clone()).collect()
}

/// Container Service's answer to the operator.
fn ask(fleet: &Fleet, method: &str, path: &str, action: &str, query: &[(&str, &str)]) -> Value {
    let url = fleet.cloud.url(Product::Cs);
    let headers = story::account::signed(url, method, path, action, query);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let client = Connector::to(url, &fleet.authority, None).unwrap().client().unwrap();
    let reply = client.send(method, &format!("{path}?{}", query.join("&")), &headers, "").unwrap();
    assert_eq!(reply.code, 200, "{}", reply.json());
    reply.json()
}

#[test]
fn the_operator_reads_every_cluster_by_the_kubeconfig() {
    let fleet = Fleet::start(3).unwrap();
    for file in [fleet.kubeconfig(), fleet.kubeconfig_of(&[2, 0, 1])] {
        for member in &fleet.clusters {
            let reply = read(&file, Some(&member.context)).unwrap();
            assert_eq!(reply.code, 200, "{}", reply.json());
        }
    }
    let of = |place: usize| fleet.clusters[place].server.faults().exchanges().len();
    assert_eq!([of(0), of(1), of(2)], [2, 2, 2]);
    read(&fleet.kubeconfig(), None).unwrap();
    read(&fleet.kubeconfig_of(&[2]), None).unwrap();
    assert_eq!([of(0), of(1), of(2)], [3, 2, 3]);
    assert!(Connector::of_kubeconfig(&fleet.kubeconfig_of(&[1]), Some(&fleet.clusters[0].context)).is_err());
}

#[test]
fn the_account_lists_every_cluster() {
    let fleet = Fleet::start(12).unwrap();
    let body = ask(&fleet, "GET", "/api/v1/clusters", "DescribeClustersV1", &[("page_size", "50")]);
    let values =
        |key: &str| body["clusters"].as_array().unwrap().iter().map(|one| one[key].clone()).collect::<Vec<_>>();
    let ids: Vec<&str> = fleet.clusters.iter().map(|member| member.id.as_str()).collect();
    assert_eq!(values("cluster_id"), ids);
    assert!(ids.iter().all(|id| id.len() == 33 && id.starts_with('c')), "{ids:?}");
    assert_eq!((&values("name")[0], &values("name")[11]), (&json!("shop-001"), &json!("shop-012")));
    assert!(values("state").iter().all(|state| state == "running"));
    for member in &fleet.clusters {
        let path = format!("/clusters/{}/kubeconfig/states", member.id);
        let states = ask(&fleet, "GET", &path, "ListClusterKubeconfigStates", &[("pageSize", "50")]);
        assert_eq!(states["states"].as_array().unwrap().len(), PEOPLE.len());
    }
}

#[test]
fn a_scan_finds_the_leaver_in_every_cluster() {
    let fleet = Fleet::start(2).unwrap();
    let session = fleet.session().unwrap();
    for member in &fleet.clusters {
        let outcome = session.run(&["scan", "--context", &member.context, "--state", "deleted", "-o", "json"]);
        let scan: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome}"));
        let uids: Vec<&Value> = scan["grants"].as_array().unwrap().iter().map(|grant| &grant["uid"]).collect();
        assert_eq!(uids, [LEAVER.uid; 3], "{outcome}");
        assert_eq!(scan["clusters"][0]["id"], member.id, "{outcome}");
    }
}

#[test]
fn a_temporary_kubeconfig_opens_its_own_cluster_alone() {
    let fleet = Fleet::start(2).unwrap();
    let [own, other] = &fleet.clusters[..] else { panic!("not two clusters") };
    // It needs nothing of the cluster.
    fleet.hang(0);
    let path = format!("/k8s/{}/user_config", own.id);
    let asked = clock::now();
    let minutes = ("TemporaryDurationMinutes", "30");
    let issued = ask(&fleet, "GET", &path, "DescribeClusterUserKubeconfig", &[minutes]);
    own.server.faults().clear();
    let expires: Timestamp = issued["expiration"].as_str().unwrap().parse().unwrap();
    assert!((1798..=1860).contains(&expires.duration_since(asked).as_secs()), "{expires} {asked}");

    let file = issued["config"].as_str().unwrap();
    let reply = read(file, Some(&own.context)).unwrap();
    assert_eq!(reply.code, 200, "{}", reply.json());
    let elsewhere = file
        .replace(&own.server.url(), &other.server.url())
        .replace(&STANDARD.encode(own.server.ca_pem()), &STANDARD.encode(other.server.ca_pem()));
    assert_eq!(read(&elsewhere, None).unwrap().code, 401);
}

#[test]
fn cleaning_in_one_cluster_leaves_the_others_alone() {
    let fleet = Fleet::start(2).unwrap();
    let before = bindings(&fleet.clusters[0]);
    let path = format!("/cluster/{}/user/{}/permissions", fleet.clusters[1].id, LEAVER.uid);
    ask(&fleet, "DELETE", &path, "CleanClusterUserPermissions", &[]);
    let own = json!(format!("{}-shop-rolebinding", LEAVER.uid));
    assert_eq!(bindings(&fleet.clusters[0]), before);
    assert!(before.contains(&own));
    let left = bindings(&fleet.clusters[1]);
    assert!(!left.contains(&own) && left.len() == before.len() - 1, "{left:?}");
}

#[test]
fn a_killed_cluster_refuses_connections() {
    let fleet = Fleet::start(2).unwrap();
    let file = fleet.kubeconfig();
    let client = Connector::of_kubeconfig(&file, None).unwrap().client().unwrap();
    assert_eq!(client.send("GET", BINDINGS, &[], "").unwrap().code, 200);
    fleet.kill(0).unwrap();
    assert!(client.send("GET", BINDINGS, &[], "").is_err(), "a connection of before is closed");
    for _ in 0..2 {
        assert_eq!(read(&file, None).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
    fleet.kill(0).unwrap();
    assert_eq!(read(&file, None).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(read(&file, Some(&fleet.clusters[1].context)).unwrap().code, 200);
}

#[test]
fn a_throttled_cluster_says_when_to_come_again() {
    let fleet = Fleet::start(1).unwrap();
    fleet.throttle(0);
    let reply = read(&fleet.kubeconfig(), None).unwrap();
    assert_eq!((reply.code, reply.headers["retry-after"].to_str().unwrap()), (429, "1"));
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 429, "reason": "TooManyRequests",
        "message": "storage is (re)initializing", "details": {"retryAfterSeconds": 1},
    });
    assert_eq!(reply.json(), status);
}

#[test]
fn a_cluster_can_hang_or_be_slow_and_be_well_again() {
    let fleet = Fleet::start(2).unwrap();
    let file = fleet.kubeconfig();
    fleet.throttle(0);
    let gate = fleet.hang(0);
    let answered = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| read(&file, None).unwrap().code);
        assert!(gate.wait_reached(1, Duration::from_secs(60)));
        // The servers share threads, but one that hangs does not delay the others.
        assert_eq!(read(&file, Some(&fleet.clusters[1].context)).unwrap().code, 200);
        assert!(!waiting.is_finished());
        gate.open();
        waiting.join().unwrap()
    });
    assert_eq!(answered, 200);
    fleet.delay(0, Duration::from_millis(120));
    let begun = std::time::Instant::now();
    assert_eq!(read(&file, None).unwrap().code, 200);
    assert!(begun.elapsed() >= Duration::from_millis(120));
    fleet.clusters[0].server.faults().clear();
    assert_eq!(read(&file, None).unwrap().code, 200);
}

#[test]
#[cfg(target_os = "linux")]
fn two_hundred_clusters_stay_far_below_the_usual_limit_of_descriptors() {
    let fleet = Fleet::start(200).unwrap();
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count();
    assert!(open < 600, "{open} are open");
    let file = fleet.kubeconfig();
    for place in [0, 1, 99, 198, 199] {
        assert_eq!(read(&file, Some(&fleet.clusters[place].context)).unwrap().code, 200);
    }
}
