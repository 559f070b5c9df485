//! What the cloud has answered and not yet done: cleanings whose time is still to come.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

use super::backend::Backend;
use super::cs::{Cleaning, carry_out};

type Promise = (Duration, Cleaning);

/// Takes promises, until the cloud that keeps them is gone.
pub(crate) struct Promises {
    made: UnboundedSender<Promise>,
    kept: Mutex<Option<UnboundedReceiver<Promise>>>,
}

impl Promises {
    pub(crate) fn new() -> Self {
        let (made, kept) = unbounded_channel();
        Self { made, kept: Mutex::new(Some(kept)) }
    }

    pub(crate) fn promise(&self, after: Duration, cleaning: Cleaning) {
        // A cloud that is going keeps no promises.
        drop(self.made.send((after, cleaning)));
    }
}

/// Keeps the promises, each in its time, as long as the runtime lives that this runs on. What is running when the runtime ends
/// is waited for; what is still to come is not done.
pub(super) async fn keep(backend: Arc<Backend>) {
    let kept = backend.promises.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut kept) = kept else { return };
    while let Some((after, cleaning)) = kept.recv().await {
        let backend = Arc::clone(&backend);
        tokio::spawn(async move {
            sleep(after).await;
            // Nobody waits for the answer any more; a failure leaves the records as they are, for everybody to see.
            drop(tokio::task::spawn_blocking(move || carry_out(&backend, &cleaning)).await);
        });
    }
}
