//! Who wrote which field: the part of `managedFields` that plain creates, updates and patches leave behind.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::object::{Content, ManagedFieldsEntry, Object};

type Path = Vec<String>;

/// Gives the fields that differ from `old` to `manager`, and takes them from the others.
pub(crate) fn record(object: &mut Object, old: Option<&Object>, manager: &str, now: &str) {
    let new_fields = fields(object);
    let old_fields = old.map(fields).unwrap_or_default();
    let changed: BTreeSet<Path> = new_fields
        .iter()
        .filter(|(path, value)| old_fields.get(*path) != Some(value))
        .map(|(path, _)| path.clone())
        .collect();
    let mut entries = old.map(|old| old.metadata.managed_fields.clone()).unwrap_or_default();
    let mut mine = BTreeSet::new();
    let mut kept = Vec::new();
    let mut stamp = now.to_owned();
    for mut entry in entries.drain(..) {
        let mut owned = paths(&entry.fields_v1);
        owned.retain(|path| new_fields.contains_key(path));
        if entry.manager == manager && entry.operation == "Update" {
            if changed.is_subset(&owned) && owned == paths(&entry.fields_v1) {
                stamp.clone_from(&entry.time);
            }
            mine = owned;
            continue;
        }
        owned.retain(|path| !changed.contains(path));
        if !owned.is_empty() {
            entry.fields_v1 = tree(&owned);
            kept.push(entry);
        }
    }
    mine.extend(changed);
    if !mine.is_empty() {
        kept.push(ManagedFieldsEntry {
            manager: manager.into(),
            operation: "Update".into(),
            api_version: object.resource.0.api_version(),
            time: stamp,
            fields_type: "FieldsV1".into(),
            fields_v1: tree(&mine),
        });
    }
    // Apply before the others, then by age, then by name.
    kept.sort_by(|a, b| {
        let key = |entry: &ManagedFieldsEntry| (entry.operation != "Apply", entry.time.clone(), entry.manager.clone());
        key(a).cmp(&key(b))
    });
    object.metadata.managed_fields = kept;
}

/// The entry that a review's answer bears: each field of its spec, maps and structures opened up.
pub(crate) fn of_review(api_version: &str, spec: &Value, manager: &str, now: &str) -> Value {
    json!([ManagedFieldsEntry {
        manager: manager.into(),
        operation: "Update".into(),
        api_version: api_version.into(),
        time: now.into(),
        fields_type: "FieldsV1".into(),
        fields_v1: json!({"f:spec": opened(spec)}),
    }])
}

fn opened(value: &Value) -> Value {
    let Some(map) = value.as_object() else { return json!({}) };
    let mut out = serde_json::Map::new();
    for (key, value) in map {
        let mut inner = opened(value);
        if value.is_object() {
            inner["."] = json!({});
        }
        out.insert(format!("f:{key}"), inner);
    }
    out.into()
}

/// The manager's name: the `fieldManager` parameter, else the user agent up to its slash.
pub(crate) fn manager(parameter: Option<&str>, user_agent: Option<&str>) -> String {
    let agent = || user_agent.and_then(|agent| agent.split('/').next()).filter(|name| !name.is_empty());
    parameter.or_else(agent).unwrap_or("unknown").to_owned()
}

