//! Every call that a changing verb sends, struck by every fault: others keep what they have, what is reported is what is so, and once the
//! fault has passed the operation can be finished and undone.
//!
//! Which calls there are is seen by running each verb once on servers that are well; a new one is struck without being listed anywhere.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use ackcred_sandbox::apiserver::ApiServer;
use ackcred_sandbox::binding::BindingRef;
use kubectl_ackcred::status::Status;
use serde_json::Value;

use crate::calls::{self, Call, Patience, Strike};
use crate::scene::{ANN, CARL, GROUPS, Incident, Objects, as_arranged, done, former_name, name, text};
use crate::static_tokens::{self, let_read, place};

/// How many rows are under way at a time: they mostly wait.
const SIDE_BY_SIDE: usize = 4;
/// A verb that changes a cluster, or says that a change holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Revoke,
    Restore,
    Rotate,
    Verify,
}

const VERBS: [Verb; 4] = [Verb::Revoke, Verb::Restore, Verb::Rotate, Verb::Verify];

/// A verb on a scene of its own, ready to run.
struct Stage {
    verb: Verb,
    incident: Incident<ApiServer>,
    /// The bindings before anything was done.
    at_first: Objects,
    /// The revocation that is restored or verified; empty where there is none.
    operation: String,
    /// A static token that the leaver could read.
    token: String,
}

impl Stage {
    fn of(verb: Verb) -> Self {
        let incident = Incident::sandbox(|setup| setup);
        let token = place(&incident, "shop", TOKEN);
        let_read(&incident);
        let at_first = incident.bindings();
        let operation = match verb {
            Verb::Revoke | Verb::Rotate => String::new(),
            Verb::Restore | Verb::Verify => text(&done(&incident, &REVOKE)["operation"]).to_owned(),
        };
        incident.server.faults().forget();
        incident.cloud.clear_log();
        Self { verb, incident, at_first, operation, token }
    }

    fn words(&self) -> Vec<&str> {
        match self.verb {
            Verb::Revoke => REVOKE.to_vec(),
            Verb::Restore => vec!["restore", &self.operation, "--yes", "--force"],
            Verb::Rotate => vec!["rotate", "--in-place", "--yes", "--settle", "0", "--wait", "10s"],
            Verb::Verify => vec!["verify", &self.operation],
        }
    }

    fn run(&self, patience: Patience) -> (Status, Option<Value>, String) {
        let timeout = patience.timeout();
        let limits = ["--request-timeout", timeout, "-o", "json"];
        let words: Vec<&str> = self.words().into_iter().chain(limits).collect();
        let outcome = self.incident.run(&words);
        let document = serde_json::from_str(&outcome.stdout).ok();
        assert_eq!(document.is_none(), outcome.stdout.is_empty(), "half a document\n{outcome}");
        (outcome.status, document, outcome.to_string())
    }

    /// The calls that the verb sends to servers that are well.
    fn calls(verb: Verb) -> Vec<Call> {
        let stage = Self::of(verb);
        let (status, _, said) = stage.run(Patience::Long);
        assert_eq!(status, Status::Done, "{verb:?}: {said}");
        Call::sent(&stage.incident.server.faults(), &stage.incident.cloud).into_iter().collect()
    }

    /// What everyone but the identity of this run holds.
    fn of_others(&self, objects: Objects) -> Objects {
        let own = match self.verb {
            Verb::Rotate => ANN,
            Verb::Revoke | Verb::Restore | Verb::Verify => CARL,
        };
        let mut others = as_arranged(objects);
        for object in others.values_mut() {
            if let Some(subjects) = object["subjects"].as_array_mut() {
                subjects.retain(|subject| !text(&subject["name"]).starts_with(own));
            }
        }
        others.retain(|_, object| object["subjects"].as_array().is_none_or(|subjects| !subjects.is_empty()));
        others
    }

