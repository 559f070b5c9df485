//! The error that ends a command: what failed, why, and what to do next.

use std::fmt::Write as _;

use tokio::task::JoinError;

use crate::status::Status;

/// A command's error: a chain of causes, the exit status it leads to, and advice.
#[derive(Debug)]
pub struct Error {
    status: Status,
    cause: anyhow::Error,
    hint: Option<String>,
}

/// What commands return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Nothing that was asked for could be read or done.
    pub fn failed(cause: impl Into<anyhow::Error>) -> Self {
        Self { status: Status::Failed, cause: cause.into(), hint: None }
    }

    /// The command line asks for something that makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { status: Status::Usage, cause: anyhow::Error::msg(message.into()), hint: None }
    }

    /// The user ended the run.
    pub fn interrupted() -> Self {
        Self { status: Status::Interrupted, cause: anyhow::Error::msg("interrupted"), hint: None }
    }

    /// Says what it is about.
    #[must_use]
    pub fn context(self, what: &str) -> Self {
        Self { cause: self.cause.context(what.to_owned()), ..self }
    }

    /// Adds one next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds one next step, where there is one.
    #[must_use]
    pub fn hint_if(self, hint: Option<impl Into<String>>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// The status that the run ends with.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The advice, if there is any.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The whole chain in one line.
    pub fn message(&self) -> String {
        chain(self.cause.as_ref())
    }
}

/// Why a task gave no answer. What a panic says is never shown: it may hold anything.
pub fn of_task(error: &JoinError) -> &'static str {
    if error.is_panic() { "a bug in kubectl-ackcred ended it" } else { "it was ended" }
}

/// An error and its causes, joined by colons. A cause that its parent's text already ends with is left out: some
/// libraries repeat it.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.ends_with(&text) {
            // Writing to a String can't fail.
            let _ = write!(line, ": {text}");
        }
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_is_already_told_is_not_repeated() {
        let cause = anyhow::anyhow!("not found").context("cannot read x: not found").context("cannot load the file");
        assert_eq!(chain(cause.as_ref()), "cannot load the file: cannot read x: not found");
    }
}
