//! What decides who a user is, or what others write: certificates that are signed, mappings, admission, a part of the API.

use super::names::{By, joined};
use super::node::{Gained, Node, NodeKey, Place};
use super::paths::Edge;
use super::roles::beside;
use super::{Primitive, Step, Target};
use crate::core::rbac::Attributes;
use crate::core::rbac::user_info::UserInfo;
use crate::core::system_groups::MASTERS;

const CERTIFICATES: &str = "certificates.k8s.io";
/// Who signs client certificates that the API server takes; a right on all signers of the domain is one on this.
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers>
const SIGNERS: [&str; 2] = ["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"];
const RAM_AUTHENTICATOR: &str = "ramauthenticator.k8s.alibabacloud";
const ADMISSION: &str = "admissionregistration.k8s.io";
const MUTATING: [&str; 3] =
    ["mutatingwebhookconfigurations", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings"];
const WRITE: [&str; 3] = ["create", "update", "patch"];

const IF_SIGNED: &str = "a signer signs what is approved";
const IF_MAPPED: &str = "ack-ram-authenticator runs and takes that mapping";
const IF_WRITTEN: &str = "an administrator writes something that it can change";
const IF_CALLED: &str = "others call that part of the API";

/// What can be become by a client certificate: any user outside of `system:masters`, whom the API server refuses at creation.
pub(super) fn certificates<'a>(node: &Node<'a>) -> Vec<Edge<'a>> {
    let requests = "certificatesigningrequests";
    let create = node.names(Place::Cluster, "create", CERTIFICATES, requests);
    let approval = format!("{requests}/approval");
    let update = node.names_of_each(Place::Cluster, &["update", "patch"], CERTIFICATES, &approval);
    let approve = node.names(Place::Cluster, "approve", CERTIFICATES, "signers");
    let signer = SIGNERS.iter().find_map(|signer| Some((*signer, approve.get(signer)?)));
    let (Some(by_create), Some((verb, request, by_update)), Some((signer, by_approve))) =
        (create.any(), update.first(), signer)
    else {
        return Vec::new();
    };
    let attributes = vec![
        Attributes::on("create", CERTIFICATES, requests, "", ""),
        Attributes::on(verb, CERTIFICATES, &approval, request, ""),
        Attributes::on("approve", CERTIFICATES, "signers", signer, ""),
    ];
    let step = Step {
        primitive: Primitive::CertificateRequest,
        attributes,
        bindings: joined([by_create, by_update, by_approve]),
        becomes: Some(Target::Identity(None)),
        depends_on: vec![IF_SIGNED],
    };
    vec![Edge::to_all_users(step)]
}

/// What can be become by a mapping of ack-ram-authenticator: any name in any groups.
pub(super) fn mappings<'a>(node: &Node<'a>) -> Vec<Edge<'a>> {
    let objects = node.names_of_each(Place::Cluster, &WRITE, RAM_AUTHENTICATOR, "ramidentitymappings");
    let in_objects = objects
        .first()
        .map(|(verb, name, by)| (Attributes::on(verb, RAM_AUTHENTICATOR, "ramidentitymappings", name, ""), by.clone()));
    let found = in_objects.or_else(|| config_map(node));
    let Some((attributes, by)) = found else { return Vec::new() };
    let step = |becomes| Step {
        primitive: Primitive::Mapping,
        attributes: vec![attributes.clone()],
        bindings: by.clone(),
        becomes: Some(becomes),
        depends_on: vec![IF_MAPPED],
    };
    let masters = NodeKey::of(UserInfo::authenticated("anyone", [MASTERS]));
    vec![Edge::to(step(Target::Masters), masters), Edge::to_any(step(Target::Identity(None)))]
}

fn config_map<'a>(node: &Node<'a>) -> Option<(Attributes, By<'a>)> {
    let (namespace, name) = ("kube-system", "alibabacloud-auth");
    let change = node.names_of_each(Place::Namespace(namespace), &["update", "patch"], "", "configmaps");
    let create = node.names(Place::Namespace(namespace), "create", "", "configmaps");
    let by_change =
        change.get(name).map(|(verb, by)| (Attributes::on(verb, "", "configmaps", name, namespace), by.clone()));
    by_change.or_else(|| Some((Attributes::on("create", "", "configmaps", "", namespace), create.any()?.clone())))
}

/// What can be become by changing what others write, or by answering in the API server's place.
pub(super) fn others<'a>(node: &Node<'a>) -> Vec<Edge<'a>> {
    let written = |group: &str, resource: &str| {
        let verbs = node.names_of_each(Place::Cluster, &WRITE, group, resource);
        verbs.first().map(|(verb, name, by)| (Attributes::on(verb, group, resource, name, ""), by.clone()))
    };
    let mut edges = Vec::new();
    if let Some((attributes, bindings)) = MUTATING.iter().find_map(|resource| written(ADMISSION, resource)) {
        let key = beside(node, [Gained { place: Place::Cluster, role: None }]);
        let step = Step {
            primitive: Primitive::Admission,
            attributes: vec![attributes],
            bindings,
            becomes: None,
            depends_on: vec![IF_WRITTEN],
        };
        edges.push(Edge::to(step, key));
    }
    if let Some((attributes, bindings)) = written("apiregistration.k8s.io", "apiservices") {
        edges.push(Edge::to_any(Step {
            primitive: Primitive::Aggregation,
            attributes: vec![attributes],
            bindings,
            becomes: Some(Target::Identity(None)),
            depends_on: vec![IF_CALLED],
        }));
    }
    edges
}