    /// What holds however a call failed.
    fn judge(&self, Row { call, strike, .. }: &Row, status: Status, document: Option<&Value>, said: &str) {
        let now = self.incident.bindings();
        assert_eq!(self.of_others(now.clone()), self.of_others(self.at_first.clone()), "others lost or got something");
        let is_said_to_be_gone = |object: &str| strike.name == "404" && is_about(call, object);
        if status != Status::Done {
            assert!(strike.is_said(call, said), "the call is not named");
        } else if !is_said_to_be_gone(TOKEN) {
            self.is_as_it_says(document.expect("a document"));
        }
        for step in document.and_then(|document| document["steps"].as_array()).into_iter().flatten() {
            let is_done = matches!(text(&step["result"]), "Done" | "AlreadyDone")
                && !is_said_to_be_gone(text(&step["object"]["name"]));
            if is_done && text(&step["action"]) == "EndStaticToken" {
                assert_eq!(self.status_of_token(), 401, "the static token is said to be ended");
            }
            if is_done && self.verb == Verb::Revoke && !step["object"].is_null() {
                let binding = format!("{} {}", text(&step["object"]["kind"]), qualified(&step["object"]));
                let names = now.get(&binding).map(|object| object["subjects"].to_string()).unwrap_or_default();
                assert!(!names.contains(CARL), "{binding} is said to be done");
            }
        }
    }

    /// What the verb promises where it ends well.
    fn is_as_it_says(&self, document: &Value) {
        match self.verb {
            Verb::Revoke | Verb::Verify => self.is_gone(),
            Verb::Restore => self.is_as_at_first(),
            Verb::Rotate => {
                assert_eq!(document["verification"][0]["outcome"], "Verified", "{document:#}");
                assert!(matches!(self.incident.old_status("/api/v1/nodes"), 401 | 403), "the old certificate works");
                self.operator_is_let_in(document);
            }
        }
    }

    fn is_as_at_first(&self) {
        assert_eq!(as_arranged(self.incident.bindings()), as_arranged(self.at_first.clone()));
        assert_eq!(self.status_of_token(), 200, "the static token");
    }

    /// What the API server answers to the static token.
    fn status_of_token(&self) -> u16 {
        static_tokens::status(&self.incident, &self.token)
    }

    fn is_gone(&self) {
        assert_eq!(self.status_of_token(), 401, "the static token");
        let named = |object: &&Value| object["subjects"].to_string().contains(CARL);
        assert_eq!(self.incident.bindings().values().find(named), None);
        for user in [name(CARL), former_name(), CARL.to_owned()] {
            let nodes = serde_json::json!({"verb": "list", "resource": "nodes"});
            assert!(!self.incident.can(&user, &GROUPS, &nodes), "{user}");
        }
    }

    fn operator_is_let_in(&self, after: &Value) {
        let outcome = self.incident.run(&["scan", "--offline"]);
        assert!(outcome.status == Status::Done, "{outcome}\n{after:#}");
    }

    /// The fault has passed: what was begun is resumed, what was refused is done anew, and a revocation can be undone.
    fn is_finished(&self, call: &Call, fault: &str, document: Option<&Value>) {
        let begun = document.map(|document| text(&document["operation"]).to_owned()).filter(|id| !id.is_empty());
        // ACK itself answers its revocation so: that this one was none shows in nothing, and only a new operation calls again.
        let is_taken_for_done = matches!(call, Call::Cloud { action } if action == "RevokeK8sClusterKubeConfig")
            && matches!(fault, "nothing" | "an empty object");
        let begun = begun.filter(|_| !is_taken_for_done);
        match (self.verb, begun) {
            (Verb::Revoke, begun) => {
                let again = match &begun {
                    Some(id) => self.resumed(&["revoke", "--resume", id, "--yes", "--force", "--settle", "0"], call),
                    None => done(&self.incident, &REVOKE),
                };
                self.is_gone();
                done(&self.incident, &["restore", text(&again["operation"]), "--yes", "--force"]);
                self.is_as_at_first();
            }
            (Verb::Rotate, Some(id)) => {
                let resume = ["rotate", "--resume", &id, "--yes", "--settle", "0", "--wait", "1s"];
                // A binding that the plan could not see, or not change, is not changed on resuming either: the report has the command.
                if self.mended(document.expect("a report of the operation")) == 0 {
                    let (_, report, _) = self.incident.json(&resume);
                    self.mended(&report);
                }
                let report = self.resumed(&resume, call);
                self.operator_is_let_in(&report);
            }
            (Verb::Restore | Verb::Rotate | Verb::Verify, _) => {
                let (status, document, said) = self.run(Patience::Long);
                let document = document.expect("a document");
                // All was given back, and the fault was in reading it again.
                let is_there = status == Status::Refused && document["refusals"][0]["code"] == "NothingToRestore";
                assert!(status == Status::Done || is_there, "{said}");
                self.is_as_it_says(&document);
            }
        }
    }

