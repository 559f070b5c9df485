//! A leaked file may hold more than the certificate: a token, a password, a plugin. What is not the identity's is named, and nothing is
//! called Verified while it may open the cluster.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault, User};
use ackcred_sandbox::binding::RBAC;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::scene::{CARL, Incident, check_of, name};
use crate::setting::binding;

crate::on_both_servers!(
    what_no_api_server_accepts_leaves_the_proof_whole,
    a_plugin_is_not_run_and_keeps_the_proof_open
);

/// The leaked file, with more in the user entry of the certificate.
fn leaked_with<C: Cluster>(incident: &Incident<C>, more: &Value) -> String {
    let file = std::fs::read_to_string(&incident.leaked).unwrap();
    let key = file.lines().find(|line| line.trim_start().starts_with("client-key-data:")).unwrap();
    let indent = &key[..key.len() - key.trim_start().len()];
    let more = more.as_object().unwrap().iter().map(|(name, value)| format!("\n{indent}{name}: {value}"));
    let path =
        incident.session.write("found/more.yaml", file.replace(key, &(key.to_owned() + &more.collect::<String>())));
    path.unwrap().display().to_string()
}

/// The report of a revocation of that file.
fn revoked<C: Cluster>(incident: &Incident<C>, file: &str) -> (Status, Value) {
    let (status, report, said) = incident.json(&["revoke", "-f", file, "--yes", "--settle", "0"]);
    assert!(report["operation"].is_string(), "{said}\n{report:#}");
    (status, report)
}

fn check_of_the_file(report: &Value) -> Value {
    check_of(report, "LeakedFile").clone()
}

/// What the report says of other credentials that remain.
fn remaining(report: &Value) -> Vec<String> {
    let remains = report["remains"].as_array().or(report["verification"][0]["remains"].as_array()).unwrap();
    let others = remains.iter().filter(|remain| remain["kind"] == "OtherCredential");
    others.map(|remain| remain["what"].as_str().unwrap().to_owned()).collect()
}

/// The token of a ServiceAccount opens the cluster after the certificate does no longer.
fn a_living_token_is_named_and_keeps_it_residual<C: Cluster>(incident: &Incident<C>, token: &str) {
    let file = leaked_with(incident, &json!({"token": token}));
    let named = "the leaked file also holds a token of ServiceAccount shop/ci; this revocation does not end it: \
                 delete the token's Secret, or: kubectl delete serviceaccount -n shop ci";

    let (status, plan, said) = incident.json(&["revoke", "-f", &file, "--dry-run"]);
    assert_eq!(status, Status::Done, "{said}\n{plan:#}");
    assert_eq!(plan["leaked"][0]["otherCredentials"][0]["kind"], "Token", "{plan:#}");
    assert_eq!(remaining(&plan), [named]);
    assert!(!plan.to_string().contains(token), "the token itself is never shown");

    let (status, report) = revoked(incident, &file);
    assert_eq!(status, Status::Incomplete, "{report:#}");
    assert_eq!(report["verification"][0]["outcome"], "Residual", "{report:#}");
    assert_eq!(remaining(&report), [named]);
    let check = check_of_the_file(&report);
    let finding = check["findings"][0].as_str().unwrap();
    assert!(finding.contains("accepts it as system:serviceaccount:shop:ci"), "{check:#}");
    assert!(finding.contains("kubectl delete serviceaccount -n shop ci"), "{check:#}");
    assert!(check["detail"].as_str().unwrap().contains("403"), "the certificate itself is refused: {check:#}");
    assert!(!report.to_string().contains(token), "the token itself is never shown");
}

/// `{"sub":"system:serviceaccount:shop:ci"}`, unsigned.
const ROBOT: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6c2hvcDpjaSJ9.c2ln";

#[test]
fn a_living_token_keeps_the_sandbox_from_verified() {
    let robot = User::authenticated("system:serviceaccount:shop:ci", ["system:serviceaccounts"]);
    let options = ApiServerOptions { tokens: [(ROBOT.to_owned(), robot)].into(), ..ApiServerOptions::default() };
    let incident = Incident::stage(ApiServer::start(options).unwrap(), |setup| setup);
    a_living_token_is_named_and_keeps_it_residual(&incident, ROBOT);
}

