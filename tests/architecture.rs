//! The rules of ARCHITECTURE.md that a machine can check.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// Which modules of the crate each module may use; `lib.rs` and `main.rs` connect them all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("core", &["core"]),
    ("status", &[]),
    ("world", &[]),
    ("bug", &[]),
    ("error", &["status"]),
    ("cli", &["core"]),
    ("adapters", &["adapters", "core", "error", "world"]),
    ("gather", &["gather", "adapters", "core", "error", "world"]),
    ("apply", &["apply", "adapters", "core", "error", "world"]),
    ("output", &["output", "core", "cli", "error", "world"]),
    ("commands", &["commands", "gather", "apply", "adapters", "output", "core", "cli", "error", "status", "world"]),
];

/// What the pure core must not reach for.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "std::process",
    "tokio",
    "kube::",
    "hyper",
    "reqwest",
    "now()",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "manager", "service"];

#[test]
fn data_goes_one_way() {
    let mut wrong = Vec::new();
    for (file, module, code) in modules() {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else { continue };
        for used in used_modules(&code) {
            if !allowed.contains(&used.as_str()) {
                wrong.push(format!("{} uses crate::{used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_its_place_in_the_order() {
    for (file, module, _) in modules() {
        assert!(
            matches!(module.as_str(), "lib" | "main") || MAY_USE.iter().any(|(name, _)| *name == module),
            "{} is in no layer",
            file.display()
        );
    }
}

#[test]
fn the_core_is_pure() {
    for (file, module, code) in modules() {
        if module == "core" {
            for word in IMPURE {
                assert!(!code.contains(word), "{} mentions {word}", file.display());
            }
        }
    }
}

#[test]
fn only_adapters_touch_files() {
    for (file, module, code) in modules() {
        assert!(module == "adapters" || !code.contains("std::fs"), "{} mentions std::fs", file.display());
    }
}

#[test]
fn only_output_writes() {
    for (file, module, code) in modules() {
        if !matches!(module.as_str(), "output" | "world" | "lib") {
            for word in ["streams.stdout.", "streams.stderr.", "io::stdout", "io::stderr"] {
                // A credential plugin's own messages go through as they are.
                let allowed = file.ends_with("adapters/child.rs") && word == "streams.stderr.";
                assert!(allowed || !code.contains(word), "{} mentions {word}", file.display());
            }
        }
    }
}

#[test]
fn only_apply_changes_anything() {
    for (file, module, code) in modules() {
        for word in [".change_binding(", ".clean_cluster_user_permissions("] {
            let is_test = file.ends_with("adapters/cloud/tests.rs");
            assert!(module == "apply" || is_test || !code.contains(word), "{} mentions {word}", file.display());
        }
    }
}

#[test]
fn consent_is_minted_in_one_place() {
    for (file, _, code) in modules() {
        let mints = code.contains("Consent::typed(") || code.contains("Consent::by_flag(");
        assert!(!mints || file.ends_with("commands/consent.rs"), "{} mints consent", file.display());
    }
}

#[test]
fn files_are_named_for_what_they_hold() {
    for (file, _, _) in modules() {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!EMPTY_NAMES.contains(&name.as_str()), "{}", file.display());
    }
}

/// A file that is no module is compiled by nobody, and its tests pass by not being there.
#[test]
fn every_file_of_a_test_suite_is_a_module() {
    let mut suites = 0;
    for suite in fs::read_dir(root().join("tests")).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(main) = fs::read_to_string(suite.join("main.rs")) else { continue };
        suites += 1;
        let is_module = |stem: &str| stem == "main" || main.lines().any(|line| line == format!("mod {stem};"));
        let entries = fs::read_dir(&suite).unwrap().map(|entry| entry.unwrap().path());
        for file in entries.filter(|entry| entry.is_file()) {
            let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
            // Hidden files are what tools leave for a while.
            assert!(stem.starts_with('.') || is_module(&stem), "{} is no module", file.display());
        }
    }
    assert!(suites >= 6, "{suites}");
}

#[test]
fn main_only_connects() {
    let main = fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(main.lines().count() <= 40);
}

#[test]
fn the_text_names_every_room() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for folder in ["src", "src/core", "src/adapters", "src/gather", "src/apply", "src/commands", "src/output"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let stem = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
            if stem != "mod" {
                let told = [format!("`{stem}`"), format!("{stem}.rs"), format!("{stem}/"), format!("\n{stem} ")];
                assert!(
                    told.iter().any(|name| text.contains(name)),
                    "ARCHITECTURE.md does not mention {folder}/{stem}"
                );
            }
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file with its top-level module and its code: without tests and without comments.
fn modules() -> Vec<(PathBuf, String, String)> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    files
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(root().join("src")).unwrap().to_path_buf();
            let first = relative.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let code = text
                .split("#[cfg(test)]\nmod ")
                .next()
                .unwrap()
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect::<Vec<_>>()
                .join("\n");
            (relative, first.trim_end_matches(".rs").to_owned(), code)
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The modules that `crate::…` paths name, grouped imports included.
fn used_modules(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            let mut word = String::new();
            for character in group.chars() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    _ if depth == 0 && start && (character.is_alphanumeric() || character == '_') => {
                        word.push(character)
                    }
                    _ if depth == 0 && !word.is_empty() => {
                        used.push(std::mem::take(&mut word));
                        start = false;
                    }
                    _ => {}
                }
            }
            if !word.is_empty() {
                used.push(word);
            }
        } else {
            let word: String =
                rest.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect();
            used.push(word);
        }
    }
    used.retain(|module| module.chars().next().is_some_and(char::is_lowercase));
    used.sort();
    used.dedup();
    used
}
