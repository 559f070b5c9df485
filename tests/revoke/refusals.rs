//! What is refused, by its code, with exit code 5 and not a thing changed; and each way on that a refusal offers.

use std::net::TcpListener;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::certs::{Authority, Identity, KeyKind, Subject, Validity};
use ackcred_sandbox::cloud::{Auditing, CloudFault, FaultKind, KubeconfigRecord, Permissions, RamRole};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::people;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::scene::{
    ACCOUNT, ANN, BO, CARL, CLUSTER, DORA, EVE, GROUPS, Incident, KEY, days, former_name, name, now, text,
};
use crate::setting::{Setup, binding, user};

const PROFILE: &str = "/api/v1/namespaces/kube-system/configmaps/ack-cluster-profile";
const OTHER: &str = "c0123456789abcdef0123456789abcdef";
/// Somebody of whom nobody has heard.
const STRANGER: &str = "299999999999999999";

/// What the cloud has of the cluster, and whether it was asked to delete any of it.
fn records<C: Cluster>(incident: &Incident<C>) -> String {
    let cleaned = incident.cloud.log().iter().any(|call| call.action == "CleanClusterUserPermissions");
    incident.cloud.edit(|cloud_state| {
        let cluster = cloud_state.cluster_mut(CLUSTER).unwrap();
        format!("{:?} {:?} {cleaned}", cluster.kubeconfigs, cluster.permissions)
    })
}

/// Runs a revocation that is refused for these reasons alone, and holds it to have changed nothing. Gives the plan back.
fn plan_refused<C: Cluster>(incident: &Incident<C>, args: &[&str], codes: &[&str]) -> Value {
    let before = (incident.bindings(), records(incident));
    let (status, plan, said) = incident.json(args);
    let given: Vec<&str> =
        plan["refusals"].as_array().unwrap().iter().map(|refusal| refusal["code"].as_str().unwrap()).collect();
    assert_eq!(given, codes, "{args:?}\n{plan:#}\n{said}");
    assert_eq!(status, Status::Refused, "{args:?}\n{said}");
    assert!((incident.bindings(), records(incident)) == before, "{args:?} changed something\n{said}");
    assert!(!incident.session.home().join("state/operations").exists(), "{args:?} began an operation");
    plan
}

/// The same on the sandbox, whose log tells that nothing was so much as tried. Gives the first refusal back.
fn refused(incident: &Incident<ApiServer>, args: &[&str], codes: &[&str]) -> Value {
    incident.server.faults().forget();
    let plan = plan_refused(incident, args, codes);
    assert_eq!(incident.changes(), [], "{args:?}");
    plan["refusals"][0].clone()
}

/// Holds a revocation to have gone on and ended well.
fn goes_on(incident: &Incident<impl Cluster>, args: &[&str]) -> Value {
    let (status, report, said) = incident.json(args);
    assert_eq!(report["kind"], "RevocationReport", "{args:?}\n{report:#}\n{said}");
    assert_eq!(status, Status::Done, "{args:?}\n{report:#}\n{said}");
    report
}

fn nobody_is_carl(incident: &Incident<impl Cluster>) {
    let all = serde_json::to_string(&incident.bindings()).unwrap();
    for name in [name(CARL), former_name()] {
        assert!(!all.contains(&format!("\"name\":\"{name}\"")), "{name} is still bound");
    }
}

#[test]
fn the_account_itself_is_not_revoked() {
    let incident = Incident::sandbox(|setup| {
        setup.change_cluster(|cluster| cluster.kubeconfig(ACCOUNT, KubeconfigRecord::effective(now() + days(400))))
    });
    let bound = binding("root", "ClusterRole", "cs:ns:dev", &[user(&name(ACCOUNT))]);
    incident.post(&BindingRef::cluster_role_binding("root").collection(), &bound);
    let refusal = refused(&incident, &["revoke", ACCOUNT, "--yes", "--force"], &["RootAccount"]);
    assert!(text(&refusal["hint"]).contains("console"), "{refusal}");
    assert_eq!((text(&refusal["target"]), text(&refusal["clusterId"])), (ACCOUNT, CLUSTER));
}

/// Three sources know who the operator is, and `--as` changes none of them.
#[test]
fn nobody_revokes_oneself() {
    let incident = Incident::sandbox(|setup| setup);
    let own = incident.session.home().join(".kube/config").display().to_string();
    let sources = ["the API server sees you as", "the certificate of context", "the cloud's caller, ann"];
    let eve = name(EVE);
    for (args, more) in [
        (vec!["revoke", ANN, "--yes"], vec![]),
        (vec!["revoke", ANN, "--yes", "--as", &eve], vec![]),
        (vec!["revoke", "-f", &own, "--yes", "--force"], vec!["has the file's key", "has the file's serial number"]),
    ] {
        let refusal = refused(&incident, &args, &["OwnIdentity"]);
        for source in sources.iter().chain(&more) {
            assert!(text(&refusal["message"]).contains(source), "{args:?}: {refusal}");
        }
    }
    // Among others, too: nobody of them is revoked.
    refused(&incident, &["revoke", ANN, CARL, "--yes"], &["OwnIdentity"]);
}