#[test]
fn a_living_token_keeps_the_real_server_from_verified() {
    let Some(server) = shared("tests/revoke").unwrap() else { return };
    let incident = Incident::stage(server, |setup| setup);
    let accounts = "/api/v1/namespaces/shop/serviceaccounts";
    incident.post(accounts, &json!({"metadata": {"name": "ci"}}));
    let token = incident.post(&format!("{accounts}/ci/token"), &json!({"spec": {"expirationSeconds": 600}}));
    a_living_token_is_named_and_keeps_it_residual(&incident, token["status"]["token"].as_str().unwrap());
    incident.delete(&format!("{accounts}/ci"));
}

/// A token of another cluster, and a password, which API servers have not accepted since Kubernetes 1.19.
fn what_no_api_server_accepts_leaves_the_proof_whole<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let more = json!({"token": "0123456789abcdef", "username": "carl", "password": "correct-horse"});
    let (status, report) = revoked(&incident, &leaked_with(&incident, &more));
    assert_eq!(status, Status::Done, "{report:#}");
    assert_eq!(report["verification"][0]["outcome"], "Verified", "{report:#}");
    let check = check_of_the_file(&report);
    let detail = check["detail"].as_str().unwrap();
    for description in ["a token that does not say whose it is", "a user name and a password"] {
        assert!(detail.contains(description), "{check:#}");
    }
    assert_eq!(remaining(&report).len(), 2, "before it was asked nothing was known: {report:#}");
    assert!(!report.to_string().contains("correct-horse"), "no password is shown");
}

