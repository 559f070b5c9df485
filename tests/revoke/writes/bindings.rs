//! The write of a binding.

use ackcred_sandbox::apiserver::{ApiServer, Fault};
use ackcred_sandbox::binding::BindingRef;
use serde_json::Value;

use super::{Ended, answer};
use crate::scene::{CARL, Incident, done, name, text};

const REVOKE: [&str; 6] = ["revoke", CARL, "--yes", "--force", "--settle", "0"];

/// What becomes of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The leaver is taken out of it, and others stay.
    Patch,
    /// It was theirs alone.
    Delete,
    /// They are put back.
    GiveBack,
}

impl Change {
    fn method(self) -> &'static str {
        match self {
            Self::Patch | Self::GiveBack => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    fn binding(self) -> BindingRef {
        match self {
            Self::Patch | Self::GiveBack => BindingRef::role_binding("shop", "team"),
            Self::Delete => BindingRef::role_binding("billing", "ledger"),
        }
    }
}

/// An incident, and the command that makes the change in it.
fn staged(change: Change) -> (Incident<ApiServer>, Vec<String>) {
    let incident = Incident::sandbox(|setup| setup);
    let operation = (change == Change::GiveBack).then(|| text(&done(&incident, &REVOKE)["operation"]).to_owned());
    let args = match &operation {
        Some(operation) => vec!["restore", operation, "--yes", "--force"],
        None => REVOKE.to_vec(),
    };
    let args = args.into_iter().map(str::to_owned).collect();
    incident.server.faults().forget();
    (incident, args)
}

fn run(incident: &Incident<ApiServer>, args: &[String]) -> Value {
    incident.json(&args.iter().map(String::as_str).collect::<Vec<_>>()).1
}

/// How often a binding is read by itself before the change, that look left out which the change may begin with.
pub(crate) fn looks_before(change: Change) -> usize {
    let (incident, args) = staged(change);
    run(&incident, &args);
    let changes = incident.changes();
    let write = changes.iter().find(|sent| sent.path == change.binding().path()).unwrap();
    let exchanges = incident.server.faults().exchanges();
    let before = exchanges.iter().take_while(|exchange| exchange.audit_id != write.audit_id);
    let looks = before.filter(|look| look.method == "GET" && look.path == write.path).count();
    looks - usize::from(change == Change::GiveBack)
}

/// Makes a change while the looks at its binding after the plan meet `looks`, and its writes `writes`.
fn ended(change: Change, looks: &[Fault], writes: &[Fault]) -> Ended {
    let (incident, args) = staged(change);
    let path = change.binding().path();
    let faults = incident.server.faults();
    if !looks.is_empty() {
        faults.pass("GET", &path, looks_before(change));
    }
    looks.iter().for_each(|fault| faults.add("GET", &path, 1, fault.clone()));
    // Its dry run.
    faults.pass(change.method(), &path, 1);
    writes.iter().for_each(|fault| faults.add(change.method(), &path, 1, fault.clone()));
    let report = run(&incident, &args);
    let sent = incident.changes().iter().filter(|sent| sent.path == path && sent.method == change.method()).count();
    let binding = change.binding();
    let subjects = incident.subjects("RoleBinding", binding.namespace.as_deref().unwrap(), &binding.name);
    let is_held = subjects.is_some_and(|subjects| subjects.contains(&name(CARL)));
    Ended::of(report, |step| step["object"]["name"] == binding.name, sent, is_held)
}

/// A 404 of a server in front of the API server.
fn page() -> Fault {
    Fault::Answer { code: 404, content_type: "text/html", body: "<html>".to_owned() }
}

#[test]
fn a_doubt_about_a_patch_is_followed_by_a_look() {
    let broken = || vec![Fault::DropRequest; 5];
    // Nothing moved, and it was refused all the same.
    let refuses = "the API server refuses version ";
    for (name, writes, result, error, sent, is_held) in [
        ("well", vec![], "Done", "", 1, false),
        ("a conflict, and nothing has moved", vec![answer(409, "Conflict")], "Failed", refuses, 1, true),
        ("not valid, and nothing has moved", vec![answer(422, "Invalid")], "Failed", refuses, 1, true),
        ("its role is gone, and nothing has moved", vec![answer(404, "NotFound")], "Failed", refuses, 1, true),
        ("forbidden", vec![answer(403, "Forbidden")], "Failed", "no and no", 1, true),
        ("a bad request", vec![answer(400, "BadRequest")], "Failed", "no and no", 1, true),
        ("the server failed", vec![answer(500, "InternalError")], "Done", "", 2, false),
        ("carried out without an answer", vec![Fault::DropResponse], "Done", "", 1, false),
        ("no answer", vec![Fault::DropRequest], "Done", "", 2, false),
        ("never an answer", broken(), "Unknown", "the connection was closed", 5, true),
    ] {
        ended(Change::Patch, &[], &writes).is(name, result, error, sent, is_held);
    }
}

#[test]
fn a_binding_that_is_gone_was_deleted_by_whom_it_was_sent_by() {
    for (name, writes, result, error, sent, is_held) in [
        ("well", vec![], "Done", "", 1, false),
        ("carried out without an answer", vec![Fault::DropResponse], "Done", "", 1, false),
        ("gone before it was sent", vec![answer(404, "NotFound")], "AlreadyDone", "", 1, true),
        ("gone after it was sent", vec![Fault::DropRequest, answer(404, "NotFound")], "Done", "", 2, true),
        ("a page for people", vec![page()], "Failed", "the API server refuses version ", 1, true),
    ] {
        ended(Change::Delete, &[], &writes).is(name, result, error, sent, is_held);
    }
}

#[test]
fn a_look_that_fails_is_made_again_and_nothing_is_sent_without_it() {
    let breaks = |count| vec![Fault::DropRequest; count];
    let forbidden = [answer(403, "Forbidden")];
    ended(Change::GiveBack, &breaks(4), &[]).is("for a while", "Done", "", 1, true);
    ended(Change::GiveBack, &breaks(5), &[]).is("for good", "Failed", "the connection was closed", 0, false);
    ended(Change::GiveBack, &forbidden, &[]).is("forbidden", "Failed", "no and no", 0, false);
    // Once something was sent, a look that fails leaves it open whether it was carried out.
    ended(Change::Patch, &forbidden, &breaks(1)).is("after a write", "Unknown", "no and no", 1, true);
    let ended = ended(Change::Patch, &breaks(4), &breaks(1));
    ended.is("after a write, for good", "Unknown", "the connection was closed", 1, true);
}
