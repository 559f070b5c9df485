//! A binding that names an old certificate, and what gives it the new name.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::Subject;
use serde_json::json;

use crate::core::hex;
use crate::core::rbac::binding_object::{BindingObject, BindingRef, subject_text, user_name};
use crate::core::revocation::change::Change;
use crate::core::revocation::plan::BindingStep;
use crate::core::shell::kubectl_on;

/// Whether a subject is one of the old names.
pub fn names_old(subject: &Subject, old_names: &BTreeSet<String>) -> bool {
    user_name(subject).is_some_and(|name| old_names.contains(name))
}

/// The change that a step comes to for the binding as it was just read, with the subjects that leave; `None` where nothing is left to
/// do. The new name counts to none.
///
/// # Errors
/// Why the binding is left alone: it is not what was agreed to.
pub fn rename(
    step: &BindingStep,
    old_names: &BTreeSet<String>,
    new_name: &str,
    now: Option<&BindingObject>,
) -> Result<Option<(Change, Vec<Subject>)>, String> {
    let now = now.ok_or("it was deleted after the plan")?;
    if now.uid() != step.uid {
        return Err("it was replaced by another object of the same name after the plan".to_owned());
    }
    let is_old = |subject: &Subject| names_old(subject, old_names);
    let Some(change) = Change::renaming(now, is_old, new_name) else { return Ok(None) };
    let is_new = |subject: &Subject| user_name(subject) == Some(new_name);
    let others: Vec<&Subject> = now.subjects.iter().filter(|subject| !is_old(subject) && !is_new(subject)).collect();
    if sealed(&others) != step.shared_with_sha256 {
        return Err("its other subjects were changed after the plan".to_owned());
    }
    Ok(Some((change, now.subjects.iter().filter(|subject| is_old(subject)).cloned().collect())))
}

/// SHA-256 over subjects, in hexadecimal digits; `None` where there are none.
pub(super) fn sealed(subjects: &[&Subject]) -> Option<String> {
    let texts: Vec<String> = subjects.iter().map(|subject| subject_text(subject)).collect();
    (!texts.is_empty()).then(|| hex::sha256(json!(texts).to_string().as_bytes()))
}

/// The command by which another administrator gives a binding the new name: `place` is that of the old one among its subjects. `None` where
/// it can't be written exactly.
pub fn renaming_command(binding: &BindingRef, place: usize, old_name: &str, new_name: &str) -> Option<String> {
    let path = format!("/subjects/{place}/name");
    let patch = json!([
        {"op": "test", "path": path, "value": old_name},
        {"op": "replace", "path": path, "value": new_name},
    ]);
    let more = ["--type=json", "-p", &patch.to_string()];
    kubectl_on("patch", binding.kind.as_str(), binding.namespace.as_deref(), &binding.name, &more)
}
