//! CleanClusterUserPermissions: takes an identity's kubeconfig and its bindings from one cluster.

use jiff::Timestamp;
use serde_json::json;

use super::super::backend::Backend;
use super::super::cleaning::{CleanBehaviour, Cleaning};
use super::super::cluster::{AckCluster, Auditing, KubeconfigRecord, PermissionScope};
use super::super::delayed_tasks::DelayedTask;
use super::super::reply::{CloudError, CloudResponse};
use super::call::{Call, boolean};

/// The codes of these errors are not documented, nor is the status of success; no client should rely on them.
pub(super) fn clean(call: &Call<'_>, id: &str, uid: &str) -> Result<CloudResponse, CloudError> {
    let force = boolean(call.parameters, "Force")?;
    let behaviour = call.backend.clean_behaviour();
    {
        let cloud_state = call.backend.cloud_state();
        let cluster = cloud_state.cluster(id, call.caller, call.region)?;
        if cluster.abnormal() {
            return Err(CloudError::product(
                400,
                "ErrorClusterState",
                "The cluster's state does not allow this operation.",
            ));
        }
        if uid == cloud_state.account_of(call.caller)?.id {
            return Err(forbidden("The permissions of the Alibaba Cloud account can not be cleaned."));
        }
        if uid == call.caller.uid() {
            return Err(forbidden("Your own permissions can not be cleaned."));
        }
        if cluster.kubeconfigs.get(uid).is_some_and(|kubeconfig| kubeconfig.irrevocable) {
            return Err(forbidden("The kubeconfig can not be revoked."));
        }
        if !force {
            check_last_week(cluster, uid, behaviour, call.backend.clock.now())?;
        }
    }
    let cleaning = Cleaning { cluster_id: id.to_owned(), uid: uid.to_owned(), behaviour };
    if let CleanBehaviour::Later(after) = behaviour {
        call.backend.delayed_tasks.schedule(after, DelayedTask::Clean(cleaning));
        return Ok(CloudResponse::empty(202));
    }
    carry_out(call.backend, &cleaning).map_err(|reason| CloudError::product(500, "InternalError", reason))?;
    Ok(CloudResponse::json(200, &json!({})))
}

/// Cleans the cluster and then, if that went well, the cloud's records.
pub(super) fn carry_out(backend: &Backend, cleaning: &Cleaning) -> Result<(), String> {
    // The state is not locked here: the hook may read it.
    backend.hooks.clean(cleaning)?;
    if let Some(cluster) = backend.cloud_state().cluster_mut(&cleaning.cluster_id) {
        forget(cluster, cleaning);
    }
    Ok(())
}

fn forbidden(message: &str) -> CloudError {
    CloudError::product(403, "ErrorCleanPermissionsForbidden", message)
}

/// Without force, accesses of the last seven days stand in the way, and so does not being able to know.
fn check_last_week(
    cluster: &AckCluster,
    uid: &str,
    behaviour: CleanBehaviour,
    now: Timestamp,
) -> Result<(), CloudError> {
    if cluster.auditing != Auditing::On {
        let message = "The access records of the last 7 days can not be queried.";
        return Err(CloudError::product(400, "ErrorQueryAccessRecords", message));
    }
    if behaviour == CleanBehaviour::RefusesRecentAccess || cluster.recent_activity(uid, now).is_some() {
        return Err(CloudError::product(
            400,
            "ErrorAccessRecordsExist",
            "The user has accessed the cluster in the last 7 days.",
        ));
    }
    Ok(())
}

fn forget(cluster: &mut AckCluster, cleaning: &Cleaning) {
    let Cleaning { uid, behaviour, .. } = cleaning;
    if let Some(kubeconfig) = cluster.kubeconfigs.get_mut(uid) {
        *kubeconfig = KubeconfigRecord::removed();
    }
    if *behaviour != CleanBehaviour::KeepsPermissionRecord {
        cluster.permissions.retain(|record| record.uid != *uid || record.scope == PermissionScope::AllClusters);
    }
}
