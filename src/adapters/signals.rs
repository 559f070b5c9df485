//! How the system asks the program to end: Ctrl-C, SIGTERM, and SIGHUP where the terminal goes away.

use std::io;
#[cfg(unix)]
use std::{future::poll_fn, task::Poll};

/// Listens from when it is made.
pub struct EndSignals {
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
    #[cfg(windows)]
    ctrl_c: tokio::signal::windows::CtrlC,
    #[cfg(windows)]
    ctrl_break: tokio::signal::windows::CtrlBreak,
    #[cfg(windows)]
    close: tokio::signal::windows::CtrlClose,
}

#[cfg(unix)]
impl EndSignals {
    /// Begins to listen; within a runtime.
    ///
    /// # Errors
    /// Where the system doesn't let a program listen.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut signals = vec![signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
        // To listen would undo nohup.
        if !hangup_is_ignored() {
            signals.push(signal(SignalKind::hangup())?);
        }
        Ok(Self { signals })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        poll_fn(|context| {
            let came = self.signals.iter_mut().any(|signal| signal.poll_recv(context) == Poll::Ready(Some(())));
            if came { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Whether the program was started to continue when the terminal goes away, as nohup does. Only Linux tells without code
/// that Rust can't check.
/// Source: <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    // Signal 1 is the lowest bit.
    mask & 1 == 1
}

#[cfg(windows)]
impl EndSignals {
    /// Begins to listen; within a runtime.
    ///
    /// # Errors
    /// Where the system doesn't let a program listen.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
        Ok(Self { ctrl_c: ctrl_c()?, ctrl_break: ctrl_break()?, close: ctrl_close()? })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.ctrl_c.recv() => {}
            _ = self.ctrl_break.recv() => {}
            _ = self.close.recv() => {}
        }
    }
}
