//! What SECURITY.md promises is shown by tests that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("SECURITY.md")).expect("a file of the repository");
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.matches('|').count() == 4);
    let shown_by = rows.filter_map(|row| row.split('|').nth(3)).flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let named: BTreeSet<&str> = shown_by.collect();
    assert!(named.len() > 20, "no table was read");
    let mut tests = BTreeSet::new();
    for folder in ["src", "tests", "sandbox"] {
        collect(&root.join(folder), &mut tests);
    }
    let missing: Vec<&&str> = named.iter().filter(|name| !tests.contains(**name)).collect();
    assert!(missing.is_empty(), "SECURITY.md names tests that do not exist: {missing:?}");
}

/// The names of all tests in the files below a folder.
fn collect(folder: &Path, tests: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            collect(&path, tests);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file can be read");
            tests.extend(tests_of(&text).map(str::to_owned));
        }
    }
}

/// The functions below an attribute `test`, other attributes between them passed over.
fn tests_of(text: &str) -> impl Iterator<Item = &str> {
    let mut is_test = false;
    text.lines().filter_map(move |line| {
        let line = line.trim();
        if line.starts_with("#[") {
            is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
            return None;
        }
        let name = line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
        name.filter(|_| std::mem::take(&mut is_test))
    })
}

#[test]
fn only_tests_count_as_tests() {
    let text =
        "#[test]\n#[cfg(unix)]\nfn one() {}\nfn none() {}\n#[tokio::test(start_paused = true)]\nasync fn two() {}\n";
    assert_eq!(tests_of(text).collect::<Vec<_>>(), ["one", "two"]);
}
