use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::super::account::{Account, RamUser};
use super::super::builder::{CloudBuilder, Tls};
use super::super::cleaning::Cleaning;
use super::super::clock::Clock;
use super::super::cluster::{AckCluster, CertState, KubeconfigRecord};
use super::super::faults::{FaultKind, Turn};
use super::super::keys::{AccessKey, Permissions};
use super::super::request::CloudRequest;
use super::super::testing::{NOW, Signer};
use super::*;
use crate::certs::Authority;
use crate::people;

const ACCOUNT: &str = "1190000000000001";
const ALICE: &str = "200000000000000901";
const PROD: &str = "c0123456789abcdef0123456789abcdef";

fn builder(tls: Option<Tls>) -> CloudBuilder {
    let account =
        Account::new(ACCOUNT, "acme").user(RamUser::new(ALICE, "alice")).cluster(AckCluster::new(PROD, "prod"));
    Cloud::builder(tls)
        .clock(Clock::fixed(NOW.parse().unwrap()))
        .account(account)
        .region("eu-central-1")
        .key(AccessKey::user(ACCOUNT, ALICE, "LTAIalice", "alice-secret").permissions(Permissions::everything()))
}

/// The bytes of a signed request to a URL.
fn bytes(url: &str, sign: impl Fn(&Signer) -> CloudRequest) -> (String, Vec<u8>) {
    let host = url.split_once("://").unwrap().1.to_owned();
    let mut signer = Signer::new("LTAIalice", "alice-secret");
    signer.host.clone_from(&host);
    let request = sign(&signer);
    let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut text = format!(
        "{} {}?{} HTTP/1.1\r\nconnection: close\r\ncontent-length: 0\r\n",
        request.method,
        request.path,
        query.join("&")
    );
    for (name, value) in &request.headers {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    (host, (text + "\r\n").into_bytes())
}

fn list_users(signer: &Signer) -> CloudRequest {
    signer.rpc("2015-05-01", "ListUsers", &[("MaxItems", "10")])
}

/// What comes back until the connection ends.
fn exchange(url: &str, sign: impl Fn(&Signer) -> CloudRequest) -> (String, std::io::Result<()>) {
    exchange_for(Duration::from_secs(60), url, sign)
}

/// The bytes that come back until the connection ends or nothing comes for this time.
fn exchange_for(time: Duration, url: &str, sign: impl Fn(&Signer) -> CloudRequest) -> (String, std::io::Result<()>) {
    let (host, request) = bytes(url, sign);
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(time)).unwrap();
    stream.write_all(&request).unwrap();
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer).map(drop);
    (String::from_utf8_lossy(&answer).into_owned(), end)
}

#[test]
fn a_signed_request_is_answered_over_http() {
    let cloud = builder(None).start().unwrap();
    let (answer, _) = exchange(cloud.url(Product::Ram), list_users);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"UserName\":\"alice\""), "{answer}");
    assert!(answer.contains("x-acs-request-id: "), "{answer}");
    let log = cloud.log();
    assert_eq!((log.len(), log[0].action.as_str(), log[0].caller.as_deref()), (1, "ListUsers", Some(ALICE)));
    cloud.clear_log();
    assert_eq!(cloud.log(), []);
}

#[test]
fn the_cloud_knows_what_no_output_may_hold() {
    let cloud = builder(None).start().unwrap();
    assert_eq!(cloud.secrets().into_iter().collect::<Vec<_>>(), ["alice-secret"]);
    let _ = exchange(cloud.url(Product::Ram), list_users);
    let signature = |secret: &String| secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert_eq!(cloud.secrets().iter().filter(|secret| signature(secret)).count(), 1);
}

#[test]
fn every_endpoint_has_a_port_of_its_own() {
    let cloud = builder(None).start().unwrap();
    let products = [Product::Cs, Product::Ram, Product::Ims, Product::Sts].map(|product| cloud.url(product).to_owned());
    let others = [cloud.metadata_url(), cloud.oauth_url(), cloud.sso_url(), cloud.credentials_url()].map(str::to_owned);
    let regions = ["cn-hangzhou", "eu-central-1"].map(|region| cloud.region_url(region).unwrap().to_owned());
    let all: std::collections::BTreeSet<_> = products.iter().chain(&others).chain(&regions).collect();
    assert_eq!(all.len(), 10);
    assert!(all.iter().all(|url| url.starts_with("http://127.0.0.1:")), "{all:?}");
    assert_eq!(cloud.region_url("cn-beijing"), None);
}

