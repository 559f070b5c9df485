//! One write under what an API server may answer: how often it is sent, and what is said of it.

use ackcred_sandbox::apiserver::Fault;
use serde_json::Value;

use crate::scene::text;

mod bindings;
mod static_tokens;

pub(crate) use bindings::{Change, looks_before};

/// What became of a step, and what was sent for it.
struct Ended {
    report: Value,
    step: Value,
    sent: usize,
    /// Whether the leaver stands in the binding, or the label on the Secret.
    is_there: bool,
}

impl Ended {
    /// Of the first step that is `wanted`.
    fn of(report: Value, wanted: impl Fn(&&Value) -> bool, sent: usize, is_there: bool) -> Self {
        let steps = report["steps"].as_array().unwrap_or_else(|| panic!("{report:#}"));
        let step = steps.iter().find(wanted).unwrap().clone();
        Self { report, step, sent, is_there }
    }

    /// The error is to contain `error`; where that is empty, there is to be none.
    fn is(&self, name: &str, result: &str, error: &str, sent: usize, is_there: bool) {
        let seen = (text(&self.step["result"]), self.sent, self.is_there);
        assert_eq!(seen, (result, sent, is_there), "{name}: {}", self.step);
        let said = text(&self.step["error"]);
        assert!(said.contains(error) && said.is_empty() == error.is_empty(), "{name}: {said}");
    }
}

fn answer(code: u16, reason: &str) -> Fault {
    Fault::refusal(code, reason, "no and no")
}
