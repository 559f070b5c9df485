//! Credentials wherever they lie: kubeconfigs and client certificates in any text, as they are or in a string or a base64 value.
//!
//! Nothing that a text says is trusted to be what it looks like: a part that may be a kubeconfig is read as kubectl reads one, a
//! certificate by its own bytes. What can't be read is no credential.

mod base64_text;
mod client;
mod embedded;
mod escapes;
pub mod markers;
mod pem_text;
mod text;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::core::credential::certificate::Certificate;
use crate::core::credential::client_pair::ClientPair;
use crate::core::credential::private_key::KeyMatch;
use crate::core::credential::{CacheFile, Credential, CredentialKind, FileContent, Problem};
use crate::core::kubeconfig::{self, Kubeconfig, UserLines, looks_like_kubeconfig};
use crate::core::secret::Secret;

pub use client::is_credential;
use pem_text::PemKind;
use text::Text;

/// Strings within strings are looked into so deep.
const DEEPEST_STRING: usize = 4;

/// Base64 within base64 is looked into so deep: a kubeconfig has its certificate in base64, and a Secret the kubeconfig.
const DEEPEST_BASE64: usize = 2;

/// No more private keys of one place are held against a certificate.
const MOST_KEYS: usize = 32;

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Kubeconfigs with users.
    pub kubeconfigs: Vec<FoundKubeconfig>,
    /// Client certificates outside of them.
    pub certificates: Vec<FoundCertificate>,
    /// What a credential plugin left in its cache.
    pub caches: Vec<Credential>,
    /// Private keys, in PEM.
    pub keys: Vec<Secret<Vec<u8>>>,
}

/// A kubeconfig in a file.
#[derive(Clone, Debug)]
pub struct FoundKubeconfig {
    /// What it says.
    pub kubeconfig: Kubeconfig,
    lines: Lines,
}

#[derive(Clone, Debug)]
enum Lines {
    /// It begins after so many lines of the file.
    After(u64, UserLines),
    /// All of it is a value that begins in this line.
    Within(u64),
}

/// A client certificate in a file, with what follows it there in the same bundle.
#[derive(Clone, Debug)]
pub struct FoundCertificate {
    /// The line of the file that it begins in, from 1.
    pub line: u64,
    bundle: Vec<u8>,
}

impl Found {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.kubeconfigs.is_empty() && self.certificates.is_empty() && self.caches.is_empty() && self.keys.is_empty()
    }
}

impl FoundKubeconfig {
    /// The line of the file that a credential of a user begins in, from 1.
    pub fn line(&self, user: &str, kind: CredentialKind) -> u64 {
        let fields: &[&str] = match kind {
            CredentialKind::ClientCertificate => &["client-certificate-data", "client-certificate"],
            CredentialKind::Token => &["token"],
            CredentialKind::TokenFile => &["tokenFile"],
            CredentialKind::Basic => &["password", "username"],
            CredentialKind::Exec => &["exec"],
            CredentialKind::AuthProvider => &["auth-provider"],
            CredentialKind::None => &[],
        };
        match &self.lines {
            Lines::After(before, lines) => before + lines.of(user, fields).unwrap_or(1) as u64,
            Lines::Within(line) => *line,
        }
    }
}

impl FoundCertificate {
    /// Assesses it with its private key, where that is among these.
    pub fn assess(&self, keys: &[&Secret<Vec<u8>>]) -> Credential {
        let certificate = Certificate::from_pem(&self.bundle).ok();
        let is_its = |key: &&&Secret<Vec<u8>>| {
            let pair = certificate.as_ref().and_then(|certificate| ClientPair::read(certificate, key).ok());
            pair.is_some_and(|pair| matches!(pair.key_match, KeyMatch::Matches))
        };
        let key = keys.iter().take(MOST_KEYS).find(is_its).copied();
        let key =
            key.ok_or_else(|| Problem::Missing("its private key is neither in this file nor beside it".to_owned()));
        let credential = Credential::new(CredentialKind::ClientCertificate);
        credential.with_certificate("certificate", &self.bundle, "private key", key)
    }
}

/// Finds what a file holds. Paths that its kubeconfigs name are resolved against its folder, and none is followed here.
pub fn find(bytes: &[u8], file: &Arc<Path>) -> Found {
    let mut search = Search { file, found: Found::default() };
    for text in text::texts(bytes) {
        if !search.cache(&text) {
            search.text(&text, Depth::default());
        }
    }
    search.found
}

#[derive(Clone, Copy, Default)]
struct Depth {
    strings: usize,
    base64: usize,
}

struct Search<'f> {
    file: &'f Arc<Path>,
    found: Found,
}

