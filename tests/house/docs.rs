//! The documents point at what is there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::architecture::source::Source;

#[test]
fn every_link_to_a_file_leads_to_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = Vec::new();
    collect(root, &mut documents);
    let mut broken = Vec::new();
    for document in documents {
        let text = fs::read_to_string(&document).expect("a document can be read");
        for target in links(&text) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !document.with_file_name(file).exists() {
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn collect(folder: &Path, documents: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "target" && name != ".git" {
            collect(&path, documents);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            documents.push(path);
        }
    }
}

/// The targets of Markdown links that are no addresses.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("](").filter_map(|(at, _)| {
        let target = text[at + 2..].split(')').next()?;
        (!target.contains("://") && !target.starts_with('#')).then_some(target)
    })
}

/// Both ways: what the program reads is on the page, and what is on the page is read.
#[test]
fn the_page_of_environment_variables_lists_what_the_program_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| fs::read_to_string(root.join(file)).expect("a file of the repository");
    let source = Source::read("core/variables.rs", &read("src/core/variables.rs"));
    // `world` reads it: it uses no other module.
    let mut program: Vec<String> = source.texts.into_iter().chain(["HOME".to_owned()]).collect();
    let page = read("docs/environment.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    let mut documented: Vec<String> =
        first.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect();
    program.sort();
    documented.sort();
    assert_eq!(documented, program);
}
