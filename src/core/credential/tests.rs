use super::entry::kind_of;
use super::*;
use crate::core::fixtures::{CertificateFixture, RSA_PKCS1, at, key, rsa_key};
use crate::core::kubeconfig::{AuthProvider, Data, Exec};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use rcgen::{DnType, PKCS_ECDSA_P256_SHA256};
use std::collections::BTreeMap;
use std::path::PathBuf;

const CERTIFICATE_FILE: &str = "/kube/client.crt";
const KEY_FILE: &str = "/kube/client.key";

fn decoded(text: &str) -> Option<Data> {
    Some(Data::Decoded(text.as_bytes().to_vec()))
}

fn secret(text: &str) -> Option<Secret<String>> {
    Some(Secret::new(text.to_owned()))
}

fn read(text: &str) -> FileContent {
    FileContent::Read { bytes: Secret::new(text.as_bytes().to_vec()), mode: Some(0o600) }
}

fn ack_user() -> User {
    inline(&CertificateFixture::ack("20407123-1673419473").pem(&rsa_key()), RSA_PKCS1)
}

fn inline(certificate: &str, key: &str) -> User {
    User {
        client_certificate_data: decoded(certificate),
        client_key_data: decoded(key).map(Secret::new),
        ..User::default()
    }
}

fn by_files() -> User {
    User {
        client_certificate: Some(PathBuf::from(CERTIFICATE_FILE)),
        client_key: Some(PathBuf::from(KEY_FILE)),
        ..User::default()
    }
}

fn assess(user: &User) -> Credential {
    Credential::assess(user, &Material::default())
}

fn jwt(claims: &str) -> String {
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims))
}

fn invalid(credential: &Credential) -> &str {
    match &credential.problem {
        Some(Problem::Invalid(reason)) => reason,
        other => panic!("not invalid but {other:?}"),
    }
}

fn missing(credential: &Credential) -> &str {
    match &credential.problem {
        Some(Problem::Missing(reason)) => reason,
        other => panic!("not missing but {other:?}"),
    }
}

#[test]
fn an_ack_certificate_tells_uid_subject_and_dates() {
    let credential = assess(&ack_user());
    assert_eq!(credential.kind, CredentialKind::ClientCertificate);
    assert_eq!(credential.uid, Uid::parse("20407123"));
    assert_eq!(credential.not_before, Some(at("2023-01-11T06:44:34Z")));
    assert_eq!(credential.not_after, Some(at("2026-01-10T06:44:34Z")));
    assert_eq!((credential.problem, credential.warnings), (None, vec![]));
}

#[test]
fn a_common_name_that_is_no_ram_identity_gives_no_uid() {
    let credential = assess(&inline(&CertificateFixture::ack("alice").pem(&rsa_key()), RSA_PKCS1));
    assert_eq!((credential.uid, credential.problem), (None, None));
}

#[test]
fn a_key_of_another_certificate_makes_it_invalid_and_keeps_its_dates() {
    let other = key(&PKCS_ECDSA_P256_SHA256);
    let credential = assess(&inline(&CertificateFixture::ack("1-1").pem(&other), RSA_PKCS1));
    assert_eq!(invalid(&credential), "the private key does not belong to the certificate");
    assert_eq!(credential.warnings, [Warning::KeyMismatch]);
    assert!(credential.not_after.is_some());
}

#[test]
fn a_ca_that_comes_first_is_named_and_not_called_an_earlier_ca() {
    let ca = CertificateFixture::ca("ca").pem(&key(&PKCS_ECDSA_P256_SHA256));
    let leaf = CertificateFixture::ack("1-1").valid("2020-01-01T00:00:00Z", "2025-01-01T00:00:00Z").pem(&rsa_key());
    let credential = assess(&inline(&(ca + &leaf), RSA_PKCS1));
    let reason = "the first certificate in the bundle is a CA's; the client certificate must come first";
    assert_eq!(invalid(&credential), format!("client-certificate-data: {reason}"));
    assert_eq!(credential.warnings, []);
}

