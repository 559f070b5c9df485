//! The exact request that changes a binding: made from the object as it was just read, so that it fails if anything moved.
//!
//! Subjects are an atomic list to the API server: a strategic merge or an apply on them replaces the whole list. One JSON
//! Patch with tests takes out exactly what was seen.
//! Source: <https://kubernetes.io/docs/reference/kubernetes-api/common-parameters/common-parameters/#patch>

use k8s_openapi::api::rbac::v1::Subject;
use serde_json::{Value, json};

use crate::core::rbac::binding_object::BindingObject;

/// A change of one binding.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// `DELETE` under these preconditions.
    Delete {
        /// The object's own ID.
        uid: String,
        /// The version that was read.
        resource_version: String,
    },
    /// `PATCH` with a JSON Patch, whose tests are its preconditions.
    Patch {
        /// The operations.
        operations: Vec<Value>,
    },
    /// `POST`: the object anew.
    Create {
        /// The object, without what the server fills in.
        object: Box<BindingObject>,
    },
}

impl Change {
    /// The change that takes from a binding the subjects that are to leave; `None` where none of them is in it.
    ///
    /// A binding of theirs alone is deleted, unless it has finalizers: one that waits for them still grants, so it is emptied.
    pub fn removing(object: &BindingObject, leaves: impl Fn(&Subject) -> bool) -> Option<Self> {
        let leaving: Vec<usize> = (0..object.subjects.len()).filter(|index| leaves(&object.subjects[*index])).collect();
        if leaving.is_empty() {
            return None;
        }
        if leaving.len() == object.subjects.len() && !object.has_finalizers() {
            let (uid, resource_version) = (object.uid().to_owned(), object.resource_version().to_owned());
            return Some(Self::Delete { uid, resource_version });
        }
        let mut operations = preconditions(object);
        // From the last on, so that the places of the others stay what they are.
        for index in leaving.into_iter().rev() {
            let path = format!("/subjects/{index}");
            operations.push(json!({"op": "test", "path": path, "value": object.subjects[index]}));
            operations.push(json!({"op": "remove", "path": path}));
        }
        Some(Self::Patch { operations })
    }

    /// The change that gives some subjects of a binding a new name, each in its place; `None` where none of them is in it. One
    /// whose new name is in the binding already is taken out.
    pub fn renaming(object: &BindingObject, is_old: impl Fn(&Subject) -> bool, new_name: &str) -> Option<Self> {
        let old: Vec<usize> = (0..object.subjects.len()).filter(|index| is_old(&object.subjects[*index])).collect();
        if old.is_empty() {
            return None;
        }
        let mut has_new = object.subjects.iter().any(|subject| subject.kind == "User" && subject.name == new_name);
        let mut renamed = Vec::new();
        let mut removed = Vec::new();
        for index in old {
            let (path, subject) = (format!("/subjects/{index}"), &object.subjects[index]);
            let test = json!({"op": "test", "path": path, "value": subject});
            if has_new {
                removed.push([test, json!({"op": "remove", "path": path})]);
            } else {
                let new = Subject { name: new_name.to_owned(), ..subject.clone() };
                renamed.extend([test, json!({"op": "replace", "path": path, "value": new})]);
                has_new = true;
            }
        }
        let mut operations = preconditions(object);
        operations.extend(renamed);
        // From the last on, so that the places of the others stay what they are.
        operations.extend(removed.into_iter().rev().flatten());
        Some(Self::Patch { operations })
    }

    /// The change that puts subjects into a binding that exists; those that are in it already are left out, and `None` is
    /// for nothing to add.
    pub fn adding(object: &BindingObject, subjects: &[Subject]) -> Option<Self> {
        let missing: Vec<&Subject> = subjects.iter().filter(|subject| !object.subjects.contains(subject)).collect();
        if missing.is_empty() {
            return None;
        }
        let mut operations = preconditions(object);
        if object.subjects.is_empty() {
            // Behind the end of a list that isn't there nothing can be added.
            operations.push(json!({"op": "add", "path": "/subjects", "value": missing}));
        } else {
            operations
                .extend(missing.iter().map(|subject| json!({"op": "add", "path": "/subjects/-", "value": subject})));
        }
        Some(Self::Patch { operations })
    }
}

