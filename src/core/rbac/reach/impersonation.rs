//! Acting as others: by `impersonate` in the core group, or, from Kubernetes 1.36 on, for some verbs alone.
//!
//! Source: <https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/>

use super::cluster::ReachCluster;
use super::names::{AllowedNames, By, joined};
use super::node::{Node, NodeKey, Place};
use super::paths::Edge;
use super::{Primitive, Step, Target};
use crate::core::rbac::Attributes;
use crate::core::rbac::kinds::AUTHENTICATION_GROUP;
use crate::core::rbac::user_info::{ANONYMOUS, UserInfo, service_account_of};
use crate::core::system_groups::{AUTHENTICATED, MASTERS};

/// A user name that need not exist.
const ANYONE: &str = "anyone";
/// What a server of an unknown or older version must do for impersonation of some verbs alone.
const IF_CONSTRAINED: &str = "the API server knows constrained impersonation (Kubernetes 1.36)";

/// How a kind of impersonation is asked.
struct Mode {
    primitive: Primitive,
    verb: &'static str,
    group: &'static str,
    /// The mode in the verbs of what is done; `None`: all may be done.
    narrowed: Option<&'static str>,
    depends_on: Vec<&'static str>,
}

/// All users that a node can act as.
pub(super) fn edges<'a>(cluster: &ReachCluster<'a>, index: usize, node: &Node<'a>) -> Vec<Edge<'a>> {
    let core = Mode {
        primitive: Primitive::Impersonate,
        verb: "impersonate",
        group: "",
        narrowed: None,
        depends_on: Vec::new(),
    };
    let mut edges = users(cluster, index, node, &core);
    if edges.iter().any(|edge| edge.step.becomes == Some(Target::Masters)) {
        return edges;
    }
    edges.extend(accounts(cluster, index, node, &core));
    // One who acts as another for some verbs alone acts for no other user.
    if node.narrowed.is_some() || cluster.is_since(35) == Some(false) {
        return edges;
    }
    let depends_on = if cluster.is_since(36) == Some(true) { Vec::new() } else { vec![IF_CONSTRAINED] };
    let constrained = |verb, mode| Mode {
        primitive: Primitive::ConstrainedImpersonate,
        verb,
        group: AUTHENTICATION_GROUP,
        narrowed: Some(mode),
        depends_on: depends_on.clone(),
    };
    let modes = ["user-info", "serviceaccount", "arbitrary-node"].map(|mode| does_something_as(node, mode));
    if modes[0] {
        edges.extend(users(cluster, index, node, &constrained("impersonate:user-info", "user-info")));
    }
    if modes[1] {
        edges.extend(accounts(cluster, index, node, &constrained("impersonate:serviceaccount", "serviceaccount")));
    }
    if modes[2] {
        edges.extend(nodes(cluster, index, node, &constrained("impersonate:arbitrary-node", "arbitrary-node")));
    }
    let as_users = node.names(Place::Cluster, core.verb, core.group, "users");
    edges.retain(|edge| edge.step.primitive == Primitive::Impersonate || !acts_as_whole(node, &as_users, edge));
    edges
}

/// Whether one can act as the same user for everything, so that acting for some verbs adds nothing.
fn acts_as_whole(node: &Node<'_>, as_users: &AllowedNames<'_>, edge: &Edge<'_>) -> bool {
    match &edge.step.becomes {
        Some(Target::Identity(name)) => as_users.get(name.as_deref().unwrap_or_default()).is_some(),
        Some(Target::ServiceAccount { namespace, name }) => {
            let place = namespace.as_deref().map_or(Place::Every, Place::Namespace);
            let accounts = node.names(place, "impersonate", "", "serviceaccounts");
            accounts.get(name.as_deref().unwrap_or_default()).is_some()
        }
        _ => false,
    }
}

fn does_something_as(node: &Node<'_>, mode: &str) -> bool {
    let prefix = format!("impersonate-on:{mode}:");
    let rules = node.held.iter().flat_map(|held| held.rules);
    rules.flat_map(|rule| &rule.verbs).any(|verb| verb == "*" || verb.starts_with(&prefix))
}

