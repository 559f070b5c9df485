//! CREATE and PUT.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use serde_json::json;

use super::authorizer::Authorizer;
use super::decode::decode;
use super::defaults::{complete_secret, default_groups, fill_new};
use super::field_validation::warned;
use super::form::{self, Form};
use super::object::{Content, Object};
use super::request_checks::{check_absent_uid, check_dry_run, check_name, check_namespace, check_uid, set_namespace};
use super::resource_request::ResourceRequest;
use super::resources::{RBAC, Shape};
use super::respond::{self, ApiResponse};
use super::status::{FieldError, StatusError};
use super::store::StoredObject;
use super::timestamp::stamp;
use super::{escalation, managed_fields, random, validation};

/// Makes an object.
pub(crate) fn create(request: &ResourceRequest<'_>) -> Result<ApiResponse, StatusError> {
    let form = form::of(request)?;
    check_dry_run(request, "CreateOptions")?;
    let (object, warnings) = decode(request, "CreateOptions")?;
    warned(create_at(request, object).map(|stored| answer(request, 201, form, &stored)), warnings)
}

fn create_at(request: &ResourceRequest<'_>, mut object: Object) -> Result<Arc<StoredObject>, StatusError> {
    set_namespace(request, &mut object)?;
    let _writing = request.server.store.writing.lock().unwrap_or_else(PoisonError::into_inner);
    check_namespace(request, &object.metadata.name)?;
    create_decoded(request, object)
}

fn answer(request: &ResourceRequest<'_>, code: u16, form: Form, stored: &StoredObject) -> ApiResponse {
    respond::json(code, form::single(form, stored, request.now), request.headers)
}

/// Makes a decoded object: the rest of CREATE, and of a PUT to a name that isn't there.
pub(crate) fn create_decoded(
    request: &ResourceRequest<'_>,
    mut object: Object,
) -> Result<Arc<StoredObject>, StatusError> {
    escalation::check(&Authorizer::new(&request.server.store), request.user, &object)?;
    if object.metadata.name.is_empty() && !object.metadata.generate_name.is_empty() {
        object.metadata.name = format!("{}{}", object.metadata.generate_name, random::name_suffix());
    }
    fill_new(&mut object, request.now);
    managed_fields::record(&mut object, None, &request.manager(), &stamp(request.now));
    validation::new_object(&object)?;
    forget_empty_rules(&mut object);
    let store = &request.server.store;
    if store.get(object.resource.0, &object.metadata.namespace, &object.metadata.name).is_some() {
        return Err(StatusError::already_exists(object.resource.0, &object.metadata.name));
    }
    if !object.metadata.resource_version.is_empty() {
        return Err(StatusError::internal("resourceVersion should not be set on objects to be created"));
    }
    if request.parameters.dry_run() {
        return Ok(Arc::new(StoredObject { item: Bytes::new(), object, version: 0 }));
    }
    Ok(store.put(object))
}

/// Replaces an object, or makes it where it isn't there.
pub(crate) fn update(request: &ResourceRequest<'_>) -> Result<ApiResponse, StatusError> {
    let form = form::of(request)?;
    check_dry_run(request, "UpdateOptions")?;
    let (object, warnings) = decode(request, "UpdateOptions")?;
    warned(update_at(request, object).map(|(code, stored)| answer(request, code, form, &stored)), warnings)
}

fn update_at(request: &ResourceRequest<'_>, mut object: Object) -> Result<(u16, Arc<StoredObject>), StatusError> {
    check_name(request, &object)?;
    set_namespace(request, &mut object)?;
    let _writing = request.server.store.writing.lock().unwrap_or_else(PoisonError::into_inner);
    let store = &request.server.store;
    match store.get(request.resource, &object.metadata.namespace, &object.metadata.name) {
        None => Ok((201, put_new(request, object)?)),
        Some(old) => {
            check_uid(&object, &old.object)?;
            Ok((200, replace(request, object, &old)?))
        }
    }
}

