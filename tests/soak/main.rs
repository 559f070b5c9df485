//! Random operations, one after the other, in several clusters of one account: revocations, restores, rotations, looks, edits by
//! others; some of them killed, some with faults on the way. An oracle that knows who should have access looks after each:
//! nothing is lost that was not asked for, nothing more is removed, what is called Verified is gone, what is given back is there, and
//! what was cut off can be finished or taken back.
//!
//! A world is made anew after [`MOVES`] of them, by a seed of its own: the worlds of a run have consecutive seeds, so that the one that
//! failed is repeated alone.

#![expect(clippy::unwrap_used, reason = "a world that can't be set has failed")]
#![expect(clippy::disallowed_methods, reason = "settings of the test itself")]
#![expect(clippy::print_stdout, reason = "how a run is repeated")]

mod bindings;
mod commands;
mod edits;
mod oracle;
mod people;
mod random;
mod restoring;
mod revoking;
mod rotating;
mod soak;
mod verifying;
mod world;

use std::any::Any;
use std::collections::BTreeMap;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::controlplane::shared;
use soak::Soak;
use world::Server;

/// How many operations there are in all, and the seed of the first world. Both can be set, to go on for longer or to repeat a run.
const OPERATIONS: &str = "ACKCRED_SOAK_OPERATIONS";
const SEED: &str = "ACKCRED_SOAK_SEED";

/// How many operations there are in a world.
const MOVES: u64 = 25;
/// How many worlds of the stand-in there are at a time: much of what they do is to wait.
const WORLDS: usize = 4;
/// How many clusters a world of the stand-in has at most.
const CLUSTERS: u64 = 3;

fn setting(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// Why a world came to its end before time.
struct Failure {
    seed: u64,
    /// The number of the operation, from 1.
    number: u64,
    why: String,
    moves: Vec<String>,
}

/// What was done how often: the verb of each command with how it ended and what went wrong with it.
type Tally = BTreeMap<String, usize>;

/// Makes so many moves in the world of a seed, counts them, and gives the servers back.
fn live<C: Server>(servers: Vec<C>, seed: u64, moves: u64, tally: &Mutex<Tally>) -> Result<Vec<C>, Failure> {
    let mut soak = Soak::of(servers, seed);
    for number in 1..=moves {
        let made = catch_unwind(AssertUnwindSafe(|| soak.make_a_move())).unwrap_or_else(|panic| Err(said(&*panic)));
        if let Err(why) = made {
            return Err(Failure { seed, number, why, moves: soak.moves });
        }
    }
    let mut tally = tally.lock().unwrap();
    soak.tally.into_iter().for_each(|one| *tally.entry(one).or_default() += 1);
    Ok(soak.world.end())
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or_default())
}

impl Failure {
    fn panic(&self, test: &str) -> ! {
        let Self { seed, number, why, moves } = self;
        let lines: Vec<String> = moves.iter().map(|one| format!("  {one}")).collect();
        panic!(
            "seed {seed}, operation {number}: {why}\n\nso far:\n{}\n\nrepeat: {SEED}={seed} {OPERATIONS}={number} cargo test --test soak {test}",
            lines.join("\n")
        );
    }
}

/// The moves of each world, so that there are so many in all.
fn shares(operations: u64) -> Vec<u64> {
    (0..operations.div_ceil(MOVES)).map(|world| MOVES.min(operations - world * MOVES)).collect()
}

#[test]
fn on_the_sandbox() {
    let (operations, first, began) = (setting(OPERATIONS, 80), setting(SEED, 1), Instant::now());
    let (shares, next, failure) = (shares(operations), AtomicU64::new(0), Mutex::new(None));
    let tally = Mutex::default();
    println!("{operations} operations, {SEED}={first}");
    std::thread::scope(|scope| {
        for _ in 0..WORLDS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(moves) = shares.get(usize::try_from(number).unwrap()) else { return };
                    let seed = first + number;
                    let servers = (0..=seed % CLUSTERS).map(|_| ApiServer::start(ApiServerOptions::default()).unwrap());
                    if let Err(failed) = live(servers.collect(), seed, *moves, &tally) {
                        // The others end with the world that they are at.
                        next.fetch_add(shares.len() as u64, Ordering::Relaxed);
                        failure.lock().unwrap().get_or_insert(failed);
                    }
                }
            });
        }
    });
    println!("{operations} operations in {}s: {:#?}", began.elapsed().as_secs(), tally.lock().unwrap());
    if let Some(failure) = failure.into_inner().unwrap() {
        failure.panic("on_the_sandbox");
    }
}

#[test]
fn on_the_real_server() {
    let Some(server) = shared("tests/soak").unwrap() else { return };
    let (operations, first, began) = (setting(OPERATIONS, 20), setting(SEED, 1), Instant::now());
    println!("{operations} operations, {SEED}={first}");
    let (mut servers, tally) = (vec![server], Mutex::default());
    for (seed, moves) in (first..).zip(shares(operations)) {
        servers = live(servers, seed, moves, &tally).unwrap_or_else(|failure| failure.panic("on_the_real_server"));
    }
    println!("{operations} operations in {}s: {:#?}", began.elapsed().as_secs(), tally.lock().unwrap());
}
