//! Where the asynchronous part of the program begins and ends.

use std::cell::RefCell;
use std::future::Future;

use tokio::sync::watch;

use crate::adapters::signals::EndSignals;
use crate::error::{Error, Result, of_task};

/// Runs a conversation with servers on this thread, to its end or until the system asks to end. Offline commands never come here: they start no
/// runtime.
pub fn run<T>(conversation: impl Future<Output = T>) -> Result<T> {
    Runtime::begin()?.cancellable(conversation)
}

/// A conversation in several parts, between which something else is done: a person is asked, say.
pub struct Runtime {
    runtime: Option<tokio::runtime::Runtime>,
    /// Listens from the beginning to the end, so that a signal between two parts reaches the next one.
    signals: RefCell<EndSignals>,
}

/// Whether the system asked to end while something had to be finished: Ctrl-C, SIGTERM or SIGHUP.
#[derive(Clone, Debug)]
pub struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Whether it was.
    pub fn is_pending(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is.
    pub async fn pressed(&self) {
        if self.0.clone().wait_for(|pressed| *pressed).await.is_err() {
            // Nothing listens any more.
            std::future::pending().await
        }
    }
}

impl Runtime {
    /// Begins one.
    ///
    /// # Errors
    /// Where the system gives no resources.
    pub fn begin() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
            Error::failed(anyhow::Error::new(error).context("cannot start the asynchronous runtime"))
        })?;
        let listening = {
            let _entered = runtime.enter();
            EndSignals::listen()
        };
        let signals =
            listening.map_err(|error| Error::failed(anyhow::Error::new(error).context("cannot listen for Ctrl-C")))?;
        Ok(Self { runtime: Some(runtime), signals: RefCell::new(signals) })
    }

    /// One part, to its end or until the system asks to end.
    ///
    /// # Errors
    /// Ctrl-C, SIGTERM or SIGHUP.
    pub fn cancellable<T>(&self, part: impl Future<Output = T>) -> Result<T> {
        let mut signals = self.signals.borrow_mut();
        self.runtime().block_on(async {
            tokio::select! {
                outcome = part => Ok(outcome),
                () = signals.next() => Err(Error::interrupted()),
            }
        })
    }

    /// Waits for something that blocks, such as a person who types, to its end or until the system asks to end.
    ///
    /// # Errors
    /// Ctrl-C, SIGTERM or SIGHUP.
    pub fn block_on<T: Send + 'static>(&self, blocking: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let waited = self.cancellable(async { tokio::task::spawn_blocking(blocking).await })?;
        waited.map_err(|error| Error::failed(anyhow::Error::msg(of_task(&error)).context("cannot wait for an answer")))
    }

    /// A part that ends by itself: it learns of the signal and finishes the step in hand.
    /// `say` is called at the first one, so that the person at the terminal knows that it was seen.
    pub fn to_completion<T, F: Future<Output = T>>(&self, say: impl Fn(), part: impl FnOnce(Interrupt) -> F) -> T {
        let (press, interrupt) = watch::channel(false);
        let mut signals = self.signals.borrow_mut();
        self.runtime().block_on(async {
            // Has the runtime look for what came since the last part, before anything is begun.
            tokio::task::yield_now().await;
            let work = part(Interrupt(interrupt));
            tokio::pin!(work);
            loop {
                tokio::select! {
                    biased;
                    () = signals.next() => {
                        if !press.send_replace(true) {
                            say();
                        }
                    }
                    outcome = &mut work => return outcome,
                }
            }
        })
    }

    fn runtime(&self) -> &tokio::runtime::Runtime {
        match &self.runtime {
            Some(runtime) => runtime,
            None => unreachable!("the runtime is there until the conversation is dropped"),
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // A name look-up that hangs, or a person who never answers, must not hold the exit.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
