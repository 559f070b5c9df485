//! What ack-ram-authenticator maps: a RAM identity to a Kubernetes user name and groups, with which bindings then deal.
//!
//! Mappings are RAMIdentityMapping objects or entries of ConfigMap kube-system/alibabacloud-auth.
//! Source: <https://github.com/AliyunContainerService/ack-ram-authenticator>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::core::ids::Uid;

/// One mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Where it is written.
    pub origin: MappingOrigin,
    /// The object's name, or for an entry of the ConfigMap the ConfigMap's name, the key and the place in the key's list:
    /// `alibabacloud-auth:mapUsers:0`.
    pub name: String,
    /// Whom it maps.
    pub identity: MappedIdentity,
    /// The UID, where the authenticator has recorded it. The ARN alone holds a name, which can be given to another identity later.
    pub uid: Option<Uid>,
    /// The account that the identity belongs to: the recorded one, else the ARN's.
    pub account: Option<Uid>,
    /// The Kubernetes user name. It can be a template such as `{{SessionName}}`, which no binding equals.
    pub username: String,
    /// The Kubernetes groups.
    pub groups: Vec<String>,
    /// When the object was created; unknown for an entry of the ConfigMap.
    pub created: Option<Timestamp>,
}

/// Where a mapping is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MappingOrigin {
    /// A RAMIdentityMapping object.
    Object,
    /// An entry of ConfigMap kube-system/alibabacloud-auth.
    ConfigMap,
}

/// Whom a mapping maps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MappedIdentity {
    /// One user or role, or several where the ARN has wildcards: `acs:ram::<account>:user/<name>`.
    Arn(String),
    /// Every identity of this account, under its own ARN as the user name.
    Account(String),
}

impl MappedIdentity {
    /// The ARN, or the account.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Arn(text) | Self::Account(text) => text,
        }
    }
}

/// A RAMIdentityMapping as a list holds it.
#[derive(Debug, Deserialize)]
pub struct RamIdentityMapping {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    #[serde(default)]
    creation_timestamp: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
struct Spec {
    #[serde(default)]
    arn: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    groups: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Status {
    #[serde(default, rename = "userID")]
    user_id: Option<String>,
}

impl From<RamIdentityMapping> for Mapping {
    fn from(object: RamIdentityMapping) -> Self {
        let user_id = object.status.and_then(|status| status.user_id).unwrap_or_default();
        let arn = object.spec.arn.unwrap_or_default();
        Self {
            origin: MappingOrigin::Object,
            name: object.metadata.name,
            uid: recorded_uid(&user_id),
            account: recorded_account(&user_id).or_else(|| account_of_arn(&arn)),
            identity: MappedIdentity::Arn(arn),
            username: object.spec.username.unwrap_or_default(),
            groups: object.spec.groups.unwrap_or_default(),
            created: object.metadata.creation_timestamp,
        }
    }
}

/// `1234`, or `ack-ram-authenticator:<account>:1234` as the API server gets it.
fn recorded_uid(user_id: &str) -> Option<Uid> {
    user_id.rsplit(':').next().and_then(Uid::parse)
}

/// The account in `ack-ram-authenticator:<account>:1234`.
fn recorded_account(user_id: &str) -> Option<Uid> {
    user_id.rsplit(':').nth(1).and_then(Uid::parse)
}

/// The account in `acs:ram::<account>:user/<name>`; none where a wildcard stands for it.
fn account_of_arn(arn: &str) -> Option<Uid> {
    match arn.split(':').collect::<Vec<_>>()[..] {
        ["acs", _, _, account, _, ..] => Uid::parse(account),
        _ => None,
    }
}

/// Why the ConfigMap can't be read. The authenticator goes on without the key in question; a scan must not.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// The text under a key isn't YAML.
    #[error("`{key}` is not valid YAML")]
    Yaml {
        /// The ConfigMap's key.
        key: &'static str,
        /// What the YAML reader says.
        source: Box<serde_yaml::Error>,
    },
    /// An entry of the list under a key isn't what it should be.
    #[error("`{key}`: entry {index} is no mapping")]
    Entry {
        /// The ConfigMap's key.
        key: &'static str,
        /// The entry's place, from 0.
        index: usize,
    },
}

/// Reads the entries of ConfigMap kube-system/alibabacloud-auth: `mapUsers`, `mapRoles` and `mapAccounts`, each a list in
/// YAML. An entry without an ARN maps no identity and is left out, as the authenticator does.
pub fn read_config_map(data: &BTreeMap<String, String>) -> Result<Vec<Mapping>, MappingError> {
    let mut mappings = Vec::new();
    for (key, arn_key) in [("mapUsers", "userarn"), ("mapRoles", "rolearn")] {
        for (index, entry) in entries(data, key)?.into_iter().enumerate() {
            let Value::Object(fields) = entry else { return Err(MappingError::Entry { key, index }) };
            // The authenticator accepts its keys in any case.
            let fields: BTreeMap<String, Value> =
                fields.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
            let Some(arn) = fields.get(arn_key).and_then(scalar) else { continue };
            mappings.push(Mapping {
                username: fields.get("username").and_then(scalar).unwrap_or_default(),
                groups: groups(fields.get("groups")).ok_or(MappingError::Entry { key, index })?,
                ..entry_of(key, index, MappedIdentity::Arn(arn))
            });
        }
    }
    for (index, entry) in entries(data, "mapAccounts")?.iter().enumerate() {
        let account = scalar(entry).ok_or(MappingError::Entry { key: "mapAccounts", index })?;
        mappings.push(entry_of("mapAccounts", index, MappedIdentity::Account(account)));
    }
    Ok(mappings)
}

fn entries(data: &BTreeMap<String, String>, key: &'static str) -> Result<Vec<Value>, MappingError> {
    let text = data.get(key).map(String::as_str).unwrap_or_default();
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let entries: Option<Vec<Value>> =
        serde_yaml::from_str(text).map_err(|source| MappingError::Yaml { key, source: Box::new(source) })?;
    Ok(entries.unwrap_or_default())
}

fn entry_of(key: &str, index: usize, identity: MappedIdentity) -> Mapping {
    let account = match &identity {
        MappedIdentity::Arn(arn) => account_of_arn(arn),
        MappedIdentity::Account(account) => Uid::parse(account),
    };
    Mapping {
        origin: MappingOrigin::ConfigMap,
        name: format!("alibabacloud-auth:{key}:{index}"),
        identity,
        uid: None,
        account,
        username: String::new(),
        groups: Vec::new(),
        created: None,
    }
}

fn groups(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(groups)) => groups.iter().map(scalar).collect(),
        Some(_) => None,
    }
}

