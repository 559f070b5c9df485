//! `whoami`: the file's claims, the API server's and nobody else's.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, Fault};
use ackcred_sandbox::certs::{KeyKind, Subject};
use ackcred_sandbox::cluster::Cluster as _;
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::session::Session;
use insta::assert_snapshot;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cli::desk::{
    AUTHORITY, CLUSTER, NOW, OTHER_CLUSTER, Trap, UID, ack_file, at, certificate, certificate_of, document, jwt,
    printed, server_of, session, session_with,
};

fn acks() -> Session {
    let identity = certificate();
    let credential = Credential::Certificate {
        certificate: identity.bundle_pem(&AUTHORITY),
        key: identity.key().pkcs1_pem().unwrap(),
    };
    session_with(&ack_file(&credential))
}

#[test]
fn an_ack_file_tells_whose_it_is_for_which_cluster_and_how_long() {
    let session = acks();
    let outcome = session.run(&["whoami", "--offline"]);
    assert_snapshot!(printed(&session, &outcome), @"
    ATTRIBUTE   VALUE
    Context   200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7
    Source   [home]/.kube/config
    Cluster   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   from the server's host name
    Server   https://apiserver.c5e8f0a1b2c3d4e5f60718293a4b5c6d7.cn-hangzhou.cs.aliyuncs.com:6443
    Credential   ClientCertificate
    Subject   CN=200000000000000101-1735689600, O=system:users
    Serial   [serial]
    SHA-256   [fingerprint]
    RAM UID   200000000000000101
    RAM identity   Unknown (the cloud was not asked)
    Issued   2025-01-01T00:00:01Z
    Expires   2028-01-01T00:00:01Z   in 730d, lifetime 1095d
    Status   Effective
    --- exit 0
    ");
}

#[test]
fn every_format_says_the_same() {
    let session = acks();
    let outcome = session.run(&["whoami", "--offline", "-o", "json"]);
    let document = document(&outcome);
    assert_eq!(document["kind"], "WhoAmI");
    assert_snapshot!(printed(&session, &outcome), @r#"
    {
      "apiVersion": "ackcred/v1",
      "kind": "WhoAmI",
      "context": "200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
      "source": "[home]/.kube/config",
      "cluster": {
        "id": "c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
        "idFrom": "ServerHost",
        "confirmed": null,
        "server": "https://apiserver.c5e8f0a1b2c3d4e5f60718293a4b5c6d7.cn-hangzhou.cs.aliyuncs.com:6443",
        "name": "kubernetes"
      },
      "credential": {
        "kind": "ClientCertificate",
        "subject": {
          "commonName": "200000000000000101-1735689600",
          "organizations": [
            "system:users"
          ]
        },
        "serial": "[serial]",
        "sha256": "[fingerprint]",
        "notBefore": "2025-01-01T00:00:01Z",
        "notAfter": "2028-01-01T00:00:01Z",
        "remainingSeconds": 63072001,
        "lifetimeSeconds": 94608000,
        "status": "Effective",
        "reason": null
      },
      "otherCredentials": [],
      "identity": {
        "uid": "200000000000000101",
        "type": "Unknown",
        "name": null,
        "state": "Unknown",
        "evidence": "the cloud was not asked"
      },
      "apiServer": null,
      "cloud": null,
      "warnings": []
    }
    --- exit 0
    "#);

    let yaml = session.run(&["whoami", "--offline", "-o", "yaml"]);
    assert_eq!(serde_saphyr::from_str::<Value>(&yaml.stdout).unwrap(), document);

    assert_snapshot!(session.run(&["whoami", "--offline", "-o", "name"]), @r#"
    200000000000000101
    --- exit 0
    "#);
    let csv = session.run(&["whoami", "--offline", "-o", "csv"]);
    assert_snapshot!(printed(&session, &csv), @r#"
    ATTRIBUTE,VALUE
    Context,200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7
    Source,[home]/.kube/config
    Cluster,c5e8f0a1b2c3d4e5f60718293a4b5c6d7   from the server's host name
    Server,https://apiserver.c5e8f0a1b2c3d4e5f60718293a4b5c6d7.cn-hangzhou.cs.aliyuncs.com:6443
    Credential,ClientCertificate
    Subject,"CN=200000000000000101-1735689600, O=system:users"
    Serial,[serial]
    SHA-256,[fingerprint]
    RAM UID,200000000000000101
    RAM identity,Unknown (the cloud was not asked)
    Issued,2025-01-01T00:00:01Z
    Expires,"2028-01-01T00:00:01Z   in 730d, lifetime 1095d"
    Status,Effective
    --- exit 0
    "#);
    let table = session.run(&["whoami", "--offline"]);
    assert_eq!(session.run(&["whoami", "--offline", "-o", "wide"]), table);
}

#[test]
fn without_a_kubeconfig_the_next_step_is_reported() {
    let nothing = session();
    assert_snapshot!(printed(&nothing, &nothing.run(&["whoami"])), @r#"
    --- stderr
    error: no kubeconfig found at [home]/.kube/config
    hint: name one with --kubeconfig; kubectl ackcred whoami -f FILE looks at a single file
    --- exit 1
    "#);
    let named = session().with("KUBECONFIG", "/nowhere/a:/nowhere/b");
    assert_snapshot!(named.run(&["whoami"]), @r#"
    --- stderr
    error: no kubeconfig found at /nowhere/a, /nowhere/b
    hint: name one with --kubeconfig; kubectl ackcred whoami -f FILE looks at a single file
    --- exit 1
    "#);
    let flag = session();
    assert_snapshot!(printed(&flag, &flag.run(&["whoami", "--kubeconfig", "gone"])), @r#"
    --- stderr
    error: cannot read [home]/gone: No such file or directory (os error 2)
    --- exit 1
    "#);
    let leaked = session();
    assert_snapshot!(printed(&leaked, &leaked.run(&["whoami", "-f", "gone"])), @r#"
    --- stderr
    error: cannot read [home]/gone: No such file or directory (os error 2)
    --- exit 1
    "#);
}

#[test]
fn what_is_named_and_not_there_is_reported() {
    let token = Credential::Token("t".into());
    let file = Kubeconfig::new().cluster("c", &server_of(CLUSTER), None).user("u", &token);
    let dangling = session_with(&file.clone().context("a", "c", "u").current("gone"));
    assert_snapshot!(printed(&dangling, &dangling.run(&["whoami"])), @r#"
    --- stderr
    error: current-context of [home]/.kube/config names "gone", which does not exist; there is "a"
    hint: choose one with --context
    --- exit 1
    "#);
    assert_snapshot!(printed(&dangling, &dangling.run(&["whoami", "--context", "b"])), @r#"
    --- stderr
    error: context "b" does not exist; there is "a"
    hint: choose one with --context
    --- exit 1
    "#);
    let none = session_with(&file.clone().context("a", "c", "u").context("b", "c", "u"));
    assert_snapshot!(printed(&none, &none.run(&["whoami"])), @r#"
    --- stderr
    error: no context is chosen: no current-context is set and none is named; there is "a", "b"
    hint: choose one with --context
    --- exit 1
    "#);
    let no_user = session_with(&file.clone().context("a", "c", "left").current("a"));
    assert_snapshot!(printed(&no_user, &no_user.run(&["whoami", "--offline"])), @r#"
    ATTRIBUTE   VALUE
    Context   a
    Source   [home]/.kube/config
    Cluster   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   from the server's host name
    Server   https://apiserver.c5e8f0a1b2c3d4e5f60718293a4b5c6d7.cn-hangzhou.cs.aliyuncs.com:6443
    Credential   None
    RAM UID   <none>
    RAM identity   <none>
    Issued   <none>
    Expires   <none>
    Status   Missing: there is no user "left"
    --- exit 0
    "#);
    let no_cluster = session_with(&file.context("a", "left", "u").current("a"));
    assert_snapshot!(printed(&no_cluster, &no_cluster.run(&["whoami", "--offline"])), @"
    ATTRIBUTE   VALUE
    Context   a
    Source   [home]/.kube/config
    Cluster   <none>
    Server   <none>
    Credential   Token
    RAM UID   <none>
    RAM identity   <none>
    Issued   <none>
    Expires   <none>
    Status   Static: the token contains no expiry
    --- exit 0
    ");
}

#[test]
fn a_leaked_file_is_looked_at_and_nothing_more() {
    let trap = Trap::set();
    let session = acks();
    let ran = session.home().join("ran");
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1beta1", "command": "/bin/sh",
        "args": ["-c", format!("touch {}", ran.display())], "interactiveMode": "Never",
    });
    session.write("mine/token", "my-own-token").unwrap();
    session.write("mine/client.crt", certificate().certificate_pem()).unwrap();
    session.write("leak/token", jwt(&json!({"sub": "someone", "exp": 1_800_000_000}))).unwrap();
    std::os::unix::fs::symlink("../mine/token", session.home().join("leak/link")).unwrap();
    let mine = |name: &str| session.home().join("mine").join(name).display().to_string();
    let users = [
        ("exec", Credential::Exec(exec)),
        ("files", Credential::CertificateFiles { certificate: mine("client.crt"), key: mine("client.crt") }),
        ("dots", Credential::TokenFile("../mine/token".into())),
        ("link", Credential::TokenFile("link".into())),
        ("absolute", Credential::TokenFile(mine("token"))),
        ("beside", Credential::TokenFile("token".into())),
    ];
    let mut file = Kubeconfig::new().cluster("c", &trap.url(), None);
    for (name, credential) in &users {
        file = file.user(name, credential).context(name, "c", name);
    }
    session.write("leak/config", file.yaml()).unwrap();

    let mut said = Vec::new();
    for (name, _) in &users {
        let outcome = session.run(&["whoami", "-f", "leak/config", "--context", name, "-o", "json"]);
        let document = document(&outcome);
        let credential = &document["credential"];
        assert_eq!(document["apiServer"], Value::Null, "{outcome}");
        assert!(!outcome.to_string().contains("my-own-token"));
        said.push(format!(
            "{name}: {} {} {} exit {}",
            credential["kind"].as_str().unwrap(),
            credential["status"].as_str().unwrap(),
            credential["reason"],
            outcome.status.code()
        ));
    }
    trap.assert_untouched();
    assert!(!ran.exists(), "the leaked file's plugin was run");
    let said = said.join("\n").replace(&session.home().display().to_string(), "[home]");
    assert_snapshot!(said, @r#"
    exec: Exec Dynamic "the credential plugin renews it" exit 0
    files: ClientCertificate Missing "client-certificate [home]/mine/client.crt: it lies outside the kubeconfig's folder and was not read" exit 0
    dots: TokenFile Missing "tokenFile [home]/mine/token: it lies outside the kubeconfig's folder and was not read" exit 0
    link: TokenFile Missing "tokenFile [home]/leak/link: it lies outside the kubeconfig's folder and was not read" exit 0
    absolute: TokenFile Missing "tokenFile [home]/mine/token: it lies outside the kubeconfig's folder and was not read" exit 0
    beside: TokenFile Effective null exit 0
    "#);
}

#[test]
fn flags_that_lead_elsewhere_make_no_sense_for_a_leaked_file() {
    let trap = Trap::set();
    let session = session();
    let credential = Credential::of(&certificate());
    let file = Kubeconfig::ack(&trap.url(), &AUTHORITY.certificate_pem(), CLUSTER, UID, &credential);
    session.write("leaked", file.yaml()).unwrap();
    for (flag, value) in [("--token", "x"), ("--server", &*trap.url()), ("--as", "root"), ("--user", "other")] {
        assert_eq!(session.run(&["whoami", "-f", "leaked", flag, value]).status, Status::Usage, "{flag}");
    }
    trap.assert_untouched();
}

#[test]
fn a_password_in_the_servers_address_is_not_shown() {
    let session = session();
    let credential = Credential::of(&certificate());
    let server = "https://me:hunter2@h.example/path?tok=q";
    session.write("leaked", Kubeconfig::ack(server, "", CLUSTER, UID, &credential).yaml()).unwrap();
    let outcome = session.run(&["whoami", "-f", "leaked", "--offline", "-o", "json"]);
    assert_eq!(document(&outcome)["cluster"]["server"], "https://h.example/path");
    assert!(!outcome.to_string().contains("hunter2"), "{outcome}");
}

#[test]
fn what_the_reader_must_know_is_a_warning() {
    let masters = certificate_of(&Subject::user("kubernetes-admin", ["system:masters"]), "2025-01-01T00:00:00Z");
    let session = session_with(&ack_file(&Credential::of(&masters)));
    assert_snapshot!(printed(&session, &session.run(&["whoami", "--offline"])), @"
    ATTRIBUTE   VALUE
    Context   200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7
    Source   [home]/.kube/config
    Cluster   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   from the server's host name
    Server   https://apiserver.c5e8f0a1b2c3d4e5f60718293a4b5c6d7.cn-hangzhou.cs.aliyuncs.com:6443
    Credential   ClientCertificate
    Subject   CN=kubernetes-admin, O=system:masters
    Serial   [serial]
    SHA-256   [fingerprint]
    RAM UID   <none>
    RAM identity   <none>
    Issued   2025-01-01T00:00:00Z
    Expires   2028-01-01T00:00:00Z   in 730d, lifetime 1095d
    Status   Effective
    --- stderr
    warning: the certificate is in system:masters: RBAC can't take its rights away while it is valid
    --- exit 0
    ");

    let other = AUTHORITY
        .client(&Subject::ack("7-1"), ackcred_sandbox::certs::Validity::ack(at(NOW)), KeyKind::OtherRsa)
        .unwrap();
    let mismatch =
        Credential::Certificate { certificate: certificate().certificate_pem(), key: other.key().pkcs8_pem() };
    let session = session_with(&ack_file(&mismatch));
    let outcome = session.run(&["whoami", "--offline", "-o", "json"]);
    let document = document(&outcome);
    assert_snapshot!(format!("{}\n{}exit {}", document["credential"]["reason"], outcome.stderr, outcome.status.code()), @r#"
    "the private key does not belong to the certificate"
    warning: the private key does not belong to the certificate
    exit 0
    "#);
}

#[test]
fn files_that_others_may_read_are_reported() {
    let session = session();
    let files = Credential::CertificateFiles { certificate: "client.crt".into(), key: "client.key".into() };
    let identity = certificate();
    session.write("k/client.crt", identity.certificate_pem()).unwrap();
    let key = session.write("k/client.key", identity.key().pkcs8_pem()).unwrap();
    let config = session.write("k/config", ack_file(&files).yaml()).unwrap();
    let args = ["whoami", "--offline", "--kubeconfig", "k/config", "-q"];
    assert_eq!(session.run(&args).stderr, "");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o604)).unwrap();
    let outcome = session.run(&args);
    let stderr = outcome.stderr.replace(&session.home().display().to_string(), "[home]");
    assert_snapshot!(stderr, @"warning: [home]/k/client.key is open to others (mode 0640)");
}

#[test]
fn a_kubeconfig_with_a_secret_in_it_is_not_for_others() {
    let session = session_with(&ack_file(&Credential::Token("t".into())));
    fs::set_permissions(session.home().join(".kube/config"), fs::Permissions::from_mode(0o644)).unwrap();
    let outcome = session.run(&["whoami", "--offline", "-o", "json"]);
    let warnings = document(&outcome)["warnings"].to_string();
    assert_eq!(outcome.status, Status::Done);
    assert!(warnings.contains(".kube/config") && warnings.contains("0644"), "{warnings}");
    assert!(outcome.stderr.contains("0644"), "{outcome}");
    let expiry = session.run(&["expiry"]);
    assert!(expiry.stderr.contains("0644"), "{expiry}");
}

#[test]
fn the_api_server_confirms_or_contradicts() {
    for (told_id, verdict) in [(CLUSTER, true), (OTHER_CLUSTER, false)] {
        let server = ApiServer::start(ApiServerOptions::default()).unwrap();
        let profile = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ack-cluster-profile", "namespace": "kube-system"},
            "data": {"clusterid": told_id, "uid": "1000000000000001"},
        });
        server.put(profile, "ack").unwrap();
        let subject = Subject::user(format!("{UID}-1735689600"), ["system:masters"]);
        let credential = Credential::of(&server.client(&subject).unwrap());
        let file = Kubeconfig::ack(&server.url(), &server.ca_pem(), CLUSTER, UID, &credential);
        let session = session_with(&file);
        let outcome = session.run(&["whoami", "-o", "json"]);
        let document = document(&outcome);
        assert_eq!(outcome.status, Status::Done, "{outcome}");
        assert_eq!(document["cluster"]["id"], told_id);
        assert_eq!(document["apiServer"]["username"], format!("{UID}-1735689600"));
        assert_eq!(document["apiServer"]["groups"], json!(["system:masters", "system:authenticated"]));
        assert_eq!(document["identity"]["uid"], UID);
        let warnings = document["warnings"].to_string();
        assert_eq!(!warnings.contains(OTHER_CLUSTER), verdict, "{warnings}");
        let asked: Vec<_> = server.faults().exchanges().into_iter().map(|e| (e.method, e.path)).collect();
        assert_eq!(asked.len(), 2, "{asked:?}");
    }
}

#[test]
fn an_api_server_that_fails_is_shown_failing_beside_the_file() {
    let server = ApiServer::start(ApiServerOptions::default()).unwrap();
    let credential = Credential::of(&server.client(&Subject::ack(format!("{UID}-1"))).unwrap());
    let file = Kubeconfig::ack(&server.url(), &server.ca_pem(), CLUSTER, UID, &credential);
    let session = session_with(&file);
    let reading = |session: &Session| {
        let outcome = session.run(&["whoami", "-o", "json", "--request-timeout", "30s"]);
        let document = document(&outcome);
        assert_eq!(document["identity"]["uid"], UID, "the file's claim stands");
        let error = document["apiServer"]["error"].as_str().unwrap_or("none").replace(&server.url(), "[server]");
        format!("{error}; exit {}", outcome.status.code())
    };
    server.faults().add("*", "/", 9, Fault::DropRequest);
    assert_snapshot!(reading(&session), @"[server]: can't create selfsubjectreviews.authentication.k8s.io: the connection was closed before the answer was complete; exit 4");
    server.faults().clear();
    let page = Fault::Answer { code: 200, content_type: "text/html", body: "<html>Sign in</html>".into() };
    server.faults().add("*", "/", 9, page);
    assert_snapshot!(reading(&session), @"[server]: can't create selfsubjectreviews.authentication.k8s.io: the answer is not from a Kubernetes API server: text/html instead of JSON (HTTP 200); exit 4");
    server.faults().clear();
    server.faults().add("*", "/", 9, Fault::refusal(401, "Unauthorized", "Unauthorized"));
    assert_snapshot!(reading(&session), @"[server]: can't create selfsubjectreviews.authentication.k8s.io: Unauthorized (Unauthorized, HTTP 401); exit 4");
    server.faults().clear();
    // Kubernetes before 1.28 doesn't know the question.
    let unknown = Fault::refusal(404, "NotFound", "the server could not find the requested resource");
    server.faults().add("POST", "selfsubjectreviews", 9, unknown);
    assert_snapshot!(reading(&session), @"no selfsubjectreviews, as before Kubernetes 1.28: it can't say which user it sees; exit 4");
}

#[test]
fn a_profile_that_may_not_be_read_is_no_failure() {
    let server = ApiServer::start(ApiServerOptions::default()).unwrap();
    let session = session_with(&Kubeconfig::ack(
        &server.url(),
        &server.ca_pem(),
        CLUSTER,
        UID,
        &Credential::of(&server.client(&Subject::ack(format!("{UID}-1"))).unwrap()),
    ));
    let outcome = session.run(&["whoami", "-o", "json"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    let document = document(&outcome);
    assert_eq!((&document["cluster"]["id"], &document["cluster"]["confirmed"]), (&json!(CLUSTER), &Value::Null));
}

#[test]
fn a_token_is_read_without_being_believed() {
    let token = jwt(&json!({"sub": "system:serviceaccount:shop:robot", "iat": 1_764_547_200, "exp": 1_767_139_200}));
    let session = session_with(&ack_file(&Credential::Token(token)));
    assert_snapshot!(printed(&session, &session.run(&["whoami", "--offline"])), @"
    ATTRIBUTE   VALUE
    Context   200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7
    Source   [home]/.kube/config
    Cluster   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   from the server's host name
    Server   https://apiserver.c5e8f0a1b2c3d4e5f60718293a4b5c6d7.cn-hangzhou.cs.aliyuncs.com:6443
    Credential   Token
    RAM UID   <none>
    RAM identity   <none>
    Issued   2025-12-01T00:00:00Z
    Expires   2025-12-31T00:00:00Z   1d ago, lifetime 30d
    Status   Expired: expired 1d ago
    --- exit 0
    ");
}
