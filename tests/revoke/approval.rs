//! `--approval`: a second person signs the hash of a plan, and without that nothing is changed.
//!
//! The keys are made by `ssh-keygen` for each test, in a folder that is not the operator's home.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ackcred_sandbox::apiserver::ApiServer;
use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::cloud::{CloudFault, FaultKind, RamUser};
use ackcred_sandbox::programs::write_program;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::format_1::{fixture_to_make, keep_as_fixture, lay_out};
use crate::restoring::{Files, refused};
use crate::scene::{ANN, CARL, Incident, done, name, text};
use crate::setting::{binding, user};

const NAMESPACE: &str = "revocation@kubectl-ackcred";
const SIGNED: [&str; 4] = ["--approval", "plan.sig", "--allowed-signers", "signers"];
const REVOKE: [&str; 5] = ["revoke", CARL, "--yes", "--settle", "0s"];

/// A second person, whose keys lie elsewhere.
struct Approver {
    folder: TempDir,
}

impl Approver {
    /// `None`, with a word, where there is no `ssh-keygen`.
    #[expect(clippy::disallowed_methods, reason = "a test finds out by this variable whether it may be skipped")]
    fn new(test: &str) -> Option<Self> {
        let found = Command::new("ssh-keygen").arg("-Y").stderr(Stdio::null()).status().is_ok();
        let required = std::env::var_os("ACKCRED_REQUIRE_CLUSTER").is_some_and(|value| value == "1");
        assert!(found || !required, "ssh-keygen is not on PATH");
        if !found {
            // Past the test harness, which would keep the line to itself.
            let _ = writeln!(std::io::stderr(), "skipped: revoke::{test} (ssh-keygen is not on PATH)");
            return None;
        }
        let approver = Self { folder: tempfile::tempdir().unwrap() };
        ["bo", "other"].into_iter().for_each(|key| drop(approver.make(key)));
        Some(approver)
    }

