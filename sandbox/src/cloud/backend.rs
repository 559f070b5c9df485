//! What all endpoints share: the state, the clock, the faults, the request log, and the hooks into clusters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cleaning::{CleanBehaviour, Cleaning};
use super::clock::Clock;
use super::cloud_state::CloudState;
use super::delayed_tasks::DelayedTasks;
use super::faults::CloudFault;
use super::issue_request::{IssueRequest, IssuedKubeconfig};
use super::rotating::{RotateBehaviour, Rotation};

/// A request as the log keeps it. Secrets are not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The operation, or method and path if there is none.
    pub action: String,
    /// The region of the endpoint, `None` for a central one.
    pub region: Option<String>,
    /// Parameters of path, query and form, by the names that the API gives them.
    pub parameters: BTreeMap<String, String>,
    /// The UID of the caller, once its signature was accepted.
    pub caller: Option<String>,
    /// The HTTP status answered; `None` where the connection was broken or left hanging.
    pub status: Option<u16>,
    /// The request's ID.
    pub request_id: String,
}

type Clean = dyn Fn(&Cleaning) -> Result<(), String> + Send + Sync;
type Rotate = dyn Fn(&Rotation) -> Result<(), String> + Send + Sync;
type Issue = dyn Fn(&IssueRequest) -> Result<IssuedKubeconfig, String> + Send + Sync;

/// What the cloud does in clusters.
#[derive(Clone)]
pub(crate) struct ClusterHooks {
    pub(crate) clean: Arc<Clean>,
    pub(crate) rotate: Arc<Rotate>,
    pub(crate) issue: Arc<Issue>,
}

impl ClusterHooks {
    pub(crate) fn clean(&self, cleaning: &Cleaning) -> Result<(), String> {
        (self.clean)(cleaning)
    }

    pub(crate) fn rotate(&self, rotation: &Rotation) -> Result<(), String> {
        (self.rotate)(rotation)
    }

    pub(crate) fn issue(&self, request: &IssueRequest) -> Result<IssuedKubeconfig, String> {
        (self.issue)(request)
    }
}

impl Default for ClusterHooks {
    /// Clusters without an API server: nothing to clean there, nothing to issue.
    fn default() -> Self {
        Self {
            clean: Arc::new(|_| Ok(())),
            rotate: Arc::new(|_| Ok(())),
            issue: Arc::new(|_| Err("no issuer of kubeconfigs is set up".to_owned())),
        }
    }
}

/// What all endpoints share.
pub(crate) struct Backend {
    cloud_state: Mutex<CloudState>,
    pub(crate) clock: Clock,
    faults: Mutex<Vec<CloudFault>>,
    is_impostor: AtomicBool,
    log: Mutex<Vec<LoggedRequest>>,
    proofs: Mutex<BTreeSet<String>>,
    pub(crate) hooks: ClusterHooks,
    clean_behaviour: Mutex<CleanBehaviour>,
    rotate_behaviour: Mutex<RotateBehaviour>,
    pub(crate) delayed_tasks: DelayedTasks,
}

impl Backend {
    pub(crate) fn new(
        cloud_state: CloudState,
        clock: Clock,
        hooks: ClusterHooks,
        clean_behaviour: CleanBehaviour,
    ) -> Self {
        Self {
            cloud_state: Mutex::new(cloud_state),
            clock,
            faults: Mutex::default(),
            is_impostor: AtomicBool::new(false),
            log: Mutex::default(),
            proofs: Mutex::default(),
            hooks,
            clean_behaviour: Mutex::new(clean_behaviour),
            rotate_behaviour: Mutex::default(),
            delayed_tasks: DelayedTasks::new(),
        }
    }

    pub(crate) fn cloud_state(&self) -> MutexGuard<'_, CloudState> {
        held(&self.cloud_state)
    }

    /// From now on each new connection leads to a server of another CA.
    pub(crate) fn lead_to_impostor(&self) {
        self.is_impostor.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_impostor(&self) -> bool {
        self.is_impostor.load(Ordering::Relaxed)
    }

    pub(crate) fn clear_faults(&self) {
        self.faults().clear();
        self.is_impostor.store(false, Ordering::Relaxed);
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Vec<CloudFault>> {
        held(&self.faults)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Vec<LoggedRequest>> {
        held(&self.log)
    }

    pub(crate) fn clean_behaviour(&self) -> CleanBehaviour {
        *held(&self.clean_behaviour)
    }

    pub(crate) fn set_clean_behaviour(&self, behaviour: CleanBehaviour) {
        *held(&self.clean_behaviour) = behaviour;
    }

    pub(crate) fn rotate_behaviour(&self) -> RotateBehaviour {
        *held(&self.rotate_behaviour)
    }

    pub(crate) fn set_rotate_behaviour(&self, behaviour: RotateBehaviour) {
        *held(&self.rotate_behaviour) = behaviour;
    }

    /// Signatures and tokens that requests brought with them.
    pub(crate) fn proofs(&self) -> MutexGuard<'_, BTreeSet<String>> {
        held(&self.proofs)
    }
}

/// A test that panicked while it changed something doesn't take the cloud down for the others.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
