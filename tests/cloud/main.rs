//! Whole commands against the simulated account: who these numbers are, with evidence, and what is said when a voice fails.
//!
//! Every command here runs at `-vvv`, and none may show a secret that the cloud knows.

#![expect(clippy::unwrap_used, reason = "a scene that can't be set has failed")]

mod credentials;
mod permissions;
mod scan;
mod scene;
mod status;
mod voices;
mod whoami;

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_file_here_is_compiled() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cloud");
    let main = std::fs::read_to_string(folder.join("main.rs")).unwrap();
    let modules: BTreeSet<&str> =
        main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect();
    for entry in std::fs::read_dir(folder).unwrap() {
        let stem = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(stem == "main" || modules.contains(stem.as_str()), "tests/cloud/{stem}.rs is no module");
    }
}
