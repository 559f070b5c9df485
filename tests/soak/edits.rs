//! What others do in the clusters and in the account meanwhile.

use std::collections::BTreeMap;

use ackcred_sandbox::binding::BindingRef;
use ackcred_sandbox::client::JSON_PATCH;
use serde_json::{Value, json};

use crate::bindings::{Bindings, Bound, GROUPS, NAMESPACES, ROLES, Subject};
use crate::people::{OPERATOR, SECOND, identity, identity_subject, other_subject, subjects, user_name};
use crate::random::Random;
use crate::world::{Place, Server, World, administrators, administrators_binding, issued};

/// The operator's user name in a cluster, by the binding that ACK made: a rotation gives another one.
pub(crate) fn operator(bindings: &Bindings) -> String {
    let own = bindings.get(&administrators_binding(OPERATOR));
    let name = own.and_then(|bound| bound.subjects.first()).map(|subject| subject.name.clone());
    name.unwrap_or_else(|| user_name(OPERATOR))
}

/// Gives the operator's new name to what a rotation could not read and so left with the old one: as its report says how.
pub(crate) fn mend<C: Server>(cluster: &Place<C>, there: &Bindings) {
    let name = operator(there);
    for (binding, bound) in there {
        let is_old = |subject: &Subject| subject.is_of(OPERATOR) && subject.name != name;
        for at in (0..bound.subjects.len()).filter(|at| is_old(&bound.subjects[*at])) {
            let path = format!("/subjects/{at}/name");
            patch(cluster, &binding.path(), &json!([{"op": "replace", "path": path, "value": name}]));
        }
    }
}

/// A cluster's bindings at the beginning.
pub(crate) fn beginning(random: &mut Random) -> Bindings {
    let mut bindings = administrators();
    for number in 0..3 + random.below(4) {
        let (place, bound) = binding(random, number, &user_name(OPERATOR));
        bindings.insert(place, bound);
    }
    bindings
}

/// One binding; now and then under a name that ACK gives to an identity's own.
fn binding(random: &mut Random, number: usize, operator: &str) -> (BindingRef, Bound) {
    let namespace = random.percent(60).then(|| random.pick(&NAMESPACES));
    let acks = random.percent(30).then(|| identity(random));
    let place = match (namespace, acks) {
        (Some(namespace), Some(uid)) => BindingRef::role_binding(namespace, &format!("{uid}-{namespace}-rolebinding")),
        (None, Some(uid)) => BindingRef::cluster_role_binding(&format!("{uid}-clusterrolebinding")),
        (Some(namespace), None) => BindingRef::role_binding(namespace, &format!("soak-{number}-b")),
        (None, None) => BindingRef::cluster_role_binding(&format!("soak-{number}-b")),
    };
    let mut subjects = subjects(random, operator);
    if let Some(uid) = acks.filter(|_| random.percent(70)) {
        let own = Subject::user(&user_name(uid));
        if !subjects.contains(&own) {
            subjects.push(own);
        }
    }
    let labels = if random.percent(30) { BTreeMap::from([label(random)]) } else { BTreeMap::new() };
    (place, Bound { role: random.pick(&ROLES).0.to_owned(), labels, subjects })
}

fn label(random: &mut Random) -> (String, String) {
    (random.pick(&["team", "example.com/tier"]).to_owned(), random.pick(&["a", "b", "c"]).to_owned())
}

/// Lets others do something in a cluster. Gives it in words.
pub(crate) fn edit<C: Server>(
    world: &World<C>,
    place: usize,
    there: &Bindings,
    number: usize,
    random: &mut Random,
) -> String {
    let cluster = &world.places[place];
    // The administrators stay as they are, or the operator could do nothing any more.
    let is_administrators = |name: &str| [OPERATOR, SECOND].iter().any(|uid| name.starts_with(uid));
    let all: Vec<(&BindingRef, &Bound)> =
        there.iter().filter(|(binding, _)| !is_administrators(&binding.name)).collect();
    let what = random.below(100);
    if what < 15 || all.is_empty() {
        let (binding, bound) = binding(random, number, &operator(there));
        if !there.contains_key(&binding) {
            cluster.make(&binding, &bound);
        }
        return format!("make {} if it is not there", binding.path());
    }
    if (15..22).contains(&what) {
        let uid = identity(random);
        let id = &cluster.id;
        world.cloud.edit(|state| state.cluster_mut(id).unwrap().kubeconfigs.insert(uid.to_owned(), issued(uid)));
        return format!("the console issues a kubeconfig of {uid}");
    }
    let (binding, bound) = random.pick(&all);
    let path = binding.path();
    match what {
        22..45 => {
            let subject = match random.below(12) {
                0 => Subject::group(GROUPS[0]),
                1..4 => other_subject(random, &operator(there)),
                _ => identity_subject(random),
            };
            if !bound.subjects.contains(&subject) {
                patch(cluster, &path, &json!([{"op": "add", "path": "/subjects/-", "value": subject.json()}]));
            }
            format!("add {subject} to {path} if it is not there")
        }
        45..65 if bound.subjects.len() > 1 => {
            let at = random.below(bound.subjects.len());
            patch(cluster, &path, &json!([{"op": "remove", "path": format!("/subjects/{at}")}]));
            format!("remove {} from {path}", bound.subjects[at])
        }
        65..75 => {
            let (key, value) = label(random);
            let mut labels = bound.labels.clone();
            labels.insert(key, value);
            patch(cluster, &path, &json!([{"op": "add", "path": "/metadata/labels", "value": labels}]));
            format!("label {path} {labels:?}")
        }
        75..88 => {
            delete(cluster, &path);
            let role = if random.percent(80) { bound.role.clone() } else { random.pick(&ROLES).0.to_owned() };
            let subjects = if random.percent(50) { bound.subjects.clone() } else { subjects(random, &operator(there)) };
            let anew = Bound { role, subjects, ..bound.clone() };
            cluster.make(binding, &anew);
            format!("delete {path} and make it anew: {anew:?}")
        }
        _ => {
            delete(cluster, &path);
            format!("delete {path}")
        }
    }
}

fn patch<C: Server>(cluster: &Place<C>, path: &str, operations: &Value) {
    let reply = cluster.ask("PATCH", path, &[JSON_PATCH], operations);
    assert_eq!(reply.code, 200, "{path}: {}", reply.json());
}

fn delete<C: Server>(cluster: &Place<C>, path: &str) {
    let reply = cluster.ask("DELETE", path, &[], &Value::Null);
    assert_eq!(reply.code, 200, "{path}: {}", reply.json());
}
