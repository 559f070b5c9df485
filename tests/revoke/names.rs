//! Under which names an identity holds access: those in ACK's manner under any suffix, those that only resemble them, and those that
//! a mapping gives to another.

use std::time::Duration;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::certs::{KeyKind, Subject, Validity};
use ackcred_sandbox::client::Connector;
use ackcred_sandbox::cloud::CleanBehaviour;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::scene::{ACCOUNT, ANN, BO, CARL, CLUSTER, Incident, as_arranged, days, name, now};
use crate::setting::{binding, user};

crate::on_both_servers!(
    a_certificate_under_a_random_suffix_loses_its_access,
    a_name_that_resembles_the_leavers_keeps_it_from_verified_until_the_operator_says_what_it_is,
    a_name_that_is_given_is_revoked_too_and_comes_back_with_the_rest,
    a_name_that_is_anothers_stays_and_is_on_record,
    a_name_that_no_binding_has_or_that_resembles_no_identity_is_refused,
    names_that_begin_with_a_longer_uid_are_anothers,
    a_config_map_that_gives_the_leavers_name_to_another_is_a_way_in,
    a_cloud_that_takes_what_resembles_the_leaver_costs_others_nothing
);

const PODS: &str = "/api/v1/namespaces/shop/pods";

/// The ways of a user name to resemble carl's. Ram knows him as carl.
fn alike() -> [String; 6] {
    [
        format!("{CARL}.17"),
        format!("{CARL}@corp.example"),
        format!("{CARL}-17-2"),
        format!("{CARL}-"),
        "carl".to_owned(),
        format!("acs:ram::{ACCOUNT}:user/carl"),
    ]
}

fn revoke<C: Cluster>(incident: &Incident<C>, more: &[&str]) -> (Status, Value, String) {
    let args: Vec<&str> = ["revoke", CARL, "--yes", "--settle", "0"].iter().chain(more).copied().collect();
    incident.json(&args)
}

fn outcome(report: &Value) -> &str {
    report["verification"][0]["outcome"].as_str().unwrap_or_default()
}

fn left(report: &Value) -> String {
    report["verification"][0]["checks"].to_string()
}

/// Binds users to the role of developers in the namespace shop.
fn bind<C: Cluster>(incident: &Incident<C>, place: &str, users: &[&str]) -> BindingRef {
    let place = BindingRef::role_binding("shop", place);
    let users: Vec<Value> = users.iter().map(|name| user(name)).collect();
    incident.post(&place.collection(), &binding(&place.name, "ClusterRole", "cs:ns:dev", &users));
    incident.server.catch_up().unwrap();
    place
}

/// The status that the holder of a certificate of this name gets.
fn status_of<C: Cluster>(incident: &Incident<C>, name: &str, path: &str) -> u16 {
    let subject = Subject::ack(name);
    let validity = Validity::ack(now() - days(30));
    let identity = incident.server.authority().client(&subject, validity, KeyKind::EcdsaP256).unwrap();
    let holder = Connector::new(&incident.server, Some(&identity)).unwrap();
    incident.server.catch_up().unwrap();
    holder.client().unwrap().send("GET", path, &[], "").unwrap().code
}

fn a_certificate_under_a_random_suffix_loses_its_access<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let random = format!("{CARL}-a1b2c3");
    bind(&incident, "random", &[&random, &name(BO)]);
    assert_eq!(status_of(&incident, &random, PODS), 200);
    let scan = incident.json(&["scan"]).1;
    let is_shown = |row: &Value| row["uid"] == CARL && row["subject"] == random;
    assert!(scan["grants"].as_array().unwrap().iter().any(is_shown), "{scan:#}");
    assert_eq!(scan["resembling"], json!([]), "{scan:#}");

    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
    assert_eq!(status_of(&incident, &random, PODS), 403);
    assert_eq!(incident.subjects("RoleBinding", "shop", "random"), Some(vec![name(BO)]));
}

