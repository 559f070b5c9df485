//! CREATE and PUT.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use serde_json::{Map, Value, json};

use super::authorizer::Authorizer;
use super::escalation;
use super::exchange::Ask;
use super::form::{self, negotiate};
use super::managed_fields;
use super::object::{Content, Object, Subject};
use super::resources::{RBAC, ResourceRef, find, of_kind};
use super::respond::{self, Answer};
use super::status::{FieldError, Refusal};
use super::store::Stored;
use super::validation;

/// Makes an object.
pub(crate) fn create(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let form = negotiate(ask.headers, false)?;
    check_dry_run(ask, "CreateOptions")?;
    let mut object = decode(ask)?;
    place(ask, &mut object)?;
    let _writing = ask.server.store.writing.lock().unwrap_or_else(PoisonError::into_inner);
    check_namespace(ask, &object.metadata.name)?;
    let stored = create_decoded(ask, object)?;
    Ok(respond::json(201, form::single(form, &stored, ask.now), ask.headers))
}

/// Makes a decoded object: the rest of CREATE, and of a PUT to a name that isn't there.
pub(crate) fn create_decoded(ask: &Ask<'_>, mut object: Object) -> Result<Arc<Stored>, Refusal> {
    escalation::check(&Authorizer::new(&ask.server.store), ask.user, &object)?;
    if object.metadata.name.is_empty() && !object.metadata.generate_name.is_empty() {
        object.metadata.name = format!("{}{}", object.metadata.generate_name, name_suffix());
    }
    fill_new(&mut object, ask.now);
    managed_fields::record(&mut object, None, &ask.manager(), &stamp(ask.now));
    validation::new_object(&object)?;
    forget_empty_rules(&mut object);
    let store = &ask.server.store;
    if store.get(object.resource.0, &object.metadata.namespace, &object.metadata.name).is_some() {
        return Err(Refusal::already_exists(object.resource.0, &object.metadata.name));
    }
    if !object.metadata.resource_version.is_empty() {
        return Err(Refusal::internal("resourceVersion should not be set on objects to be created"));
    }
    if ask.parameters.dry_run() {
        return Ok(Arc::new(Stored { item: Bytes::new(), object, version: 0 }));
    }
    Ok(store.put(object))
}

/// Replaces an object, or makes it where it isn't there.
pub(crate) fn update(ask: &Ask<'_>) -> Result<Answer, Refusal> {
    let form = negotiate(ask.headers, false)?;
    check_dry_run(ask, "UpdateOptions")?;
    let mut object = decode(ask)?;
    check_name(ask, &object)?;
    place(ask, &mut object)?;
    let _writing = ask.server.store.writing.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(old) = ask.server.store.get(ask.resource, &object.metadata.namespace, &object.metadata.name) else {
        return put_new(ask, object)
            .map(|stored| respond::json(201, form::single(form, &stored, ask.now), ask.headers));
    };
    check_uid(&object, &old.object)?;
    let stored = replace(ask, object, &old)?;
    Ok(respond::json(200, form::single(form, &stored, ask.now), ask.headers))
}

fn put_new(ask: &Ask<'_>, mut object: Object) -> Result<Arc<Stored>, Refusal> {
    if ask.resource.group != RBAC {
        return Err(Refusal::not_found(ask.resource, &object.metadata.name));
    }
    let mut action = ask.action.clone();
    action.verb = "create".into();
    let decision = Authorizer::new(&ask.server.store).decide(ask.user, &action);
    if !decision.allowed {
        return Err(action.forbidden(ask.user, &decision.reason));
    }
    check_namespace(ask, &object.metadata.name)?;
    object.metadata.resource_version.clear();
    create_decoded(ask, object)
}

