//! The connections to one API server: no more than so many at a time, and none at all while nothing is asked of it for long.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many connections to an API server there may be at a time, if nothing else is said.
const MOST: usize = 16;

/// A client with its pool of connections, and the turns of those who use it.
pub(super) struct Connections {
    client: Mutex<Option<kube::Client>>,
    turns: Arc<Semaphore>,
}

impl Connections {
    pub(super) fn new(client: kube::Client) -> Self {
        Self { client: Mutex::new(Some(client)), turns: Arc::new(Semaphore::new(MOST)) }
    }

    /// The same client, for so many at a time.
    pub(super) fn bounded(&self, most: usize) -> Self {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { client: Mutex::new(client), turns: Arc::new(Semaphore::new(most)) }
    }

    /// Waits until a connection may be used. The turn is over when what is returned is dropped.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        Arc::clone(&self.turns).acquire_owned().await.ok()
    }

    /// The client; `build` makes it where it was forgotten.
    pub(super) fn client<E>(&self, build: impl FnOnce() -> Result<kube::Client, E>) -> Result<kube::Client, E> {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        match &*client {
            Some(client) => Ok(client.clone()),
            None => Ok(client.insert(build()?).clone()),
        }
    }

    /// Forgets the client. Calls under way keep it until they end.
    pub(super) fn forget(&self) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
