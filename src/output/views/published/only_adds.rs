//! The rule that what is published stays, for documents and for what their schemas promise.

use std::collections::BTreeSet;
use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// A document whose keys are in their order.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Json {
    Object(IndexMap<String, Json>),
    Array(Vec<Json>),
    Scalar(Value),
}

impl Json {
    pub(super) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let Self::Object(keys) = self else { panic!("a document is an object: {self:?}") };
        keys.keys().map(String::as_str)
    }

    /// The path of every key that has a value other than null somewhere, as `$.items[].uid`.
    pub(super) fn paths_with_a_value(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        self.collect_paths("$", &mut paths);
        paths
    }

    fn collect_paths(&self, path: &str, paths: &mut BTreeSet<String>) {
        match self {
            Self::Scalar(Value::Null) => return,
            Self::Scalar(_) => {}
            Self::Array(items) => items.iter().for_each(|item| item.collect_paths(&format!("{path}[]"), paths)),
            Self::Object(keys) => {
                keys.iter().for_each(|(key, value)| value.collect_paths(&format!("{path}.{key}"), paths));
            }
        }
        paths.insert(path.to_owned());
    }
}

/// What a document no longer has of one that was made of the same values before: keys, their order, values.
pub(super) fn lost_keys(before: &Json, now: &Json) -> Vec<String> {
    let mut lost = Vec::new();
    compare("$", before, now, &mut lost);
    lost
}

fn compare(path: &str, before: &Json, now: &Json, lost: &mut Vec<String>) {
    match (before, now) {
        (Json::Object(before), Json::Object(now)) => {
            for (key, value) in before {
                let path = format!("{path}.{key}");
                match now.get(key) {
                    Some(now) => compare(&path, value, now, lost),
                    None => lost.push(format!("{path} is gone")),
                }
            }
            let kept = before.keys().filter(|key| now.contains_key(*key));
            if !kept.eq(now.keys().filter(|key| before.contains_key(*key))) {
                lost.push(format!("the keys of {path} are in another order"));
            }
        }
        (Json::Array(before), Json::Array(now)) if before.len() == now.len() => {
            for (index, (before, now)) in before.iter().zip(now).enumerate() {
                compare(&format!("{path}[{index}]"), before, now, lost);
            }
        }
        (before, now) if before == now => {}
        (before, now) => lost.push(format!("{path} was {before:?}, and is {now:?}")),
    }
}

/// What a schema promises, a line each: `$.items[].uid is there`, `$.items[].uid: string`, `$.items[].status = "Expired"`.
pub(super) struct Promises(BTreeSet<String>);

const IS_THERE: &str = " is there";

/// What a schema promises.
pub(super) fn promises(schema: &Value) -> Promises {
    let mut promises = BTreeSet::new();
    collect_promises("$", schema, schema, &mut promises);
    Promises(promises)
}

fn collect_promises(path: &str, schema: &Value, root: &Value, promises: &mut BTreeSet<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        collect_promises(path, target, root, promises);
    }
    for choice in ["anyOf", "oneOf", "allOf"].iter().flat_map(|word| schema[word].as_array()).flatten() {
        collect_promises(path, choice, root, promises);
    }
    let types = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    promises.extend(types.iter().filter_map(Value::as_str).map(|word| format!("{path}: {word}")));
    let words = schema["enum"].as_array().into_iter().flatten().chain(schema.get("const"));
    promises.extend(words.map(|word| format!("{path} = {word}")));
    let is_text = types.iter().any(|word| word == "string");
    promises.extend(schema["format"].as_str().filter(|_| is_text).map(|format| format!("{path} is a {format}")));
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        collect_promises(&format!("{path}.{key}"), value, root, promises);
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    promises.extend(required.map(|key| format!("{path}.{key}{IS_THERE}")));
    if let Some(items) = schema.get("items") {
        collect_promises(&format!("{path}[]"), items, root, promises);
    }
}

impl Promises {
    /// The path of every key.
    pub(super) fn keys(&self) -> BTreeSet<String> {
        self.0.iter().filter_map(|line| typed_path(line)).filter(|path| *path != "$").map(str::to_owned).collect()
    }

    /// The path of every key that is always there; items of arrays are none that could be absent.
    pub(super) fn required(&self) -> BTreeSet<String> {
        let keys = self.0.iter().filter_map(|line| line.strip_suffix(IS_THERE)).map(str::to_owned);
        keys.chain(self.keys().into_iter().filter(|path| path.ends_with("[]"))).collect()
    }
}

impl fmt::Display for Promises {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(formatter, "{line}"))
    }
}

/// The path in a line that says a type.
fn typed_path(line: &str) -> Option<&str> {
    line.split_once(": ").map(|(path, _)| path).filter(|path| !path.contains(' '))
}

