//! Validation of objects, field by field, with the server's messages.

use serde_json::{Value, json};

use super::lease;
use super::object::{BindingContent, Content, Metadata, Object, PolicyRule, RbacSubject, SecretContent};
use super::resources::{RBAC, Shape};
use super::status::{FieldError, StatusError};

/// The type of a Secret that holds a token of a ServiceAccount.
pub(crate) const SERVICE_ACCOUNT_TOKEN: &str = "kubernetes.io/service-account-token";
/// The annotation that says of which.
pub(crate) const SERVICE_ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";

/// Checks a new object.
pub(crate) fn new_object(object: &Object) -> Result<(), StatusError> {
    let mut errors = Vec::new();
    metadata(object, &mut errors);
    let namespaced = object.resource.0.namespaced;
    match &object.content {
        Content::Role(role) => {
            for (index, rule) in role.rules.iter().flatten().enumerate() {
                policy_rule(rule, namespaced, &format!("rules[{index}]"), &mut errors);
            }
        }
        Content::Binding(content) => binding(content, namespaced, &mut errors),
        Content::Secret(secret) => errors.extend(secret_problem(object, secret)),
        Content::Lease(content) => errors.extend(lease::problems(&content.spec)),
        Content::Namespace(_) | Content::ConfigMap(_) | Content::Custom(_) | Content::Stored(_) => {}
    }
    refused(object, errors)
}

/// Checks a change: what a new object must hold, and what may not change.
pub(crate) fn changed(object: &Object, old: &Object) -> Result<(), StatusError> {
    let mut errors = Vec::new();
    metadata_change(&object.metadata, &old.metadata, &mut errors);
    refused(object, errors)?;
    let mut errors = Vec::new();
    if let (Some(new), Some(old)) = (object.binding(), old.binding())
        && new.role_ref != old.role_ref
    {
        let role = json!({"APIGroup": new.role_ref.api_group, "Kind": new.role_ref.kind, "Name": new.role_ref.name});
        errors.push(FieldError::invalid("roleRef", &role, "cannot change roleRef"));
    }
    if let (Content::Secret(new), Content::Secret(old)) = (&object.content, &old.content)
        && new.secret_type != old.secret_type
    {
        errors.push(FieldError::invalid("type", &json!(new.secret_type), "field is immutable"));
    }
    refused(object, errors)?;
    new_object(object)
}

/// A token's Secret names its ServiceAccount.
fn secret_problem(object: &Object, secret: &SecretContent) -> Option<FieldError> {
    let account = object.metadata.annotations.get(SERVICE_ACCOUNT_NAME).is_some_and(|name| !name.is_empty());
    let field = format!("metadata.annotations[{SERVICE_ACCOUNT_NAME}]");
    (secret.secret_type == SERVICE_ACCOUNT_TOKEN && !account).then(|| FieldError::required(field, ""))
}

fn refused(object: &Object, errors: Vec<FieldError>) -> Result<(), StatusError> {
    if errors.is_empty() {
        return Ok(());
    }
    let resource = object.resource.0;
    Err(StatusError::invalid(resource.group, resource.kind, &object.metadata.name, &errors))
}

fn metadata(object: &Object, errors: &mut Vec<FieldError>) {
    let metadata = &object.metadata;
    if metadata.name.is_empty() {
        errors.push(FieldError::required("metadata.name", "name or generateName is required"));
    } else if let Some(detail) = name_problem(&metadata.name, object.resource.0.shape) {
        errors.push(FieldError::invalid("metadata.name", &json!(metadata.name), detail));
    }
    finalizers(&metadata.finalizers, errors);
}

/// RBAC's names are path segments; the others' are DNS names.
fn name_problem(name: &str, shape: Shape) -> Option<&'static str> {
    match name {
        "." => return Some("may not be '.'"),
        ".." => return Some("may not be '..'"),
        _ if name.contains('/') => return Some("may not contain '/'"),
        _ if name.contains('%') => return Some("may not contain '%'"),
        _ => {}
    }
    if matches!(shape, Shape::Role | Shape::Binding) {
        return None;
    }
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let dots = shape != Shape::Namespace;
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || (dots && c == '.');
    if ends(name.chars().next()) && ends(name.chars().last()) && name.chars().all(inner) {
        return None;
    }
    Some(if dots {
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end \
         with an alphanumeric character (e.g. 'example.com', regex used for validation is \
         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    } else {
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an \
         alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    })
}