fn a_name_that_resembles_the_leavers_keeps_it_from_verified_until_the_operator_says_what_it_is<C: Cluster>(server: C) {
    let mut server = Some(server);
    for name in alike() {
        let incident = Incident::stage(server.take().unwrap(), |setup| setup);
        bind(&incident, "alike", &[&name]);
        let scan = incident.json(&["scan"]);
        let listed = json!({
            "clusterId": CLUSTER, "uid": CARL, "subject": name,
            "binding": {"kind": "RoleBinding", "namespace": "shop", "name": "alike"},
            "role": {"kind": "ClusterRole", "name": "cs:ns:dev"},
        });
        assert_eq!(scan.1["resembling"], json!([listed]), "{name} {:#}", scan.1);
        assert!(!scan.1["grants"].to_string().contains("\"alike\""), "{name} stands in no row");
        assert!(scan.2.contains("1 user name with 1 grant resembles a RAM identity's"), "{}", scan.2);
        assert!(scan.2.contains(&format!("{name} (UID {CARL})")), "{}", scan.2);

        let found =
            format!("RoleBinding/shop/alike gives ClusterRole/cs:ns:dev to {name}, which resembles a name of {CARL}");
        let plan = incident.json(&["revoke", CARL, "--dry-run"]).1;
        let remains = plan["remains"].as_array().unwrap();
        let is_finding =
            |remain: &Value| remain["kind"] == "ResemblingName" && remain["what"].as_str().unwrap().contains(&found);
        assert!(remains.iter().any(is_finding), "{name} {plan:#}");

        let (status, report, said) = revoke(&incident, &[]);
        assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{name} {said}\n{report:#}");
        assert!(left(&report).contains(&found), "{report:#}");
        assert_eq!(incident.subjects("RoleBinding", "shop", "alike"), Some(vec![name.clone()]), "it is left alone");

        let (status, report, said) = revoke(&incident, &["--also-name", &name]);
        assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{name} {said}\n{report:#}");
        assert_eq!(incident.subjects("RoleBinding", "shop", "alike"), None);
        server = Some(incident.end());
    }
}

fn a_name_that_is_given_is_revoked_too_and_comes_back_with_the_rest<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let [dotted, mailed, ..] = &alike();
    bind(&incident, "alone", &[dotted]);
    bind(&incident, "shared", &[mailed, &name(BO), dotted, &format!("{CARL}.18")]);
    let before = incident.bindings();
    assert_eq!(status_of(&incident, dotted, PODS), 200);
    let names = ["--also-name", dotted, "--also-name", mailed, "--accept-name", &format!("{CARL}.18")];
    let plan = incident.json(&[&["revoke", CARL, "--dry-run"], &names[..]].concat()).1;
    assert_eq!(plan["flags"]["alsoNames"], json!([dotted, mailed]), "{plan:#}");
    let (status, report, said) = revoke(&incident, &names);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
    assert_eq!(status_of(&incident, dotted, PODS), 403);
    assert_eq!(incident.subjects("RoleBinding", "shop", "alone"), None);
    assert_eq!(incident.subjects("RoleBinding", "shop", "shared"), Some(vec![name(BO), format!("{CARL}.18")]));

    let operation = report["operation"].as_str().unwrap();
    let (status, restored, said) = incident.json(&["restore", operation, "--yes", "--force"]);
    assert_eq!(status, Status::Done, "{said}\n{restored:#}");
    assert_eq!(as_arranged(incident.bindings()), as_arranged(before));
    assert_eq!(status_of(&incident, dotted, PODS), 200);
}

fn a_name_that_is_anothers_stays_and_is_on_record<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let dotted = &alike()[0];
    let place = bind(&incident, "anothers", &[dotted]);
    let before = incident.get(&place.path());
    let (status, report, said) = revoke(&incident, &["--accept-name", dotted]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
    assert_eq!(incident.get(&place.path()), before);
    assert_eq!(status_of(&incident, dotted, PODS), 200);
    let said_so = format!("whose user name {dotted} is: only you asserted it, with --accept-name");
    assert!(report["verification"][0]["notChecked"].to_string().contains(&said_so), "{report:#}");
    let operation = report["operation"].as_str().unwrap();
    let folder = incident.session.home().join("state/operations").join(operation);
    let record: Value = serde_json::from_slice(&std::fs::read(folder.join("operation.json")).unwrap()).unwrap();
    assert_eq!(record["purpose"]["plan"]["flags"]["acceptNames"], json!([dotted]), "{record:#}");
}

fn a_name_that_no_binding_has_or_that_resembles_no_identity_is_refused<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    bind(&incident, "names", &["alice", &format!("{CARL}.17"), &format!("{BO}.17")]);
    let before = incident.bindings();
    let own = name(CARL);
    for (name, reason) in [
        (format!("{CARL}.18").as_str(), "no binding and no mapping here has that user name"),
        ("carl", "no binding and no mapping here has that user name"),
        ("alice", "resembles no name of the identities"),
        (&format!("{BO}.17"), "resembles no name of the identities"),
        (&own, "that is a name of 200000000000000103 in any case"),
    ] {
        for flag in ["--also-name", "--accept-name"] {
            let (status, plan, said) = revoke(&incident, &[flag, name]);
            let refusals = plan["refusals"].as_array().unwrap();
            assert_eq!((status, refusals.len()), (Status::Refused, 1), "{flag} {name} {said}\n{plan:#}");
            assert_eq!(refusals[0]["code"], "NameMismatch", "{plan:#}");
            let message = refusals[0]["message"].as_str().unwrap();
            assert!(message.contains(reason) && message.starts_with(&format!("{flag} {name}: ")), "{message}");
        }
    }
    for (args, reason) in [
        (["--also-name", "x", "--accept-name", "x"], "x is either the identity's"),
        (["--also-name", "", "--accept-name", "x"], "a value is required"),
        (["--also-name", "x", "--resume", "20261122-031002-3f9a2c"], "cannot be used with"),
    ] {
        let outcome = incident.run(&[&["revoke", CARL], &args[..]].concat());
        assert!(outcome.status == Status::Usage && outcome.stderr.contains(reason), "{outcome}");
    }
    assert_eq!(incident.bindings(), before);
}

