//! Every call that a verb sends, struck by every fault: the verb ends, says less than without the fault, and says that it does.
//!
//! Which calls there are is seen by running each verb once on servers that are well; a new one is struck without being listed anywhere.

#[path = "../../calls/mod.rs"]
mod calls;
mod claims;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use ackcred_sandbox::apiserver::ApiServerOptions;
use ackcred_sandbox::session::{Outcome, Session};
use ackcred_sandbox::story::{DEVELOPER, LEAVER, Story};
use jiff::Timestamp;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use calls::{Call, Patience, Strike};
use claims::exceeds;

/// The verbs that read servers and change nothing.
const READING: [&str; 13] = [
    "whoami",
    "scan --all-users",
    "scan --persistence LEAVER",
    "status",
    "status LEAVER",
    "status --activity",
    "rights LEAVER --all",
    "rights LEAVER --ask --all",
    "who-can get secrets --reach",
    "lint",
    "revoke LEAVER --dry-run",
    "rotate --dry-run",
    "suggest DEVELOPER --audit-log used.log --dry-run=server",
];

/// How many stages are used side by side: they mostly wait.
const SIDE_BY_SIDE: usize = 8;

/// A story whose verbs are run again and again.
struct Stage {
    story: Story,
    session: Session,
    /// When it is, in the session.
    time: Timestamp,
}

impl Stage {
    #[expect(clippy::disallowed_methods, reason = "the story's certificates are made by the machine's clock")]
    fn new() -> Self {
        let story = Story::start(ApiServerOptions::default()).unwrap();
        // Its time stands still, so that what depends on it is the same in each run.
        let time = Timestamp::now();
        let session = Session::at(time).unwrap();
        let session = story.variables().into_iter().fold(session, |session, (name, value)| session.with(name, value));
        session.write("used.log", used()).unwrap();
        Self { story, session, time }
    }

    #[expect(clippy::disallowed_methods, reason = "the cloud's clock runs, and the session's stands still")]
    fn run(&self, verb: &str, patience: Patience) -> Outcome {
        self.story.cloud.shift_clock(self.time.duration_since(Timestamp::now()));
        let mut words: Vec<&str> = verb.split(' ').collect();
        for word in &mut words {
            *word = match *word {
                "LEAVER" => LEAVER.uid,
                "DEVELOPER" => DEVELOPER.uid,
                other => other,
            };
        }
        let timeout = patience.timeout();
        words.extend(["-o", "json", "--request-timeout", timeout]);
        self.session.run(&words)
    }

    /// What the verb says of servers that are well, and the calls that it sends for it.
    fn well(&self, verb: &str) -> (Outcome, BTreeSet<Call>) {
        self.story.server.faults().forget();
        self.story.cloud.clear_log();
        let outcome = self.run(verb, Patience::Long);
        (outcome, Call::sent(&self.story.server.faults(), &self.story.cloud))
    }

    /// What the verb says while the call meets the fault each time.
    fn struck(&self, Row { verb, strike, .. }: &Row) -> Outcome {
        strike.set(&self.story.server.faults(), &self.story.cloud);
        let outcome = self.run(verb, strike.patience);
        self.story.server.faults().clear();
        self.story.cloud.clear_faults();
        outcome
    }
}

/// An audit log in which the developer lists pods.
fn used() -> String {
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "1", "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/shop/pods", "verb": "list", "user": {"username": format!("{}-1", DEVELOPER.uid)},
        "sourceIPs": ["192.0.2.1"], "objectRef": {"resource": "pods", "namespace": "shop", "apiVersion": "v1"},
        "responseStatus": {"code": 200}, "requestReceivedTimestamp": "2026-11-22T03:10:02.000000Z",
        "stageTimestamp": "2026-11-22T03:10:02.000001Z", "annotations": {"authorization.k8s.io/decision": "allow"},
    })
    .to_string()
}

struct Row {
    verb: &'static str,
    call: Call,
    strike: Strike,
}

