//! The documents point at what is there.

use std::fs;
use std::path::{Path, PathBuf};

use kubectl_ackcred::internals::grammar;

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

/// A command in a document is one that the program takes.
#[test]
fn every_command_in_the_documents_is_one_that_the_program_takes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = Vec::new();
    collect(root, &mut documents);
    let (mut checked, mut wrong) = (0, Vec::new());
    for document in documents {
        let text = fs::read_to_string(&document).expect("a document can be read");
        for command in text.lines().filter_map(|line| line.trim_start().strip_prefix("$ kubectl ackcred ")) {
            let words = std::iter::once("kubectl-ackcred".to_owned()).chain(words(command));
            if let Err(error) = grammar().try_get_matches_from(words)
                && error.use_stderr()
            {
                wrong.push(format!("{}: {command}: {error}", document.display()));
            }
            checked += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 40, "{checked}");
}

/// A shell's words, without comments and redirections, and with something in place of each word in capitals.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in command.chars().chain([' ']) {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, '#' | '>') if word.is_none() => break,
            _ => word.get_or_insert_default().push(character),
        }
    }
    let instead = |word: String| match word.as_str() {
        "UID" => "200000000000000103".to_owned(),
        "OPERATION" => "20261125-233524-551c8e".to_owned(),
        "CLUSTER" => "c5e8f0a1b2c3d4e5f60718293a4b5c6d7".to_owned(),
        _ => word,
    };
    words.into_iter().map(instead).collect()
}

#[test]
fn a_shells_words_are_found() {
    assert_eq!(words("revoke UID --reason \"a b\" > x"), ["revoke", "200000000000000103", "--reason", "a b"]);
    assert_eq!(words("scan   # all \"of it\""), ["scan"]);
    assert_eq!(words(r#"scan -o jsonpath='{.a[?(@.b=="c d")]}'"#), ["scan", "-o", r#"jsonpath={.a[?(@.b=="c d")]}"#]);
}

/// Headings, commands and links of the README, and of each translation of it.
#[test]
fn the_translations_keep_step_with_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| fs::read_to_string(root.join(file)).expect("a README");
    let original = read("README.md");
    for file in ["README.zh-CN.md", "README.ja.md"] {
        let translation = read(file);
        assert_eq!(heading_levels(&translation), heading_levels(&original), "{file}: headings");
        assert_eq!(blocks(&translation), blocks(&original), "{file}: commands and their output");
        assert_eq!(table_rows(&translation), table_rows(&original), "{file}: rows of tables");
        let own = |text: &str| {
            let mut files: Vec<String> =
                links(text).map(|link| link.split('#').next().unwrap_or_default().to_owned()).collect();
            files.retain(|link| !link.starts_with("README"));
            files.sort();
            files.dedup();
            files
        };
        assert_eq!(own(&translation), own(&original), "{file}: links");
    }
}

fn heading_levels(text: &str) -> Vec<usize> {
    outside(text)
        .filter(|line| line.starts_with('#'))
        .map(|line| line.bytes().take_while(|byte| *byte == b'#').count())
        .collect()
}

/// How many rows each table has.
fn table_rows(text: &str) -> Vec<usize> {
    let lines: Vec<&str> = outside(text).collect();
    lines.split(|line| !line.starts_with('|')).map(<[&str]>::len).filter(|rows| *rows > 0).collect()
}

/// The lines that are in no block of code.
fn outside(text: &str) -> impl Iterator<Item = &str> {
    text.split("```").step_by(2).flat_map(str::lines)
}

/// The blocks of code.
fn blocks(text: &str) -> Vec<&str> {
    text.split("```").skip(1).step_by(2).collect()
}

/// What alerts and dashboard ask for is what `-o prometheus` writes.
#[test]
fn every_metric_of_alerts_and_dashboard_is_written_by_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_ours = |word: &str| word.starts_with("ackcred_") || word.starts_with("x509_");
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|one: char| !(one.is_ascii_alphanumeric() || one == '_'));
        words.filter(|word| is_ours(word)).map(str::to_owned).collect()
    };
    let mut written = Vec::new();
    for verb in ["expiry", "scan", "status", "verify"] {
        let source =
            fs::read_to_string(root.join(format!("src/output/prometheus/{verb}.rs"))).expect("a verb's metrics");
        written.extend(words(&source));
    }
    for file in ["prometheus/alerts.yaml", "prometheus/alerts_test.yaml", "grafana/dashboard.json"] {
        let asked = words(&fs::read_to_string(root.join("deploy").join(file)).expect("a file of deploy"));
        assert!(!asked.is_empty(), "{file}");
        let unknown: Vec<&String> = asked.iter().filter(|name| !written.contains(name)).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
}
