//! CleanClusterUserPermissions: takes an identity's kubeconfig and its bindings from one cluster.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::cluster::{Auditing, Cluster, Kubeconfig, PermissionScope};
use super::super::reply::Refusal;
use super::{Call, boolean};

/// What the call does to the bindings of the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CleanBehaviour {
    /// As documented: the bindings that ACK made for the identity go. The names that ACK gives are
    /// `<uid>-cluster-admin-clusterrolebinding`, `<uid>-clusterrolebinding` and `<uid>-<namespace>-rolebinding`.
    #[default]
    OwnBindings,
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
}

/// The codes of these refusals are not documented; nobody should rely on them.
pub(super) fn clean(call: &Call<'_>, id: &str, uid: &str) -> Result<Value, Refusal> {
    let force = boolean(call.parameters, "Force")?;
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
            check_last_week(cluster, uid, call.backend.clock.now())?;
        }
    }
    let behaviour = call.backend.clean_behaviour;
    let cleaning = Cleaning { cluster_id: id.to_owned(), uid: uid.to_owned(), behaviour };
    // The estate is not held here: whoever cleans may look into it.
    call.backend.hooks.clean(&cleaning).map_err(|reason| Refusal::product(500, "InternalError", reason))?;
    if let Some(cluster) = call.backend.estate().cluster_mut(id) {
        forget(cluster, uid);
    }
    Ok(json!({}))
}

fn forbidden(message: &str) -> Refusal {
    Refusal::product(403, "ErrorCleanPermissionsForbidden", message)
}

/// Without force, accesses of the last seven days stand in the way, and so does not being able to know.
fn check_last_week(cluster: &Cluster, uid: &str, now: Timestamp) -> Result<(), Refusal> {
    if cluster.auditing != Auditing::On {
        let message = "The access records of the last 7 days can not be queried.";
        return Err(Refusal::product(400, "ErrorQueryAccessRecords", message));
    }
    if cluster.recent_activity(uid, now).is_some() {
        return Err(Refusal::product(
            400,
            "ErrorAccessRecordsExist",
            "The user has accessed the cluster in the last 7 days.",
        ));
    }
    Ok(())
}

fn forget(cluster: &mut Cluster, uid: &str) {
    if let Some(kubeconfig) = cluster.kubeconfigs.get_mut(uid) {
        *kubeconfig = Kubeconfig::removed();
    }
    cluster.permissions.retain(|record| record.uid != uid || record.scope == PermissionScope::AllClusters);
}

#[cfg(test)]
mod tests {
    use super::{CleanBehaviour, Cleaning};

    #[test]
    fn only_the_names_that_ack_gives_are_its_own() {
        let cleaning = Cleaning { cluster_id: "c1".into(), uid: "200".into(), behaviour: CleanBehaviour::OwnBindings };
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
}