#[test]
fn membership_in_masters_and_an_earlier_ca_are_warned_of() {
    let organization = DnType::CustomDnType(vec![2, 5, 4, 10]);
    let leaf = CertificateFixture::ack("1-1").with(organization, "system:masters").pem(&rsa_key());
    let ca = CertificateFixture::ca("ca").valid("2020-01-01T00:00:00Z", "2025-01-01T00:00:00Z").pem(&rsa_key());
    let credential = assess(&inline(&(leaf + &ca), RSA_PKCS1));
    assert_eq!(credential.warnings, [Warning::Masters, Warning::EarlierCa(at("2025-01-01T00:00:00Z"))]);
    assert_eq!(credential.not_after, Some(at("2026-01-10T06:44:34Z")));
}

#[test]
fn broken_parts_are_invalid_and_absent_parts_missing() {
    let mut user = ack_user();
    user.client_certificate_data = Some(Data::Malformed("odd length".into()));
    assert_eq!(invalid(&assess(&user)), "client-certificate-data: odd length");
    user = ack_user();
    user.client_key_data = Some(Secret::new(Data::Malformed("odd length".into())));
    assert_eq!(invalid(&assess(&user)), "client-key-data: odd length");
    user.client_key_data = None;
    assert_eq!(missing(&assess(&user)), "the certificate has no private key beside it");
    user = inline("hunter2", RSA_PKCS1);
    assert_eq!(invalid(&assess(&user)), "client-certificate-data: no PEM block in it");
    let pem = CertificateFixture::ack("1").pem(&rsa_key());
    assert_eq!(invalid(&assess(&inline(&pem, "hunter2"))), "client-key-data: no PEM block in it");
}

#[test]
fn files_are_assessed_like_inline_data() {
    let mut material = Material {
        certificate: Some(read(&CertificateFixture::ack("7-1").pem(&rsa_key()))),
        key: Some(read(RSA_PKCS1)),
        ..Material::default()
    };
    let credential = Credential::assess(&by_files(), &material);
    assert_eq!((credential.uid, credential.problem), (Uid::parse("7"), None));

    material.key = Some(FileContent::Missing);
    let credential = Credential::assess(&by_files(), &material);
    assert_eq!(missing(&credential), "client-key /kube/client.key: there is no such file");
    assert!(credential.not_after.is_some());
    material.key = Some(FileContent::Unreadable("permission denied".into()));
    assert_eq!(invalid(&Credential::assess(&by_files(), &material)), "client-key /kube/client.key: permission denied");
    material.certificate = Some(FileContent::NotAllowed);
    let credential = Credential::assess(&by_files(), &material);
    assert!(missing(&credential).contains("outside the kubeconfig's folder"));
}

#[test]
fn a_key_that_must_not_be_read_is_not_called_missing() {
    let material = Material {
        certificate: Some(read(&CertificateFixture::ack("7-1").pem(&rsa_key()))),
        key: Some(FileContent::NotAllowed),
        ..Material::default()
    };
    let credential = Credential::assess(&by_files(), &material);
    assert_eq!(credential.problem, None);
    assert!(matches!(credential.warnings[..], [Warning::KeyUnchecked(_)]));
}

#[test]
fn inline_data_wins_over_the_file_and_empty_data_does_not() {
    let mut user = User { client_certificate_data: decoded(""), ..by_files() };
    let material = Material {
        certificate: Some(read(&CertificateFixture::ack("7-1").pem(&rsa_key()))),
        key: Some(read(RSA_PKCS1)),
        ..Material::default()
    };
    assert_eq!(Credential::assess(&user, &material).uid, Uid::parse("7"));
    user.client_certificate_data = decoded(&CertificateFixture::ack("8-1").pem(&rsa_key()));
    assert_eq!(Credential::assess(&user, &material).uid, Uid::parse("8"));
}

