//! `-f` more than once: files of one identity and of several, files that can't be used, and what is kept of each.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::certs::{Authority, Subject};
use ackcred_sandbox::cloud::{CloudFault, FaultKind, RamUser};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::format_1::{fixture_to_make, keep_as_fixture, lay_out};
use crate::restoring::{Files, refused};
use crate::scene::{BO, CARL, CLUSTER, Incident, done, former_name, name, text};
use crate::setting::{binding, user};

on_both_servers!(both_certificates_of_one_identity_are_proven_dead);

/// carl's two kubeconfigs, and bo's, in the folder that the commands run in.
fn with_files<C: Cluster>(incident: Incident<C>) -> Incident<C> {
    let carls = std::fs::read_to_string(&incident.leaked).unwrap();
    let others = [
        ("carl.yaml", carls),
        ("former.yaml", incident.kubeconfig_as(&former_name())),
        ("bo.yaml", incident.kubeconfig_of(BO)),
    ];
    for (file, content) in others {
        incident.session.write(file, content).unwrap();
    }
    incident
}

fn sandbox() -> Incident<ApiServer> {
    // carl is on leave, so that what was taken may be given back.
    with_files(Incident::sandbox(|setup| setup.change_account(|account| account.user(RamUser::new(CARL, "carl")))))
}

const REVOKE: [&str; 4] = ["revoke", "--yes", "--settle", "0s"];

fn revoke(files: &[&'static str]) -> Vec<&'static str> {
    REVOKE.into_iter().chain(files.iter().flat_map(|file| ["-f", *file])).collect()
}

/// The result and the detail of the check of an identity's files.
fn check_of_files<'a>(rows: &'a Value, uid: &str) -> (&'a str, &'a str) {
    let row = rows.as_array().unwrap().iter().find(|row| row["uid"] == uid).unwrap();
    let check = row["checks"].as_array().unwrap().iter().find(|check| check["check"] == "LeakedFile").unwrap();
    (text(&check["result"]), text(&check["detail"]))
}

fn names_of(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| text(&one["commonName"])).collect()
}

fn both_certificates_of_one_identity_are_proven_dead<C: Cluster>(server: C) {
    let incident = with_files(Incident::stage(server, |setup| setup));
    let report = done(&incident, &revoke(&["carl.yaml", "former.yaml"]));
    let (result, detail) = check_of_files(&report["verification"], CARL);
    assert_eq!((result, report["verification"].as_array().unwrap().len()), ("Passed", 1), "{report:#}");
    for file in ["carl.yaml", "former.yaml"] {
        assert!(detail.contains(file) && detail.contains("403 (the review had said yes before)"), "{detail}");
    }

    let id = text(&report["operation"]);
    let kept = |file: &str| -> Value {
        serde_json::from_slice(&std::fs::read(Files::of(&incident, id).path(file)).unwrap()).unwrap()
    };
    let (record, summary) = (kept("operation.json"), kept("summary.json"));
    let both = [name(CARL), former_name()];
    assert_eq!(names_of(&record["purpose"]["plan"]["leaked"]), both);
    assert_eq!(names_of(&record["purpose"]["tombstone"]), both);
    assert_eq!(summary["purpose"]["tombstone"], record["purpose"]["tombstone"]);

    let closing = incident.run(&["history", id, "-o", "md"]).stdout;
    for (file, name) in [("carl.yaml", name(CARL)), ("former.yaml", former_name())] {
        assert!(closing.contains(&format!("certificate of {name}")) && closing.contains(file), "{closing}");
        assert!(closing.contains(&format!("--rearm {name}")), "{closing}");
    }

    // What was tried can be tried again, each file by itself.
    let asked = done(&incident, &["verify", id, "-f", "former.yaml", "-f", "carl.yaml"]);
    let (result, detail) = check_of_files(&asked["operations"][0]["verification"], CARL);
    assert!(result == "Passed" && detail.contains("carl.yaml") && detail.contains("former.yaml"), "{asked:#}");
    let (_, asked, _) = incident.json(&["verify", id, "-f", "former.yaml"]);
    let row = &asked["operations"][0]["verification"];
    let (result, detail) = check_of_files(row, CARL);
    assert!(result == "Skipped" && detail.contains("carl.yaml: it was not given again"), "{asked:#}");
    assert_eq!(row[0]["notChecked"][0], "the leaked file carl.yaml: give it again with -f", "{asked:#}");
}