fn put_new(request: &ResourceRequest<'_>, mut object: Object) -> Result<Arc<StoredObject>, StatusError> {
    if request.resource.group != RBAC && request.resource.shape != Shape::Lease {
        return Err(StatusError::not_found(request.resource, &object.metadata.name));
    }
    check_absent_uid(&object)?;
    let mut action = request.action.clone();
    action.verb = "create".into();
    let decision = Authorizer::new(&request.server.store).decide(request.user, &action);
    if !decision.allowed {
        return Err(action.forbidden(request.user, &decision.reason));
    }
    check_namespace(request, &object.metadata.name)?;
    object.metadata.resource_version.clear();
    create_decoded(request, object)
}

/// Puts `object` into the place of `old`: the rest of PUT and PATCH.
pub(crate) fn replace(
    request: &ResourceRequest<'_>,
    mut object: Object,
    old: &Arc<StoredObject>,
) -> Result<Arc<StoredObject>, StatusError> {
    default_groups(&mut object);
    complete_secret(&mut object);
    // In the real server's order: the fields are given away before admission, and what may be handed out is asked after it.
    managed_fields::record(&mut object, Some(&old.object), &request.manager(), &stamp(request.now));
    request.server.admission.admit_update(&mut object);
    escalation_unless_unchanged(request, &object, old)?;
    let name = old.object.metadata.name.clone();
    if !object.metadata.resource_version.is_empty()
        && object.metadata.resource_version != old.object.metadata.resource_version
    {
        return Err(StatusError::stale(request.resource, &name));
    }
    if request.resource.shape == Shape::Lease && object.metadata.resource_version.is_empty() {
        let error = FieldError::invalid("metadata.resourceVersion", &json!(0), "must be specified for an update");
        return Err(StatusError::invalid(request.resource.group, request.resource.plural, &name, &[error]));
    }
    keep_what_is_the_servers(&mut object, &old.object);
    validation::changed(&object, &old.object)?;
    forget_empty_rules(&mut object);
    object.metadata.resource_version.clone_from(&old.object.metadata.resource_version);
    let gone = object.metadata.deletion_timestamp.is_some() && object.metadata.finalizers.is_empty();
    if object == old.object {
        return Ok(old.clone());
    }
    if request.parameters.dry_run() {
        return Ok(Arc::new(StoredObject { item: Bytes::new(), object, version: old.version }));
    }
    if gone {
        request.server.store.remove(&object);
        return Ok(Arc::new(StoredObject { item: Bytes::new(), object, version: old.version }));
    }
    Ok(request.server.store.put(object))
}

/// Taking finalizers and owners away is left to garbage collectors, whatever the object grants.
fn escalation_unless_unchanged(
    request: &ResourceRequest<'_>,
    object: &Object,
    old: &Arc<StoredObject>,
) -> Result<(), StatusError> {
    let mut same = object.clone();
    same.metadata.finalizers.clone_from(&old.object.metadata.finalizers);
    same.metadata.owner_references.clone_from(&old.object.metadata.owner_references);
    same.metadata.managed_fields.clone_from(&old.object.metadata.managed_fields);
    if same == old.object {
        return Ok(());
    }
    escalation::check(&Authorizer::new(&request.server.store), request.user, object)
}

fn keep_what_is_the_servers(object: &mut Object, old: &Object) {
    let (new, old_metadata) = (&mut object.metadata, &old.metadata);
    if new.uid.is_empty() {
        new.uid.clone_from(&old_metadata.uid);
    }
    new.generation = old_metadata.generation;
    new.creation_timestamp.clone_from(&old_metadata.creation_timestamp);
    new.deletion_timestamp.clone_from(&old_metadata.deletion_timestamp);
    new.deletion_grace_period_seconds = old_metadata.deletion_grace_period_seconds;
    if let (Content::Namespace(new), Content::Namespace(old)) = (&mut object.content, &old.content) {
        new.clone_from(old);
    }
    if old.resource.0.shape == Shape::Custom && object.content != old.content {
        object.metadata.generation = old.metadata.generation.map(|generation| generation + 1);
    }
}

/// The real store's encoding does not distinguish absent rules from an empty list.
fn forget_empty_rules(object: &mut Object) {
    if let Content::Role(role) = &mut object.content {
        role.rules = role.rules.take().filter(|rules| !rules.is_empty());
    }
}