#[test]
fn of_several_credentials_the_one_that_decides_the_identity_counts() {
    use CredentialKind::{
        AuthProvider as Provider, Basic, ClientCertificate, Exec as Plugin, Token as Bearer, TokenFile,
    };
    let mut user = ack_user();
    user.token_file = Some("/kube/token".into());
    user.token = secret("opaque");
    user.username = Some("me".into());
    user.exec = Some(Exec::default());
    user.auth_provider = Some(AuthProvider::default());
    let credential = assess(&user);
    assert_eq!(credential.kind, ClientCertificate);
    let others = Warning::AlsoHolds(vec![TokenFile, Bearer, Basic, Plugin, Provider]);
    assert!(credential.warnings.contains(&others), "{:?}", credential.warnings);
    let refused = Warning::RefusedByKubectl("has both a token and a user name with password".into());
    assert_eq!(
        refused.to_string(),
        "kubectl refuses the user entry, which has both a token and a user name with password"
    );
    assert!(credential.warnings.contains(&refused));

    user.client_certificate_data = None;
    assert_eq!(kind_of(&user), TokenFile);
    user.token_file = None;
    assert_eq!(kind_of(&user), Bearer);
    user.token = secret("");
    assert_eq!(kind_of(&user), Basic);
    user.username = None;
    assert_eq!(kind_of(&user), Plugin);
    user.exec = None;
    assert_eq!(kind_of(&user), Provider);
    user.auth_provider = None;
    assert_eq!(kind_of(&user), CredentialKind::None);
    assert_eq!(missing(&assess(&user)), "the user entry holds a private key and no certificate");
    assert_eq!(missing(&assess(&User::default())), "the user entry holds no credential");
}

