//! Secrets that are like nothing else, and every spelling in which one can get out.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A secret of letters, digits and dashes, fit for every place: an HTTP header, a file's name.
pub(super) fn canary(place: &str) -> String {
    format!("kanari-{place}-5d8e4a1b7c")
}

/// A secret that is spelled otherwise in JSON, YAML, URLs and shells.
pub(super) fn canary_with_signs(place: &str) -> String {
    format!("kanari+{place}/5d8e=&\"4a'1b%7c")
}

/// Secrets to look for, each by its name.
#[derive(Default)]
pub(super) struct Canaries(Vec<(String, BTreeSet<String>)>);

impl Canaries {
    /// Adds a text.
    pub(super) fn secret(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), spellings(value.as_bytes()).chain(texts(value)).collect()));
        self
    }

    /// Adds a private key: the lines of its PEM, and the bytes that those hold.
    pub(super) fn key(mut self, name: &str, pem: &str) -> Self {
        let lines: Vec<&str> = pem.lines().filter(|line| line.len() > 40 && !line.starts_with("-----")).collect();
        assert!(!lines.is_empty(), "{name} is no key");
        let der = STANDARD_NO_PAD.decode(lines.concat().trim_end_matches('=')).unwrap();
        // The first bytes say which kind of key it is.
        let middle = der.len() / 2;
        let own = spellings(&der[middle - 16..middle + 16]);
        let inside = lines.iter().flat_map(|line| spellings(line.as_bytes()).chain(texts(line)));
        self.0.push((name.to_owned(), own.chain(inside).collect()));
        self
    }

    /// Ready to look for all of them at once.
    pub(super) fn finder(&self) -> Finder {
        let each = || self.0.iter().flat_map(|(name, spellings)| spellings.iter().map(move |text| (name, text)));
        let names = each().map(|(name, text)| format!("{name}, spelled {text}")).collect();
        Finder { names, finder: AhoCorasick::new(each().map(|(_, text)| text)).unwrap() }
    }
}

/// Looks for secrets.
pub(super) struct Finder {
    names: Vec<String>,
    finder: AhoCorasick,
}

impl Finder {
    /// The first secret in these bytes: its name and spelling, and what stands around it.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<String> {
        const AROUND: usize = 120;
        let found = self.finder.find(bytes)?;
        let around = &bytes[found.start().saturating_sub(AROUND)..bytes.len().min(found.end() + AROUND)];
        Some(format!("{}: …{}…", self.names[found.pattern().as_usize()], String::from_utf8_lossy(around)))
    }
}

/// A text as it is, in a URL, in JSON, in Rust's `{:?}`, and shell-quoted.
fn texts(value: &str) -> impl Iterator<Item = String> {
    let encoded = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
    let kept = encoded.replace("%2D", "-").replace("%2E", ".").replace("%5F", "_").replace("%7E", "~");
    let json = serde_json::to_string(value).unwrap();
    let debug = format!("{value:?}");
    let inside = [json, debug].map(|quoted| quoted[1..quoted.len() - 1].to_owned());
    let shell = value.replace('\'', r"'\''");
    [value.to_owned(), encoded.to_lowercase(), encoded, kept, shell].into_iter().chain(inside)
}

/// Bytes in hexadecimal digits, and in base64 wherever in a longer text they begin.
fn spellings(bytes: &[u8]) -> impl Iterator<Item = String> {
    let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let shifted = (0..3).map(|shift| {
        let padded = [&[0; 3][..shift], bytes].concat();
        let text = STANDARD_NO_PAD.encode(&padded);
        text[(shift * 8).div_ceil(6)..padded.len() * 8 / 6].to_owned()
    });
    let in_base64: Vec<String> = shifted.flat_map(|text| [text.replace('+', "-").replace('/', "_"), text]).collect();
    [hexadecimal.to_uppercase(), hexadecimal].into_iter().chain(in_base64)
}

#[test]
fn a_secret_is_found_in_each_spelling() {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    let key = ackcred_sandbox::certs::Authority::of_today().unwrap();
    let key = key.client(
        &ackcred_sandbox::certs::Subject::ack("1-1"),
        ackcred_sandbox::certs::Validity::ack(jiff::Timestamp::UNIX_EPOCH),
        ackcred_sandbox::certs::KeyKind::Rsa,
    );
    let pem = key.unwrap().key().pkcs8_pem();
    let (plain, signs) = (canary("plain"), canary_with_signs("signs"));
    let finder = Canaries::default().secret("plain", &plain).secret("signs", &signs).key("key", &pem).finder();
    for secret in [&plain, &signs, &pem] {
        for before in ["", "a", "ab", "abc"] {
            let text = format!("{before}{secret}, and more");
            let hexadecimal: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            let percent = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
            let in_base64 = [STANDARD.encode(&text), URL_SAFE.encode(&text)];
            let json = serde_json::to_string(&text).unwrap();
            for spelled in [text.clone(), json, format!("{text:?}"), hexadecimal, percent].iter().chain(&in_base64) {
                assert!(finder.find(spelled.as_bytes()).is_some(), "{spelled}");
            }
        }
    }
    assert_eq!(finder.find(b"kanari, and -----BEGIN PRIVATE KEY-----"), None);
}
