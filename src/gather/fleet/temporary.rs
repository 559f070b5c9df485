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
use crate::core::kubeconfig::{Overrides, ResolvedContext, parse, resolve};
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
    if !context.is_self_contained() {
        return Err(failed(anyhow::anyhow!("what was issued names files or programs of this machine")));
    }
    let best = Some(Claim { id: cluster.id.clone(), from: ClusterIdFrom::Flag });
    // Its name is of no use: no file has it.
    let context = ResolvedContext { name: None, ..context };
    Ok(Route { context, inference: Inference { best, contradictions: Vec::new(), region } })
}
