//! The real binary as a process: exit codes, pipes, signals, plugins, and what the operating system sees of it.

#![cfg(unix)]
use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::Stdio;
use std::time::Duration;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault, Gate};
use ackcred_sandbox::certs::{Authority, Identity, Subject};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::fleet::Fleet;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::programs::write_program;
use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};
use serde_json::{Value, json};

use crate::home::{BINARY, CLUSTER, Home, UID, offline_file};
use crate::programs::{program, skip};

pub(crate) fn server() -> ApiServer {
    let server = ApiServer::start(ApiServerOptions::default()).unwrap();
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "ops"},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": format!("{UID}-1")}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    });
    server.put(binding, "test").unwrap();
    server
}

fn administrator(server: &ApiServer) -> Identity {
    server.client(&Subject::user(format!("{UID}-1"), ["system:masters"])).unwrap()
}

fn kubeconfig(server: &ApiServer, credential: &Credential) -> Kubeconfig {
    Kubeconfig::ack(&server.url(), &server.ca_pem(), CLUSTER, UID, credential)
}

/// A home whose context leads to this server, as an administrator.
pub(crate) fn home_at(server: &ApiServer) -> Home {
    Home::with(&kubeconfig(server, &Credential::of(&administrator(server))))
}

/// A file whose server nobody is to talk to.
#[test]
fn exit_codes_say_how_it_ended() {
    let server = server();
    let home = home_at(&server);
    home.run("scan --all-users").assert().code(0).stdout(contains("ClusterRoleBinding/-/ops"));
    home.run("whoami --context gone").assert().code(1).stdout(is_empty());
    home.run("whoami --gone").assert().code(2).stdout(is_empty()).stderr(contains("--gone"));
    home.run("scan --fail-on unknown").assert().code(3).stdout(contains(UID));
    server.faults().add("GET", "/clusterrolebindings", 99, Fault::DropRequest);
    home.run("scan -o json").assert().code(4).stdout(contains("\"incomplete\": true"));
    server.faults().clear();
    server.faults().add("POST", "selfsubjectreviews", 99, Fault::DropRequest);
    home.run("whoami").assert().code(4).stdout(contains("failed: "));
}

#[test]
fn without_a_command_there_is_help_and_without_a_kubeconfig_a_hint() {
    let home = Home::empty();
    home.run("").assert().code(0).stdout(contains("whoami").and(contains("Exit codes"))).stderr(is_empty());
    home.run("--help").assert().code(0).stderr(is_empty());
    for verb in ["whoami", "expiry", "scan"] {
        home.run(verb).assert().code(1).stdout(is_empty()).stderr(contains("error: ").and(contains("hint: ")));
    }
}

#[test]
fn without_a_home_folder_the_kubeconfig_of_the_working_directory_is_read() {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cases/homeless/.kube/config");
    let home = Home::empty();
    home.write(".kube/config", &fs::read_to_string(config).unwrap(), 0o600);
    for unset in [true, false] {
        let run = |words: &str| {
            let mut command = home.run(words);
            if unset {
                command.env_remove("HOME")
            } else {
                command.env("HOME", "")
            };
            command
        };
        run("whoami --offline").assert().code(0).stdout(contains("200000000000000"));
        run("expiry -A").assert().code(0).stdout(contains("ClientCertificate"));
    }
    let nothing = Home::empty();
    nothing
        .run("expiry -A")
        .env_remove("HOME")
        .assert()
        .code(1)
        .stderr(contains("no kubeconfig found at .kube/config"));
}

/// What is allocated is limited to so many MiB; the program ends with an abort where it needs more.
#[cfg(target_os = "linux")]
#[test]
fn a_large_kubeconfig_is_read_within_four_times_its_size_and_a_hostile_one_within_half_a_gibibyte() {
    let home = home_of_many(1500);
    let size = fs::metadata(home.path().join(".kube/config")).unwrap().len() >> 20;
    assert!(size >= 5, "{size} MiB");
    let within = |mebibytes: u64, words: &str| {
        let script = format!("ulimit -d {}; exec {BINARY} {words}", mebibytes << 10);
        let mut command = home.start("/bin/sh");
        command.args(["-c", &script]);
        Command::from_std(command)
    };
    within(4 * size, "whoami --offline").assert().code(0).stdout(contains(UID));
    // Each value is two bytes of the file and takes fifty times as much.
    let values = format!("users: [{}]", "a,".repeat(2_100_000));
    home.write("hostile", &values, 0o600);
    within(512, "whoami -f hostile").assert().code(1).stderr(contains("more than 2 million values"));
}