/// A string, or a number without its quotes.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_map(key: &str, text: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(key.to_owned(), text.to_owned())])
    }

    #[test]
    fn keys_of_entries_are_read_in_any_case() {
        for arn_key in ["userarn", "userARN", "UserArn"] {
            let text =
                format!("- {arn_key}: acs:ram::1:user/a\n  username: alice\n  groups: [dev, 'system:masters']\n");
            let mappings = read_config_map(&config_map("mapUsers", &text)).unwrap();
            assert_eq!(mappings.len(), 1);
            assert_eq!(mappings[0].identity, MappedIdentity::Arn("acs:ram::1:user/a".into()));
            assert_eq!((mappings[0].username.as_str(), mappings[0].groups.len()), ("alice", 2));
            assert_eq!(mappings[0].name, "alibabacloud-auth:mapUsers:0");
        }
    }

    #[test]
    fn accounts_may_be_written_as_numbers() {
        let mappings = read_config_map(&config_map("mapAccounts", "- 5555555555555555\n- '1'\n")).unwrap();
        let identities: Vec<_> = mappings.into_iter().map(|mapping| mapping.identity).collect();
        assert_eq!(
            identities,
            [MappedIdentity::Account("5555555555555555".into()), MappedIdentity::Account("1".into())]
        );
    }

    #[test]
    fn empty_keys_map_no_identity_and_broken_ones_are_errors() {
        for text in ["", "\n", "[]", "null", "- username: nobody\n"] {
            assert_eq!(read_config_map(&config_map("mapRoles", text)).unwrap(), [], "{text:?}");
        }
        for text in ["- a: [", "key: value", "- just text", "- rolearn: a\n  groups: {a: b}\n"] {
            assert!(read_config_map(&config_map("mapRoles", text)).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_recorded_user_id_is_the_uid() {
        for (id, uid) in [("234", Some("234")), ("ack-ram-authenticator:1:234", Some("234")), ("", None), ("AID", None)]
        {
            assert_eq!(recorded_uid(id).as_ref().map(Uid::as_str), uid, "{id}");
        }
    }

    #[test]
    fn the_account_is_the_recorded_one_then_the_arns() {
        let account = |arn: &str, user_id: &str| {
            let object = serde_json::json!({
                "metadata": { "name": "m" }, "spec": { "arn": arn }, "status": { "userID": user_id },
            });
            let mapping = Mapping::from(serde_json::from_value::<RamIdentityMapping>(object).unwrap());
            mapping.account.map(|account| account.to_string())
        };
        for (arn, user_id, expected) in [
            ("acs:ram::424242:user/a", "ack-ram-authenticator:1:234", Some("1")),
            ("acs:ram::424242:user/a", "234", Some("424242")),
            ("acs:ram::424242:assumed-role/a:b/c", "", Some("424242")),
            ("acs:ram::*:user/a", "234", None),
            ("424242", "", None),
            ("", "", None),
        ] {
            assert_eq!(account(arn, user_id).as_deref(), expected, "{arn} {user_id}");
        }
        let entries = read_config_map(&config_map("mapUsers", "- userarn: acs:ram::424242:user/a\n")).unwrap();
        assert_eq!(entries[0].account, Uid::parse("424242"));
    }
}