fn names_that_begin_with_a_longer_uid_are_anothers<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let others = [format!("{CARL}1-17"), format!("{CARL}1.17"), format!("{CARL}1"), format!("1{CARL}.17")];
    let place = bind(&incident, "others", &others.each_ref().map(String::as_str));
    let before = incident.get(&place.path());
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
    assert_eq!(incident.get(&place.path()), before);
    let scan = incident.json(&["scan", "--uid", CARL]).1;
    assert_eq!(scan["resembling"], json!([]), "{scan:#}");
}

fn a_config_map_that_gives_the_leavers_name_to_another_is_a_way_in<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let entry = format!(
        "- userarn: acs:ram::{ACCOUNT}:user/dora\n  username: '{CARL}-17'\n  groups: ['system:masters']\n\
         - userarn: acs:ram::{ACCOUNT}:user/eve\n  username: '{CARL}.17'\n  groups: [ops]\n\
         - userarn: acs:ram::{ACCOUNT}:user/bo\n  username: {CARL}1-17\n  groups: [ops]\n"
    );
    let map = json!({"metadata": {"name": "alibabacloud-auth"}, "data": {"mapUsers": entry}});
    incident.post("/api/v1/namespaces/kube-system/configmaps", &map);
    way_in(&incident, "alibabacloud-auth:mapUsers:0", "alibabacloud-auth:mapUsers:1");
}

#[test]
fn a_mapping_object_that_gives_the_leavers_name_to_another_is_a_way_in() {
    let server = ApiServer::start(ApiServerOptions { ram_authenticator: true, ..ApiServerOptions::default() }).unwrap();
    let incident = Incident::stage(server, |setup| setup);
    for (name, user, username, groups) in [
        ("doras", "dora", format!("{CARL}-17"), "system:masters"),
        ("eves", "eve", format!("{CARL}.17"), "ops"),
        ("bos", "bo", format!("{CARL}1-17"), "ops"),
    ] {
        let mapping = json!({
            "apiVersion": "ramauthenticator.k8s.alibabacloud/v1alpha1", "kind": "RAMIdentityMapping",
            "metadata": {"name": name}, "status": {"userID": "200000000000000999"},
            "spec": {"arn": format!("acs:ram::{ACCOUNT}:user/{user}"), "username": username, "groups": [groups]},
        });
        incident.server.put(mapping, "ops").unwrap();
    }
    way_in(&incident, "doras", "eves");
}

