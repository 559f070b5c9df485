//! A control plane: etcd and kube-apiserver as processes, from their flags to the client that waits for them.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{Guard, Process};
use super::{authorization, policy};
use crate::binding::BindingRef;
use crate::certs::{Authority, Key, KeyKind, Validity};
use crate::client::Client;
use crate::clock;
use crate::cluster::{Cluster, ClusterError};

const READY_WITHIN: Duration = Duration::from_secs(90);
const ATTEMPTS: usize = 3;
const STEP: Duration = Duration::from_millis(100);

/// How a control plane differs from a plain one.
#[derive(Clone, Debug, Default)]
pub struct ControlPlaneOptions {
    /// How many requests the API server works on at once before it answers 429; for timing lists without its own throttling.
    pub max_requests_inflight: Option<u32>,
    /// Bearer tokens: `token,user,uid,"group1,group2"` lines, as `--token-auth-file` takes them.
    pub tokens: Vec<String>,
    /// CA certificates (PEM) whose client certificates are taken besides its own CA's.
    pub more_client_authorities: String,
    /// More flags of kube-apiserver.
    pub flags: Vec<String>,
}

/// A running control plane; both processes are killed when this is dropped, or when the process that started them ends.
pub struct ControlPlane {
    url: String,
    authority: Authority,
    etcd: SocketAddr,
    // Dropped in this order: the guard before it acts, the API server before its store, the folder last.
    _guard: Guard,
    _api_server: Process,
    _etcd: Process,
    _folder: TempDir,
}

impl ControlPlane {
    /// Starts etcd and kube-apiserver from `assets` and waits until it is ready, about five seconds.
    ///
    /// # Errors
    /// If a process doesn't start or doesn't get ready within 90 seconds, three times; the end of its log is in the error.
    pub fn start(assets: &Path, options: &ControlPlaneOptions) -> Result<Self, ClusterError> {
        let mut attempts = 1..ATTEMPTS;
        loop {
            match Self::start_once(assets, options) {
                // Another process may have taken a port between the look for a free one and its use.
                Err(ClusterError::NotReady { .. }) if attempts.next().is_some() => {}
                started => return started,
            }
        }
    }

    fn start_once(assets: &Path, options: &ControlPlaneOptions) -> Result<Self, ClusterError> {
        let authority = Authority::new(clock::now())?;
        let folder = TempDir::with_prefix("ackcred-controlplane-")?;
        let files = write_files(folder.path(), &authority, options)?;
        let [etcd_port, peer_port, port] = free_ports()?;
        let etcd_url = format!("http://127.0.0.1:{etcd_port}");
        let mut etcd = start_etcd(assets, folder.path(), &etcd_url, peer_port)?;
        let etcd_address = SocketAddr::from((Ipv4Addr::LOCALHOST, etcd_port));
        // The API server gives up by itself where its store is late, as on a busy machine.
        wait_ready("etcd", &mut etcd, || revision(etcd_address).is_ok())?;
        let api_server = Process::start(
            Command::new(assets.join("kube-apiserver"))
                .args(flags(&files, &etcd_url, port))
                .args(extra_flags(&files, options)),
            folder.path().join("kube-apiserver.log"),
        )?;
        let guard = Guard::over([&api_server, &etcd], folder.path())?;
        let mut plane = Self {
            url: format!("https://127.0.0.1:{port}"),
            authority,
            etcd: etcd_address,
            _guard: guard,
            _api_server: api_server,
            _etcd: etcd,
            _folder: folder,
        };
        let client = plane.client_of_administrator()?;
        wait_ready("kube-apiserver", &mut plane._api_server, || {
            client.send("GET", "/readyz", &[], "").is_ok_and(|reply| reply.code == 200)
        })?;
        Ok(plane)
    }

    fn client_of_administrator(&self) -> Result<Client, ClusterError> {
        Client::new(self, Some(&self.administrator()?))
    }
}

impl Cluster for ControlPlane {
    fn url(&self) -> String {
        self.url.clone()
    }

    fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Compacts etcd up to its present revision, by its JSON gateway.
    fn compact(&self) -> Result<(), ClusterError> {
        let revision = revision(self.etcd)?;
        post(self.etcd, "/v3/kv/compaction", &json!({"revision": revision, "physical": true}))?;
        Ok(())
    }

    fn keep_subject(&self, binding: &BindingRef, subject: &Value) -> Result<(), ClusterError> {
        policy::install(&self.client_of_administrator()?, binding, subject)
    }

    fn keep_no_subject(&self) -> Result<(), ClusterError> {
        policy::remove_all(&self.client_of_administrator()?)
    }

    fn catch_up(&self) -> Result<(), ClusterError> {
        authorization::catch_up(&self.client_of_administrator()?)
    }
}

