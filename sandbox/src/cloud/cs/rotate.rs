//! RevokeK8sClusterKubeConfig: revokes the caller's own kubeconfig and makes a new one.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::backend::Backend;
use super::super::cluster::KubeconfigRecord;
use super::super::delayed_tasks::DelayedTask;
use super::super::reply::CloudError;
use super::super::rotating::{RotateBehaviour, Rotation};
use super::call::Call;

/// The lifetime of the new certificate.
const LIFETIME: SignedDuration = SignedDuration::from_hours(3 * 365 * 24);

/// The code for a caller without a kubeconfig is not documented; no client should rely on it.
pub(super) fn revoke(call: &Call<'_>, id: &str) -> Result<Value, CloudError> {
    let behaviour = call.backend.rotate_behaviour();
    let rotation = {
        let cloud_state = call.backend.cloud_state();
        let cluster = cloud_state.cluster(id, call.caller, call.region)?;
        if cluster.abnormal() {
            let message = "The cluster's state does not allow this operation.";
            return Err(CloudError::product(400, "ErrorClusterState", message));
        }
        let Some(kubeconfig) = cluster.kubeconfigs.get(call.caller.uid()) else {
            let message = "No kubeconfig of the caller was found in this cluster.";
            return Err(CloudError::product(404, "ErrorKubeconfigNotFound", message));
        };
        let uid = call.caller.uid().to_owned();
        let old_name = kubeconfig.common_name.as_deref();
        let new_name = match (behaviour, old_name) {
            (RotateBehaviour::KeepsName, Some(old_name)) => old_name.to_owned(),
            _ => new_name(&uid, old_name, call.backend.clock.now()),
        };
        Rotation { cluster_id: id.to_owned(), uid, new_name, behaviour }
    };
    match behaviour {
        RotateBehaviour::Later(after) => call.backend.delayed_tasks.schedule(after, DelayedTask::Rotate(rotation)),
        RotateBehaviour::RebindsLater(after) => {
            renew(call.backend, &rotation);
            call.backend.delayed_tasks.schedule(after, DelayedTask::Rebind(rotation));
        }
        _ => carry_out(call.backend, &rotation).map_err(|reason| CloudError::product(500, "InternalError", reason))?,
    }
    Ok(json!({}))
}

/// Changes the cluster and then, if that went well, the cloud's records.
pub(super) fn carry_out(backend: &Backend, rotation: &Rotation) -> Result<(), String> {
    if !matches!(rotation.behaviour, RotateBehaviour::NeverRebinds | RotateBehaviour::KeepsName) {
        // The state is not locked here: the hook may read it.
        backend.hooks.rotate(rotation)?;
    }
    renew(backend, rotation);
    Ok(())
}

fn renew(backend: &Backend, rotation: &Rotation) {
    let now = backend.clock.now();
    let mut cloud_state = backend.cloud_state();
    let Some(cluster) = cloud_state.cluster_mut(&rotation.cluster_id) else { return };
    let Some(kubeconfig) = cluster.kubeconfigs.get_mut(&rotation.uid) else { return };
    let old_name = kubeconfig.common_name.take();
    let renewed = KubeconfigRecord::effective(now.saturating_add(LIFETIME).unwrap_or(now));
    *kubeconfig = KubeconfigRecord {
        earlier_name: match rotation.behaviour {
            RotateBehaviour::IssuesOldName(times) => old_name.map(|name| (name, times)),
            _ => None,
        },
        ..renewed.common_name(&rotation.new_name)
    };
}

/// The suffix is documented as a random string; in every sample it is the time of issue, in seconds.
fn new_name(uid: &str, old_name: Option<&str>, now: Timestamp) -> String {
    let name = |seconds: i64| format!("{uid}-{seconds}");
    let at_once = name(now.as_second());
    if Some(at_once.as_str()) == old_name { name(now.as_second() + 1) } else { at_once }
}
