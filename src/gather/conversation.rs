//! Where the asynchronous part of the program begins and ends.

use std::future::Future;

use crate::error::{Error, Result};

/// Runs a conversation with servers on this thread, to its end or to Ctrl-C. Offline commands never come here: they start no
/// runtime.
pub fn run<T>(conversation: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::failed(anyhow::Error::new(error).context("cannot start the asynchronous runtime")))?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = conversation => Ok(outcome),
            _ = tokio::signal::ctrl_c() => Err(Error::interrupted()),
        }
    });
    // A name look-up that hangs must not hold the exit.
    runtime.shutdown_background();
    outcome
}
