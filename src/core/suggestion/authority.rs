//! What the API server asks about beside a request that hands rights on: `bind` on the role of a binding, the rules of a role that is
//! written, `approve` on the signer of a certificate request.
//!
//! Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping> and
//! <https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#authorization>

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::uncovered::Uncovered;
use crate::core::audit::body::Bodies;
use crate::core::rbac::binding::RBAC_GROUP;
use crate::core::rbac::{Attributes, PolicyRule};

const CERTIFICATES_GROUP: &str = "certificates.k8s.io";

/// What is read of the body of a request that hands rights on. There is no place for a secret.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AuthorityBody {
    role_ref: Option<RoleRef>,
    rules: Option<Vec<PolicyRule>>,
    aggregation_rule: Option<IgnoredAny>,
    spec: Spec,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct RoleRef {
    kind: String,
    name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    signer_name: Option<String>,
}

/// The bodies of a request that hands rights on.
pub type AuthorityBodies = Bodies<AuthorityBody>;

/// What was asked about beside a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    /// Nothing.
    Nothing,
    /// A right.
    Right(Attributes),
    /// To hold all these rules where the request is.
    Rules(Vec<PolicyRule>),
    /// Something that is not in the log.
    Hidden(Uncovered),
}

/// Whether the API server may have asked about more than the request.
pub(super) fn hands_rights_on(asked: &Attributes) -> bool {
    let is_write = matches!(asked.verb.as_str(), "create" | "update" | "patch");
    let of_rbac = asked.group == RBAC_GROUP && asked.subresource.is_empty();
    is_write && (of_rbac || asked.group == CERTIFICATES_GROUP)
}

/// What was asked about beside this request, which had this HTTP status.
pub(super) fn asked_beside(asked: &Attributes, code: u16, bodies: &AuthorityBodies) -> Authority {
    // What failed is only asked about again if its body is sent again: then the log has it.
    let unknown = |why| if code < 400 { Authority::Hidden(why) } else { Authority::Nothing };
    let either = || [&bodies.response, &bodies.request].into_iter().flatten();
    match (asked.group.as_str(), asked.resource.as_str(), asked.subresource.as_str()) {
        (RBAC_GROUP, "clusterrolebindings" | "rolebindings", "") => {
            let role = either().find_map(|body| body.role_ref.as_ref()).filter(|role| !role.name.is_empty());
            role.map_or_else(|| unknown(Uncovered::RoleUnknown), |role| Authority::Right(bind(role, &asked.namespace)))
        }
        (RBAC_GROUP, "clusterroles" | "roles", "") if either().any(|body| body.aggregation_rule.is_some()) => {
            Authority::Hidden(Uncovered::RulesNotHeld)
        }
        (RBAC_GROUP, "clusterroles" | "roles", "") => {
            let rules = either().find_map(|body| body.rules.clone());
            rules.map_or_else(|| unknown(Uncovered::RulesUnknown), Authority::Rules)
        }
        (CERTIFICATES_GROUP, "certificatesigningrequests", "approval") => {
            let signer = either().find_map(|body| body.spec.signer_name.as_deref());
            let approve = |signer| Attributes::on("approve", CERTIFICATES_GROUP, "signers", signer, "");
            signer.map_or_else(|| unknown(Uncovered::SignerUnknown), |signer| Authority::Right(approve(signer)))
        }
        (CERTIFICATES_GROUP, "certificatesigningrequests", "status")
        | (CERTIFICATES_GROUP, "clustertrustbundles", _) => unknown(Uncovered::MayTakeSigner),
        _ => Authority::Nothing,
    }
}

