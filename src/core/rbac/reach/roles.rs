//! More rights by writing RBAC: into a role that is bound to the user, or a binding to a role.
//!
//! Either needs two rights: without `escalate` or `bind` the API server refuses what one does not hold, and they alone write nothing.
//! Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping>

use super::cluster::ReachCluster;
use super::names::{AllowedNames, By, joined};
use super::node::{Gained, Node, NodeKey, Place};
use super::paths::{Edge, To};
use super::{Primitive, Step, Target};
use crate::core::rbac::Attributes;
use crate::core::rbac::binding::{BindingKind, RBAC_GROUP};
use crate::core::rbac::full_rights::has_full_rights;
use crate::core::rbac::inventory::{Binding, Role};

/// What is gained by `escalate` with `update` or `patch` (or `create`, where the bound role is missing) on a role that is bound.
pub(super) fn escalations<'a>(node: &Node<'a>) -> Vec<Edge<'a>> {
    let mut edges: Vec<Edge<'a>> = Vec::new();
    for held in &node.held {
        let Some(binding) = held.binding else { continue };
        let role = binding.role();
        let (place, plural) = match &*role.kind {
            "Role" => (held.place, "roles"),
            _ => (Place::Cluster, "clusterroles"),
        };
        let escalate = node.names(place, "escalate", RBAC_GROUP, plural);
        if escalate.is_empty() {
            continue;
        }
        let write = |verbs: &[&'static str]| node.names_of_each(place, verbs, RBAC_GROUP, plural);
        let (change, create) = (write(&["update", "patch"]), write(&["create"]));
        let (escalate, write) = match held.exists {
            true => (escalate.get(&role.name), change.get(&role.name)),
            false => (escalate.any(), create.any()),
        };
        let (Some(by_escalate), Some((verb, by_write))) = (escalate, write) else { continue };
        let gained = Gained { place: held.place, role: None };
        let key = beside(node, [gained]);
        if key == node.key || edges.iter().any(|edge| matches!(&edge.to, To::Node(known) if *known == key)) {
            continue;
        }
        let name = if held.exists { &*role.name } else { "" };
        let asked = |verb: &str| request(verb, plural, name, place);
        let bindings = joined([&vec![binding], by_escalate, by_write]);
        let step = Step {
            primitive: Primitive::Escalate,
            attributes: vec![asked("escalate"), asked(verb)],
            bindings,
            becomes: None,
            depends_on: Vec::new(),
        };
        edges.push(Edge::to(step, key));
    }
    edges
}

/// What is gained by `bind` on a role with the right to write bindings.
pub(super) fn bindings<'a>(cluster: &ReachCluster<'a>, node: &Node<'a>) -> Vec<Edge<'a>> {
    let mut edges = Vec::new();
    let mut gained_everywhere = Vec::new();
    let mut places = node.places();
    places.insert(0, Place::Cluster);
    // Where everything is held, nothing is gained.
    for place in places.into_iter().filter(|place| node.full_rights(*place).is_none()) {
        let mut offers = offers_in(cluster, node, place);
        offers.retain(|offer| !gained_everywhere.contains(&offer.role) && !is_held(node, place, &offer.role));
        if place.namespace().is_none() {
            gained_everywhere.extend(offers.iter().map(|offer| offer.role.clone()));
        }
        // Full rights in one step; what else can be bound, together.
        let (full, others): (Vec<Offer<'a>>, Vec<Offer<'a>>) =
            offers.into_iter().partition(|offer| is_full(cluster, place, &offer.role));
        match full.into_iter().next() {
            Some(offer) => edges.push(edge(node, place, vec![offer])),
            None if !others.is_empty() => edges.push(edge(node, place, others)),
            None => {}
        }
    }
    edges
}

/// A role that can be bound, and by which requests.
struct Offer<'a> {
    role: Role,
    attributes: Vec<Attributes>,
    by: By<'a>,
}