#[test]
fn tokens_tell_their_dates_or_that_there_are_none() {
    let with = |token: &str| assess(&User { token: secret(token), ..User::default() });
    let credential = with(&jwt(r#"{"exp":1700000000,"iat":1600000000,"nbf":1600000100}"#));
    assert_eq!(credential.kind, CredentialKind::Token);
    assert_eq!(credential.issued.map(Timestamp::as_second), Some(1_600_000_000));
    assert_eq!(credential.not_before.map(Timestamp::as_second), Some(1_600_000_100));
    assert_eq!(credential.not_after.map(Timestamp::as_second), Some(1_700_000_000));
    assert_eq!(credential.lifespan, Lifespan::Dated);
    for token in [&jwt("{}"), "hunter2"] {
        assert!(matches!(with(token).lifespan, Lifespan::Unlimited(_)));
    }
    assert!(invalid(&with("k8s-ack-v2.!")).contains("payload"));
}

#[test]
fn texts_that_no_api_server_knows_as_a_token_are_invalid() {
    let with = |token: &str| assess(&User { token: secret(token), ..User::default() });
    let sound = jwt("{}");
    for (token, reason) in [
        ("REDACTED", "placeholder"),
        ("DATA+OMITTED", "placeholder"),
        ("${TOKEN}", "placeholder"),
        ("<token>", "placeholder"),
        (&format!("Bearer {sound}"), "`Bearer`"),
        (&format!("\"{sound}\""), "quotation marks"),
        (&format!("{{\"token\": \"{sound}\"}}"), "JSON"),
        (&format!("\u{feff}{sound}"), "byte order mark"),
        ("two words", "blank"),
    ] {
        let credential = with(token);
        assert!(invalid(&credential).contains(reason), "{token}: {credential:?}");
    }
    for token in ["kubeconfig-u-abc:xyz", "abc ", "a{b}", "redacted"] {
        assert_eq!(with(token).problem, None, "{token}");
    }
}

#[test]
fn every_credential_of_an_entry_is_assessed() {
    let mut user = ack_user();
    user.token = secret("opaque");
    user.exec = Some(Exec { command: "x".into(), ..Exec::default() });
    let kinds = |user: &User, material: &Material| {
        Credential::assess_all(user, material).into_iter().map(|credential| credential.kind).collect::<Vec<_>>()
    };
    let none = Material::default();
    assert_eq!(kinds(&user, &none), [CredentialKind::ClientCertificate, CredentialKind::Token, CredentialKind::Exec]);
    user.client_key_data = None;
    let all = Credential::assess_all(&user, &none);
    assert!(matches!(all[0].problem, Some(Problem::Missing(_))) && all[1].problem.is_none(), "{all:?}");
    // A token that takes the place of its file is one credential.
    let user = User { token_file: Some("/kube/token".into()), token: secret("opaque"), ..User::default() };
    let missing = Material { token: Some(FileContent::Missing), ..Material::default() };
    assert_eq!(kinds(&user, &missing), [CredentialKind::Token]);
    let there = Material { token: Some(read("other")), ..Material::default() };
    assert_eq!(kinds(&user, &there), [CredentialKind::TokenFile, CredentialKind::Token]);
    assert_eq!(kinds(&User::default(), &none), [CredentialKind::None]);
}

#[test]
fn a_token_file_is_trimmed_and_falls_back_to_the_entry() {
    let mut user = User { token_file: Some("/kube/token".into()), ..User::default() };
    let with = |user: &User, file: FileContent| {
        Credential::assess(user, &Material { token: Some(file), ..Material::default() })
    };
    let token = format!("  {}\n", jwt(r#"{"exp":1700000000}"#));
    let credential = with(&user, read(&token));
    assert_eq!(credential.not_after.map(Timestamp::as_second), Some(1_700_000_000));
    assert_eq!(invalid(&with(&user, read(" \n"))), "tokenFile /kube/token: it is empty");
    assert_eq!(missing(&with(&user, FileContent::Missing)), "tokenFile /kube/token: there is no such file");
    user.token = secret("opaque");
    let credential = with(&user, FileContent::Missing);
    assert_eq!((credential.kind, &credential.problem), (CredentialKind::Token, &None));
    assert!(matches!(credential.warnings[0], Warning::TokenFileUnused(_)));
}

#[test]
fn plugins_and_providers_fetch_anew_unless_they_can_not() {
    let v1 = "client.authentication.k8s.io/v1";
    let mut plugin = Exec { command: "x".into(), api_version: v1.into(), ..Exec::default() };
    let with = |exec: &Exec| assess(&User { exec: Some(exec.clone()), ..User::default() });
    assert!(matches!(with(&plugin).lifespan, Lifespan::Renewed(_)));
    plugin.api_version = "client.authentication.k8s.io/v1alpha1".into();
    assert!(invalid(&with(&plugin)).contains("v1alpha1\" is unknown to kubectl"));
    plugin.api_version = v1.into();
    plugin.command.clear();
    assert_eq!(invalid(&with(&plugin)), "the credential plugin has no command");

    let provider = |name: &str, config: &[(&str, &str)]| {
        let config: BTreeMap<_, _> =
            config.iter().map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned()))).collect();
        assess(&User { auth_provider: Some(AuthProvider { name: name.into(), config }), ..User::default() })
    };
    assert!(matches!(provider("gcp", &[]).lifespan, Lifespan::Renewed(_)));
    assert!(matches!(provider("oidc", &[("refresh-token", "x")]).lifespan, Lifespan::Renewed(_)));
    let token = jwt(r#"{"exp":1700000000}"#);
    let credential = provider("oidc", &[("id-token", &token), ("refresh-token", "")]);
    assert_eq!(credential.not_after.map(Timestamp::as_second), Some(1_700_000_000));
    assert!(missing(&provider("oidc", &[])).contains("neither"));
    assert!(invalid(&provider("oidc", &[("id-token", "hunter2")])).contains("no JSON web token"));
}

#[test]
fn files_with_secrets_that_others_may_read_are_warned_of() {
    let open = |text: &str| FileContent::Read { bytes: Secret::new(text.as_bytes().to_vec()), mode: Some(0o640) };
    let material = Material {
        kubeconfig: "/kube/config".into(),
        kubeconfig_mode: Some(0o644),
        certificate: Some(open(&CertificateFixture::ack("7-1").pem(&rsa_key()))),
        key: Some(open(RSA_PKCS1)),
        token: None,
    };
    let credential = Credential::assess(&by_files(), &material);
    let key = Warning::ReadableByOthers { path: KEY_FILE.into(), mode: 0o640 };
    assert_eq!(credential.warnings, [key], "a kubeconfig without secrets and a certificate may be read by anyone");
    let credential = Credential::assess(&ack_user(), &material);
    assert_eq!(credential.warnings[0].to_string(), "/kube/config is open to others (mode 0644)");
    let private = Material { kubeconfig_mode: Some(0o600), ..material };
    assert_eq!(Credential::assess(&ack_user(), &private).warnings, []);
}

#[test]
fn a_cached_credential_is_judged_by_its_own_dates() {
    let file = |content: String| CacheFile { path: "/cache/x.json".into(), name: None, content: read(&content) };
    let certificate = CertificateFixture::ack("9-1").pem(&rsa_key());
    let credential = Credential::assess_cache(&file(
        serde_json::json!({"status": {
            "expirationTimestamp": "2024-01-01T00:00:00Z",
            "clientCertificateData": certificate,
            "clientKeyData": RSA_PKCS1,
        }})
        .to_string(),
    ));
    assert_eq!((credential.kind, credential.uid), (CredentialKind::Exec, Uid::parse("9")));
    assert_eq!(credential.not_after, Some(at("2026-01-10T06:44:34Z")));
    assert_eq!(credential.problem, None);

    let opaque = r#"{"status":{"token":"opaque","expirationTimestamp":"2024-01-01T00:00:00Z"}}"#;
    let credential = Credential::assess_cache(&file(opaque.to_owned()));
    assert_eq!(credential.not_after, Some(at("2024-01-01T00:00:00Z")));
    assert_eq!(credential.lifespan, Lifespan::Dated);
    assert!(invalid(&Credential::assess_cache(&file("{".into()))).contains("/cache/x.json: it is no ExecCredential"));
}

#[test]
fn a_context_whose_user_no_file_defines_is_missing_one() {
    assert_eq!(missing(&Credential::of_missing_user("bob")), "there is no user \"bob\"");
    assert_eq!(missing(&Credential::of_missing_user("")), "the context names no user");
}

#[test]
fn no_secret_shows_in_any_fact_or_warning() {
    let user = User {
        client_certificate_data: decoded("s3cret"),
        client_key_data: decoded("s3cret").map(Secret::new),
        token: secret("s3cret"),
        token_file: Some("/kube/token".into()),
        password: secret("s3cret"),
        ..User::default()
    };
    let material = Material { token: Some(read("s3cret")), key: Some(read("s3cret")), ..Material::default() };
    let credential = Credential::assess(&user, &material);
    assert!(!format!("{credential:?} {material:?}").contains("s3cret"));
    assert!(credential.warnings.iter().all(|warning| !warning.to_string().contains("s3cret")));
}

proptest! {
    #[test]
    fn any_content_gives_a_credential_without_a_panic(
        certificate in proptest::collection::vec(any::<u8>(), 0..80),
        key in proptest::collection::vec(any::<u8>(), 0..80),
        token in "\\PC{0,40}",
    ) {
        let sound = CertificateFixture::ack("1-1").pem(&rsa_key()).into_bytes();
        for certificate in [certificate, sound] {
            let user = User {
                client_certificate_data: Some(Data::Decoded(certificate)),
                client_key_data: Some(Secret::new(Data::Decoded(key.clone()))),
                ..User::default()
            };
            prop_assert!(assess(&user).problem.is_some());
        }
        let user = User { token: secret(&token), ..User::default() };
        let expected = if token.is_empty() { CredentialKind::None } else { CredentialKind::Token };
        prop_assert_eq!(assess(&user).kind, expected);
    }
}
