//! One control plane for all tests of a process: it takes seconds to start.

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::Value;

use super::assets::assets_for;
use super::control_plane::{ControlPlane, ControlPlaneOptions};
use crate::binding::BindingRef;
use crate::certs::Authority;
use crate::cluster::{Cluster, ClusterError};

static PLANE: OnceLock<ControlPlane> = OnceLock::new();
static TURN: Mutex<()> = Mutex::new(());

/// The control plane that the tests of a process share, held by one of them at a time. What those before have written is
/// still there. Its processes end with the process.
pub struct SharedControlPlane {
    plane: &'static ControlPlane,
    _turn: MutexGuard<'static, ()>,
}

/// Waits for the shared control plane, a plain one, and starts it the first time. `None` is as in [`assets_for`].
///
/// # Errors
/// If it doesn't start.
///
/// # Panics
/// As [`assets_for`].
pub fn shared(suite: &str) -> Result<Option<SharedControlPlane>, ClusterError> {
    let Some(assets) = assets_for(suite) else { return Ok(None) };
    // What a failed test left in it is no worse than what any other did.
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let plane = match PLANE.get() {
        Some(plane) => plane,
        None => {
            let started = ControlPlane::start(&assets, &ControlPlaneOptions::default())?;
            PLANE.get_or_init(|| started)
        }
    };
    Ok(Some(SharedControlPlane { plane, _turn: turn }))
}

impl Deref for SharedControlPlane {
    type Target = ControlPlane;

    fn deref(&self) -> &ControlPlane {
        self.plane
    }
}

impl Cluster for SharedControlPlane {
    fn url(&self) -> String {
        self.plane.url()
    }

    fn authority(&self) -> &Authority {
        self.plane.authority()
    }

    fn compact(&self) -> Result<(), ClusterError> {
        self.plane.compact()
    }

    fn keep_subject(&self, binding: &BindingRef, subject: &Value) -> Result<(), ClusterError> {
        self.plane.keep_subject(binding, subject)
    }

    fn keep_no_subject(&self) -> Result<(), ClusterError> {
        self.plane.keep_no_subject()
    }

    fn catch_up(&self) -> Result<(), ClusterError> {
        self.plane.catch_up()
    }
}
