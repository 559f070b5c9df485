//! `expiry -R`: every credential on a disk, each with its file and line, and nothing else.

use std::fs;

use ackcred_sandbox::disk::{self, Planted};
use ackcred_sandbox::session::Session;
use insta::assert_snapshot;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cli::desk::{NOW, Trap, ack_file, at, certificate, document, printed, session};

/// What a search shows, as what was planted.
fn shown(document: &Value) -> Vec<Planted> {
    let item = |item: &Value| Planted {
        path: item["source"].as_str().unwrap().into(),
        line: item["line"].as_u64().unwrap(),
        uid: item["uid"].as_str().unwrap_or_default().to_owned(),
    };
    let mut shown: Vec<Planted> = document["items"].as_array().unwrap().iter().map(item).collect();
    shown.sort();
    shown
}

fn search(session: &Session, args: &[&str]) -> (Status, Value, String) {
    let outcome = session.run(&[&["expiry", "-R", "-o", "json"], args].concat());
    (outcome.status, document(&outcome), outcome.stderr)
}

#[test]
fn every_credential_of_a_disk_is_found_and_nothing_else() {
    let session = session();
    let disk = session.home().join("disk");
    let planted = disk::plant(&disk, 40, 300, at(NOW)).unwrap();
    let (status, document, stderr) = search(&session, &["disk"]);
    assert_eq!(shown(&document), planted, "{stderr}");
    assert_eq!((status, planted.len()), (Status::Done, 40));
    assert_eq!(
        document["summary"],
        json!({
            "Invalid": 0, "Missing": 0, "Expired": 0, "NotYetValid": 0, "Expiring": 0, "LongLived": 0, "Static": 0, "Effective": 40, "Dynamic": 0,
        })
    );
    assert_eq!(document["search"]["unread"], json!([]));
    assert_eq!(document["search"]["files"], 40 + 300 + 8);
    assert_eq!(stderr, "1 file is compressed or an archive and was not read\n");
    assert_eq!(search(&session, &["disk", "--fail-on", "effective"]).0, Status::Findings);

    let names = session.run(&["expiry", "-R", "disk", "-o", "name"]).stdout;
    let files: Vec<String> = planted.iter().map(|one| one.path.display().to_string()).collect();
    assert_eq!(names.lines().collect::<Vec<_>>(), files);
}

#[test]
fn file_and_line_stand_first_and_one_certificate_in_two_places_is_two_rows() {
    let session = session();
    let (identity, credential) = (certificate(), ackcred_sandbox::kubeconfigs::Credential::of(&certificate()));
    session.write("tree/config.old", ack_file(&credential).yaml()).unwrap();
    session.write("tree/notes.md", format!("keep this:\n\n{}", identity.certificate_pem())).unwrap();
    session.write("tree/pair/ann.crt", identity.certificate_pem()).unwrap();
    session.write("tree/pair/ann.key", identity.key().pkcs8_pem()).unwrap();
    assert_snapshot!(printed(&session, &session.run(&["expiry", "-R", "tree"])), @"
    FILE   LINE   CONTEXT   CLUSTER-ID   UID   CREDENTIAL   EXPIRES   LEFT   STATUS
    [home]/tree/notes.md   3   <none>   <none>   200000000000000101   ClientCertificate   2028-01-01T00:00:01Z   730d   Missing
    [home]/tree/pair/ann.crt   1   <none>   <none>   200000000000000101   ClientCertificate   2028-01-01T00:00:01Z   730d   Effective
    [home]/tree/config.old   17   200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   200000000000000101   ClientCertificate   2028-01-01T00:00:01Z   730d   Effective
    --- exit 0
    ");
    assert_snapshot!(printed(&session, &session.run(&["expiry", "-R", "tree/notes.md", "-o", "wide"])), @"
    CONTEXT   CLUSTER-ID   UID   CREDENTIAL   EXPIRES   LEFT   STATUS   FILE   LINE   ISSUED   LIFETIME   SERIAL   CA-EXPIRES   REASON
    <none>   <none>   200000000000000101   ClientCertificate   2028-01-01T00:00:01Z   730d   Missing   [home]/tree/notes.md   3   2025-01-01T00:00:01Z   1095d   [serial]   <none>   its private key is neither in this file nor beside it
    --- exit 0
    ");
}

#[test]
fn what_a_found_file_names_is_neither_run_nor_contacted_nor_read_elsewhere() {
    let trap = Trap::set();
    let session = session();
    let identity = certificate();
    let elsewhere = session.write("elsewhere/ann.crt", identity.certificate_pem()).unwrap();
    session.write("tree/beside.crt", identity.certificate_pem()).unwrap();
    session.write("tree/beside.key", identity.key().pkcs8_pem()).unwrap();
    let user = |name: &str, user: Value| json!({"name": name, "user": user});
    let exec = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "touch", "args": [session.home().join("ran")], "interactiveMode": "Never"});
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "clusters": [{"name": "c", "cluster": {"server": trap.url()}}],
        "users": [
            user("elsewhere", json!({"client-certificate": elsewhere})),
            user("beside", json!({"client-certificate": "beside.crt", "client-key": "beside.key"})),
            user("plugin", json!({"exec": exec})),
        ],
    });
    session.write("tree/config", config.to_string()).unwrap();
    let (status, document, stderr) = search(&session, &["tree"]);
    let kinds: Vec<(&str, &str)> = document["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (item["source"].as_str().unwrap().rsplit('/').next().unwrap(), item["credential"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        kinds,
        [("beside.crt", "ClientCertificate"), ("config", "ClientCertificate"), ("config", "Exec")],
        "{document:#}"
    );
    assert_eq!(status, Status::Done, "{stderr}");
    assert!(!session.home().join("ran").exists());
    trap.assert_untouched();
}