/// Puts `object` into the place of `old`: the rest of PUT and PATCH.
pub(crate) fn replace(ask: &Ask<'_>, mut object: Object, old: &Arc<Stored>) -> Result<Arc<Stored>, Refusal> {
    default_groups(&mut object);
    // In the real server's order: the fields are given away before admission, and what may be handed out is asked after it.
    managed_fields::record(&mut object, Some(&old.object), &ask.manager(), &stamp(ask.now));
    ask.server.admission.admit_update(&mut object);
    escalation_unless_unchanged(ask, &object, old)?;
    let name = old.object.metadata.name.clone();
    if !object.metadata.resource_version.is_empty()
        && object.metadata.resource_version != old.object.metadata.resource_version
    {
        return Err(Refusal::stale(ask.resource, &name));
    }
    keep_what_is_the_servers(&mut object, &old.object);
    validation::changed(&object, &old.object)?;
    forget_empty_rules(&mut object);
    object.metadata.resource_version.clone_from(&old.object.metadata.resource_version);
    let gone = object.metadata.deletion_timestamp.is_some() && object.metadata.finalizers.is_empty();
    if object == old.object {
        return Ok(old.clone());
    }
    if ask.parameters.dry_run() {
        return Ok(Arc::new(Stored { item: Bytes::new(), object, version: old.version }));
    }
    if gone {
        ask.server.store.remove(&object);
        return Ok(Arc::new(Stored { item: Bytes::new(), object, version: old.version }));
    }
    Ok(ask.server.store.put(object))
}

/// Taking finalizers and owners away is left to garbage collectors, whatever the object grants.
fn escalation_unless_unchanged(ask: &Ask<'_>, object: &Object, old: &Arc<Stored>) -> Result<(), Refusal> {
    let mut same = object.clone();
    same.metadata.finalizers.clone_from(&old.object.metadata.finalizers);
    same.metadata.owner_references.clone_from(&old.object.metadata.owner_references);
    same.metadata.managed_fields.clone_from(&old.object.metadata.managed_fields);
    if same == old.object {
        return Ok(());
    }
    escalation::check(&Authorizer::new(&ask.server.store), ask.user, object)
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
    if old.resource.0.shape == super::resources::Shape::Custom && object.content != old.content {
        object.metadata.generation = old.metadata.generation.map(|generation| generation + 1);
    }
}

/// Reads the body as the resource's kind.
fn decode(ask: &Ask<'_>) -> Result<Object, Refusal> {
    let kind = ask.resource.kind;
    let value = match ask.content_type() {
        "application/json" | "" => {
            serde_json::from_slice(ask.body).map_err(|error| unrecognized(kind, ask.body, &error))?
        }
        "application/yaml" => serde_yaml::from_slice(ask.body)
            .map_err(|error| Refusal::bad_request(format!("error converting YAML to JSON: {error}")))?,
        _ => return Err(Refusal::unsupported_body()),
    };
    let Value::Object(mut value) = value else {
        return Err(Refusal::bad_request(format!("the object provided is unrecognized (must be of type {kind})")));
    };
    check_kind(ask.resource, &mut value)?;
    let mut object = Object::from_value(ask.resource, value).map_err(|error| {
        Refusal::bad_request(format!(
            "{kind} in version {:?} cannot be handled as a {kind}: {error}",
            ask.resource.version
        ))
    })?;
    default_groups(&mut object);
    Ok(object)
}

fn unrecognized(kind: &str, body: &[u8], error: &serde_json::Error) -> Refusal {
    let shown = if body.is_empty() { "<empty>".into() } else { String::from_utf8_lossy(body) };
    let detail = if error.is_eof() { "unexpected end of JSON input".into() } else { error.to_string() };
    Refusal::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {detail} ({shown})"
    ))
}

fn check_kind(resource: ResourceRef, value: &mut Map<String, Value>) -> Result<(), Refusal> {
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
    let (api_version, kind) = (text(value.remove("apiVersion")), text(value.remove("kind")));
    let expected = resource.api_version();
    if !api_version.is_empty() && api_version != expected {
        return Err(Refusal::bad_request(format!(
            "the API version in the data ({api_version}) does not match the expected API version ({expected})"
        )));
    }
    if kind.is_empty() || kind == resource.kind {
        return Ok(());
    }
    let version = resource.version;
    let group = resource.group.split('.').next().unwrap_or_default();
    let why = match of_kind(&expected, &kind) {
        Some(_) => format!("converting ({version}.{kind}) to ({group}.{}): unknown conversion", resource.kind),
        None => format!("no kind {kind:?} is registered for version {expected:?}"),
    };
    Err(Refusal::bad_request(format!("{kind} in version {version:?} cannot be handled as a {}: {why}", resource.kind)))
}

/// `apiGroup` of User and Group subjects and of the role, where it was left out.
pub(crate) fn default_groups(object: &mut Object) {
    let Content::Binding(binding) = &mut object.content else { return };
    if binding.role_ref.api_group.is_empty() {
        binding.role_ref.api_group = RBAC.into();
    }
    binding.subjects.iter_mut().for_each(default_group);
}

