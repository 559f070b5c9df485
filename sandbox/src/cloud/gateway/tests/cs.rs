use super::*;

fn states_path() -> String {
    format!("/clusters/{PROD}/kubeconfig/states")
}

#[test]
fn clusters_are_listed_centrally_and_by_region() {
    let bench = Bench::new();
    let (_, all) = bench.cs("/api/v1/clusters", "DescribeClustersV1", &[]);
    assert_eq!(column(&all["clusters"], "cluster_id"), [PROD], "the aggregator lacks one");
    assert_eq!(all["page_info"], json!({ "page_number": 1, "page_size": 10, "total_count": 1 }));
    assert_eq!(
        all["clusters"][0]["master_url"],
        r#"{"api_server_endpoint":"https://203.0.113.7:6443","intranet_api_server_endpoint":""}"#
    );
    let region = |endpoint, region: &str| {
        let path = format!("/regions/{region}/clusters");
        bench.cs_at(endpoint, "GET", &path, "DescribeClustersForRegion", &[]).1["page_info"]["total_count"].clone()
    };
    assert_eq!(region(Some("eu-central-1"), "eu-central-1"), 1);
    assert_eq!(region(Some("cn-hangzhou"), "eu-central-1"), 0);
    let filtered = |query: &[(&str, &str)]| {
        bench.cs("/api/v1/clusters", "DescribeClustersV1", query).1["page_info"]["total_count"].clone()
    };
    assert_eq!((filtered(&[("name", "pro")]), filtered(&[("name", "x")])), (json!(1), json!(0)));
    assert_eq!(
        (filtered(&[("region_id", "cn-hangzhou")]), filtered(&[("region_id", "cn-beijing")])),
        (json!(1), json!(0))
    );
}

#[test]
fn an_endpoints_own_name_says_its_region() {
    let bench = Bench::new();
    let path = format!("/clusters/{TEST}");
    for (host, status) in [
        ("cs.eu-central-1.aliyuncs.com", 200),
        ("cs-anony-vpc.eu-central-1.aliyuncs.com", 200),
        ("cs.cn-hangzhou.aliyuncs.com", 404),
        ("cs.aliyuncs.com", 200),
    ] {
        let mut signer = alice();
        signer.host = host.to_owned();
        let request = signer.roa("GET", &path, "DescribeClusterDetail", &[]);
        assert_eq!(bench.json(&Endpoint::Product(Product::Cs, None), &request).0, status, "{host}");
    }
}

#[test]
fn regions_are_listed_and_clusters_say_whether_they_audit() {
    let bench = Bench::new();
    let (status, body) = bench.cs("/regions", "DescribeRegions", &[]);
    assert_eq!((status, body["regions"].as_array().unwrap().len()), (200, 37));
    assert!(column(&body["regions"], "regionId").contains(&"eu-central-1"), "{body}");
    let audit = |id: &str| bench.cs(&format!("/clusters/{id}/audit"), "GetClusterAuditProject", &[]).1;
    assert_eq!(audit(PROD), json!({ "audit_enabled": true, "sls_project_name": format!("k8s-log-{PROD}\n") }));
    assert_eq!(audit(TEST), json!({ "audit_enabled": false, "sls_project_name": "" }));
}

#[test]
fn clusters_come_by_pages_of_ten() {
    let bench = Bench::new();
    bench.edit(|cloud_state| {
        cloud_state.accounts[0].clusters =
            (0..25).map(|number| AckCluster::new(&format!("c{number:032}"), "c")).collect();
    });
    let count = |query: &[(&str, &str)]| {
        bench.cs("/api/v1/clusters", "DescribeClustersV1", query).1["clusters"].as_array().map(Vec::len)
    };
    assert_eq!(
        (count(&[]), count(&[("page_number", "3")]), count(&[("page_size", "50")])),
        (Some(10), Some(5), Some(25))
    );
    assert_eq!(count(&[("pageSize", "50")]), Some(10), "a name in the wrong case is no name");
    assert_eq!(count(&[("page_size", "51")]), None);
}

#[test]
fn a_cluster_is_not_found_from_the_wrong_region() {
    let bench = Bench::new();
    let path = format!("/clusters/{PROD}");
    assert_eq!(bench.cs_at(Some("cn-hangzhou"), "GET", &path, "DescribeClusterDetail", &[]).1["state"], "running");
    let (status, body) = bench.cs_at(Some("eu-central-1"), "GET", &path, "DescribeClusterDetail", &[]);
    assert_eq!((status, &body["code"]), (404, &json!("ErrorClusterNotFound")));
    assert_eq!(bench.cs_at(Some("eu-central-1"), "GET", &states_path(), "ListClusterKubeconfigStates", &[]).0, 404);
}

