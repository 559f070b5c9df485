//! The one call that has a credential made. Reading clusters takes the function that makes it; only `apply` has one to give.

use futures_util::future::LocalBoxFuture;

use super::Cloud;
use crate::core::identity::ack::AccountCluster;
use crate::core::secret::Secret;
use crate::error::Result;
use crate::world::World;

/// Issues a kubeconfig of a cluster; the names of the cloud's caller go into the audit file.
pub type IssueKubeconfig =
    for<'a> fn(&'a World, &'a Cloud, &'a AccountCluster, Vec<String>) -> LocalBoxFuture<'a, Result<Secret<String>>>;