fn offers_in<'a>(cluster: &ReachCluster<'a>, node: &Node<'a>, place: Place<'a>) -> Vec<Offer<'a>> {
    let plural = if place == Place::Cluster { "clusterrolebindings" } else { "rolebindings" };
    let create = node.names(place, "create", RBAC_GROUP, plural);
    let change = node.names_of_each(place, &["update", "patch"], RBAC_GROUP, plural);
    if create.any().is_none() && change.is_empty() {
        return Vec::new();
    }
    let mut offers = Vec::new();
    for (kind, roles) in [("ClusterRole", "clusterroles"), ("Role", "roles")] {
        if kind == "Role" && place.namespace().is_none() {
            continue;
        }
        let bind = node.names(place, "bind", RBAC_GROUP, roles);
        if let Some(by_create) = create.any() {
            offers.extend(bindable(cluster, &bind, kind, place).map(|(name, by)| Offer {
                attributes: vec![request("bind", roles, &name, place), request("create", plural, "", place)],
                role: Role { kind: kind.into(), name: name.into() },
                by: joined([&by, by_create]),
            }));
        }
        let written = cluster.inventory.bindings().iter().filter(|binding| is_in(binding, place, kind));
        offers.extend(written.filter_map(|binding| {
            let (by_bind, (verb, by_change)) = (bind.get(&binding.role().name)?, change.get(binding.name())?);
            Some(Offer {
                attributes: vec![
                    request("bind", roles, &binding.role().name, place),
                    request(verb, plural, binding.name(), place),
                ],
                role: binding.role().clone(),
                by: joined([by_bind, by_change]),
            })
        }));
    }
    let mut known: Vec<Role> = Vec::new();
    offers.retain(|offer: &Offer<'_>| {
        let is_new = !known.contains(&offer.role) && cluster.roles.of(place.namespace(), &offer.role).is_some();
        if is_new {
            known.push(offer.role.clone());
        }
        is_new
    });
    offers
}

/// The roles that may be bound: where any may, the one with full rights that every cluster has.
fn bindable<'a>(
    cluster: &ReachCluster<'a>,
    bind: &AllowedNames<'a>,
    kind: &str,
    place: Place<'_>,
) -> impl Iterator<Item = (String, By<'a>)> {
    let any: Vec<(String, By<'a>)> = match bind.any() {
        None => bind.only().map(|(name, by)| (name.to_owned(), by.clone())).collect(),
        Some(by) => cluster.roles.names(kind, place.namespace()).map(|name| (name.to_owned(), by.clone())).collect(),
    };
    any.into_iter()
}

fn is_in(binding: &Binding, place: Place<'_>, kind: &str) -> bool {
    let is_here = match place {
        Place::Cluster => binding.kind() == BindingKind::ClusterRoleBinding,
        Place::Every => false,
        Place::Namespace(namespace) => binding.namespace() == Some(namespace),
    };
    is_here && &*binding.role().kind == kind
}

fn is_held(node: &Node<'_>, place: Place<'_>, role: &Role) -> bool {
    node.held.iter().any(|held| held.place == place && held.binding.is_some_and(|binding| binding.role() == role))
        || node.key.gained.contains(&Gained { place, role: Some(role.clone()) })
}

fn is_full(cluster: &ReachCluster<'_>, place: Place<'_>, role: &Role) -> bool {
    cluster.roles.of(place.namespace(), role).is_some_and(|facts| has_full_rights(&facts.rules))
}

fn edge<'a>(node: &Node<'a>, place: Place<'a>, offers: Vec<Offer<'a>>) -> Edge<'a> {
    let becomes = match offers.as_slice() {
        [one] => Some(Target::Role { namespace: place.namespace().map(str::to_owned), role: one.role.clone() }),
        _ => None,
    };
    let mut attributes: Vec<Attributes> = Vec::new();
    for asked in offers.iter().flat_map(|offer| &offer.attributes) {
        if !attributes.contains(asked) {
            attributes.push(asked.clone());
        }
    }
    let bindings = joined(offers.iter().map(|offer| &offer.by));
    let key = beside(node, offers.iter().map(|offer| Gained { place, role: Some(offer.role.clone()) }));
    Edge::to(Step { primitive: Primitive::Bind, attributes, bindings, becomes, depends_on: Vec::new() }, key)
}

/// The same user with more roles.
pub(super) fn beside<'a>(node: &Node<'a>, more: impl IntoIterator<Item = Gained<'a>>) -> NodeKey<'a> {
    let mut key = node.key.clone();
    key.gained.extend(more);
    key.gained.sort();
    key.gained.dedup();
    key
}

fn request(verb: &str, resource: &str, name: &str, place: Place<'_>) -> Attributes {
    Attributes::on(verb, RBAC_GROUP, resource, name, place.namespace().unwrap_or_default())
}
