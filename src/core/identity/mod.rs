//! Who is who in an Alibaba Cloud account: RAM users, RAM roles, and the caller itself.

pub mod ack;
pub mod evidence;
pub mod trace;
pub mod verdict;

use jiff::Timestamp;

use crate::core::ids::Uid;

/// What kind of principal a UID stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityType {
    /// A RAM user.
    RamUser,
    /// A RAM role.
    RamRole,
    /// A RAM role by which a cloud service works in the cluster.
    CloudService,
    /// The Alibaba Cloud account itself.
    Root,
    /// No source says.
    Unknown,
}

/// A RAM user, as `ram:ListUsers` gives it.
/// Source: <https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-listusers>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RamUser {
    /// `UserId`.
    pub uid: Uid,
    /// `UserName`.
    pub name: String,
    /// `DisplayName`; empty when there is none.
    pub display_name: String,
}

/// A RAM role, as `ram:ListRoles` gives it.
/// Source: <https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-listroles>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RamRole {
    /// `RoleId`.
    pub uid: Uid,
    /// `RoleName`.
    pub name: String,
    /// `Arn`, `acs:ram::ACCOUNT:role/NAME`; empty when the cloud leaves it out.
    pub arn: String,
}

/// A RAM user, as `ims:ListUserBasicInfos` gives it.
/// Source: <https://www.alibabacloud.com/help/en/ram/developer-reference/api-ims-2019-08-15-listuserbasicinfos>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserBasicInfo {
    /// `UserId`.
    pub uid: Uid,
    /// `UserPrincipalName`, `name@account.onaliyun.com`.
    pub principal_name: String,
    /// `DisplayName`; empty when there is none.
    pub display_name: String,
    /// `Status`.
    pub status: UserStatus,
}

/// Whether a RAM user may sign in and call APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStatus {
    /// `active`.
    Active,
    /// `freeze`.
    Frozen,
    /// Another word, or none: the user exists and no more is known.
    Unstated,
}

/// A RAM user in the recycle bin, as `ims:ListUsersInRecycleBin` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecycledUser {
    /// `UserId`.
    pub uid: Uid,
    /// `UserPrincipalName`.
    pub principal_name: String,
    /// `DisplayName`; empty when there is none.
    pub display_name: String,
    /// `RecycleDate`: when it was moved to the bin.
    pub recycled: Option<Timestamp>,
    /// `DeleteDate`: when it will be, or was, removed for good.
    pub deleted: Option<Timestamp>,
}

/// A RAM user, as `ims:GetUser` gives it. It proves existence and says nothing on whether the user is frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImsUser {
    /// `UserId`.
    pub uid: Uid,
    /// `UserName`.
    pub name: String,
    /// `UserPrincipalName`.
    pub principal_name: String,
}

/// Whose credentials the cloud was asked with: `sts:GetCallerIdentity`.
/// Source: <https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-getcalleridentity>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What the caller is. [`IdentityType::Unknown`] for a word that the documents don't have.
    pub kind: IdentityType,
    /// UID of the user, the role, or the account; `None` when the cloud leaves it out.
    pub uid: Option<Uid>,
    /// UID of the account that the caller belongs to.
    pub account_id: Uid,
    /// `Arn`.
    pub arn: String,
}

impl Caller {
    /// The name in the ARN: of the user or the role, without a role's session; `None` for the account itself.
    pub fn name(&self) -> Option<&str> {
        let resource = self.arn.rsplit_once(':')?.1;
        let (kind, rest) = resource.split_once('/')?;
        match kind {
            "assumed-role" => rest.split('/').next(),
            _ => Some(rest),
        }
        .filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(arn: &str) -> Caller {
        let account_id = Uid::parse("1").unwrap();
        Caller { kind: IdentityType::Unknown, uid: None, account_id, arn: arn.to_owned() }
    }

    #[test]
    fn the_callers_name_is_the_users_or_the_roles_without_the_session() {
        assert_eq!(caller("acs:ram::1:user/alice").name(), Some("alice"));
        assert_eq!(caller("acs:ram::1:assumed-role/ops/session-7").name(), Some("ops"));
        assert_eq!(caller("acs:ram::1:root").name(), None);
        assert_eq!(caller("").name(), None);
    }
}
