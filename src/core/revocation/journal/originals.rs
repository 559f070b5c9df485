//! Bindings as they were, as files that `kubectl create -f` takes: they can be used without this program.

use serde_saphyr::ser_options;

use crate::core::ids::ClusterId;
use crate::core::rbac::binding_object::{BindingObject, BindingRef};

/// The folder in an operation's own that holds them.
pub const FOLDER: &str = "originals";

/// Names may be longer than a file system takes, so that no more of each is kept in a file's name.
const LONGEST_NAME: usize = 100;

/// A binding as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Original {
    /// The cluster that it is of, where an operation is about several.
    pub cluster: Option<ClusterId>,
    /// The binding, as it can be created anew.
    pub object: BindingObject,
}

/// More originals than this stand in files of as many: thousands of small files would take longer than the revocation.
pub const MOST_FILES: usize = 100;

/// A file with originals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalsFile {
    /// Its name in [`FOLDER`].
    pub name: String,
    /// Its content.
    pub yaml: String,
}

/// The files that hold these originals, which are together where they are of one cluster: one each, or, where there are many, so many
/// in one.
///
/// # Errors
/// None that is known: every binding can be written as YAML.
pub fn files(originals: &[Original]) -> Result<Vec<OriginalsFile>, serde_saphyr::SerializeError> {
    let count = originals.len();
    if count <= MOST_FILES {
        let one = |(index, original): (usize, &Original)| {
            let name = file_name(index + 1, count, &original.object.reference());
            Ok(OriginalsFile { name: original.named(name), yaml: yaml(&original.object)? })
        };
        return originals.iter().enumerate().map(one).collect();
    }
    let mut files = Vec::new();
    let (mut last, width) = (0, count.to_string().len());
    for chunk in originals.chunk_by(|one, next| one.cluster == next.cluster).flat_map(|own| own.chunks(MOST_FILES)) {
        let first = last + 1;
        last += chunk.len();
        let mut documents = String::new();
        for original in chunk {
            documents.push_str("---\n");
            documents.push_str(&yaml(&original.object)?);
        }
        let name = chunk[0].named(format!("{first:0width$}-to-{last:0width$}.yaml"));
        files.push(OriginalsFile { name, yaml: documents });
    }
    Ok(files)
}

impl Original {
    /// The name of the file that holds it; of several clusters its cluster's ID comes first.
    fn named(&self, name: String) -> String {
        match &self.cluster {
            Some(id) => format!("{id}-{name}"),
            None => name,
        }
    }
}

/// The name of the file that holds a binding, the `number`th of `count`: `01-RoleBinding-shop-team.yaml`,
/// `02-ClusterRoleBinding---ops.yaml`. RBAC's names may hold almost anything: what is no letter, digit, `-`, `_` or `.` becomes
/// `_`, and the number keeps names apart that become equal.
fn file_name(number: usize, count: usize, binding: &BindingRef) -> String {
    let width = count.to_string().len().max(2);
    let namespace = binding.namespace.as_deref().unwrap_or("-");
    format!("{number:0width$}-{}-{}-{}.yaml", binding.kind, plain(namespace), plain(&binding.name))
}

fn plain(text: &str) -> String {
    let keep = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    text.chars().take(LONGEST_NAME).map(|character| if keep(character) { character } else { '_' }).collect()
}