#[test]
fn the_sources_need_not_agree_on_who_the_operator_is() {
    let other = people::DEPLOYER.uid;
    let incident = Incident::sandbox(|setup: Setup| {
        setup.operator(Subject::ack(format!("{other}-1"))).operator_may(json!([
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        ]))
    });
    let by_cloud = refused(&incident, &["revoke", ANN, "--yes"], &["OwnIdentity"]);
    assert!(text(&by_cloud["message"]).ends_with("is you (the cloud's caller, ann)"), "{by_cloud}");
    let (_, plan, said) = incident.json(&["revoke", other, "--dry-run"]);
    let message = text(&plan["refusals"][0]["message"]);
    assert!(message.contains("the API server sees you") && !message.contains("cloud's caller"), "{plan:#}\n{said}");
}

/// Whoever sits there with the leaver's own file may call themselves what they like.
#[test]
fn the_leavers_own_certificate_revokes_nobody_under_another_name() {
    let incident = Incident::sandbox(|setup| setup);
    let all = binding("carl-is-in", "ClusterRole", "cluster-admin", &[user(&name(CARL))]);
    incident.post(&BindingRef::cluster_role_binding("carl-is-in").collection(), &all);
    let (leaked, eve) = (incident.leaked.display().to_string(), name(EVE));
    for args in [
        vec!["revoke", CARL, "--yes", "--kubeconfig", &leaked, "--as", &eve],
        vec!["revoke", "-f", &leaked, "--yes", "--kubeconfig", &leaked, "--as", &eve, "--as-group", "system:masters"],
    ] {
        let refusal = refused(&incident, &args, &["OwnIdentity"]);
        assert!(text(&refusal["message"]).contains("the certificate of context"), "{refusal}");
    }
}

#[test]
fn a_cluster_that_ends_is_left_alone() {
    for state in ["deleting", "failed", "delete_failed"] {
        let incident = Incident::sandbox(move |setup| setup.change_cluster(move |cluster| cluster.state(state)));
        let refusal = refused(&incident, &["revoke", CARL, "--yes"], &["ClusterState"]);
        assert!(text(&refusal["message"]).contains(state), "{refusal}");
    }
}

#[test]
fn a_cluster_that_says_it_is_another_is_left_alone() {
    let incident = Incident::sandbox(|setup| setup);
    let mut profile = incident.get(PROFILE);
    profile["data"]["clusterid"] = OTHER.into();
    incident.put(PROFILE, &profile);
    let before = incident.bindings();
    let (status, plan, said) = incident.json(&["revoke", CARL, "--yes"]);
    assert_eq!(status, Status::Refused, "{said}");
    let codes: Vec<&str> = plan["refusals"].as_array().unwrap().iter().map(|refusal| text(&refusal["code"])).collect();
    assert!(codes.contains(&"ClusterContradicted"), "{plan:#}");
    assert!(incident.bindings() == before);
}

/// A name in a kubeconfig file confirms nothing. One's own word does, and the bindings need none.
#[test]
fn an_unconfirmed_cluster_takes_ones_own_word() {
    let unconfirmed = || {
        let incident =
            Incident::sandbox(|setup| setup.change_cluster(|cluster| cluster.server("https://192.0.2.1:6443")));
        incident.delete(PROFILE);
        incident
    };
    let incident = unconfirmed();
    refused(&incident, &["revoke", CARL, "--yes"], &["ClusterUnconfirmed"]);
    let context = format!("{ANN}-{CLUSTER}");
    let word = ["revoke", CARL, "--yes", "--settle", "0s", "--cluster-id", CLUSTER, "--context", &context];
    let (_, plan, _) = incident.json(&["revoke", CARL, "--dry-run", "--cluster-id", CLUSTER, "--context", &context]);
    assert!(plan["notChecked"].to_string().contains("only you asserted it, with --cluster-id"), "{plan:#}");
    goes_on(&incident, &word);
    nobody_is_carl(&incident);
    let operations = incident.session.home().join("state/operations");
    let folder = std::fs::read_dir(operations).unwrap().next().unwrap().unwrap().path();
    let record: Value = serde_json::from_slice(&std::fs::read(folder.join("operation.json")).unwrap()).unwrap();
    assert_eq!(record["clusters"][0]["confirmation"], "AssertedByOperator", "{record:#}");

    let incident = unconfirmed();
    let (status, report, said) = incident.json(&["revoke", CARL, "--yes", "--settle", "0s", "--rbac-only"]);
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    nobody_is_carl(&incident);
}

