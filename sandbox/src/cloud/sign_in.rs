//! The state of the endpoints that give credentials: the role of the instance, and the identity behind each token.

use jiff::Timestamp;
use kubectl_ackcred::internals::Secret;

use super::keys::Permissions;

/// The state of the endpoints that give credentials.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    pub(crate) instance: Option<Instance>,
    pub(crate) metadata_token: Option<(Secret<String>, Timestamp)>,
    pub(crate) oauth: Vec<OAuthToken>,
    pub(crate) sso: Vec<SsoToken>,
    pub(crate) uris: Vec<(String, RoleOf)>,
}

/// A role of an account, by name.
#[derive(Clone, Debug)]
pub(crate) struct RoleOf {
    pub(crate) account: String,
    pub(crate) role: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) role: RoleOf,
    pub(crate) mode: MetadataMode,
}

/// How an instance guards its metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataMode {
    /// A token is mandatory ("hardened only").
    Hardened,
    /// A token is accepted and not needed.
    Both,
    /// An instance that has no tokens yet: asking for one is answered with 404.
    WithoutTokens,
}

#[derive(Clone, Debug)]
pub(crate) struct OAuthToken {
    pub(crate) token: Secret<String>,
    pub(crate) expires: Timestamp,
    pub(crate) account: String,
    pub(crate) uid: String,
    pub(crate) permissions: Permissions,
}

#[derive(Clone, Debug)]
pub(crate) struct SsoToken {
    pub(crate) token: Secret<String>,
    pub(crate) expires: Timestamp,
    pub(crate) configuration: String,
    pub(crate) role: RoleOf,
}

impl SignIn {
    /// All tokens.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let metadata = self.metadata_token.iter().map(|(token, _)| token);
        let oauth = self.oauth.iter().map(|known| &known.token);
        metadata.chain(oauth).chain(self.sso.iter().map(|known| &known.token)).map(|token| token.expose().as_str())
    }

    /// Attaches a role, by name, to the instance whose metadata is served.
    pub fn instance_role(&mut self, account: &str, role: &str, mode: MetadataMode) {
        self.instance = Some(Instance { role: RoleOf::new(account, role), mode });
    }

    /// Lets a user in who has signed in by OAuth and holds this access token.
    pub fn oauth_token(&mut self, token: &str, expires: Timestamp, account: &str, uid: &str, permissions: Permissions) {
        let (account, uid) = (account.to_owned(), uid.to_owned());
        self.oauth.push(OAuthToken { token: Secret::new(token.to_owned()), expires, account, uid, permissions });
    }

    /// Lets a user in who has signed in by CloudSSO and holds this access token, to an account's role by an access
    /// configuration's ID.
    pub fn sso_token(&mut self, token: &str, expires: Timestamp, account: &str, configuration: &str, role: &str) {
        let (token, role) = (Secret::new(token.to_owned()), RoleOf::new(account, role));
        self.sso.push(SsoToken { token, expires, configuration: configuration.to_owned(), role });
    }

    /// Serves credentials of a role at a path of the credentials endpoint, for example `/credentials`.
    pub fn credentials_at(&mut self, path: &str, account: &str, role: &str) {
        self.uris.push((path.to_owned(), RoleOf::new(account, role)));
    }
}

impl RoleOf {
    fn new(account: &str, role: &str) -> Self {
        Self { account: account.to_owned(), role: role.to_owned() }
    }
}