#[test]
fn each_name_stays_dead_until_it_is_armed_by_name() {
    let incident = sandbox();
    let report = done(&incident, &revoke(&["carl.yaml", "former.yaml"]));
    let id = text(&report["operation"]);
    let reappeared = |name: &str| {
        let (_, scan, _) = incident.json(&["scan", "--all-users"]);
        let rows = scan["grants"].as_array().unwrap().iter();
        rows.filter(|row| row["subject"] == *name && row["reappeared"] == true).count()
    };
    for name in [name(CARL), former_name()] {
        let by_hand = BindingRef::cluster_role_binding("by-hand");
        incident.post(&by_hand.collection(), &binding("by-hand", "ClusterRole", "cs:ns:dev", &[user(&name)]));
        assert_eq!(reappeared(&name), 1, "{name}");
        incident.delete(&by_hand.path());
    }
    let both = refused(&incident, &["restore", id, "--yes"], &["Rearm"]);
    assert_eq!(both["refusals"].as_array().map(Vec::len), Some(2), "{both:#}");
    for (armed, other) in [(name(CARL), former_name()), (former_name(), name(CARL))] {
        let refusal = refused(&incident, &["restore", id, "--yes", "--rearm", &armed], &["Rearm"]);
        assert!(refusal.to_string().contains(&format!("--rearm {other} gives it back")), "{refusal:#}");
    }
    done(&incident, &["restore", id, "--yes", "--rearm", &former_name(), "--rearm", &name(CARL)]);
    assert_eq!(incident.leaked_status("/api/v1/nodes"), 200);
    assert_eq!((reappeared(&name(CARL)), reappeared(&former_name())), (0, 0));
}

#[test]
fn files_of_two_identities_are_one_plan() {
    let incident = sandbox();
    let args = ["revoke", "-f", "carl.yaml", "-f", "bo.yaml", "--settle", "0s"];
    let shown = incident.answering(&format!("{CARL}\n"), &args);
    assert_eq!(shown.status, Status::Refused, "the phrase is that of two identities: {shown}");
    for said in [format!("CN={}, ", name(CARL)), format!("CN={}, ", name(BO)), ", in bo.yaml".to_owned()] {
        assert!(shown.stderr.contains(&said), "{said}: {shown}");
    }
    let (status, report, said) = incident.json(&revoke(&["carl.yaml", "bo.yaml"]));
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    for (uid, own, others) in [(CARL, "carl.yaml", "bo.yaml"), (BO, "bo.yaml", "carl.yaml")] {
        let (result, detail) = check_of_files(&report["verification"], uid);
        assert!(result == "Passed" && detail.starts_with(own) && !detail.contains(others), "{report:#}");
    }
}

#[test]
fn a_uid_may_stand_beside_the_files() {
    let incident = sandbox();
    let planned = |args: &[&str]| {
        let plan = done(&incident, &[&["revoke", "--dry-run"], args].concat());
        let uids = plan["targets"].as_array().unwrap().iter().map(|target| text(&target["uid"]).to_owned());
        (uids.collect::<Vec<_>>(), plan["leaked"].as_array().unwrap().len())
    };
    assert_eq!(planned(&[CARL, "-f", "carl.yaml"]), (vec![CARL.to_owned()], 1), "one identity");
    assert_eq!(planned(&[BO, "-f", "carl.yaml"]), (vec![BO.to_owned(), CARL.to_owned()], 1));
    assert_eq!(planned(&["-f", "carl.yaml", "-f", "carl.yaml"]), (vec![CARL.to_owned()], 1), "one file");
    let copy = std::fs::read_to_string(&incident.leaked).unwrap();
    incident.session.write("copy.yaml", copy).unwrap();
    assert_eq!(planned(&["-f", "carl.yaml", "-f", "copy.yaml"]), (vec![CARL.to_owned()], 2), "each file is named");
    let shown = incident.run(&["revoke", "--dry-run", "-f", "carl.yaml", "-f", "copy.yaml"]);
    assert!(shown.stdout.contains(", in carl.yaml and copy.yaml\n"), "{shown}");
}

#[test]
fn one_file_that_can_not_be_used_stops_all_and_each_is_named() {
    let incident = sandbox();
    incident.session.write("broken.yaml", "users: {").unwrap();
    let token = Credential::Token("0123456789abcdef".into());
    let server = (incident.server.url(), incident.server.ca_pem());
    let file = Kubeconfig::ack(&server.0, &server.1, CLUSTER, CARL, &token);
    incident.session.write("token.yaml", file.yaml()).unwrap();
    let elsewhere = Authority::of_today().unwrap();
    let of_carl = Credential::of(&incident.server.client(&Subject::ack(name(CARL))).unwrap());
    let file = Kubeconfig::ack(&server.0, &elsewhere.certificate_pem(), CLUSTER, CARL, &of_carl);
    incident.session.write("elsewhere.yaml", file.yaml()).unwrap();

    for (files, codes, named) in [
        (&["carl.yaml", "broken.yaml", "bo.yaml"][..], &["FileUnread"][..], &["broken.yaml"][..]),
        (&["carl.yaml", "gone.yaml", "token.yaml"], &["FileUnread", "NoRamIdentity"], &["gone.yaml", "token.yaml"]),
        (&["carl.yaml", "elsewhere.yaml"], &["OtherCluster"], &["elsewhere.yaml"]),
    ] {
        let plan = refused(&incident, &[&revoke(files)[..], &["--force"]].concat(), codes);
        let refusals = plan["refusals"].as_array().unwrap();
        let messages: Vec<&str> = refusals.iter().map(|refusal| text(&refusal["message"])).collect();
        for (message, name) in messages.iter().zip(named) {
            assert!(message.contains(name) && !message.contains("carl.yaml"), "{messages:?}");
        }
    }
    for (args, hint) in [
        (vec!["revoke", "-f", "carl.yaml", "bo.yaml"], "a file needs an -f of its own"),
        (vec!["revoke", "-f", "carl.yaml,bo.yaml"], "give each file with a flag of its own"),
        (
            vec!["revoke", "-f", "carl.yaml", "-f", "bo.yaml", "--leaked-context", "x"],
            "--leaked-context is about one file",
        ),
    ] {
        let outcome = incident.run(&args);
        assert!(matches!(outcome.status, Status::Usage | Status::Failed), "{outcome}");
        assert!(outcome.stderr.contains(hint), "{args:?} {outcome}");
    }
}

