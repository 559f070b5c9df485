//! The way back after ack-ram-tool: what its cleanup removed comes back by the backups that it left, and nothing else that stands in
//! them does.

use std::fs;
use std::path::PathBuf;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault};
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::cloud::{CleanBehaviour, RamUser};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::restoring::{ATTACKER, refused};
use crate::scene::{BO, CARL, CLUSTER, GROUPS, Incident, as_arranged, done, former_name, name, text};
use crate::setting::{Setup, binding, user};

/// A cluster that nobody here has a context for.
const ELSEWHERE: &str = "c0123456789abcdef0123456789abcdef";

/// carl is on leave, and the cloud takes his subjects out of every binding.
fn on_leave(setup: Setup) -> Setup {
    setup.change_account(|account| account.user(RamUser::new(CARL, "carl"))).clean_behaviour(CleanBehaviour::Subjects)
}

fn own() -> String {
    format!("{CARL}-clusterrolebinding")
}

/// The folder in which the tool was run.
struct Backups(PathBuf);

impl Backups {
    /// Writes of each binding that names carl what the tool writes: the object, on one line.
    fn of<C: Cluster>(incident: &Incident<C>) -> Self {
        let backups = Self(incident.session.home().join("backups"));
        for place in [
            BindingRef::cluster_role_binding(&own()),
            BindingRef::role_binding("shop", "team"),
            BindingRef::role_binding("billing", "ledger"),
        ] {
            let object = incident.get(&place.path());
            backups.write(CLUSTER, &file_of(&object), &object.to_string());
        }
        backups
    }

