//! What several runs come to, and how it is written.

use std::time::Duration;

use crate::measure::Run;

/// The figure that this part of the runs doesn't exceed.
pub(crate) fn quantile<T: Ord + Copy + Default>(runs: &[Run], part: f64, figure: impl Fn(&Run) -> T) -> T {
    let mut figures: Vec<T> = runs.iter().map(figure).collect();
    figures.sort_unstable();
    let place = (figures.len() as f64 * part) as usize;
    figures.get(place.min(figures.len().saturating_sub(1))).copied().unwrap_or_default()
}

pub(crate) fn time(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds @ ..0.1 => format!("{:.1} ms", seconds * 1e3),
        seconds @ ..1.0 => format!("{:.0} ms", seconds * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}

pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
