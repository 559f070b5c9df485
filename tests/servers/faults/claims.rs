//! What a document claims, compared with another one.

use serde_json::{Map, Value};

/// What says how a reading went, what is asked or shown first, what rules that were read say, and what grows where less is known.
const NO_CLAIM: [&str; 19] = [
    "time",
    "incomplete",
    "error",
    "evidence",
    "unread",
    "notChecked",
    "warnings",
    "Warning",
    "reason",
    "why",
    "hash",
    "refusals",
    "lastAccess",
    "roleUnread",
    "request",
    "place",
    "remains",
    "expected",
    "isDefault",
];

/// What says that nothing is known.
const UNKNOWN: [&str; 3] = ["Unknown", "Failed", "Error"];

/// How a sentence says so, of an identity.
const UNKNOWN_IDENTITY: [&str; 2] = ["whose state is Unknown", "find out whose it is"];

/// The path of what `said` claims and `whole` doesn't. A list may have fewer elements, a count may be smaller.
pub(super) fn exceeds(said: &Value, whole: &Value) -> Option<String> {
    match (said, whole) {
        (Value::Null, _) => None,
        (Value::String(word), _) if UNKNOWN.contains(&word.as_str()) => None,
        (Value::String(sentence), _) if UNKNOWN_IDENTITY.iter().any(|words| sentence.contains(words)) => None,
        (Value::Number(said), Value::Number(whole)) if said.as_u64() <= whole.as_u64() => None,
        (Value::Array(said), Value::Array(whole)) => said.iter().enumerate().find_map(|(place, one)| {
            // The element that agrees most says best what is wrong.
            let nearest = whole.iter().max_by_key(|other| agreeing(one, other));
            let more = match nearest {
                _ if whole.iter().any(|other| exceeds(one, other).is_none()) => return None,
                Some(nearest) => exceeds(one, nearest)?,
                None => format!(": {one}"),
            };
            Some(format!("[{place}]{more}"))
        }),
        (Value::Object(said), _) if is_of_unknown_identity(said) => None,
        (Value::Object(said), Value::Object(whole)) => {
            said.iter().filter(|(key, _)| !NO_CLAIM.contains(&key.as_str())).find_map(|(key, value)| {
                Some(format!(".{key}{}", exceeds(value, whole.get(key).unwrap_or(&Value::Null))?))
            })
        }
        _ if said == whole => None,
        _ => Some(format!(": {said} instead of {whole}")),
    }
}

/// Whether a finding is that nothing is known of an identity, by `scan --persistence` or by `lint`: where less is read there are more.
fn is_of_unknown_identity(finding: &Map<String, Value>) -> bool {
    finding.get("method").is_some_and(|method| method == "UnknownIdentity")
        // Of a deleted one it is an error.
        || finding.get("id").is_some_and(|id| id == "L11") && finding.get("level").is_some_and(|level| level == "Warning")
}

/// In how many keys two objects agree.
fn agreeing(one: &Value, other: &Value) -> usize {
    let keys = one.as_object().into_iter().flatten();
    keys.filter(|(key, value)| other.get(key.as_str()) == Some(value)).count()
}