/// `bind` is asked about where the binding is.
fn bind(role: &RoleRef, namespace: &str) -> Attributes {
    let kind = if role.kind == "Role" { "roles" } else { "clusterroles" };
    Attributes::on("bind", RBAC_GROUP, kind, &role.name, namespace)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn described(verb: &str, resource: &str, code: u16, request: Value, response: Value) -> String {
        let (group, resource) = resource.split_once(' ').unwrap();
        let body = |body: Value| (!body.is_null()).then(|| serde_json::from_value(body).unwrap());
        let bodies = AuthorityBodies { request: body(request), response: body(response) };
        let asked = Attributes::on(verb, group, resource, "", "shop");
        if !hands_rights_on(&asked) {
            return "none".to_owned();
        }
        match asked_beside(&asked, code, &bodies) {
            Authority::Nothing => "nothing".to_owned(),
            Authority::Right(right) => right.to_string(),
            Authority::Rules(rules) => format!("{} rules", rules.len()),
            Authority::Hidden(why) => format!("{why:?}"),
        }
    }

    #[test]
    fn what_hands_rights_on_takes_a_right_of_its_own() {
        let role = || json!({"roleRef": {"kind": "ClusterRole", "name": "view"}});
        let rules = || json!({"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]});
        let signer = || json!({"spec": {"signerName": "kubernetes.io/kube-apiserver-client", "request": "x"}});
        let refusal = || json!({"kind": "Status", "status": "Failure"});
        let bind = "bind clusterroles.rbac.authorization.k8s.io/view in namespace shop";
        for (verb, resource, code, request, response, expected) in [
            ("create", "rbac.authorization.k8s.io rolebindings", 201, role(), Value::Null, bind),
            ("patch", "rbac.authorization.k8s.io rolebindings", 200, json!({"metadata": {}}), role(), bind),
            ("create", "rbac.authorization.k8s.io rolebindings", 409, role(), refusal(), bind),
            ("patch", "rbac.authorization.k8s.io rolebindings", 200, json!({}), Value::Null, "RoleUnknown"),
            ("patch", "rbac.authorization.k8s.io rolebindings", 404, json!({}), refusal(), "nothing"),
            ("delete", "rbac.authorization.k8s.io rolebindings", 200, Value::Null, role(), "none"),
            ("update", "rbac.authorization.k8s.io clusterroles", 200, rules(), Value::Null, "1 rules"),
            ("patch", "rbac.authorization.k8s.io roles", 200, json!({}), Value::Null, "RulesUnknown"),
            (
                "create",
                "rbac.authorization.k8s.io clusterroles",
                201,
                json!({"aggregationRule": {}, "rules": []}),
                Value::Null,
                "RulesNotHeld",
            ),
            (
                "update",
                "certificates.k8s.io certificatesigningrequests/approval",
                200,
                signer(),
                Value::Null,
                "approve signers.certificates.k8s.io/kubernetes.io/kube-apiserver-client",
            ),
            (
                "update",
                "certificates.k8s.io certificatesigningrequests/approval",
                200,
                Value::Null,
                Value::Null,
                "SignerUnknown",
            ),
            (
                "update",
                "certificates.k8s.io certificatesigningrequests/status",
                200,
                signer(),
                signer(),
                "MayTakeSigner",
            ),
            ("create", "certificates.k8s.io certificatesigningrequests", 201, signer(), Value::Null, "nothing"),
            ("create", " pods", 201, json!({}), Value::Null, "none"),
        ] {
            assert_eq!(described(verb, resource, code, request, response), expected, "{verb} {resource} {code}");
        }
    }

    #[test]
    fn bodies_are_read_however_they_are_wrapped() {
        let body = json!({"roleRef": {"kind": "ClusterRole", "name": "view"}, "data": {"token": "canary"}});
        let event = json!({"auditID": "a", "requestObject": body, "responseObject": [{"op": "add"}]});
        let texts = json!({"auditID": "a", "requestObject": body.to_string(), "responseObject": ""});
        for record in [
            event.clone(),
            texts.clone(),
            json!({"content": event.to_string()}),
            json!({"log": texts.to_string()}),
            json!({"kind": "EventList", "items": [event]}),
        ] {
            let bodies = AuthorityBodies::of(record.to_string().as_bytes(), 0);
            let name = bodies.request.as_ref().and_then(|body| body.role_ref.as_ref()).map(|role| role.name.as_str());
            assert_eq!((name, bodies.response.is_none()), (Some("view"), true), "{record}");
            assert!(!format!("{bodies:?}").contains("canary"));
        }
        assert_eq!(AuthorityBodies::of(b"cut off {", 0), AuthorityBodies::default());
    }

    #[test]
    fn a_role_is_bound_by_its_own_kind() {
        let role = json!({"roleRef": {"kind": "Role", "name": "dev"}});
        let described = described("create", "rbac.authorization.k8s.io rolebindings", 201, role, Value::Null);
        assert_eq!(described, "bind roles.rbac.authorization.k8s.io/dev in namespace shop");
    }
}
