//! Reviews in protobuf: kubectl's `auth can-i` and `auth whoami` send them so. Only their specs are read.
//!
//! Field numbers: k8s.io/api's authorization/v1/generated.proto; envelope: apimachinery's runtime.Unknown.

use serde_json::{Map, Value, json};

pub(crate) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";
const MAGIC: &[u8] = b"k8s\0";
const RAW: u64 = 2;
const SPEC: u64 = 2;

/// The review as JSON would have it; `None` where the bytes aren't one.
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
    let groups = spec.iter().filter(|field| field.number == 4);
    let groups: Option<Vec<&str>> = groups.map(|field| std::str::from_utf8(field.content).ok()).collect();
    out.insert("groups".into(), json!(groups?));
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

struct WireField<'a> {
    number: u64,
    content: &'a [u8],
}

/// The length-delimited fields of a message; numbers are passed over.
fn fields(mut message: &[u8]) -> Option<Vec<WireField<'_>>> {
    let mut out = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message)?;
        match key & 7 {
            0 => drop(varint(&mut message)?),
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                let (content, rest) = message.split_at_checked(length)?;
                out.push(WireField { number: key >> 3, content });
                message = rest;
            }
            _ => return None,
        }
    }
    Some(out)
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn bytes<'a>(fields: &[WireField<'a>], number: u64) -> Option<&'a [u8]> {
    fields.iter().rev().find(|field| field.number == number).map(|field| field.content)
}

fn text<'a>(fields: &[WireField<'a>], number: u64) -> Option<&'a str> {
    std::str::from_utf8(bytes(fields, number).unwrap_or_default()).ok()
}
