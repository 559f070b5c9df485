//! The binary: connects the process to the library.

use std::process::ExitCode;

#[expect(clippy::disallowed_methods, reason = "the one place where the arguments are read")]
fn main() -> ExitCode {
    ExitCode::from(kubectl_ackcred::run_process(std::env::args_os()).code())
}