#[test]
fn a_file_or_an_id_of_another_cluster_leads_nowhere() {
    let incident = Incident::sandbox(|setup| setup);
    let other = Authority::of_today().unwrap();
    let forged = leavers_identity(&other);
    let file =
        Kubeconfig::ack(&incident.server.url(), &other.certificate_pem(), CLUSTER, CARL, &Credential::of(&forged));
    let path = incident.session.write("found/other.yaml", file.yaml()).unwrap().display().to_string();
    let context = format!("{ANN}-{CLUSTER}");
    incident.server.faults().forget();
    for args in [
        vec!["revoke", "-f", &path, "--yes", "--force"],
        vec!["revoke", "-f", &path, "--yes", "--force", "--context", &context],
        vec!["revoke", "-f", &path, "--yes", "--force", "--cluster-id", CLUSTER],
    ] {
        let refusal = refused(&incident, &args, &["OtherCluster"]);
        assert!(text(&refusal["hint"]).contains(&format!("revoke {CARL}")), "{refusal}");
    }
    let refusal = refused(&incident, &["revoke", CARL, "--yes", "--cluster-id", OTHER], &["OtherCluster"]);
    assert!(text(&refusal["message"]).contains(OTHER), "{refusal}");
}

fn leavers_identity(authority: &Authority) -> Identity {
    authority.client(&Subject::ack(name(CARL)), Validity::ack(now() - days(30)), KeyKind::EcdsaP256).unwrap()
}

#[test]
fn where_nothing_was_issued_nothing_is_revoked() {
    let incident = Incident::sandbox(|setup| setup);
    let refusal = refused(&incident, &["revoke", STRANGER, "--yes"], &["NothingIssued"]);
    assert!(text(&refusal["hint"]).contains("status"), "{refusal}");
}

fn token(claims: &Value) -> String {
    let part = |value: &str| URL_SAFE_NO_PAD.encode(value);
    format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(&claims.to_string()), part("a signature"))
}

/// Where a file names no RAM identity, it is said what to take away instead. A plugin in it is not run.
#[test]
fn a_file_that_names_nobody_in_ram_is_answered_with_what_to_do() {
    let incident = Incident::sandbox(|setup| setup);
    let proof = incident.session.home().join("was-run");
    let run = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "/usr/bin/touch", "args": [proof.display().to_string()],
        "interactiveMode": "Never",
    });
    let account = json!({
        "iss": "kubernetes/serviceaccount", "kubernetes.io/serviceaccount/namespace": "shop",
        "kubernetes.io/serviceaccount/service-account.name": "releaser", "sub": "system:serviceaccount:shop:releaser",
    });
    let basic = Credential::Basic { username: CARL.into(), password: "hunter2-hunter2".into() };
    let ack = format!(
        "k8s-ack-v1.{}",
        URL_SAFE_NO_PAD.encode("https://sts.aliyuncs.com/?Action=GetCallerIdentity&AccessKeyId=LTAIcarl")
    );
    for (credential, hint) in [
        (Credential::Token(token(&account)), "kubectl delete serviceaccount -n shop releaser"),
        (Credential::Token(token(&json!({"iss": "https://idp.example.com", "sub": CARL}))), "issuer"),
        (Credential::Token(ack), "revoke UID"),
        (basic, "password file"),
        (Credential::Exec(run), "revoke UID"),
        (Credential::None, "revoke UID"),
    ] {
        let file = Kubeconfig::ack(&incident.server.url(), &incident.server.ca_pem(), CLUSTER, CARL, &credential);
        let path = incident.session.write("found/no-one.yaml", file.yaml()).unwrap().display().to_string();
        let refusal = refused(&incident, &["revoke", "-f", &path, "--yes", "--force"], &["NoRamIdentity"]);
        assert!(text(&refusal["hint"]).contains(hint), "{refusal}");
        assert!(!refusal.to_string().contains("hunter2"), "{refusal}");
    }
    let masters = incident.server.client(&Subject::user("admin", ["system:masters"])).unwrap();
    let file =
        Kubeconfig::ack(&incident.server.url(), &incident.server.ca_pem(), CLUSTER, CARL, &Credential::of(&masters));
    let path = incident.session.write("found/admin.yaml", file.yaml()).unwrap().display().to_string();
    refused(&incident, &["revoke", "-f", &path, "--yes", "--force"], &["NoRamIdentity"]);
    assert!(!proof.exists(), "the file's plugin was run");
}

/// The name in the file holds nothing; what a later certificate of the same identity holds is another matter.
#[test]
fn a_dead_credential_does_not_take_its_successor_along() {
    let incident = Incident::sandbox(|setup| setup);
    let dead = incident.server.client(&Subject::ack(format!("{CARL}-1740000000"))).unwrap();
    let file =
        Kubeconfig::ack(&incident.server.url(), &incident.server.ca_pem(), CLUSTER, CARL, &Credential::of(&dead));
    let path = incident.session.write("found/dead.yaml", file.yaml()).unwrap().display().to_string();
    let refusal = refused(&incident, &["revoke", "-f", &path, "--yes", "--force"], &["CredentialDead"]);
    assert!(text(&refusal["hint"]).contains(&format!("revoke {CARL}")), "{refusal}");
}

