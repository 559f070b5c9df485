//! Resource Access Management: every user and every role of the account.
//!
//! Source: <https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-overview>

use serde::Deserialize;

use super::endpoints::Endpoint;
use super::error::Error;
use super::fields;
use super::page::{Listed, MarkerPage, by_marker};
use super::sign::Key;
use super::wire::{Call, Product, Wire};
use crate::core::identity::{RamRole, RamUser};
use crate::core::ids::Uid;

/// The most that a page may hold.
const MAX_ITEMS: &str = "1000";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Users {
    is_truncated: bool,
    marker: Option<String>,
    users: UserItems,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UserItems {
    user: Vec<User>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct User {
    #[serde(deserialize_with = "fields::uid")]
    user_id: Uid,
    #[serde(default, deserialize_with = "fields::text")]
    user_name: String,
    #[serde(default, deserialize_with = "fields::text")]
    display_name: String,
}

/// `ram:ListUsers`, to the end.
///
/// # Errors
/// With what was read before the failure.
pub async fn list_users(wire: &Wire, endpoint: &Endpoint, key: &Key<'_>) -> Listed<RamUser> {
    by_marker("ram:ListUsers", async |marker| {
        let page: Users = page(wire, endpoint, key, "ListUsers", marker).await?;
        let user = |user: User| RamUser { uid: user.user_id, name: user.user_name, display_name: user.display_name };
        let items = page.users.user.into_iter().map(user).collect();
        Ok(MarkerPage { items, truncated: page.is_truncated, marker: page.marker })
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Roles {
    is_truncated: bool,
    marker: Option<String>,
    roles: RoleItems,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoleItems {
    role: Vec<Role>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Role {
    #[serde(deserialize_with = "fields::uid")]
    role_id: Uid,
    #[serde(default, deserialize_with = "fields::text")]
    role_name: String,
    #[serde(default, deserialize_with = "fields::text")]
    arn: String,
}

/// `ram:ListRoles`, to the end.
///
/// # Errors
/// With what was read before the failure.
pub async fn list_roles(wire: &Wire, endpoint: &Endpoint, key: &Key<'_>) -> Listed<RamRole> {
    by_marker("ram:ListRoles", async |marker| {
        let page: Roles = page(wire, endpoint, key, "ListRoles", marker).await?;
        let role = |role: Role| RamRole { uid: role.role_id, name: role.role_name, arn: role.arn };
        let items = page.roles.role.into_iter().map(role).collect();
        Ok(MarkerPage { items, truncated: page.is_truncated, marker: page.marker })
    })
    .await
}

async fn page<T: serde::de::DeserializeOwned>(
    wire: &Wire,
    endpoint: &Endpoint,
    key: &Key<'_>,
    operation: &'static str,
    marker: Option<String>,
) -> Result<T, Error> {
    let mut query = vec![("MaxItems", MAX_ITEMS.to_owned())];
    query.extend(marker.map(|marker| ("Marker", marker)));
    wire.call(&Call::rpc(Product::Ram, operation, endpoint.clone(), query), key).await?.json()
}
