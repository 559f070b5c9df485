//! Threads that API servers run on.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A thread for one API server or for many: it ends with the last clone of this. Its own runtime would cost a server five file
/// descriptors, so a process may have no more than a thousand of them for two hundred servers; on a shared one each needs only
/// its socket.
#[derive(Clone)]
pub(crate) struct Host {
    thread: Arc<Thread>,
}

struct Thread {
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Host {
    /// # Errors
    /// If the machine gives no thread or no runtime.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("sandbox-apiserver".into()).spawn(move || {
            // Nothing is ever sent: the sender is dropped.
            drop(runtime.block_on(stopped));
        })?;
        Ok(Self { thread: Arc::new(Thread { runtime: handle, stop: Some(stop), thread: Some(thread) }) })
    }

    /// The runtime on it.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.thread.runtime
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
