//! Security Token Service: who is calling, and becoming a role.
//!
//! Source: <https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-overview>

use serde::Deserialize;

use super::endpoints::Endpoint;
use super::error::{Error, Kind};
use super::sign::Key;
use super::wire::{Call, Product, Reply, Wire};
use crate::core::identity::{Caller, IdentityType};
use crate::core::ids::Uid;
use crate::core::secret::Secret;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CallerIdentity {
    identity_type: String,
    account_id: String,
    user_id: Option<String>,
    role_id: Option<String>,
    #[serde(default)]
    arn: String,
}

/// `sts:GetCallerIdentity`.
///
/// # Errors
/// The call failed, or names no account.
pub async fn get_caller_identity(wire: &Wire, endpoint: Endpoint, key: &Key<'_>) -> Result<Caller, Error> {
    let call = Call::rpc(Product::Sts, "GetCallerIdentity", endpoint, Vec::new());
    let reply = wire.call(&call, key).await?;
    caller(reply.json()?).ok_or_else(|| {
        Error::new(&call.action(), Kind::Malformed, "an answer without the UID of the caller or of the account")
    })
}

fn caller(identity: CallerIdentity) -> Option<Caller> {
    let CallerIdentity { identity_type, account_id, user_id, role_id, arn } = identity;
    let account_id = Uid::parse(&account_id)?;
    let parse = |id: Option<String>| id.as_deref().and_then(Uid::parse);
    // A user or role of unknown UID could be revoked as another identity.
    let (kind, uid) = match identity_type.as_str() {
        "Account" => (IdentityType::Root, Some(account_id.clone())),
        "RAMUser" => (IdentityType::RamUser, Some(parse(user_id)?)),
        "AssumedRoleUser" => (IdentityType::RamRole, Some(parse(role_id)?)),
        _ => (IdentityType::Unknown, parse(user_id)),
    };
    Some(Caller { kind, uid, account_id, arn })
}

/// Temporary credentials as STS hands them out.
#[derive(Clone, Debug)]
pub struct TemporaryKey {
    /// The access key's ID.
    pub access_key_id: String,
    /// Its secret.
    pub secret: Secret<String>,
    /// The token it comes with.
    pub security_token: Secret<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Assumed {
    credentials: AssumedCredentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedCredentials {
    access_key_id: String,
    access_key_secret: String,
    security_token: String,
}

fn temporary_key(reply: &Reply) -> Result<TemporaryKey, Error> {
    let credentials = reply.json::<Assumed>()?.credentials;
    Ok(TemporaryKey {
        access_key_id: credentials.access_key_id,
        secret: Secret::new(credentials.access_key_secret),
        security_token: Secret::new(credentials.security_token),
    })
}

/// Which role to become, and how.
#[derive(Clone, Debug)]
pub struct Role {
    /// `RoleArn`, `acs:ram::ACCOUNT:role/NAME`.
    pub arn: String,
    /// `RoleSessionName`: what the account's audit log will say.
    pub session_name: String,
    /// `DurationSeconds`; the role's default when `None`.
    pub duration_seconds: Option<u32>,
    /// `ExternalId`, where the role asks for one.
    pub external_id: Option<String>,
    /// `Policy`: narrows the session down.
    pub policy: Option<String>,
}

/// `sts:AssumeRole`.
///
/// # Errors
/// The call failed; an account's own access key can't call it.
pub async fn assume_role(wire: &Wire, endpoint: Endpoint, key: &Key<'_>, role: &Role) -> Result<TemporaryKey, Error> {
    let mut query = vec![("RoleArn", role.arn.clone()), ("RoleSessionName", role.session_name.clone())];
    query.extend(role.duration_seconds.map(|seconds| ("DurationSeconds", seconds.to_string())));
    query.extend(role.external_id.clone().map(|id| ("ExternalId", id)));
    query.extend(role.policy.clone().map(|policy| ("Policy", policy)));
    let call = Call::rpc(Product::Sts, "AssumeRole", endpoint, query);
    temporary_key(&wire.call(&call, key).await?)
}

/// `sts:AssumeRoleWithOIDC`: unsigned, the token is the proof.
///
/// # Errors
/// The call failed.
pub async fn assume_role_with_oidc(
    wire: &Wire,
    endpoint: Endpoint,
    provider_arn: &str,
    token: &Secret<String>,
    role: &Role,
) -> Result<TemporaryKey, Error> {
    let plain = |text: &str| Secret::new(text.to_owned());
    let mut form = vec![
        ("OIDCProviderArn", plain(provider_arn)),
        ("OIDCToken", token.clone()),
        ("RoleArn", plain(&role.arn)),
        ("RoleSessionName", plain(&role.session_name)),
    ];
    form.extend(role.duration_seconds.map(|seconds| ("DurationSeconds", Secret::new(seconds.to_string()))));
    form.extend(role.policy.as_deref().map(|policy| ("Policy", plain(policy))));
    let call = Call::rpc(Product::Sts, "AssumeRoleWithOIDC", endpoint, Vec::new());
    temporary_key(&wire.call_unsigned(&call, &form).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Caller {
        caller(serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn the_three_kinds_of_callers_are_distinguished() {
        let root = read(
            r#"{"IdentityType":"Account","AccountId":"11","PrincipalId":"11","UserId":"11","Arn":"acs:ram::11:root"}"#,
        );
        assert_eq!((root.kind, root.uid.unwrap().to_string()), (IdentityType::Root, "11".to_owned()));
        let user = read(r#"{"IdentityType":"RAMUser","AccountId":"11","UserId":"204","Arn":"acs:ram::11:user/alice"}"#);
        assert_eq!((user.kind, user.uid.unwrap().to_string()), (IdentityType::RamUser, "204".to_owned()));
        let role = read(
            r#"{"IdentityType":"AssumedRoleUser","AccountId":"11","RoleId":"300","PrincipalId":"300:s",
                "Arn":"acs:ram::11:assumed-role/ops/s"}"#,
        );
        assert_eq!((role.kind, role.uid.unwrap().to_string()), (IdentityType::RamRole, "300".to_owned()));
    }

    #[test]
    fn a_caller_without_a_uid_is_no_caller_of_whom_nothing_is_known() {
        for body in [
            r#"{"IdentityType":"RAMUser","AccountId":"11","Arn":"acs:ram::11:user/alice"}"#,
            r#"{"IdentityType":"RAMUser","AccountId":"11","UserId":null,"RoleId":"300"}"#,
            r#"{"IdentityType":"AssumedRoleUser","AccountId":"11","RoleId":"","UserId":"204"}"#,
            r#"{"IdentityType":"Account","AccountId":"","UserId":"11"}"#,
        ] {
            assert_eq!(caller(serde_json::from_str(body).unwrap()), None, "{body}");
        }
    }
}