#[test]
fn another_accounts_cluster_is_refused_or_hidden() {
    let bench = Bench::new();
    let path = format!("/clusters/{THEIRS}");
    let code = || bench.cs(&path, "DescribeClusterDetail", &[]).1["code"].clone();
    assert_eq!(code(), "ErrorCheckAcl");
    bench.edit(|cloud_state| {
        let theirs = cloud_state.cluster_mut(THEIRS).unwrap();
        *theirs = theirs.clone().foreign_callers(ForeignCallers::NotFound);
    });
    assert_eq!(code(), "ErrorClusterNotFound");
}

#[test]
fn kubeconfig_states_tell_owner_and_certificate() {
    let bench = Bench::new();
    let (status, body) =
        bench.cs(&states_path(), "ListClusterKubeconfigStates", &[("pageNumber", "1"), ("pageSize", "50")]);
    assert_eq!((status, &body["page"]), (200, &json!({ "page_number": 1, "page_size": 50, "total_count": 4 })));
    let rows = &body["states"];
    assert_eq!(column(rows, "account_id"), [ACCOUNT, ALICE, BOB, GONE], "the removed one is not listed");
    assert_eq!(column(rows, "account_type"), ["RootAccount", "RamUser", "RamUser", "RamUser"]);
    assert_eq!(column(rows, "account_state"), ["Active", "Active", "InActive", "Deleted"]);
    assert_eq!(column(rows, "account_name"), ["root", "alice", "bob", "gone"]);
    assert_eq!(column(rows, "cert_state"), ["Unexpired", "Unexpired", "Expired", "Unexpired"]);
    let revokable: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["revokable"].as_bool().unwrap()).collect();
    assert_eq!(revokable, [false, false, true, true], "neither root's nor one's own");
}

#[test]
fn kubeconfig_states_page_by_their_own_names_and_limits() {
    let bench = Bench::new();
    bench.edit(|cloud_state| {
        let cluster = cloud_state.cluster_mut(PROD).unwrap();
        let numbered = (1..=120).map(|number| (Account::numbered_user(number), KubeconfigRecord::effective(later())));
        cluster.kubeconfigs = numbered.collect();
    });
    let count = |query: &[(&str, &str)]| {
        bench.cs(&states_path(), "ListClusterKubeconfigStates", query).1["states"].as_array().map(Vec::len)
    };
    assert_eq!(count(&[]), Some(10));
    assert_eq!(count(&[("pageNumber", "3"), ("pageSize", "50")]), Some(20));
    assert_eq!(count(&[("page_number", "3"), ("page_size", "50")]), Some(10), "names in the wrong case are no names");
    assert_eq!((count(&[("pageSize", "51")]), count(&[("pageSize", "9")])), (None, None));
}

#[test]
fn kubeconfig_states_need_the_ram_listings_unless_set_up_otherwise() {
    let bench = Bench::new();
    bench.edit(|cloud_state| {
        cloud_state.set_permissions("LTAIalice", Permissions::everything().denying("ram:ListRoles"))
    });
    let (status, body) = bench.cs(&states_path(), "ListClusterKubeconfigStates", &[]);
    assert_eq!((status, &body["accessDeniedDetail"]["AuthAction"]), (403, &json!("ram:ListRoles")));
    bench.edit(|cloud_state| {
        cloud_state.accounts[0] = cloud_state.accounts[0].clone().kubeconfig_states_need_ram_listings(false)
    });
    assert_eq!(bench.cs(&states_path(), "ListClusterKubeconfigStates", &[]).0, 200);
}

#[test]
fn kubeconfigs_of_cloud_services_are_listed_apart() {
    let bench = Bench::new();
    bench.edit(|cloud_state| {
        let kubeconfig = KubeconfigRecord::effective(later()).cloud_service("arms");
        cloud_state.cluster_mut(PROD).unwrap().kubeconfigs.insert("300000000000000950".into(), kubeconfig);
    });
    let list = |value: &str| {
        bench.cs(&states_path(), "ListClusterKubeconfigStates", &[("cloudServiceKubeConfig", value)]).1["states"]
            .clone()
    };
    assert_eq!(column(&list("true"), "cloud_service_name"), ["arms"]);
    assert_eq!(list("false").as_array().unwrap().len(), 4);
    assert_eq!(list("True"), list("true"), "as the SDK for Python writes it");
    assert_eq!(list("yes"), Value::Null);
}

#[test]
fn a_user_has_a_state_in_every_cluster_of_the_account() {
    let bench = Bench::new();
    let states = |uid: &str| {
        let (_, body) = bench.cs(&format!("/users/{uid}/kubeconfig/states"), "ListUserKubeConfigStates", &[]);
        column(&body["states"], "cert_state").join(" ")
    };
    assert_eq!(states(ALICE), "Unexpired Unissued");
    assert_eq!(states(ROLE), "Removed Unissued");
    let path = format!("/users/{ALICE}/kubeconfig/states");
    assert_eq!(bench.cs(&path, "ListUserKubeConfigStates", &[("page_size", "100")]).0, 200);
    assert_eq!(bench.cs(&path, "ListUserKubeConfigStates", &[("page_size", "101")]).0, 400);
}