/// The present revision of etcd.
fn revision(etcd: SocketAddr) -> std::io::Result<Value> {
    // Any key will do: the revision is in the answer's header.
    let mut range = post(etcd, "/v3/kv/range", &json!({"key": "AA=="}))?;
    Ok(range["header"]["revision"].take())
}

/// One plain HTTP exchange of JSON.
fn post(address: SocketAddr, path: &str, body: &Value) -> std::io::Result<Value> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(address)?;
    let head = format!("POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    if !head.lines().next().is_some_and(|line| line.contains(" 200 ")) {
        return Err(std::io::Error::other(format!("etcd answered: {body}")));
    }
    Ok(serde_json::from_str(body)?)
}

struct ControlPlaneFiles {
    folder: PathBuf,
    tokens: Option<PathBuf>,
}

impl ControlPlaneFiles {
    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

fn write_files(
    folder: &Path,
    authority: &Authority,
    options: &ControlPlaneOptions,
) -> Result<ControlPlaneFiles, ClusterError> {
    let tokens = &options.tokens;
    let server = authority.server(
        &[],
        Validity::ack(clock::now().saturating_sub(jiff::SignedDuration::from_mins(1)).unwrap_or_default()),
    )?;
    let accounts = Key::generate(KeyKind::Rsa)?;
    for (name, text) in [
        ("ca.pem", authority.certificate_pem()),
        ("clients.pem", authority.certificate_pem() + &options.more_client_authorities),
        ("server.pem", server.certificate_pem()),
        ("server.key", server.key().pkcs8_pem()),
        ("sa.key", accounts.pkcs8_pem()),
        ("sa.pub", accounts.public_pem()?),
    ] {
        fs::write(folder.join(name), text)?;
    }
    let tokens = (!tokens.is_empty())
        .then(|| {
            let path = folder.join("tokens.csv");
            fs::write(&path, tokens.join("\n") + "\n").map(|()| path)
        })
        .transpose()?;
    Ok(ControlPlaneFiles { folder: folder.to_owned(), tokens })
}

fn start_etcd(assets: &Path, folder: &Path, url: &str, peer_port: u16) -> std::io::Result<Process> {
    let peer = format!("http://127.0.0.1:{peer_port}");
    let data = folder.join("etcd").display().to_string();
    let flags = [
        ("--data-dir", data.as_str()),
        ("--listen-client-urls", url),
        ("--advertise-client-urls", url),
        ("--listen-peer-urls", &peer),
        ("--log-level", "error"),
    ];
    let mut command = Command::new(assets.join("etcd"));
    command.args(flags.iter().flat_map(|(flag, value)| [*flag, *value])).arg("--unsafe-no-fsync");
    Process::start(&mut command, folder.join("etcd.log"))
}

fn wait_ready(what: &'static str, process: &mut Process, is_ready: impl Fn() -> bool) -> Result<(), ClusterError> {
    let until = Instant::now() + READY_WITHIN;
    while Instant::now() < until && !process.has_ended() {
        if is_ready() {
            return Ok(());
        }
        std::thread::sleep(STEP);
    }
    Err(ClusterError::NotReady { what, last: process.last_words() })
}

fn flags(files: &ControlPlaneFiles, etcd: &str, port: u16) -> Vec<String> {
    [
        ("etcd-servers", etcd.to_owned()),
        ("bind-address", "127.0.0.1".into()),
        ("advertise-address", "127.0.0.1".into()),
        ("secure-port", port.to_string()),
        ("authorization-mode", "RBAC".into()),
        ("client-ca-file", files.path("clients.pem")),
        ("tls-cert-file", files.path("server.pem")),
        ("tls-private-key-file", files.path("server.key")),
        ("service-account-issuer", "https://kubernetes.default.svc".into()),
        ("service-account-key-file", files.path("sa.pub")),
        ("service-account-signing-key-file", files.path("sa.key")),
        ("service-cluster-ip-range", "10.0.0.0/24".into()),
        ("cert-dir", files.path("certs")),
        ("endpoint-reconciler-type", "none".into()),
    ]
    .into_iter()
    .map(|(flag, value)| format!("--{flag}={value}"))
    .collect()
}

fn extra_flags(files: &ControlPlaneFiles, options: &ControlPlaneOptions) -> Vec<String> {
    let mut flags = options.flags.clone();
    flags.extend(options.max_requests_inflight.map(|limit| format!("--max-requests-inflight={limit}")));
    flags.extend(files.tokens.as_ref().map(|path| format!("--token-auth-file={}", path.display())));
    flags
}

/// Ports that were free a moment ago, all different.
fn free_ports<const N: usize>() -> std::io::Result<[u16; N]> {
    let mut listeners = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        *port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(ports)
}