/// What an API server says to a token of the file when it is asked whose it is.
#[test]
fn a_token_counts_as_ended_only_where_an_api_server_says_so() {
    for (fault, expected) in [
        (None, "Passed"),
        (Some(Fault::refusal(401, "Unauthorized", "Unauthorized")), "Passed"),
        (Some(Fault::refusal(403, "Forbidden", r#"User "system:anonymous" cannot create resource"#)), "Passed"),
        // It is taken, and may only not ask whose it is.
        (Some(Fault::refusal(403, "Forbidden", r#"User "robot" cannot create resource"#)), "Failed"),
        (Some(Fault::refusal(500, "InternalError", "not now")), "Error"),
    ] {
        let once_cleaned = fault.clone();
        let incident = Incident::sandbox_with(|setup, faults| {
            setup.when_cleaned(move || {
                if let Some(fault) = &once_cleaned {
                    faults.add("POST", "/selfsubjectreviews", usize::MAX, fault.clone());
                }
            })
        });
        let (_, report) = revoked(&incident, &leaked_with(&incident, &json!({"token": "0123456789abcdef"})));
        assert_eq!(check_of_the_file(&report)["result"], expected, "{fault:?}: {report:#}");
    }
}

/// A cluster may let everyone ask who they are.
#[test]
fn a_password_that_leaves_its_holder_anonymous_is_not_taken() {
    let incident = Incident::sandbox(|setup| setup);
    let anonymous = json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:unauthenticated"});
    let open = binding("open", "ClusterRole", "system:basic-user", &[anonymous]);
    incident.post(&format!("{RBAC}/clusterrolebindings"), &open);
    let more = json!({"username": "carl", "password": "correct-horse"});
    let (status, report) = revoked(&incident, &leaked_with(&incident, &more));
    assert_eq!((status, &check_of_the_file(&report)["result"]), (Status::Done, &json!("Passed")), "{report:#}");
}

/// An API server may need a moment to see its own change.
#[test]
fn a_leaked_certificate_that_still_works_for_a_moment_is_asked_again() {
    let well = Incident::sandbox(|setup| setup);
    let (_, report) = revoked(&well, well.leaked.to_str().unwrap());
    let detail = check_of_the_file(&report)["detail"].as_str().unwrap().to_owned();
    let path = detail.strip_prefix("GET ").unwrap().split(['?', ':']).next().unwrap().to_owned();

    let incident = Incident::sandbox_with(|setup, faults| {
        setup.when_cleaned(move || {
            let yes = Fault::Answer { code: 200, content_type: "application/json", body: "{}".to_owned() };
            faults.add("GET", &path, 1, yes);
        })
    });
    let (status, report) = revoked(&incident, incident.leaked.to_str().unwrap());
    assert_eq!((status, &check_of_the_file(&report)["result"]), (Status::Done, &json!("Passed")), "{report:#}");
}

/// The same of its access reviews.
#[test]
fn a_right_that_is_held_for_a_moment_is_asked_for_again() {
    let incident = Incident::sandbox_with(|setup, faults| {
        setup.when_cleaned(move || {
            let review = json!({
                "kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {}, "spec": {},
                "status": {"allowed": true, "reason": "RBAC: allowed by RoleBinding \"team/shop\""},
            });
            let yes = Fault::Answer { code: 201, content_type: "application/json", body: review.to_string() };
            faults.add("POST", "/subjectaccessreviews", 1, yes);
        })
    });
    let (status, report) = revoked(&incident, incident.leaked.to_str().unwrap());
    assert_eq!((status, &check_of(&report, "AccessReviews")["result"]), (Status::Done, &json!("Passed")), "{report:#}");
}

/// A certificate that is refused at the door is asked nothing more.
#[test]
fn a_certificate_that_is_not_let_in_any_more_is_asked_once() {
    let incident = Incident::sandbox_with(|setup, faults| {
        setup.when_cleaned(move || {
            faults.forget();
            faults.disown(&name(CARL));
        })
    });
    let (status, report) = revoked(&incident, incident.leaked.to_str().unwrap());
    assert_eq!((status, &check_of_the_file(&report)["result"]), (Status::Done, &json!("Passed")), "{report:#}");
    assert_eq!(incident.unauthorized(), ["/apis/authentication.k8s.io/v1/selfsubjectreviews"]);
}

fn a_plugin_is_not_run_and_keeps_the_proof_open<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let trace = incident.session.home().join("ran");
    let plugin = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "touch", "args": [trace], "interactiveMode": "Never",
    }});
    let (status, report) = revoked(&incident, &leaked_with(&incident, &plugin));
    assert_eq!(status, Status::Incomplete, "{report:#}");
    assert_eq!(report["verification"][0]["outcome"], "Unverifiable", "{report:#}");
    let check = check_of_the_file(&report);
    assert!(check["detail"].as_str().unwrap().contains("a plugin of a leaked file is not run"), "{check:#}");
    assert!(!trace.exists(), "the plugin was run");
}

#[test]
fn a_token_that_has_expired_is_no_longer_a_credential() {
    let incident = Incident::sandbox(|setup| setup);
    // {"sub":"system:serviceaccount:shop:ci","exp":1}
    let expired = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6c2hvcDpjaSIsImV4cCI6MX0.c2ln";
    let (status, report) = revoked(&incident, &leaked_with(&incident, &json!({"token": expired})));
    assert_eq!((status, remaining(&report)), (Status::Done, Vec::new()), "{report:#}");
}

/// The rest of a file can be judged by nothing but the file itself.
#[test]
fn what_is_gone_on_with_without_the_file_says_what_was_not_tried() {
    let incident = Incident::sandbox(|setup| setup);
    let file = leaked_with(&incident, &json!({"token": "0123456789abcdef"}));
    let (_, report) = revoked(&incident, &file);
    let id = report["operation"].as_str().unwrap();
    let (status, report, said) = incident.json(&["revoke", "--resume", id, "--yes", "--settle", "0"]);
    assert_eq!(status, Status::Incomplete, "{said}\n{report:#}");
    let detail = check_of_the_file(&report)["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("a token that does not say whose it is: give it again with -f"), "{detail}");
    let (status, report, said) = incident.json(&["revoke", "--resume", id, "-f", &file, "--yes", "--settle", "0"]);
    assert_eq!(status, Status::Done, "{said}\n{report:#}");
    assert!(
        incident
            .subjects("RoleBinding", "shop", "team")
            .is_some_and(|left| !left.iter().any(|name| name.contains(CARL)))
    );
}