    fn write(&self, cluster: &str, file: &str, content: &str) {
        let path = self.path(cluster, file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn path(&self, cluster: &str, file: &str) -> PathBuf {
        self.0.join(cluster).join(file)
    }

    fn edit(&self, file: &str, edit: impl FnOnce(&mut Value)) {
        let path = self.path(CLUSTER, file);
        let mut object = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        edit(&mut object);
        fs::write(path, object.to_string()).unwrap();
    }

    fn folder(&self) -> String {
        self.0.display().to_string()
    }

    fn of_cluster(&self) -> String {
        self.0.join(CLUSTER).display().to_string()
    }
}

fn file_of(object: &Value) -> String {
    let [kind, namespace, name] = ["/kind", "/metadata/namespace", "/metadata/name"]
        .map(|field| object.pointer(field).map(text).unwrap_or_default().to_owned());
    format!("{kind}-{namespace}-{name}.json")
}

/// The tool's cleanup: backups, then the cloud's call with Force.
fn cleaned_up<C: Cluster>(incident: &Incident<C>) -> Backups {
    let backups = Backups::of(incident);
    incident.clean(CARL, true).unwrap();
    assert_eq!(incident.subjects("RoleBinding", "billing", "ledger"), None);
    backups
}

/// What is named as not restored, in order.
fn not_restored(report: &Value) -> Vec<&str> {
    report["notRestored"].as_array().unwrap().iter().map(|one| text(&one["what"])).collect()
}

on_both_servers!(what_the_tool_removed_comes_back_and_goes_again);

fn what_the_tool_removed_comes_back_and_goes_again<C: Cluster>(server: C) {
    let incident = Incident::stage(server, on_leave);
    let before = as_arranged(incident.bindings());
    let backups = cleaned_up(&incident);
    let gone = incident.bindings();
    let folder = backups.folder();
    for from in [&folder, &backups.of_cluster()] {
        let shown = done(&incident, &["restore", "--from", from, CARL, "--dry-run"]);
        assert!(incident.bindings() == gone, "a dry run has changed something");
        let root = fs::canonicalize(&backups.0).unwrap().display().to_string();
        assert_eq!((text(&shown["from"]), text(&shown["restores"])), (&*root, &*root), "{shown:#}");
        assert_eq!(shown["steps"].as_array().unwrap().len(), 3, "{shown:#}");
    }
    assert_eq!(incident.answering("no\n", &["restore", "--from", &folder, CARL]).status, Status::Refused);
    let asked =
        incident.answering(&format!("{CARL}\n"), &["restore", "--from", &folder, CARL, "--reason", "came back"]);
    assert_eq!(asked.status, Status::Done, "{asked}");
    let again = format!("every holder of a certificate of {} has access again", name(CARL));
    assert!(asked.stderr.contains(&again), "{asked}");
    assert_eq!(as_arranged(incident.bindings()), before);
    let metrics = json!({"verb": "get", "path": "/metrics"});
    assert!(incident.can(&name(CARL), &GROUPS, &metrics));
    refused(&incident, &["restore", "--from", &folder, CARL, "--yes"], &["SubjectPresent"]);

    let history = done(&incident, &["history"]);
    let row = &history["operations"][0];
    let root = fs::canonicalize(&backups.0).unwrap().display().to_string();
    assert_eq!([&row["kind"], &row["outcome"], &row["restores"]].map(text), ["Restore", "Restored", &root], "{row:#}");
    let id = text(&row["id"]);
    let report = done(&incident, &["history", id]);
    assert_eq!((text(&report["from"]), report["steps"].as_array().unwrap().len()), (&*root, 3), "{report:#}");
    let page = incident.run(&["history", id, "-o", "md"]);
    assert!(page.status == Status::Done && page.stdout.contains("is given back"), "{page}");
    assert!(page.stdout.contains(&format!("kubectl ackcred revoke {CARL}")), "how it is undone: {page}");
    let restored = incident.run(&["restore", id, "--yes"]);
    assert!(restored.status == Status::Usage && restored.stderr.contains("kubectl ackcred revoke"), "{restored}");

    done(&incident, &["revoke", CARL, "--yes", "--settle", "0s"]);
    assert!(!incident.can(&name(CARL), &GROUPS, &metrics));
    assert_eq!(done(&incident, &["verify", "--all"])["operations"][0]["verification"][0]["outcome"], "Verified");
    let report = done(&incident, &["restore", "--from", &folder, CARL, "--yes"]);
    assert_eq!(report["steps"].as_array().unwrap().len(), 3, "{report:#}");
    let verified = done(&incident, &["verify", "--all"]);
    assert_eq!(verified["operations"][0]["verification"][0]["outcome"], "Restored", "{verified:#}");
}

/// The tool's call may take a binding of several along: only who is named comes back, and who is left out is said.
#[test]
fn a_binding_that_went_whole_is_made_anew_bare_and_for_the_named_alone() {
    let incident = Incident::sandbox(|setup| on_leave(setup).clean_behaviour(CleanBehaviour::NamedBindings));
    let team = BindingRef::role_binding("shop", "team");
    incident.patch(
        &team.path(),
        &json!([
            {"op": "add", "path": "/metadata/labels", "value": {"team": "shop"}},
            {"op": "add", "path": "/metadata/annotations", "value": {"example.com/why": "on duty"}},
        ]),
    );
    let backups = cleaned_up(&incident);
    assert_eq!(incident.subjects("RoleBinding", "shop", "team"), None);
    let report = done(&incident, &["restore", "--from", &backups.folder(), CARL, "--yes"]);
    assert_eq!(incident.subjects("RoleBinding", "shop", "team"), Some(vec![name(CARL), former_name()]));
    let metadata = &incident.get(&team.path())["metadata"];
    assert!(metadata["labels"].is_null() && metadata["annotations"].is_null(), "{metadata:#}");
    let changes = report["changes"].as_array().unwrap();
    let change = changes.iter().find(|change| change["binding"]["name"] == "team").unwrap();
    assert_eq!(change["leftOut"], json!([format!("User/{}", name(BO)), "ServiceAccount/shop/releaser"]), "{report:#}");
    let report = done(&incident, &["restore", "--from", &backups.folder(), BO, "--yes"]);
    assert_eq!(report["steps"][0]["action"], "AddSubjects", "bo comes back beside him: {report:#}");
}

#[test]
fn a_file_that_can_not_be_used_is_named_and_the_others_go_on() {
    let incident = Incident::sandbox(on_leave);
    let backups = cleaned_up(&incident);
    let whole = fs::read_to_string(backups.path(CLUSTER, "RoleBinding-shop-team.json")).unwrap();
    let write = |file: &str, content: &str| backups.write(CLUSTER, file, content);
    write("RoleBinding-shop-cut.json", &whole[..whole.len() / 2]);
    write("RoleBinding-shop-another.json", &whole);
    write(
        "ConfigMap-shop-team.json",
        &json!({"kind": "ConfigMap", "apiVersion": "v1", "data": {"a": "hunter2"}}).to_string(),
    );
    write("RoleBinding-shop-\u{1b}[31mred.json", "hunter2");
    write("notes.txt", "hunter2");
    let mut admin = binding("evil", "ClusterRole", "cluster-admin", &[user(ATTACKER), user(&name(CARL))]);
    (admin["kind"], admin["apiVersion"]) = ("ClusterRoleBinding".into(), "rbac.authorization.k8s.io/v1".into());
    fs::write(incident.session.home().join("evil.json"), admin.to_string()).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(
        incident.session.home().join("evil.json"),
        backups.path(CLUSTER, "ClusterRoleBinding--evil.json"),
    )
    .unwrap();
    fs::File::create(backups.path(CLUSTER, "RoleBinding-shop-vast.json")).unwrap().set_len(1 << 30).unwrap();
    backups.edit("RoleBinding-billing-ledger.json", |object| object["roleRef"]["kind"] = "Secret".into());
    backups.edit("RoleBinding-shop-team.json", |object| {
        object["subjects"].as_array_mut().unwrap().extend([user(ATTACKER), user(&format!("{CARL}.17"))]);
        object["metadata"]["annotations"] = json!({"evil": "yes"});
    });
    let args = ["restore", "--from", &backups.folder(), CARL, DORA_WITHOUT_BACKUP, "--yes"];
    let (status, report, said) = incident.json(&args);
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    let unusable = [
        "ClusterRoleBinding--evil.json",
        "ConfigMap-shop-team.json",
        "RoleBinding-billing-ledger.json",
        "RoleBinding-shop-\u{1b}[31mred.json",
        "RoleBinding-shop-another.json",
        "RoleBinding-shop-cut.json",
        "RoleBinding-shop-vast.json",
        DORA_WITHOUT_BACKUP,
    ];
    assert_eq!(not_restored(&report), unusable, "{report:#}");
    for file in
        ["ConfigMap-shop-team.json: it holds no RoleBinding", "RoleBinding-shop-cut.json: it is no JSON document"]
    {
        assert!(said.contains(&format!("not restored: {CLUSTER}/{file}")), "{file}: {said}");
    }
    assert!(!said.contains("hunter2") && !said.contains('\u{1b}'), "{said}");
    assert_eq!(report["steps"].as_array().unwrap().len(), 2, "{report:#}");
    let bindings = serde_json::to_string(&incident.bindings()).unwrap();
    for evil in [ATTACKER, &format!("{CARL}.17"), "evil"] {
        assert!(!bindings.contains(evil), "{evil} has come in");
    }
    assert!(incident.subjects("RoleBinding", "shop", "team").unwrap().contains(&name(CARL)));
    let id = text(&report["operation"]);
    let kept = done(&incident, &["history", id]);
    assert_eq!(not_restored(&kept), unusable, "{kept:#}");
    let page = incident.run(&["history", id, "-o", "md"]);
    assert!(page.stdout.contains("Not restored"), "{page}");
}

/// Somebody whom the tool has no backup of.
const DORA_WITHOUT_BACKUP: &str = crate::scene::DORA;

#[test]
fn where_nothing_can_be_used_it_is_refused() {
    let incident = Incident::sandbox(on_leave);
    let empty = incident.session.home().join("empty");
    fs::create_dir(&empty).unwrap();
    let empty = empty.display().to_string();
    refused(&incident, &["restore", "--from", &empty, CARL, "--yes"], &["NothingToRestore"]);
    let backups = cleaned_up(&incident);
    let folder = backups.folder();
    let report =
        refused(&incident, &["restore", "--from", &folder, DORA_WITHOUT_BACKUP, "--yes"], &["NothingToRestore"]);
    assert_eq!(not_restored(&report), [DORA_WITHOUT_BACKUP], "{report:#}");
    for file in fs::read_dir(backups.of_cluster()).unwrap() {
        fs::write(file.unwrap().path(), "{").unwrap();
    }
    let report = refused(&incident, &["restore", "--from", &folder, CARL, "--yes"], &["NothingToRestore"]);
    assert_eq!(not_restored(&report).len(), 4, "{report:#}");
    let nowhere = incident.run(&["restore", "--from", "nowhere", CARL, "--yes"]);
    assert!(nowhere.status == Status::Failed && nowhere.stderr.contains("cannot read nowhere"), "{nowhere}");
}

#[test]
fn only_the_backups_of_the_cluster_that_is_reached_are_used() {
    let incident = Incident::sandbox(on_leave);
    let backups = cleaned_up(&incident);
    let folder = backups.folder();
    let evil =
        fs::read_to_string(backups.path(CLUSTER, "RoleBinding-shop-team.json")).unwrap().replace("shop", "billing");
    backups.write(ELSEWHERE, "RoleBinding-billing-team.json", &evil);
    let elsewhere = backups.0.join(ELSEWHERE).display().to_string();
    let report = refused(&incident, &["restore", "--from", &elsewhere, CARL, "--yes"], &["OtherCluster"]);
    let message = text(&report["refusals"][0]["message"]);
    assert!(message.contains(ELSEWHERE) && message.contains(CLUSTER), "{message}");
    let unknown = incident.run(&["restore", "--from", &folder, CARL, "--cluster-id", &ELSEWHERE.replace('f', "e")]);
    assert_eq!(unknown.status, Status::Usage, "{unknown}");

    // The cluster itself says that it is another, whatever the context's name says.
    let profile = "/api/v1/namespaces/kube-system/configmaps/ack-cluster-profile";
    incident.patch(profile, &json!([{"op": "replace", "path": "/data/clusterid", "value": ELSEWHERE}]));
    let before = incident.bindings();
    let (status, _, said) = incident.json(&["restore", "--from", &folder, CARL, "--yes", "--force"]);
    assert!(status == Status::Refused && incident.bindings() == before, "{said}");
    incident.patch(profile, &json!([{"op": "replace", "path": "/data/clusterid", "value": CLUSTER}]));

    let report = done(&incident, &["restore", "--from", &folder, CARL, "--yes", "--cluster-id", CLUSTER]);
    assert_eq!(report["steps"].as_array().unwrap().len(), 3, "{report:#}");
    assert_eq!(incident.subjects("RoleBinding", "billing", "team"), None, "the other cluster's backups are not used");
}

#[test]
fn whoever_is_gone_or_had_leaked_comes_back_only_where_that_is_meant() {
    let incident = Incident::sandbox(|setup| setup.clean_behaviour(CleanBehaviour::Subjects));
    let before = as_arranged(incident.bindings());
    let backups = Backups::of(&incident);
    let leaked = incident.leaked.display().to_string();
    done(&incident, &["revoke", "-f", &leaked, "--yes", "--settle", "0s"]);
    let folder = backups.folder();
    refused(&incident, &["restore", "--from", &folder, CARL, "--yes"], &["IdentityGone", "Rearm"]);
    refused(&incident, &["restore", "--from", &folder, CARL, "--yes", "--force"], &["Rearm"]);
    let args = ["restore", "--from", &folder, CARL, "--yes", "--force", "--rearm", &name(CARL)];
    done(&incident, &args);
    assert_eq!(as_arranged(incident.bindings()), before);
}

#[test]
fn what_has_changed_since_the_backup_is_looked_at_first() {
    let incident = Incident::sandbox(on_leave);
    let backups = cleaned_up(&incident);
    let folder = backups.folder();
    let role = "/apis/rbac.authorization.k8s.io/v1/namespaces/billing/roles/ledger-reader";
    let ledger_reader = incident.delete(role);
    let report = refused(&incident, &["restore", "--from", &folder, CARL, "--yes"], &["RoleGone"]);
    assert_eq!(text(&report["refusals"][0]["target"]), "RoleBinding/billing/ledger");
    let rules = json!({"metadata": {"name": "ledger-reader"}, "rules": []});
    incident.post("/apis/rbac.authorization.k8s.io/v1/namespaces/billing/roles", &rules);
    assert!(!ledger_reader.is_null());
    let other = binding("ledger", "ClusterRole", "cluster-admin", &[user(&name(BO))]);
    incident.post(&BindingRef::role_binding("billing", "ledger").collection(), &other);
    refused(&incident, &["restore", "--from", &folder, CARL, "--yes"], &["BindingChanged"]);
}

#[test]
fn a_restore_from_a_folder_that_was_cut_off_is_finished_by_running_it_again() {
    let incident = Incident::sandbox(on_leave);
    let before = as_arranged(incident.bindings());
    let backups = cleaned_up(&incident);
    incident.server.faults().pass("POST", "namespaces/billing/rolebindings", 1);
    incident.server.faults().add("POST", "namespaces/billing/rolebindings", 9, Fault::DropRequest);
    let (status, report, said) = incident.json(&["restore", "--from", &backups.folder(), CARL, "--yes"]);
    incident.server.faults().clear();
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    let root = fs::canonicalize(&backups.0).unwrap();
    let resume = format!("kubectl ackcred restore --from {} {CARL} --cluster-id {CLUSTER}", root.display());
    assert!(said.contains(&resume), "{said}");
    done(&incident, &["restore", "--from", &backups.of_cluster(), CARL, "--yes"]);
    assert_eq!(as_arranged(incident.bindings()), before);
}

/// The tool takes a group and a service account of the same digits for the identity.
#[test]
fn what_only_bears_the_digits_is_named_and_not_put_back() {
    let incident = Incident::sandbox(on_leave);
    let group = json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": CARL});
    let numeric = BindingRef::cluster_role_binding("numeric-group");
    incident.post(&numeric.collection(), &binding("numeric-group", "ClusterRole", "cs:ns:dev", &[group]));
    let object = incident.get(&numeric.path());
    let backups = cleaned_up(&incident);
    backups.write(CLUSTER, &file_of(&object), &object.to_string());
    incident.delete(&numeric.path());
    let outcome = incident.run(&["restore", "--from", &backups.folder(), CARL, "--yes"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    assert!(outcome.stderr.contains(&format!("ClusterRoleBinding/-/numeric-group for Group/{CARL}")), "{outcome}");
    assert_eq!(incident.subjects("ClusterRoleBinding", "", "numeric-group"), None);
}

#[test]
fn a_command_line_says_one_of_both() {
    let incident = Incident::sandbox(on_leave);
    for (args, expected) in [
        (&["restore", CARL][..], "beside --from DIR"),
        (&["restore"], "OPERATION"),
        (&["restore", "--from", "."], "OPERATION"),
        (&["restore", "--from", ".", "20260101-000000-abcdef"], "is an operation"),
        (&["restore", "20260101-000000-abcdef", "20260101-000000-abcdea"], "one operation at a time"),
        (&["restore", "--from", ".", CARL, "--accept-role-change"], "cannot be used with"),
        (&["restore", "--from", ".", &name(CARL)], "UID"),
        (&["restore", "--from", ".", "0200"], "UID"),
    ] {
        let outcome = incident.run(args);
        assert!(outcome.status == Status::Usage && outcome.stderr.contains(expected), "{args:?}: {outcome}");
    }
}