    fn keygen(&self, arguments: &[&str]) -> Command {
        let mut keygen = Command::new("ssh-keygen");
        keygen.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.folder.path());
        keygen.args(arguments).current_dir(self.folder.path()).stderr(Stdio::null());
        keygen
    }

    fn make(&self, key: &str) -> String {
        let made = self.keygen(&["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key]).status().unwrap();
        assert!(made.success(), "{key}");
        self.public(key)
    }

    fn public(&self, key: &str) -> String {
        fs::read_to_string(self.folder.path().join(format!("{key}.pub"))).unwrap().trim().to_owned()
    }

    /// Signs a text for a namespace.
    fn sign_text(&self, key: &str, namespace: &str, text: &str) -> String {
        let mut keygen = self.keygen(&["-Y", "sign", "-n", namespace, "-f", key]);
        let mut keygen = keygen.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        keygen.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = keygen.wait_with_output().unwrap();
        assert!(output.status.success(), "{key}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Approves a plan, as the hint says.
    fn sign(&self, key: &str, hash: &str) -> String {
        self.sign_text(key, NAMESPACE, &format!("sha256:{hash}\n"))
    }

    fn fingerprint(&self, key: &str) -> String {
        let output = self.keygen(&["-l", "-f", key]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().split(' ').nth(1).unwrap().to_owned()
    }

    /// The line of allowed signers that gives bo his key.
    fn listed(&self) -> String {
        format!("bo@example.com {}\n", self.public("bo"))
    }
}

/// carl is on leave, so that what was taken may be given back; bo may approve.
fn scene(approver: &Approver) -> Incident<ApiServer> {
    let incident = Incident::sandbox(|setup| setup.change_account(|account| account.user(RamUser::new(CARL, "carl"))));
    incident.session.write("signers", approver.listed()).unwrap();
    incident
}

/// The hash of the plan to revoke carl.
fn hash(incident: &Incident<ApiServer>) -> String {
    text(&done(incident, &["revoke", CARL, "--dry-run"])["hash"]).to_owned()
}

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

/// Holds a command to be refused because nobody approved, with a message that has all these parts, and to have changed nothing and
/// begun no operation.
fn not_approved(incident: &Incident<ApiServer>, args: &[&str], parts: &[&str]) -> String {
    let operations = || fs::read_dir(incident.session.home().join("state/operations")).map_or(0, Iterator::count);
    let before = operations();
    let report = refused(incident, args, &["NotApproved"]);
    assert_eq!(operations(), before, "{args:?} began something");
    let refusal = &report["refusals"][0];
    for part in parts {
        assert!(text(&refusal["message"]).contains(part), "{part:?} is not in {refusal:#}");
    }
    assert!(!text(&refusal["hint"]).is_empty(), "{refusal:#}");
    format!("{} {}", text(&refusal["message"]), text(&refusal["hint"]))
}

#[test]
fn an_approved_plan_is_carried_out_after_consent_and_the_record_says_who_approved() {
    let Some(approver) = Approver::new("approval") else { return };
    let incident = scene(&approver);
    let plan = done(&incident, &["revoke", CARL, "--dry-run"]);
    let hash = text(&plan["hash"]);
    incident.session.write("plan.json", plan.to_string()).unwrap();
    incident.session.write("plan.sig", approver.sign("bo", hash)).unwrap();

    // The approval is checked by a dry run, too, and is no consent.
    let by_plan = with(&["revoke", "--plan", "plan.json"], &SIGNED);
    let shown = incident.run(&with(&by_plan, &["--dry-run"]));
    let approved = format!("plan {} is approved by bo@example.com with key {}", &hash[..6], approver.fingerprint("bo"));
    assert!(shown.status == Status::Done && shown.stderr.contains(&approved), "{shown}");
    let before = incident.bindings();
    let declined = incident.answering("no\n", &by_plan);
    assert!(declined.status == Status::Refused && declined.stderr.contains("consent was not given"), "{declined}");
    let (said, asked) = (declined.stderr.find(&approved), declined.stderr.find("Type "));
    assert!(said.is_some() && said < asked, "it is checked before the operator is asked: {declined}");
    refused(&incident, &by_plan, &["NoTerminal"]);
    assert!(incident.bindings() == before);

    let report = done(&incident, &with(&by_plan, &["--yes", "--settle", "0s"]));
    let expected = json!({
        "principal": "bo@example.com", "key": approver.fingerprint("bo"), "namespace": NAMESPACE, "hash": hash,
    });
    assert_eq!((&report["approval"], &report["planHash"]), (&expected, &plan["hash"]), "{report:#}");
    let id = text(&report["operation"]);
    assert_eq!(done(&incident, &["history", id])["approval"], expected);
    assert_eq!(done(&incident, &["history"])["operations"][0]["approvedBy"], "bo@example.com");
    for (args, line) in [
        (&["history", id][..], "Approved by   bo@example.com with key SHA256:"),
        (&["history", id, "-o", "md"], "| Approved by | `bo@example.com` with key SHA256:"),
        (&["history", "-o", "wide"], "bo@example.com"),
    ] {
        let shown = incident.run(args);
        assert!(shown.stdout.contains(line), "{args:?}: {shown}");
    }
    // Who audits it later checks the signature again, by the record alone.
    let record = fs::read(Files::of(&incident, id).path("operation.json")).unwrap();
    let kept = serde_json::from_slice::<Value>(&record).unwrap()["approval"].clone();
    incident.session.write("kept.sig", text(&kept["signature"])).unwrap();
    let file = incident.session.home().join("kept.sig").display().to_string();
    let signers = incident.session.home().join("signers").display().to_string();
    let mut keygen =
        approver.keygen(&["-Y", "verify", "-f", &signers, "-I", "bo@example.com", "-n", NAMESPACE, "-s", &file]);
    let mut keygen = keygen.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    writeln!(keygen.stdin.take().unwrap(), "sha256:{}", text(&kept["hash"])).unwrap();
    assert!(keygen.wait().unwrap().success());

    // The way back takes an approval of its own.
    let restore = ["restore", id, "--yes"];
    not_approved(&incident, &with(&restore, &SIGNED), &["plan.sig does not approve this plan"]);
    let planned = done(&incident, &["restore", id, "--dry-run"]);
    incident.session.write("back.sig", approver.sign("bo", text(&planned["planHash"]))).unwrap();
    let report = done(&incident, &with(&restore, &["--approval", "back.sig", "--allowed-signers", "signers"]));
    assert_eq!(report["approval"]["hash"], planned["planHash"], "{report:#}");
    let shown = incident.run(&["history", text(&report["operation"])]);
    assert!(shown.stdout.contains("Approved by   bo@example.com"), "{shown}");

    // By then the bindings are others, and so is the plan.
    not_approved(&incident, &with(&REVOKE, &SIGNED), &["plan.sig does not approve this plan"]);
    incident.session.write("plan.sig", approver.sign("bo", &self::hash(&incident))).unwrap();
    assert_eq!(done(&incident, &with(&REVOKE, &SIGNED))["approval"]["principal"], "bo@example.com");
    let left: Vec<_> =
        fs::read_dir(incident.session.home().join("state")).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("approval")), "{left:?}");
}

#[test]
fn a_signature_of_anything_else_changes_nothing() {
    let Some(approver) = Approver::new("approval") else { return };
    let incident = scene(&approver);
    let hash = hash(&incident);
    let revoke = with(&REVOKE, &SIGNED);
    let said = not_approved(&incident, &revoke, &["plan.sig can't be read: there is no such file"]);
    let command = format!("echo sha256:{hash} | ssh-keygen -Y sign -n {NAMESPACE} -f KEY > plan.sig");
    assert!(said.ends_with(&command), "the next step is to be copied: {said}");

    let good = approver.sign("bo", &hash);
    let swapped: String = good.lines().rev().map(|line| format!("{line}\n")).collect();
    let other_text = |text: &str| approver.sign_text("bo", NAMESPACE, text);
    for (signature, parts) in [
        (String::new(), ["plan.sig is no SSH signature", "does not begin with"]),
        (swapped, ["plan.sig is no SSH signature", "does not begin with"]),
        (good.replacen("U1NI", "U1NJ", 1), ["plan.sig is no SSH signature", "is cut off"]),
        ("x".repeat(1 << 17), ["plan.sig is no SSH signature", "longer than 64 KiB"]),
        ("x".repeat((1 << 20) + 1), ["plan.sig can't be read", "longer than 1 MiB"]),
        (approver.sign_text("bo", "file", &format!("sha256:{hash}\n")), ["is signed for \"file\"", NAMESPACE]),
        (approver.sign("bo", &"0".repeat(64)), ["does not approve this plan", &hash]),
        (other_text(&format!("sha256:{hash}")), ["does not approve this plan", &hash]),
        (other_text(&format!("{hash}\n")), ["does not approve this plan", &hash]),
        (approver.sign("other", &hash), ["is not signed by an allowed signer", "is not in signers"]),
    ] {
        incident.session.write("plan.sig", signature).unwrap();
        not_approved(&incident, &revoke, &parts);
    }
    incident.session.write("plan.sig", &good).unwrap();
    let folder = with(&REVOKE, &["--approval", ".kube", "--allowed-signers", "signers"]);
    not_approved(&incident, &folder, &[".kube can't be read: it is no regular file"]);

    // Signed for the plan of before: a colleague lets carl in once more.
    let more = BindingRef::role_binding("shop", "more");
    incident.post(&more.collection(), &binding("more", "ClusterRole", "cs:ns:dev", &[user(&name(CARL))]));
    not_approved(&incident, &revoke, &["plan.sig does not approve this plan"]);
    incident.delete(&more.path());
    done(&incident, &revoke);
}

#[test]
fn who_may_approve_is_what_the_allowed_signers_say_now() {
    let Some(approver) = Approver::new("approval") else { return };
    let incident = scene(&approver);
    let revoke = with(&REVOKE, &SIGNED);
    incident.session.write("plan.sig", approver.sign("bo", &hash(&incident))).unwrap();
    let (key, other) = (approver.public("bo"), approver.public("other"));
    for (signers, part) in [
        (String::new(), "is not in signers"),
        (format!("bo@example.com {other}\n"), "is not in signers"),
        (format!("# bo@example.com {key}\n"), "is not in signers"),
        (format!("bo@example.com cert-authority {key}\n"), "line 1 of signers gives key"),
        (format!("#\nbo@example.com valid-before=\"20200101\" {key}\n"), "only with valid-before=\"20200101\""),
        (format!("bo@example.com valid-after=\"29990101\" {key}\n"), "only with valid-after=\"29990101\""),
        (format!("bo@example.com namespaces=\"git\" {key}\n"), "only with namespaces=\"git\""),
        (format!("*@example.com {key}\n"), "line 1 of signers names no person: *@example.com"),
    ] {
        incident.session.write("signers", &signers).unwrap();
        not_approved(&incident, &revoke, &["plan.sig is not signed by an allowed signer", part]);
    }
    fs::remove_file(incident.session.home().join("signers")).unwrap();
    not_approved(&incident, &revoke, &["signers can't be read: there is no such file"]);
    let options = format!("namespaces=\"git,{NAMESPACE}\",valid-after=\"20200101\",valid-before=\"29990101\"");
    incident.session.write("signers", format!("bo@example.com {options} {key}\n")).unwrap();
    assert_eq!(done(&incident, &revoke)["approval"]["principal"], "bo@example.com");
}

#[test]
fn the_operators_own_signature_approves_nothing() {
    let Some(approver) = Approver::new("approval") else { return };
    let mut incident = scene(&approver);
    let revoke = with(&REVOKE, &SIGNED);
    incident.session.write("plan.sig", approver.sign("bo", &hash(&incident))).unwrap();
    incident.session = incident.session.with("USER", "olga");

    let key = incident.session.write(".ssh/work.pub", format!("{} olga@laptop\n", approver.public("bo"))).unwrap();
    not_approved(&incident, &revoke, &["signed with your own key SHA256:", "(~/.ssh/work.pub)"]);
    fs::remove_file(&key).unwrap();
    fs::create_dir(&key).unwrap();
    not_approved(&incident, &revoke, &["is your own signature is unknown", "work.pub: it is no regular file"]);
    fs::remove_dir(&key).unwrap();

    let ann_of_the_cluster = name(ANN);
    for principal in ["olga", "OLGA@laptop.example", ANN, &ann_of_the_cluster, "ann@example.com", "bo@example.com,olga"]
    {
        incident.session.write("signers", format!("{principal} {}\n", approver.public("bo"))).unwrap();
        not_approved(&incident, &revoke, &["plan.sig is signed by ", "and you are "]);
    }
    // The key under a second name, in another line.
    incident.session.write("signers", format!("{0}olga {1}\n", approver.listed(), approver.public("bo"))).unwrap();
    not_approved(&incident, &revoke, &["plan.sig is signed by olga, and you are olga"]);
    incident.session.write("signers", approver.listed()).unwrap();
    done(&incident, &revoke);
}

/// An agent of its own, which ends with it.
struct Agent(Child);

impl Agent {
    fn start(socket: &Path) -> Self {
        let mut agent = Command::new("ssh-agent");
        let agent = agent.args(["-D", "-a"]).arg(socket).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut agent = agent.spawn().unwrap();
        // It says where it listens once it does.
        let mut line = String::new();
        BufReader::new(agent.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("SSH_AUTH_SOCK"), "{line:?}");
        Self(agent)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_key_in_the_operators_agent_is_the_operators_and_an_agent_that_is_silent_is_said() {
    let Some(approver) = Approver::new("approval") else { return };
    let mut incident = scene(&approver);
    let revoke = with(&REVOKE, &SIGNED);
    incident.session.write("plan.sig", approver.sign("bo", &hash(&incident))).unwrap();
    let socket = incident.session.home().join("agent");
    incident.session = incident.session.with("SSH_AUTH_SOCK", socket.display().to_string());
    let said = not_approved(
        &incident,
        &revoke,
        &["is your own signature is unknown: your SSH agent", "does not answer (ssh-add: it failed"],
    );
    assert!(said.contains("unset SSH_AUTH_SOCK if there is none"), "{said}");

    let agent = Agent::start(&socket);
    let add = |arguments: &[&str]| {
        let mut add = Command::new("ssh-add");
        add.args(arguments).arg("bo").current_dir(approver.folder.path()).env("SSH_AUTH_SOCK", &socket);
        assert!(add.stderr(Stdio::null()).stdout(Stdio::null()).status().unwrap().success(), "{arguments:?}");
    };
    add(&[]);
    not_approved(&incident, &revoke, &["signed with your own key SHA256:", "(in your SSH agent)"]);
    add(&["-d"]);
    let report = done(&incident, &revoke);
    assert_eq!(report["approval"]["principal"], "bo@example.com", "an agent without keys is an answer");
    drop(agent);
}

/// `ssh-keygen` that first puts another file in the place of the one that was read.
#[test]
fn what_was_read_is_what_is_checked_whatever_lies_there_meanwhile() {
    let Some(approver) = Approver::new("approval") else { return };
    let mut incident = scene(&approver);
    let revoke = with(&REVOKE, &SIGNED);
    incident.session.write("plan.sig", approver.sign("other", &hash(&incident))).unwrap();
    incident.session.write("good", format!("bo@example.com {}\n", approver.public("other"))).unwrap();
    let script = "#!/bin/sh\ncp \"$HOME_OF_TEST/good\" \"$HOME_OF_TEST/signers\"\nexec /usr/bin/ssh-keygen \"$@\"\n";
    write_program(&incident.session.home().join("bin/ssh-keygen"), script).unwrap();
    let home = incident.session.home().display().to_string();
    incident.session = incident.session.with("PATH", format!("{home}/bin:/usr/bin:/bin")).with("HOME_OF_TEST", home);
    not_approved(&incident, &revoke, &["is not signed by an allowed signer", "is not in signers"]);
    let signers = fs::read_to_string(incident.session.home().join("signers")).unwrap();
    assert!(signers.contains(&approver.public("other")), "the file was swapped");
    done(&incident, &revoke);
}

#[test]
fn without_ssh_keygen_nothing_counts_as_approved() {
    let Some(approver) = Approver::new("approval") else { return };
    let mut incident = scene(&approver);
    incident.session.write("plan.sig", approver.sign("bo", &hash(&incident))).unwrap();
    incident.session = incident.session.with("PATH", "/nowhere");
    let said = not_approved(&incident, &with(&REVOKE, &SIGNED), &["plan.sig can't be checked: ssh-keygen: "]);
    assert!(said.ends_with("install OpenSSH 8.2 or later: ssh-keygen checks signatures"), "{said}");
}

#[test]
fn an_approved_operation_is_resumed_under_its_approval_and_not_beyond_it() {
    let Some(approver) = Approver::new("approval") else { return };
    let incident = scene(&approver);
    incident.session.write("plan.sig", approver.sign("bo", &hash(&incident))).unwrap();
    incident.cloud.add_fault(CloudFault::of("CleanClusterUserPermissions", FaultKind::Forbidden));
    let (status, report, said) = incident.json(&with(&REVOKE, &SIGNED));
    incident.cloud.clear_faults();
    assert_eq!(status, Status::Incomplete, "{report:#}\n{said}");
    let id = text(&report["operation"]);
    let resume = ["revoke", "--resume", id, "--yes", "--settle", "0s"];

    let again = incident.run(&with(&resume, &SIGNED));
    assert!(again.status == Status::Usage && again.stderr.contains("--approval"), "{again}");
    not_approved(
        &incident,
        &with(&resume, &["--leave-no-admin"]),
        &["these flags are not part of the plan that was approved"],
    );
    let more = BindingRef::role_binding("shop", "more");
    incident.post(&more.collection(), &binding("more", "ClusterRole", "cs:ns:dev", &[user(&name(CARL))]));
    not_approved(&incident, &resume, &["step 1 of what is left is not part of the plan that was approved"]);
    incident.delete(&more.path());

    let (status, resumed, said) = incident.json(&resume);
    assert_eq!(status, Status::Done, "{resumed:#}\n{said}");
    assert!(said.contains(&format!("{id} goes on under the approval by bo@example.com with key SHA256:")), "{said}");
    assert_eq!(resumed["approval"], report["approval"]);
}

#[test]
fn a_rotation_takes_an_approval_too_and_other_verbs_take_none() {
    let Some(approver) = Approver::new("approval") else { return };
    let incident = scene(&approver);
    let rotate = ["rotate", "--in-place"];
    let planned = done(&incident, &with(&rotate, &["--dry-run"]));
    incident.session.write("plan.sig", approver.sign("bo", &"0".repeat(64))).unwrap();
    let signed = with(&with(&rotate, &["--yes", "--settle", "0s"]), &SIGNED);
    let config = || fs::read(incident.session.home().join(".kube/config")).unwrap();
    let before = config();
    not_approved(&incident, &signed, &["plan.sig does not approve this plan"]);
    assert!(config() == before, "the kubeconfig was changed");
    incident.session.write("plan.sig", approver.sign("bo", text(&planned["hash"]))).unwrap();
    let report = done(&incident, &signed);
    assert_eq!(report["approval"]["principal"], "bo@example.com", "{report:#}");
    assert_eq!(done(&incident, &["history", text(&report["operation"])])["approval"], report["approval"]);

    for args in [&["verify", "--all"][..], &["history"], &["scan"], &["lint"]] {
        assert_eq!(incident.run(&with(args, &SIGNED)).status, Status::Usage, "{args:?}");
    }
    // Neither file is of use without the other.
    for half in [&SIGNED[..2], &SIGNED[2..]] {
        assert_eq!(incident.run(&with(&REVOKE, half)).status, Status::Usage, "{half:?}");
    }
}

/// A folder that the program wrote: a revocation that bo approved, and the restore of it, which he approved too.
#[test]
fn an_approved_operation_of_format_1_is_listed_and_shown() {
    let incident = Incident::sandbox(|setup| setup);
    lay_out(&incident, "-approval");
    let history = done(&incident, &["history"]);
    let rows = history["operations"].as_array().unwrap();
    let kinds: Vec<&str> = rows.iter().map(|row| text(&row["kind"])).collect();
    assert_eq!(kinds, ["Restore", "Revoke"]);
    for row in rows {
        assert_eq!(row["approvedBy"], "bo@example.com", "{row:#}");
        let approval = &done(&incident, &["history", text(&row["id"])])["approval"];
        assert!(text(&approval["hash"]).starts_with(text(&row["id"]).rsplit('-').next().unwrap()), "{approval:#}");
        assert_eq!((text(&approval["principal"]), text(&approval["namespace"])), ("bo@example.com", NAMESPACE));
        let shown = incident.run(&["history", text(&row["id"]), "-o", "md"]);
        assert!(shown.stdout.contains("| Approved by | `bo@example.com` with key SHA256:"), "{shown}");
    }
}

#[test]
#[ignore = "the fixture is made once for each format"]
fn the_fixture_of_an_approval_is_made() {
    let Some(target) = fixture_to_make() else { return };
    let approver = Approver::new("approval").unwrap();
    let incident = scene(&approver);
    incident.session.write("plan.sig", approver.sign("bo", &hash(&incident))).unwrap();
    let id = text(&done(&incident, &with(&REVOKE, &SIGNED))["operation"]).to_owned();
    let planned = done(&incident, &["restore", &id, "--dry-run"]);
    incident.session.write("plan.sig", approver.sign("bo", text(&planned["planHash"]))).unwrap();
    done(&incident, &with(&["restore", &id, "--yes"], &SIGNED));
    keep_as_fixture(&incident, &target);
}
