//! Identity Management Service, 2019-08-15. Its actions carry RAM's prefix.

use serde_json::{Value, json};

use super::account::{Account, RamUser, RecycledUser};
use super::caller::Caller;
use super::clock::written;
use super::cloud_state::CloudState;
use super::keys::Principal;
use super::paging::{closed, marked};
use super::reply::{CloudError, Product};
use super::request::CallParameters;

/// Carries out an operation, `None` where there is no such one.
pub(crate) fn call(
    action: &str,
    parameters: &CallParameters,
    caller: &Caller,
    cloud_state: &CloudState,
) -> Option<Result<Value, CloudError>> {
    let operation = match action {
        "GetUser" => get_user,
        "ListUserBasicInfos" => list_user_basic_infos,
        "ListUsersInRecycleBin" => list_users_in_recycle_bin,
        "GetUserInRecycleBin" => get_user_in_recycle_bin,
        _ => return None,
    };
    let permitted = caller.demand(&format!("ram:{action}"), Product::Ims);
    Some(permitted.and_then(|()| operation(parameters, caller, cloud_state)))
}

fn get_user(parameters: &CallParameters, caller: &Caller, cloud_state: &CloudState) -> Result<Value, CloudError> {
    let account = cloud_state.account_of(caller)?;
    let (uid, name, key) =
        (parameters.get("UserId"), parameters.get("UserPrincipalName"), parameters.get("UserAccessKeyId"));
    if uid.is_none() && name.is_none() && key.is_none() {
        let message = "One of UserId, UserPrincipalName and UserAccessKeyId is required.";
        return Err(CloudError::product(400, "MissingParameter", message));
    }
    let owner = key.and_then(|id| match &cloud_state.keys.get(id)?.principal {
        Principal::User(uid) => Some(uid.as_str()),
        Principal::Root | Principal::Role { .. } => None,
    });
    let asked = |user: &&RamUser| {
        uid.is_none_or(|uid| uid == user.uid)
            && name.is_none_or(|name| name == account.logon_name(&user.name))
            && key.is_none_or(|_| owner == Some(user.uid.as_str()))
    };
    let missing = || CloudError::product(404, "EntityNotExist.User", "The user does not exist.");
    let user = account.users.iter().find(asked).ok_or_else(missing)?;
    Ok(json!({ "User": {
        "UserId": user.uid,
        "UserName": user.name,
        "UserPrincipalName": account.logon_name(&user.name),
        "DisplayName": user.display_name,
        "Comments": "",
        "Email": "",
        "MobilePhone": "",
        "ProvisionType": "Manual",
        "CreateDate": written(user.created),
        "UpdateDate": written(user.created),
        "LastLoginDate": "",
    }}))
}

fn list_user_basic_infos(
    parameters: &CallParameters,
    caller: &Caller,
    cloud_state: &CloudState,
) -> Result<Value, CloudError> {
    let account = cloud_state.account_of(caller)?;
    let (active, frozen) = match parameters.get("Status") {
        None | Some("active") => (true, false),
        Some("freeze") => (false, true),
        Some("active,freeze") => (true, true),
        Some(_) => {
            let message = "The parameter Status must be active, freeze or active,freeze.";
            return Err(CloudError::product(400, "InvalidParameter.Status", message));
        }
    };
    let listed = account.users.iter().filter(|user| if user.frozen { frozen } else { active });
    let (users, next) = marked(listed, parameters, 100, 1000)?;
    let users: Vec<Value> = users.into_iter().map(|user| basic_info(user, account)).collect();
    Ok(closed(json!({ "UserBasicInfos": { "UserBasicInfo": users } }), next))
}

fn basic_info(user: &RamUser, account: &Account) -> Value {
    json!({
        "UserId": user.uid,
        "UserPrincipalName": account.logon_name(&user.name),
        "DisplayName": user.display_name,
        "Status": if user.frozen { "freeze" } else { "active" },
    })
}

fn list_users_in_recycle_bin(
    parameters: &CallParameters,
    caller: &Caller,
    cloud_state: &CloudState,
) -> Result<Value, CloudError> {
    let account = cloud_state.account_of(caller)?;
    let name = parameters.get("Filter").map(read_filter).transpose()?;
    let listed = account.recycled.iter().filter(|user| name.is_none_or(|name| name == account.logon_name(&user.name)));
    let (users, next) = marked(listed, parameters, 100, 100)?;
    let users: Vec<Value> = users.into_iter().map(|user| recycled(user, account)).collect();
    Ok(closed(json!({ "Users": { "User": users } }), next))
}

/// No user is found by a key in the recycle bin: this cloud keeps none.
fn get_user_in_recycle_bin(
    parameters: &CallParameters,
    caller: &Caller,
    cloud_state: &CloudState,
) -> Result<Value, CloudError> {
    let account = cloud_state.account_of(caller)?;
    let uid = match (parameters.get("UserId"), parameters.get("UserAccessKeyId")) {
        (None, None) => {
            let message = "One of UserId and UserAccessKeyId is required.";
            return Err(CloudError::product(400, "MissingParameter", message));
        }
        (Some(_), Some(_)) => {
            let message = "Only one of UserId and UserAccessKeyId can be specified.";
            return Err(CloudError::product(400, "InvalidParameter", message));
        }
        (uid, _) => uid,
    };
    // The code is not documented; no client should rely on it.
    let missing = || CloudError::product(404, "EntityNotExist.User", "The user does not exist in the recycle bin.");
    let user = account.recycled.iter().find(|user| uid == Some(user.uid.as_str())).ok_or_else(missing)?;
    Ok(json!({ "User": recycled(user, account) }))
}

/// The only filter there is, `UserPrincipalName eq <name>`.
fn read_filter(filter: &str) -> Result<&str, CloudError> {
    let invalid = || CloudError::product(400, "InvalidParameter.Filter", "The parameter Filter is invalid.");
    filter.strip_prefix("UserPrincipalName eq ").ok_or_else(invalid)
}

fn recycled(user: &RecycledUser, account: &Account) -> Value {
    json!({
        "UserId": user.uid,
        "UserPrincipalName": account.logon_name(&user.name),
        "DisplayName": user.name,
        "CreateDate": written(super::account::FOUNDED),
        "RecycleDate": written(user.recycled),
        "DeleteDate": written(user.gone),
    })
}
