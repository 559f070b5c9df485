//! Cleanings that the cloud has accepted and carries out later.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use super::cleaning::Cleaning;

type DelayedTask = (Duration, Cleaning);

/// A queue of cleanings, each with the time until it is due.
pub(crate) struct DelayedTasks {
    sender: UnboundedSender<DelayedTask>,
    receiver: Mutex<Option<UnboundedReceiver<DelayedTask>>>,
}

impl DelayedTasks {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = unbounded_channel();
        Self { sender, receiver: Mutex::new(Some(receiver)) }
    }

    /// Adds a cleaning that is due after this time.
    pub(crate) fn schedule(&self, after: Duration, cleaning: Cleaning) {
        // A cloud that is stopping runs no more tasks.
        drop(self.sender.send((after, cleaning)));
    }

    /// Carries out each task when it is due, as long as the runtime lives that this runs on. When the runtime ends, it waits for
    /// the tasks that are running; those that are not due are dropped.
    pub(super) async fn run(&self, carry_out: impl Fn(&Cleaning) + Clone + Send + 'static) {
        let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut receiver) = receiver else { return };
        while let Some((after, cleaning)) = receiver.recv().await {
            let carry_out = carry_out.clone();
            tokio::spawn(async move {
                sleep(after).await;
                drop(tokio::task::spawn_blocking(move || carry_out(&cleaning)).await);
            });
        }
    }
}
