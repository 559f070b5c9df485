//! A kubeconfig of fifteen minutes that the cloud issues for a cluster that no context leads to: written into the audit file before
//! it is asked for, and kept in memory alone.

use futures_util::FutureExt as _;

use crate::adapters::cloud::{Cloud, IssueKubeconfig};
use crate::adapters::journal::StateFolder;
use crate::core::identity::ack::AccountCluster;
use crate::core::ids::Region;
use crate::core::revocation::consent::MayIssue;
use crate::core::revocation::journal::{Action, AuditLine, Phase};
use crate::core::secret::Secret;
use crate::error::{Error, Result};
use crate::world::World;

/// The shortest lifetime that the cloud issues, in minutes.
/// Source: <https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/developer-reference/api-cs-2015-12-15-describeclusteruserkubeconfig>
const MINUTES: u32 = 15;

/// The function that issues, for callers that may.
pub fn issuing(_: &MayIssue) -> IssueKubeconfig {
    |world, cloud, cluster, who| temporary_kubeconfig(world, cloud, cluster, who).boxed_local()
}

async fn temporary_kubeconfig(
    world: &World,
    cloud: &Cloud,
    cluster: &AccountCluster,
    who: Vec<String>,
) -> Result<Secret<String>> {
    let line = AuditLine {
        time: world.clock().time(),
        operation: None,
        action: Action::IssueTemporaryCredential,
        phase: Phase::Begun,
        who,
        reason: None,
        clusters: vec![cluster.id.to_string()],
        uids: Vec::new(),
        results: Vec::new(),
        outcome: None,
        journal: None,
    };
    let written = StateFolder::of(world).and_then(|folder| folder.append_audit(&line));
    written.map_err(|error| Error::failed(error).hint("no credential is issued without a record of it"))?;
    let region = Region::parse(&cluster.region);
    let cs = cloud.cs(cloud.region(region.as_ref()).as_ref()).map_err(Error::failed)?;
    let issued = cs.describe_cluster_user_kubeconfig(&cluster.id, cloud.is_inside_vpc(), Some(MINUTES)).await;
    issued.map(|issued| issued.config).map_err(Error::failed)
}
