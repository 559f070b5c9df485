//! The way back: what was taken away comes back as it was, and nothing else does, whatever has happened or been written meanwhile.

use std::path::PathBuf;
use std::time::Duration;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault};
use ackcred_sandbox::binding::{BindingRef, RBAC};
use ackcred_sandbox::cloud::{Permissions, RamUser};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use kubectl_ackcred::status::Status;
use ring::digest;
use serde_json::{Value, json};

#[cfg(unix)]
use crate::crash::{BINARY, ended, spawn, wait_until};
#[cfg(unix)]
use crate::scene::SOON;
use crate::scene::{BO, CARL, GROUPS, Incident, KEY, Objects, as_arranged, done, former_name, name, text};
use crate::setting::{Setup, binding, user};

/// Somebody who has access to the files of an operation.
pub(crate) const ATTACKER: &str = "200000000000000666";

const LEDGER_READER: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/billing/roles/ledger-reader";

/// carl is on leave, not gone.
fn on_leave(setup: Setup) -> Setup {
    setup.change_account(|account| account.user(RamUser::new(CARL, "carl")))
}

fn own() -> BindingRef {
    BindingRef::cluster_role_binding(&format!("{CARL}-clusterrolebinding"))
}

/// Revokes carl and gives the operation's ID.
fn revoked<C: Cluster>(incident: &Incident<C>) -> String {
    text(&done(incident, &["revoke", CARL, "--yes", "--settle", "0s"])["operation"]).to_owned()
}

/// Runs a restore that is refused for these reasons alone, and holds it to have changed nothing.
pub(crate) fn refused<C: Cluster>(incident: &Incident<C>, args: &[&str], codes: &[&str]) -> Value {
    let before = incident.bindings();
    let (status, report, said) = incident.json(args);
    let mut given: Vec<&str> =
        report["refusals"].as_array().unwrap().iter().map(|refusal| text(&refusal["code"])).collect();
    given.dedup();
    assert_eq!(given, codes, "{args:?}\n{report:#}\n{said}");
    assert_eq!(status, Status::Refused, "{args:?}\n{said}");
    assert!(incident.bindings() == before, "{args:?} changed something\n{said}");
    report
}

fn without_owners(mut objects: Objects) -> Objects {
    for object in objects.values_mut() {
        object["metadata"].as_object_mut().unwrap().remove("ownerReferences");
    }
    objects
}

on_both_servers!(what_was_taken_comes_back_and_goes_again);

fn what_was_taken_comes_back_and_goes_again<C: Cluster>(server: C) {
    let incident = Incident::stage(server, on_leave);
    let role = incident.get(&format!("{RBAC}/clusterroles/cs:restricted"));
    incident.patch(&own().path(), &json!([
        {"op": "add", "path": "/metadata/labels", "value": {"team": "shop"}},
        {"op": "add", "path": "/metadata/annotations", "value": {"example.com/why": "on duty"}},
        {"op": "add", "path": "/metadata/ownerReferences", "value": [
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "name": "cs:restricted", "uid": role["metadata"]["uid"]},
        ]},
    ]));
    let ledger = BindingRef::role_binding("billing", "ledger");
    incident
        .patch(&ledger.path(), &json!([{"op": "add", "path": "/metadata/finalizers", "value": ["example.com/hold"]}]));
    let before = without_owners(as_arranged(incident.bindings()));
    let metrics = json!({"verb": "get", "path": "/metrics"});
    let update = json!({"verb": "update", "resource": "configmaps", "namespace": "billing", "name": "ledger"});
    for round in 0..2 {
        let id = revoked(&incident);
        let gone = incident.bindings();
        assert_eq!(
            incident.subjects("RoleBinding", "billing", "ledger"),
            Some(vec![]),
            "one with a finalizer is emptied"
        );
        assert_eq!(incident.subjects("ClusterRoleBinding", "", &format!("{CARL}-clusterrolebinding")), None);
        assert_eq!(incident.subjects("RoleBinding", "shop", "team"), Some(vec![name(BO), "shop/releaser".to_owned()]));
        assert!(!incident.can(&name(CARL), &GROUPS, &metrics));

        let shown = done(&incident, &["restore", &id, "--dry-run"]);
        assert!(incident.bindings() == gone, "a dry run has changed something");
        assert_eq!(shown["operation"], Value::Null, "{shown:#}");
        let owners = shown["changes"].as_array().unwrap().iter().any(|change| change["losesOwners"] == true);
        assert_eq!(owners, round == 0, "owners are dropped once, and that is said: {shown:#}");

        let restored = done(&incident, &["restore", &id, "--yes"]);
        assert_eq!(without_owners(as_arranged(incident.bindings())), before);
        assert!(incident.get(&own().path())["metadata"]["ownerReferences"].is_null());
        assert!(incident.can(&name(CARL), &GROUPS, &metrics) && incident.can(&name(CARL), &GROUPS, &update));
        assert_eq!(restored["steps"].as_array().unwrap().len(), 3, "{restored:#}");
        refused(&incident, &["restore", &id, "--yes"], &["SubjectPresent"]);
    }
}