pub(crate) fn default_group(subject: &mut Subject) {
    if subject.api_group.is_empty() && matches!(subject.kind.as_str(), "User" | "Group") {
        subject.api_group = RBAC.into();
    }
}

fn place(ask: &Ask<'_>, object: &mut Object) -> Result<(), Refusal> {
    let namespace = ask.namespace().unwrap_or_default();
    if !object.metadata.namespace.is_empty() && object.metadata.namespace != namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Refusal::bad_request(message));
    }
    object.metadata.namespace = namespace.into();
    Ok(())
}

/// The name in an object that is to take this address.
pub(crate) fn check_name(ask: &Ask<'_>, object: &Object) -> Result<(), Refusal> {
    let (name, url) = (&object.metadata.name, &ask.target.name);
    if name.is_empty() {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({url} based on URL) was undeterminable: name must be provided"
        )));
    }
    if name != url {
        let message = format!("the name of the object ({name}) does not match the name on the URL ({url})");
        return Err(Refusal::bad_request(message));
    }
    Ok(())
}

fn check_uid(object: &Object, old: &Object) -> Result<(), Refusal> {
    let (wanted, actual) = (&object.metadata.uid, &old.metadata.uid);
    if wanted.is_empty() || wanted == actual {
        return Ok(());
    }
    let metadata = &old.metadata;
    let place = if metadata.namespace.is_empty() { String::new() } else { format!("{}/", metadata.namespace) };
    let resource = old.resource.0;
    let detail = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{}/{place}{}, ResourceVersion: 0, AdditionalErrorMsg: \
         Precondition failed: UID in precondition: {wanted}, UID in object meta: {actual}",
        resource.plural, metadata.name
    );
    Err(Refusal::modified(resource, &metadata.name, &detail))
}

/// A namespaced object needs a namespace that is there and stays.
fn check_namespace(ask: &Ask<'_>, name: &str) -> Result<(), Refusal> {
    let Some(namespace) = ask.namespace() else { return Ok(()) };
    let namespaces = find("", "v1", "namespaces").unwrap_or(ask.resource);
    let Some(stored) = ask.server.store.get(namespaces, "", namespace) else {
        return Err(Refusal::not_found(namespaces, namespace));
    };
    if stored.object.metadata.deletion_timestamp.is_some() {
        return Err(Refusal::terminating(ask.resource, name, namespace));
    }
    Ok(())
}

pub(crate) fn check_dry_run(ask: &Ask<'_>, options: &str) -> Result<(), Refusal> {
    match ask.parameters.get("dryRun") {
        None | Some("All") => Ok(()),
        Some(other) => {
            let error = FieldError::not_supported("dryRun", &json!([other]), &["All"]);
            Err(Refusal::invalid("meta.k8s.io", options, "", &[error]))
        }
    }
}

/// What the server adds to every new object.
pub(crate) fn fill_new(object: &mut Object, now: Timestamp) {
    let metadata = &mut object.metadata;
    metadata.uid = random_uid();
    metadata.creation_timestamp = Some(stamp(now));
    metadata.deletion_timestamp = None;
    metadata.deletion_grace_period_seconds = None;
    metadata.generation = (object.resource.0.shape == super::resources::Shape::Custom).then_some(1);
    if let Content::Namespace(namespace) = &mut object.content {
        namespace.spec.finalizers = vec!["kubernetes".into()];
        namespace.status.phase = "Active".into();
        metadata.labels.insert("kubernetes.io/metadata.name".into(), metadata.name.clone());
    }
}

/// The store's own encoding doesn't tell no rules from an empty list of them.
fn forget_empty_rules(object: &mut Object) {
    if let Content::Role(role) = &mut object.content {
        role.rules = role.rules.take().filter(|rules| !rules.is_empty());
    }
}

/// A time as the server writes it: whole seconds.
pub(crate) fn stamp(now: Timestamp) -> String {
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

/// A random version 4 UUID.
pub(crate) fn random_uid() -> String {
    let mut bytes = random_bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn name_suffix() -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    random_bytes()[..5].iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect()
}

fn random_bytes() -> [u8; 16] {
    // A system without randomness could not have made the server's certificate either.
    ring::rand::generate(&SystemRandom::new()).map(ring::rand::Random::expose).unwrap_or_default()
}
