//! `scan`: user names that only resemble a RAM identity's are listed apart from the grants.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::people;
use insta::assert_snapshot;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cli::desk::document;
use crate::cli::scan::{administrator, cluster_role_binding, group, printed, role_binding, user};

const CARL: &str = people::CARL.uid;

/// A cluster with carl's own names and others beside them.
fn cluster(alike: &[String]) -> ApiServer {
    let server = ApiServer::start(ApiServerOptions::default()).unwrap();
    let users: Vec<Value> = alike.iter().map(|name| user(name)).collect();
    for object in [
        cluster_role_binding("own", &[user(CARL), user(&format!("{CARL}-a1b2c3"))]),
        role_binding("shop", "alike", &users),
        role_binding(
            "shop",
            "others",
            &[group(&format!("{CARL}.17")), user("plain-name"), user(&format!("{CARL}1-17"))],
        ),
    ] {
        server.put(object, "console").unwrap();
    }
    server
}

#[test]
fn names_that_resemble_an_identitys_are_said_and_stand_in_no_row() {
    let server = cluster(&[format!("{CARL}.17"), format!("{CARL}-17-2"), format!("{CARL}@\u{202e}corp")]);
    let session = administrator(&server);
    assert_snapshot!(printed(&server, &session.run(&["scan", "-q"])), @"
    UID                   TYPE      NAME     STATE     BINDING                    ROLE
    200000000000000103    Unknown   <none>   Unknown   ClusterRoleBinding/-/own   ClusterRole/cs:ops
    200000000000000103    Unknown   <none>   Unknown   ClusterRoleBinding/-/own   ClusterRole/cs:ops
    2000000000000001031   Unknown   <none>   Unknown   RoleBinding/shop/others    Role/dev
    --- stderr
    warning: 3 user names with 3 grants resemble a RAM identity's and may be its own, -o json lists what they are given: 200000000000000103-17-2 (UID 200000000000000103), 200000000000000103.17 (UID 200000000000000103), 200000000000000103@\\u{202e}corp (UID 200000000000000103)
    --- exit 0
    ");
    let outcome = session.run(&["scan", "-o", "json"]);
    let resembling = document(&outcome)["resembling"].clone();
    let subjects: Vec<&Value> = resembling.as_array().unwrap().iter().map(|row| &row["subject"]).collect();
    let expected = [format!("{CARL}-17-2"), format!("{CARL}.17"), format!("{CARL}@\u{202e}corp")];
    assert_eq!(subjects, expected.each_ref().map(|name| json!(name)).iter().collect::<Vec<_>>());
    let filtered = document(&session.run(&["scan", "-o", "json", "--uid", "300000000000000201"]));
    assert_eq!(filtered["resembling"], json!([]));
    let own = document(&session.run(&["scan", "-o", "json", "--uid", CARL]));
    assert_eq!(own["resembling"], resembling);
    assert_eq!(session.run(&["scan", "-n", "billing", "-q"]).stderr, "");
}

#[test]
fn of_many_names_a_few_are_said_and_the_document_has_all() {
    let server = cluster(&(0..1000).map(|number| format!("{CARL}.{number:03}")).collect::<Vec<_>>());
    let session = administrator(&server);
    let outcome = session.run(&["scan", "-o", "json"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    assert_eq!(document(&outcome)["resembling"].as_array().unwrap().len(), 1000);
    assert!(outcome.stderr.contains("warning: 1000 user names with 1000 grants resemble"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains(&format!("{CARL}.009 (UID {CARL}) and 990 more\n")), "{}", outcome.stderr);
}