#[test]
fn a_leaked_certificate_is_armed_again_only_by_its_name() {
    let incident = Incident::sandbox(on_leave);
    let before = as_arranged(incident.bindings());
    let leaked = incident.leaked.display().to_string();
    let report = done(&incident, &["revoke", "-f", &leaked, "--yes", "--settle", "0s"]);
    let id = text(&report["operation"]);
    let reappeared = || incident.run(&["scan"]).stdout.matches("Reappeared").count();
    assert_eq!(reappeared(), 0);

    let by_hand = BindingRef::cluster_role_binding("by-hand");
    incident.post(&by_hand.collection(), &binding("by-hand", "ClusterRole", "cs:ns:dev", &[user(&name(CARL))]));
    assert_eq!(reappeared(), 1, "a name that had leaked holds something again");
    incident.delete(&by_hand.path());

    let refusal = refused(&incident, &["restore", id, "--yes"], &["Rearm"])["refusals"][0].clone();
    assert_eq!(text(&refusal["hint"]), format!("--rearm {} gives it back all the same", name(CARL)));
    // The former name had not leaked; it arms nothing.
    refused(&incident, &["restore", id, "--yes", "--rearm", &former_name()], &["Rearm"]);
    let outcome = incident.answering(&format!("{CARL}\n"), &["restore", id, "--rearm", &name(CARL)]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    assert!(
        outcome.stderr.contains(&format!("every holder of a certificate of {} has access again", name(CARL))),
        "{outcome}"
    );
    assert_eq!(as_arranged(incident.bindings()), before);
    assert_eq!(incident.leaked_status("/api/v1/nodes"), 200);
    assert_eq!(reappeared(), 0, "what was armed again on purpose has not reappeared");
}

/// Arming something else says nothing about a credential that stays dead.
#[test]
fn a_name_that_did_not_come_back_is_not_armed() {
    let incident = Incident::sandbox(on_leave);
    let leaked = incident.leaked.display().to_string();
    done(&incident, &["revoke", "-f", &leaked, "--yes", "--settle", "0s"]);
    let of_bo = done(&incident, &["revoke", BO, "--yes", "--settle", "0s"]);
    done(&incident, &["restore", text(&of_bo["operation"]), "--yes", "--rearm", &name(CARL)]);
    let bound = binding("by-hand", "ClusterRole", "cs:ns:dev", &[user(&name(CARL))]);
    incident.post(&BindingRef::cluster_role_binding("by-hand").collection(), &bound);
    let scan = incident.run(&["scan"]);
    assert!(scan.stdout.contains("Reappeared"), "{scan}");
}

/// The files of an operation.
pub(crate) struct Files(PathBuf);

impl Files {
    pub(crate) fn of<C: Cluster>(incident: &Incident<C>, id: &str) -> Self {
        Self(incident.session.home().join("state/operations").join(id))
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    pub(crate) fn write(&self, file: &str, content: &[u8]) {
        std::fs::write(self.path(file), content).unwrap();
    }

    pub(crate) fn remove(&self, file: &str) {
        std::fs::remove_file(self.path(file)).unwrap();
    }

    /// All files that something is decided from, and the report, as they are now.
    pub(crate) fn keep(&self) -> Vec<(PathBuf, Vec<u8>)> {
        ["operation.json", "summary.json", "journal.jsonl", "SHA256SUMS", "report.json"]
            .map(|file| self.path(file))
            .into_iter()
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect()
    }

    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) {
        let path = self.0.join(file);
        let content = std::fs::read_to_string(&path).unwrap();
        let edited = content.replace(from, to);
        assert_ne!(content, edited, "{file} doesn't hold {from}");
        std::fs::write(path, edited).unwrap();
    }

    fn originals(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.join("originals")).unwrap();
        files.map(|file| format!("originals/{}", file.unwrap().file_name().to_string_lossy())).collect()
    }

    /// Writes the checksums anew, as whoever may edit the files may.
    pub(crate) fn sum_up(&self) {
        let path = self.0.join("SHA256SUMS");
        let sums = std::fs::read_to_string(&path).unwrap();
        let line = |line: &str| {
            let (_, file) = line.split_once("  ").unwrap();
            let digest = digest::digest(&digest::SHA256, &std::fs::read(self.0.join(file)).unwrap());
            let digits: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{digits}  {file}\n")
        };
        std::fs::write(&path, sums.lines().map(line).collect::<String>()).unwrap();
    }
}

