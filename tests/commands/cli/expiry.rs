//! `expiry`: one row a credential, whatever its state, and none lost.

use std::collections::{BTreeMap, BTreeSet};

use ackcred_sandbox::certs::{Authority, KeyKind, Subject, Validity};
use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use ackcred_sandbox::session::Session;
use insta::assert_snapshot;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cli::desk::{
    AUTHORITY, CLUSTER, NOW, OTHER_CLUSTER, UID, ack_file, at, certificate, certificate_of, certificate_until, days,
    document, jwt, printed, server_of, session, session_with,
};

/// Every kind of credential, sound and broken, by what it should be called.
fn credentials() -> Vec<(&'static str, Credential)> {
    let other = AUTHORITY.client(&Subject::ack("7-1"), Validity::ack(at(NOW)), KeyKind::OtherRsa).unwrap();
    let mismatch =
        Credential::Certificate { certificate: certificate().certificate_pem(), key: other.key().pkcs8_pem() };
    let second = |text: &str| at(text).as_second();
    let exec = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "somebody-elses", "interactiveMode": "Never"});
    vec![
        ("broken-pem", Credential::broken_pem()),
        ("truncated-base64", Credential::truncated_base64(&certificate())),
        ("mismatch", mismatch),
        ("no-file", Credential::CertificateFiles { certificate: "gone.crt".into(), key: "gone.key".into() }),
        ("no-token-file", Credential::TokenFile("gone".into())),
        ("none", Credential::None),
        ("expired", Credential::of(&certificate_until(days(-1)))),
        ("not-yet", Credential::of(&certificate_of(&Subject::ack(format!("{UID}-1")), "2026-01-02T00:00:00Z"))),
        ("expiring", Credential::of(&certificate_until(days(30)))),
        ("effective", Credential::of(&certificate_until(days(31)))),
        ("token", Credential::Token("opaque".into())),
        (
            "jwt",
            Credential::Token(jwt(
                &json!({"iat": second("2025-12-31T00:00:00Z"), "exp": second("2026-04-01T00:00:00Z")}),
            )),
        ),
        ("jwt-over", Credential::Token(jwt(&json!({"exp": second("2025-12-31T23:59:59Z")})))),
        ("basic", Credential::Basic { username: "admin".into(), password: "p".into() }),
        (
            "provider",
            Credential::AuthProvider {
                name: "oidc".into(),
                config: json!({"idp-issuer-url": "https://issuer", "refresh-token": "r"}),
            },
        ),
        ("exec", Credential::Exec(exec)),
        ("exec-ack", Credential::ack_ram_tool(CLUSTER, "/nowhere/cache")),
        ("exec-ack-token", Credential::ack_ram_tool_token(CLUSTER)),
    ]
}

fn every_kind() -> Session {
    let mut file = Kubeconfig::new().cluster("c", &server_of(CLUSTER), None).current("effective");
    for (name, credential) in credentials() {
        file = file.user(name, &credential).context(name, "c", name);
    }
    session_with(&file.context("no-user", "c", "left"))
}