/// The binding as YAML that says the same by the rules of YAML 1.1, which kubectl follows, and by those of 1.2. Every text is
/// quoted: a UID alone would be read as a number.
fn yaml(object: &BindingObject) -> Result<String, serde_saphyr::SerializeError> {
    serde_saphyr::to_string_with_options(object, ser_options! { quote_all: true })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::core::rbac::binding::BindingKind;
    use crate::core::yaml;

    fn binding(namespace: Option<&str>, name: &str) -> BindingRef {
        let kind = if namespace.is_some() { BindingKind::RoleBinding } else { BindingKind::ClusterRoleBinding };
        BindingRef { kind, namespace: namespace.map(str::to_owned), name: name.into() }
    }

    #[test]
    fn file_names_are_plain_and_distinguished_by_their_number() {
        assert_eq!(file_name(1, 2, &binding(Some("shop"), "team")), "01-RoleBinding-shop-team.yaml");
        assert_eq!(file_name(2, 2, &binding(None, "cs:ns:dev")), "02-ClusterRoleBinding---cs_ns_dev.yaml");
        assert_eq!(file_name(7, 1000, &binding(None, "../é\n\0\\")), "0007-ClusterRoleBinding---.._____.yaml");
        assert!(file_name(1, 1, &binding(Some(&"n".repeat(300)), &"m".repeat(300))).len() < 255);
    }

    #[test]
    fn of_several_clusters_the_file_s_name_says_which() {
        let id = "c0123456789abcdef0123456789abcdef";
        let names: Vec<String> =
            files(&[original(None), original(Some(id))]).unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["01-RoleBinding-shop-team.yaml".to_owned(), format!("{id}-02-RoleBinding-shop-team.yaml")]);
    }

    #[test]
    fn many_stand_in_few_files_each_of_one_cluster() {
        let ids = ["c0123456789abcdef0123456789abcdef", "c1123456789abcdef0123456789abcdef"];
        let of = |id, count| std::iter::repeat_with(move || original(Some(id))).take(count);
        let originals: Vec<Original> = of(ids[0], MOST_FILES + 1).chain(of(ids[1], 2)).collect();
        let files = files(&originals).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        let of = |id: &str, numbers: &str| format!("{id}-{numbers}.yaml");
        let expected = [of(ids[0], "001-to-100"), of(ids[0], "101-to-101"), of(ids[1], "102-to-103")];
        assert_eq!(names, expected);
        let documents: usize = files.iter().map(|file| file.yaml.matches("---\n").count()).sum();
        assert_eq!(documents, originals.len());
        for text in files[0].yaml.split("---\n").skip(1) {
            assert_eq!(serde_saphyr::from_str::<BindingObject>(text).unwrap(), originals[0].object);
        }
    }

    fn original(cluster: Option<&str>) -> Original {
        Original { cluster: cluster.and_then(ClusterId::parse), object: object(&["team".to_owned()]) }
    }

    fn object(texts: &[String]) -> BindingObject {
        let notes: BTreeMap<&String, &String> = texts.iter().zip(texts.iter().rev()).collect();
        let subjects: Vec<Value> = texts.iter().map(|name| json!({"kind": "User", "name": name})).collect();
        let object = json!({
            "kind": "RoleBinding", "subjects": subjects,
            "metadata": {"name": texts[0], "namespace": "shop", "labels": notes, "annotations": notes, "finalizers": texts},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": texts[0]},
        });
        serde_json::from_value(object).unwrap()
    }

    /// The document as kubectl reads it.
    fn as_kubectl_reads(text: &str) -> Value {
        let text = yaml::text(text.as_bytes()).unwrap();
        let document = yaml::Document::parse(&text).unwrap();
        document.value().unwrap().to_json()
    }

    fn check(texts: &[String]) {
        let object = object(texts);
        let text = yaml(&object).unwrap();
        let expected = serde_json::to_value(&object).unwrap();
        assert_eq!(as_kubectl_reads(&text), expected, "{text}");
        assert_eq!(serde_saphyr::from_str::<BindingObject>(&text).unwrap(), object, "{text}");
    }

    #[test]
    fn texts_that_look_like_something_else_stay_texts() {
        let texts = [
            "200000000000000101",
            "200-1",
            "on",
            "y",
            "No",
            "null",
            "~",
            "010",
            "0x1f",
            "0b1",
            "1e3",
            ".inf",
            "1_000",
            "190:20:30",
            "2026-01-01",
            "2026-01-01T00:00:00Z",
            "=",
            "<<",
            "",
            " a ",
            "a: b",
            "a #b",
            "- a",
            "---",
            "...",
            "{}",
            "[a]",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "'",
            "\"",
            "\\",
            "a\nb\n",
            "\n",
            "a\r\nb",
            "\t",
            "\u{7f}",
            "\u{85}",
            "\u{a0}",
            "\u{2028}",
            "\u{feff}",
            "\u{fffe}",
            "\u{ffff}",
            "\u{1f600}",
            "\u{0}",
            "\u{1b}[31m",
            "?",
            ":",
            "a:",
            ",",
        ];
        for text in texts {
            check(&[text.to_owned()]);
        }
        check(&texts.map(str::to_owned));
        check(&["x".repeat(5000), "word ".repeat(1000)]);
    }

    proptest! {
        #[test]
        fn any_binding_comes_back_from_its_file(texts in prop::collection::vec(any::<String>(), 1..5)) {
            check(&texts);
        }
    }
}
