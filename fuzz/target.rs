//! One reader of tests/fuzz/targets.rs under libFuzzer: the one that the binary is named after.
#![no_main]

#[path = "../tests/fuzz/targets.rs"]
mod targets;

use std::sync::LazyLock;

static READ: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let target = targets::TARGETS.iter().find(|target| target.name == env!("CARGO_BIN_NAME"));
    target.expect("each binary is a target").read
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| READ(bytes));
