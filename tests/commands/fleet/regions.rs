//! The account's clusters by the listings of its regions, each at its own endpoint.

use ackcred_sandbox::cloud::{CloudFault, FaultKind, Network, REGIONS};
use kubectl_ackcred::status::Status;

use crate::fleet::scene::*;

const BEIJING: &str = "cn-beijing";
const FRANKFURT: &str = "eu-central-1";
const OF_REGION: &str = "DescribeClustersForRegion";

/// Three clusters in three regions; the central listing lacks the last one.
fn three_regions() -> Scene {
    let scene = Scene::of(3).in_region(1, BEIJING).in_region(2, FRANKFURT);
    scene.change_cluster(2, |cluster| cluster.missing_from_aggregator())
}

#[test]
fn every_region_is_listed_at_its_own_endpoint() {
    let (scene, proxy) = three_regions().on_network(Network::Internet);
    let report = scene.json(&["scan", "--all-clusters"]);
    assert_eq!(report.status, Status::Done, "{report:?}");
    assert_eq!(report.ids_of("grants").len(), 3, "{report:?}");
    let hosts = proxy.hosts();
    for host in REGIONS.iter().map(|region| format!("cs.{region}.aliyuncs.com")) {
        assert!(hosts.contains(&host), "{host} was not asked: {hosts:?}");
    }
    // One call for the regions, one for each of them, and none of the listing that may lack clusters.
    assert_eq!((scene.calls("DescribeRegions"), scene.calls(OF_REGION)), (1, REGIONS.len()));
    assert_eq!(scene.calls("DescribeClustersV1"), 0);
    // Who holds a kubeconfig of a cluster only its own region knows.
    let log = scene.fleet.cloud.log();
    let states = log.iter().filter(|request| request.action == "ListClusterKubeconfigStates");
    let mut regions: Vec<&str> = states.filter_map(|request| request.region.as_deref()).collect();
    regions.sort_unstable();
    // Once for people, once for the roles of cloud services.
    regions.dedup();
    assert_eq!(regions, [BEIJING, "cn-hangzhou", FRANKFURT]);
}

#[test]
fn a_region_that_fails_is_named_and_the_others_go_on() {
    let scene = three_regions();
    scene.fleet.cloud.add_fault(CloudFault::of(OF_REGION, FaultKind::Forbidden).in_region(FRANKFURT));
    let report = scene.json(&["scan", "--all-clusters"]);
    assert_eq!(
        (report.status, report.document["incomplete"].as_bool()),
        (Status::Incomplete, Some(true)),
        "{report:?}"
    );
    let named = format!("clusters not listed in {FRANKFURT}: cs:DescribeClustersForRegion: StatusForbidden");
    assert!(report.stderr.contains(&named), "{}", report.stderr);
    assert!(text(&report.document["cloud"]["error"]).contains(&named), "{}", report.document["cloud"]);
    assert_eq!(report.ids_of("grants").len(), 2, "{report:?}");
}

#[test]
fn what_a_region_does_not_list_is_taken_from_the_central_listing() {
    let scene = three_regions();
    for (fault, cause) in [
        (CloudFault::of(OF_REGION, FaultKind::Forbidden).in_region(BEIJING), "clusters not listed in cn-beijing: "),
        (CloudFault::of(OF_REGION, FaultKind::Forbidden), "clusters not listed in all 37 regions: "),
        (
            CloudFault::of("DescribeRegions", FaultKind::Forbidden),
            "the regions could not be listed: cs:DescribeRegions",
        ),
        (
            CloudFault::of("DescribeRegions", FaultKind::Body(r#"{"regions":[]}"#.to_owned())),
            "the regions could not be listed: cs:DescribeRegions: a list without a region",
        ),
    ] {
        scene.fleet.cloud.clear_faults();
        scene.fleet.cloud.add_fault(fault);
        let report = scene.json(&["scan", "--all-clusters"]);
        assert_eq!(report.status, Status::Incomplete, "{cause}: {report:?}");
        assert!(report.stderr.contains(cause), "{cause}: {}", report.stderr);
        assert!(
            report.stderr.contains("the central listing was read instead, which can lack clusters"),
            "{}",
            report.stderr
        );
        assert!(report.ids_of("grants").contains(&scene.ids()[1].to_owned()), "{cause}: {report:?}");
    }
}

#[test]
fn a_region_that_is_wanted_is_the_only_one_that_is_listed() {
    let scene = three_regions();
    let report = scene.json(&["scan", "--all-clusters", "--region", FRANKFURT]);
    assert_eq!(report.status, Status::Done, "{report:?}");
    assert_eq!(report.ids_of("grants"), [scene.ids()[2]]);
    assert_eq!((scene.calls("DescribeRegions"), scene.calls(OF_REGION)), (0, 1));
}

#[test]
fn the_last_access_of_an_identity_is_searched_in_each_clusters_own_region() {
    let (scene, _proxy) = three_regions().on_network(Network::Internet);
    let last_access = |args: &[&str]| {
        let report = scene.json(&[&["status", DEVELOPERS_UID, "--activity"], args].concat());
        let items = report.document["items"].as_array().unwrap();
        let found: Vec<String> = items.iter().map(|item| text(&item["lastAccess"]["outcome"])).collect();
        (report.status, found, report.stderr + &report.document.to_string())
    };
    for args in [&[][..], &["--region", BEIJING]] {
        let (status, found, all) = last_access(args);
        assert_eq!(
            (status, found.as_slice()),
            (Status::Done, ["Found"; 3].map(str::to_owned).as_slice()),
            "{args:?} {all}"
        );
    }
    // The central listing knows the region of the second cluster, and not that of the third.
    scene.fleet.cloud.add_fault(CloudFault::of(OF_REGION, FaultKind::Forbidden));
    let (status, found, all) = last_access(&[]);
    assert_eq!(
        (status, found),
        (Status::Incomplete, ["Found", "Found", "Failed"].map(str::to_owned).to_vec()),
        "{all}"
    );
    assert!(all.contains("the cluster's region is not known: clusters not listed in all 37 regions: "), "{all}");
}

#[test]
fn inside_a_vpc_its_regions_own_endpoints_are_asked() {
    let inside = Network::Vpc("cn-hangzhou".to_owned());
    let (scene, proxy) = Scene::of(2).in_region(1, FRANKFURT).on_network(inside);
    for args in
        [&["scan", "--all-clusters"][..], &["status"], &["status", "--activity"], &["status", LEAVERS_UID], &["whoami"]]
    {
        let args = [args, &["--vpc", "--region", "cn-hangzhou"]].concat();
        let outcome = scene.run(&args);
        assert_eq!(outcome.status, Status::Done, "{args:?}: {outcome}");
    }
    let report = scene.json(&["scan", "--all-clusters", "--vpc", "--region", "cn-hangzhou"]);
    assert_eq!(report.ids_of("grants"), [scene.ids()[0]], "{report:?}");
    let hosts = proxy.hosts();
    assert!(hosts.iter().all(|host| host.contains("vpc")), "{hosts:?}");
    assert!(hosts.contains(&"cs-anony-vpc.cn-hangzhou.aliyuncs.com".to_owned()), "{hosts:?}");

    let outcome = scene.run(&["scan", "--all-clusters", "--vpc"]);
    assert_eq!(outcome.status, Status::Failed, "{outcome}");
    assert!(outcome.stderr.contains("VPC endpoint needs a region; name it with --region"), "{outcome}");
}