impl Search<'_> {
    fn text(&mut self, text: &Text<'_>, depth: Depth) {
        let content = text.content.as_ref();
        if !markers::are_in(content.as_bytes()) {
            return;
        }
        let mut taken = Taken::default();
        if let Some(range) = self.whole_kubeconfig(text) {
            taken.add(&range);
        }
        for candidate in embedded::candidates(content) {
            if taken.leaves(&candidate.range) && self.kubeconfig(text, candidate.range.start, &candidate.content) {
                taken.add(&candidate.range);
            }
        }
        if depth.strings < DEEPEST_STRING {
            for literal in escapes::literals(content) {
                if taken.leaves(&literal.range) {
                    let line = text.line_at(literal.range.start);
                    self.text(&Text::within(line, literal.content), Depth { strings: depth.strings + 1, ..depth });
                    taken.add(&literal.range);
                }
            }
        }
        self.pem(text, &mut taken);
        if depth.base64 < DEEPEST_BASE64 {
            for value in base64_text::values(content) {
                if taken.leaves(&value.range) {
                    let line = text.line_at(value.range.start);
                    for inner in text::texts(&value.content) {
                        let inner = Text::within(line, inner.content);
                        self.text(&inner, Depth { base64: depth.base64 + 1, ..depth });
                    }
                }
            }
        }
    }

    /// Reads a text that is a kubeconfig from its beginning; gives the part that it takes.
    fn whole_kubeconfig(&mut self, text: &Text<'_>) -> Option<Range<usize>> {
        let content = text.content.as_ref();
        if !looks_like_kubeconfig(content.as_bytes()) {
            return None;
        }
        let rest = content.trim_start_matches("---");
        let skipped = content.len() - rest.len();
        let end = rest.find("\n---").map_or(content.len(), |end| skipped + end + 1);
        self.kubeconfig(text, 0, &content[..end]).then_some(0..end)
    }

    /// Reads what may be a kubeconfig; returns whether it is one with users.
    fn kubeconfig(&mut self, text: &Text<'_>, start: usize, content: &str) -> bool {
        let Ok(kubeconfig) = kubeconfig::parse(content.as_bytes(), Arc::clone(self.file)) else { return false };
        if kubeconfig.users.is_empty() {
            return false;
        }
        let lines = match text.first_line_at(start) {
            Ok(first) => Lines::After(first - 1, UserLines::read(content)),
            Err(line) => Lines::Within(line),
        };
        self.found.kubeconfigs.push(FoundKubeconfig { kubeconfig, lines });
        true
    }

    fn pem(&mut self, text: &Text<'_>, taken: &mut Taken) {
        let blocks = pem_text::blocks(text.content.as_ref());
        for (place, block) in blocks.iter().enumerate() {
            if !taken.leaves(&block.range) {
                continue;
            }
            match block.kind {
                PemKind::PrivateKey => self.found.keys.push(block.pem.clone()),
                PemKind::Certificate if client::is_for_clients(block.pem.expose()) => {
                    let behind = blocks[place + 1..].iter();
                    let behind = behind.take_while(|next| next.follows && next.kind == PemKind::Certificate);
                    let bundle = std::iter::once(block).chain(behind).flat_map(|block| block.pem.expose().clone());
                    let line = text.line_at(block.range.start);
                    self.found.certificates.push(FoundCertificate { line, bundle: bundle.collect() });
                }
                PemKind::Certificate => {}
            }
            taken.add(&block.range);
        }
    }

    /// Reads what a credential plugin printed, and its cache keeps.
    fn cache(&mut self, text: &Text<'_>) -> bool {
        let content = text.content.trim();
        if !content.starts_with('{') || !content.contains("ExecCredential") {
            return false;
        }
        let bytes = FileContent::Read { bytes: Secret::new(content.as_bytes().to_vec()), mode: None };
        let credential =
            Credential::assess_cache(&CacheFile { path: self.file.to_path_buf(), name: None, content: bytes });
        let is_one = credential.subject.is_some() || credential.token.is_some();
        self.found.caches.extend(is_one.then_some(credential));
        is_one
    }
}

/// The parts of a text that were looked into: none is looked into twice.
#[derive(Default)]
struct Taken(BTreeMap<usize, usize>);

impl Taken {
    fn add(&mut self, range: &Range<usize>) {
        let end = self.0.entry(range.start).or_default();
        *end = (*end).max(range.end);
    }

    /// Whether no part of a range was taken.
    fn leaves(&self, range: &Range<usize>) -> bool {
        let before = self.0.range(..range.end).next_back();
        before.is_none_or(|(_, end)| *end <= range.start)
    }
}

#[cfg(test)]
mod tests;
