//! Panics are bugs of ours. They end the run with a code of their own, and say where but never what: a panic's message
//! may hold anything.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic that was caught.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bug {
    /// Source file and line.
    pub(crate) place: String,
}

/// Runs something that should not panic.
pub(crate) fn guard<T>(run: impl FnOnce() -> T) -> Result<T, Bug> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                return previous(info);
            }
            PLACE.set(info.location().map(|place| format!("{}:{}", place.file(), place.line())));
        }));
    });
    GUARDED.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(false);
    outcome.map_err(|_payload| Bug { place: PLACE.take().unwrap_or_else(|| "an unknown place".to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
