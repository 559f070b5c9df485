//! ConfigMap kube-system/alibabacloud-auth, read as ack-ram-authenticator reads it: what is wrong costs itself alone.
//!
//! The authenticator turns `mapUsers` and `mapRoles` into JSON with go-yaml v2 and decodes that with Go's `encoding/json`, which
//! goes on after a value of the wrong kind; `mapAccounts` goes through go-yaml alone. It drops what it can't decode and maps the
//! rest. Each thing dropped is named here: another version of the authenticator may take it.
//!
//! Source: <https://github.com/AliyunContainerService/ack-ram-authenticator/blob/master/pkg/mapper/configmap/configmap.go>
//! (`ParseMap`), `pkg/config/mapper.go` (`Validate`)

use std::collections::{BTreeMap, BTreeSet};

use super::mapping::{MappedIdentity, Mapping};
use crate::core::yaml::{self, Document, TextError, Value, YamlError};

/// What the ConfigMap maps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthConfigMap {
    /// Its entries.
    pub mappings: Vec<Mapping>,
    /// What the authenticator does not take as it is written, each in a sentence. It may map an identity for another version.
    pub faults: Vec<String>,
    /// What is there and maps no identity, each in a sentence.
    pub notes: Vec<String>,
}

/// Reads `mapUsers`, `mapRoles` and `mapAccounts`, each a list in YAML. Other keys mean nothing to the authenticator.
pub fn read_config_map(data: &BTreeMap<String, String>) -> AuthConfigMap {
    let mut read = AuthConfigMap::default();
    for (key, arn_key) in [("mapUsers", "userarn"), ("mapRoles", "rolearn")] {
        read.list(data, key, |read, document, items| {
            for (index, name) in document.repeated_keys() {
                read.fault(format!("{key}:{index} has the key {name:?} twice; the last one counts"));
            }
            for (index, item) in items.iter().enumerate() {
                read.entry(key, arn_key, index, item);
            }
        });
    }
    read.list(data, "mapAccounts", |read, document, items| {
        for (index, (text, item)) in document.scalars().into_iter().zip(items).enumerate() {
            read.account(index, text, item);
        }
    });
    read
}

impl AuthConfigMap {
    fn fault(&mut self, sentence: impl AsRef<str>) {
        self.faults.push(named(sentence.as_ref()));
    }

    fn note(&mut self, sentence: impl AsRef<str>) {
        self.notes.push(named(sentence.as_ref()));
    }