#[test]
fn the_activity_check_has_three_outcomes() {
    let bench = Bench::new();
    let check = |cluster: &str| {
        bench.cs(&format!("/clusters/{cluster}/users/{GONE}/activity-state"), "DescribeUserClusterActivityState", &[])
    };
    let (_, none) = check(PROD);
    assert_eq!((&none["active"], &none["last_activity"]), (&json!(false), &json!("")));
    assert_eq!(none["log_project_name"], format!("k8s-log-{PROD}"));
    bench.edit(|cloud_state| {
        let prod = cloud_state.cluster_mut(PROD).unwrap();
        *prod = prod.clone().active(GONE, now(), "audit-7");
    });
    let (_, some) = check(PROD);
    assert_eq!((&some["active"], &some["last_audit_id"]), (&json!(true), &json!("audit-7")));
    assert_eq!(some["last_activity"], NOW);
    bench.edit(|cloud_state| {
        let prod = cloud_state.cluster_mut(PROD).unwrap();
        *prod = prod.clone().active(GONE, now() - SignedDuration::from_secs(7 * 24 * 3600 + 1), "audit-6");
    });
    assert_eq!(check(PROD).1["active"], false, "more than seven days ago");
    assert_eq!(check(TEST).0, 400, "auditing is off");
    bench.edit(|cloud_state| cloud_state.cluster_mut(PROD).unwrap().auditing = Auditing::Unreadable);
    assert_eq!(check(PROD).0, 500);
}

#[test]
fn permission_records_name_their_scope() {
    let bench = Bench::new();
    let (_, body) = bench.cs(&format!("/permissions/users/{GONE}"), "DescribeUserPermission", &[]);
    assert_eq!(column(&body, "resource_id"), [format!("{PROD}/default").as_str(), "all-clusters"]);
    assert_eq!(column(&body, "resource_type"), ["namespace", "console"]);
    assert_eq!(
        (column(&body, "role_type"), column(&body, "role_name")),
        (vec!["dev", "custom"], vec!["dev", "auditors"])
    );
    assert_eq!(bench.cs(&format!("/permissions/users/{BOB}"), "DescribeUserPermission", &[]).1, json!([]));
}

#[test]
fn kubeconfigs_are_issued_to_the_caller() {
    let bench = Bench::new();
    let path = format!("/k8s/{TEST}/user_config");
    let ask = |query: &[(&str, &str)]| bench.cs(&path, "DescribeClusterUserKubeconfig", query);
    let states = || bench.cs(&format!("/users/{ALICE}/kubeconfig/states"), "ListUserKubeConfigStates", &[]).1;
    let (status, body) = ask(&[("PrivateIpAddress", "true"), ("TemporaryDurationMinutes", "15")]);
    assert_eq!((status, body), (200, json!({ "config": "kind: Config", "expiration": "2027-06-01T12:00:00Z" })));
    assert_eq!(states()["states"][1]["cert_state"], "Unissued", "a temporary one leaves no record");
    assert_eq!(ask(&[]).0, 200);
    assert_eq!(states()["states"][1]["cert_state"], "Unexpired");
    let common_name = format!("{ALICE}-{}", now().as_second());
    let expected = |private, minutes| IssueRequest {
        cluster_id: TEST.into(),
        uid: ALICE.into(),
        common_name: common_name.clone(),
        private,
        minutes,
        now: now(),
    };
    assert_eq!(*bench.issued.lock().unwrap(), [expected(true, Some(15)), expected(false, None)]);
    bench.edit(|cloud_state| {
        let kubeconfig = KubeconfigRecord::removed().common_name("as-before");
        cloud_state.cluster_mut(TEST).unwrap().kubeconfigs.insert(ALICE.into(), kubeconfig);
    });
    assert_eq!(ask(&[]).0, 200);
    assert_eq!(bench.issued.lock().unwrap().last().unwrap().common_name, "as-before");
    for minutes in ["14", "4321", "1h"] {
        assert_eq!(ask(&[("TemporaryDurationMinutes", minutes)]).0, 400, "{minutes}");
    }
}

#[test]
fn a_task_is_known_in_its_region_alone() {
    let bench = Bench::new();
    bench.edit(|cloud_state| {
        cloud_state.tasks.push(Task {
            id: "T-1".into(),
            region: "cn-hangzhou".into(),
            cluster_id: PROD.into(),
            task_type: "clean-user-permissions".into(),
            state: "fail".into(),
            error: Some(("E1".into(), "no".into())),
        });
    });
    let ask = |region| bench.cs_at(region, "GET", "/tasks/T-1", "DescribeTaskInfo", &[]);
    let (status, body) = ask(Some("cn-hangzhou"));
    assert_eq!((status, &body["state"], &body["error"]["code"]), (200, &json!("fail"), &json!("E1")));
    assert_eq!(ask(Some("eu-central-1")).0, 404);
}
