//! The crates that are linked into the program on any platform, as cargo resolved them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// The program's package.
pub(crate) const PROGRAM: &str = "kubectl-ackcred";

/// The program and what is linked into it.
#[derive(Debug)]
pub(crate) struct Dependencies {
    /// The program itself.
    pub(crate) program: Package,
    /// Everything else, by name and version.
    pub(crate) crates: Vec<Package>,
    /// What each package needs, by the packages' IDs.
    pub(crate) needs: BTreeMap<String, BTreeSet<String>>,
}

/// A package as `cargo metadata` shows it.
/// Source: <https://doc.rust-lang.org/cargo/commands/cargo-metadata.html>
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Package {
    /// Its ID within one answer.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// An SPDX expression; older crates write `/` for `OR`.
    pub(crate) license: Option<String>,
    /// Where its source is kept.
    pub(crate) repository: Option<String>,
    /// The path of its `Cargo.toml`.
    pub(crate) manifest_path: PathBuf,
    /// SHA-256 of its `.crate` file, from `Cargo.lock`; the workspace's own have none.
    #[serde(skip)]
    pub(crate) checksum: Option<String>,
}

impl Package {
    /// The licence as an SPDX expression.
    pub(crate) fn license(&self) -> Option<String> {
        self.license.as_ref().map(|license| license.replace('/', " OR "))
    }

    /// The folder that holds its source.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new(""))
    }

    /// Its package URL. Source: <https://github.com/package-url/purl-spec>
    pub(crate) fn purl(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// `dev`, `build`, or nothing for what is linked.
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

impl Dependencies {
    /// Asks cargo.
    pub(crate) fn of_program() -> anyhow::Result<Self> {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
        let output = Command::new("cargo")
            .args(["metadata", "--format-version", "1", "--locked", "--manifest-path", manifest])
            .output()
            .context("can't run cargo")?;
        ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
        let lock = std::fs::read_to_string(metadata.workspace_root.join("Cargo.lock"))?;
        Self::linked(metadata, &toml::from_str(&lock)?)
    }

    /// Follows what is linked, from the program on.
    fn linked(metadata: Metadata, lock: &Lock) -> anyhow::Result<Self> {
        let checksums: BTreeMap<_, _> =
            lock.package.iter().map(|locked| ((&*locked.name, &*locked.version), &locked.checksum)).collect();
        let mut packages: BTreeMap<String, Package> = BTreeMap::new();
        for mut package in metadata.packages {
            let checksum = checksums.get(&(&*package.name, &*package.version));
            package.checksum = checksum.and_then(|checksum| (*checksum).clone());
            packages.insert(package.id.clone(), package);
        }
        let nodes: BTreeMap<_, _> = metadata.resolve.nodes.iter().map(|node| (&*node.id, &node.deps)).collect();
        let program =
            packages.values().find(|package| package.name == PROGRAM).context("the program is missing")?.clone();
        let mut needs = BTreeMap::new();
        let mut open = vec![program.id.clone()];
        while let Some(id) = open.pop() {
            if needs.contains_key(&id) {
                continue;
            }
            let linked = nodes.get(&*id).into_iter().flat_map(|deps| deps.iter());
            let linked = linked.filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            let linked: BTreeSet<String> = linked.map(|dep| dep.pkg.clone()).collect();
            open.extend(linked.iter().cloned());
            needs.insert(id, linked);
        }
        let mut crates: Vec<Package> = packages
            .into_values()
            .filter(|package| package.id != program.id && needs.contains_key(&package.id))
            .collect();
        crates.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
        Ok(Self { program, crates, needs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_built_or_tested_with_is_not_linked() -> anyhow::Result<()> {
        let found = Dependencies::of_program()?;
        let names: Vec<&str> = found.crates.iter().map(|package| &*package.name).collect();
        for linked in ["kube-client", "rustls", "windows-sys", "x509-parser"] {
            assert!(names.contains(&linked), "{linked} is missing");
        }
        for other in ["ackcred-sandbox", "criterion", "insta", "clap_mangen", PROGRAM] {
            assert!(!names.contains(&other), "{other} is no part of the program");
        }
        assert!(found.crates.iter().all(|package| package.checksum.as_ref().is_some_and(|sum| sum.len() == 64)));
        Ok(())
    }
}
