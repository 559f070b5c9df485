//! A server on loopback that answers as a test tells it to and remembers what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::world::{Environment, Streams, World};

#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) target: String,
    /// By lower-case name.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    pub(super) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

pub(super) enum Answer {
    Reply(u16, Vec<(&'static str, String)>, String),
    /// Closes the connection without a word.
    Reset,
    /// Sends the head and the first half of the body, and closes.
    Truncated(String),
    /// Sends the head and no body, for this long.
    Hang(Duration),
}

pub(super) fn ok(body: impl Into<String>) -> Answer {
    Answer::Reply(200, Vec::new(), body.into())
}

pub(super) fn status(status: u16, body: impl Into<String>) -> Answer {
    Answer::Reply(status, Vec::new(), body.into())
}

pub(super) struct Stub {
    scheme: &'static str,
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stub {
    /// `answer` is given each request and how many came before it.
    pub(super) fn new(answer: impl Fn(&Asked, usize) -> Answer + Send + 'static) -> Self {
        Self::listen("http", answer, |stream| Some(Box::new(stream)))
    }

    /// The same over TLS, and the certificate (PEM) to trust it by.
    pub(super) fn with_tls(answer: impl Fn(&Asked, usize) -> Answer + Send + 'static) -> (Self, String) {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let stub = Self::listen("https", answer, move |stream| {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).ok()?;
            Some(Box::new(rustls::StreamOwned::new(connection, stream)))
        });
        (stub, cert.pem())
    }

    fn listen(
        scheme: &'static str,
        answer: impl Fn(&Asked, usize) -> Answer + Send + 'static,
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Connection>> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let memory = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(mut stream) = wrap(stream) else { continue };
                let Some(request) = read(&mut stream) else { continue };
                let before = memory.lock().unwrap().len();
                let reply = answer(&request, before);
                memory.lock().unwrap().push(request);
                send(&mut stream, reply);
            }
        });
        Self { scheme, address, asked }
    }

    pub(super) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

trait Connection: Read + Write {}

impl<T: Read + Write> Connection for T {}

fn read(stream: &mut impl Read) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, target, headers, body: String::from_utf8(body).ok()? })
}

/// The client may have gone: then there is no reader.
fn send(stream: &mut impl Write, answer: Answer) {
    let head = |status: u16, length: usize, headers: &[(&str, String)]| {
        let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head + "\r\n"
    };
    let _ = match answer {
        Answer::Reply(status, headers, body) => {
            stream.write_all((head(status, body.len(), &headers) + &body).as_bytes())
        }
        Answer::Reset => Ok(()),
        Answer::Truncated(body) => stream.write_all((head(200, body.len(), &[]) + &body[..body.len() / 2]).as_bytes()),
        Answer::Hang(duration) => {
            let sent = stream.write_all(head(200, 10, &[]).as_bytes());
            thread::sleep(duration);
            sent
        }
    };
    let _ = stream.flush();
}

const NOW: &str = "2026-01-02T03:04:05Z";

/// A machine with these variables and this folder as home and working directory.
pub(super) fn world(home: &std::path::Path, variables: &[(&str, &str)]) -> World {
    let sink = || Arc::new(Mutex::new(Vec::new()));
    World {
        now: NOW.parse().unwrap(),
        since: std::time::Instant::now(),
        env: Environment::new(variables.iter().copied()),
        home: Some(home.to_owned()),
        cwd: home.to_owned(),
        streams: Streams {
            stdin: Arc::new(Mutex::new(std::io::empty())),
            stdout: sink(),
            stderr: sink(),
            stdin_is_terminal: false,
            stdout_is_terminal: false,
            columns: None,
            stderr_is_terminal: false,
        },
        host: "desk".to_owned(),
        open_files: crate::world::OpenFiles::default(),
    }
}

pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