#[test]
fn what_cannot_be_read_is_named_and_the_search_is_incomplete() {
    let session = session();
    session.write("tree/a", "nothing").unwrap();
    let (status, document, stderr) = search(&session, &["tree", "gone"]);
    let gone = session.home().join("gone");
    assert_eq!(status, Status::Incomplete, "{stderr}");
    assert_eq!(document["search"]["unread"], json!([{"path": gone, "reason": "there is no such file"}]));
    assert!(stderr.contains(&format!("cannot read {}: there is no such file", gone.display())), "{stderr}");
    assert!(stderr.contains("no credentials found, but not everything could be read"), "{stderr}");
    assert_eq!(search(&session, &["gone"]).0, Status::Failed);
    for useless in [&["expiry", "-R"][..], &["expiry", "--cross-file-systems", "tree"], &["expiry", "-A", "-R"]] {
        assert_eq!(session.run(useless).status, Status::Usage, "{useless:?}");
    }
}

#[test]
fn a_kubeconfig_inside_of_a_found_file_is_looked_at_like_any_other() {
    let session = session();
    let planted = disk::plant(&session.home().join("disk"), 14, 0, at(NOW)).unwrap();
    let with_one =
        |planted: &&Planted| !["ann.pem", "outputs.tf", "cache.json"].iter().any(|name| planted.path.ends_with(name));
    for Planted { path, uid, .. } in planted.iter().filter(with_one) {
        let outcome = session.run(&["whoami", "-f", &path.display().to_string(), "-o", "name"]);
        assert_eq!(
            (outcome.status, outcome.stdout.trim()),
            (Status::Done, uid.as_str()),
            "{}: {outcome}",
            path.display()
        );
    }
    let text = ack_file(&ackcred_sandbox::kubeconfigs::Credential::of(&certificate())).yaml();
    session.write("two", format!("x: 1\n---\n{text}---\n{text}")).unwrap();
    let outcome = session.run(&["whoami", "-f", "two"]);
    assert_eq!(outcome.status, Status::Failed);
    assert!(
        outcome.stderr.contains("it holds 2 kubeconfigs")
            && outcome.stderr.contains("hint: copy the one that is meant"),
        "{outcome}"
    );
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_one_line_is_not_printed_as_one() {
    let session = session();
    let text = ack_file(&ackcred_sandbox::kubeconfigs::Credential::of(&certificate())).yaml();
    let plain = session.write("tree/plain", &text).unwrap();
    fs::write(session.home().join("tree/two\nlines"), &text).unwrap();
    let names = session.run(&["expiry", "-R", "tree", "-o", "name"]);
    assert_eq!(names.stdout, format!("{}\n", plain.display()));
    assert!(names.stderr.contains("-o name leaves out files whose names are not one line of text"), "{names}");
    assert_eq!(search(&session, &["tree"]).1["items"].as_array().unwrap().len(), 2);
}
