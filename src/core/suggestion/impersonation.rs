//! What the API server asks of who acts as another: by `impersonate` in the core group, or, from Kubernetes 1.36 on, for some verbs alone.
//!
//! Source: <https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/> and
//! <https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation.go>

use crate::core::audit::event::User;
use crate::core::rbac::Attributes;
use crate::core::rbac::UserInfo;
use crate::core::rbac::kinds::AUTHENTICATION_GROUP;
use crate::core::rbac::user_info::service_account_of;
use crate::core::system_groups::{AUTHENTICATED, UNAUTHENTICATED};

const PLAIN: &str = "impersonate";
const NODE: &str = "system:node:";

/// What was asked about acting as this user. `constraint` is the kind of impersonation where it was for some verbs alone; `action` is
/// what was done.
///
/// A group that the API server adds by itself is taken as added: the log doesn't distinguish it from one that was sent.
pub(super) fn asked(user: &User<'_>, constraint: Option<&str>, action: &Attributes) -> Vec<Attributes> {
    let mut asked = match constraint.filter(|constraint| *constraint != PLAIN) {
        None => by(PLAIN, "", user),
        Some(verb @ "impersonate:user-info") => by(verb, AUTHENTICATION_GROUP, user),
        Some(verb @ "impersonate:serviceaccount") => account(verb, AUTHENTICATION_GROUP, &user.username),
        Some(verb @ "impersonate:arbitrary-node") => {
            vec![node(verb, user.username.strip_prefix(NODE).unwrap_or_default())]
        }
        // The API server asks for this name, whichever node it is.
        Some(verb) => vec![node(verb, "*")],
    };
    if let Some(mode) = constraint.and_then(|constraint| constraint.strip_prefix("impersonate:")) {
        asked.push(Attributes { verb: format!("impersonate-on:{mode}:{}", action.verb), ..action.clone() });
    }
    asked
}

fn by(verb: &str, group: &str, user: &User<'_>) -> Vec<Attributes> {
    let mut asked = account(verb, group, &user.username);
    if asked.is_empty() {
        asked.push(Attributes::on(verb, group, "users", &user.username, ""));
    }
    let groups = user.groups.iter().map(|name| &**name).collect::<Vec<_>>();
    asked.extend(sent(&user.username, &groups).map(|name| Attributes::on(verb, group, "groups", name, "")));
    if !user.uid.is_empty() {
        asked.push(Attributes::on(verb, AUTHENTICATION_GROUP, "uids", &user.uid, ""));
    }
    for (key, values) in user.extra.all() {
        let kind = format!("userextras/{key}");
        asked.extend(values.iter().map(|value| Attributes::on(verb, AUTHENTICATION_GROUP, &kind, value, "")));
    }
    asked
}

fn account(verb: &str, group: &str, user_name: &str) -> Vec<Attributes> {
    let account = service_account_of(user_name);
    account
        .map(|(namespace, name)| Attributes::on(verb, group, "serviceaccounts", name, namespace))
        .into_iter()
        .collect()
}

fn node(verb: &str, name: &str) -> Attributes {
    Attributes::on(verb, AUTHENTICATION_GROUP, "nodes", name, "")
}

/// The groups that the client sent: not those that the API server adds.
fn sent<'a>(user_name: &str, groups: &[&'a str]) -> impl Iterator<Item = &'a str> {
    let own = service_account_of(user_name).map(|(namespace, name)| UserInfo::service_account(namespace, name).groups);
    let are_own =
        own.is_some_and(|own| own.len() == groups.len() && own.iter().all(|group| groups.contains(&group.as_str())));
    let sent = if are_own { &[] } else { groups };
    let sent: Vec<&str> =
        sent.iter().copied().filter(|group| ![AUTHENTICATED, UNAUTHENTICATED].contains(group)).collect();
    sent.into_iter()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Sent, event};
    use super::*;

    fn asked_of(name: &str, groups: &[&str], constraint: Option<&str>) -> Vec<String> {
        let sent = Sent { as_user: Some((name, groups)), constraint, ..Sent::default() };
        let action = Attributes::on("list", "", "pods", "", "shop");
        event(&sent, |event| {
            let user = event.impersonated.as_ref().unwrap();
            let asked = asked(user, event.impersonation_constraint.as_deref(), &action);
            asked.iter().map(ToString::to_string).collect()
        })
    }

    #[test]
    fn who_acts_as_another_is_asked_about_the_name_and_what_was_sent_with_it() {
        let own = ["system:serviceaccounts", "system:serviceaccounts:ci", "system:authenticated"];
        for (name, groups, expected) in [
            ("bo", &["system:authenticated"][..], &["impersonate users/bo"][..]),
            ("bo", &["dev", "system:authenticated"], &["impersonate users/bo", "impersonate groups/dev"]),
            ("system:anonymous", &["system:unauthenticated"], &["impersonate users/system:anonymous"]),
            ("system:serviceaccount:ci:robot", &own, &["impersonate serviceaccounts/robot in namespace ci"]),
            (
                "system:serviceaccount:ci:robot",
                &["dev", "system:authenticated"],
                &["impersonate serviceaccounts/robot in namespace ci", "impersonate groups/dev"],
            ),
        ] {
            assert_eq!(asked_of(name, groups, None), expected, "{name}");
        }
    }

    #[test]
    fn extra_fields_and_the_uid_are_asked_about_too() {
        let sent = Sent {
            as_user: Some(("bo", &["system:authenticated"])),
            extra: &[("example.com/team", &["red"]), ("authentication.kubernetes.io/credential-id", &["JTI=1"])],
            as_uid: "u-1",
            ..Sent::default()
        };
        let asked: Vec<String> = event(&sent, |event| {
            let asked = asked(event.impersonated.as_ref().unwrap(), None, &Attributes::default());
            asked.iter().map(ToString::to_string).collect()
        });
        assert_eq!(
            asked,
            [
                "impersonate users/bo",
                "impersonate uids.authentication.k8s.io/u-1",
                "impersonate userextras.authentication.k8s.io/JTI=1 --subresource=authentication.kubernetes.io/credential-id",
                "impersonate userextras.authentication.k8s.io/red --subresource=example.com/team",
            ]
        );
    }

    #[test]
    fn for_some_verbs_alone_the_verb_is_asked_about_where_it_is_used() {
        for (name, constraint, expected) in [
            ("bo", "impersonate:user-info", "impersonate:user-info users.authentication.k8s.io/bo"),
            (
                "system:serviceaccount:ci:robot",
                "impersonate:serviceaccount",
                "impersonate:serviceaccount serviceaccounts.authentication.k8s.io/robot in namespace ci",
            ),
            (
                "system:node:n1",
                "impersonate:arbitrary-node",
                "impersonate:arbitrary-node nodes.authentication.k8s.io/n1",
            ),
            (
                "system:node:n1",
                "impersonate:associated-node",
                "impersonate:associated-node nodes.authentication.k8s.io/*",
            ),
        ] {
            let mode = constraint.strip_prefix("impersonate:").unwrap();
            let on = format!("impersonate-on:{mode}:list pods in namespace shop");
            assert_eq!(asked_of(name, &["system:authenticated"], Some(constraint)), [expected.to_owned(), on]);
        }
    }
}