#[test]
fn a_region_answers_at_its_own_port() {
    let cloud = builder(None).start().unwrap();
    let detail = |signer: &Signer| signer.roa("GET", &format!("/clusters/{PROD}"), "DescribeClusterDetail", &[]);
    assert!(exchange(cloud.region_url("cn-hangzhou").unwrap(), detail).0.starts_with("HTTP/1.1 200"));
    assert!(exchange(cloud.region_url("eu-central-1").unwrap(), detail).0.starts_with("HTTP/1.1 404"));
    assert!(exchange(cloud.url(Product::Cs), detail).0.starts_with("HTTP/1.1 200"));
}

#[test]
fn a_reset_is_a_reset_and_only_for_its_turn() {
    let cloud = builder(None).start().unwrap();
    cloud.add_fault(CloudFault::of("ListUsers", FaultKind::Reset).on(Turn::Nth(1)));
    let (answer, end) = exchange(cloud.url(Product::Ram), list_users);
    assert_eq!((answer.as_str(), end.unwrap_err().kind()), ("", std::io::ErrorKind::ConnectionReset));
    assert_eq!(cloud.log()[0].status, None);
    assert!(exchange(cloud.url(Product::Ram), list_users).0.starts_with("HTTP/1.1 200"));
}

#[test]
fn another_server_answers_in_its_place_until_the_faults_are_cleared() {
    let authority = Authority::of_today().unwrap();
    let cloud = builder(Some(Tls::issued_by(&authority).unwrap())).start().unwrap();
    let begin = || beginning(cloud.url(Product::Ram), &authority).map_err(|error| error.to_string());
    cloud.add_fault(CloudFault::of("ListUsers", FaultKind::Impostor));
    assert!(!begin().unwrap_err().contains("certificate"), "the call itself is reset");
    for _ in 0..2 {
        assert!(begin().unwrap_err().contains("certificate"));
    }
    cloud.clear_faults();
    assert_eq!(begin().unwrap(), *b"HTTP/1.1 200 OK");
}

#[test]
fn a_body_without_end_goes_on_for_as_long_as_it_is_read() {
    let cloud = builder(None).start().unwrap();
    cloud.add_fault(CloudFault::of_all(FaultKind::Endless));
    let (host, request) = bytes(cloud.url(Product::Ram), list_users);
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(&request).unwrap();
    let mut read = vec![0; 10 << 20];
    stream.read_exact(&mut read).unwrap();
    assert!(read.starts_with(b"HTTP/1.1 200 OK\r\n"));
}

/// How the answer begins that a client gets who trusts this CA.
fn beginning(url: &str, authority: &Authority) -> std::io::Result<[u8; 15]> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate_der().to_vec().into()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config =
        config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
    let (host, request) = bytes(url, list_users);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let stream = tokio::net::TcpStream::connect(host).await?;
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        stream.write_all(&request).await?;
        let mut head = [0; 15];
        stream.read_exact(&mut head).await?;
        Ok(head)
    })
}

#[test]
fn a_truncated_answer_promises_more_than_it_gives() {
    let cloud = builder(None).start().unwrap();
    let whole = exchange(cloud.url(Product::Ram), list_users).0;
    cloud.add_fault(CloudFault::of_all(FaultKind::Truncated));
    let (part, end) = exchange(cloud.url(Product::Ram), list_users);
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.len();
    assert!(part.contains(&format!("content-length: {}\r\n", body(&whole))), "{part}");
    assert_eq!(body(&part), body(&whole) / 2);
    end.unwrap();
}

#[test]
fn a_hanging_call_gets_no_answer_and_stops_with_the_cloud() {
    let cloud = builder(None).start().unwrap();
    cloud.add_fault(CloudFault::of_all(FaultKind::Hang(None)));
    let (answer, end) = exchange_for(Duration::from_millis(400), cloud.url(Product::Ram), list_users);
    let kind = end.unwrap_err().kind();
    assert!(
        answer.is_empty() && matches!(kind, std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
        "{kind:?}"
    );
    let (host, request) = bytes(cloud.url(Product::Ram), list_users);
    let mut hanging = TcpStream::connect(&host).unwrap();
    hanging.write_all(&request).unwrap();
    drop(cloud);
    assert!(TcpStream::connect(host).is_err());
}

#[test]
fn a_hang_may_end_after_a_while() {
    let cloud = builder(None).start().unwrap();
    cloud.add_fault(CloudFault::of_all(FaultKind::Hang(Some(Duration::from_millis(50)))));
    let (answer, end) = exchange(cloud.url(Product::Ram), list_users);
    assert_eq!(answer, "");
    end.unwrap();
}

#[test]
fn a_slow_answer_comes_whole() {
    let cloud = builder(None).start().unwrap();
    cloud.add_fault(CloudFault::of_all(FaultKind::Slow(Duration::from_millis(100))));
    let start = Instant::now();
    let (host, request) = bytes(cloud.url(Product::Ram), list_users);
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(&request).unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).unwrap();
    assert_eq!((&head, start.elapsed() >= Duration::from_millis(100)), (b"HTTP/1.1 200 OK", true));
}