fn users<'a>(cluster: &ReachCluster<'a>, index: usize, node: &Node<'a>, mode: &Mode) -> Vec<Edge<'a>> {
    let users = node.names(Place::Cluster, mode.verb, mode.group, "users");
    let groups = node.names(Place::Cluster, mode.verb, mode.group, "groups");
    let is_constrained = mode.narrowed.is_some();
    if let (false, Some((name, by_user)), Some(by_group)) = (is_constrained, users.first(), groups.get(MASTERS)) {
        return vec![masters(name, by_user, by_group)];
    }
    let by_name = |name: &str| (!is_constrained || is_plain_user(name)) && service_account_of(name).is_none();
    let mut candidates: Vec<(&'a str, By<'a>)> =
        users.only().filter(|(name, _)| by_name(name)).map(|(name, by)| (name, by.clone())).collect();
    let mut edges = Vec::new();
    if let Some(by) = users.any() {
        candidates = cluster.users.iter().filter(|name| by_name(name)).map(|name| (*name, by.clone())).collect();
        let step = step(mode, vec![asked(mode, "users", "", Place::Cluster)], by.clone(), Target::Identity(None));
        edges.push(Edge::to_any(step));
        if groups.only().next().is_some() {
            candidates.push((ANYONE, by.clone()));
        }
    }
    edges.extend(candidates.into_iter().map(|(name, by)| {
        let mut attributes = vec![asked(mode, "users", name, Place::Cluster)];
        let added: Vec<_> = groups.only().filter(|(group, _)| *group != MASTERS).collect();
        attributes.extend(added.iter().map(|(group, _)| asked(mode, "groups", group, Place::Cluster)));
        let by = joined([&by].into_iter().chain(added.iter().map(|(_, by)| *by)));
        let in_groups = added.iter().map(|(group, _)| *group);
        let info = match name {
            ANONYMOUS => UserInfo { name: name.to_owned(), groups: in_groups.map(str::to_owned).collect() },
            name => UserInfo::authenticated(name, in_groups),
        };
        let step = step(mode, attributes, by, Target::Identity(Some(name.to_owned())));
        Edge::to(step, key(info, index, mode))
    }));
    edges
}

fn is_plain_user(name: &str) -> bool {
    !name.starts_with("system:node:") && service_account_of(name).is_none()
}

fn masters<'a>(name: &str, by_user: &By<'a>, by_group: &By<'a>) -> Edge<'a> {
    let asked = |resource: &str, name: &str| Attributes::on("impersonate", "", resource, name, "");
    let step = Step {
        primitive: Primitive::Impersonate,
        attributes: vec![asked("users", name), asked("groups", MASTERS)],
        bindings: joined([by_user, by_group]),
        becomes: Some(Target::Masters),
        depends_on: Vec::new(),
    };
    let user = if name.is_empty() { ANYONE } else { name };
    Edge::to(step, NodeKey::of(UserInfo::authenticated(user, [MASTERS])))
}

fn accounts<'a>(cluster: &ReachCluster<'a>, index: usize, node: &Node<'a>, mode: &Mode) -> Vec<Edge<'a>> {
    let allowed = |place| node.names(place, mode.verb, mode.group, "serviceaccounts");
    let step_to = |place: Place<'a>, name: &str, by: &By<'a>, becomes| {
        step(mode, vec![asked(mode, "serviceaccounts", name, place)], by.clone(), becomes)
    };
    let narrow = |info: UserInfo| key(info, index, mode);
    each_account(cluster, node, allowed, step_to, mode.narrowed.map(|_| &narrow as Narrow<'_, 'a>))
}

/// Who one is as a service account for some verbs alone.
pub(super) type Narrow<'n, 'a> = &'n dyn Fn(UserInfo) -> NodeKey<'a>;