/// Of several one unknown stops all; alone it is a warning.
#[test]
fn an_unknown_identity_is_revoked_alone_or_not_at_all() {
    let incident = Incident::sandbox(|setup| setup);
    let bound = binding("stranger", "ClusterRole", "cs:ns:dev", &[user(&name(STRANGER))]);
    incident.post(&BindingRef::cluster_role_binding("stranger").collection(), &bound);
    nobody_can_tell(&incident);
    let refusal = refused(&incident, &["revoke", STRANGER, BO, "--yes"], &["IdentityUnknown"]);
    assert_eq!(text(&refusal["target"]), STRANGER, "{refusal}");
    let (status, plan, said) = incident.json(&["revoke", STRANGER, "--dry-run", "--rbac-only"]);
    assert_eq!(status, Status::Done, "{plan:#}\n{said}");
    assert!(plan["warnings"].to_string().contains(&format!("the state of {STRANGER} is unknown")), "{plan:#}");
    let (_, report, said) = incident.json(&["revoke", STRANGER, "--yes", "--settle", "0s"]);
    assert_eq!(report["kind"], "RevocationReport", "{report:#}\n{said}");
    assert_eq!(incident.subjects("ClusterRoleBinding", "", "stranger"), None);
}

/// Takes from the operator what would tell who exists.
fn nobody_can_tell(incident: &Incident<impl Cluster>) {
    let deaf = [
        "ram:ListUsers",
        "ram:ListRoles",
        "ims:ListUserBasicInfos",
        "ims:GetUser",
        "ims:ListUsersInRecycleBin",
        "ram:GetUser",
        "ram:GetRole",
    ]
    .into_iter()
    .fold(Permissions::everything(), Permissions::denying);
    incident.cloud.edit(|cloud_state| cloud_state.set_permissions(KEY, deaf));
}

#[test]
fn recent_access_is_weighed_before_it_is_ended() {
    let recently = now() - days(2);
    let incident =
        Incident::sandbox(|setup| setup.change_cluster(move |cluster| cluster.active(CARL, recently, "a-1")));
    let leaked = incident.leaked.display().to_string();
    let named = refused(&incident, &["revoke", CARL, "--yes"], &["RecentAccess"]);
    assert!(text(&named["hint"]).contains("--force") && !text(&named["hint"]).contains("leaked"), "{named}");
    let found = refused(&incident, &["revoke", "-f", &leaked, "--yes"], &["RecentAccess"]);
    assert_eq!(text(&found["hint"]), "that is to be expected of a leaked file: --force revokes it all the same");
    refused(&incident, &["revoke", CARL, "--dry-run=server"], &["RecentAccess"]);
    goes_on(&incident, &["revoke", "-f", &leaked, "--yes", "--force", "--settle", "0s"]);
    nobody_is_carl(&incident);

    let incident = Incident::sandbox(|setup| setup.change_cluster(|cluster| cluster.auditing(Auditing::Off)));
    refused(&incident, &["revoke", CARL, "--yes"], &["ActivityUnknown"]);
    let unknown = "whether it was used in the last 7 days is unknown: ";
    let message = |denied: &[&str]| {
        let may = denied.iter().copied().fold(Permissions::everything(), Permissions::denying);
        incident.cloud.edit(|cloud_state| cloud_state.set_permissions(KEY, may));
        text(&incident.json(&["revoke", CARL, "--dry-run"]).1["refusals"][0]["message"]).to_owned()
    };
    let off = message(&[]);
    assert!(off.contains(&format!("{unknown}auditing is off in this cluster: cs:DescribeUser")), "{off}");
    let not_said = message(&["cs:GetClusterAuditProject"]);
    assert!(not_said.contains(&format!("{unknown}cs:DescribeUser")), "{not_said}");
    message(&[]);
    let (status, plan, said) = incident.json(&["revoke", CARL, "--dry-run", "--force"]);
    assert_eq!((status, &plan["refusals"]), (Status::Done, &json!([])), "{said}");
    // With nothing in the cloud to be had the log is asked nothing that it could fail to answer.
    refused(&incident, &["revoke", CARL, "--yes", "--rbac-only"], &["ActivityUnknown"]);
}