    fn list(
        &mut self,
        data: &BTreeMap<String, String>,
        key: &str,
        read: impl FnOnce(&mut Self, &Document<'_>, &[Value<'_>]),
    ) {
        let Some(text) = data.get(key) else { return };
        if let Err(error) = self.list_in(text, key, read) {
            let why = match error {
                YamlError::Grammar { line, .. } | YamlError::Text(TextError::Control { line }) => {
                    format!("line {line}")
                }
                error => error.to_string(),
            };
            self.fault(format!("{key} can't be read as YAML ({why}), and the authenticator drops all of it"));
        }
    }

    fn list_in(
        &mut self,
        text: &str,
        key: &str,
        read: impl FnOnce(&mut Self, &Document<'_>, &[Value<'_>]),
    ) -> Result<(), YamlError> {
        let text = yaml::text(text.as_bytes())?;
        let document = Document::parse(&text)?;
        let value = document.value()?;
        if document.is_followed() {
            self.fault(format!("{key} holds several YAML documents, and the authenticator reads the first one only"));
        }
        match &value {
            Value::Null => {}
            Value::Sequence(items) => read(self, &document, items),
            Value::Text(text) if text.is_empty() => {
                self.note(format!("{key} is empty text instead of a list, and maps no identity"));
            }
            other => {
                let kind = other.kind();
                self.fault(format!("{key} is {kind} instead of a list, and the authenticator drops all of it"));
            }
        }
        Ok(())
    }

    /// One entry of `mapUsers` or `mapRoles`. Its keys count in any case, as in Go.
    fn entry(&mut self, key: &str, arn_key: &str, index: usize, value: &Value<'_>) {
        let place = format!("{key}:{index}");
        let entries = match value {
            Value::Mapping(entries) => entries.as_slice(),
            Value::Null => &[],
            other => {
                let kind = other.kind();
                return self.fault(format!("{place} is {kind} instead of a mapping, and the authenticator drops it"));
            }
        };
        // Go writes each key of a JSON object once and in their order; the last one of those that differ by case alone counts.
        let fields: BTreeMap<&str, &Value<'_>> = entries.iter().map(|(name, value)| (name.as_ref(), value)).collect();
        let (mut arn, mut username, mut groups) = (None, None, None);
        let mut seen = BTreeSet::new();
        for (name, value) in fields {
            let folded = yaml::folded(name);
            match folded.as_str() {
                "username" => username = self.text(&place, "username", value).or(username),
                "groups" => groups = self.groups(&place, value).or(groups),
                other if other == arn_key => arn = self.text(&place, arn_key, value).or(arn),
                _ => continue,
            }
            if !seen.insert(folded) {
                self.fault(format!("{place} has the key {name:?} in two spellings; the last one counts"));
            }
        }
        let Some(arn) = arn.filter(|arn| !arn.is_empty()) else {
            return self.note(format!("{place} has no {arn_key}, and maps no identity"));
        };
        self.mappings.push(Mapping {
            username: username.unwrap_or_default(),
            groups: groups.unwrap_or_default(),
            ..Mapping::of_config_map(key, index, MappedIdentity::Arn(arn))
        });
    }

    /// A text. Go drops a number; it is kept here beside the fault, for it is what was meant.
    fn text(&mut self, place: &str, field: &str, value: &Value<'_>) -> Option<String> {
        let number = match value {
            Value::Text(text) => return Some(text.to_string()),
            Value::Null => return None,
            Value::Integer(number) => Some(number.to_string()),
            Value::Unsigned(number) => Some(number.to_string()),
            _ => None,
        };
        let advice = if matches!(value, Value::Sequence(_) | Value::Mapping(_)) { "" } else { "; put it in quotes" };
        let kind = value.kind();
        self.fault(format!("{place}: {field} is {kind} instead of text, and the authenticator drops it{advice}"));
        number
    }

    fn groups(&mut self, place: &str, value: &Value<'_>) -> Option<Vec<String>> {
        match value {
            Value::Null => None,
            Value::Sequence(groups) => {
                let mut texts = Vec::new();
                for (index, group) in groups.iter().enumerate() {
                    texts.extend(self.text(place, &format!("groups[{index}]"), group));
                }
                Some(texts)
            }
            other => {
                let kind = other.kind();
                self.fault(format!("{place}: groups is {kind} instead of a list, and the authenticator drops it"));
                None
            }
        }
    }

    /// One entry of `mapAccounts`: a scalar as it is written, so that a number keeps its leading zeros.
    fn account(&mut self, index: usize, text: Option<&str>, value: &Value<'_>) {
        match text {
            Some("") => {}
            Some(account) => {
                let identity = MappedIdentity::Account(account.to_owned());
                self.mappings.push(Mapping::of_config_map("mapAccounts", index, identity));
            }
            None => {
                let kind = value.kind();
                self.fault(format!(
                    "mapAccounts:{index} is {kind} instead of an account ID, and the authenticator drops it"
                ));
            }
        }
    }
}

