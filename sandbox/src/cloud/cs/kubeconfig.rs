//! Kubeconfigs: their states by cluster and by user, and issuing one.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::caller::Caller;
use super::super::clock::written;
use super::super::cloud_state::CloudState;
use super::super::cluster::{AckCluster, CertState, KubeconfigRecord};
use super::super::issue_request::IssueRequest;
use super::super::paging::{NumberedPages, integer};
use super::super::reply::{CloudError, Product};
use super::call::{Call, boolean};

/// The documents disagree on the least page size, 1 or 10. The narrower range is used here, so that no client relies on the wider
/// one.
const CLUSTER_PAGES: NumberedPages =
    NumberedPages { number: "pageNumber", size: "pageSize", default: 10, limits: 10..=50 };

const USER_PAGES: NumberedPages =
    NumberedPages { number: "page_number", size: "page_size", default: 50, limits: 1..=100 };

pub(super) fn states_of_cluster(call: &Call<'_>, id: &str) -> Result<Value, CloudError> {
    let cloud_state = call.backend.cloud_state();
    let cluster = cloud_state.cluster(id, call.caller, call.region)?;
    if cloud_state.account_of(call.caller)?.states_need_ram {
        call.caller.demand("ram:ListUsers", Product::Cs)?;
        call.caller.demand("ram:ListRoles", Product::Cs)?;
    }
    let cloud_services = boolean(call.parameters, "cloudServiceKubeConfig")?;
    let listed = cluster.kubeconfigs.iter().filter(|(_, kubeconfig)| {
        kubeconfig.state != CertState::Removed && kubeconfig.cloud_service.is_some() == cloud_services
    });
    let states = listed.map(|(uid, kubeconfig)| state_row(uid, kubeconfig, &cloud_state, call.caller)).collect();
    let (states, page) = CLUSTER_PAGES.cut(states, call.parameters)?;
    Ok(json!({ "page": page, "states": states }))
}

/// The kubeconfig's owner: from the record, else from any account, else a deleted identity.
fn state_row(uid: &str, kubeconfig: &KubeconfigRecord, cloud_state: &CloudState, caller: &Caller) -> Value {
    let known = cloud_state.identity(uid);
    let guessed = if uid.starts_with('3') { "RamRole" } else { "RamUser" };
    let account_type = kubeconfig.account_type.or(known.as_ref().map(|known| known.account_type)).unwrap_or(guessed);
    let name = kubeconfig.name.clone().or(known.as_ref().map(|known| known.name.clone())).unwrap_or_default();
    let display = known.as_ref().map_or_else(|| name.clone(), |known| known.display_name.clone());
    let account_state = kubeconfig.account_state.or(known.as_ref().map(|known| known.state)).unwrap_or("Deleted");
    let may_be = account_type != "RootAccount" && uid != caller.uid() && kubeconfig.state != CertState::Unknown;
    let revokable = may_be && !kubeconfig.irrevocable;
    json!({
        "account_id": uid,
        "account_name": name,
        "account_display_name": display,
        "account_type": account_type,
        "account_state": account_state,
        "cert_expire_time": kubeconfig.expires.map(written).unwrap_or_default(),
        "cert_state": kubeconfig.state.word(),
        "revokable": revokable,
        "cloud_service_name": kubeconfig.cloud_service.clone().unwrap_or_default(),
        "cloud_service_roles": [],
    })
}

pub(super) fn states_of_user(call: &Call<'_>, uid: &str) -> Result<Value, CloudError> {
    let cloud_state = call.backend.cloud_state();
    let account = cloud_state.account_of(call.caller)?;
    let states = account.clusters.iter().map(|cluster| user_row(uid, cluster)).collect();
    let (states, page) = USER_PAGES.cut(states, call.parameters)?;
    Ok(json!({ "page": page, "states": states }))
}

fn user_row(uid: &str, cluster: &AckCluster) -> Value {
    let kubeconfig = cluster.kubeconfigs.get(uid);
    json!({
        "cluster_id": cluster.id,
        "cluster_name": cluster.name,
        "cluster_state": cluster.state,
        "cert_state": kubeconfig.map_or("Unissued", |kubeconfig| kubeconfig.state.word()),
        "cert_expire_time": kubeconfig.and_then(|kubeconfig| kubeconfig.expires).map(written).unwrap_or_default(),
    })
}

/// Issues a kubeconfig to the caller. A lasting one is recorded, a temporary one is not.
pub(super) fn describe(call: &Call<'_>, id: &str) -> Result<Value, CloudError> {
    let given = call.parameters.get("TemporaryDurationMinutes").is_some();
    let minutes = integer(call.parameters, "TemporaryDurationMinutes", 0, &(15..=4320))?;
    let private = boolean(call.parameters, "PrivateIpAddress")?;
    let now = call.backend.clock.now();
    let request = IssueRequest {
        cluster_id: id.to_owned(),
        uid: call.caller.uid().to_owned(),
        common_name: common_name(call, id, now)?,
        private,
        minutes: given.then(|| u32::try_from(minutes).unwrap_or(u32::MAX)),
        now,
    };
    // The state is not locked here: the hook may read it.
    let issued =
        call.backend.hooks.issue(&request).map_err(|reason| CloudError::product(500, "InternalError", reason))?;
    if request.minutes.is_none()
        && let Some(cluster) = call.backend.cloud_state().cluster_mut(id)
    {
        let own_name = cluster.kubeconfigs.get(&request.uid).and_then(|kubeconfig| kubeconfig.common_name.as_ref());
        // What is issued for an earlier name leaves the record as it is.
        if own_name.is_none_or(|name| *name == request.common_name) {
            let kubeconfig = KubeconfigRecord::effective(issued.expires).common_name(&request.common_name);
            cluster.kubeconfigs.insert(request.uid, kubeconfig);
        }
    }
    Ok(json!({ "config": issued.config, "expiration": written(issued.expires) }))
}

/// The caller's common name in a cluster where kubeconfigs can be issued.
fn common_name(call: &Call<'_>, id: &str, now: Timestamp) -> Result<String, CloudError> {
    let mut cloud_state = call.backend.cloud_state();
    let cluster = cloud_state.cluster(id, call.caller, call.region)?;
    if cluster.abnormal() {
        return Err(CloudError::product(
            400,
            "ErrorClusterState",
            "The cluster's state does not allow this operation.",
        ));
    }
    let uid = call.caller.uid();
    let kubeconfig = cloud_state.cluster_mut(id).and_then(|cluster| cluster.kubeconfigs.get_mut(uid));
    let known = kubeconfig.and_then(|kubeconfig| match &mut kubeconfig.earlier_name {
        Some((name, times)) if *times > 0 => {
            *times -= 1;
            Some(name.clone())
        }
        _ => kubeconfig.common_name.clone(),
    });
    Ok(known.unwrap_or_else(|| format!("{uid}-{}", now.as_second())))
}
