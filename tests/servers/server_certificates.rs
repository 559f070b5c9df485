//! Which server certificates are accepted, with kubectl as the judge.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kubectl_ackcred::internals::{ApiServer, Endpoint, Failure, Login};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

use crate::hostile::server::{Server, Tls, json};

const NAME: &str = "127.0.0.1";
const UNKNOWN: &str = "the server's certificate is signed by an unknown authority";

/// A certificate with its key, which can sign others.
struct Made {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Made {
    fn by(issuer: Option<&Self>, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = match issuer {
            Some(issuer) => params.signed_by(&key, &issuer.issuer),
            None => params.self_signed(&key),
        };
        Self { pem: certificate.unwrap().pem(), issuer: Issuer::new(params, key) }
    }
}

fn params(common_name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::new([NAME.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, common_name);
    change(&mut params);
    params
}

fn is_ca(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

fn ca(common_name: &str, change: impl FnOnce(&mut CertificateParams)) -> Made {
    let both = |params: &mut CertificateParams| {
        is_ca(params);
        change(params);
    };
    Made::by(None, params(common_name, both))
}

fn between(first: i32, last: i32) -> impl FnOnce(&mut CertificateParams) {
    move |params| {
        params.not_before = date_time_ymd(first, 1, 1);
        params.not_after = date_time_ymd(last, 1, 1);
    }
}

/// What a server presents, by which bundle it is judged, and what is said of it: nothing where it is accepted.
struct Case {
    name: &'static str,
    bundle: String,
    presented: Vec<String>,
    key: KeyPair,
    expected: Option<&'static str>,
}

fn case(name: &'static str, bundle: &[&Made], server: Made, more: &[&Made], expected: Option<&'static str>) -> Case {
    let pem = |made: &&Made| made.pem.clone();
    let presented = std::iter::once(server.pem.clone()).chain(more.iter().map(pem)).collect();
    let bundle = if bundle.is_empty() { server.pem.clone() } else { bundle.iter().map(pem).collect() };
    let key = KeyPair::from_pem(&server.issuer.key().serialize_pem()).unwrap();
    Case { name, bundle, presented, key, expected }
}

/// An empty bundle stands for the server's own certificate.
fn cases() -> Vec<Case> {
    let plain = |_: &mut CertificateParams| {};
    let server = |issuer: &Made| Made::by(Some(issuer), params("server", plain));
    let own = |change: &dyn Fn(&mut CertificateParams)| Made::by(None, params("server", change));
    let root = ca("kubernetes", plain);
    let other = ca("kubernetes", plain);
    let expired = ca("expired", between(2001, 2002));
    let future = ca("future", between(4001, 4002));
    let no_ca = Made::by(None, params("no-ca", |params| params.is_ca = IsCa::ExplicitNoCa));
    let unsaid = Made::by(None, params("unsaid", plain));
    let no_signer = ca("no-signer", |params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    let of_clients = ca("of-clients", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let middle = Made::by(Some(&root), params("middle", is_ca));
    let only_clients = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    let renewed_key = KeyPair::from_pem(&expired.issuer.key().serialize_pem()).unwrap();
    let renewed_params = params("expired", is_ca);
    let renewed = Made {
        pem: renewed_params.self_signed(&renewed_key).unwrap().pem(),
        issuer: Issuer::new(renewed_params, renewed_key),
    };
    let may_not_sign = "the cluster's CA may not sign certificates of servers (key usage)";
    let lacks_true = "the cluster's CA is no CA: its certificate lacks CA:TRUE";
    vec![
        case("signed by the CA", &[&root], server(&root), &[], None),
        case("one of two CAs", &[&other, &root], server(&root), &[], None),
        case("another CA", &[&other], server(&root), &[], Some(UNKNOWN)),
        case("self-signed, a CA's", &[], own(&is_ca), &[], None),
        case("self-signed, of no CA", &[], own(&plain), &[], None),
        case("its own certificate as the CA", &[], server(&root), &[], None),
        case(
            "its own, for another name",
            &[],
            Made::by(None, other_name()),
            &[],
            Some("the server's certificate is for another name"),
        ),
        case(
            "its own, expired",
            &[],
            Made::by(None, params("server", between(2001, 2002))),
            &[],
            Some("the server's certificate has expired: 2002-01-01T00:00:00Z"),
        ),
        case(
            "its own, of the future",
            &[],
            Made::by(None, params("server", between(4001, 4002))),
            &[],
            Some("the server's certificate is not valid yet: 4001-01-01T00:00:00Z"),
        ),
        case(
            "its own, for clients",
            &[],
            own(&only_clients),
            &[],
            Some("the server's certificate is not meant for servers (extended key usage)"),
        ),
        case(
            "for clients",
            &[&root],
            Made::by(Some(&root), params("server", only_clients)),
            &[],
            Some("the server's certificate is not meant for servers (extended key usage)"),
        ),
        case(
            "an expired CA",
            &[&expired],
            server(&expired),
            &[],
            Some("the cluster's CA has expired: 2002-01-01T00:00:00Z"),
        ),
        case(
            "an expired CA beside another",
            &[&expired, &root],
            server(&expired),
            &[],
            Some("the cluster's CA has expired: 2002-01-01T00:00:00Z"),
        ),
        case("a CA that was renewed with its key", &[&expired, &renewed], server(&expired), &[], None),
        case(
            "a CA of the future",
            &[&future],
            server(&future),
            &[],
            Some("the cluster's CA is not valid yet: 4001-01-01T00:00:00Z"),
        ),
        case("a CA that says CA:FALSE", &[&no_ca], server(&no_ca), &[], Some(lacks_true)),
        case("a CA that says nothing", &[&unsaid], server(&unsaid), &[], Some(lacks_true)),
        case("a CA that may not sign", &[&no_signer], server(&no_signer), &[], Some(may_not_sign)),
        case("a CA for clients", &[&of_clients], server(&of_clients), &[], Some(may_not_sign)),
        case("an intermediate that is sent", &[&root], server(&middle), &[&middle], None),
        case("an intermediate that is missing", &[&root], server(&middle), &[], Some(UNKNOWN)),
        case("an intermediate as the only CA", &[&middle], server(&middle), &[], None),
        case("an intermediate in the bundle", &[&root, &middle], server(&middle), &[], None),
    ]
}

fn other_name() -> CertificateParams {
    let mut params = CertificateParams::new(["10.9.9.9".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "server");
    params
}

async fn ours(url: &str, bundle: &str) -> Option<String> {
    let authority = Some(bundle.as_bytes().to_vec());
    let endpoint = Endpoint { server: url.to_owned(), certificate_authority: authority, ..Endpoint::default() };
    let api = ApiServer::connect(&endpoint, &Login::default(), Some(Duration::from_secs(20))).unwrap();
    match api.namespace("a").await {
        Ok(_) => None,
        Err(error) => match error.failure {
            Failure::Tls(failure) => Some(failure.to_string()),
            failure => panic!("{failure:?}"),
        },
    }
}

async fn server_of(case: &Case) -> Server {
    Server::with_tls(&Tls::presenting(&case.presented, &case.key), |_| json(200, NAMESPACE).into()).await
}

const NAMESPACE: &str = r#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"a","uid":"u"}}"#;

#[tokio::test]
async fn each_is_accepted_or_refused_for_its_own_reason() {
    for case in cases() {
        let said = ours(&server_of(&case).await.url(), &case.bundle).await;
        let is_expected = match (&said, case.expected) {
            (None, None) => true,
            (Some(said), Some(expected)) => said.starts_with(expected),
            _ => false,
        };
        assert!(is_expected, "{}: {said:?} instead of {:?}", case.name, case.expected);
    }
}

#[tokio::test]
async fn a_cas_certificate_for_a_server_is_named_as_what_only_kubectl_supports() {
    let root = ca("kubernetes", |_| {});
    let case = case("a CA's", &[&root], Made::by(Some(&root), params("server", is_ca)), &[], None);
    let said = ours(&server_of(&case).await.url(), &case.bundle).await.unwrap();
    assert_eq!(said, "kubectl-ackcred does not support a certificate for servers that is also a CA's; kubectl does");
}

#[tokio::test]
async fn kubectl_accepts_the_same() {
    let Some(kubectl) = kubectl() else { return };
    for case in cases() {
        let server = server_of(&case).await;
        let (kubectl, url, bundle) = (kubectl.clone(), server.url(), case.bundle.clone());
        let theirs = tokio::task::spawn_blocking(move || ask(&kubectl, &url, &bundle)).await.unwrap();
        assert_eq!(theirs.is_ok(), case.expected.is_none(), "{}: kubectl says {theirs:?}", case.name);
    }
}

fn ask(kubectl: &Path, url: &str, bundle: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, bundle).unwrap();
    let mut command = Command::new(kubectl);
    command.env_clear().env("HOME", folder.path()).args(["--kubeconfig", "/dev/null", "--request-timeout", "20s"]);
    // Without a credential kubectl asks for a user name.
    command.args(["--token", "t", "--server", url, "--certificate-authority"]).arg(&file).args([
        "get",
        "--raw",
        "/api/v1/namespaces/a",
    ]);
    let output = command.output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// kubectl, or word that the test is skipped.
#[expect(clippy::disallowed_methods, reason = "the environment says where the tools are")]
#[expect(clippy::print_stderr, reason = "a skipped test must not look like one that ran")]
fn kubectl() -> Option<PathBuf> {
    let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let folders = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut folders = assets.into_iter().chain(folders.unwrap_or_default());
    let found = folders.find_map(|folder| Some(folder.join("kubectl")).filter(|path| path.is_file()));
    let required = std::env::var_os("ACKCRED_REQUIRE_CLUSTER").is_some_and(|value| value == "1");
    assert!(found.is_some() || !required, "kubectl is required here, but neither KUBEBUILDER_ASSETS nor PATH has it");
    if found.is_none() {
        eprintln!("skipped: server_certificates::kubectl_accepts_the_same (no kubectl in KUBEBUILDER_ASSETS or PATH)");
    }
    found
}
