//! The list of dependencies is that of Cargo.toml.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Crates of this workspace.
const OURS: [&str; 2] = ["ackcred-sandbox", "kubectl-ackcred"];
/// Where crates name what they take.
const MANIFESTS: [&str; 4] = ["Cargo.toml", "sandbox/Cargo.toml", "packaging/Cargo.toml", "fuzz/Cargo.toml"];

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The crates that a manifest takes, of whatever kind, by their own names.
fn named_by(manifest: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let mut is_list = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_list = line.ends_with("dependencies]") && line != "[workspace.dependencies]";
        } else if is_list && let Some((name, _)) = line.split_once(['.', ' ', '=']) {
            assert!(!line.contains("package ="), "a crate is called by its own name: {line}");
            named.insert(name.to_owned());
        }
    }
    named.retain(|name| !name.is_empty() && !name.starts_with('#') && !OURS.contains(&name.as_str()));
    named
}

/// The part of the list that is about versions which were looked at.
const LOOKED_AT: &str = "What parses bytes from outside";

/// The rows of the tables in one part of the list, without those that name the columns.
fn rows(part: &str) -> Vec<Vec<&str>> {
    let lines = part.lines().filter(|line| line.starts_with("| "));
    let rows = lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    rows.filter(|row| row[0] != "crate" && row[0] != "---").collect()
}

#[test]
fn every_crate_is_listed_with_a_reason() {
    let named: BTreeSet<String> = MANIFESTS.iter().flat_map(|file| named_by(&read(file))).collect();
    let text = read("docs/dependencies.md");
    let parts = text.split("\n## ").filter(|part| !part.starts_with(LOOKED_AT));
    let rows: Vec<_> = parts.flat_map(rows).collect();
    let listed: BTreeSet<String> = rows.iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(listed, named, "docs/dependencies.md");
    assert_eq!(rows.len(), listed.len(), "a crate is listed once");
    let incomplete: Vec<_> = rows.iter().filter(|row| row.iter().any(|cell| cell.is_empty())).collect();
    assert!(incomplete.is_empty(), "{incomplete:?}");
}

#[test]
fn what_parses_bytes_from_outside_was_looked_at_in_its_locked_version() {
    let (text, lock) = (read("docs/dependencies.md"), read("Cargo.lock"));
    let part = text.split("\n## ").find(|part| part.starts_with(LOOKED_AT)).unwrap();
    let cells = |cell: &str| cell.split(", ").map(str::to_owned).collect::<Vec<_>>();
    let mut checked = 0;
    for row in rows(part) {
        let (names, versions) = (cells(row[0]), cells(row[1]));
        for (number, name) in names.iter().enumerate() {
            // Crates of one version say it once.
            let version = versions.get(number).unwrap_or(&versions[0]);
            let package = format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
            assert!(lock.contains(&package), "{name} {version} is not in Cargo.lock: look at what has changed");
            checked += 1;
        }
    }
    assert!(checked > 15, "{checked}");
}

#[test]
fn the_workspaces_crates_are_called_by_their_own_names() {
    for file in MANIFESTS {
        assert!(!read(file).contains("package ="), "{file}");
    }
}

#[test]
fn a_manifest_is_read_as_cargo_reads_it() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\n# why\nb = \"1\"\nkubectl-ackcred = { path = \"..\" }\n\n\
                    [target.'cfg(unix)'.dependencies]\nc = { version = \"1\" }\n[workspace.dependencies]\nd = \"1\"\n[dev-dependencies]\ne = \"1\"";
    assert_eq!(named_by(manifest), ["a", "b", "c", "e"].map(str::to_owned).into());
}
