//! Roles for what was seen: for whom, from which log, and what is said where the cluster or the log can't be read.

use ackcred_sandbox::session::Session;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use super::scene::{CONFIRMED, OPERATOR, Scene, now, subject};

/// A line as kube-apiserver writes it, of a request that was allowed.
fn line(number: usize, user: &str, verb: &str, uri: &str, code: u16) -> String {
    let event = json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": format!("a-{number}"),
        "stage": "ResponseComplete", "requestURI": uri, "verb": verb,
        "user": {"username": user, "groups": ["system:users", "system:authenticated"]},
        "responseStatus": {"metadata": {}, "code": code}, "responseObject": {"data": {"token": "canary"}},
        "requestReceivedTimestamp": "2026-11-22T03:10:04.000000Z", "stageTimestamp": "2026-11-22T03:10:04.100000Z",
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""},
    });
    format!("{event}\n")
}

fn log(user: &str) -> String {
    [
        line(1, user, "get", "/api/v1/namespaces/default/pods/web", 200),
        line(2, user, "get", "/api/v1/namespaces/default/pods/web", 404),
        line(3, user, "list", "/api/v1/namespaces/default/secrets", 403),
        line(4, "somebody", "delete", "/api/v1/namespaces/default/pods/web", 200),
    ]
    .concat()
}

const ROLE: &str = "Role/default/suggested-";

#[test]
fn the_living_get_roles_and_the_deleted_do_not() {
    let scene = Scene::small().signed_in();
    scene.session.write("audit.log", log(&subject(OPERATOR)) + &log(&subject(CONFIRMED))).unwrap();
    let (status, document, stderr) = scene.json(&["suggest", OPERATOR, "--audit-log", "audit.log"]);
    assert_eq!((status, &document["suggestedFor"]["state"]), (Status::Done, &json!("Active")), "{stderr}");
    assert_eq!(document["suggestedFor"]["subjects"][0]["name"], subject(OPERATOR));
    assert_eq!((&document["covered"]["requests"], &document["covered"]["refused"]), (&json!(2), &json!(1)));
    let rules: Vec<&Value> =
        document["roles"].as_array().unwrap().iter().flat_map(|role| role["rules"].as_array().unwrap()).collect();
    assert_eq!(rules.len(), 1);
    assert_eq!((&rules[0]["verbs"], &rules[0]["resourceNames"]), (&json!(["get"]), &json!(["web"])));
    let lost = document["wouldLose"].as_array().unwrap();
    assert_eq!(lost[0]["path"]["target"]["kind"], "Administrator", "what it could become stands first: {lost:?}");
    assert!(
        lost.iter().any(|lost| lost["rule"]["role"]["name"] == "cluster-admin" && lost["rule"]["seenInPart"] == true)
    );
    assert!(stderr.contains("the log has events of 1 day only"), "{stderr}");

    let refused = scene.run(&["suggest", CONFIRMED, "--audit-log", "audit.log"]);
    assert_eq!((refused.status, refused.stdout.as_str()), (Status::Refused, ""), "{refused}");
    assert!(refused.stderr.contains("roles are suggested for those who stay"), "{refused}");
    assert!(refused.stderr.contains(&format!("kubectl ackcred revoke {CONFIRMED}")), "{refused}");
}