fn named(sentence: &str) -> String {
    format!("ConfigMap kube-system/alibabacloud-auth: {sentence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of `tests/fixtures/cases/authenticator`, with its name.
    macro_rules! case {
        ($name:literal) => {
            (
                $name,
                include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/tests/fixtures/cases/authenticator/",
                    $name,
                    ".yaml"
                )),
            )
        };
    }

    fn config_map(key: &str, text: &str) -> AuthConfigMap {
        read_config_map(&BTreeMap::from([(key.to_owned(), text.to_owned())]))
    }

    /// What a mapping gives: `carl=admin[system:masters]`.
    fn short(mapping: &Mapping) -> String {
        let identity = mapping.identity.as_str();
        let name = identity.rsplit('/').next().unwrap_or(identity);
        format!("{name}={}[{}]", mapping.username, mapping.groups.join(","))
    }

    /// What is said, without the ConfigMap's name and from the place on.
    fn said(sentences: &[String]) -> Vec<&str> {
        sentences.iter().map(|text| text.strip_prefix("ConfigMap kube-system/alibabacloud-auth: ").unwrap()).collect()
    }

    fn of_object(yaml: &str) -> AuthConfigMap {
        let object: serde_json::Value = serde_saphyr::from_str(yaml).unwrap();
        read_config_map(&serde_json::from_value(object["data"].clone()).unwrap())
    }

    /// The case; what is mapped; the faults; the notes.
    type Row =
        ((&'static str, &'static str), &'static [&'static str], &'static [&'static str], &'static [&'static str]);

    /// carl keeps system:masters wherever the authenticator gives it.
    #[test]
    fn each_case_from_the_field_is_read_as_the_authenticator_reads_it() {
        const CARL: &str = "carl=admin[system:masters]";
        const NODE: &str = "worker-nodes=system:node:{{ECSPrivateDNSName}}[system:bootstrappers,system:nodes]";
        const MISPLACED: &str = "worker-nodes=system:node:{{ECSPrivateDNSName}}[system:bootstrappers - system:nodes]";
        const ACCOUNT: &str = "200000000000000001=[]";
        let rows: [Row; 16] = [
            (case!("a-crazy-case"), &[CARL, NODE, ACCOUNT], &[], &[]),
            (case!("b-space-out-of-place"), &[CARL, MISPLACED, ACCOUNT], &[], &[]),
            (
                case!("c-empty-quotes"),
                &[CARL],
                &[],
                &[
                    "mapRoles is empty text instead of a list, and maps no identity",
                    "mapAccounts is empty text instead of a list, and maps no identity",
                ],
            ),
            (
                case!("d-groups-as-text"),
                &["bo=bo[]", CARL],
                &["mapUsers:0: groups is text instead of a list, and the authenticator drops it"],
                &[],
            ),
            (
                case!("f-accounts-objects"),
                &[CARL],
                &["mapAccounts:0 is a mapping instead of an account ID, and the authenticator drops it"],
                &[],
            ),
            (case!("g-lower-case-top"), &[], &[], &[]),
            (
                case!("h-yaml11-username"),
                &["carl=[system:masters]"],
                &[
                    "mapUsers:0: username is a boolean instead of text, and the authenticator drops it; put it in quotes",
                ],
                &[],
            ),
            (case!("i-octal-account"), &["0200000000000000=[]"], &[], &[]),
            (
                case!("j-tab"),
                &[],
                &["mapUsers can't be read as YAML (line 4), and the authenticator drops all of it"],
                &[],
            ),
            (case!("k-null"), &[], &[], &[]),
            (
                case!("l-two-docs"),
                &[CARL],
                &["mapUsers holds several YAML documents, and the authenticator reads the first one only"],
                &[],
            ),
            (
                case!("m-extra-entry-text"),
                &[CARL],
                &["mapUsers:0 is text instead of a mapping, and the authenticator drops it"],
                &[],
            ),
            (case!("n-json"), &[CARL], &[], &[]),
            (
                case!("o-username-number"),
                &["carl=200000000000000103[system:masters]"],
                &["mapUsers:0: username is a number instead of text, and the authenticator drops it; put it in quotes"],
                &[],
            ),
            (case!("p-anchor"), &["bo=bo[system:masters]", "carl=bo[system:masters]"], &[], &[]),
            (
                case!("q-mapping-not-list"),
                &[],
                &["mapUsers is a mapping instead of a list, and the authenticator drops all of it"],
                &[],
            ),
        ];
        for ((name, yaml), mapped, faults, notes) in rows {
            let read = of_object(yaml);
            assert_eq!(read.mappings.iter().map(short).collect::<Vec<_>>(), mapped, "{name}");
            assert_eq!((said(&read.faults), said(&read.notes)), (faults.to_vec(), notes.to_vec()), "{name}");
        }
    }

    #[test]
    fn what_is_no_list_and_what_is_no_text_is_named() {
        let read = config_map("mapUsers", "\"carl\"");
        assert_eq!(said(&read.faults), ["mapUsers is text instead of a list, and the authenticator drops all of it"]);
        assert_eq!(said(&read.notes), [""; 0]);
        let user =
            |username: &str| config_map("mapUsers", &format!("- userarn: acs:ram::1:user/a\n  username: {username}\n"));
        assert_eq!(user("~").faults, [""; 0], "none is given");
        let huge = user("18446744073709551615");
        assert_eq!(huge.mappings.iter().map(short).collect::<Vec<_>>(), ["a=18446744073709551615[]"]);
        assert_eq!(huge.faults.len(), 1);
    }

    #[test]
    fn a_key_that_stands_twice_is_named_and_its_last_value_counts() {
        let twice = "- userarn: acs:ram::1:user/a\n  groups: [a]\n  groups: [b]\n- userarn: acs:ram::1:user/c\n";
        let read = config_map("mapUsers", twice);
        assert_eq!(read.mappings.iter().map(short).collect::<Vec<_>>(), ["a=[b]", "c=[]"]);
        assert_eq!(said(&read.faults), ["mapUsers:0 has the key \"groups\" twice; the last one counts"]);
        // Go's writer puts capital letters first.
        let spelled = "- userarn: acs:ram::1:user/a\n  username: one\n  Username: two\n";
        let read = config_map("mapUsers", spelled);
        assert_eq!(read.mappings.iter().map(short).collect::<Vec<_>>(), ["a=one[]"]);
        assert_eq!(said(&read.faults), ["mapUsers:0 has the key \"username\" in two spellings; the last one counts"]);
    }

    #[test]
    fn a_fault_in_one_group_or_one_key_leaves_the_others() {
        let read = config_map("mapRoles", "- rolearn: acs:ram::1:role/r\n  groups: [a, 5, [x], b]\n  username: r\n");
        assert_eq!(read.mappings.iter().map(short).collect::<Vec<_>>(), ["r=r[a,5,b]"]);
        assert_eq!(read.faults.len(), 2, "{read:?}");
        let data = [
            ("mapUsers", "- a: ["),
            ("mapRoles", "- rolearn: acs:ram::1:role/r\n"),
            ("mapAccounts", "- 1\n- [2]\n- '3'\n"),
        ];
        let read = read_config_map(&data.map(|(key, text)| (key.to_owned(), text.to_owned())).into());
        assert_eq!(read.mappings.iter().map(short).collect::<Vec<_>>(), ["r=[]", "1=[]", "3=[]"]);
        assert_eq!(read.faults.len(), 2, "{read:?}");
    }

    #[test]
    fn keys_of_entries_are_read_in_any_case() {
        for arn_key in ["userarn", "userARN", "UserArn"] {
            let text =
                format!("- {arn_key}: acs:ram::1:user/a\n  username: alice\n  groups: [dev, 'system:masters']\n");
            let read = config_map("mapUsers", &text);
            assert_eq!(read.mappings.iter().map(short).collect::<Vec<_>>(), ["a=alice[dev,system:masters]"]);
            assert_eq!(read.mappings[0].identity, MappedIdentity::Arn("acs:ram::1:user/a".into()));
            assert_eq!(read.mappings[0].name, "alibabacloud-auth:mapUsers:0");
            assert_eq!(read.mappings[0].account.as_ref().map(|account| account.as_str()), Some("1"));
        }
    }

    #[test]
    fn what_maps_no_identity_is_no_fault() {
        for text in ["", "\n", "[]", "null"] {
            assert_eq!(config_map("mapRoles", text), AuthConfigMap::default(), "{text:?}");
        }
        for text in ["- username: x\n", "- ~\n", "- {rolearn: ''}\n", "- userarn: acs:ram::1:user/a\n"] {
            let read = config_map("mapRoles", text);
            assert_eq!(said(&read.notes), ["mapRoles:0 has no rolearn, and maps no identity"], "{text:?}");
            assert!(read.faults.is_empty() && read.mappings.is_empty(), "{read:?}");
        }
    }

    #[test]
    fn what_the_authenticator_drops_is_said_in_plain_words() {
        for (text, expected) in [
            ("- a: [", "mapRoles can't be read as YAML (line "),
            ("a\u{7}", "mapRoles can't be read as YAML (line 1)"),
            ("- ? [a]\n  : b\n", "mapRoles can't be read as YAML (a key that is a list or a mapping)"),
            ("key: value", "mapRoles is a mapping instead of a list"),
            ("7", "mapRoles is a number instead of a list"),
            ("- just text", "mapRoles:0 is text instead of a mapping"),
            ("- rolearn: a\n  groups: {a: b}\n", "mapRoles:0: groups is a mapping instead of a list"),
            ("- rolearn: [a]\n", "mapRoles:0: rolearn is a list instead of text, and the authenticator drops it"),
        ] {
            let read = config_map("mapRoles", text);
            assert!(matches!(&said(&read.faults)[..], [said] if said.starts_with(expected)), "{text:?}: {read:?}");
        }
    }
}
