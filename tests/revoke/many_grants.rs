//! A leaver with many grants: their steps run side by side, and plan, report and journal keep their order.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use serde_json::Value;

use crate::crash::{BINARY, ended};
use crate::scene::{BO, CARL, Incident, as_arranged, name};
use crate::setting::{binding, user};

crate::on_both_servers!(steps_side_by_side_keep_their_order);

/// Enough that several are always under way.
const SOME: usize = 100;
/// As many as one identity was ever seen with.
const MANY: usize = 5000;
/// How many bindings are created at a time.
const WRITERS: usize = 8;

/// Gives the leaver so many grants more, every third of them one that a colleague shares.
fn grant<C: Cluster>(incident: &Incident<C>, count: usize) {
    let numbers: Vec<usize> = (0..count).collect();
    std::thread::scope(|scope| {
        for numbers in numbers.chunks(count.div_ceil(WRITERS)) {
            let admin = incident.admin();
            scope.spawn(move || {
                for number in numbers {
                    let grant = BindingRef::role_binding("shop", &format!("grant-{number:05}"));
                    let alone = [user(&name(CARL))];
                    let shared = [user(&name(CARL)), user(&name(BO))];
                    let subjects = if number % 3 == 0 { shared.as_slice() } else { &alone };
                    let object = binding(&grant.name, "ClusterRole", "cs:ns:dev", subjects).to_string();
                    assert_eq!(admin.send("POST", &grant.collection(), &[], &object).unwrap().code, 201);
                }
            });
        }
    });
}

/// Runs the program, and says how long it took and what it wrote to standard output.
fn run<C: Cluster>(incident: &Incident<C>, args: &[&str]) -> (Duration, Value) {
    let mut command = incident.process(BINARY);
    command.args(args).args(["--yes", "-o", "json"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let begun = Instant::now();
    let said = ended(command.spawn().unwrap());
    let took = begun.elapsed();
    assert_eq!(said.code, Some(0), "{:.3000}", said.text);
    (took, serde_json::from_str(&said.text).unwrap())
}

/// The numbers of a report's steps, all of which are done.
fn ids_of_done(report: &Value) -> Vec<u64> {
    let steps = report["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["result"] == "Done"), "{report:.3000}");
    steps.iter().map(|step| step["id"].as_u64().unwrap()).collect()
}

/// What a journal says in the order in which it says it.
fn journal<C: Cluster>(incident: &Incident<C>, operation: &Value) -> Vec<Value> {
    let folder = incident.session.home().join("state/operations").join(operation.as_str().unwrap());
    let lines = std::fs::read_to_string(folder.join("journal.jsonl")).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// That each change was announced before it was answered, and answered before the cloud was called. Returns how many there are.
fn changes_in_order(events: &[Value]) -> usize {
    let (mut sent, mut answered) = (BTreeMap::new(), 0);
    for event in events {
        let id = event["auditId"].as_str().unwrap_or_default();
        match event["event"].as_str().unwrap() {
            "SendingChange" => assert_eq!(sent.insert(id, false), None, "sent once: {event}"),
            "Answered" => {
                if let Some(is_answered) = sent.get_mut(id) {
                    assert!(!std::mem::replace(is_answered, true), "answered once: {event}");
                    answered += 1;
                }
            }
            "AtRisk" | "SendingClean" => assert_eq!(answered, sent.len(), "bindings come first: {event}"),
            _ => {}
        }
    }
    assert_eq!(answered, sent.len());
    answered
}

/// Revokes and restores; how long each took.
fn there_and_back<C: Cluster>(incident: &Incident<C>, count: usize) -> [Duration; 2] {
    let before = incident.bindings();
    grant(incident, count);
    let granted = incident.bindings();
    let (revoke, report) = run(incident, &["revoke", CARL, "--settle", "0"]);
    let ids = ids_of_done(&report);
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "in the plan's order");
    let events = journal(incident, &report["operation"]);
    // The incident's own three, and the cloud's step.
    assert_eq!((changes_in_order(&events), ids.len()), (count + 3, count + 4));
    assert!(events.iter().any(|event| event["event"] == "SendingClean"));
    let operation = report["operation"].as_str().unwrap();
    let (restore, report) = run(incident, &["restore", operation, "--force"]);
    let ids = ids_of_done(&report);
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "in the plan's order");
    assert_eq!(changes_in_order(&journal(incident, &report["operation"])), count + 3);
    assert_eq!(as_arranged(incident.bindings()), as_arranged(granted));
    for place in incident.bindings().keys().filter(|place| !before.contains_key(*place)) {
        let (_, name) = place.rsplit_once('/').unwrap();
        incident.delete(&BindingRef::role_binding("shop", name).path());
    }
    [revoke, restore]
}

fn steps_side_by_side_keep_their_order<C: Cluster>(server: C) {
    there_and_back(&Incident::stage(server, |setup| setup), SOME);
}

mod five_thousand_grants_take_seconds {
    use super::*;

    fn say(server: &str, [revoke, restore]: [Duration; 2]) {
        let (revoke, restore) = (revoke.as_secs_f64(), restore.as_secs_f64());
        let line = format!("{MANY} grants, {server}: revoke {revoke:.1} s, restore {restore:.1} s\n");
        std::io::stdout().write_all(line.as_bytes()).unwrap();
    }

    #[test]
    #[ignore = "measures: cargo test --release --test revoke -- --ignored --nocapture five_thousand"]
    fn on_the_sandbox() {
        say("sandbox", there_and_back(&Incident::sandbox(|setup| setup), MANY));
    }

    #[test]
    #[ignore = "measures: cargo test --release --test revoke -- --ignored --nocapture five_thousand"]
    fn on_the_real_server() {
        if let Some(server) = shared("tests/revoke").unwrap() {
            say("kube-apiserver", there_and_back(&Incident::stage(server, |setup| setup), MANY));
        }
    }
}
