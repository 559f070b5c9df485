//! Bodies in protobuf, which kubectl's own clients send: objects, and the specs of reviews.
//!
//! Field numbers: [`super::schema`], and k8s.io/api's authorization/v1/generated.proto; envelope: apimachinery's runtime.Unknown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::lease::MicroTime;
use super::schema::{Field, FieldContent};
use super::wire::{WireField, bytes, fields, text};

pub(crate) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";
const MAGIC: &[u8] = b"k8s\0";

/// The fields of the envelope.
const TYPE_META: u64 = 1;
const RAW: u64 = 2;
/// The field of a review.
const SPEC: u64 = 2;

/// Why bytes can't be read as an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ProtobufError {
    /// They don't begin as every Kubernetes object does.
    NotProtobuf,
    /// They break off, or a field holds something else than it should.
    Malformed,
}

/// The object as JSON would have it, `apiVersion` and `kind` of its envelope included.
pub(crate) fn object(body: &[u8], schema: &[Field]) -> Result<Value, ProtobufError> {
    let envelope = body.strip_prefix(MAGIC).ok_or(ProtobufError::NotProtobuf)?;
    unwrapped(envelope, schema).ok_or(ProtobufError::Malformed)
}

fn unwrapped(envelope: &[u8], schema: &[Field]) -> Option<Value> {
    let envelope = fields(envelope)?;
    let meta = fields(bytes(&envelope, TYPE_META).unwrap_or_default())?;
    let mut object = message(bytes(&envelope, RAW).unwrap_or_default(), schema)?;
    object.insert("apiVersion".into(), text(&meta, 1)?.into());
    object.insert("kind".into(), text(&meta, 2)?.into());
    Some(object.into())
}

/// A message as JSON has it. Go's encoder writes empty texts, zeros and empty times, too; JSON leaves them out.
fn message(content: &[u8], schema: &[Field]) -> Option<Map<String, Value>> {
    let mut out = Map::new();
    for sent in fields(content)? {
        let Some(field) = schema.iter().find(|field| field.number == sent.number) else { continue };
        add(&mut out, field, &sent)?;
    }
    Some(out)
}

fn add(out: &mut Map<String, Value>, field: &Field, sent: &WireField<'_>) -> Option<()> {
    let name = field.name;
    match field.content {
        FieldContent::Text => {
            let text = sent.text()?;
            insert_if(out, name, text.into(), !text.is_empty());
        }
        FieldContent::Number => {
            // A negative number is the two's complement of 64 bits.
            let number = sent.number()?.cast_signed();
            insert_if(out, name, number.into(), number != 0);
        }
        FieldContent::Flag => insert_if(out, name, (sent.number()? != 0).into(), true),
        FieldContent::Time => {
            let time = fields(sent.bytes()?)?;
            let seconds = time.iter().find(|part| part.number == 1).and_then(WireField::number);
            if let Some(seconds) = seconds {
                out.insert(name.into(), Timestamp::from_second(seconds.cast_signed()).ok()?.to_string().into());
            }
        }
        FieldContent::MicroTime => {
            let time = fields(sent.bytes()?)?;
            let number = |place| time.iter().find(|part| part.number == place).and_then(WireField::number);
            if let Some(seconds) = number(1) {
                let nanoseconds = i32::try_from(number(2).unwrap_or_default()).ok()?;
                out.insert(name.into(), MicroTime::new(seconds.cast_signed(), nanoseconds)?.to_string().into());
            }
        }
        FieldContent::Json => {
            let raw = fields(sent.bytes()?)?;
            out.insert(name.into(), serde_json::from_slice(bytes(&raw, 1)?).ok()?);
        }
        FieldContent::Message(schema) => insert_if(out, name, message(sent.bytes()?, schema)?.into(), true),
        FieldContent::Messages(schema) => list(out, name)?.push(message(sent.bytes()?, schema)?.into()),
        FieldContent::Texts => list(out, name)?.push(sent.text()?.into()),
        FieldContent::TextByName => {
            let entry = fields(sent.bytes()?)?;
            map(out, name)?.insert(text(&entry, 1)?.into(), text(&entry, 2)?.into());
        }
        FieldContent::BytesByName => {
            let entry = fields(sent.bytes()?)?;
            let value = STANDARD.encode(bytes(&entry, 2).unwrap_or_default());
            map(out, name)?.insert(text(&entry, 1)?.into(), value.into());
        }
    }
    Some(())
}