fn nobody_came_in<C: Cluster>(incident: &Incident<C>, edit: &str) {
    let all = serde_json::to_string(&incident.bindings()).unwrap();
    assert!(!all.contains(ATTACKER), "{edit} brings somebody in");
}

#[test]
fn edited_backups_bring_nobody_in() {
    let incident = Incident::sandbox(on_leave);
    let before = as_arranged(incident.bindings());
    let id = revoked(&incident);
    let files = Files::of(&incident, &id);
    for original in files.originals() {
        files.replace(&original, CARL, ATTACKER);
    }
    let outcome = incident.run(&["restore", &id, "--yes"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    assert!(outcome.stderr.contains("it is not used"), "{outcome}");
    assert_eq!(as_arranged(incident.bindings()), before);

    for (edits, adjusted) in [
        (&["operation.json"][..], false),
        (&["journal.jsonl"], false),
        (&["operation.json"], true),
        (&["journal.jsonl"], true),
        (&["operation.json", "journal.jsonl"], false),
        (&["operation.json", "journal.jsonl"], true),
    ] {
        let id = revoked(&incident);
        let files = Files::of(&incident, &id);
        let kept = files.keep();
        edits.iter().for_each(|file| files.replace(file, CARL, ATTACKER));
        if adjusted {
            files.sum_up();
        }
        let edit = format!("{edits:?}, checksums adjusted: {adjusted}");
        let outcome = incident.run(&["restore", &id, "--yes", "--force"]);
        nobody_came_in(&incident, &edit);
        assert_eq!(outcome.status, Status::Refused, "{edit}\n{outcome}");
        kept.into_iter().for_each(|(path, content)| std::fs::write(path, content).unwrap());
        done(&incident, &["restore", &id, "--yes"]);
        assert_eq!(as_arranged(incident.bindings()), before, "{edit}");
    }
}

#[test]
fn a_role_that_allows_something_else_by_now_is_looked_at_first() {
    let incident = Incident::sandbox(on_leave);
    let id = revoked(&incident);
    let role = incident.get(LEDGER_READER);
    let mut wide = role.clone();
    wide["rules"][0]["verbs"] = json!(["*"]);
    incident.put(LEDGER_READER, &wide);
    let report = refused(&incident, &["restore", &id, "--yes"], &["RoleChanged"]);
    let changes = report["changes"].as_array().unwrap();
    let ledger = changes.iter().find(|change| change["binding"]["name"] == "ledger").unwrap();
    assert!(ledger["roleChange"]["added"].to_string().contains("*"), "{report:#}");
    assert_eq!(text(&report["refusals"][0]["target"]), "RoleBinding/billing/ledger");
    done(&incident, &["restore", &id, "--dry-run", "--accept-role-change"]);

    incident.delete(LEDGER_READER);
    refused(&incident, &["restore", &id, "--yes", "--accept-role-change"], &["RoleGone"]);
    let anew = json!({"metadata": {"name": "ledger-reader"}, "rules": role["rules"]});
    incident.post("/apis/rbac.authorization.k8s.io/v1/namespaces/billing/roles", &anew);
    let report = refused(&incident, &["restore", &id, "--yes"], &["RoleChanged"]);
    assert!(text(&report["refusals"][0]["message"]).contains("was another one"), "{report:#}");
    done(&incident, &["restore", &id, "--yes", "--accept-role-change"]);
    assert_eq!(incident.subjects("RoleBinding", "billing", "ledger"), Some(vec![name(CARL)]));
}

#[test]
fn a_namespace_that_went_gets_nothing_back() {
    // The sandbox finishes no deletion.
    let Some(server) = shared("tests/revoke").unwrap() else { return };
    let incident = Incident::stage(server, on_leave);
    let id = revoked(&incident);
    let path = "/api/v1/namespaces/billing";
    incident.delete(path);
    let report = refused(&incident, &["restore", &id, "--yes"], &["NamespaceChanged"]);
    assert!(text(&report["refusals"][0]["message"]).contains("is being deleted"), "{report:#}");
    let mut object = incident.get(path);
    object["spec"]["finalizers"] = json!([]);
    incident.put(&format!("{path}/finalize"), &object);
    let says = |what: &str| {
        let (status, report, said) = incident.json(&["restore", &id, "--yes"]);
        assert_eq!(status, Status::Refused, "{said}");
        let refusals = report["refusals"].as_array().unwrap();
        let namespace = refusals.iter().find(|refusal| refusal["code"] == "NamespaceChanged");
        assert!(namespace.is_some_and(|refusal| text(&refusal["message"]).contains(what)), "{report:#}");
    };
    says("is gone");
    incident.post("/api/v1/namespaces", &json!({"metadata": {"name": "billing"}}));
    says("is another one by now");
    assert_eq!(incident.subjects("ClusterRoleBinding", "", &format!("{CARL}-clusterrolebinding")), None);
}

#[test]
fn what_others_did_meanwhile_is_not_undone() {
    let incident = Incident::sandbox(on_leave);
    let id = revoked(&incident);
    let team = BindingRef::role_binding("shop", "team").path();
    incident.patch(&team, &json!([{"op": "add", "path": "/subjects/-", "value": user(&name(CARL))}]));
    let report = refused(&incident, &["restore", &id, "--yes"], &["SubjectPresent"]);
    assert_eq!(text(&report["refusals"][0]["target"]), "RoleBinding/shop/team");
    incident.patch(&team, &json!([{"op": "remove", "path": "/subjects/2"}]));

    let other = binding(&format!("{CARL}-clusterrolebinding"), "ClusterRole", "cluster-admin", &[user(&name(BO))]);
    incident.post(&own().collection(), &other);
    let report = refused(&incident, &["restore", &id, "--yes"], &["BindingChanged"]);
    assert!(text(&report["refusals"][0]["message"]).contains("grants another role"), "{report:#}");
    incident.delete(&own().path());

    // bo has left the team since, and stays out.
    incident.patch(&team, &json!([{"op": "remove", "path": "/subjects/0"}]));
    done(&incident, &["restore", &id, "--yes"]);
    let members = incident.subjects("RoleBinding", "shop", "team").unwrap();
    assert_eq!(members, ["shop/releaser".to_owned(), name(CARL), former_name()]);
}

#[test]
fn whoever_is_gone_gets_nothing_back_unless_that_is_meant() {
    let incident = Incident::sandbox(|setup| setup);
    let before = as_arranged(incident.bindings());
    let id = revoked(&incident);
    let report = refused(&incident, &["restore", &id, "--yes"], &["IdentityGone"]);
    assert_eq!(text(&report["refusals"][0]["target"]), CARL);
    let deaf = ["ram:ListUsers", "ram:ListRoles", "ims:ListUserBasicInfos", "ims:ListUsersInRecycleBin", "ims:GetUser"]
        .into_iter()
        .fold(Permissions::everything(), Permissions::denying);
    incident.cloud.edit(|cloud_state| cloud_state.set_permissions(KEY, deaf));
    refused(&incident, &["restore", &id, "--yes"], &["IdentityGone"]);
    done(&incident, &["restore", &id, "--dry-run", "--force"]);
    let (status, report, said) = incident.json(&["restore", &id, "--yes", "--force"]);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
    assert_eq!(as_arranged(incident.bindings()), before);
}

#[test]
fn what_was_done_is_reported_and_only_a_revocation_is_taken_back() {
    let incident = Incident::sandbox(on_leave);
    let (status, none, _) = incident.json(&["history"]);
    assert_eq!((status, &none["operations"]), (Status::Done, &json!([])));
    let outcome = incident.run(&["restore", "20260101-000000-abcdef", "--yes"]);
    assert_eq!(outcome.status, Status::Failed, "{outcome}");
    assert!(outcome.stderr.contains("kubectl ackcred history"), "{outcome}");
    assert_eq!(incident.run(&["restore", "../../etc", "--yes"]).status, Status::Usage);
    assert_eq!(incident.run(&["history", "20260101-000000-abcdef"]).status, Status::Failed);

    let report = done(&incident, &["revoke", CARL, "--yes", "--settle", "0s", "--reason", "left the company"]);
    let id = text(&report["operation"]).to_owned();
    assert_eq!(incident.answering("no\n", &["restore", &id]).status, Status::Refused);
    refused(&incident, &["restore", &id], &["NoTerminal"]);
    let restored = done(&incident, &["restore", &id, "--yes", "--reason", "came back"]);
    let back = text(&restored["operation"]).to_owned();
    let outcome = incident.run(&["restore", &back, "--yes"]);
    assert_eq!(outcome.status, Status::Usage, "{outcome}");

    let history = done(&incident, &["history"]);
    let rows = history["operations"].as_array().unwrap();
    let rows: Vec<[&str; 4]> =
        rows.iter().map(|row| ["id", "kind", "outcome", "reason"].map(|field| text(&row[field]))).collect();
    assert_eq!(rows, [[&*back, "Restore", "Restored", "came back"], [&*id, "Revoke", "Verified", "left the company"]]);
    let table = incident.run(&["history"]).stdout;
    for word in [&*id, &*back, "Revoke", "Restore", "Verified", CARL] {
        assert!(table.contains(word), "{word}\n{table}");
    }
    assert_eq!(done(&incident, &["history", &id]), report);
    assert_eq!(done(&incident, &["history", &back]), restored);
    assert!(incident.run(&["history", &id]).stdout.contains("Verified"));
}

/// What was given back is read once more: a controller may have taken it out again.
#[test]
fn what_is_taken_out_again_at_once_is_not_called_given_back() {
    let incident = Incident::sandbox(on_leave);
    let operation = revoked(&incident);
    // The first look is for the plan, the second comes after the change.
    let gate = incident.server.faults().gate_after("GET", &own().path(), 1, Fault::HoldRequest);
    let (status, report, said) = std::thread::scope(|scope| {
        let restoring = scope.spawn(|| incident.json(&["restore", &operation, "--yes"]));
        assert!(gate.wait_reached(1, Duration::from_secs(30)));
        incident.delete(&own().path());
        gate.open();
        restoring.join().unwrap()
    });
    assert_eq!(status, Status::Incomplete, "{said}\n{report:#}");
    let failed: Vec<&Value> =
        report["steps"].as_array().unwrap().iter().filter(|step| step["result"] == "Failed").collect();
    assert_eq!(failed.len(), 1, "{report:#}");
    assert_eq!(failed[0]["error"], "it was given back, and something took it out again");
    assert!(said.contains("access reviews: "), "{said}");
    done(&incident, &["restore", &operation, "--yes"]);
}

/// Restores; before the exchange of this number with this method at this path, `meanwhile` happens. Gives the steps of the bindings of
/// this name: their results, and what went wrong.
fn restored_while(
    incident: &Incident<ApiServer>,
    (number, method, path): (usize, &str, &str),
    binding: &str,
    meanwhile: impl FnOnce(),
) -> (Status, String, Option<String>) {
    let operation = revoked(incident);
    let gate = incident.server.faults().gate_after(method, path, number - 1, Fault::HoldRequest);
    let (status, report, said) = std::thread::scope(|scope| {
        let restoring = scope.spawn(|| incident.json(&["restore", &operation, "--yes"]));
        assert!(gate.wait_reached(1, Duration::from_secs(30)));
        meanwhile();
        gate.open();
        restoring.join().unwrap()
    });
    let steps = report["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["object"]["name"] == binding);
    let step = step.unwrap_or_else(|| panic!("{said}\n{report:#}"));
    (status, text(&step["result"]).to_owned(), step["error"].as_str().map(str::to_owned))
}

#[test]
fn what_others_did_after_the_plan_is_left_as_it_is() {
    let team = BindingRef::role_binding("shop", "team");
    let (looks, skipped) = (team.path(), "Skipped".to_owned());
    // The first look is for the plan, the second comes before the change.
    let at_the_second = (2, "GET", looks.as_str());
    let because = |what: &str| Some(format!("it was {what} after the plan"));

    let incident = Incident::sandbox(on_leave);
    let outcome = restored_while(&incident, at_the_second, "team", || drop(incident.delete(&team.path())));
    assert_eq!(outcome, (Status::Incomplete, skipped.clone(), because("deleted")));
    assert_eq!(incident.subjects("RoleBinding", "shop", "team"), None);

    let incident = Incident::sandbox(on_leave);
    let outcome = restored_while(&incident, at_the_second, "team", || {
        incident.delete(&team.path());
        incident.post(&team.collection(), &binding("team", "ClusterRole", "cs:ns:dev", &[user(&name(BO))]));
    });
    assert_eq!(outcome, (Status::Incomplete, skipped.clone(), because("replaced by another object of the same name")));
    assert_eq!(incident.subjects("RoleBinding", "shop", "team"), Some(vec![name(BO)]));

    // The dry run passes, the write finds what was made meanwhile.
    let collection = own().collection();
    let at_the_write = (2, "POST", collection.as_str());
    for (who, status, result, error) in
        [(BO, Status::Incomplete, skipped, because("created")), (CARL, Status::Done, "AlreadyDone".to_owned(), None)]
    {
        let incident = Incident::sandbox(on_leave);
        let made = binding(&own().name, "ClusterRole", "cs:restricted", &[user(&name(who))]);
        let outcome = restored_while(&incident, at_the_write, &own().name, || drop(incident.post(&collection, &made)));
        assert_eq!(outcome, (status, result, error), "{who}");
        assert_eq!(incident.subjects("ClusterRoleBinding", "", &own().name), Some(vec![name(who)]));
    }
}

#[test]
fn who_is_taken_out_of_a_shared_binding_at_once_is_not_called_given_back() {
    let incident = Incident::sandbox(on_leave);
    let team = BindingRef::role_binding("shop", "team");
    // The third look comes after the change.
    let outcome = restored_while(&incident, (3, "GET", &team.path()), "team", || {
        incident.patch(&team.path(), &json!([{"op": "replace", "path": "/subjects", "value": [user(&name(BO))]}]));
    });
    let why = "it was given back, and something took it out again".to_owned();
    assert_eq!(outcome, (Status::Incomplete, "Failed".to_owned(), Some(why)));
}

/// Lets the dry run through and drops the writes behind it.
fn drop_the_write(server: &ApiServer, method: &str, path: &str) {
    server.faults().pass(method, path, 1);
    server.faults().add(method, path, 9, Fault::DropRequest);
}

#[test]
fn a_restore_that_was_cut_off_is_finished_by_running_it_again() {
    let incident = Incident::sandbox(on_leave);
    let before = as_arranged(incident.bindings());
    let id = revoked(&incident);
    drop_the_write(&incident.server, "POST", "namespaces/billing/rolebindings");
    let (status, report, said) = incident.json(&["restore", &id, "--yes"]);
    incident.server.faults().clear();
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    assert_eq!(incident.subjects("RoleBinding", "billing", "ledger"), None);
    assert!(incident.subjects("ClusterRoleBinding", "", &format!("{CARL}-clusterrolebinding")).is_some());
    done(&incident, &["restore", &id, "--yes"]);
    assert_eq!(as_arranged(incident.bindings()), before);
}

/// A write that never arrived took nothing away: what it was about is no reason to keep the rest from coming back.
#[test]
fn a_revocation_that_was_cut_off_can_be_taken_back_as_it_is() {
    let incident = Incident::sandbox(on_leave);
    let before = as_arranged(incident.bindings());
    drop_the_write(&incident.server, "DELETE", "namespaces/billing/rolebindings");
    let (status, report, said) = incident.json(&["revoke", CARL, "--yes", "--settle", "0s"]);
    incident.server.faults().clear();
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    assert_eq!(incident.subjects("RoleBinding", "billing", "ledger"), Some(vec![name(CARL)]));
    done(&incident, &["restore", text(&report["operation"]), "--yes"]);
    assert_eq!(as_arranged(incident.bindings()), before);
}

/// Two of the three bindings are given back when it is killed.
#[cfg(unix)]
#[test]
fn a_restore_that_was_killed_is_shown_as_far_as_it_came() {
    let incident = Incident::sandbox(on_leave);
    let before = as_arranged(incident.bindings());
    let id = revoked(&incident);
    let faults = incident.server.faults();
    let gate = faults.gate_after("POST", "namespaces/billing/rolebindings", 1, Fault::HoldRequest);
    let mut restoring = spawn(incident.process(BINARY).args(["restore", &id, "--yes", "--request-timeout", "10m"]));
    assert!(gate.wait_reached(1, SOON));
    let last = || done(&incident, &["history"])["operations"][0].clone();
    let journal = incident.session.home().join("state/operations").join(text(&last()["id"])).join("journal.jsonl");
    wait_until("the end of the other two", || {
        std::fs::read_to_string(&journal).unwrap().matches("\"StepEnded\"").count() == 2
    });
    restoring.kill().unwrap();
    assert_eq!(ended(restoring).code, None);
    // The gate stays closed: what was held is never carried out.
    faults.clear();

    let back = last();
    assert_eq!([&back["kind"], &back["restores"], &back["outcome"]], ["Restore", &id, "Unfinished"]);
    let (status, report, said) = incident.json(&["history", text(&back["id"])]);
    assert_eq!(status, Status::Done, "{said}");
    assert_eq!([&report["operation"], &report["restores"]], [&back["id"], &json!(id)]);
    let results: Vec<&Value> = report["steps"].as_array().unwrap().iter().map(|step| &step["result"]).collect();
    assert_eq!(results, ["Done", "Done"], "{report:#}");
    assert!(said.contains(&format!("it was interrupted; restore the rest: kubectl ackcred restore {id}")), "{said}");
    incident.server.catch_up().unwrap();
    done(&incident, &["restore", &id, "--yes"]);
    assert_eq!(as_arranged(incident.bindings()), before);
}

/// An API server may need a moment to see its own change.
#[test]
fn a_right_that_is_not_held_again_at_once_is_asked_for_again() {
    let incident = Incident::sandbox(|setup| setup);
    let report = done(&incident, &["revoke", CARL, "--yes", "--settle", "0"]);
    let no = json!({"kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {}, "spec": {}, "status": {"allowed": false}});
    let no = Fault::Answer { code: 201, content_type: "application/json", body: no.to_string() };
    incident.server.faults().add("POST", "/subjectaccessreviews", 1, no);
    let outcome = incident.run(&["restore", text(&report["operation"]), "--yes", "--force"]);
    let said = outcome.stderr.lines().find_map(|line| line.strip_prefix("access reviews: ")).unwrap();
    let numbers: Vec<&str> = said.split(' ').filter(|word| word.parse::<usize>().is_ok()).collect();
    assert!(numbers.len() == 2 && numbers[0] == numbers[1] && numbers[0] != "0", "{said}");
}
