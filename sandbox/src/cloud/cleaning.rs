//! A cleaning: what CleanClusterUserPermissions is to do in a cluster.

use std::time::Duration;

/// What the call does. Its documents leave open which bindings it removes, when, and what counts as an access; a client must
/// handle each of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CleanBehaviour {
    /// As documented: the bindings that ACK made for the identity go, and all records of it. The names that ACK gives are
    /// `<uid>-cluster-admin-clusterrolebinding`, `<uid>-clusterrolebinding` and `<uid>-<namespace>-rolebinding`.
    #[default]
    OwnBindings,
    /// Every binding that names the identity, with any suffix, is deleted with all of its subjects.
    NamedBindings,
    /// Every binding that names a user whose name is the UID, or the UID and a character that is no digit, is deleted with all of
    /// its subjects: `<uid>.17`, too.
    ResemblingBindings,
    /// The identity's subjects are taken out of every binding, under whichever suffix; a binding left empty goes.
    Subjects,
    /// All bindings stay; the records go.
    Nothing,
    /// As [`Self::OwnBindings`], but DescribeUserPermission still shows the records.
    KeepsPermissionRecord,
    /// As [`Self::OwnBindings`], but only this long after the response: until then nothing has changed, and a failure is not
    /// reported.
    Later(Duration),
    /// As [`Self::OwnBindings`], but without Force it is refused as if the last seven days had accesses, even if the activity
    /// check finds none.
    RefusesRecentAccess,
}

/// What is to be done in a cluster on behalf of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaning {
    /// The cluster.
    pub cluster_id: String,
    /// The identity.
    pub uid: String,
    /// Which bindings go.
    pub behaviour: CleanBehaviour,
}

impl Cleaning {
    /// Whether ACK gives this name to a binding that it makes for the identity: a RoleBinding of a namespace, or (`None`) a
    /// ClusterRoleBinding.
    pub fn names_own_binding(&self, namespace: Option<&str>, name: &str) -> bool {
        let Some(rest) = name.strip_prefix(self.uid.as_str()).and_then(|rest| rest.strip_prefix('-')) else {
            return false;
        };
        match namespace {
            None => matches!(rest, "clusterrolebinding" | "cluster-admin-clusterrolebinding"),
            Some(namespace) => rest.strip_suffix("-rolebinding") == Some(namespace),
        }
    }

    /// Whether this user name begins with the UID and no digit follows.
    pub fn names_alike(&self, user: &str) -> bool {
        let rest = user.strip_prefix(self.uid.as_str());
        rest.is_some_and(|rest| !rest.starts_with(|first: char| first.is_ascii_digit()))
    }

    /// Whether this user name is the identity's: the UID, alone or with the suffix of any certificate.
    pub fn names_identity(&self, user: &str) -> bool {
        let Some(rest) = user.strip_prefix(self.uid.as_str()) else { return false };
        // Documented as a random string.
        let is_suffix = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        rest.is_empty() || rest.strip_prefix('-').is_some_and(is_suffix)
    }
}

#[cfg(test)]
mod tests {
    use super::{CleanBehaviour, Cleaning};

    fn cleaning() -> Cleaning {
        Cleaning { cluster_id: "c1".into(), uid: "200".into(), behaviour: CleanBehaviour::OwnBindings }
    }

    #[test]
    fn only_the_names_that_ack_gives_are_its_own() {
        let cleaning = cleaning();
        let own = |namespace, name| cleaning.names_own_binding(namespace, name);
        assert!(own(None, "200-clusterrolebinding") && own(None, "200-cluster-admin-clusterrolebinding"));
        assert!(own(Some("kube-system"), "200-kube-system-rolebinding"));
        for (namespace, name) in [
            (None, "2001-clusterrolebinding"),
            (None, "200-default-rolebinding"),
            (None, "auditors"),
            (Some("default"), "200-kube-system-rolebinding"),
            (Some("default"), "200-clusterrolebinding"),
        ] {
            assert!(!own(namespace, name), "{namespace:?} {name}");
        }
    }

    #[test]
    fn an_identity_goes_by_its_uid_with_any_suffix() {
        let cleaning = cleaning();
        assert!(
            ["200", "200-1760000000", "200-1", "200-a1b2c3", "200-X"].iter().all(|user| cleaning.names_identity(user))
        );
        for other in ["2001", "1200", "200-", "200.17", "200-a_b", "200-1-2", "20", ""] {
            assert!(!cleaning.names_identity(other), "{other}");
        }
        assert!(["200", "200-1", "200.17", "200-1-2", "200-"].iter().all(|user| cleaning.names_alike(user)));
        assert!(!["2001", "20", "x200", ""].iter().any(|user| cleaning.names_alike(user)));
    }
}
