//! CleanClusterUserPermissions: takes an identity's kubeconfig and its bindings from one cluster.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::backend::Backend;
use super::super::cluster::{Auditing, Cluster, Kubeconfig, PermissionScope};
use super::super::reply::Refusal;
use super::{Call, boolean};

/// What the call does. Its documents leave open which bindings it takes, when, and what it sees as an access; whoever calls it
/// must end well with each of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CleanBehaviour {
    /// As documented: the bindings that ACK made for the identity go, and all records of it. The names that ACK gives are
    /// `<uid>-cluster-admin-clusterrolebinding`, `<uid>-clusterrolebinding` and `<uid>-<namespace>-rolebinding`.
    #[default]
    OwnBindings,
    /// Every binding that names the identity goes whole, under whichever suffix, whoever else is in it.
    NamedBindings,
    /// Every binding goes whole that names a user whose name begins with the UID and goes on with no digit: `<uid>.17`, too.
    ResemblingBindings,
    /// The identity's subjects are taken out of every binding, under whichever suffix; a binding left empty goes.
    Subjects,
    /// All bindings stay; the records go.
    Nothing,
    /// As [`Self::OwnBindings`], but DescribeUserPermission goes on showing what it showed.
    KeepsPermissionRecord,
    /// As [`Self::OwnBindings`], but only so long after the answer: until then nothing has changed, and if it fails then nobody
    /// hears of it.
    Later(Duration),
    /// As [`Self::OwnBindings`], but without Force it is refused as if the last seven days had accesses, whatever the activity
    /// check says.
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

    /// Whether this user name begins with the UID and goes on with no digit.
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

/// The codes of these refusals are not documented; nobody should rely on them.
pub(super) fn clean(call: &Call<'_>, id: &str, uid: &str) -> Result<Value, Refusal> {
    let force = boolean(call.parameters, "Force")?;
    let behaviour = call.backend.clean_behaviour();
    {
        let estate = call.backend.estate();
        let cluster = estate.cluster(id, call.caller, call.region)?;
        if cluster.abnormal() {
            return Err(Refusal::product(
                400,
                "ErrorClusterState",
                "The cluster's state does not allow this operation.",
            ));
        }
        if uid == estate.account_of(call.caller)?.id {
            return Err(forbidden("The permissions of the Alibaba Cloud account can not be cleaned."));
        }
        if uid == call.caller.uid() {
            return Err(forbidden("Your own permissions can not be cleaned."));
        }
        if !force {
            check_last_week(cluster, uid, behaviour, call.backend.clock.now())?;
        }
    }
    let cleaning = Cleaning { cluster_id: id.to_owned(), uid: uid.to_owned(), behaviour };
    match behaviour {
        CleanBehaviour::Later(after) => call.backend.promises.promise(after, cleaning),
        _ => carry_out(call.backend, &cleaning).map_err(|reason| Refusal::product(500, "InternalError", reason))?,
    }
    Ok(json!({}))
}

/// Cleans the cluster and then, if that went well, the cloud's records.
pub(crate) fn carry_out(backend: &Backend, cleaning: &Cleaning) -> Result<(), String> {
    // The estate is not held here: whoever cleans may look into it.
    backend.hooks.clean(cleaning)?;
    if let Some(cluster) = backend.estate().cluster_mut(&cleaning.cluster_id) {
        forget(cluster, cleaning);
    }
    Ok(())
}

fn forbidden(message: &str) -> Refusal {
    Refusal::product(403, "ErrorCleanPermissionsForbidden", message)
}

/// Without force, accesses of the last seven days stand in the way, and so does not being able to know.
fn check_last_week(cluster: &Cluster, uid: &str, behaviour: CleanBehaviour, now: Timestamp) -> Result<(), Refusal> {
    if cluster.auditing != Auditing::On {
        let message = "The access records of the last 7 days can not be queried.";
        return Err(Refusal::product(400, "ErrorQueryAccessRecords", message));
    }
    if behaviour == CleanBehaviour::RefusesRecentAccess || cluster.recent_activity(uid, now).is_some() {
        return Err(Refusal::product(
            400,
            "ErrorAccessRecordsExist",
            "The user has accessed the cluster in the last 7 days.",
        ));
    }
    Ok(())
}

fn forget(cluster: &mut Cluster, cleaning: &Cleaning) {
    let Cleaning { uid, behaviour, .. } = cleaning;
    if let Some(kubeconfig) = cluster.kubeconfigs.get_mut(uid) {
        *kubeconfig = Kubeconfig::removed();
    }
    if *behaviour != CleanBehaviour::KeepsPermissionRecord {
        cluster.permissions.retain(|record| record.uid != *uid || record.scope == PermissionScope::AllClusters);
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
