//! Service accounts: by their tokens, by pods that run as them, by Secrets that hold their tokens, by the kubelets that run their pods.

use super::cluster::ReachCluster;
use super::impersonation::each_account;
use super::names::{AllowedVerbs, By, joined};
use super::node::{Node, Place};
use super::paths::Edge;
use super::{Primitive, Step, Target};
use crate::core::rbac::Attributes;

/// What makes pods, the pods themselves first.
const MAKE_PODS: [(&str, &str); 8] = [
    ("", "pods"),
    ("apps", "deployments"),
    ("apps", "daemonsets"),
    ("apps", "statefulsets"),
    ("apps", "replicasets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("", "replicationcontrollers"),
];
const WRITE: [&str; 3] = ["create", "update", "patch"];
const READ: [&str; 3] = ["get", "list", "watch"];

const IF_ADMITTED: &str = "admission lets such a pod run, and a node runs it";
const IF_RUNNING: &str = "a pod of that ServiceAccount runs there";
const IF_RUNNING_AND_GET: &str =
    "a pod of that ServiceAccount runs there, and the API server is older than Kubernetes 1.35, where get was enough";
const IF_TOKEN_IS_STORED: &str = "a Secret there holds a token of that ServiceAccount";
const IF_TOKEN_IS_MADE: &str = "the token controller runs";
const IF_ON_A_NODE: &str = "a pod of that ServiceAccount runs on such a node";

/// A right that leads to the service accounts of a namespace, and what else it takes.
struct Way<'a> {
    primitive: Primitive,
    attributes: Vec<Attributes>,
    by: By<'a>,
    depends_on: &'static str,
}

/// The service accounts that a node can be a token of.
pub(super) fn tokens<'a>(cluster: &ReachCluster<'a>, node: &Node<'a>) -> Vec<Edge<'a>> {
    let allowed = |place| node.names(place, "create", "", "serviceaccounts/token");
    let step_to = |place: Place<'a>, name: &str, by: &By<'a>, becomes| Step {
        primitive: Primitive::Token,
        attributes: vec![request("create", ("", "serviceaccounts/token"), name, place)],
        bindings: by.clone(),
        becomes: Some(becomes),
        depends_on: Vec::new(),
    };
    each_account(cluster, node, allowed, step_to, None)
}

/// The service accounts of each namespace that pods, Secrets or nodes lead to.
pub(super) fn of_namespaces<'a>(cluster: &ReachCluster<'a>, node: &Node<'a>) -> Vec<Edge<'a>> {
    let mut edges = Vec::new();
    let mut everywhere: Vec<Primitive> = Vec::new();
    for place in node.places() {
        let mut ways: Vec<Way<'a>> = [
            pods(node, place),
            running_pods(cluster, node, place),
            secrets_that_are_made(node, place),
            secrets(node, place),
            if place == Place::Every { kubelets(node) } else { None },
        ]
        .into_iter()
        .flatten()
        .collect();
        ways.retain(|way| !everywhere.contains(&way.primitive));
        if place == Place::Every {
            everywhere.extend(ways.iter().map(|way| way.primitive));
        }
        edges.extend(ways.into_iter().map(|way| to_accounts(place, way)));
    }
    edges
}

fn to_accounts<'a>(place: Place<'a>, way: Way<'a>) -> Edge<'a> {
    let namespace = place.namespace();
    let step = Step {
        primitive: way.primitive,
        attributes: way.attributes,
        bindings: way.by,
        becomes: Some(Target::ServiceAccount { namespace: namespace.map(str::to_owned), name: None }),
        depends_on: vec![way.depends_on],
    };
    Edge::to_accounts(step, namespace)
}

fn pods<'a>(node: &Node<'a>, place: Place<'a>) -> Option<Way<'a>> {
    MAKE_PODS.iter().find_map(|kind| {
        let verbs = node.names_of_each(place, &WRITE, kind.0, kind.1);
        way(Primitive::Workload, &verbs, *kind, place, IF_ADMITTED)
    })
}

fn running_pods<'a>(cluster: &ReachCluster<'a>, node: &Node<'a>, place: Place<'a>) -> Option<Way<'a>> {
    let by = |verbs: &[&'static str], resource: &'static str, depends_on| {
        let verbs = node.names_of_each(place, verbs, "", resource);
        way(Primitive::Workload, &verbs, ("", resource), place, depends_on)
    };
    let now = by(&["create"], "pods/exec", IF_RUNNING)
        .or_else(|| by(&["create"], "pods/attach", IF_RUNNING))
        .or_else(|| by(&["update", "patch"], "pods/ephemeralcontainers", IF_RUNNING));
    let before = |resource| match cluster.is_since(35) {
        Some(true) => None,
        Some(false) => by(&["get"], resource, IF_RUNNING),
        None => by(&["get"], resource, IF_RUNNING_AND_GET),
    };
    now.or_else(|| before("pods/exec")).or_else(|| before("pods/attach"))
}

fn secrets<'a>(node: &Node<'a>, place: Place<'a>) -> Option<Way<'a>> {
    let verbs = node.names_of_each(place, &READ, "", "secrets");
    way(Primitive::ReadSecrets, &verbs, ("", "secrets"), place, IF_TOKEN_IS_STORED)
}

fn secrets_that_are_made<'a>(node: &Node<'a>, place: Place<'a>) -> Option<Way<'a>> {
    let create = node.names(place, "create", "", "secrets");
    let read = node.names_of_each(place, &READ, "", "secrets");
    let (by_create, (verb, name, by_read)) = (create.any()?, read.first()?);
    let of = |verb, name| request(verb, ("", "secrets"), name, place);
    Some(Way {
        primitive: Primitive::MakeSecrets,
        attributes: vec![of("create", ""), of(verb, name)],
        by: joined([by_create, by_read]),
        depends_on: IF_TOKEN_IS_MADE,
    })
}

fn kubelets<'a>(node: &Node<'a>) -> Option<Way<'a>> {
    let verbs = node.names_of_each(Place::Cluster, &["create", "get"], "", "nodes/proxy");
    way(Primitive::Kubelet, &verbs, ("", "nodes/proxy"), Place::Cluster, IF_ON_A_NODE)
}

fn way<'a>(
    primitive: Primitive,
    verbs: &AllowedVerbs<'a>,
    kind: (&str, &str),
    place: Place<'_>,
    depends_on: &'static str,
) -> Option<Way<'a>> {
    let (verb, name, by) = verbs.first()?;
    Some(Way { primitive, attributes: vec![request(verb, kind, name, place)], by: by.clone(), depends_on })
}

fn request(verb: &str, (group, resource): (&str, &str), name: &str, place: Place<'_>) -> Attributes {
    Attributes::on(verb, group, resource, name, place.namespace().unwrap_or_default())
}
