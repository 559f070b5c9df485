//! A restore by the record of a revocation: what was revoked, in which clusters, and by which ways they are reached.

use super::super::clusters::{self, Chosen, Extent};
use super::super::stop::Stop;
use super::super::{access, operation};
use super::{CLUSTERS_AT_A_TIME, by_ids};
use crate::adapters::cluster::ApiServer;
use crate::adapters::journal::StateFolder;
use crate::cli::{AccessArgs, RestoreArgs};
use crate::core::ids::ClusterId;
use crate::core::revocation::journal::{OperationId, RestoreOrigin};
use crate::core::revocation::operation::ClusterRecord;
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::error::{Error, Result};
use crate::gather::fleet::{Bounds, Choice, Cluster};
use crate::gather::history::{self, Past, PastError};
use crate::gather::restoration::{Place, Source};
use crate::output::ui::Ui;
use crate::world::World;

/// A revocation, and those of its clusters in which it is taken back.
pub(super) struct Recorded {
    past: Past,
    clusters: Vec<ClusterRecord>,
}

impl Recorded {
    /// Reads the revocation.
    ///
    /// # Errors
    /// There is none of this ID, or it revoked nothing in a cluster that is named. It is refused where its record can't be trusted, or
    /// it is a rotation.
    pub(super) fn load(folder: &StateFolder, id: &OperationId, args: &RestoreArgs, ui: &Ui) -> Result<Self, Stop> {
        let past = past(folder, id)?;
        operation::say_damaged(&past, ui);
        let clusters = clusters(&past, &args.cluster_id)?;
        Ok(Self { past, clusters })
    }

    /// Where it is known from.
    pub(super) fn origin(&self) -> RestoreOrigin {
        RestoreOrigin::Operation(self.past.id.clone())
    }

    /// The ways to the clusters: one is reached by the context that is named, else by its ID, else by the current context.
    pub(super) fn choose(&self, temporary_credentials: bool, access: &AccessArgs, world: &World) -> Result<Chosen> {
        let records = &self.clusters;
        let ids: Vec<ClusterId> = records.iter().filter_map(|record| record.id.clone()).collect();
        let extent = Extent::of(records.len() > 1);
        if extent.is_several() && ids.len() < records.len() {
            return Err(Error::failed(anyhow::anyhow!("the record names a cluster among several that has no ID")));
        }
        let bounds = Bounds::new(CLUSTERS_AT_A_TIME.min(records.len()), None, world.open_files);
        if !extent.is_several() && (access::one_context(access)?.is_some() || ids.is_empty()) {
            let choice = Choice::one(access::route(access, false, world)?);
            return Ok(Chosen { choice, extent, bounds });
        }
        if extent.is_several() && !access.context.is_empty() {
            let what = "--context is for an operation in one cluster; --cluster-id chooses among several";
            return Err(Error::usage(what));
        }
        let routes = clusters::routes_of_all(temporary_credentials, access, world)?;
        let known = records.iter().filter_map(|record| Some((record.id.as_ref()?, record.context.as_ref())));
        let routes = clusters::on_record(routes, known);
        Ok(Chosen { choice: by_ids(ids, routes, temporary_credentials)?, extent, bounds })
    }

    /// The clusters as they were read, each with its record.
    pub(super) fn places(&self, clusters: Vec<Cluster<ApiServer>>) -> Result<Vec<Place<'_>>> {
        let place = |(record, cluster): (&ClusterRecord, Cluster<ApiServer>)| {
            let (route, reading) = cluster.outcome?;
            Ok(Place { cluster: record.clone(), source: Source::Record(&self.past), route, reading })
        };
        self.clusters.iter().zip(clusters).map(place).collect()
    }
}

/// The revocation that is taken back.
fn past(folder: &StateFolder, id: &OperationId) -> Result<Past, Stop> {
    let past = match history::load(folder, id) {
        Ok(past) => past,
        Err(error) if error.is_missing() => return Err(operation::unknown(error).into()),
        Err(error) => return Err(unusable(folder, id, &error).into()),
    };
    if past.record.rotation().is_some() {
        let message = format!("{} is a rotation: a certificate that ACK revoked can't be given back", past.id);
        let hint = format!("use the new kubeconfig; if there is none yet: kubectl ackcred rotate --resume {}", past.id);
        return Err(Refusal::new(RefusalCode::NothingToRestore, message).hint(hint).into());
    }
    if past.record.revocation().is_none() {
        let error = Error::usage(format!("{} is a restore itself", past.id));
        return Err(error.hint("use kubectl ackcred revoke to revoke the access again").into());
    }
    Ok(past)
}

/// Why nothing is given back by a record that can't be trusted.
fn unusable(folder: &StateFolder, id: &OperationId, error: &PastError) -> Refusal {
    let originals = folder.operation_folder(id).join("originals");
    let hint = format!(
        "the bindings as they were are in {}: read them, and create by hand what you want to restore",
        originals.display()
    );
    error.refusal(id).hint(hint)
}

/// The clusters of the operation, or those of them that were named.
fn clusters(past: &Past, wanted: &[ClusterId]) -> Result<Vec<ClusterRecord>> {
    let all = &past.record.clusters;
    if let Some(stranger) = wanted.iter().find(|id| !all.iter().any(|cluster| cluster.id.as_ref() == Some(*id))) {
        return Err(Error::usage(format!("{} revoked nothing in cluster {stranger}", past.id)));
    }
    let is_wanted =
        |cluster: &&ClusterRecord| wanted.is_empty() || cluster.id.as_ref().is_some_and(|id| wanted.contains(id));
    let records: Vec<ClusterRecord> = all.iter().filter(is_wanted).cloned().collect();
    if records.is_empty() {
        return Err(Error::failed(anyhow::anyhow!("operation {} is about no cluster", past.id)));
    }
    Ok(records)
}
