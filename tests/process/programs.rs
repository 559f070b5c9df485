//! Other programs that tests need.

use std::io::Write as _;
use std::path::PathBuf;

/// A program on PATH; without it one line says that `test` is skipped.
pub(crate) fn program(name: &str, test: &str) -> Option<PathBuf> {
    one_of(&[name], test)
}

/// The first of these programs on PATH; without any, one line says that `test` is skipped.
#[expect(clippy::disallowed_methods, reason = "a test finds its judge by these variables")]
pub(crate) fn one_of(names: &[&str], test: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("KUBEBUILDER_ASSETS").into_iter().map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = folders.chain(std::env::split_paths(&path)).collect();
    let mut places = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let found = places.find(|path| path.is_file());
    if found.is_none() {
        skip(test, &format!("no {} in KUBEBUILDER_ASSETS or PATH", names.join(" or ")));
    }
    found
}

/// Says that a test is skipped, and fails it where nothing may be.
#[expect(clippy::disallowed_methods, reason = "a test finds out by this variable whether it may be skipped")]
pub(crate) fn skip(test: &str, why: &str) {
    let required = std::env::var_os("ACKCRED_REQUIRE_CLUSTER").is_some_and(|value| value == "1");
    assert!(!required, "process::{test}: {why}, and ACKCRED_REQUIRE_CLUSTER=1");
    // Past the test harness, which would keep the line to itself.
    let _ = writeln!(std::io::stderr(), "skipped: process::{test} ({why})");
}
