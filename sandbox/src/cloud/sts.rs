//! Security Token Service, 2015-04-01.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::account::RamRole;
use super::caller::Caller;
use super::clock::written;
use super::cloud_state::CloudState;
use super::keys::{Issued, Principal};
use super::paging::integer;
use super::ram::role_arn;
use super::reply::{CloudError, Product};
use super::request::CallParameters;

/// The one operation that is called without a signature.
pub(crate) const UNSIGNED: &str = "AssumeRoleWithOIDC";

/// Carries out a signed operation, `None` where there is no such one.
pub(crate) fn call(
    action: &str,
    parameters: &CallParameters,
    caller: &Caller,
    cloud_state: &mut CloudState,
    now: Timestamp,
) -> Option<Result<Value, CloudError>> {
    match action {
        // GetCallerIdentity needs no permission.
        "GetCallerIdentity" => Some(get_caller_identity(caller, cloud_state)),
        "AssumeRole" => Some(assume_role(parameters, caller, cloud_state, now)),
        _ => None,
    }
}

fn get_caller_identity(caller: &Caller, cloud_state: &CloudState) -> Result<Value, CloudError> {
    let account = cloud_state.account_of(caller)?;
    let id = &account.id;
    Ok(match &caller.principal {
        Principal::Root => json!({
            "IdentityType": "Account", "AccountId": id, "PrincipalId": id, "UserId": id, "Arn": format!("acs:ram::{id}:root"),
        }),
        Principal::User(uid) => {
            let name = account.users.iter().find(|user| user.uid == *uid).map_or("", |user| &user.name);
            json!({
                "IdentityType": "RAMUser", "AccountId": id, "PrincipalId": uid, "UserId": uid,
                "Arn": format!("acs:ram::{id}:user/{name}"),
            })
        }
        Principal::Role { id: role, session } => {
            let name = account.roles.iter().find(|known| known.id == *role).map_or("", |known| &known.name);
            json!({
                "IdentityType": "AssumedRoleUser", "AccountId": id, "RoleId": role, "PrincipalId": format!("{role}:{session}"),
                "Arn": assumed_arn(id, name, session),
            })
        }
    })
}

fn assumed_arn(account: &str, role: &str, session: &str) -> String {
    format!("acs:ram::{account}:assumed-role/{}/{session}", role.to_lowercase())
}

fn assume_role(
    parameters: &CallParameters,
    caller: &Caller,
    cloud_state: &mut CloudState,
    now: Timestamp,
) -> Result<Value, CloudError> {
    let request = RoleRequest::read(parameters)?;
    if caller.principal == Principal::Root {
        return Err(CloudError::product(403, "NoPermission", "Roles may not be assumed by root accounts."));
    }
    caller.demand("sts:AssumeRole", Product::Sts)?;
    let (account, role) = request.role(cloud_state)?;
    let trusted = account == caller.account
        && role.external_id.as_deref().is_none_or(|id| parameters.get("ExternalId") == Some(id));
    if !trusted {
        let message = "You are not authorized to do this action. You should be authorized by RAM.";
        return Err(CloudError::product(403, "NoPermission", message));
    }
    request.open_session(&account, &role, cloud_state, now)
}

/// AssumeRoleWithOIDC: the token is the proof, nothing is signed.
pub(crate) fn assume_role_with_oidc(
    parameters: &CallParameters,
    cloud_state: &mut CloudState,
    now: Timestamp,
) -> Result<Value, CloudError> {
    let request = RoleRequest::read(parameters)?;
    let provider = required(parameters, "OIDCProviderArn")?;
    let token = required(parameters, "OIDCToken")?;
    let (account, role) = request.role(cloud_state)?;
    let Some(trust) = role.oidc.as_ref().filter(|trust| trust.provider_arn == provider) else {
        let message = "This operation is not permitted by the trust policy of the role.";
        return Err(CloudError::product(403, "AuthenticationFail.NoPermission", message));
    };
    if trust.token.expose() != token {
        return Err(CloudError::product(400, "AuthenticationFail.OIDCToken.Invalid", "This OIDC token is invalid."));
    }
    let mut opened = request.open_session(&account, &role, cloud_state, now)?;
    opened["OIDCTokenInfo"] = json!({
        "Subject": "sandbox", "Issuer": "https://issuer.example", "ClientIds": "sts.aliyuncs.com", "VerificationInfo": "Success",
    });
    Ok(opened)
}

fn required<'a>(parameters: &'a CallParameters, name: &str) -> Result<&'a str, CloudError> {
    let missing =
        || CloudError::product(400, &format!("Missing{name}"), format!("{name} is mandatory for this action."));
    parameters.get(name).ok_or_else(missing)
}

/// What both ways to assume a role ask for.
struct RoleRequest {
    arn: String,
    session: String,
    seconds: Option<usize>,
}

impl RoleRequest {
    fn read(parameters: &CallParameters) -> Result<Self, CloudError> {
        let arn = required(parameters, "RoleArn")?.to_owned();
        let session = required(parameters, "RoleSessionName")?.to_owned();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte);
        if !(2..=64).contains(&session.len()) || !session.bytes().all(allowed) {
            let message = "The parameter RoleSessionName is wrongly formed.";
            return Err(CloudError::product(400, "InvalidParameter.RoleSessionName", message));
        }
        let given = parameters.get("DurationSeconds").is_some();
        let seconds = integer(parameters, "DurationSeconds", 0, &(900..=43_200))?;
        Ok(Self { arn, session, seconds: given.then_some(seconds) })
    }

    fn role(&self, cloud_state: &CloudState) -> Result<(String, RamRole), CloudError> {
        let wrong = || CloudError::product(400, "InvalidParameter.RoleArn", "The parameter RoleArn is wrongly formed.");
        let (account, name) =
            self.arn.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(":role/")).ok_or_else(wrong)?;
        let missing = || CloudError::product(404, "EntityNotExist.Role", format!("The role not exists: {}.", self.arn));
        let owner = cloud_state.account(account).ok_or_else(missing)?;
        let arn = role_arn(account, name);
        let role = owner.roles.iter().find(|role| role_arn(account, &role.name) == arn).ok_or_else(missing)?;
        Ok((account.to_owned(), role.clone()))
    }

    fn open_session(
        &self,
        account: &str,
        role: &RamRole,
        cloud_state: &mut CloudState,
        now: Timestamp,
    ) -> Result<Value, CloudError> {
        let most = usize::try_from(role.max_session_seconds).unwrap_or(usize::MAX);
        let seconds = self.seconds.unwrap_or(3600.min(most));
        if seconds > most {
            let message = format!("The parameter DurationSeconds must not be above the role's {most}.");
            return Err(CloudError::product(400, "InvalidParameter.DurationSeconds", message));
        }
        let principal = Principal::Role { id: role.id.clone(), session: self.session.clone() };
        let lifetime = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(3600));
        let issued = cloud_state.keys.issue(account, principal, role.permissions.clone(), now, lifetime);
        Ok(json!({
            "Credentials": credentials(&issued),
            "AssumedRoleUser": {
                "Arn": assumed_arn(account, &role.name, &self.session),
                "AssumedRoleId": format!("{}:{}", role.id, self.session),
            },
        }))
    }
}

/// Temporary credentials as every endpoint that gives them spells them.
pub(crate) fn credentials(issued: &Issued) -> Value {
    json!({
        "AccessKeyId": issued.id,
        "AccessKeySecret": issued.secret,
        "SecurityToken": issued.token,
        "Expiration": written(issued.expires),
    })
}
