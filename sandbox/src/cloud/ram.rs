//! Resource Access Management, 2015-05-01.

use serde_json::{Value, json};

use super::account::{RamRole, RamUser};
use super::caller::Caller;
use super::clock::written;
use super::cloud_state::CloudState;
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
        "ListUsers" => list_users,
        "ListRoles" => list_roles,
        _ => return None,
    };
    let permitted = caller.demand(&format!("ram:{action}"), Product::Ram);
    Some(permitted.and_then(|()| operation(parameters, caller, cloud_state)))
}

fn list_users(parameters: &CallParameters, caller: &Caller, cloud_state: &CloudState) -> Result<Value, CloudError> {
    let account = cloud_state.account_of(caller)?;
    let listed = account.users.iter().filter(|user| account.ram_lists_frozen || !user.frozen);
    let (users, next) = marked(listed, parameters, 100, 1000)?;
    let users: Vec<Value> = users.into_iter().map(user).collect();
    Ok(closed(json!({ "Users": { "User": users } }), next))
}

fn user(user: &RamUser) -> Value {
    json!({
        "UserId": user.uid,
        "UserName": user.name,
        "DisplayName": user.display_name,
        "Comments": "",
        "Email": "",
        "MobilePhone": "",
        "CreateDate": written(user.created),
        "UpdateDate": written(user.created),
    })
}

fn list_roles(parameters: &CallParameters, caller: &Caller, cloud_state: &CloudState) -> Result<Value, CloudError> {
    let account = cloud_state.account_of(caller)?;
    let (roles, next) = marked(&account.roles, parameters, 100, 1000)?;
    let roles: Vec<Value> = roles.into_iter().map(|listed| role(listed, &account.id)).collect();
    Ok(closed(json!({ "Roles": { "Role": roles } }), next))
}

fn role(role: &RamRole, account: &str) -> Value {
    json!({
        "RoleId": role.id,
        "RoleName": role.name,
        "Arn": role_arn(account, &role.name),
        "Description": "",
        "CreateDate": written(role.created),
        "UpdateDate": written(role.created),
        "MaxSessionDuration": role.max_session_seconds,
    })
}

/// A role's ARN: its name is in lower case there.
pub(crate) fn role_arn(account: &str, name: &str) -> String {
    format!("acs:ram::{account}:role/{}", name.to_lowercase())
}
