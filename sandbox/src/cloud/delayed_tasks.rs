//! Cleanings and rotations that the cloud has accepted and carries out later.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use super::cleaning::Cleaning;
use super::rotating::Rotation;

/// What is carried out later.
#[derive(Clone, Debug)]
pub(crate) enum DelayedTask {
    /// All of a cleaning.
    Clean(Cleaning),
    /// All of a rotation.
    Rotate(Rotation),
    /// What a rotation does in the cluster.
    Rebind(Rotation),
}

type Due = (Duration, DelayedTask);

/// A queue of tasks, each with the time until it is due.
pub(crate) struct DelayedTasks {
    sender: UnboundedSender<Due>,
    receiver: Mutex<Option<UnboundedReceiver<Due>>>,
}

impl DelayedTasks {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = unbounded_channel();
        Self { sender, receiver: Mutex::new(Some(receiver)) }
    }

    /// Adds a task that is due after this time.
    pub(crate) fn schedule(&self, after: Duration, task: DelayedTask) {
        // A cloud that is stopping runs no more tasks.
        drop(self.sender.send((after, task)));
    }

    /// Carries out each task when it is due, as long as the runtime lives that this runs on. When the runtime ends, it waits for
    /// the tasks that are running; those that are not due are dropped.
    pub(super) async fn run(&self, carry_out: impl Fn(&DelayedTask) + Clone + Send + 'static) {
        let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut receiver) = receiver else { return };
        while let Some((after, task)) = receiver.recv().await {
            let carry_out = carry_out.clone();
            tokio::spawn(async move {
                sleep(after).await;
                drop(tokio::task::spawn_blocking(move || carry_out(&task)).await);
            });
        }
    }
}
