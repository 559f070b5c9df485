//! Access keys: whose they are, what they may do, and the sessions that STS hands out.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::random;

/// Whose key it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The account itself.
    Root,
    /// A RAM user, by UID.
    User(String),
    /// A session of a RAM role, by the role's ID and the session's name.
    Role {
        /// The role's numeric ID.
        id: String,
        /// The session's name.
        session: String,
    },
}

impl Principal {
    /// The UID under which ACK knows the principal; the account's own ID for root.
    pub(crate) fn uid<'a>(&'a self, account: &'a str) -> &'a str {
        match self {
            Self::Root => account,
            Self::User(uid) => uid,
            Self::Role { id, .. } => id,
        }
    }
}

/// An access key.
#[derive(Clone)]
pub struct AccessKey {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) account: String,
    pub(crate) principal: Principal,
    pub(crate) permissions: Permissions,
    pub(crate) active: bool,
    pub(crate) session: Option<StsSession>,
}

#[derive(Clone)]
pub(crate) struct StsSession {
    pub(crate) token: String,
    pub(crate) expires: Timestamp,
}

impl AccessKey {
    /// A key of the account itself, which may do everything in it.
    pub fn root(account: &str, id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            account: account.to_owned(),
            principal: Principal::Root,
            permissions: Permissions::everything(),
            active: true,
            session: None,
        }
    }

    /// A RAM user's key. It may do nothing until [`AccessKey::permissions`] says so.
    pub fn user(account: &str, uid: &str, id: &str, secret: &str) -> Self {
        let principal = Principal::User(uid.to_owned());
        Self { principal, permissions: Permissions::default(), ..Self::root(account, id, secret) }
    }

    /// What the key may do.
    #[must_use]
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// Makes it a temporary key, worth nothing without its token.
    #[must_use]
    pub fn temporary(mut self, token: &str, expires: Timestamp) -> Self {
        self.session = Some(StsSession { token: token.to_owned(), expires });
        self
    }

    /// Disables the key.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.active = false;
        self
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccessKey")
            .field("id", &self.id)
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}

/// Actions that a policy allows and denies, for example `ram:ListUsers`; `*` stands for any run of characters. Denied wins.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    allowed: Vec<String>,
    denied: Vec<String>,
}

impl Permissions {
    /// Everything.
    pub fn everything() -> Self {
        Self::allowing(["*"])
    }

    /// These actions alone.
    pub fn allowing<'a>(actions: impl IntoIterator<Item = &'a str>) -> Self {
        Self { allowed: actions.into_iter().map(str::to_owned).collect(), denied: Vec::new() }
    }

    /// Denies an action that is otherwise allowed.
    #[must_use]
    pub fn denying(mut self, action: &str) -> Self {
        self.denied.push(action.to_owned());
        self
    }

    pub(crate) fn permit(&self, action: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern.as_bytes(), action.as_bytes()));
        any(&self.allowed) && !any(&self.denied)
    }
}

fn matches(pattern: &[u8], action: &[u8]) -> bool {
    match pattern.split_first() {
        None => action.is_empty(),
        Some((b'*', rest)) => (0..=action.len()).any(|skipped| matches(rest, &action[skipped..])),
        Some((wanted, rest)) => {
            action.split_first().is_some_and(|(found, tail)| wanted.eq_ignore_ascii_case(found) && matches(rest, tail))
        }
    }
}

/// All keys of all accounts, with the nonces that each has used.
#[derive(Debug, Default)]
pub(crate) struct KeyRing {
    keys: BTreeMap<String, AccessKey>,
    nonces: HashSet<(String, String)>,
}

/// Temporary credentials as handed out.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
    pub(crate) expires: Timestamp,
}

impl KeyRing {
    pub(crate) fn add(&mut self, key: AccessKey) {
        self.keys.insert(key.id.clone(), key);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&AccessKey> {
        self.keys.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut AccessKey> {
        self.keys.get_mut(id)
    }

    /// The secrets of all keys, and the tokens of those that have one.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let tokens = self.keys.values().filter_map(|key| key.session.as_ref()).map(|session| session.token.as_str());
        self.keys.values().map(|key| key.secret.as_str()).chain(tokens)
    }

    /// Marks a nonce as used; false when it was used before.
    pub(crate) fn spend_nonce(&mut self, key: &str, nonce: &str) -> bool {
        self.nonces.insert((key.to_owned(), nonce.to_owned()))
    }

    pub(crate) fn issue(
        &mut self,
        account: &str,
        principal: Principal,
        permissions: Permissions,
        now: Timestamp,
        lifetime: SignedDuration,
    ) -> Issued {
        let issued = Issued {
            id: format!("STS.{}", random::letters(24)),
            secret: random::letters(44),
            token: format!("CAIS{}+/==", random::letters(180)),
            expires: now.checked_add(lifetime).unwrap_or(now),
        };
        self.add(AccessKey {
            id: issued.id.clone(),
            secret: issued.secret.clone(),
            account: account.to_owned(),
            principal,
            permissions,
            active: true,
            session: Some(StsSession { token: issued.token.clone(), expires: issued.expires }),
        });
        issued
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_match_with_wildcards_and_denials_win() {
        let permissions = Permissions::allowing(["cs:*", "ram:List*", "sts:AssumeRole"]).denying("ram:ListRoles");
        for yes in ["cs:DescribeClusterDetail", "ram:ListUsers", "sts:AssumeRole"] {
            assert!(permissions.permit(yes), "{yes}");
        }
        for no in ["ram:ListRoles", "ram:GetUser", "sts:AssumeRoleX", "xcs:Describe"] {
            assert!(!permissions.permit(no), "{no}");
        }
        assert!(!Permissions::default().permit("cs:DescribeClusterDetail"));
        assert!(Permissions::everything().permit("anything:AtAll"));
    }

    #[test]
    fn a_key_shows_no_secret() {
        let shown = format!("{:?}", AccessKey::root("1", "LTAIx", "swordfish"));
        assert!(shown.contains("LTAIx") && !shown.contains("swordfish"), "{shown}");
    }
}
