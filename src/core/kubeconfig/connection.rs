//! What it takes to talk to an API server, once every file is read and every plugin has run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::core::kubeconfig::Impersonate;
use crate::core::secret::Secret;

/// Where an API server is, and how to be sure that it is the right one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// URL of the API server.
    pub server: String,
    /// The CA bundle (PEM); `None` means the system's own roots.
    pub certificate_authority: Option<Vec<u8>>,
    /// Name to check the server's certificate against, instead of the URL's host.
    pub tls_server_name: Option<String>,
    /// Whether the server's certificate is not checked at all.
    pub insecure_skip_tls_verify: bool,
    /// URL of the proxy to go through; the environment's exceptions are already applied.
    pub proxy: Option<Secret<String>>,
    /// Whether responses should not be compressed.
    pub disable_compression: bool,
}

/// How to present oneself. Several parts can be there at once; all are sent, as client-go does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// The client certificate (PEM, leaf first) and its private key (PEM).
    pub certificate: Option<(Vec<u8>, Secret<Vec<u8>>)>,
    /// The bearer token.
    pub bearer: Option<Secret<String>>,
    /// User name and password.
    pub basic: Option<(String, Secret<String>)>,
    /// Whom to act as.
    pub impersonate: Impersonate,
}

/// Shorter ones are too likely to be a part of something else in a text.
const SHORTEST: usize = 4;

impl Login {
    /// What of it goes to the server as it is: the bearer token and the password, alone and with the user name as HTTP has it. A
    /// private key goes nowhere.
    pub fn sent_secrets(&self) -> Vec<Secret<String>> {
        let bearer = self.bearer.iter().map(|token| token.expose().trim().to_owned());
        let basic = self.basic.iter().flat_map(|(user, password)| {
            let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
            [password.expose().clone(), STANDARD.encode(pair.as_bytes())]
        });
        bearer.chain(basic).filter(|secret| secret.len() >= SHORTEST).map(Secret::new).collect()
    }
}

/// A URL as it may be shown: without user name, password and query, which can hold secrets.
pub fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() { format!("{host}{path}") } else { format!("{scheme}://{host}{path}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_the_token_and_the_password_in_both_forms() {
        let sent = |login: &Login| -> Vec<String> {
            login.sent_secrets().iter().map(|secret| secret.expose().clone()).collect()
        };
        let token = Login { bearer: Some(Secret::new("hunter2\n".into())), ..Login::default() };
        assert_eq!(sent(&token), ["hunter2"]);
        let basic = Login { basic: Some(("me".into(), Secret::new("hunter2".into()))), ..Login::default() };
        assert_eq!(sent(&basic), ["hunter2", "bWU6aHVudGVyMg=="]);
        let short = Login { bearer: Some(Secret::new("e".into())), ..Login::default() };
        assert!(sent(&short).is_empty(), "it is a part of most sentences");
    }

    #[test]
    fn a_shown_url_holds_no_password_and_no_query() {
        assert_eq!(without_secrets("https://me:hunter2@h:6443/path?tok=q#f"), "https://h:6443/path");
        assert_eq!(without_secrets("me:p@ss@h:1"), "h:1");
        assert_eq!(without_secrets("https://h"), "https://h");
    }
}
