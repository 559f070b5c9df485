//! Impersonation: a user acts as another, by the `Impersonate-…` headers.

use http::HeaderMap;

use super::action::Action;
use super::authorizer::Authorizer;
use super::percent::percent_decoded;
use super::resources::AUTHENTICATION;
use super::status::StatusError;
use super::user::{ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, User, service_account};

const EXTRA_HEADER_PREFIX: &str = "impersonate-extra-";

/// Follows the `Impersonate-…` headers, if the user may.
pub(crate) fn impersonate(user: User, headers: &HeaderMap, authorizer: &Authorizer<'_>) -> Result<User, StatusError> {
    let Some(wanted) = wanted(headers)? else { return Ok(user) };
    for action in needed(&wanted) {
        let decision = authorizer.decide(&user, &action);
        if !decision.allowed {
            return Err(action.forbidden(&user, &decision.reason));
        }
    }
    Ok(completed(wanted))
}

fn wanted(headers: &HeaderMap) -> Result<Option<User>, StatusError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut wanted = User { name: text("impersonate-user"), uid: text("impersonate-uid"), ..User::default() };
    wanted
        .groups
        .extend(headers.get_all("impersonate-group").iter().filter_map(|v| v.to_str().ok().map(str::to_owned)));
    for (name, value) in headers {
        let Some(key) = name.as_str().strip_prefix(EXTRA_HEADER_PREFIX) else { continue };
        let value = value.to_str().unwrap_or_default().to_owned();
        wanted.extra.entry(percent_decoded(key, false)).or_default().push(value);
    }
    if !wanted.name.is_empty() {
        return Ok(Some(wanted));
    }
    if wanted.uid.is_empty() && wanted.groups.is_empty() && wanted.extra.is_empty() {
        return Ok(None);
    }
    Err(StatusError::bad_request(format!("requested {} without impersonating a user name", go_syntax(&wanted))))
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