fn preconditions(object: &BindingObject) -> Vec<Value> {
    vec![
        json!({"op": "test", "path": "/metadata/uid", "value": object.uid()}),
        json!({"op": "test", "path": "/metadata/resourceVersion", "value": object.resource_version()}),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(names: &[&str], finalizers: &[&str]) -> BindingObject {
        let subjects: Vec<Value> = names.iter().map(|name| json!({"kind": "User", "name": name})).collect();
        let object = json!({
            "kind": "RoleBinding", "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
            "metadata": {"name": "b", "namespace": "n", "uid": "u", "resourceVersion": "7", "finalizers": finalizers},
            "subjects": subjects,
        });
        serde_json::from_value(object).unwrap()
    }

    fn leaver(subject: &Subject) -> bool {
        subject.name.starts_with("leaver")
    }

    #[test]
    fn a_binding_of_the_leavers_alone_is_deleted_as_it_was_seen() {
        let change = Change::removing(&binding(&["leaver-1", "leaver-2"], &[]), leaver);
        assert_eq!(change, Some(Change::Delete { uid: "u".into(), resource_version: "7".into() }));
    }

    #[test]
    fn a_shared_binding_loses_the_leavers_from_the_last_on_and_only_as_it_was_seen() {
        let change = Change::removing(&binding(&["bo", "leaver-1", "ci", "leaver-2"], &[]), leaver);
        let Some(Change::Patch { operations }) = change else { panic!("{change:?}") };
        let user = |name: &str| json!({"kind": "User", "name": name});
        let expected = [
            json!({"op": "test", "path": "/metadata/uid", "value": "u"}),
            json!({"op": "test", "path": "/metadata/resourceVersion", "value": "7"}),
            json!({"op": "test", "path": "/subjects/3", "value": user("leaver-2")}),
            json!({"op": "remove", "path": "/subjects/3"}),
            json!({"op": "test", "path": "/subjects/1", "value": user("leaver-1")}),
            json!({"op": "remove", "path": "/subjects/1"}),
        ];
        assert_eq!(operations, expected);
    }

    #[test]
    fn a_binding_with_a_finalizer_is_emptied_and_not_deleted() {
        let change = Change::removing(&binding(&["leaver-1"], &["a/b"]), leaver);
        assert!(matches!(change, Some(Change::Patch { operations }) if operations.len() == 4));
    }

    #[test]
    fn a_binding_without_leavers_is_left_alone() {
        assert_eq!(Change::removing(&binding(&["bo"], &[]), leaver), None);
        assert_eq!(Change::removing(&binding(&[], &[]), leaver), None);
    }

    #[test]
    fn a_new_name_takes_the_place_of_the_old_one_and_stands_there_once() {
        let user = |name: &str| json!({"kind": "User", "name": name});
        let operations = |names: &[&str]| match Change::renaming(&binding(names, &[]), leaver, "new") {
            Some(Change::Patch { operations }) => operations[2..].to_vec(),
            other => panic!("{other:?}"),
        };
        let test = |index: u32, name| json!({"op": "test", "path": format!("/subjects/{index}"), "value": user(name)});
        let remove = |index: u32| json!({"op": "remove", "path": format!("/subjects/{index}")});
        let replace = |index: u32| json!({"op": "replace", "path": format!("/subjects/{index}"), "value": user("new")});
        assert_eq!(operations(&["bo", "leaver-1", "ci"]), [test(1, "leaver-1"), replace(1)]);
        let several = operations(&["leaver-1", "bo", "leaver-2", "leaver-3"]);
        let [first, second, third] =
            [(0, "leaver-1"), (2, "leaver-2"), (3, "leaver-3")].map(|(at, name)| test(at, name));
        assert_eq!(several, [first, replace(0), third, remove(3), second, remove(2)]);
        assert_eq!(operations(&["new", "leaver-1"]), [test(1, "leaver-1"), remove(1)]);
        assert_eq!(Change::renaming(&binding(&["bo"], &[]), leaver, "new"), None);
    }

    #[test]
    fn an_emptied_binding_gets_a_list_and_another_an_entry() {
        let back = binding(&["leaver-1"], &[]).subjects;
        let last = |object: &BindingObject| match Change::adding(object, &back) {
            Some(Change::Patch { operations }) => operations[2].clone(),
            other => panic!("{other:?}"),
        };
        let subject = json!({"kind": "User", "name": "leaver-1"});
        assert_eq!(last(&binding(&[], &[])), json!({"op": "add", "path": "/subjects", "value": [subject]}));
        assert_eq!(last(&binding(&["bo"], &[])), json!({"op": "add", "path": "/subjects/-", "value": subject}));
        assert_eq!(Change::adding(&binding(&["leaver-1"], &[]), &back), None);
    }
}
