//! Who asks: from a client certificate, a bearer token, or nobody; and whom they ask to be.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use ring::digest;
use serde::Serialize;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::authorizer::{Action, Authorizer};
use super::resources::AUTHENTICATION;
use super::status::Refusal;

pub(crate) const MASTERS: &str = "system:masters";
const AUTHENTICATED: &str = "system:authenticated";
const ANONYMOUS: &str = "system:anonymous";
const UNAUTHENTICATED: &str = "system:unauthenticated";
const SERVICE_ACCOUNT_PREFIX: &str = "system:serviceaccount:";
const EXTRA_HEADER_PREFIX: &str = "impersonate-extra-";

/// A user as the API server knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct User {
    /// The name that RBAC's User subjects are compared with.
    #[serde(rename = "username")]
    pub name: String,
    /// An identifier that outlives the name; empty for certificates.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// The groups, `system:authenticated` among them.
    pub groups: Vec<String>,
    /// What the authenticator adds, such as the credential's ID.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// A user with these groups and `system:authenticated`.
    pub fn authenticated<G: Into<String>>(name: impl Into<String>, groups: impl IntoIterator<Item = G>) -> Self {
        let mut user =
            Self { name: name.into(), groups: groups.into_iter().map(Into::into).collect(), ..Self::default() };
        user.add_group(AUTHENTICATED);
        user
    }

    fn anonymous() -> Self {
        Self { name: ANONYMOUS.into(), groups: vec![UNAUTHENTICATED.into()], ..Self::default() }
    }

    pub(crate) fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }

    fn add_group(&mut self, group: &str) {
        if !self.groups.iter().any(|known| known == group) {
            self.groups.push(group.into());
        }
    }
}

/// The user of a certificate that was verified already: its common name, its organizations, its fingerprint.
pub(crate) fn of_certificate(der: &[u8]) -> Option<User> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let name = certificate.subject().iter_common_name().last()?.as_str().ok()?;
    if name.is_empty() {
        return None;
    }
    let groups = certificate.subject().iter_organization().filter_map(|organization| organization.as_str().ok());
    let mut user = User::authenticated(name, groups);
    let fingerprint = digest::digest(&digest::SHA256, der);
    let fingerprint: String = fingerprint.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    user.extra.insert("authentication.kubernetes.io/credential-id".into(), vec![format!("X509SHA256={fingerprint}")]);
    Some(user)
}

/// Decides who asks. A certificate that doesn't verify, and an unknown token, are refused and not taken for nobody.
pub(crate) fn authenticate(
    certificate: Option<Option<User>>,
    tokens: &BTreeMap<String, User>,
    headers: &HeaderMap,
) -> Result<User, Refusal> {
    match (certificate, bearer(headers)) {
        (Some(Some(user)), _) => Ok(user),
        (_, Some(token)) => tokens.get(token).cloned().ok_or_else(Refusal::unauthorized),
        (Some(None), None) => Err(Refusal::unauthorized()),
        (None, None) => Ok(User::anonymous()),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Follows the `Impersonate-…` headers, if the user may.
pub(crate) fn impersonate(user: User, headers: &HeaderMap, authorizer: &Authorizer<'_>) -> Result<User, Refusal> {
    let Some(wanted) = wanted(headers)? else { return Ok(user) };
    for action in needed(&wanted) {
        let decision = authorizer.decide(&user, &action);
        if !decision.allowed {
            return Err(action.forbidden(&user, &decision.reason));
        }
    }
    Ok(completed(wanted))
}

fn wanted(headers: &HeaderMap) -> Result<Option<User>, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut wanted = User { name: text("impersonate-user"), uid: text("impersonate-uid"), ..User::default() };
    wanted
        .groups
        .extend(headers.get_all("impersonate-group").iter().filter_map(|v| v.to_str().ok().map(str::to_owned)));
    for (name, value) in headers {
        let Some(key) = name.as_str().strip_prefix(EXTRA_HEADER_PREFIX) else { continue };
        let value = value.to_str().unwrap_or_default().to_owned();
        wanted.extra.entry(percent_decoded(key)).or_default().push(value);
    }
    if !wanted.name.is_empty() {
        return Ok(Some(wanted));
    }
    if wanted.uid.is_empty() && wanted.groups.is_empty() && wanted.extra.is_empty() {
        return Ok(None);
    }
    Err(Refusal::bad_request(format!("requested {} without impersonating a user name", go_syntax(&wanted))))
}

fn needed(wanted: &User) -> Vec<Action> {
    let mut needed = vec![match service_account(&wanted.name) {
        Some((namespace, name)) => impersonation("", "serviceaccounts", "", name, namespace),
        None => impersonation("", "users", "", &wanted.name, ""),
    }];
    if !wanted.uid.is_empty() {
        needed.push(impersonation(AUTHENTICATION, "uids", "", &wanted.uid, ""));
    }
    needed.extend(wanted.groups.iter().map(|group| impersonation("", "groups", "", group, "")));
    for (key, values) in &wanted.extra {
        needed.extend(values.iter().map(|value| impersonation(AUTHENTICATION, "userextras", key, value, "")));
    }
    needed
}

fn impersonation(group: &str, resource: &str, subresource: &str, name: &str, namespace: &str) -> Action {
    Action {
        verb: "impersonate".into(),
        group: group.into(),
        resource: resource.into(),
        subresource: subresource.into(),
        name: name.into(),
        namespace: namespace.into(),
        path: None,
    }
}

fn completed(mut wanted: User) -> User {
    if let Some((namespace, _)) = service_account(&wanted.name)
        && wanted.groups.is_empty()
    {
        wanted.groups = vec!["system:serviceaccounts".into(), format!("system:serviceaccounts:{namespace}")];
    }
    if wanted.name == ANONYMOUS {
        wanted.add_group(UNAUTHENTICATED);
    } else if !wanted.groups.iter().any(|group| group == UNAUTHENTICATED) {
        wanted.add_group(AUTHENTICATED);
    }
    wanted
}

/// Namespace and name in `system:serviceaccount:<namespace>:<name>`.
pub(crate) fn service_account(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user.strip_prefix(SERVICE_ACCOUNT_PREFIX)?.split_once(':')?;
    (!namespace.is_empty() && !name.is_empty() && !name.contains(':')).then_some((namespace, name))
}

fn percent_decoded(text: &str) -> String {
    super::request::percent_decoded(text, false)
}

/// How Go prints the half-filled user in the server's own message.
fn go_syntax(user: &User) -> String {
    let list = |values: &[String]| values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ");
    let groups =
        if user.groups.is_empty() { "[]string(nil)".into() } else { format!("[]string{{{}}}", list(&user.groups)) };
    let extra = if user.extra.is_empty() {
        "map[string][]string(nil)".into()
    } else {
        let entries: Vec<String> =
            user.extra.iter().map(|(key, values)| format!("{key:?}:[]string{{{}}}", list(values))).collect();
        format!("map[string][]string{{{}}}", entries.join(", "))
    };
    format!("&user.DefaultInfo{{Name:{:?}, UID:{:?}, Groups:{groups}, Extra:{extra}}}", user.name, user.uid)
}