/// The rights of somebody who may see all that a revocation looks at, and change bindings by these verbs.
fn may(verbs: &[&str]) -> Value {
    json!([
        {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["namespaces", "configmaps"], "verbs": ["get", "list"]},
        {"apiGroups": ["*"], "resources": ["ramidentitymappings"], "verbs": ["get", "list"]},
        {"apiGroups": ["authorization.k8s.io"], "resources": ["*"], "verbs": ["create"]},
        {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings", "clusterrolebindings"], "verbs": verbs},
    ])
}

on_both_servers!(a_missing_right_is_found_before_the_first_change);

/// Taking a subject out of a shared binding needs `bind` on its role, deleting the binding doesn't: half of it could be done.
fn a_missing_right_is_found_before_the_first_change<C: Cluster>(server: C) {
    let rules = may(&["update", "patch", "delete"]);
    let incident = Incident::stage(server, |setup| setup.operator_may(rules));
    let plan = plan_refused(&incident, &["revoke", CARL, "--yes"], &["MissingRight"]);
    let refusal = &plan["refusals"][0];
    assert_eq!(text(&refusal["target"]), "RoleBinding/shop/team", "{refusal}");
    assert!(text(&refusal["hint"]).contains("bind"), "{refusal}");
    // Without a word with the server nobody finds out, and says so.
    let (status, plan, said) = incident.json(&["revoke", CARL, "--dry-run=client"]);
    assert_eq!((status, &plan["refusals"]), (Status::Done, &json!([])), "{said}");

    // Whoever is bound to nothing that others share can be revoked by one who may but delete, for good.
    let team = BindingRef::role_binding("shop", "team");
    incident.patch(
        &team.path(),
        &json!([{"op": "remove", "path": "/subjects/3"}, {"op": "remove", "path": "/subjects/1"}]),
    );
    incident.server.catch_up().unwrap();
    let (status, plan, said) = incident.json(&["revoke", CARL, "--dry-run=server"]);
    assert_eq!(status, Status::Done, "{plan:#}\n{said}");
    for step in plan["steps"].as_array().unwrap().iter().filter(|step| step["action"] == "DeleteBinding") {
        assert!(text(&step["undo"]).starts_with("not by you"), "{step:#}");
    }
    assert_eq!(plan["steps"].as_array().unwrap().len(), 3, "{plan:#}");
    let report = goes_on(&incident, &["revoke", CARL, "--yes", "--settle", "0s"]);
    nobody_is_carl(&incident);
    let (status, refused, said) = incident.json(&["restore", text(&report["operation"]), "--yes", "--force"]);
    assert_eq!(status, Status::Refused, "{said}");
    assert_eq!(refused["refusals"][0]["code"], "MissingRight", "{refused:#}");
    nobody_is_carl(&incident);
}

/// eve and carl are the only administrators, and the operator is none.
#[test]
fn the_last_administrator_stays_unless_that_is_meant() {
    let rules = json!([{"apiGroups": ["rbac.authorization.k8s.io", "", "authorization.k8s.io"], "resources": ["*"], "verbs": ["*"]}]);
    let incident = Incident::sandbox(|setup| setup.operator_may(rules));
    let refusal = refused(&incident, &["revoke", EVE, "--yes"], &["LastAdministrator"]);
    assert!(text(&refusal["hint"]).contains("--leave-no-admin"), "{refusal}");
    goes_on(&incident, &["revoke", EVE, "--yes", "--leave-no-admin", "--settle", "0s"]);
    assert_eq!(incident.subjects("ClusterRoleBinding", "", &format!("{EVE}-cluster-admin-clusterrolebinding")), None);
    // Where another remains nobody is asked.
    let incident = Incident::sandbox(|setup| setup);
    let (status, plan, said) = incident.json(&["revoke", EVE, "--dry-run=server"]);
    assert_eq!((status, &plan["refusals"]), (Status::Done, &json!([])), "{said}");
}

#[test]
fn without_the_cloud_the_bindings_alone_are_taken_and_nothing_is_called_verified() {
    let mut incident = Incident::sandbox(|setup| setup);
    for key in ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"] {
        incident.session = incident.session.with(key, "");
    }
    refused(&incident, &["revoke", CARL, "--yes"], &["NoCloudCredentials"]);
    let before = records(&incident);
    let (status, report, said) = incident.json(&["revoke", CARL, "--yes", "--rbac-only", "--settle", "0s"]);
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    assert_eq!(report["verification"][0]["outcome"], "Unverifiable", "{report:#}");
    nobody_is_carl(&incident);
    assert_eq!(incident.leaked_status("/api/v1/namespaces/shop/pods"), 403);
    assert_eq!(records(&incident), before);
}

