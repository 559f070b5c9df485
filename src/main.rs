//! The binary: connects the real world to the library.

use std::process::ExitCode;

use kubectl_ackcred::world::World;

#[expect(clippy::disallowed_methods, reason = "the one place where the arguments are read")]
fn main() -> ExitCode {
    ExitCode::from(kubectl_ackcred::run(std::env::args_os(), &World::real()).code())
}
