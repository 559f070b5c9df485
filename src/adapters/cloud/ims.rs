//! Identity Management Service: RAM users with their state, frozen and recycled ones included.
//!
//! Source: <https://www.alibabacloud.com/help/en/ram/developer-reference/api-ims-2019-08-15-overview>

use jiff::Timestamp;
use serde::Deserialize;

use super::endpoints::Endpoint;
use super::error::{Error, Kind};
use super::fields;
use super::page::{Listed, MarkerPage, by_marker};
use super::sign::Key;
use super::wire::{Call, Product, Wire};
use crate::core::identity::evidence::Lookup;
use crate::core::identity::{ImsUser, RecycledUser, UserBasicInfo, UserStatus};
use crate::core::ids::Uid;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BasicInfos {
    is_truncated: bool,
    marker: Option<String>,
    user_basic_infos: BasicInfoItems,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BasicInfoItems {
    user_basic_info: Vec<BasicInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BasicInfo {
    #[serde(deserialize_with = "fields::uid")]
    user_id: Uid,
    #[serde(default, deserialize_with = "fields::text")]
    user_principal_name: String,
    #[serde(default, deserialize_with = "fields::text")]
    display_name: String,
    status: Option<String>,
}

/// `ims:ListUserBasicInfos` of active and frozen users, to the end.
///
/// # Errors
/// With what was read before the failure.
pub async fn list_user_basic_infos(wire: &Wire, endpoint: &Endpoint, key: &Key<'_>) -> Listed<UserBasicInfo> {
    by_marker("ims:ListUserBasicInfos", async |marker| {
        // Without a status only active users are listed.
        let mut query = vec![("Status", "active,freeze".to_owned()), ("MaxItems", "1000".to_owned())];
        query.extend(marker.map(|marker| ("Marker", marker)));
        let call = Call::rpc(Product::Ims, "ListUserBasicInfos", endpoint.clone(), query);
        let page: BasicInfos = wire.call(&call, key).await?.json()?;
        let items = page.user_basic_infos.user_basic_info.into_iter().map(basic_info).collect();
        Ok(MarkerPage { items, truncated: page.is_truncated, marker: page.marker })
    })
    .await
}

fn basic_info(info: BasicInfo) -> UserBasicInfo {
    let status = match info.status.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("active") => UserStatus::Active,
        Some("freeze") => UserStatus::Frozen,
        _ => UserStatus::Unstated,
    };
    let BasicInfo { user_id, user_principal_name, display_name, .. } = info;
    UserBasicInfo { uid: user_id, principal_name: user_principal_name, display_name, status }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RecycleBin {
    is_truncated: bool,
    marker: Option<String>,
    users: RecycleBinItems,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RecycleBinItems {
    user: Vec<Recycled>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Recycled {
    #[serde(deserialize_with = "fields::uid")]
    user_id: Uid,
    #[serde(default, deserialize_with = "fields::text")]
    user_principal_name: String,
    #[serde(default, deserialize_with = "fields::text")]
    display_name: String,
    #[serde(default, deserialize_with = "fields::time")]
    recycle_date: Option<Timestamp>,
    #[serde(default, deserialize_with = "fields::time")]
    delete_date: Option<Timestamp>,
}

/// `ims:ListUsersInRecycleBin`, to the end.
///
/// # Errors
/// With what was read before the failure.
pub async fn list_users_in_recycle_bin(wire: &Wire, endpoint: &Endpoint, key: &Key<'_>) -> Listed<RecycledUser> {
    by_marker("ims:ListUsersInRecycleBin", async |marker| {
        let mut query = vec![("MaxItems", "100".to_owned())];
        query.extend(marker.map(|marker| ("Marker", marker)));
        let call = Call::rpc(Product::Ims, "ListUsersInRecycleBin", endpoint.clone(), query);
        let page: RecycleBin = wire.call(&call, key).await?.json()?;
        let items = page.users.user.into_iter().map(recycled).collect();
        Ok(MarkerPage { items, truncated: page.is_truncated, marker: page.marker })
    })
    .await
}

fn recycled(user: Recycled) -> RecycledUser {
    RecycledUser {
        uid: user.user_id,
        principal_name: user.user_principal_name,
        display_name: user.display_name,
        recycled: user.recycle_date,
        deleted: user.delete_date,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    user: FoundUser,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FoundUser {
    #[serde(deserialize_with = "fields::uid")]
    user_id: Uid,
    #[serde(default, deserialize_with = "fields::text")]
    user_name: String,
    #[serde(default, deserialize_with = "fields::text")]
    user_principal_name: String,
}

/// `ims:GetUser` by `UserId`.
pub async fn get_user(wire: &Wire, endpoint: Endpoint, key: &Key<'_>, uid: &Uid) -> Lookup<ImsUser> {
    let call = Call::rpc(Product::Ims, "GetUser", endpoint, vec![("UserId", uid.as_str().to_owned())]);
    let found: Result<Found, Error> = match wire.call(&call, key).await {
        Ok(reply) => reply.json(),
        Err(error) => Err(error),
    };
    match found {
        Ok(Found { user }) if user.user_id == *uid => {
            Lookup::Found(ImsUser { uid: user.user_id, name: user.user_name, principal_name: user.user_principal_name })
        }
        Ok(_) => Lookup::Failed("ims:GetUser: the answer is about another user".into()),
        // A bare 404 can come from anything on the way; only the documented code is an answer.
        Err(error) if error.kind() == Kind::NotFound && is_no_such_user(&error) => Lookup::NotFound,
        Err(error) => Lookup::Failed(error.failure()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FoundInBin {
    user: Recycled,
}

/// `ims:GetUserInRecycleBin` by `UserId`.
pub async fn get_user_in_recycle_bin(
    wire: &Wire,
    endpoint: Endpoint,
    key: &Key<'_>,
    uid: &Uid,
) -> Lookup<RecycledUser> {
    let query = vec![("UserId", uid.as_str().to_owned())];
    let call = Call::rpc(Product::Ims, "GetUserInRecycleBin", endpoint, query);
    let found: Result<FoundInBin, Error> = match wire.call(&call, key).await {
        Ok(reply) => reply.json(),
        Err(error) => Err(error),
    };
    match found {
        Ok(FoundInBin { user }) if user.user_id == *uid => Lookup::Found(recycled(user)),
        Ok(_) => Lookup::Failed("ims:GetUserInRecycleBin: the answer is about another user".into()),
        // Its code for who is not there is documented nowhere, so this is an answer and proves nothing.
        Err(error) if error.kind() == Kind::NotFound && is_about_a_user(&error) => Lookup::NotFound,
        Err(error) => Lookup::Failed(error.failure()),
    }
}

/// Whether it is the user that is not found, and not the call itself.
fn is_about_a_user(error: &Error) -> bool {
    error.code().is_some_and(|code| !code.starts_with("InvalidAction"))
}

fn is_no_such_user(error: &Error) -> bool {
    error.code().is_some_and(|code| code.starts_with("EntityNotExist"))
}
