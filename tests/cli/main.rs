//! The product's promises, a module a topic: whole commands in this process, in a world of their own, and all that they said.

#![expect(clippy::unwrap_used, reason = "a promise that can't be tried is broken")]

mod desk;
mod expiry;
mod output;
mod scan;
mod secrets;
mod whoami;

use std::path::Path;

/// A file that is no module is compiled by nobody, and its tests pass by not being there.
#[test]
fn every_file_here_is_a_module() {
    let modules = include_str!("main.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            stem == "main" || modules.contains(&format!("\nmod {stem};\n")),
            "{} is not part of main.rs",
            path.display()
        );
    }
}