/// Edges to the service accounts for which something is allowed in their namespace: to each that is known, and to any other.
pub(super) fn each_account<'a>(
    cluster: &ReachCluster<'a>,
    node: &Node<'a>,
    allowed: impl Fn(Place<'a>) -> AllowedNames<'a>,
    step_to: impl Fn(Place<'a>, &str, &By<'a>, Target) -> Step<'a>,
    narrow: Option<Narrow<'_, 'a>>,
) -> Vec<Edge<'a>> {
    let target = |namespace: Option<&str>, name: Option<&str>| Target::ServiceAccount {
        namespace: namespace.map(str::to_owned),
        name: name.map(str::to_owned),
    };
    let to_account = |namespace: &'a str, name: &str, by: &By<'a>| {
        let step = step_to(Place::Namespace(namespace), name, by, target(Some(namespace), Some(name)));
        let info = UserInfo::service_account(namespace, name);
        Edge::to(step, narrow.map_or_else(|| NodeKey::of(info.clone()), |narrow| narrow(info.clone())))
    };
    let mut edges = Vec::new();
    let mut is_allowed_everywhere = false;
    for place in node.places() {
        let names = allowed(place);
        let is_here = |namespace: &str| place.namespace().is_none_or(|place| place == namespace);
        if let Some(by) = names.any().filter(|_| !is_allowed_everywhere) {
            is_allowed_everywhere = place == Place::Every;
            let step = step_to(place, "", by, target(place.namespace(), None));
            match narrow {
                None => edges.push(Edge::to_accounts(step, place.namespace())),
                Some(_) => {
                    edges.push(Edge::to_any(step));
                    let here = cluster.accounts.iter().filter(|(namespace, _)| is_here(namespace));
                    edges.extend(here.map(|(namespace, name)| to_account(namespace, name, by)));
                }
            }
        }
        for (name, by) in names.only().filter(|(name, _)| names.any().is_none() && *name != "*") {
            // In each namespace: the accounts of this name that are known.
            let here = |(namespace, account): &&(&str, &str)| *account == name && is_here(namespace);
            let known = cluster.accounts.iter().filter(here).map(|(namespace, _)| *namespace);
            let mut namespaces: Vec<&'a str> = known.chain(place.namespace()).collect();
            namespaces.dedup();
            edges.extend(namespaces.into_iter().map(|namespace| to_account(namespace, name, by)));
        }
    }
    edges
}

fn nodes<'a>(cluster: &ReachCluster<'a>, index: usize, node: &Node<'a>, mode: &Mode) -> Vec<Edge<'a>> {
    let allowed = node.names(Place::Cluster, mode.verb, mode.group, "nodes");
    let known = cluster.users.iter().filter_map(|user| user.strip_prefix("system:node:"));
    let any = known.filter_map(|name| Some((name, allowed.any()?)));
    // `*` among the names is no wildcard here either.
    let only = allowed.only().filter(|(name, _)| *name != "*");
    let to_node = |(name, by): (&str, &By<'a>)| {
        let user = format!("system:node:{name}");
        let attributes = vec![asked(mode, "nodes", name, Place::Cluster)];
        let step = step(mode, attributes, by.clone(), Target::Identity(Some(user.clone())));
        let info = UserInfo { name: user, groups: vec!["system:nodes".to_owned(), AUTHENTICATED.to_owned()] };
        Edge::to(step, key(info, index, mode))
    };
    any.chain(only).map(to_node).collect()
}

fn key<'a>(info: UserInfo, by: usize, mode: &Mode) -> NodeKey<'a> {
    NodeKey { narrowed: mode.narrowed.map(|mode| (by, mode)), ..NodeKey::of(info) }
}

fn asked(mode: &Mode, resource: &str, name: &str, place: Place<'_>) -> Attributes {
    Attributes::on(mode.verb, mode.group, resource, name, place.namespace().unwrap_or_default())
}

fn step<'a>(mode: &Mode, attributes: Vec<Attributes>, bindings: By<'a>, becomes: Target) -> Step<'a> {
    Step {
        primitive: mode.primitive,
        attributes,
        bindings,
        becomes: Some(becomes),
        depends_on: mode.depends_on.clone(),
    }
}
