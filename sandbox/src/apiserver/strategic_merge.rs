//! Strategic merge patches, which kubectl's `apply` and `edit` send for kinds that it knows.
//!
//! Of the kinds here only an object's metadata has lists that are merged; subjects and rules are replaced as a whole.
//! Source: <https://github.com/kubernetes/apimachinery/blob/v0.36.3/pkg/util/strategicpatch/patch.go>

use serde_json::{Map, Value};

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

/// How a list is merged.
enum ListMerge {
    /// The patch's list takes its place.
    Replace,
    /// Their values are put together.
    Values,
    /// Items of one key are merged.
    ByKey(&'static str),
}

fn list_merge(path: &str) -> ListMerge {
    match path {
        ".metadata.finalizers" => ListMerge::Values,
        ".metadata.ownerReferences" => ListMerge::ByKey("uid"),
        _ => ListMerge::Replace,
    }
}

/// Merges a patch into an object; `None` where it is no patch.
pub(crate) fn merge(target: &mut Value, patch: &Value) -> Option<()> {
    merge_maps(target.as_object_mut()?, patch.as_object()?, "")
}

fn merge_maps(target: &mut Map<String, Value>, patch: &Map<String, Value>, at: &str) -> Option<()> {
    match patch.get(DIRECTIVE).map(Value::as_str) {
        None | Some(Some("merge")) => {}
        Some(Some("replace")) => {
            *target = patch
                .iter()
                .filter(|(key, _)| *key != DIRECTIVE)
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            return Some(());
        }
        Some(Some("delete")) => {
            target.clear();
            return Some(());
        }
        Some(_) => return None,
    }
    if let Some(retained) = patch.get(RETAIN) {
        let retained = retained.as_array()?;
        target.retain(|key, _| retained.iter().any(|name| name == key));
    }
    for (key, deleted) in patch.iter().filter_map(|(key, value)| Some((key.strip_prefix(DELETE_FROM)?, value))) {
        let deleted = deleted.as_array()?;
        if let Some(list) = target.get_mut(key).and_then(Value::as_array_mut) {
            list.retain(|item| !deleted.contains(item));
        }
    }
    for (key, value) in patch.iter().filter(|(key, _)| !key.starts_with('$')) {
        merge_field(target, key, value, &format!("{at}.{key}"))?;
    }
    for (key, order) in patch.iter().filter_map(|(key, value)| Some((key.strip_prefix(ORDER)?, value))) {
        sort(target.get_mut(key), order.as_array()?, &format!("{at}.{key}"));
    }
    Some(())
}

fn merge_field(target: &mut Map<String, Value>, key: &str, value: &Value, path: &str) -> Option<()> {
    match value {
        Value::Null => drop(target.remove(key)),
        Value::Object(patch) => {
            let old = target.entry(key).or_insert_with(|| Value::Object(Map::new()));
            if !old.is_object() {
                *old = Value::Object(Map::new());
            }
            merge_maps(old.as_object_mut()?, patch, path)?;
        }
        Value::Array(patch) => {
            let old = match target.remove(key) {
                Some(Value::Array(old)) => old,
                _ => Vec::new(),
            };
            target.insert(key.to_owned(), merge_lists(old, patch, path)?.into());
        }
        value => drop(target.insert(key.to_owned(), value.clone())),
    }
    Some(())
}

/// Merges lists; new items come before those that are there.
fn merge_lists(mut old: Vec<Value>, patch: &[Value], path: &str) -> Option<Vec<Value>> {
    let key = match list_merge(path) {
        ListMerge::Replace => return Some(patch.to_vec()),
        ListMerge::Values => {
            let new = patch.iter().filter(|item| !old.contains(item)).cloned();
            return Some(new.chain(old.iter().cloned()).collect());
        }
        ListMerge::ByKey(key) => key,
    };
    if patch.iter().any(|item| item[DIRECTIVE] == "replace") {
        return Some(patch.iter().filter(|item| item[DIRECTIVE] != "replace").cloned().collect());
    }
    let mut new = Vec::new();
    for item in patch {
        let wanted = item.get(key)?;
        if item[DIRECTIVE] == "delete" {
            old.retain(|old| old.get(key) != Some(wanted));
            continue;
        }
        match old.iter_mut().find(|old| old.get(key) == Some(wanted)) {
            Some(old) => merge_maps(old.as_object_mut()?, item.as_object()?, path)?,
            None => new.push(item.clone()),
        }
    }
    new.extend(old);
    Some(new)
}

/// Brings the items of a merged list into the order that the patch names.
fn sort(list: Option<&mut Value>, order: &[Value], path: &str) {
    let Some(list) = list.and_then(Value::as_array_mut) else { return };
    let is = |item: &Value, wanted: &Value| match list_merge(path) {
        ListMerge::ByKey(key) => item.get(key) == wanted.get(key),
        ListMerge::Values | ListMerge::Replace => item == wanted,
    };
    list.sort_by_key(|item| order.iter().position(|wanted| is(item, wanted)).unwrap_or(order.len()));
}

/// A patch as Go shows a map, which is how the server's errors show it.
pub(crate) fn as_go_shows(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(as_go_shows).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| format!("{key}:{}", as_go_shows(value)));
            format!("map[{}]", entries.collect::<Vec<_>>().join(" "))
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(mut target: Value, patch: &Value) -> Option<Value> {
        merge(&mut target, patch).map(|()| target)
    }

    #[test]
    fn maps_are_merged_and_subjects_replaced() {
        let old = json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "subjects": [{"name": "ann"}, {"name": "bo"}]});
        let patch = json!({"metadata": {"labels": {"a": null, "c": "3"}}, "subjects": [{"name": "carl"}]});
        let new = json!({"metadata": {"labels": {"b": "2", "c": "3"}}, "subjects": [{"name": "carl"}]});
        assert_eq!(merged(old, &patch), Some(new));
    }

    #[test]
    fn lists_of_the_metadata_are_merged() {
        let old = json!({"metadata": {"finalizers": ["a", "b"], "ownerReferences": [{"uid": "1", "name": "x"}, {"uid": "2"}]}});
        let patch = json!({"metadata": {
            "finalizers": ["c"], "$deleteFromPrimitiveList/finalizers": ["a"], "$setElementOrder/finalizers": ["c", "b"],
            "ownerReferences": [{"uid": "1", "name": "y"}, {"uid": "2", "$patch": "delete"}, {"uid": "3"}],
            "$setElementOrder/ownerReferences": [{"uid": "3"}, {"uid": "1"}],
        }});
        let new = json!({"metadata": {"finalizers": ["c", "b"], "ownerReferences": [{"uid": "3"}, {"uid": "1", "name": "y"}]}});
        assert_eq!(merged(old, &patch), Some(new));
    }

    #[test]
    fn directives_replace_delete_and_retain() {
        let old = json!({"a": {"x": 1, "y": 2}});
        assert_eq!(merged(old.clone(), &json!({"a": {"$patch": "replace", "z": 3}})), Some(json!({"a": {"z": 3}})));
        assert_eq!(merged(old.clone(), &json!({"a": {"$patch": "delete"}})), Some(json!({"a": {}})));
        assert_eq!(merged(old.clone(), &json!({"a": {"$retainKeys": ["y"]}})), Some(json!({"a": {"y": 2}})));
        assert_eq!(merged(old.clone(), &json!({"a": {"$patch": "other"}})), None);
        assert_eq!(merged(old, &json!([])), None);
    }
}