#[test]
fn a_clock_that_is_ahead_refuses_signatures_until_it_is_set_right() {
    let cloud = builder(None).start().unwrap();
    cloud.shift_clock(SignedDuration::from_mins(16));
    assert!(exchange(cloud.url(Product::Ram), list_users).0.contains("InvalidTimeStamp.Expired"));
    cloud.shift_clock(SignedDuration::ZERO);
    assert!(exchange(cloud.url(Product::Ram), list_users).0.starts_with("HTTP/1.1 200"));
}

#[test]
fn the_state_changes_while_the_cloud_runs() {
    let cloud = builder(None).start().unwrap();
    cloud.edit(|cloud_state| {
        cloud_state
            .account_mut(ACCOUNT)
            .map(|account| account.users.push(RamUser::new(people::DORA.uid, people::DORA.name)))
    });
    assert!(exchange(cloud.url(Product::Ram), list_users).0.contains("\"dora\""));
}

#[test]
fn certificates_are_the_callers_and_plain_text_is_not_understood() {
    let authority = Authority::of_today().unwrap();
    let cloud = builder(Some(Tls::issued_by(&authority).unwrap())).start().unwrap();
    let url = cloud.url(Product::Ram);
    assert!(url.starts_with("https://127.0.0.1:") && cloud.metadata_url().starts_with("http://"), "{url}");
    assert!(!exchange(url, list_users).0.starts_with("HTTP/1.1 200"));
    assert_eq!(beginning(url, &authority).unwrap(), *b"HTTP/1.1 200 OK");
}

#[test]
fn an_invalid_certificate_is_an_error_at_the_start() {
    let tls = Tls { certificate: "nonsense".into(), key: "nonsense".into() };
    assert!(builder(Some(tls)).start().is_err());
}

const CARL: &str = people::CARL.uid;

/// A cloud in which carl has a kubeconfig, and the cleanings so far.
fn cleaning() -> (Cloud, mpsc::Receiver<Cleaning>) {
    let now = NOW.parse().unwrap();
    let (sender, cleaned) = mpsc::channel();
    let cloud = builder(None)
        .on_clean(move |cleaning| sender.send(cleaning.clone()).map_err(|error| error.to_string()))
        .start()
        .unwrap();
    cloud.edit(|cloud_state| {
        let cluster = cloud_state.cluster_mut(PROD).unwrap();
        *cluster = cluster.clone().kubeconfig(CARL, KubeconfigRecord::effective(now));
    });
    (cloud, cleaned)
}

fn clean(cloud: &Cloud) {
    let path = format!("/cluster/{PROD}/user/{CARL}/permissions");
    let (host, request) =
        bytes(cloud.url(Product::Cs), |signer| signer.roa("DELETE", &path, "CleanClusterUserPermissions", &[]));
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(&request).unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 202 Ac");
}

fn state(cloud: &Cloud) -> CertState {
    cloud.edit(|cloud_state| cloud_state.cluster_mut(PROD).unwrap().kubeconfigs[CARL].state)
}

#[test]
fn a_delayed_task_runs_when_it_is_due() {
    let (cloud, cleaned) = cleaning();
    cloud.set_clean_behaviour(CleanBehaviour::Later(Duration::from_secs(1)));
    clean(&cloud);
    // The change concerns later calls only.
    cloud.set_clean_behaviour(CleanBehaviour::OwnBindings);
    assert!(cleaned.try_recv().is_err());
    assert_eq!(state(&cloud), CertState::Unexpired);
    let done = cleaned.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!((done.uid.as_str(), done.behaviour), (CARL, CleanBehaviour::Later(Duration::from_secs(1))));
    let until = Instant::now() + Duration::from_secs(60);
    while state(&cloud) == CertState::Unexpired {
        assert!(Instant::now() < until, "the record never changes");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(state(&cloud), CertState::Removed);
}

#[test]
fn delayed_tasks_end_with_the_cloud() {
    let (cloud, cleaned) = cleaning();
    cloud.set_clean_behaviour(CleanBehaviour::Later(Duration::from_secs(3600)));
    clean(&cloud);
    drop(cloud);
    assert!(cleaned.recv().is_err(), "the cloud has stopped");
}
