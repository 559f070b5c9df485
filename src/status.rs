//! How a run ended, and the exit code that says so.

/// The outcome of a run. The codes are a promise to scripts and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done, or nothing to do.
    Done,
    /// Nothing that was asked for could be read or done.
    Failed,
    /// The command line is wrong.
    Usage,
    /// Something was found that `--fail-on` names.
    Findings,
    /// A part could not be read, done or verified.
    Incomplete,
    /// Refused or declined; nothing was changed.
    Refused,
    /// A bug of ours.
    Bug,
    /// Interrupted, after the step in hand.
    Interrupted,
}

impl Status {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Findings => 3,
            Self::Incomplete => 4,
            Self::Refused => 5,
            Self::Bug => 70,
            Self::Interrupted => 130,
        }
    }
}
