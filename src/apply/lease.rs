//! The Lease of a cluster: while it is held, other machines that ask for it wait. Changes are exact without it, too; it keeps two
//! operators from taking apart and giving back the same access side by side.
//!
//! It lasts for [`DURATION`] and is renewed long before. A step begins only while it is surely held: not while the API server has just
//! refused to renew it, nor after [`SURE`] without an answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::adapters::cluster::{ApiServer, CallError, LeaseObject};
use crate::error::chain;
use crate::world::Clock;

/// How long it lasts without being renewed, as that of Kubernetes' own controllers.
const DURATION: Duration = Duration::from_secs(15);
/// How long after a renewal was sent no other machine can hold it.
const SURE: Duration = Duration::from_secs(10);
/// How often it is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// The wait before another try.
const RETRY: Duration = Duration::from_secs(1);
/// How long renewing is tried before it counts as lost.
const GIVE_UP: Duration = Duration::from_secs(30);

/// A Lease that was acquired.
pub struct Lease<'a> {
    api: &'a ApiServer,
    clock: Clock,
    holder: &'a str,
    object: Mutex<LeaseObject>,
    hold: watch::Sender<Hold>,
}

/// Whether it is held.
enum Hold {
    /// No other machine holds it before then.
    Until(Instant),
    /// The API server refused to renew it; why is not known yet.
    InDoubt,
    /// Another machine may hold it, and why.
    Lost(String),
}

/// Why a Lease can't be acquired.
pub enum NotAcquired {
    /// This holder renewed it, or took it, for as long as was waited.
    HeldBy(String),
    /// A call failed.
    Failed(CallError),
}

impl<'a> Lease<'a> {
    /// Acquires it: waits at most `patience` for another holder, and takes over from one that has stopped renewing it.
    ///
    /// # Errors
    /// Another holds it, or a call failed.
    pub async fn acquire(
        api: &'a ApiServer,
        clock: Clock,
        holder: &'a str,
        patience: Duration,
    ) -> Result<Self, NotAcquired> {
        let begun = Instant::now();
        // The version of another holder's Lease, and since when it is known: clocks of different machines are not compared.
        let mut seen: Option<(String, Instant)> = None;
        loop {
            let sent = Instant::now();
            let now = clock.time();
            let (written, other) = match api.lease().await.map_err(NotAcquired::Failed)? {
                None => (api.create_lease(holder, DURATION, now).await, "another machine".to_owned()),
                Some(there) => {
                    let version = there.version().to_owned();
                    let since = match &seen {
                        Some((known, since)) if *known == version => *since,
                        _ => sent,
                    };
                    seen = Some((version, since));
                    let other = there.holder().unwrap_or("another machine").to_owned();
                    if there.holder().is_some() && since.elapsed() < there.duration() {
                        let left = patience.saturating_sub(begun.elapsed());
                        if left.is_zero() {
                            return Err(NotAcquired::HeldBy(other));
                        }
                        sleep(RETRY.min(left)).await;
                        continue;
                    }
                    (api.update_lease(&there.taken(holder, DURATION, now)).await, other)
                }
            };
            match written {
                Ok(object) => {
                    let hold = watch::Sender::new(Hold::Until(sent + SURE));
                    return Ok(Self { api, clock, holder, object: Mutex::new(object), hold });
                }
                Err(error) if is_refused_for_its_version(&error) => {
                    if begun.elapsed() >= patience {
                        return Err(NotAcquired::HeldBy(other));
                    }
                    sleep(RETRY).await;
                }
                Err(error) => return Err(NotAcquired::Failed(error)),
            }
        }
    }

    /// Renews it for as long as it is waited for. It never ends.
    pub async fn keep(&self) {
        loop {
            sleep(RENEW_EVERY).await;
            if let Err(reason) = self.renew().await {
                self.hold.send_replace(Hold::Lost(reason));
                return std::future::pending().await;
            }
        }
    }

    /// Waits until it is known whether it is held.
    ///
    /// # Errors
    /// Why it is no longer held.
    pub async fn surely_held(&self) -> Result<(), String> {
        let mut hold = self.hold.subscribe();
        loop {
            match &*hold.borrow_and_update() {
                Hold::Until(end) if Instant::now() < *end => return Ok(()),
                Hold::Lost(reason) => return Err(reason.clone()),
                Hold::Until(_) | Hold::InDoubt => {}
            }
            // The sender lives as long as this.
            let _ = hold.changed().await;
        }
    }

    /// Leaves it to others at once, where it is still held.
    ///
    /// # Errors
    /// The call failed: others wait until it has run out.
    pub async fn release(&self) -> Result<(), CallError> {
        if matches!(*self.hold.borrow(), Hold::Lost(_)) {
            return Ok(());
        }
        let released = self.object().clone().released(self.clock.time());
        match self.api.update_lease(&released).await {
            Err(error) if !is_refused_for_its_version(&error) => Err(error),
            // Another holds it by now.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Renews it once, however many tries that takes.
    ///
    /// # Errors
    /// Why it is lost.
    async fn renew(&self) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            let sent = Instant::now();
            let renewed = self.object().clone().renewed(self.clock.time());
            let why = match timeout(SURE, self.api.update_lease(&renewed)).await {
                Ok(Ok(object)) => {
                    *self.object() = object;
                    self.hold.send_replace(Hold::Until(sent + SURE));
                    return Ok(());
                }
                Ok(Err(error)) if is_refused_for_its_version(&error) => {
                    // Before another question is sent: no step begins between the refusal and its reason.
                    self.hold.send_replace(Hold::InDoubt);
                    self.look_again().await?
                }
                Ok(Err(error)) => chain(&error),
                Err(_) => no_answer(),
            };
            if begun.elapsed() >= GIVE_UP {
                return Err(format!("the Lease can't be renewed: {why}"));
            }
            tracing::debug!(why, "the Lease is not renewed yet");
            sleep(RETRY).await;
        }
    }

    /// Reads it after it was refused: an earlier try may have been carried out without an answer. Gives why it is not renewed yet.
    ///
    /// # Errors
    /// Why it is lost.
    async fn look_again(&self) -> Result<String, String> {
        let there = match timeout(SURE, self.api.lease()).await {
            Ok(Ok(there)) => there,
            Ok(Err(error)) => return Ok(chain(&error)),
            Err(_) => return Ok(no_answer()),
        };
        match there {
            None => Err("the Lease was deleted".to_owned()),
            Some(there) => match there.holder() {
                Some(holder) if holder == self.holder => {
                    *self.object() = there;
                    Ok("it has another version than was written last".to_owned())
                }
                Some(other) => Err(format!("{} holds the Lease by now", other.escape_debug())),
                None => Err("the Lease was taken away".to_owned()),
            },
        }
    }

    fn object(&self) -> MutexGuard<'_, LeaseObject> {
        self.object.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_answer() -> String {
    format!("there was no answer within {}s", SURE.as_secs())
}

/// Another version is there by now, or none.
fn is_refused_for_its_version(error: &CallError) -> bool {
    error.status() == Some(409) || error.is_not_found()
}
