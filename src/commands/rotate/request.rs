//! What is asked for: on the command line, or by an operation that was cut off.

use super::super::operation;
use super::super::stop::Stop;
use crate::adapters::journal::StateFolder;
use crate::cli::RotateArgs;
use crate::core::distinct::distinct;
use crate::core::ids::ClusterId;
use crate::core::revocation::journal::OperationId;
use crate::core::revocation::rotation::{Place, Progress, RotationPlan, progress};
use crate::error::Error;
use crate::gather::history::{self, Past};
use crate::gather::rotation::Remembered;
use crate::world::World;

/// What is asked for.
pub(super) struct Request {
    /// The operation to go on with.
    pub(super) resumed: Option<Past>,
}

impl Request {
    /// What is asked for. An operation whose record can't be trusted is refused.
    pub(super) fn of(args: &RotateArgs, world: &World) -> Result<Self, Stop> {
        let resumed = args.resume.as_ref().map(|id| past(id, world)).transpose()?;
        Ok(Self { resumed })
    }

    /// The plan of the operation that is gone on with.
    pub(super) fn agreed(&self) -> Option<&RotationPlan> {
        self.resumed.as_ref()?.record.rotation()
    }

    /// The clusters of that operation, each with the context that led there; none of one whose cluster has no ID.
    pub(super) fn clusters(&self) -> Vec<(&ClusterId, Option<&String>)> {
        let targets = self.agreed().map(|agreed| agreed.plan.targets.as_slice()).unwrap_or_default();
        let clusters = targets.iter().filter_map(|target| Some((target.cluster_id.as_ref()?, target.context.as_ref())));
        distinct(clusters)
    }

    /// How far that operation came in a cluster.
    pub(super) fn progress(&self, cluster: Option<&ClusterId>) -> Progress {
        self.resumed.as_ref().map(|past| progress(&past.events, cluster)).unwrap_or_default()
    }

    /// What that operation knew of a cluster; `None` where none is gone on with.
    pub(super) fn remembered(&self, cluster: Option<&ClusterId>) -> Option<Remembered> {
        let agreed = self.agreed()?;
        // A file can be changed before the journal says so.
        let kept = match &agreed.destination(cluster)?.place {
            Place::UserEntry { path, .. } => Some(agreed.backup_of(path)),
            Place::File { .. } | Place::StandardOutput => None,
        };
        Some(Remembered { certificates: agreed.certificates_of(cluster).cloned().collect(), kept })
    }

    /// Whether the new kubeconfig is written to standard output.
    pub(super) fn is_to_standard_output(&self, args: &RotateArgs) -> bool {
        match self.agreed() {
            Some(agreed) => agreed.destinations.iter().any(|one| one.place == Place::StandardOutput),
            None => !args.in_place && args.write.is_none(),
        }
    }
}

fn past(id: &OperationId, world: &World) -> Result<Past, Stop> {
    let folder = StateFolder::of(world).map_err(Error::failed)?;
    let past = match history::load(&folder, id) {
        Ok(past) => past,
        Err(error) if error.is_missing() => return Err(operation::unknown(error).into()),
        Err(error) => {
            let hint = "rotate again by a new operation: kubectl ackcred rotate";
            return Err(error.refusal(id).hint(hint).into());
        }
    };
    if past.record.rotation().is_none() {
        let error = Error::usage(format!("{id} is no rotation"));
        return Err(error.hint(format!("kubectl ackcred history {id} shows what it is")).into());
    }
    Ok(past)
}
