//! What ack-ram-authenticator maps: a RAM identity to a Kubernetes user name and groups, with which bindings then deal.
//!
//! Mappings are RAMIdentityMapping objects or entries of ConfigMap kube-system/alibabacloud-auth.
//! Source: <https://github.com/AliyunContainerService/ack-ram-authenticator>

use jiff::Timestamp;
use serde::Deserialize;

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

impl Mapping {
    /// An entry of the ConfigMap: its key, its place in the key's list, and whom it maps.
    pub(super) fn of_config_map(key: &str, index: usize, identity: MappedIdentity) -> Self {
        let account = match &identity {
            MappedIdentity::Arn(arn) => account_of_arn(arn),
            MappedIdentity::Account(account) => Uid::parse(account),
        };
        Self {
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
}

/// The account in `acs:ram::<account>:user/<name>`; none where a wildcard stands for it.
fn account_of_arn(arn: &str) -> Option<Uid> {
    match arn.split(':').collect::<Vec<_>>()[..] {
        ["acs", _, _, account, _, ..] => Uid::parse(account),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