fn fields(object: &Object) -> BTreeMap<Path, Value> {
    let mut out = BTreeMap::new();
    let metadata = &object.metadata;
    map_fields(&mut out, &["f:metadata", "f:labels"], &metadata.labels);
    map_fields(&mut out, &["f:metadata", "f:annotations"], &metadata.annotations);
    if !metadata.finalizers.is_empty() {
        out.insert(path(&["f:metadata", "f:finalizers"]), Value::Null);
        for finalizer in &metadata.finalizers {
            out.insert(path(&["f:metadata", "f:finalizers", &format!("v:{finalizer:?}")]), Value::Null);
        }
    }
    if !metadata.owner_references.is_empty() {
        out.insert(path(&["f:metadata", "f:ownerReferences"]), Value::Null);
        for owner in &metadata.owner_references {
            let key = format!("k:{}", json!({"uid": owner.uid}));
            out.insert(path(&["f:metadata", "f:ownerReferences", &key]), json!(owner));
        }
    }
    if !metadata.generate_name.is_empty() {
        out.insert(path(&["f:metadata", "f:generateName"]), json!(metadata.generate_name));
    }
    match &object.content {
        Content::Role(role) => {
            role.rules.iter().for_each(|rules| drop(out.insert(path(&["f:rules"]), json!(rules))));
            role.aggregation_rule.iter().for_each(|rule| drop(out.insert(path(&["f:aggregationRule"]), rule.clone())));
        }
        Content::Binding(binding) => {
            out.insert(path(&["f:roleRef"]), json!(binding.role_ref));
            if !binding.subjects.is_empty() {
                out.insert(path(&["f:subjects"]), json!(binding.subjects));
            }
        }
        Content::ConfigMap(map) => map_fields(&mut out, &["f:data"], &map.data),
        Content::Secret(secret) => {
            map_fields(&mut out, &["f:data"], &secret.data);
            out.insert(path(&["f:type"]), json!(secret.secret_type));
        }
        Content::Lease(lease) => {
            let spec = serde_json::to_value(&lease.spec).unwrap_or_default();
            for (name, value) in spec.as_object().into_iter().flatten() {
                out.insert(path(&["f:spec", &format!("f:{name}")]), value.clone());
            }
        }
        Content::Custom(custom) => {
            custom.spec.iter().for_each(|spec| drop(out.insert(path(&["f:spec"]), spec.clone())));
        }
        Content::Namespace(_) | Content::Stored(_) => {}
    }
    out
}

fn map_fields(out: &mut BTreeMap<Path, Value>, at: &[&str], map: &BTreeMap<String, String>) {
    if map.is_empty() {
        return;
    }
    out.insert(path(at), Value::Null);
    for (key, value) in map {
        let mut field = path(at);
        field.push(format!("f:{key}"));
        out.insert(field, json!(value));
    }
}

fn path(parts: &[&str]) -> Path {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

/// Writes fields down. One that is owned itself and has owned fields in it gets a dot among these.
fn tree(paths: &BTreeSet<Path>) -> Value {
    let mut root = json!({});
    // A field comes before those in it.
    for path in paths {
        let mut at = &mut root;
        let mut above = Path::new();
        for part in path {
            if paths.contains(&above) {
                at["."] = json!({});
            }
            above.push(part.clone());
            at = &mut at[part.as_str()];
            if at.is_null() {
                *at = json!({});
            }
        }
    }
    root
}

/// Reads what [`tree`] wrote.
fn paths(tree: &Value) -> BTreeSet<Path> {
    fn walk(tree: &Value, at: &mut Path, out: &mut BTreeSet<Path>) {
        match tree.as_object() {
            Some(map) if !map.is_empty() => {
                for (key, value) in map {
                    if key == "." {
                        out.insert(at.clone());
                        continue;
                    }
                    at.push(key.clone());
                    walk(value, at, out);
                    at.pop();
                }
            }
            _ if !at.is_empty() => drop(out.insert(at.clone())),
            _ => {}
        }
    }
    let mut out = BTreeSet::new();
    walk(tree, &mut Vec::new(), &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_owned_with_fields_in_it_has_a_dot_and_one_without_them_none() {
        for text in [
            json!({"f:metadata": {"f:labels": {".": {}, "f:a": {}}}, "f:roleRef": {}}),
            json!({"f:metadata": {"f:labels": {}}}),
            json!({"f:metadata": {"f:labels": {"f:a": {}, "f:b": {}}}}),
            json!({}),
        ] {
            assert_eq!(tree(&paths(&text)), text);
        }
    }
}