/// dora comes in as carl, and eve by a name that resembles his.
fn way_in<C: Cluster>(incident: &Incident<C>, doras: &str, eves: &str) {
    let (by_name, alike) = (format!("{CARL}-17"), format!("{CARL}.17"));
    let arn = format!("acs:ram::{ACCOUNT}:user/dora");
    let found = format!(
        "RAMIdentityMapping/-/{doras} maps {arn} to {by_name} in system:masters: {by_name} is a user name of {CARL}"
    );
    let open = format!("to {alike} in ops: {alike} resembles a name of {CARL}");

    let (_, scan, said) = incident.json(&["scan"]);
    let listed: Vec<[&Value; 3]> = scan["resembling"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["uid"] == CARL)
        .map(|row| [&row["subject"], &row["binding"]["name"], &row["role"]])
        .collect();
    // The API server's own binding of the group that the mapping names.
    let everything = json!({"kind": "ClusterRole", "name": "cluster-admin"});
    let expected = [[&json!(by_name), &json!(doras), &everything], [&json!(alike), &json!(eves), &Value::Null]];
    assert_eq!(listed, expected, "{scan:#}");
    assert!(
        said.contains(&format!("RAMIdentityMapping/-/{doras} maps {arn} to {by_name}, a user name of {CARL}")),
        "{said}"
    );
    assert!(said.contains(&format!("{alike} (UID {CARL})")), "{said}");

    let plan = incident.json(&["revoke", CARL, "--dry-run"]).1;
    let remains = plan["remains"].to_string();
    assert!(remains.contains(&found) && remains.contains(&open), "{plan:#}");
    let (status, report, said) = revoke(incident, &["--accept-name", &alike]);
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{said}\n{report:#}");
    assert!(left(&report).contains(&found) && !left(&report).contains(&open), "{report:#}");
    let (status, report, said) = revoke(incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{said}\n{report:#}");
    assert!(left(&report).contains(&found) && left(&report).contains(&open), "{report:#}");
}

fn a_cloud_that_takes_what_resembles_the_leaver_costs_others_nothing<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup.clean_behaviour(CleanBehaviour::ResemblingBindings));
    let (dotted, mailed) = (format!("{CARL}.17"), format!("{CARL}@corp.example"));
    bind(&incident, "anothers", &[&dotted, &name(BO)]);
    bind(&incident, "shared", &[&mailed, &name(BO)]);
    let before = incident.subjects("RoleBinding", "shop", "anothers");
    let (status, report, said) = revoke(&incident, &["--accept-name", &dotted, "--also-name", &mailed]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
    let collateral = report["collateral"].as_array().unwrap();
    assert_eq!((collateral.len(), &collateral[0]["binding"]["name"]), (1, &json!("anothers")), "{report:#}");
    assert_eq!(incident.subjects("RoleBinding", "shop", "anothers"), before);
    assert_eq!(
        incident.subjects("RoleBinding", "shop", "shared"),
        Some(vec![name(BO)]),
        "ours, before the cloud's call"
    );
}

#[test]
fn an_operation_that_was_cut_off_goes_on_with_the_names_that_were_given() {
    let incident = Incident::sandbox(|setup| setup);
    let dotted = format!("{CARL}.17");
    let place = bind(&incident, "alike", &[&dotted, &name(BO)]);
    let before = incident.bindings();
    // The dry run passes and the write waits; meanwhile the binding gets one who is not to be harmed.
    let gate = incident.server.faults().gate_after("PATCH", &place.path(), 1, Fault::HoldRequest);
    let (status, report, said) = std::thread::scope(|scope| {
        let revoking = scope.spawn(|| revoke(&incident, &["--also-name", &dotted]));
        assert!(gate.wait_reached(1, Duration::from_secs(30)));
        incident.patch(&place.path(), &json!([{"op": "add", "path": "/subjects/-", "value": user(&name(ANN))}]));
        gate.open();
        revoking.join().unwrap()
    });
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{said}\n{report:#}");
    assert!(
        left(&report).contains(&format!("RoleBinding/shop/alike gives ClusterRole/cs:ns:dev to {dotted}")),
        "{report:#}"
    );
    let cloud = report["steps"].as_array().unwrap().last().unwrap();
    assert!(cloud["error"].as_str().unwrap().contains("RoleBinding/shop/alike still names"), "{report:#}");

    let operation = report["operation"].as_str().unwrap();
    let (status, report, said) = incident.json(&["revoke", "--resume", operation, "--yes", "--settle", "0"]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
    assert_eq!(incident.subjects("RoleBinding", "shop", "alike"), Some(vec![name(BO), name(ANN)]));
    let (status, again, said) = incident.json(&["revoke", "--resume", operation, "--yes", "--settle", "0"]);
    assert_eq!((status, outcome(&again)), (Status::Done, "Verified"), "{said}\n{again:#}");

    let (status, restored, said) = incident.json(&["restore", operation, "--yes", "--force"]);
    assert_eq!(status, Status::Done, "{said}\n{restored:#}");
    incident.patch(&place.path(), &json!([{"op": "remove", "path": "/subjects/1"}]));
    assert_eq!(as_arranged(incident.bindings()), as_arranged(before));
}

#[test]
fn a_plan_with_names_is_carried_out_as_it_was_agreed_to() {
    let incident = Incident::sandbox(|setup| setup);
    let dotted = format!("{CARL}.17");
    bind(&incident, "alike", &[&dotted]);
    let plan = incident.json(&["revoke", CARL, "--dry-run", "--also-name", &dotted]).1;
    let without = incident.json(&["revoke", CARL, "--dry-run"]).1;
    assert_ne!(plan["hash"], without["hash"]);
    let file = incident.session.write("plan.json", plan.to_string()).unwrap().display().to_string();
    let (status, report, said) = incident.json(&["revoke", "--plan", &file, "--yes", "--settle", "0"]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
    assert_eq!(incident.subjects("RoleBinding", "shop", "alike"), None);
}

#[test]
fn a_leaver_who_holds_nothing_but_such_a_name_is_said_to() {
    let incident = Incident::sandbox(|setup| setup);
    assert_eq!(revoke(&incident, &[]).0, Status::Done);
    let dotted = format!("{CARL}.17");
    bind(&incident, "alike", &[&dotted]);
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Incomplete, "Residual"), "{said}\n{report:#}");
    let (status, report, said) = revoke(&incident, &["--also-name", &dotted]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
}

#[test]
fn groups_and_service_accounts_resemble_no_identity() {
    let incident = Incident::sandbox(|setup| setup);
    let subjects = [
        json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": format!("{CARL}.17")}),
        json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "carl"}),
        json!({"kind": "ServiceAccount", "namespace": "shop", "name": "carl"}),
    ];
    let place = BindingRef::role_binding("shop", "others");
    incident.post(&place.collection(), &binding("others", "ClusterRole", "cs:ns:dev", &subjects));
    assert_eq!(incident.json(&["scan"]).1["resembling"], json!([]));
    let (status, report, said) = revoke(&incident, &[]);
    assert_eq!((status, outcome(&report)), (Status::Done, "Verified"), "{said}\n{report:#}");
}

#[test]
fn a_leaked_certificate_under_a_name_that_resembles_an_identitys_is_refused_with_the_way_on() {
    let incident = Incident::sandbox(|setup| setup);
    let validity = Validity::ack(now() - days(30));
    for (name, way_on) in [
        (format!("{CARL}.17"), format!("if it is its own, revoke {CARL} with --also-name and this name")),
        ("carl".to_owned(), "whoami -f".to_owned()),
    ] {
        let identity = incident.server.authority().client(&Subject::ack(name), validity, KeyKind::EcdsaP256).unwrap();
        let (server, ca) = (incident.server.url(), incident.server.ca_pem());
        let file = Kubeconfig::ack(&server, &ca, CLUSTER, CARL, &Credential::of(&identity)).yaml();
        let file = incident.session.write("alike.yaml", file).unwrap().display().to_string();
        let (status, plan, said) = incident.json(&["revoke", "-f", &file, "--yes"]);
        assert_eq!((status, &plan["refusals"][0]["code"]), (Status::Refused, &json!("NoRamIdentity")), "{said}");
        assert!(plan["refusals"][0]["hint"].as_str().unwrap().contains(&way_on), "{plan:#}");
    }
}