#[test]
fn nothing_is_done_without_consent() {
    let incident = Incident::sandbox(|setup| setup);
    let refusal = refused(&incident, &["revoke", CARL], &["NoTerminal"]);
    assert!(text(&refusal["hint"]).contains("--dry-run"), "{refusal}");
    refused(&incident, &["revoke", CARL, "--yes", "--in-cluster"], &["InCluster"]);

    let before = (incident.bindings(), records(&incident));
    for answer in ["", "y\n", "yes\n", "revoke 1\n", &format!("{CARL}0\n"), &format!("{}\n", name(CARL))] {
        let outcome = incident.answering(answer, &["revoke", CARL]);
        assert_eq!(outcome.status, Status::Refused, "{answer:?}\n{outcome}");
        assert!(outcome.stderr.contains("consent was not given"), "{outcome}");
    }
    // Two are agreed to by their number, not by one's UID.
    for answer in [&format!("{CARL}\n"), "revoke 1\n"] {
        let outcome = incident.answering(answer, &["revoke", CARL, BO]);
        assert_eq!(outcome.status, Status::Refused, "{answer:?}\n{outcome}");
    }
    assert!((incident.bindings(), records(&incident)) == before);
    assert_eq!(incident.changes(), []);
    let agreed = incident.answering(&format!("{CARL}\n"), &["revoke", CARL, "--settle", "0s"]);
    assert_eq!(agreed.status, Status::Done, "{agreed}");
    nobody_is_carl(&incident);
}

#[test]
fn a_plan_is_carried_out_as_it_was_looked_at_or_not_at_all() {
    let incident = Incident::sandbox(|setup| setup);
    let leaked = incident.leaked.display().to_string();
    let planned = |args: &[&str], file: &str| {
        let (status, plan, said) = incident.json(args);
        assert_eq!(status, Status::Done, "{said}");
        incident.session.write(file, plan.to_string()).unwrap();
    };
    planned(&["revoke", CARL, "--dry-run"], "plan.json");
    planned(&["revoke", "-f", &leaked, "--dry-run"], "leaked.json");

    for args in [
        vec!["revoke", "--plan", "leaked.json", "--yes"],
        vec!["revoke", "--plan", "plan.json", "-f", &leaked, "--yes"],
        vec!["revoke", "--plan", "plan.json", "--force", "--yes"],
        vec!["revoke", "--plan", "plan.json", CARL, "--yes"],
    ] {
        let outcome = incident.run(&args);
        assert_eq!(outcome.status, Status::Usage, "{args:?}\n{outcome}");
    }
    let whole = std::fs::read_to_string(incident.session.home().join("plan.json")).unwrap();
    for (broken, why) in [
        ("", "empty"),
        ("[]", "no object"),
        (&whole[..whole.len() / 2], "cut off"),
        (&whole.replace("ackcred/v1", "ackcred/v9"), "another version"),
        (&whole.replace("RevocationPlan", "ScanReport"), "another kind"),
        (&whole.replace("\"hash\"", "\"hush\""), "another field"),
    ] {
        incident.session.write("broken.json", broken).unwrap();
        let outcome = incident.run(&["revoke", "--plan", "broken.json", "--yes"]);
        assert_eq!(outcome.status, Status::Failed, "{why}\n{outcome}");
        assert!(outcome.stderr.contains("broken.json"), "{why}\n{outcome}");
    }
    // Whom it says that it is about, and what it says that it does, is not taken from the file.
    for edited in [whole.replace(CARL, BO), whole.replace("\"force\":false", "\"force\":true")] {
        assert_ne!(edited, whole);
        incident.session.write("edited.json", &edited).unwrap();
        refused(&incident, &["revoke", "--plan", "edited.json", "--yes"], &["PlanChanged"]);
    }
    refused(&incident, &["revoke", "--plan", "plan.json"], &["NoTerminal"]);

    let team = BindingRef::role_binding("shop", "team");
    let dora = json!([{"op": "add", "path": "/subjects/-", "value": user(&name(DORA))}]);
    incident.patch(&team.path(), &dora);
    let refusal = refused(&incident, &["revoke", "--plan", "plan.json", "--yes"], &["PlanChanged"]);
    assert!(text(&refusal["hint"]).contains("--dry-run"), "{refusal}");

    planned(&["revoke", CARL, "--dry-run"], "plan.json");
    goes_on(&incident, &["revoke", "--plan", "plan.json", "--yes", "--settle", "0s"]);
    nobody_is_carl(&incident);
}

/// The file's server may be anybody's. It hears nothing, not even of a revocation that succeeds.
#[test]
fn nothing_that_a_leaked_file_names_is_contacted() {
    let incident = Incident::sandbox(|setup| setup);
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let url = format!("https://{}", trap.local_addr().unwrap());
    let file = std::fs::read_to_string(&incident.leaked).unwrap();
    let edited = file.replace(&incident.server.url(), &url);
    assert_ne!(file, edited);
    let path = incident.session.write("found/edited.yaml", edited).unwrap().display().to_string();
    let report = goes_on(&incident, &["revoke", "-f", &path, "--yes", "--settle", "0s"]);
    assert!(report["verification"][0]["outcome"] == "Verified", "{report:#}");
    nobody_is_carl(&incident);
    let seen = trap.accept();
    assert!(seen.is_err(), "somebody connected: {seen:?}");
    let own: Vec<_> = incident.server.faults().exchanges().into_iter().filter(|seen| seen.user == name(CARL)).collect();
    assert!(!own.is_empty(), "the operator's own server was asked with the file's credential");
    assert!(own.iter().all(|seen| seen.method == "GET" || seen.path.ends_with("reviews")), "{own:?}");
}

