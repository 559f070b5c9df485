//! Where the asynchronous part of the program begins and ends.

use std::cell::RefCell;
use std::future::Future;
use std::io;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::error::{Error, Result};

/// Runs a conversation with servers on this thread, to its end or to Ctrl-C. Offline commands never come here: they start no
/// runtime.
pub fn run<T>(conversation: impl Future<Output = T>) -> Result<T> {
    Conversation::begin()?.hold(conversation)
}

/// A conversation in several parts, between which something else is done: a person is asked, say.
pub struct Conversation {
    runtime: Option<Runtime>,
    /// Listens from the beginning to the end, so that Ctrl-C between two parts is heard by the next one.
    ctrl_c: RefCell<CtrlC>,
}

#[cfg(unix)]
type CtrlC = tokio::signal::unix::Signal;
#[cfg(windows)]
type CtrlC = tokio::signal::windows::CtrlC;

/// Whether Ctrl-C was pressed while something had to be finished.
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
            // Nobody listens for Ctrl-C any more.
            std::future::pending().await
        }
    }
}

impl Conversation {
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
            listen()
        };
        let ctrl_c =
            listening.map_err(|error| Error::failed(anyhow::Error::new(error).context("cannot listen for Ctrl-C")))?;
        Ok(Self { runtime: Some(runtime), ctrl_c: RefCell::new(ctrl_c) })
    }

    /// One part, to its end or to Ctrl-C.
    ///
    /// # Errors
    /// Ctrl-C.
    pub fn hold<T>(&self, part: impl Future<Output = T>) -> Result<T> {
        let mut ctrl_c = self.ctrl_c.borrow_mut();
        self.runtime().block_on(async {
            tokio::select! {
                outcome = part => Ok(outcome),
                Some(()) = ctrl_c.recv() => Err(Error::interrupted()),
            }
        })
    }

    /// Waits for something that blocks, such as a person who types, to its end or to Ctrl-C.
    ///
    /// # Errors
    /// Ctrl-C.
    pub fn wait_for<T: Send + 'static>(&self, blocking: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let waited = self.hold(async { tokio::task::spawn_blocking(blocking).await })?;
        waited.map_err(|error| Error::failed(anyhow::Error::new(error)))
    }

    /// A part that ends by itself: it is told of Ctrl-C and finishes the step in hand.
    pub fn finish<T, F: Future<Output = T>>(&self, part: impl FnOnce(Interrupt) -> F) -> T {
        let (press, interrupt) = watch::channel(false);
        let mut ctrl_c = self.ctrl_c.borrow_mut();
        self.runtime().block_on(async {
            // Has the runtime look for what came since the last part, before anything is begun.
            tokio::task::yield_now().await;
            let work = part(Interrupt(interrupt));
            tokio::pin!(work);
            loop {
                tokio::select! {
                    biased;
                    Some(()) = ctrl_c.recv() => drop(press.send(true)),
                    outcome = &mut work => return outcome,
                }
            }
        })
    }

    fn runtime(&self) -> &Runtime {
        match &self.runtime {
            Some(runtime) => runtime,
            None => unreachable!("the runtime is there until the conversation is dropped"),
        }
    }
}

#[cfg(unix)]
fn listen() -> io::Result<CtrlC> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
}

#[cfg(windows)]
fn listen() -> io::Result<CtrlC> {
    tokio::signal::windows::ctrl_c()
}

impl Drop for Conversation {
    fn drop(&mut self) {
        // A name look-up that hangs, or a person who never answers, must not hold the exit.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