#[test]
fn every_kind_of_credential_has_its_row_worst_first() {
    let session = every_kind();
    assert_snapshot!(printed(&session, &session.run(&["expiry", "-A"])), @r#"
    CONTEXT            CLUSTER-ID                          UID                  CREDENTIAL          EXPIRES                LEFT      STATUS
    mismatch           c5e8f0a1b2c3d4e5f60718293a4b5c6d7   200000000000000101   ClientCertificate   2028-01-01T00:00:01Z   730d      Invalid
    broken-pem         c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               ClientCertificate   <none>                 <none>    Invalid
    truncated-base64   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               ClientCertificate   <none>                 <none>    Invalid
    no-file            c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               ClientCertificate   <none>                 <none>    Missing
    no-token-file      c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               TokenFile           <none>                 <none>    Missing
    no-user            c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               None                <none>                 <none>    Missing
    none               c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               None                <none>                 <none>    Missing
    expired            c5e8f0a1b2c3d4e5f60718293a4b5c6d7   200000000000000101   ClientCertificate   2025-12-31T00:00:00Z   -1d       Expired
    jwt-over           c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               Token               2025-12-31T23:59:59Z   -1s       Expired
    not-yet            c5e8f0a1b2c3d4e5f60718293a4b5c6d7   200000000000000101   ClientCertificate   2029-01-01T00:00:00Z   1096d     NotYetValid
    expiring           c5e8f0a1b2c3d4e5f60718293a4b5c6d7   200000000000000101   ClientCertificate   2026-01-31T00:00:00Z   30d       Expiring
    basic              c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               Basic               <none>                 forever   Static
    token              c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               Token               <none>                 forever   Static
    effective          c5e8f0a1b2c3d4e5f60718293a4b5c6d7   200000000000000101   ClientCertificate   2026-02-01T00:00:00Z   31d       Effective
    jwt                c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               Token               2026-04-01T00:00:00Z   90d       Effective
    exec               c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               Exec                <none>                 <none>    Dynamic
    exec-ack           c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               Exec                <none>                 <none>    Dynamic
    exec-ack-token     c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               Exec                <none>                 <none>    Dynamic
    provider           c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>               AuthProvider        <none>                 <none>    Dynamic
    --- stderr
    warning: context "mismatch": the private key does not belong to the certificate
    --- exit 0
    "#);
    assert_snapshot!(printed(&session, &session.run(&["expiry", "-A", "-o", "csv"])), @r#"
    CONTEXT,CLUSTER-ID,UID,CREDENTIAL,EXPIRES,LEFT,STATUS,FILE,ISSUED,LIFETIME,SERIAL,CA-EXPIRES,REASON
    mismatch,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,200000000000000101,ClientCertificate,2028-01-01T00:00:01Z,730d,Invalid,[home]/.kube/config,2025-01-01T00:00:01Z,1095d,[serial],,the private key does not belong to the certificate
    broken-pem,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,ClientCertificate,,,Invalid,[home]/.kube/config,,,,,client-certificate-data: the CERTIFICATE block is damaged: its content is not base64
    truncated-base64,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,ClientCertificate,,,Invalid,[home]/.kube/config,,,,,"client-certificate-data: not base64: cut off, or its padding is wrong"
    no-file,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,ClientCertificate,,,Missing,[home]/.kube/config,,,,,client-certificate [home]/.kube/gone.crt: there is no such file
    no-token-file,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,TokenFile,,,Missing,[home]/.kube/config,,,,,tokenFile [home]/.kube/gone: there is no such file
    no-user,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,None,,,Missing,[home]/.kube/config,,,,,"there is no user ""left"""
    none,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,None,,,Missing,[home]/.kube/config,,,,,the user entry holds no credential
    expired,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,200000000000000101,ClientCertificate,2025-12-31T00:00:00Z,-1d,Expired,[home]/.kube/config,2023-01-01T00:00:00Z,1095d,[serial],,expired 1d ago
    jwt-over,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,Token,2025-12-31T23:59:59Z,-1s,Expired,[home]/.kube/config,,,,,expired 1s ago
    not-yet,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,200000000000000101,ClientCertificate,2029-01-01T00:00:00Z,1096d,NotYetValid,[home]/.kube/config,2026-01-02T00:00:00Z,1095d,[serial],,"valid from 2026-01-02T00:00:00Z, in 1d"
    expiring,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,200000000000000101,ClientCertificate,2026-01-31T00:00:00Z,30d,Expiring,[home]/.kube/config,2023-02-01T00:00:00Z,1095d,[serial],,ends in 30d
    basic,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,Basic,,forever,Static,[home]/.kube/config,,,,,a password has no end; API servers since Kubernetes 1.19 accept none
    token,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,Token,,forever,Static,[home]/.kube/config,,,,,the token contains no expiry
    effective,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,200000000000000101,ClientCertificate,2026-02-01T00:00:00Z,31d,Effective,[home]/.kube/config,2023-02-02T00:00:00Z,1095d,[serial],,
    jwt,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,Token,2026-04-01T00:00:00Z,90d,Effective,[home]/.kube/config,2025-12-31T00:00:00Z,91d,,,
    exec,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,Exec,,,Dynamic,[home]/.kube/config,,,,,the credential plugin renews it
    exec-ack,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,Exec,,,Dynamic,[home]/.kube/config,,,,,the credential plugin renews it
    exec-ack-token,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,Exec,,,Dynamic,[home]/.kube/config,,,,,the credential plugin renews it
    provider,c5e8f0a1b2c3d4e5f60718293a4b5c6d7,,AuthProvider,,,Dynamic,[home]/.kube/config,,,,,"the auth provider ""oidc"" fetches it with its refresh token"
    --- stderr
    warning: context "mismatch": the private key does not belong to the certificate
    --- exit 0
    "#);
}

#[test]
fn the_current_context_is_the_default() {
    let session = every_kind();
    assert_snapshot!(printed(&session, &session.run(&["expiry"])), @r#"
    CONTEXT     CLUSTER-ID                          UID                  CREDENTIAL          EXPIRES                LEFT   STATUS
    effective   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   200000000000000101   ClientCertificate   2026-02-01T00:00:00Z   31d    Effective
    --- exit 0
    "#);
    assert_snapshot!(printed(&session, &session.run(&["expiry", "--context", "jwt", "-o", "wide"])), @r#"
    CONTEXT   CLUSTER-ID   UID   CREDENTIAL   EXPIRES   LEFT   STATUS   FILE   ISSUED   LIFETIME   SERIAL   CA-EXPIRES   REASON
    jwt   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>   Token   2026-04-01T00:00:00Z   90d   Effective   [home]/.kube/config   2025-12-31T00:00:00Z   91d   <none>   <none>   <none>
    --- exit 0
    "#);
    assert_snapshot!(printed(&session, &session.run(&["expiry", "--context", "gone"])), @r#"
    --- stderr
    error: context "gone" does not exist; there is "none", "token", "exec", "jwt", "basic", …
    hint: choose one with --context
    --- exit 1
    "#);
}

#[test]
fn every_format_says_the_same() {
    let session = session_with(&ack_file(&Credential::of(&certificate())));
    let outcome = session.run(&["expiry", "-o", "json"]);
    let document = document(&outcome);
    assert_snapshot!(printed(&session, &outcome), @r#"
    {
      "apiVersion": "ackcred/v1",
      "kind": "ExpiryReport",
      "time": "2026-01-01T00:00:00Z",
      "items": [
        {
          "context": "200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
          "source": "[home]/.kube/config",
          "line": null,
          "clusterId": "c5e8f0a1b2c3d4e5f60718293a4b5c6d7",
          "uid": "200000000000000101",
          "commonName": "200000000000000101-1735689600",
          "credential": "ClientCertificate",
          "notBefore": "2025-01-01T00:00:01Z",
          "notAfter": "2028-01-01T00:00:01Z",
          "remainingSeconds": 63072001,
          "lifetimeSeconds": 94608000,
          "serial": "[serial]",
          "caNotAfter": null,
          "status": "Effective",
          "reason": null
        }
      ],
      "summary": {
        "Invalid": 0,
        "Missing": 0,
        "Expired": 0,
        "NotYetValid": 0,
        "Expiring": 0,
        "LongLived": 0,
        "Static": 0,
        "Effective": 1,
        "Dynamic": 0
      },
      "search": null
    }
    --- exit 0
    "#);
    let yaml = session.run(&["expiry", "-o", "yaml"]);
    assert_eq!(serde_saphyr::from_str::<Value>(&yaml.stdout).unwrap(), document);
    assert_snapshot!(session.run(&["expiry", "-o", "name"]), @r#"
    200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7
    --- exit 0
    "#);
}

/// The statuses that occur with these flags, and the exit code.
fn statuses(session: &Session, flags: &[&str]) -> (Vec<String>, u8) {
    let outcome = session.run(&[&["expiry", "-o", "json"], flags].concat());
    let items = document(&outcome)["items"].as_array().unwrap().clone();
    (items.iter().map(|item| item["status"].as_str().unwrap().to_owned()).collect(), outcome.status.code())
}

#[test]
fn within_and_max_lifetime_draw_the_lines() {
    let session = session_with(&ack_file(&Credential::of(&certificate_until(days(30)))));
    let one = |flags: &[&str]| statuses(&session, flags).0.remove(0);
    assert_eq!(one(&[]), "Expiring", "the last second of the thirtieth day counts");
    assert_eq!(one(&["--within", "29d"]), "Effective");
    assert_eq!(one(&["--within", "720h"]), "Expiring");
    assert_eq!(one(&["--within", "4w"]), "Effective");
    assert_eq!(one(&["--within", "5w"]), "Expiring");
    assert_eq!(one(&["--within", "29d", "--max-lifetime", "1095d"]), "Effective");
    assert_eq!(one(&["--within", "29d", "--max-lifetime", "1094d"]), "LongLived");
    assert_eq!(one(&["--max-lifetime", "24h"]), "Expiring", "what ends soon is worse than what lives long");
    let fixed = session_with(&ack_file(&Credential::Token("opaque".into())));
    assert_eq!(statuses(&fixed, &[]).0, ["Static"]);
    assert_eq!(statuses(&fixed, &["--max-lifetime", "24h"]).0, ["LongLived"]);
}

#[test]
fn fail_on_finds_its_words_and_no_others() {
    let session = every_kind();
    let words = ["invalid", "missing", "expired", "notyetvalid", "expiring", "static", "effective", "dynamic"];
    for word in words {
        assert_eq!(session.run(&["expiry", "-A", "--fail-on", word]).status, Status::Findings, "{word}");
    }
    assert_eq!(session.run(&["expiry", "-A", "--fail-on", "longlived"]).status, Status::Done);
    assert_eq!(statuses(&session, &["-A", "--fail-on", "longlived", "--max-lifetime", "1d"]).1, 3);
    assert_eq!(session.run(&["expiry", "--fail-on", "expired,invalid"]).status, Status::Done);
    assert_eq!(session.run(&["expiry", "--fail-on", "expired,EFFECTIVE"]).status, Status::Findings);
    assert_eq!(session.run(&["expiry", "--fail-on", "gone"]).status, Status::Usage);
    for duration in ["30", "x", "-1d", ""] {
        assert_eq!(session.run(&["expiry", "--within", duration]).status, Status::Usage, "{duration:?}");
    }
}

#[test]
fn a_file_gives_its_unused_users_too() {
    let session = session();
    let file =
        ack_file(&Credential::of(&certificate())).user("forgotten", &Credential::of(&certificate_until(days(-9))));
    session.write("leaked.yaml", file.yaml()).unwrap();
    assert_snapshot!(printed(&session, &session.run(&["expiry", "leaked.yaml"])), @"
    FILE   CONTEXT   CLUSTER-ID   UID   CREDENTIAL   EXPIRES   LEFT   STATUS
    [home]/leaked.yaml   <none>   <none>   200000000000000101   ClientCertificate   2025-12-23T00:00:00Z   -9d   Expired
    [home]/leaked.yaml   200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   200000000000000101   ClientCertificate   2028-01-01T00:00:01Z   730d   Effective
    --- exit 0
    ");
}

#[test]
fn a_folder_gives_its_kubeconfigs_and_no_deeper() {
    let session = session();
    session.write("d/a.yaml", ack_file(&Credential::of(&certificate())).yaml()).unwrap();
    session.write("d/config", ack_file(&Credential::Token("t".into())).yaml()).unwrap();
    session.write("d/notes.txt", "no kubeconfig\n").unwrap();
    session.write("d/deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\n").unwrap();
    session.write("d/broken.yaml", "apiVersion: v1\nkind: Config\nusers: [{name: a\n").unwrap();
    session.write("d/deeper/b.yaml", ack_file(&Credential::None).yaml()).unwrap();
    let outcome = session.run(&["expiry", "d", "-o", "wide"]);
    assert_snapshot!(printed(&session, &outcome), @"
    CONTEXT   CLUSTER-ID   UID   CREDENTIAL   EXPIRES   LEFT   STATUS   FILE   ISSUED   LIFETIME   SERIAL   CA-EXPIRES   REASON
    <none>   <none>   <none>   <none>   <none>   <none>   Invalid   [home]/d/broken.yaml   <none>   <none>   <none>   <none>   cannot use [home]/d/broken.yaml: not YAML that kubectl reads: line 3: unclosed bracket '{'
    200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>   Token   <none>   forever   Static   [home]/d/config   <none>   <none>   <none>   <none>   the token contains no expiry
    200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   200000000000000101   ClientCertificate   2028-01-01T00:00:01Z   730d   Effective   [home]/d/a.yaml   2025-01-01T00:00:01Z   1095d   [serial]   <none>   <none>
    --- stderr
    warning: cannot use [home]/d/broken.yaml: not YAML that kubectl reads: line 3: unclosed bracket '{'
    --- exit 4
    ");
    session.write("empty/notes.txt", "").unwrap();
    assert_snapshot!(printed(&session, &session.run(&["expiry", "empty"])), @r#"
    --- stderr
    no credentials found
    --- exit 0
    "#);
}

#[test]
fn files_that_cannot_be_read_are_rows_and_make_the_answer_incomplete() {
    let session = session();
    session.write("good", ack_file(&Credential::of(&certificate())).yaml()).unwrap();
    session.write("bad", "users: 7\n").unwrap();
    let outcome = session.run(&["expiry", "good", "gone", "bad", "-o", "json"]);
    assert_eq!(outcome.status, Status::Incomplete);
    assert_eq!(document(&outcome)["items"].as_array().unwrap().len(), 3);
    assert_snapshot!(printed(&session, &session.run(&["expiry", "gone", "-o", "wide"])), @"
    CONTEXT   CLUSTER-ID   UID   CREDENTIAL   EXPIRES   LEFT   STATUS   FILE   ISSUED   LIFETIME   SERIAL   CA-EXPIRES   REASON
    <none>   <none>   <none>   <none>   <none>   <none>   Missing   [home]/gone   <none>   <none>   <none>   <none>   cannot read [home]/gone: No such file or directory (os error 2)
    --- stderr
    warning: cannot read [home]/gone: No such file or directory (os error 2)
    --- exit 1
    ");
}

#[test]
fn the_cache_that_ack_ram_tool_leaves_is_a_credential_of_its_own() {
    let session = session();
    let cache = ".kube/cache/ack-ram-tool/credential-plugin";
    let identity = certificate_until(days(-3));
    let cached = json!({"status": {"clientCertificateData": identity.certificate_pem(), "clientKeyData": identity.key().pkcs1_pem()}});
    session.write(&format!("{cache}/{CLUSTER}-exec-auth-credential-v1beta1.json"), cached.to_string()).unwrap();
    session.write(&format!("{cache}/{OTHER_CLUSTER}-exec-auth-credential-v1beta1.json"), cached.to_string()).unwrap();
    let file = ack_file(&Credential::ack_ram_tool(CLUSTER, &session.home().join(cache).display().to_string()));
    session.write(".kube/config", file.yaml()).unwrap();
    assert_snapshot!(printed(&session, &session.run(&["expiry", "-o", "wide"])), @r#"
    CONTEXT   CLUSTER-ID   UID   CREDENTIAL   EXPIRES   LEFT   STATUS   FILE   ISSUED   LIFETIME   SERIAL   CA-EXPIRES   REASON
    200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   200000000000000101   Exec   2025-12-29T00:00:00Z   -3d   Expired   [home]/.kube/cache/ack-ram-tool/credential-plugin/c5e8f0a1b2c3d4e5f60718293a4b5c6d7-exec-auth-credential-v1beta1.json   2022-12-30T00:00:00Z   1095d   [serial]   <none>   expired 3d ago
    200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   <none>   Exec   <none>   <none>   Dynamic   [home]/.kube/config   <none>   <none>   <none>   <none>   the credential plugin renews it
    --- exit 0
    "#);
    assert_eq!(session.run(&["expiry", "--fail-on", "expired"]).status, Status::Findings);
}

#[test]
fn in_a_bundle_the_leaf_decides_and_an_earlier_end_of_its_ca_is_reported() {
    let authority = Authority::valid(Validity::starting(at("2025-01-01T00:00:00Z"), days(400))).unwrap();
    let identity = authority
        .client(&Subject::ack(format!("{UID}-1")), Validity::ack(at("2025-06-01T00:00:00Z")), KeyKind::Rsa)
        .unwrap();
    let credential =
        Credential::Certificate { certificate: identity.bundle_pem(&authority), key: identity.key().pkcs8_pem() };
    let session = session_with(&ack_file(&credential));
    assert_snapshot!(printed(&session, &session.run(&["expiry", "-o", "wide"])), @r#"
    CONTEXT   CLUSTER-ID   UID   CREDENTIAL   EXPIRES   LEFT   STATUS   FILE   ISSUED   LIFETIME   SERIAL   CA-EXPIRES   REASON
    200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7   c5e8f0a1b2c3d4e5f60718293a4b5c6d7   200000000000000101   ClientCertificate   2028-05-31T00:00:00Z   881d   Effective   [home]/.kube/config   2025-06-01T00:00:00Z   1095d   [serial]   2026-02-05T00:00:00Z   <none>
    --- stderr
    warning: context "200000000000000101-c5e8f0a1b2c3d4e5f60718293a4b5c6d7": a CA certificate in the bundle ends earlier, at 2026-02-05T00:00:00Z
    --- exit 0
    "#);
}

/// 200 contexts in five files, as an operator of many clusters has them.
#[test]
fn of_two_hundred_contexts_in_five_files_none_is_lost() {
    let kinds = credentials();
    let session = session();
    let mut expected = BTreeMap::new();
    let mut paths = Vec::new();
    for number in 0..5 {
        let mut file = Kubeconfig::new().cluster(&format!("cluster-{number}"), &server_of(CLUSTER), None);
        for index in 0..40 {
            let (kind, credential) = &kinds[(number * 40 + index) % kinds.len()];
            let name = format!("context-{number}-{index}-{kind}");
            let user = format!("user-{number}-{index}");
            file = file.user(&user, credential).context(&name, &format!("cluster-{number}"), &user);
            expected.insert(name, *kind);
        }
        paths.push(session.write(&format!("files/{number}"), file.yaml()).unwrap());
    }
    let session = session.with("KUBECONFIG", std::env::join_paths(paths).unwrap());
    assert_eq!(expected.len(), 200);

    let outcome = session.run(&["expiry", "-A", "-o", "json"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    let document = document(&outcome);
    let items = document["items"].as_array().unwrap();
    assert_eq!(items.len(), 200);
    let seen: BTreeSet<&str> = items.iter().map(|item| item["context"].as_str().unwrap()).collect();
    assert!(expected.keys().map(String::as_str).eq(seen.iter().copied()));

    for item in items {
        let context = item["context"].as_str().unwrap();
        let status = match expected[context] {
            "broken-pem" | "truncated-base64" | "mismatch" => "Invalid",
            "no-file" | "no-token-file" | "none" => "Missing",
            "expired" | "jwt-over" => "Expired",
            "not-yet" => "NotYetValid",
            "expiring" => "Expiring",
            "token" | "basic" => "Static",
            "effective" | "jwt" => "Effective",
            "provider" | "exec" | "exec-ack" | "exec-ack-token" => "Dynamic",
            other => panic!("{other} has no status"),
        };
        assert_eq!(item["status"], status, "{item:#}");
        assert!(item["source"].as_str().unwrap().ends_with(&format!("files/{}", &context[8..9])), "{item:#}");
    }
    let counts: u64 = document["summary"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(counts, 200);
    for (word, status) in
        [("expired", Status::Findings), ("invalid,expired", Status::Findings), ("longlived", Status::Done)]
    {
        assert_eq!(session.run(&["expiry", "-A", "--fail-on", word]).status, status, "{word}");
    }
    let table = session.run(&["expiry", "-A", "--no-headers"]);
    assert_eq!(table.stdout.lines().count(), 200);
}

#[test]
fn a_file_from_elsewhere_is_not_followed_outside_its_folder_and_ones_own_is() {
    let session = session();
    let identity = certificate();
    let elsewhere = session.write("pki/ann.crt", identity.certificate_pem()).unwrap();
    let key = session.write("pki/ann.key", identity.key().pkcs8_pem()).unwrap();
    let files =
        Credential::CertificateFiles { certificate: elsewhere.display().to_string(), key: key.display().to_string() };
    let yaml = ack_file(&files).yaml();
    session.write("downloads/found.yaml", &yaml).unwrap();
    session.write(".kube/config", &yaml).unwrap();
    let status = |path: &str| document(&session.run(&["expiry", path, "-o", "json"]))["items"][0]["status"].clone();
    assert_eq!(status("downloads/found.yaml"), "Missing");
    assert_eq!(status(".kube/config"), "Effective");
}
