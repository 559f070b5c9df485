//! A credential of fifteen minutes for a cluster that no context leads to: issued only where `--temporary-credentials` says
//! so, which brings the function that issues, and kept in memory alone.

use std::path::Path;
use std::sync::Arc;

use super::super::account::Account;
use super::super::cluster_access::Route;
use crate::adapters::cloud::IssueKubeconfig;
use crate::core::cluster::cluster_id::{Claim, ClusterIdFrom, Inference};
use crate::core::identity::ack::AccountCluster;
use crate::core::ids::Region;
use crate::core::kubeconfig::{Overrides, ResolvedContext, User, parse, resolve};
use crate::error::{Error, Result};
use crate::world::World;

/// Where the issued file is from, for messages.
const SOURCE: &str = "the temporary kubeconfig";

/// Has a credential issued, and gives the way that it opens.
///
/// # Errors
/// Where it can't be written down, the cloud issues none, or what it issues is more than a credential.
pub(super) async fn route(
    world: &World,
    account: &Account<'_>,
    cluster: &AccountCluster,
    issue: IssueKubeconfig,
) -> Result<Route> {
    let failed = |cause: anyhow::Error| Error::failed(cause.context("no temporary credential"));
    let Some(cloud) = account.source().await.ready() else {
        return Err(failed(anyhow::anyhow!("the cloud can't be asked")));
    };
    let who = account.caller().await.map(|caller| caller.arn).into_iter().collect();
    let issued = issue(world, cloud, cluster, who).await.map_err(|error| error.context("no temporary credential"))?;
    let region = Region::parse(&cluster.region);
    let kubeconfig =
        parse(issued.expose().as_bytes(), Arc::from(Path::new(SOURCE))).map_err(|error| failed(error.into()))?;
    let chosen = kubeconfig.only_context().map(str::to_owned);
    let context = resolve(&kubeconfig, &Overrides { context: chosen, ..Overrides::default() })
        .map_err(|error| failed(error.into()))?;
    if !is_self_contained(&context) {
        return Err(failed(anyhow::anyhow!("what was issued names files or programs of this machine")));
    }
    let best = Some(Claim { id: cluster.id.clone(), from: ClusterIdFrom::Flag });
    // Its name is of no use: no file has it.
    let context = ResolvedContext { name: None, ..context };
    Ok(Route { context, inference: Inference { best, contradictions: Vec::new(), region } })
}

/// Whether nothing of this machine is read or run for it.
fn is_self_contained(context: &ResolvedContext) -> bool {
    let none = User::default();
    let user = context.user.as_ref().map_or(&none, |user| &user.value);
    let cluster = context.cluster.as_ref().map(|cluster| &cluster.value);
    user.exec.is_none()
        && user.auth_provider.is_none()
        && user.token_file.is_none()
        && user.client_certificate.is_none()
        && user.client_key.is_none()
        && cluster.is_none_or(|cluster| cluster.certificate_authority.is_none())
}