/// Which promises are no longer kept. A value that can be of another type as well, null say, breaks its promise, too.
pub(super) fn lost_promises(before: &str, now: &str) -> Vec<String> {
    let (before, now): (BTreeSet<&str>, BTreeSet<&str>) = (before.lines().collect(), now.lines().collect());
    let broken = before.difference(&now).map(|line| format!("no longer: {line}"));
    let known: BTreeSet<&str> = before.iter().filter_map(|line| typed_path(line)).collect();
    let widened = now.difference(&before).filter(|line| typed_path(line).is_some_and(|path| known.contains(path)));
    broken.chain(widened.map(|line| format!("now as well: {line}"))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_that_loses_or_changes_something_is_caught_and_one_that_adds_is_not() {
        let published = r#"{"a": 1, "b": [{"c": "x", "d": null}, {"c": "y", "d": 2}], "e": {"f": true}}"#;
        let lost = |now: &str| lost_keys(&Json::read(published), &Json::read(now));
        for more in [
            published,
            r#"{"new": 0, "a": 1, "b": [{"c": "x", "new": [1], "d": null}, {"c": "y", "d": 2}], "e": {"f": true, "g": 1}}"#,
        ] {
            assert_eq!(lost(more), [""; 0], "{more}");
        }
        for (violation, now, said) in [
            ("removed key", published.replace(r#""a": 1, "#, ""), "$.a is gone"),
            ("removed key of a row", published.replace(r#", "d": 2"#, ""), "$.b[1].d is gone"),
            ("renamed key", published.replace(r#""f""#, r#""g""#), "$.e.f is gone"),
            ("changed value", published.replace(r#""y""#, r#""Y""#), "$.b[1].c was "),
            ("changed type", published.replace(r#""a": 1"#, r#""a": "1""#), "$.a was "),
            ("value that becomes null", published.replace("true", "null"), "$.e.f was "),
            ("null that becomes a value", published.replace("null", "0"), "$.b[0].d was "),
            ("object that becomes a list", published.replace(r#"{"f": true}"#, "[true]"), "$.e was "),
            ("removed row", published.replace(r#", {"c": "y", "d": 2}"#, ""), "$.b was "),
            ("added row", published.replace("}]", "}, 1]"), "$.b was "),
            (
                "changed order",
                published.replace(r#""c": "x", "d": null"#, r#""d": null, "c": "x""#),
                "the keys of $.b[0] are in another order",
            ),
            (
                "changed order at the top",
                r#"{"b": [{"c": "x", "d": null}, {"c": "y", "d": 2}], "a": 1, "e": {"f": true}}"#.to_owned(),
                "the keys of $ are in another order",
            ),
        ] {
            assert_ne!(now, published, "{violation}");
            let lost = lost(&now);
            assert!(lost.iter().any(|line| line.starts_with(said)), "{violation}: {lost:?}");
        }
    }

    #[test]
    fn a_schema_that_promises_less_is_caught_and_one_that_promises_more_is_not() {
        let word = |words: &[&str]| json!({"oneOf": words.iter().map(|word| json!({"type": "string", "const": word})).collect::<Vec<_>>()});
        let schema = |properties: Value, required: &[&str], words: &[&str]| {
            let document = json!({
                "type": "object", "properties": {"rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}}},
                "required": ["rows"],
                "$defs": {"Row": {"type": "object", "properties": properties, "required": required}, "Word": word(words)},
            });
            promises(&document).to_string()
        };
        let time = json!({"type": ["string", "null"], "format": "date-time"});
        let state = json!({"$ref": "#/$defs/Word"});
        let published = schema(json!({"at": time, "state": state}), &["at", "state"], &["Old", "New"]);
        let lost = |properties: Value, required: &[&str], words: &[&str]| {
            lost_promises(&published, &schema(properties, required, words))
        };
        let (both, words) = (["at", "state"], ["Old", "New"]);
        let more = json!({"at": time, "more": {"type": "integer"}, "state": state});
        assert_eq!(lost(more, &["at", "more", "state"], &["Old", "New", "Newer"]), [""; 0]);
        let or_null = json!({"anyOf": [state, {"type": "null"}]});
        for (now, said) in [
            (lost(json!({"state": state}), &["state"], &words), "no longer: $.rows[].at is there"),
            (lost(json!({"at": time, "state": state}), &["at"], &words), "no longer: $.rows[].state is there"),
            (lost(json!({"at": time, "state": state}), &both, &["New"]), "no longer: $.rows[].state = \"Old\""),
            (lost(json!({"at": time, "state": or_null}), &both, &words), "now as well: $.rows[].state: null"),
            (lost(json!({"at": {"type": "string"}, "state": state}), &both, &words), "no longer: $.rows[].at: null"),
            (
                lost(json!({"at": {"type": ["string", "null"]}, "state": state}), &both, &words),
                "no longer: $.rows[].at is a date-time",
            ),
        ] {
            assert!(now.iter().any(|line| line == said), "{said}: {now:?}");
        }
    }
}
