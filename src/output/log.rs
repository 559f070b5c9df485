//! `-v`: what the program does, step by step, on standard error.

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

use super::ui::lock;
use crate::world::Streams;

/// Starts to log for as long as the guard lives; level 0 logs nothing. Only this program's own events are shown: the
/// libraries' may hold whole bodies.
pub fn start(verbosity: u8, streams: &Streams) -> Option<DefaultGuard> {
    let level = match verbosity {
        0 => return None,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let streams = streams.clone();
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(move || Stderr(streams.clone()))
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_filter(Targets::new().with_target(env!("CARGO_CRATE_NAME"), level));
    Some(tracing::subscriber::set_default(tracing_subscriber::registry().with(layer)))
}

struct Stderr(Streams);

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0.stderr).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        lock(&self.0.stderr).flush()
    }
}
