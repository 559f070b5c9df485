//! How long a revocation of three grants takes by itself: the whole command against a simulated cluster and account, without the
//! settle time. The cloud's answers cost next to nothing there.

use std::io::Write as _;
use std::time::{Duration, Instant};

use ackcred_sandbox::apiserver::ApiServerOptions;
use ackcred_sandbox::story::{LEAVER, Story};
use kubectl_ackcred::status::Status;

const ROUNDS: usize = 11;

fn main() -> anyhow::Result<()> {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| once()).collect::<anyhow::Result<_>>()?;
    times.sort();
    let shown = |time: Duration| format!("{:.0} ms", time.as_secs_f64() * 1000.0);
    writeln!(
        std::io::stdout(),
        "revoke of three grants, {ROUNDS} rounds: median {}, fastest {}, slowest {} (budget 1 s)",
        shown(times[ROUNDS / 2]),
        shown(times[0]),
        shown(times[ROUNDS - 1]),
    )?;
    Ok(())
}

fn once() -> anyhow::Result<Duration> {
    let story = Story::start(ApiServerOptions::default())?;
    let session = story.session()?;
    let leaked = story.leaked.display().to_string();
    let begun = Instant::now();
    let outcome = session.run(&["revoke", "-f", &leaked, "--yes", "--settle", "0"]);
    let time = begun.elapsed();
    anyhow::ensure!(outcome.status == Status::Done, "{} was not revoked: {outcome}", LEAVER.uid);
    Ok(time)
}
