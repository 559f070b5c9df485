//! `whoami` with the cloud: who the credential's owner is, who is calling, and whether these are two people.

use ackcred_sandbox::cloud::{AccessKey, Permissions};
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cloud::scene::*;

const ROOT_SECRET: &str = "the-accounts-own-secret-55";

/// The cell of an attribute.
fn attribute<'a>(stdout: &'a str, name: &str) -> Option<&'a str> {
    let row = stdout.lines().find(|line| line.starts_with(&format!("{name}   ")))?;
    Some(row[name.len()..].trim())
}

#[test]
fn owner_and_caller_are_named_each_by_its_own_source() {
    let scene = Scene::small().signed_in();
    let (status, document, stderr) = scene.json(&["whoami"]);
    assert_eq!(status, Status::Done, "{stderr}");
    let identity = &document["identity"];
    let facts = [&identity["uid"], &identity["type"], &identity["name"], &identity["state"]];
    assert_eq!(facts, [OPERATOR, "RamUser", "ann", "Active"]);
    assert!(identity["evidence"].as_str().unwrap().contains("sts:GetCallerIdentity"), "{identity}");
    let caller = json!({
        "type": "RamUser", "uid": OPERATOR, "name": "ann", "accountId": ACCOUNT, "arn": format!("acs:ram::{ACCOUNT}:user/ann"),
    });
    assert_eq!(document["cloud"]["caller"], caller);
    assert_eq!(document["cloud"]["source"], "environment (ALIBABA_CLOUD_ACCESS_KEY_ID)");
    assert_eq!(document["cluster"]["confirmed"], true);
    assert_eq!(document["apiServer"]["username"], subject(OPERATOR));
    assert_eq!(document["warnings"], json!([]));
}

#[test]
fn wide_shows_where_the_cloud_credentials_are_from() {
    let scene = Scene::small().signed_in();
    let wide = scene.run(&["whoami", "-o", "wide"]).stdout;
    assert_eq!(attribute(&wide, "Cloud credentials"), Some("environment (ALIBABA_CLOUD_ACCESS_KEY_ID)"), "{wide}");
    let table = scene.run(&["whoami"]).stdout;
    assert_eq!(attribute(&table, "Cloud credentials"), None, "{table}");
    assert_eq!(attribute(&table, "Cloud caller"), Some(format!("ann   RamUser {OPERATOR}").as_str()), "{table}");
    assert_eq!(scene.run(&["whoami", "-o", "name"]).stdout, format!("{OPERATOR}\n"));
}

fn caller(document: &Value) -> [&str; 3] {
    ["type", "uid", "accountId"].map(|field| document["cloud"]["caller"][field].as_str().unwrap())
}

#[test]
fn a_role_and_the_account_itself_are_callers_too_and_other_people() {
    let scene = Scene::small();
    scene.cloud.edit(|cloud_state| cloud_state.add_key(AccessKey::root(ACCOUNT, "LTAIroot", ROOT_SECRET)));
    let root = scene
        .variables([("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAIroot"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ROOT_SECRET)]);
    let (status, document, stderr) = root.json(&["whoami"]);
    assert_eq!((status, caller(&document)), (Status::Done, ["Root", ACCOUNT, ACCOUNT]), "{stderr}");
    assert_two_people(&document, ACCOUNT);

    let role = Scene::small().signed_in();
    let arn = format!("acs:ram::{ACCOUNT}:role/deployer");
    let (status, document, stderr) = role.json(&["whoami", "--role-arn", &arn]);
    assert_eq!((status, caller(&document)), (Status::Done, ["RamRole", ROLE, ACCOUNT]), "{stderr}");
    assert_eq!(document["cloud"]["caller"]["name"], "deployer");
    assert_two_people(&document, ROLE);
}

fn assert_two_people(document: &Value, caller: &str) {
    let warning = format!("the kubeconfig is {OPERATOR}'s, the cloud credentials are {caller}'s: two identities");
    assert_eq!(document["warnings"], json!([warning]));
}

#[test]
fn a_leaked_file_is_looked_at_with_the_cloud_and_without_its_server() {
    let scene = Scene::small().signed_in();
    scene.session.write("leaked.yaml", kubeconfig(&scene.server, CONFIRMED)).unwrap();
    scene.server.faults().forget();
    let (status, document, stderr) = scene.json(&["whoami", "-f", "leaked.yaml"]);
    assert_eq!(status, Status::Done, "{stderr}");
    let identity = &document["identity"];
    assert_eq!([&identity["uid"], &identity["name"], &identity["state"]], [CONFIRMED, "carl", "Deleted"]);
    assert!(identity["evidence"].as_str().unwrap().starts_with("confirmed: "), "{identity}");
    // Whoever looks into a leak is somebody else as a matter of course.
    assert_eq!(document["warnings"], json!([]));
    assert_eq!(document["apiServer"], Value::Null);
    assert_eq!(scene.server.faults().exchanges(), [], "the file's server was asked");
}

#[test]
fn a_leaked_file_of_somebody_in_no_list_proves_nothing_without_the_owners_word() {
    let scene = Scene::small().signed_in();
    scene.session.write("leaked.yaml", kubeconfig(&scene.server, INFERRED)).unwrap();
    let (_, document, _) = scene.json(&["whoami", "-f", "leaked.yaml"]);
    assert_eq!(document["identity"]["state"], "Unknown");
    let evidence = document["identity"]["evidence"].as_str().unwrap();
    assert!(evidence.contains("the cluster's owner not asked"), "{evidence}");
}

#[test]
fn a_source_that_fails_is_shown_beside_the_others() {
    let scene = Scene::small().signed_in();
    scene.permit(Permissions::allowing(["cs:*"]));
    let (status, document, stderr) = scene.json(&["whoami"]);
    assert_eq!(status, Status::Incomplete, "{stderr}");
    let error = document["cloud"]["error"].as_str().unwrap();
    assert!(error.contains("ram:ListUsers") && error.contains("NoPermission"), "{error}");
    assert_eq!(document["identity"]["state"], "Active", "its own key calls");
    assert_eq!(document["apiServer"]["username"], subject(OPERATOR));
}

#[test]
fn without_credentials_and_offline_the_cloud_is_null_and_nothing_failed() {
    let scene = Scene::small();
    for args in [&["whoami"][..], &["whoami", "--offline"]] {
        let (status, document, stderr) = scene.json(args);
        assert_eq!((status, &document["cloud"]), (Status::Done, &Value::Null), "{stderr}");
        assert_eq!(document["identity"]["state"], "Unknown");
        assert_eq!(document["identity"]["uid"], OPERATOR);
    }
}