fn insert_if(out: &mut Map<String, Value>, name: &str, value: Value, condition: bool) {
    if condition {
        out.insert(name.into(), value);
    }
}

fn list<'a>(out: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Vec<Value>> {
    out.entry(name).or_insert_with(|| json!([])).as_array_mut()
}

fn map<'a>(out: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Map<String, Value>> {
    out.entry(name).or_insert_with(|| json!({})).as_object_mut()
}

/// The review as JSON would have it; `None` where the bytes aren't one. Only its spec is read.
pub(crate) fn review(body: &[u8], plural: &str) -> Option<Value> {
    let envelope = fields(body.strip_prefix(MAGIC)?)?;
    let raw = bytes(&envelope, RAW).unwrap_or_default();
    let review = fields(raw)?;
    let spec = fields(bytes(&review, SPEC).unwrap_or_default())?;
    let spec = match plural {
        "selfsubjectrulesreviews" => json!({"namespace": text(&spec, 1)?}),
        "selfsubjectreviews" => json!({}),
        _ => access(&spec)?,
    };
    Some(json!({"spec": spec}))
}

fn access(spec: &[WireField<'_>]) -> Option<Value> {
    let mut out = Map::new();
    if let Some(attributes) = bytes(spec, 1) {
        let names = ["namespace", "verb", "group", "version", "resource", "subresource", "name"];
        out.insert("resourceAttributes".into(), named(attributes, &names)?);
    }
    if let Some(attributes) = bytes(spec, 2) {
        out.insert("nonResourceAttributes".into(), named(attributes, &["path", "verb"])?);
    }
    out.insert("user".into(), text(spec, 3)?.into());
    let groups = spec.iter().filter(|field| field.number == 4).map(WireField::text);
    out.insert("groups".into(), json!(groups.collect::<Option<Vec<&str>>>()?));
    out.insert("uid".into(), text(spec, 6)?.into());
    Some(out.into())
}

/// A message of texts, whose fields are numbered from 1 in the order of `names`.
fn named(message: &[u8], names: &[&str]) -> Option<Value> {
    let fields = fields(message)?;
    let mut out = Map::new();
    for (number, name) in (1..).zip(names) {
        out.insert((*name).into(), text(&fields, number)?.into());
    }
    Some(out.into())
}

#[cfg(test)]
mod tests {
    use super::super::resources::rbac;
    use super::super::schema;
    use super::*;

    /// A field of bytes, short enough for a length of one byte.
    fn bytes_of(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn body(raw: &[u8]) -> Vec<u8> {
        let meta = [bytes_of(1, b"rbac.authorization.k8s.io/v1"), bytes_of(2, b"ClusterRoleBinding")].concat();
        [MAGIC, &bytes_of(1, &meta), &bytes_of(2, raw)].concat()
    }

    fn binding(body: &[u8]) -> Result<Value, ProtobufError> {
        object(body, schema::of(rbac("clusterrolebindings")).unwrap())
    }

    #[test]
    fn a_binding_is_what_json_would_have() {
        let label = bytes_of(11, &[bytes_of(1, b"app"), bytes_of(2, b"shop")].concat());
        let metadata = [bytes_of(1, b"x"), bytes_of(2, b""), vec![7 << 3, 0], bytes_of(8, b""), label].concat();
        let subject = [bytes_of(1, b"User"), bytes_of(3, b"bo")].concat();
        let subjects = [bytes_of(2, &subject), bytes_of(2, &subject)].concat();
        let raw = [bytes_of(1, &metadata), subjects, bytes_of(3, &bytes_of(3, b"view"))].concat();
        let expected = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "x", "labels": {"app": "shop"}},
            "subjects": [{"kind": "User", "name": "bo"}, {"kind": "User", "name": "bo"}],
            "roleRef": {"name": "view"},
        });
        assert_eq!(binding(&body(&raw)), Ok(expected));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert_eq!(binding(b"{}"), Err(ProtobufError::NotProtobuf));
        assert_eq!(binding(b"k8s\0\x12\x7f"), Err(ProtobufError::Malformed));
        let whole = body(&bytes_of(1, &bytes_of(1, b"x")));
        for length in MAGIC.len() + 1..whole.len() {
            let read = binding(&whole[..length]);
            assert!(
                read.is_err()
                    || read == Ok(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding"})),
                "{length}"
            );
        }
        assert_eq!(binding(&body(&bytes_of(1, &[1 << 3, 5]))), Err(ProtobufError::Malformed), "a number for a name");
    }
}
