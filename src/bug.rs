//! Panics are bugs of ours. They end the run with a code of their own, and say where but never what: a panic's message
//! may hold anything.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Whether the process is this program's alone. Where it is not, as in tests, other threads run other code.
static HIDES_ALL: AtomicBool = AtomicBool::new(false);
/// The first panic of another thread.
static ELSEWHERE: Mutex<Option<String>> = Mutex::new(None);

/// A panic that was caught.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bug {
    /// Source file and line.
    pub(crate) place: String,
}

/// From now on no thread's panic shows its message.
pub(crate) fn hide_every_panic() {
    HIDES_ALL.store(true, Ordering::Relaxed);
    hook();
}

/// Runs something that should not panic.
pub(crate) fn guard<T>(run: impl FnOnce() -> T) -> Result<T, Bug> {
    hook();
    GUARDED.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(false);
    outcome.map_err(|_payload| {
        let place = PLACE.take().or_else(|| in_another_thread().map(|bug| bug.place));
        Bug { place: place.unwrap_or_else(|| "an unknown place".to_owned()) }
    })
}

/// A panic of another thread that nothing was said of yet.
pub(crate) fn in_another_thread() -> Option<Bug> {
    elsewhere().take().map(|place| Bug { place })
}

fn elsewhere() -> MutexGuard<'static, Option<String>> {
    ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hook() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if GUARDED.get() {
                PLACE.set(place(info));
            } else if HIDES_ALL.load(Ordering::Relaxed) {
                let mut first = elsewhere();
                *first = first.take().or_else(|| place(info));
            } else {
                previous(info);
            }
        }));
    });
}

fn place(info: &PanicHookInfo<'_>) -> Option<String> {
    info.location().map(|place| format!("{}:{}", place.file(), place.line()))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::error::of_task;

    #[test]
    fn a_panic_becomes_its_place_without_its_message() {
        let bug = guard(|| panic!("token is hunter2")).unwrap_err();
        assert!(bug.place.starts_with("src/bug.rs:"), "{bug:?}");
        assert!(!format!("{bug:?}").contains("hunter2"));
    }

    #[test]
    fn without_a_panic_the_value_comes_through() {
        assert_eq!(guard(|| 1), Ok(1));
    }

    #[test]
    fn a_panic_of_another_thread_or_task_shows_no_message() {
        let itself = std::env::current_exe().unwrap();
        let mut process = Command::new(itself);
        process.args(["--ignored", "--exact", "bug::tests::a_process_whose_threads_panic", "--nocapture"]);
        let output = process.output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }

    #[test]
    #[ignore = "hides every panic of its process: another test runs it in one of its own"]
    fn a_process_whose_threads_panic() {
        hide_every_panic();
        assert!(std::thread::spawn(|| panic!("token is hunter2")).join().is_err());
        assert!(in_another_thread().is_some_and(|bug| bug.place.starts_with("src/bug.rs:")));
        assert_eq!(in_another_thread(), None, "it is said once");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let task = runtime.block_on(async { tokio::task::spawn_blocking(|| panic!("token is hunter2")).await });
        assert_eq!(of_task(&task.unwrap_err()), "a bug in kubectl-ackcred ended it");
        let resumed = guard(|| {
            let thread = std::thread::spawn(|| panic!("token is hunter2"));
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        });
        assert!(resumed.is_err_and(|bug| bug.place.starts_with("src/bug.rs:")));
    }
}