#[test]
fn a_refusal_about_one_file_stops_all() {
    let incident = sandbox();
    let own = std::fs::read_to_string(incident.session.home().join(".kube/config")).unwrap();
    incident.session.write("own.yaml", own).unwrap();
    refused(&incident, &revoke(&["carl.yaml", "own.yaml"]), &["OwnIdentity"]);
}

#[test]
fn a_plan_takes_the_files_that_it_was_made_with_in_any_order() {
    let incident = sandbox();
    let plan = done(&incident, &["revoke", "--dry-run", "-f", "carl.yaml", "-f", "former.yaml"]);
    incident.session.write("plan.json", plan.to_string()).unwrap();
    for (files, why) in [
        (&["carl.yaml"][..], "give its file with -f"),
        (&["carl.yaml", "former.yaml", "bo.yaml"], "the plan is not about bo.yaml"),
    ] {
        let outcome = incident.run(&[&revoke(files)[..], &["--plan", "plan.json"]].concat());
        assert_eq!(outcome.status, Status::Usage, "{outcome}");
        assert!(outcome.stderr.contains(why), "{outcome}");
    }
    let report = done(&incident, &[&revoke(&["former.yaml", "carl.yaml"])[..], &["--plan", "plan.json"]].concat());
    assert_eq!(report["verification"][0]["outcome"], "Verified", "{report:#}");
}

/// Whoever goes on with an operation may have one of its files by then, or none.
#[test]
fn an_operation_that_was_cut_off_keeps_all_its_files() {
    let incident = sandbox();
    incident.cloud.add_fault(CloudFault::of("CleanClusterUserPermissions", FaultKind::Forbidden));
    let (status, report, said) = incident.json(&revoke(&["carl.yaml", "former.yaml"]));
    incident.cloud.clear_faults();
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    let id = text(&report["operation"]).to_owned();
    let resume = |files: &[&'static str]| [&revoke(files)[..], &["--resume", &id]].concat();
    let outcome = incident.run(&resume(&["carl.yaml", "bo.yaml"]));
    assert_eq!(outcome.status, Status::Usage, "{outcome}");
    assert!(outcome.stderr.contains("is about another file than bo.yaml"), "{outcome}");

    let report = done(&incident, &resume(&["former.yaml"]));
    let (result, detail) = check_of_files(&report["verification"], CARL);
    assert!(result == "Skipped" && detail.contains("carl.yaml: it was not given again"), "{report:#}");
    assert!(detail.contains("former.yaml: GET "), "{report:#}");
    let unseen = &report["verification"][0]["notChecked"];
    assert_eq!(unseen[0], json!("the leaked file carl.yaml: give it again with -f"), "{report:#}");
    let both = refused(&incident, &["restore", &id, "--yes"], &["Rearm"]);
    assert_eq!(both["refusals"].as_array().map(Vec::len), Some(2), "{both:#}");
}

/// A folder that the program wrote: two files of carl and one of bo.
#[test]
fn an_operation_of_several_files_is_listed_and_shown() {
    let incident = sandbox();
    lay_out(&incident, "-files");
    let history = done(&incident, &["history"]);
    let row = &history["operations"][0];
    assert_eq!((text(&row["outcome"]), &row["uids"]), ("Verified", &json!([BO, CARL])), "{history:#}");
    let shown = incident.run(&["history", text(&row["id"]), "-o", "md"]);
    assert_eq!(shown.status, Status::Done, "{shown}");
    for (file, name) in [("carl.yaml", name(CARL)), ("former.yaml", former_name()), ("bo.yaml", name(BO))] {
        let line = shown.stdout.lines().find(|line| line.contains("certificate of") && line.contains(&name));
        assert!(line.is_some_and(|line| line.contains(file)), "{shown}");
    }
}

#[test]
#[ignore = "the fixture is made once for each format"]
fn the_fixture_is_made() {
    let Some(target) = fixture_to_make() else { return };
    let incident = sandbox();
    done(&incident, &revoke(&["carl.yaml", "former.yaml", "bo.yaml"]));
    keep_as_fixture(&incident, &target);
}