/// A home whose kubeconfig has so many contexts, each with a cluster, a certificate and a key of its own.
fn home_of_many(contexts: usize) -> Home {
    let one: Value = serde_saphyr::from_str(&offline_file().yaml()).unwrap();
    let (cluster, user) = (&one["clusters"][0]["cluster"], &one["users"][0]["user"]);
    let each = |entry: &dyn Fn(usize) -> Value| (0..contexts).map(entry).collect::<Value>();
    let file = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "context-0",
        "clusters": each(&|index| json!({"name": format!("cluster-{index}"), "cluster": cluster})),
        "users": each(&|index| json!({"name": format!("user-{index}"), "user": user})),
        "contexts": each(&|index| {
            let context = json!({"cluster": format!("cluster-{index}"), "user": format!("user-{index}")});
            json!({"name": format!("context-{index}"), "context": context})
        }),
    });
    let home = Home::empty();
    home.write(".kube/config", &file.to_string(), 0o600);
    home
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let mut file = offline_file();
    for index in 0..500 {
        file = file.context(&format!("context-{index}"), "kubernetes", UID);
    }
    let home = Home::with(&file);
    home.write("audit.log", "", 0o600);
    for words in [
        "expiry -A",
        "expiry -A -o json",
        "expiry -A -o yaml",
        "expiry -A -o csv",
        "trace -f .kube/config --leaked-context context-0 --audit-log audit.log",
        "trace 200000000000000101 --audit-log audit.log -o json",
        "expiry -A -o name",
        "completion bash",
        "--help",
    ] {
        let mut child =
            home.start(BINARY).args(words.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.is_empty() || said == "the log has no event\n", "{words}: {said}");
    }
    // One that reads a little first.
    let mut child = home.start(BINARY).args(["expiry", "-A", "-o", "json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut begin = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut begin).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// What an answer may take that does come, on a machine that has other work.
const PATIENT: &str = "30s";
/// What an answer may take that never comes.
const BRIEF: &str = "1s";

/// `scan` and `whoami` of a server that spoils every exchange; with what each must say.
fn spoilt(fault: &Fault, timeout: &str, said: &str) {
    let server = server();
    let home = home_at(&server);
    server.faults().add("*", "/", 999, fault.clone());
    fails_with(&home, "scan", timeout, 1, said);
    fails_with(&home, "whoami", timeout, 4, said);
    if let Fault::HoldRequest(gate) = fault {
        gate.open();
    }
}

fn fails_with(home: &Home, verb: &str, timeout: &str, code: i32, said: &str) {
    // Not more memory than this and not much more time, whatever comes.
    let limited = format!("ulimit -v 600000; exec timeout 120 {BINARY} {verb} --request-timeout {timeout}");
    let output = home.start("/bin/sh").args(["-c", &limited]).output().unwrap();
    let all = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{verb}: {all}");
    assert!(all.contains(said), "{verb} does not say {said:?}: {all}");
}

#[test]
fn a_server_that_never_answers_is_given_up_in_time() {
    spoilt(&Fault::HoldRequest(Gate::new()), BRIEF, "within 1s");
}

#[test]
fn a_server_that_accepts_and_says_nothing_is_given_up_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let authority = Authority::of_today().unwrap();
    let file = Kubeconfig::ack(&url, &authority.certificate_pem(), CLUSTER, UID, &Credential::Token("t".into()));
    let home = Home::with(&file);
    fails_with(&home, "scan", BRIEF, 1, "within 1s");
    fails_with(&home, "whoami", BRIEF, 4, "within 1s");
}

#[test]
fn a_server_that_drips_is_given_up_in_time() {
    spoilt(&Fault::Drip(Duration::from_millis(200)), BRIEF, "within 1s");
}

#[test]
fn a_server_that_closes_in_the_body_is_reported() {
    spoilt(&Fault::Truncate(20), PATIENT, "closed before the answer was complete");
}

#[test]
fn a_page_for_people_is_no_answer() {
    let body = "<html><title>Sign in</title></html>".to_owned();
    spoilt(&Fault::Answer { code: 200, content_type: "text/html", body }, PATIENT, "text/html instead of JSON");
}

#[test]
fn a_body_without_end_is_given_up_in_bounded_memory() {
    let item = r#"{"metadata":{"name":"b","namespace":"n"},"roleRef":{"kind":"Role","name":"r"}},"#;
    let ram = format!(
        r#"{{"metadata":{{"name":"b","namespace":"n"}},"subjects":[{{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"{UID}"}}],"roleRef":{{"kind":"Role","name":"r"}}}},"#
    );
    for is_compressed in [false, true] {
        for repeat in [" ", item, &ram, r#"{"metadata":{"name":"#, "x"] {
            let server = server();
            let start = r#"{"kind":"RoleBindingList","items":["#.to_owned();
            let repeat = repeat.repeat(1 + 4096 / repeat.len());
            server.faults().add("*", "/", 999, Fault::Endless { start, repeat, is_compressed });
            fails_with(&home_at(&server), "scan", BRIEF, 1, "error: ");
        }
    }
}

#[test]
fn a_foreign_authority_is_reported() {
    let server = server();
    let foreign = Authority::of_today().unwrap().certificate_pem();
    let credential = Credential::of(&administrator(&server));
    let home = Home::with(&Kubeconfig::ack(&server.url(), &foreign, CLUSTER, UID, &credential));
    fails_with(&home, "scan", PATIENT, 1, "certificate");
    fails_with(&home, "whoami", PATIENT, 4, "certificate");
    assert!(server.faults().exchanges().is_empty(), "something was sent to a server that was not proven");
}

#[test]
fn ctrl_c_ends_a_scan_with_130() {
    for verb in ["scan", "whoami"] {
        // One for each: a request of the first would reach the gate of the second.
        let server = server();
        let home = home_at(&server);
        let gate = Gate::new();
        server.faults().add("*", "/", 99, Fault::HoldRequest(gate.clone()));
        let child = home.start(BINARY).arg(verb).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        assert!(gate.wait_reached(1, Duration::from_secs(60)), "{verb} asked nothing");
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{verb}: {output:?}");
        assert!(output.stdout.is_empty(), "{verb}: {output:?}");
        gate.open();
    }
}

#[test]
fn ctrl_c_while_reviews_are_asked_ends_with_what_was_read() {
    let server = server();
    let home = home_at(&server);
    let gate = Gate::new();
    server.faults().add("POST", "subjectaccessreviews", 99, Fault::HoldRequest(gate.clone()));
    let mut rights = home.start(BINARY);
    rights.args(["rights", UID, "--ask", "-o", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = rights.spawn().unwrap();
    assert!(gate.wait_reached(1, Duration::from_secs(60)), "nothing was asked");
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    gate.open();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("warning: the API server answered 0 of ") && said.contains("interrupted"), "{said}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["incomplete"], &document["reviews"]), (&true.into(), &Value::Array(Vec::new())));
    assert!(!document["rules"].as_array().unwrap().is_empty(), "{document:#}");
}

#[test]
fn ctrl_c_ends_a_scan_of_many_with_what_is_known_so_far() {
    let fleet = Fleet::start(4).unwrap();
    let home = Home::empty();
    let gates = [1, 3].map(|place| fleet.hang(place));
    let mut scan = home.start(BINARY);
    scan.args(["scan", "--all-contexts", "--offline", "--parallel", "2", "-o", "json"]).envs(fleet.variables());
    let child = scan.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for gate in &gates {
        assert!(gate.wait_reached(1, Duration::from_secs(60)), "nobody was asked");
    }
    // Both places are taken by those that hang: the others were read before.
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    let warnings: Vec<&str> = said.lines().filter(|line| line.contains("interrupted")).collect();
    assert_eq!(warnings, ["warning: 2 of 4 clusters read; 2 interrupted"], "{said}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["incomplete"], true);
    let reason = |place: usize| {
        let clusters = document["clusters"].as_array().unwrap();
        clusters.iter().find(|one| one["id"] == fleet.clusters[place].id.as_str()).unwrap()["error"].clone()
    };
    assert_eq!([0, 1, 2, 3].map(reason), [Value::Null, "interrupted".into(), Value::Null, "interrupted".into()]);
    let ids: Vec<&Value> = document["grants"].as_array().unwrap().iter().map(|grant| &grant["clusterId"]).collect();
    for place in [0, 2] {
        assert!(ids.iter().any(|id| *id == fleet.clusters[place].id.as_str()), "{ids:?}");
    }
}

/// A home whose user entry runs `script`.
fn home_with_plugin(server: &ApiServer, script: &str, mode: &str) -> Home {
    let home = Home::empty();
    let plugin = home.path().join("bin/plugin");
    write_program(&plugin, &format!("#!/bin/sh\n{script}\n")).unwrap();
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": plugin, "args": ["get"], "interactiveMode": mode,
    });
    home.write(".kube/config", &kubeconfig(server, &Credential::Exec(exec)).yaml(), 0o600);
    let identity = administrator(server);
    let answer = json!({
        "kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
        "status": {"clientCertificateData": identity.certificate_pem(), "clientKeyData": identity.key().pkcs8_pem()},
    });
    home.write("answer", &answer.to_string(), 0o600);
    home
}

#[test]
fn a_plugin_of_ones_own_is_run_and_heard() {
    let server = server();
    let script = "echo \"run with $1\" >> \"$HOME/ran\"; echo 'please wait' >&2; cat; cat \"$HOME/answer\"";
    for mode in ["Never", "IfAvailable"] {
        let home = home_with_plugin(&server, script, mode);
        // What stands on our standard input is not the plugin's.
        home.run("scan").write_stdin("noise").assert().code(0).stdout(contains(UID)).stderr(contains("please wait"));
        assert_eq!(fs::read_to_string(home.path().join("ran")).unwrap(), "run with get\n", "run once");
        home.run("whoami -o json").assert().code(0).stdout(contains(format!("\"username\": \"{UID}-1\"")));
        fs::remove_file(home.path().join("ran")).unwrap();
        for offline in ["whoami --offline", "whoami -f .kube/config", "expiry", "expiry -A", "expiry .kube"] {
            home.run(offline).assert().code(0).stdout(contains("Exec"));
            assert!(!home.path().join("ran").exists(), "{offline} ran the plugin");
        }
    }
}

#[test]
fn a_plugin_that_needs_a_terminal_is_not_run_without_one() {
    let server = server();
    let home = home_with_plugin(&server, "touch \"$HOME/ran\"; cat \"$HOME/answer\"", "Always");
    home.run("scan").assert().code(1).stdout(is_empty()).stderr(contains("interactiveMode: Always"));
    home.run("whoami").assert().code(4).stdout(contains("interactiveMode: Always"));
    assert!(!home.path().join("ran").exists());
}

#[test]
fn kuberc_can_forbid_plugins() {
    let server = server();
    let home = home_with_plugin(&server, "touch \"$HOME/ran\"; cat \"$HOME/answer\"", "Never");
    let kuberc = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\n";
    home.write(".kube/kuberc", kuberc, 0o600);
    home.run("scan").assert().code(1).stdout(is_empty()).stderr(contains("credentialPluginPolicy DenyAll"));
    home.run("whoami").assert().code(4).stdout(contains("credentialPluginPolicy DenyAll"));
    assert!(!home.path().join("ran").exists());
    assert!(server.faults().exchanges().is_empty());
}

#[test]
fn a_plugin_that_fails_or_hangs_is_reported() {
    let server = server();
    let failing = home_with_plugin(&server, "echo 'log in first' >&2; exit 7", "Never");
    failing.run("scan").assert().code(1).stderr(contains("log in first").and(contains("exit status: 7")));
    let hanging = home_with_plugin(&server, "exec sleep 30", "Never");
    hanging.run("scan --request-timeout 1s").assert().code(1).stderr(contains("did not finish within 1 s"));
}

#[test]
fn kubectl_finds_its_plugin() {
    let Some(kubectl) = program("kubectl", "kubectl_finds_its_plugin") else { return };
    let server = server();
    let home = home_at(&server);
    fs::create_dir(home.path().join("bin")).unwrap();
    symlink(BINARY, home.path().join("bin/kubectl-ackcred")).unwrap();
    let run = |words: &str| {
        let path = format!("{}:/usr/bin:/bin", home.path().join("bin").display());
        let output = home.start(kubectl.to_str().unwrap()).args(words.split(' ')).env("PATH", path).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(run("ackcred whoami -o name"), (Some(0), format!("{UID}\n")));
    let (code, scan) = run("ackcred scan -o json --fail-on unknown");
    assert_eq!(code, Some(3), "kubectl passes the exit code on");
    assert_eq!(serde_json::from_str::<Value>(&scan).unwrap()["grants"][0]["uid"], UID);
    assert_eq!(run("ackcred gone").0, Some(2));
}

#[test]
fn what_is_offline_opens_no_socket_and_starts_no_thread() {
    let test = "what_is_offline_opens_no_socket_and_starts_no_thread";
    let Some(strace) = program("strace", test) else { return };
    if !std::process::Command::new(&strace).args(["-qq", "-o", "/dev/null", "/bin/true"]).status().unwrap().success() {
        return skip(test, "strace may not trace here");
    }
    let mut file = offline_file().user("token", &Credential::Token("t".into()));
    file = file.user("plugin", &Credential::ack_ram_tool(CLUSTER, "/nowhere"));
    for (index, user) in [UID, "token", "plugin"].iter().cycle().take(60).enumerate() {
        file = file.context(&format!("context-{index}"), "kubernetes", user);
    }
    let home = Home::with(&file);
    home.write(
        "audit.log",
        "{\"auditID\":\"a\",\"stage\":\"ResponseComplete\",\"requestReceivedTimestamp\":\"2026-01-01T00:00:00Z\"}\n",
        0o600,
    );
    let trace = home.path().join("trace");
    let traced = |program: &str, words: &str, without: &str| {
        let output = home
            .start(strace.to_str().unwrap())
            .env_remove(without)
            .args(["-f", "-qq", "-e", "trace=%network,clone,clone3,fork,vfork", "-o"])
            .arg(&trace)
            .arg(program)
            .args(words.split(' '))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{words}: {output:?}");
        fs::read_to_string(&trace).unwrap()
    };
    assert!(!traced("/bin/sh", "-c /bin/true;true", "").is_empty(), "a new process is seen");
    for words in [
        "whoami --offline",
        "whoami -f .kube/config --offline",
        "whoami -f .kube/config --offline -o json",
        "expiry",
        "expiry -A",
        "expiry .kube -o yaml",
        "expiry -A -o csv",
        "--help",
    ] {
        assert_eq!(traced(BINARY, words, ""), "", "{words}");
    }
    // The user database may be behind a socket.
    assert_eq!(traced(BINARY, "whoami --offline --kubeconfig .kube/config", "HOME"), "");
    assert_eq!(traced(BINARY, "expiry -A --kubeconfig .kube/config", "HOME"), "");
}

#[test]
fn a_leaked_file_makes_nobody_look_at_what_it_names_elsewhere() {
    let test = "a_leaked_file_makes_nobody_look_at_what_it_names_elsewhere";
    let Some(strace) = program("strace", test) else { return };
    if !std::process::Command::new(&strace).args(["-qq", "-o", "/dev/null", "/bin/true"]).status().unwrap().success() {
        return skip(test, "strace may not trace here");
    }
    let home = Home::empty();
    let elsewhere = home.write("mine/precious", "a-secret", 0o600).display().to_string();
    let files = Credential::CertificateFiles { certificate: elsewhere.clone(), key: "../mine/precious".into() };
    let exec =
        json!({"apiVersion": "client.authentication.k8s.io/v1", "command": elsewhere, "interactiveMode": "Never"});
    let file = Kubeconfig::new()
        .cluster("c", "https://127.0.0.1:1", None)
        .user("files", &files)
        .user("token", &Credential::TokenFile(elsewhere.clone()))
        .user("exec", &Credential::Exec(exec));
    let file = ["files", "token", "exec"].iter().fold(file, |file, user| file.context(user, "c", user));
    home.write("leak/config", &file.yaml(), 0o600);
    let trace = home.path().join("trace");
    for words in ["whoami --context files", "whoami --context token", "whoami --context exec"] {
        let mut command = home.start(strace.to_str().unwrap());
        command.args(["-f", "-qq", "-e", "trace=%file", "-o"]).arg(&trace).arg(BINARY).args(words.split(' '));
        let output = command.args(["-f", "leak/config"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words}: {output:?}");
        let calls = fs::read_to_string(&trace).unwrap();
        assert!(calls.contains("leak/config"), "the file itself is read: {calls}");
        assert!(!calls.contains("precious"), "{words}: {calls}");
    }
}
