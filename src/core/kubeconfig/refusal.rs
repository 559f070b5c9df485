//! Which user entries kubectl refuses before it does anything.
//!
//! Sources: <https://github.com/kubernetes/client-go/blob/v0.36.3/tools/clientcmd/validation.go> (`validateAuthInfo`),
//! <https://github.com/kubernetes/client-go/blob/v0.36.3/transport/round_trippers.go> (token and password together),
//! <https://github.com/kubernetes/client-go/blob/v0.36.3/rest/plugin.go> (authentication providers),
//! <https://github.com/kubernetes/client-go/blob/v0.36.3/plugin/pkg/client/auth/exec/exec.go> (plugins)

use std::borrow::Cow;

use super::exec_credential::API_VERSIONS;
use super::{Exec, Impersonate, InteractiveMode, User};

/// What kubectl refuses a user entry for, as the rest of a sentence about the entry: `has a client certificate but no key`.
/// Whether the files that the entry names can be read is another matter.
pub fn refusal(user: &User) -> Option<Cow<'static, str>> {
    let fixed = methods(user).or_else(|| certificate(user)).or_else(|| impersonation(&user.impersonate));
    fixed
        .map(Cow::Borrowed)
        .or_else(|| unknown_provider(user).map(Cow::Owned))
        .or_else(|| user.exec.as_ref().and_then(|exec| plugin(user, exec)).map(Cow::Borrowed))
}

fn methods(user: &User) -> Option<&'static str> {
    let has_basic = user.username.is_some() || user.password.is_some();
    let has_token = user.token.is_some() || user.token_file.is_some();
    (has_basic && has_token).then_some("has both a token and a user name with password")
}

fn certificate(user: &User) -> Option<&'static str> {
    let (certificate, certificate_data) = (user.client_certificate.is_some(), user.client_certificate_data.is_some());
    let (key, key_data) = (user.client_key.is_some(), user.client_key_data.is_some());
    if !certificate && !certificate_data {
        None
    } else if certificate && certificate_data {
        Some("has both client-certificate and client-certificate-data")
    } else if key && key_data {
        Some("has both client-key and client-key-data")
    } else if !key && !key_data {
        Some("has a client certificate but no key")
    } else {
        None
    }
}

fn impersonation(impersonate: &Impersonate) -> Option<&'static str> {
    let more = impersonate.uid.is_some() || !impersonate.groups.is_empty() || !impersonate.extra.is_empty();
    (impersonate.user.is_none() && more).then_some("impersonates a UID, groups or extra fields but no user")
}

fn unknown_provider(user: &User) -> Option<String> {
    let provider = user.auth_provider.as_ref().filter(|provider| provider.name != "oidc")?;
    Some(format!("uses auth-provider {:?}, which is not supported", provider.name))
}

fn plugin(user: &User, exec: &Exec) -> Option<&'static str> {
    if user.auth_provider.is_some() {
        Some("has both an auth-provider and a credential plugin")
    } else if exec.command.is_empty() {
        Some("has a credential plugin without a command")
    } else if exec.api_version.is_empty() {
        Some("has a credential plugin without an apiVersion")
    } else if !API_VERSIONS.contains(&exec.api_version.as_str()) {
        Some("has a credential plugin with an unknown apiVersion")
    } else if exec.env.iter().any(|(name, _)| name.is_empty()) {
        Some("has a credential plugin with a variable that has no name")
    } else {
        match exec.interactive_mode {
            InteractiveMode::Unspecified => Some("has a credential plugin without an interactiveMode"),
            InteractiveMode::Unknown => Some("has a credential plugin with an unknown interactiveMode"),
            InteractiveMode::Never | InteractiveMode::IfAvailable | InteractiveMode::Always => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::super::parse;
    use super::*;

    fn of(user: &str) -> Option<String> {
        let text = format!("users: [{{name: u, user: {user}}}]");
        let kubeconfig = parse(text.as_bytes(), Arc::from(Path::new("/k/config"))).unwrap();
        refusal(&kubeconfig.users["u"].value).map(Cow::into_owned)
    }

    #[test]
    fn what_kubectl_refuses_is_reported() {
        let plugin = |fields: &str| format!("{{exec: {{{fields}}}}}");
        let v1 = "apiVersion: client.authentication.k8s.io/v1";
        for (user, sentence) in [
            ("{token: a, username: b}", "has both a token and a user name with password"),
            ("{tokenFile: a, password: b}", "has both a token and a user name with password"),
            (
                "{client-certificate: a, client-certificate-data: aGk=, client-key: k}",
                "has both client-certificate and client-certificate-data",
            ),
            (
                "{client-certificate: a, client-key: k, client-key-data: aGk=}",
                "has both client-key and client-key-data",
            ),
            ("{client-certificate: a}", "has a client certificate but no key"),
            ("{as-groups: [a]}", "impersonates a UID, groups or extra fields but no user"),
            ("{auth-provider: {name: gcp}}", "uses auth-provider \"gcp\", which is not supported"),
            ("{auth-provider: {name: oidc}, exec: {command: a}}", "has both an auth-provider and a credential plugin"),
            (&plugin(v1), "has a credential plugin without a command"),
            (&plugin("command: a"), "has a credential plugin without an apiVersion"),
            (
                &plugin(&format!("{v1}, command: a, interactiveMode: Never, env: [{{value: x}}]")),
                "has a credential plugin with a variable that has no name",
            ),
            (
                &plugin("command: a, apiVersion: client.authentication.k8s.io/v1alpha1"),
                "has a credential plugin with an unknown apiVersion",
            ),
            (&plugin(&format!("{v1}, command: a")), "has a credential plugin without an interactiveMode"),
            (
                &plugin(&format!("{v1}, command: a, interactiveMode: never")),
                "has a credential plugin with an unknown interactiveMode",
            ),
        ] {
            assert_eq!(of(user).as_deref(), Some(sentence), "{user}");
        }
    }

    #[test]
    fn what_kubectl_takes_is_not_refused() {
        for user in [
            "{}",
            "{token: a, tokenFile: b}",
            "{token: a, username: ''}",
            "{client-key: k, client-key-data: aGk=}",
            "{client-certificate: a, client-key: k, token: a}",
            "{as: me, as-uid: '1'}",
            "{auth-provider: {name: oidc}}",
            "{exec: {command: a, apiVersion: client.authentication.k8s.io/v1beta1}}",
        ] {
            assert_eq!(of(user), None, "{user}");
        }
    }
}