#[test]
fn the_unit_is_the_identity() {
    let incident = Incident::sandbox(|setup| setup);
    let outcome = incident.run(&["revoke", &name(CARL), "--yes"]);
    assert_eq!(outcome.status, Status::Usage, "{outcome}");
    assert!(outcome.stderr.contains(&format!("an identity is expected: give its UID, {CARL}")), "{outcome}");
    assert_eq!(incident.changes(), []);
}

/// Two who are gone for certain (carl; gus, the last access of whom was yesterday), one whose end is inferred, one unknown, one
/// alive, all bound.
fn a_crowd() -> (Incident<ApiServer>, [&'static str; 2]) {
    let (gus, hal, ida) = (people::GUS.uid, people::HAL.uid, people::IDA);
    let recently = now() - days(1);
    let incident = Incident::sandbox(|setup: Setup| {
        setup
            .change_account(move |account| ida.in_account(account).role(RamRole::new("300000000000000301", "builds")))
            .change_cluster(move |cluster| {
                cluster
                    .kubeconfig(gus, KubeconfigRecord::effective(now() + days(400)).owner("RamUser", "gus"))
                    .active(gus, recently, "a-2")
            })
    });
    for uid in [gus, hal, ida.uid] {
        let own = format!("{uid}-clusterrolebinding");
        let bound = binding(&own, "ClusterRole", "cs:ns:dev", &[user(&name(uid))]);
        incident.post(&BindingRef::cluster_role_binding(&own).collection(), &bound);
    }
    incident.server.faults().forget();
    (incident, [gus, hal])
}

fn targets(plan: &Value) -> Vec<&str> {
    plan["targets"].as_array().unwrap().iter().map(|target| text(&target["uid"])).collect()
}

#[test]
fn all_deleted_are_those_of_whom_it_is_certain_and_others_are_reported() {
    let (incident, [gus, hal]) = a_crowd();
    let (status, plan, said) = incident.json(&["revoke", "--all-deleted", "--dry-run"]);
    assert_eq!(targets(&plan), [CARL], "{plan:#}\n{said}");
    assert_eq!(status, Status::Refused, "{said}");
    assert_eq!(
        (text(&plan["refusals"][0]["code"]), text(&plan["refusals"][0]["target"])),
        ("RecentAccess", gus),
        "{plan:#}"
    );
    assert!(said.contains("--accept-inferred"), "{said}");
    let (_, plan, said) = incident.json(&["revoke", "--all-deleted", "--accept-inferred", "--force", "--dry-run"]);
    assert_eq!(targets(&plan), [CARL, gus, hal], "{plan:#}\n{said}");

    let (status, report, said) = incident.json(&["revoke", "--all-deleted", "--yes", "--settle", "0s"]);
    assert_eq!(status, Status::Incomplete, "one was left out\n{report:#}\n{said}");
    nobody_is_carl(&incident);
    let verified: Vec<&str> = report["verification"].as_array().unwrap().iter().map(|one| text(&one["uid"])).collect();
    assert_eq!(verified, [CARL], "{report:#}");
    for uid in [gus, hal, people::IDA.uid] {
        assert_eq!(
            incident.subjects("ClusterRoleBinding", "", &format!("{uid}-clusterrolebinding")),
            Some(vec![name(uid)]),
            "{uid}"
        );
    }
    assert!(said.contains(gus), "{said}");
    // Now only the refused one is left, and nothing is changed.
    let before = incident.bindings();
    let (status, plan, said) = incident.json(&["revoke", "--all-deleted", "--yes"]);
    assert_eq!((status, plan["kind"].as_str()), (Status::Refused, Some("RevocationPlan")), "{said}");
    assert!(incident.bindings() == before);

    let report =
        goes_on(&incident, &["revoke", "--all-deleted", "--accept-inferred", "--force", "--yes", "--settle", "0s"]);
    assert_eq!(report["verification"].as_array().unwrap().len(), 2, "{report:#}");
    let (status, plan, said) = incident.json(&["revoke", "--all-deleted", "--accept-inferred", "--yes"]);
    assert_eq!((status, targets(&plan).len()), (Status::Done, 0), "nobody is left: nothing to do\n{said}");
    assert!(incident.can(
        &name(people::IDA.uid),
        &GROUPS,
        &json!({"verb": "list", "resource": "pods", "namespace": "shop"})
    ));
}

#[test]
fn nobody_is_deleted_because_nobody_can_tell() {
    let (incident, _) = a_crowd();
    incident.cloud.edit(|cloud_state| {
        let cluster = cloud_state.cluster_mut(CLUSTER).unwrap();
        cluster.kubeconfigs.retain(|uid, _| uid == ANN);
    });
    nobody_can_tell(&incident);
    let before = incident.bindings();
    let (status, plan, said) = incident.json(&["revoke", "--all-deleted", "--accept-inferred", "--force", "--yes"]);
    assert_eq!(plan["targets"], json!([]), "{plan:#}\n{said}");
    assert_eq!(status, Status::Incomplete, "{said}");
    assert!(incident.bindings() == before && incident.changes().is_empty());
}

on_both_servers!(nobody_to_revoke_is_said_only_where_every_list_was_read);

/// Each list that `--all-deleted` rests on, unread: alone, and with the one that the others rest on.
fn nobody_to_revoke_is_said_only_where_every_list_was_read<C: Cluster>(server: C) {
    const KUBECONFIGS: &str = "cs:ListClusterKubeconfigStates";
    let incident = Incident::stage(server, |setup| setup);
    incident.cloud.edit(|cloud_state| {
        cloud_state.cluster_mut(CLUSTER).unwrap().kubeconfigs.retain(|uid, _| uid == ANN);
    });
    let before = incident.bindings();
    let ends = |args: &[&str], denied: &[&str]| {
        let may = denied.iter().copied().fold(Permissions::everything(), Permissions::denying);
        incident.cloud.edit(|cloud_state| cloud_state.set_permissions(KEY, may));
        let args: Vec<&str> = ["revoke", "--all-deleted"].iter().chain(args).copied().collect();
        let outcome = incident.run(&args);
        assert!(incident.bindings() == before, "{args:?} {denied:?}: {outcome}");
        let says_none = outcome.stderr.contains("there is no identity to revoke");
        let says_unread = outcome.stderr.contains("no deleted identity was found, but not every list could be read");
        assert_eq!(says_none, outcome.status == Status::Done, "{args:?} {denied:?}: {outcome}");
        assert_eq!(says_unread, outcome.status == Status::Incomplete, "{args:?} {denied:?}: {outcome}");
        outcome.status
    };
    let ways: [&[&str]; 4] = [&["--yes"], &["--dry-run"], &["--dry-run=client"], &["--yes", "--rbac-only"]];
    for args in ways {
        assert_eq!(ends(args, &[]), Status::Done, "{args:?}");
        for denied in [
            &[KUBECONFIGS][..],
            &[KUBECONFIGS, "ram:ListUsers"],
            &["ram:ListUsers"],
            &["ram:ListRoles"],
            &["ram:ListUserBasicInfos"],
            &["ram:ListUsersInRecycleBin"],
            &["cs:GetClusters"],
        ] {
            assert_eq!(ends(args, denied), Status::Incomplete, "{args:?} {denied:?}");
        }
    }
    assert_eq!(ends(&["--rbac-only", "--dry-run", "--offline"], &[]), Status::Incomplete, "the cloud was not asked");

    // A list that is empty and can't be is no better than one that was not read.
    incident.cloud.add_fault(CloudFault::of("ListRoles", FaultKind::Body(NO_ROLES.to_owned())));
    assert_eq!(ends(&["--yes"], &[]), Status::Incomplete, "an account with a cluster has roles");
    incident.cloud.clear_faults();
    // Without the cluster's owner nothing can be inferred, whatever the lists say.
    incident.delete(PROFILE);
    assert_eq!(ends(&["--yes", "--rbac-only", "--accept-inferred"], &[]), Status::Incomplete);
    assert_eq!(ends(&["--yes", "--rbac-only"], &[]), Status::Done);
}

/// An empty page as RAM answers it.
const NO_ROLES: &str = r#"{"RequestId":"r","IsTruncated":false,"Roles":{"Role":[]}}"#;

/// The same of one identity: what is left of it is nothing only where every list about it was read.
#[test]
fn nothing_is_left_to_take_away_is_said_only_where_every_list_was_read() {
    let incident = Incident::sandbox(|setup| setup);
    goes_on(&incident, &["revoke", CARL, "--yes", "--settle", "0s"]);
    let dry_run = || incident.run(&["revoke", CARL, "--dry-run"]);
    let whole = dry_run();
    assert_eq!(whole.status, Status::Done, "{whole}");
    assert!(whole.stdout.contains("nothing is left to take away"), "{whole}");
    for (action, status) in [
        ("DescribeUserPermission", Status::Incomplete),
        ("ListUsers", Status::Incomplete),
        ("ListRoles", Status::Incomplete),
        // Without it nothing shows that a kubeconfig was ever issued.
        ("ListUserKubeConfigStates", Status::Refused),
    ] {
        incident.cloud.add_fault(CloudFault::of(action, FaultKind::Forbidden));
        let cut = dry_run();
        assert_eq!(cut.status, status, "{action}: {cut}");
        assert!(!cut.stdout.contains("nothing is left to take away"), "{action}: {cut}");
        incident.cloud.clear_faults();
    }
}
