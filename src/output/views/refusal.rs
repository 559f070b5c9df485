//! Why something is not done.

use serde::{Deserialize, Serialize};

use super::step::BindingView;
use super::words::RefusalWord;
use crate::core::revocation::refusal::{Refusal, RefusalScope};

/// Why something is not done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefusalView {
    /// The reason.
    pub code: RefusalWord,
    /// What is not done.
    pub scope: ScopeView,
    /// The cluster that it is about, where its ID is known.
    pub cluster_id: Option<String>,
    /// What is not done, by its name: a UID, a binding, a cluster, an operation; null where it is all of it.
    pub target: Option<String>,
    /// The reason in words.
    pub message: String,
    /// What to do, where there is something.
    pub hint: Option<String>,
}

/// What a refusal stands in the way of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ScopeView {
    /// Which of them.
    pub kind: ScopeKind,
    /// The operation whose record it is about; null where it is about none.
    pub operation: Option<String>,
    /// The RAM UID of an identity; null for the other scopes.
    pub uid: Option<String>,
    /// The binding; null for the other scopes.
    pub binding: Option<BindingView>,
}

/// How much a refusal stands in the way of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ScopeKind {
    /// All that was asked for.
    Operation,
    /// Everything in one cluster.
    Cluster,
    /// One identity.
    Identity,
    /// One binding.
    Binding,
}

impl RefusalView {
    /// The view of a refusal.
    pub fn of(Refusal { cluster_id, scope, code, message, hint }: &Refusal) -> Self {
        Self {
            code: (*code).into(),
            scope: ScopeView::of(scope),
            cluster_id: cluster_id.as_ref().map(ToString::to_string),
            target: scope.target(),
            message: message.clone(),
            hint: hint.clone(),
        }
    }
}

impl ScopeView {
    fn of(scope: &RefusalScope) -> Self {
        let none = |kind| Self { kind, operation: None, uid: None, binding: None };
        match scope {
            RefusalScope::Operation(record) => {
                Self { operation: record.as_ref().map(ToString::to_string), ..none(ScopeKind::Operation) }
            }
            RefusalScope::Cluster(_) => none(ScopeKind::Cluster),
            RefusalScope::Identity(uid) => Self { uid: Some(uid.to_string()), ..none(ScopeKind::Identity) },
            RefusalScope::Binding(binding) => {
                Self { binding: Some(BindingView::of(binding)), ..none(ScopeKind::Binding) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::Word as _;
    use super::*;
    use crate::core::ids::Uid;
    use crate::core::rbac::binding::BindingKind;
    use crate::core::rbac::binding_object::BindingRef;

    const DOCUMENTED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/revocation.md"));

    #[test]
    fn every_code_is_documented_with_its_meaning_and_what_to_do() {
        for code in RefusalWord::ALL {
            let word = code.as_str();
            let start = format!("| `{word}` |");
            let rows: Vec<&str> = DOCUMENTED.lines().filter(|line| line.starts_with(&start)).collect();
            let [row] = rows[..] else { panic!("{word}: {rows:?}") };
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()), "{row}");
        }
    }

    #[test]
    fn every_scope_has_one_shape_and_a_name_for_what_is_not_done() {
        let binding =
            BindingRef { kind: BindingKind::RoleBinding, namespace: Some("shop".into()), name: "team".into() };
        for (scope, kind, target) in [
            (RefusalScope::Operation(None), ScopeKind::Operation, None),
            (RefusalScope::Cluster(Some("prod".into())), ScopeKind::Cluster, Some("prod")),
            (RefusalScope::Identity(Uid::parse("200").unwrap()), ScopeKind::Identity, Some("200")),
            (RefusalScope::Binding(binding), ScopeKind::Binding, Some("RoleBinding/shop/team")),
        ] {
            let view = ScopeView::of(&scope);
            assert_eq!((view.kind, scope.target().as_deref()), (kind, target));
            let json = serde_json::to_value(view).unwrap();
            assert!(["kind", "operation", "uid", "binding"].iter().all(|key| json.get(key).is_some()), "{json}");
        }
    }
}