#[test]
fn objects_are_on_standard_output_and_the_table_beside_them() {
    let scene = Scene::small();
    scene.session.write("audit.log", log(&subject(OPERATOR))).unwrap();
    let outcome = scene.run(&["suggest", OPERATOR, "--audit-log", "audit.log", "-o", "yaml", "--offline"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    let objects: Vec<Value> =
        outcome.stdout.split("---\n").skip(1).map(|object| serde_saphyr::from_str(object).unwrap()).collect();
    let kinds: Vec<&Value> = objects.iter().map(|object| &object["kind"]).collect();
    assert_eq!(kinds, ["Role", "RoleBinding"]);
    assert_eq!(objects[1]["subjects"][0]["name"], subject(OPERATOR), "a UID stays a text");
    for said in
        ["SCOPE", "ns/default", "WOULD-LOSE", "still exists is not known", "applying the roles takes nothing away"]
    {
        assert!(outcome.stderr.contains(said), "{said}: {outcome}");
    }
    for never in ["canary", "needs", "unused", "secrets "] {
        assert!(!format!("{}{}", outcome.stdout, outcome.stderr).to_lowercase().contains(never), "{never}: {outcome}");
    }
    let names = scene.run(&["suggest", OPERATOR, "--audit-log", "audit.log", "-o", "name", "--offline"]);
    assert_eq!(names.stdout, format!("{ROLE}{OPERATOR}\n"));
    let wider = scene.run(&["suggest", OPERATOR, "--audit-log", "audit.log", "--widen", "names,reads", "--offline"]);
    assert!(wider.stdout.contains("reads: list,watch pods named web in namespace default"), "{wider}");
    assert!(wider.stdout.contains("names: get,list,watch pods in namespace default"), "{wider}");
}

/// Without a cluster there is a suggestion, and it is said that what would be lost is not known.
#[test]
fn what_could_not_be_read_is_said() {
    let session = Session::at(now()).unwrap();
    session.write("audit.log", log("ann")).unwrap();
    session.write("cut.log", &log("ann")[..1500]).unwrap();
    let suggest = |log: &str, more: &[&str]| {
        session.run(&[&["suggest", "--subject", "User/ann", "--audit-log", log, "--offline"], more].concat())
    };
    let outcome = suggest("audit.log", &[]);
    assert_eq!(outcome.status, Status::Incomplete, "{outcome}");
    assert!(outcome.stdout.contains("ns/default") && !outcome.stdout.contains("WOULD-LOSE"), "{outcome}");
    assert!(outcome.stderr.contains("what would be lost is not known"), "{outcome}");
    let alone = suggest("audit.log", &["--log-only", "-o", "json"]);
    let document: Value = serde_json::from_str(&alone.stdout).unwrap();
    assert_eq!(
        (alone.status, &document["wouldLose"], &document["cluster"]),
        (Status::Done, &Value::Null, &Value::Null)
    );
    let cut = suggest("cut.log", &["--log-only"]);
    assert_eq!(cut.status, Status::Incomplete, "{cut}");
    assert!(cut.stderr.contains("1 record of the log is no audit event"), "{cut}");
    let missing = suggest("nothing.log", &["--log-only"]);
    assert_eq!((missing.status, missing.stdout.as_str()), (Status::Failed, ""), "{missing}");
    assert!(missing.stderr.contains("nothing.log"), "{missing}");
    let nobody = session.run(&["suggest", "--subject", "User/bo", "--audit-log", "audit.log", "--log-only"]);
    assert_eq!((nobody.status, nobody.stdout.as_str()), (Status::Done, ""), "{nobody}");
    assert!(nobody.stderr.contains("no request of User/bo that was allowed was seen"), "{nobody}");
    assert_eq!(session.run(&["suggest", "--audit-log", "audit.log"]).status, Status::Usage);
    assert_eq!(suggest("audit.log", &["--log-only", "--dry-run=server"]).status, Status::Usage);
}

/// Only requests of the time that is asked about count, and where there is none, no table stands above what would be lost.
#[test]
fn only_the_time_that_is_asked_about_counts() {
    let scene = Scene::small();
    let log = log(&subject(OPERATOR));
    scene.session.write("audit.log", log.clone() + &log.replace("2026-11-22", "2026-11-20")).unwrap();
    let suggest =
        |more: &[&str]| scene.run(&[&["suggest", OPERATOR, "--audit-log", "audit.log", "--offline"], more].concat());
    let counted = |more: &[&str]| {
        let outcome = suggest(&[more, &["-o", "json"]].concat());
        assert_eq!(outcome.status, Status::Done, "{outcome}");
        let document: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let window = &document["window"];
        (document["covered"]["requests"].clone(), window["days"].clone(), window["from"].clone())
    };
    let [first, last, midnight] =
        ["2026-11-20T03:10:04Z", "2026-11-22T03:10:04Z", "2026-11-21T00:00:00Z"].map(|time| json!(time));
    assert_eq!(counted(&[]), (json!(4), json!(2), first.clone()));
    assert_eq!(counted(&["--since", "2026-11-21"]), (json!(2), json!(1), midnight));
    assert_eq!(counted(&["--since", "2026-11-22T03:10:04Z"]), (json!(2), json!(1), last));
    assert_eq!(counted(&["--until", "2026-11-21"]), (json!(2), json!(1), first));
    let nothing = suggest(&["--since", "2026-11-23"]);
    assert_eq!(nothing.status, Status::Done, "{nothing}");
    assert!(nothing.stdout.contains("WOULD-LOSE") && !nothing.stdout.contains("SCOPE"), "{nothing}");
    assert!(nothing.stderr.contains("was seen in a log without events of that time"), "{nothing}");
    assert_eq!(suggest(&["--since", "yesterday"]).status, Status::Usage);
}
