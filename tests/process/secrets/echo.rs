//! A server that gives back everything that it was sent.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Answers each request with one and the same answer, in which `{echo}` is all that was sent.
pub(super) struct Echo {
    url: String,
    answer: Arc<Mutex<Answer>>,
}

/// The status, the type of the body, and the body.
pub(super) type Answer = (u16, &'static str, &'static str);

impl Echo {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new((404, "text/plain", "")));
        let current = Arc::clone(&answer);
        // It ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let answer = *current.lock().unwrap();
                // A client that has gone away needs no answer.
                let _ = exchange(stream, answer);
            }
        });
        Self { url, answer }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }
}

fn exchange(stream: TcpStream, (status, kind, body): Answer) -> std::io::Result<()> {
    let mut reader = BufReader::new(&stream);
    let (mut sent, mut length) = (String::new(), 0);
    loop {
        let start = sent.len();
        if reader.read_line(&mut sent)? == 0 || sent[start..].trim().is_empty() {
            break;
        }
        if let Some(("content-length", value)) = sent[start..].to_ascii_lowercase().split_once(':') {
            length = value.trim().parse().unwrap_or_default();
        }
    }
    let mut form = vec![0; length];
    reader.read_exact(&mut form)?;
    sent.push_str(&String::from_utf8_lossy(&form));
    let quoted = serde_json::to_string(&sent).unwrap();
    let body = body.replace("{echo}", &quoted[1..quoted.len() - 1]);
    let id: String = sent.chars().filter(|character| !character.is_control()).collect();
    write!(
        &stream,
        "HTTP/1.1 {status} Echo\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nx-acs-request-id: {id}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