impl Row {
    fn name(&self) -> String {
        format!("{}: {:?} × {}", self.verb, self.call, self.strike.name)
    }
}

/// Every call of every verb with every fault that is asked for. Without that each call meets a third of the faults, each in one of its verbs:
/// calls share the code that sends them, and verbs the code that reads answers.
fn rows(stage: &Stage) -> Vec<Row> {
    let mut verbs_of: BTreeMap<Call, Vec<&'static str>> = BTreeMap::new();
    for verb in READING {
        let (well, calls) = stage.well(verb);
        assert!(matches!(well.status, Status::Done), "{verb}: {well}");
        calls.into_iter().for_each(|call| verbs_of.entry(call).or_default().push(verb));
    }
    let mut rows = Vec::new();
    for (turn, (call, verbs)) in verbs_of.into_iter().enumerate() {
        for (number, verb) in verbs.iter().copied().enumerate() {
            for (place, strike) in call.strikes().into_iter().enumerate() {
                let is_its_turn = (turn + place).is_multiple_of(3) && place / 3 % verbs.len() == number;
                let row = Row { verb, call: call.clone(), strike };
                rows.extend(calls::is_asked_for(&row.name(), is_its_turn).then_some(row));
            }
        }
    }
    rows
}

#[test]
fn a_verb_says_less_where_a_call_fails_and_says_so() {
    let first = Stage::new();
    let rows = rows(&first);
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for stage in std::iter::once(first).chain((1..SIDE_BY_SIDE).map(|_| Stage::new())) {
            let (rows, next, failed) = (&rows, &next, &failed);
            scope.spawn(move || {
                // The servers of each stage have their own ports and certificates.
                let mut well_here = BTreeMap::new();
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let well = well_here.entry(row.verb).or_insert_with(|| stage.well(row.verb).0);
                    let held = catch_unwind(AssertUnwindSafe(|| judge(row, well, &stage.struck(row))));
                    failed.fetch_add(usize::from(held.is_err()), Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(failed.into_inner(), 0, "of {}; each has said why", rows.len());
}

/// Whether this answer says that the cluster just hasn't that, or that a plain user may not see it. A binding may be deleted between
/// two looks.
fn may_be_absent(call: &Call, fault: &str) -> bool {
    let Call::ApiServer { path, .. } = call else { return false };
    match fault {
        "404" => path.ends_with("/ack-cluster-profile") || path.contains("bindings/"),
        "403" => path.ends_with("/ack-cluster-profile"),
        _ => false,
    }
}

/// What holds however a call failed.
fn judge(row: &Row, well: &Outcome, struck: &Outcome) {
    let Row { call, strike, .. } = row;
    let place = format!("{}\n{struck}", row.name());
    let whole: Value = serde_json::from_str(&well.stdout).unwrap();
    if struck.stdout.is_empty() {
        assert!(
            !matches!(struck.status, Status::Done | Status::Findings),
            "says nothing, and that all is well\n{place}"
        );
        assert!(struck.stderr.starts_with("error: ") || struck.stderr.contains("\nerror: "), "{place}");
        assert!(strike.is_said(call, &struck.stderr), "the call is not named\n{place}");
        return;
    }
    let said: Value = serde_json::from_str(&struck.stdout).unwrap_or_else(|error| panic!("{error}\n{place}"));
    let more = exceeds(&said, &whole);
    assert_eq!(more, None, "more than without the fault\n{place}");
    if said == whole || may_be_absent(call, strike.name) {
        return;
    }
    // A plan says it where it counts: what was not checked, or that its use is not known.
    let is_plan = said["kind"].as_str().is_some_and(|kind| kind.ends_with("Plan"));
    assert!(
        is_plan || !matches!(struck.status, Status::Done),
        "less than without the fault, and that all is well\n{place}"
    );
    assert!(strike.is_said(call, &format!("{}{}", struck.stdout, struck.stderr)), "the call is not named\n{place}");
}
