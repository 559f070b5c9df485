//! A binding of ten thousand users: whoever may write one must not make anybody's documents huge.

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use ackcred_sandbox::session::Outcome;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::scene::{CARL, Incident, name};
use crate::setting::{binding, user};

on_both_servers!(a_binding_of_ten_thousand_makes_no_huge_document);

const OTHERS: usize = 10_000;

/// More than any row of such a scan takes, in bytes.
const ROW: usize = 1_500;

/// More than any line of a table takes, in characters.
const LINE: usize = 1_500;

fn longest_line(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or_default()
}

fn assert_lines_are_short(outcome: &Outcome) {
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    assert!(longest_line(&outcome.stdout) < LINE && longest_line(&outcome.stderr) < LINE, "{outcome}");
}

fn a_binding_of_ten_thousand_makes_no_huge_document<C: Cluster>(server: C) {
    let incident = Incident::stage(server, |setup| setup);
    let crowd = BindingRef::role_binding("shop", "crowd");
    let other = |number: usize| format!("21{number:016}-1760000000");
    let mut subjects: Vec<Value> = (0..OTHERS).map(|number| user(&other(number))).collect();
    subjects.insert(OTHERS / 2, user(&name(CARL)));
    incident.post(&crowd.collection(), &binding("crowd", "ClusterRole", "cs:ns:dev", &subjects));

    let scan = incident.run(&["scan", "--offline", "-n", "shop", "-o", "json"]);
    assert_eq!(scan.status, Status::Done, "{}", scan.stderr);
    assert!(scan.stdout.len() < (OTHERS + 20) * ROW, "{} bytes", scan.stdout.len());
    let document: Value = serde_json::from_str(&scan.stdout).unwrap();
    let rows = document["grants"].as_array().unwrap();
    let row = rows.iter().find(|row| row["uid"] == CARL && row["binding"]["name"] == "crowd").unwrap();
    let first: Vec<String> = (0..5).map(|number| format!("User/{}", other(number))).collect();
    assert_eq!((&row["sharedWith"], &row["sharedWithCount"]), (&json!(first), &json!(OTHERS)));
    let wide = incident.run(&["scan", "--offline", "--uid", CARL, "-o", "wide"]);
    assert!(wide.stdout.contains(&format!("{} and 9995 more", first.join(","))), "{wide}");

    let (status, plan, said) = incident.json(&["revoke", CARL, "--dry-run"]);
    assert_eq!(status, Status::Done, "{said}");
    assert!(plan.to_string().len() < 20_000, "{} bytes", plan.to_string().len());
    let step = plan["steps"].as_array().unwrap().iter().find(|step| step["object"]["name"] == "crowd").unwrap();
    assert_eq!((&step["sharedWith"], &step["sharedWithCount"]), (&json!(first), &json!(OTHERS)));

    // Consent is to those who stay, also where they are not named.
    let file = incident.session.write("plan.json", plan.to_string()).unwrap().display().to_string();
    let mut changed = incident.get(&crowd.path());
    changed["subjects"][OTHERS] = user("somebody-else");
    let changed = incident.put(&crowd.path(), &changed);
    let (status, refused, said) = incident.json(&["revoke", "--plan", &file, "--yes"]);
    assert_eq!((status, &refused["refusals"][0]["code"]), (Status::Refused, &json!("PlanChanged")), "{said}");
    assert_eq!(incident.get(&crowd.path()), changed);

    let tables =
        [vec!["scan", "--offline", "-o", "wide", "--uid", CARL], vec!["revoke", CARL, "--dry-run", "-o", "wide"]];
    tables.iter().for_each(|args| assert_lines_are_short(&incident.run(args)));
    let (status, report, said) = incident.json(&["revoke", CARL, "--yes", "--settle", "0"]);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    assert!(longest_line(&said) < LINE, "{said}");
    let restore = ["restore", report["operation"].as_str().unwrap(), "--force", "--dry-run"];
    assert_lines_are_short(&incident.run(&restore));
    assert!(report.to_string().len() < 20_000, "{} bytes", report.to_string().len());
    let left = incident.subjects("RoleBinding", "shop", "crowd").unwrap();
    assert_eq!((left.len(), left.contains(&name(CARL))), (OTHERS, false));
    incident.delete(&crowd.path());
}
