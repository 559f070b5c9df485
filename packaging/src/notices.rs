//! The licence texts of everything that is linked into the program, each once.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, bail};

use crate::dependencies::{Dependencies, Package};

/// Names of files that hold a licence or a notice begin with one of these.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT", "UNLICENSE"];

/// The text of the Apache License, for crates that are under it and carry no text of their own.
const APACHE: &str = include_str!("../../LICENSE");

/// The notices.
pub(crate) fn text(dependencies: &Dependencies) -> anyhow::Result<String> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut list = String::new();
    for package in &dependencies.crates {
        let license = package.license().with_context(|| format!("{} has no licence", package.name))?;
        let source = package.repository.as_deref().unwrap_or("");
        list.push_str(&format!("{} {}  {license}  {source}\n", package.name, package.version));
        for text in texts_of(package, &license)? {
            texts.entry(text).or_default().push(format!("{} {}", package.name, package.version));
        }
    }
    let mut by_crate: Vec<(Vec<String>, String)> = texts.into_iter().map(|(text, crates)| (crates, text)).collect();
    by_crate.sort();
    let mut notices = format!("kubectl-ackcred is made with these crates:\n\n{list}");
    for (crates, text) in by_crate {
        notices.push_str(&format!("\n{}\n{}\n\n{text}\n", "-".repeat(80), crates.join(", ")));
    }
    Ok(notices)
}

fn texts_of(package: &Package, license: &str) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(package.folder())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && NAMES.iter().any(|start| name.starts_with(start)) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() && license.split([' ', '(', ')']).any(|word| word == "Apache-2.0") {
        return Ok(vec![normal(APACHE)]);
    }
    if files.is_empty() {
        bail!("{} {} is under {license} and carries no text of it", package.name, package.version);
    }
    files.iter().map(|file| Ok(normal(&String::from_utf8_lossy(&fs::read(file)?)))).collect()
}

/// The same text, whatever the ends of its lines are.
fn normal(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_is_named_with_its_licence_and_no_text_stands_twice() -> anyhow::Result<()> {
        let dependencies = Dependencies::of_program()?;
        let notices = text(&dependencies)?;
        let sections: Vec<&str> = notices.split(&"-".repeat(80)).collect();
        for package in &dependencies.crates {
            let name = format!("{} {}", package.name, package.version);
            assert!(sections[0].contains(&format!("{name}  ")), "{name} is not listed");
            let has_text = sections[1..].iter().any(|section| section.lines().nth(1).unwrap_or("").contains(&name));
            assert!(has_text, "{name} has no text");
        }
        let mut texts: Vec<&str> =
            sections[1..].iter().filter_map(|section| Some(section.split_once("\n\n")?.1)).collect();
        let count = texts.len();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), count);
        Ok(())
    }

    #[test]
    fn a_crate_without_a_text_and_not_under_the_apache_license_is_an_error() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut dependencies = Dependencies::of_program()?;
        dependencies.crates.truncate(1);
        dependencies.crates[0].manifest_path = folder.path().join("Cargo.toml");
        dependencies.crates[0].license = Some("MIT/Apache-2.0".to_owned());
        assert!(text(&dependencies)?.contains("Apache License"));
        dependencies.crates[0].license = Some("MIT".to_owned());
        assert!(text(&dependencies).is_err());
        Ok(())
    }
}
