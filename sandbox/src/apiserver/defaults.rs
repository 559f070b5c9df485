//! Fields that the server fills in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::object::{Content, Object, RbacSubject};
use super::random;
use super::resources::{RBAC, Shape};
use super::timestamp::stamp;

/// `apiGroup` of User and Group subjects and of the role, where it was left out.
pub(crate) fn default_groups(object: &mut Object) {
    let Content::Binding(binding) = &mut object.content else { return };
    if binding.role_ref.api_group.is_empty() {
        binding.role_ref.api_group = RBAC.into();
    }
    binding.subjects.iter_mut().for_each(default_group);
}

/// A Secret's type where it has none, and `stringData` in its place.
pub(crate) fn complete_secret(object: &mut Object) {
    let Content::Secret(secret) = &mut object.content else { return };
    if secret.secret_type.is_empty() {
        secret.secret_type = "Opaque".into();
    }
    for (key, text) in std::mem::take(&mut secret.string_data) {
        secret.data.insert(key, STANDARD.encode(text));
    }
}

/// `apiGroup` of a User or Group subject.
pub(crate) fn default_group(subject: &mut RbacSubject) {
    if subject.api_group.is_empty() && matches!(subject.kind.as_str(), "User" | "Group") {
        subject.api_group = RBAC.into();
    }
}

/// What the server adds to every new object.
pub(crate) fn fill_new(object: &mut Object, now: Timestamp) {
    complete_secret(object);
    let metadata = &mut object.metadata;
    metadata.uid = random::uid();
    metadata.creation_timestamp = Some(stamp(now));
    metadata.deletion_timestamp = None;
    metadata.deletion_grace_period_seconds = None;
    metadata.generation = (object.resource.0.shape == Shape::Custom).then_some(1);
    if let Content::Namespace(namespace) = &mut object.content {
        namespace.spec.finalizers = vec!["kubernetes".into()];
        namespace.status.phase = "Active".into();
        metadata.labels.insert("kubernetes.io/metadata.name".into(), metadata.name.clone());
    }
}
