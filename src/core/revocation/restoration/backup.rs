//! A file that ack-ram-tool's cleanup leaves of a binding, and what of it is believed: which binding it was, which role it granted, and
//! the names of identities that are asked for. Who can write to the folder can write anything else into it.

use k8s_openapi::api::rbac::v1::{RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::{KnownFrom, Taken};
use crate::core::rbac::binding::{BindingKind, RBAC_GROUP};
use crate::core::rbac::binding_object::{BindingObject, BindingRef, subject_text, user_name};
use crate::core::revocation::target::TargetNames;

/// What a file means for the identities that are asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Backup {
    /// They held the binding.
    Taken(Box<Taken>),
    /// A group or a service account bears their digits for a name: the tool took it for one of them.
    SameDigits {
        /// The binding.
        binding: BindingRef,
        /// Who bears the digits, `Kind/name`.
        subjects: Vec<String>,
    },
    /// It is about others.
    OfOthers,
}

/// Why a file is not used. The words are never the file's own, but for the names of a binding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// It was cut short, or is something else.
    #[error("it is no JSON document: it ends, or breaks off, at line {line}, column {column}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column.
        column: usize,
    },
    /// It is a document of another kind.
    #[error("it holds no RoleBinding or ClusterRoleBinding of {RBAC_GROUP}/v1")]
    Kind,
    /// A field is missing, or is of another type.
    #[error("its fields are not those of a binding")]
    Fields,
    /// No binding has such a name or namespace.
    #[error("it names no binding that there can be")]
    Name,
    /// The file's name is that of another binding.
    #[error("it holds {0}, which its name does not say")]
    OtherName(BindingRef),
    /// No binding of this kind grants such a role.
    #[error("it grants no role that such a binding can grant")]
    Role,
}

/// Reads a file by its name and its content.
///
/// # Errors
/// Where the content is no binding, or not the one that the name says.
pub fn read_backup(file: &str, content: &[u8], names: &TargetNames) -> Result<Backup, BackupError> {
    let document: Value = serde_json::from_slice(content)
        .map_err(|error| BackupError::Json { line: error.line(), column: error.column() })?;
    let is_binding = matches!(document["kind"].as_str(), Some("RoleBinding" | "ClusterRoleBinding"));
    if !is_binding || document["apiVersion"] != format!("{RBAC_GROUP}/v1") {
        return Err(BackupError::Kind);
    }
    let object = BindingObject::try_from(document).map_err(|_| BackupError::Fields)?;
    let binding = object.reference();
    if !can_be(&binding) {
        return Err(BackupError::Name);
    }
    if file != file_name(&binding) {
        return Err(BackupError::OtherName(binding));
    }
    let role_ref = role(&object)?;
    Ok(meaning(binding, role_ref, &object, names))
}

/// The name that ack-ram-tool gives the file of a binding.
fn file_name(BindingRef { kind, namespace, name }: &BindingRef) -> String {
    format!("{kind}-{}-{name}.json", namespace.as_deref().unwrap_or_default())
}

/// Whether the API server lets a binding have this name and namespace: they are parts of a path there.
fn can_be(BindingRef { kind, namespace, name }: &BindingRef) -> bool {
    let is_label = |text: &str| {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !text.is_empty() && text.len() <= 63 && text.bytes().all(is_plain)
    };
    let is_placed = match (kind, namespace) {
        (BindingKind::RoleBinding, Some(namespace)) => is_label(namespace),
        (BindingKind::ClusterRoleBinding, None) => true,
        (BindingKind::RoleBinding, None) | (BindingKind::ClusterRoleBinding, Some(_)) => false,
    };
    is_placed && is_path_segment(name)
}

/// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names>
fn is_path_segment(name: &str) -> bool {
    let is_safe = !name.is_empty() && name.len() <= 253 && !matches!(name, "." | "..");
    is_safe && !name.chars().any(|one| one.is_control() || matches!(one, '/' | '%'))
}

fn role(object: &BindingObject) -> Result<RoleRef, BackupError> {
    let RoleRef { api_group, kind, name } = &object.role_ref;
    let can_be_granted =
        matches!((kind.as_str(), object.kind), ("ClusterRole", _) | ("Role", BindingKind::RoleBinding));
    match can_be_granted && api_group == RBAC_GROUP && is_path_segment(name) {
        true => Ok(object.role_ref.clone()),
        false => Err(BackupError::Role),
    }
}

fn meaning(binding: BindingRef, role_ref: RoleRef, object: &BindingObject, names: &TargetNames) -> Backup {
    let mut subjects: Vec<Subject> = Vec::new();
    for name in object.subjects.iter().filter(|subject| names.have(subject)).filter_map(user_name) {
        let subject = user(name);
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    if subjects.is_empty() {
        let same_digits: Vec<String> =
            object.subjects.iter().filter(|subject| names.contain(&subject.name)).map(subject_text).collect();
        return match same_digits.is_empty() {
            true => Backup::OfOthers,
            false => Backup::SameDigits { binding, subjects: same_digits },
        };
    }
    let others = object.subjects.iter().filter(|subject| !names.have(subject)).cloned();
    let metadata =
        ObjectMeta { name: Some(binding.name.clone()), namespace: binding.namespace.clone(), ..ObjectMeta::default() };
    let subjects_before = subjects.iter().cloned().chain(others).collect();
    Backup::Taken(Box::new(Taken {
        before: BindingObject { kind: object.kind, metadata, role_ref, subjects: subjects_before },
        binding,
        subjects,
        role: None,
        namespace_uid: None,
        others: Vec::new(),
        is_certain: true,
        known_from: KnownFrom::Backup { created: object.metadata.creation_timestamp.as_ref().map(|time| time.0) },
    }))
}

/// A RAM identity under one of its names, and nothing else that the file says of it.
fn user(name: &str) -> Subject {
    Subject { api_group: Some(RBAC_GROUP.to_owned()), kind: "User".to_owned(), name: name.to_owned(), namespace: None }
}

#[cfg(test)]
mod tests;
