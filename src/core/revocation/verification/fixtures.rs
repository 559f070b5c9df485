//! An identity and bindings for tests of the checks.

use serde_json::{Value, json};

use crate::core::ids::{ClusterId, Uid};
use crate::core::rbac::binding::{BindingItem, BindingKind};
use crate::core::rbac::inventory::Inventory;
use crate::core::revocation::fixtures::leaked_certificate;
use crate::core::revocation::leaked::LeakedFacts;
use crate::core::revocation::target::Target;

/// RAM user 200, whose certificate is in group ops; the operator says that `carl` is its name, too.
pub(super) fn carl() -> Target {
    let mut carl = Target::new(uid("200")).with_certificate("200-17", &["ops".to_owned()]);
    carl.assert_names(["carl"]);
    carl
}

/// Carl's certificate, alone in its file.
pub(super) fn leaked() -> LeakedFacts {
    leaked_certificate("200-17", &[])
}

pub(super) fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

pub(super) fn cluster_id(digit: &str) -> ClusterId {
    ClusterId::parse(&format!("c{}", digit.repeat(32))).unwrap()
}

/// ClusterRoleBindings to role `view`, as (name, kind of the subject, name of the subject).
pub(super) fn inventory(bindings: &[(&str, &str, &str)]) -> Inventory {
    let mut inventory = Inventory::default();
    for (name, kind, subject) in bindings {
        let item = binding(name, kind, subject).to_string();
        inventory.add(BindingKind::ClusterRoleBinding, &serde_json::from_str::<BindingItem<'_>>(&item).unwrap());
    }
    inventory
}

/// One of them, as the API server writes it.
pub(super) fn binding(name: &str, kind: &str, subject: &str) -> Value {
    let subject = match kind {
        "ServiceAccount" => json!({"kind": kind, "name": subject, "namespace": "shop"}),
        _ => json!({"kind": kind, "apiGroup": "rbac.authorization.k8s.io", "name": subject}),
    };
    json!({
        "kind": "ClusterRoleBinding", "metadata": {"name": name}, "subjects": [subject],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    })
}