fn finalizers(finalizers: &[String], errors: &mut Vec<FieldError>) {
    for (index, finalizer) in finalizers.iter().enumerate() {
        if !finalizer.contains('/') && !["orphan", "foregroundDeletion", "kubernetes"].contains(&finalizer.as_str()) {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.push(FieldError::invalid(format!("metadata.finalizers[{index}]"), &json!(finalizer), detail));
        }
    }
}

/// The server runs these checks twice on a change and reports each finding's cause twice.
fn metadata_change(new: &Metadata, old: &Metadata, errors: &mut Vec<FieldError>) {
    let mut found = Vec::new();
    if new.uid != old.uid {
        found.push(FieldError::invalid("metadata.uid", &json!(new.uid), "field is immutable"));
    }
    finalizers(&new.finalizers, &mut found);
    if old.deletion_timestamp.is_some() {
        let added: Vec<String> = new
            .finalizers
            .iter()
            .filter(|finalizer| !old.finalizers.contains(finalizer))
            .map(|finalizer| format!("{finalizer:?}"))
            .collect();
        if !added.is_empty() {
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            );
            found.push(FieldError::forbidden("metadata.finalizers", &detail));
        }
    }
    errors.extend(found.iter().cloned());
    errors.extend(found);
}

fn policy_rule(rule: &PolicyRule, namespaced: bool, path: &str, errors: &mut Vec<FieldError>) {
    if rule.verbs.is_empty() {
        errors.push(FieldError::required(format!("{path}.verbs"), "verbs must contain at least one value"));
    }
    if !rule.non_resource_urls.is_empty() {
        let urls = json!(rule.non_resource_urls);
        let field = format!("{path}.nonResourceURLs");
        if namespaced {
            errors.push(FieldError::invalid(&field, &urls, "namespaced rules cannot apply to non-resource URLs"));
        }
        if !(rule.api_groups.is_empty() && rule.resources.is_empty() && rule.resource_names.is_empty()) {
            let detail = "rules cannot apply to both regular resources and non-resource URLs";
            errors.push(FieldError::invalid(field, &urls, detail));
        }
        return;
    }
    if rule.api_groups.is_empty() {
        errors.push(FieldError::required(
            format!("{path}.apiGroups"),
            "resource rules must supply at least one api group",
        ));
    }
    if rule.resources.is_empty() {
        errors.push(FieldError::required(
            format!("{path}.resources"),
            "resource rules must supply at least one resource",
        ));
    }
}

fn binding(content: &BindingContent, namespaced: bool, errors: &mut Vec<FieldError>) {
    let role = &content.role_ref;
    if role.api_group != RBAC {
        errors.push(FieldError::not_supported("roleRef.apiGroup", &json!(role.api_group), &[RBAC]));
    }
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&role.kind.as_str()) {
        errors.push(FieldError::not_supported("roleRef.kind", &json!(role.kind), kinds));
    }
    if role.name.is_empty() {
        errors.push(FieldError::required("roleRef.name", ""));
    } else if let Some(detail) = name_problem(&role.name, Shape::Role) {
        errors.push(FieldError::invalid("roleRef.name", &json!(role.name), detail));
    }
    for (index, one) in content.subjects.iter().enumerate() {
        subject(one, namespaced, &format!("subjects[{index}]"), errors);
    }
}

fn subject(subject: &RbacSubject, namespaced: bool, path: &str, errors: &mut Vec<FieldError>) {
    if subject.name.is_empty() {
        errors.push(FieldError::required(format!("{path}.name"), ""));
    }
    let group = Value::from(subject.api_group.as_str());
    match subject.kind.as_str() {
        "ServiceAccount" => {
            if let (false, Some(detail)) = (subject.name.is_empty(), name_problem(&subject.name, Shape::ConfigMap)) {
                errors.push(FieldError::invalid(format!("{path}.name"), &json!(subject.name), detail));
            }
            if !subject.api_group.is_empty() {
                errors.push(FieldError::not_supported(format!("{path}.apiGroup"), &group, &[""]));
            }
            if !namespaced && subject.namespace.is_empty() {
                errors.push(FieldError::required(format!("{path}.namespace"), ""));
            }
        }
        "User" | "Group" => {
            if subject.api_group != RBAC {
                errors.push(FieldError::not_supported(format!("{path}.apiGroup"), &group, &[RBAC]));
            }
        }
        other => {
            let kinds = ["ServiceAccount", "User", "Group"];
            errors.push(FieldError::not_supported(format!("{path}.kind"), &json!(other), &kinds));
        }
    }
}