    /// Runs the commands that a report has for bindings that still name an old certificate, and counts them.
    fn mended(&self, report: &Value) -> usize {
        let checks = report["verification"][0]["checks"].as_array().into_iter().flatten();
        let findings = checks.filter_map(|check| check["findings"].as_array()).flatten();
        let commands =
            findings.filter_map(|finding| text(finding).split_once("; mend it: kubectl patch clusterrolebinding "));
        let mut mended = 0;
        for (_, command) in commands {
            let (name, patch) = command.split_once(" --type=json -p ").expect("a JSON Patch");
            let patch = serde_json::from_str(patch.trim_matches('\'')).expect("JSON");
            self.incident.patch(&BindingRef::cluster_role_binding(name).path(), &patch);
            mended += 1;
        }
        mended
    }

    /// An operation that is resumed ends well, but where the fault made it begin with an answer that can't be compared with one now.
    fn resumed(&self, words: &[&str], call: &Call) -> Value {
        let (status, report, said) = self.incident.json(words);
        let is_probe = matches!(call, Call::ApiServer { path, .. } if !path.starts_with("/apis/rbac"));
        assert!(status == Status::Done || (is_probe && status == Status::Incomplete), "{words:?}\n{report:#}\n{said}");
        report
    }
}

/// The Secret of the static token.
const TOKEN: &str = "read";
const REVOKE: [&str; 7] = ["revoke", CARL, "--yes", "--force", "--settle", "0", "--end-static-tokens"];

fn qualified(binding: &Value) -> String {
    match binding["namespace"].as_str() {
        Some(namespace) => format!("{namespace}/{}", text(&binding["name"])),
        None => text(&binding["name"]).to_owned(),
    }
}

/// Whether a call deletes the binding of this name, or is about the Secret. With 404 it is the API server's own word that there is none: then
/// there is nothing to take away.
fn is_about(call: &Call, object: &str) -> bool {
    match call {
        Call::ApiServer { method, path } => {
            (method == "DELETE" || object == TOKEN) && path.ends_with(&format!("/{object}"))
        }
        Call::Cloud { .. } => false,
    }
}

struct Row {
    verb: Verb,
    call: Call,
    strike: Strike,
}

impl Row {
    fn name(&self) -> String {
        format!("{:?}: {:?} × {}", self.verb, self.call, self.strike.name)
    }
}

/// Whether a call changes something.
fn is_write(call: &Call) -> bool {
    match call {
        Call::ApiServer { method, path } => method != "GET" && !path.ends_with("reviews"),
        Call::Cloud { action } => action.starts_with("Clean") || action.starts_with("Revoke"),
    }
}

/// Every call of every verb with every fault that is asked for; without that each write meets one fault, and each eighth question: calls share
/// the code that sends them.
fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for verb in VERBS {
        for (turn, call) in Stage::calls(verb).into_iter().enumerate() {
            let is_chosen = is_write(&call) || (turn + verb as usize).is_multiple_of(8);
            let strikes = call.strikes();
            let faults = strikes.len();
            for (place, strike) in strikes.into_iter().enumerate() {
                let is_its_turn = is_chosen && place == (turn * 5 + verb as usize) % faults;
                let row = Row { verb, call: call.clone(), strike };
                rows.extend(calls::is_asked_for(&row.name(), is_its_turn).then_some(row));
            }
        }
    }
    rows
}

#[test]
fn a_change_under_a_fault_costs_others_nothing_and_can_be_finished_after_it() {
    let rows = rows();
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let held = catch_unwind(AssertUnwindSafe(|| strike(row)));
                    failed.fetch_add(usize::from(held.is_err()), Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(failed.into_inner(), 0, "of {}; each has said why", rows.len());
}

fn strike(row: &Row) {
    let Row { verb, call, strike } = row;
    let stage = Stage::of(*verb);
    let (faults, cloud) = (stage.incident.server.faults(), &stage.incident.cloud);
    strike.set(&faults, cloud);
    let (status, document, said) = stage.run(strike.patience);
    faults.clear();
    cloud.clear_faults();
    let held = catch_unwind(AssertUnwindSafe(|| {
        stage.judge(row, status, document.as_ref(), &said);
        if status != Status::Done {
            stage.is_finished(call, strike.name, document.as_ref());
        }
    }));
    assert!(held.is_ok(), "{}\n{said}", row.name());
}
