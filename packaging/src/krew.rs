//! The krew manifest: `plugins.yaml` with the checksums of archives.
//! Source: <https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/>

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};

/// The manifest of this version, its checksums all zero.
const TEMPLATE: &str = include_str!("../../plugins.yaml");

/// Begins the part of each platform.
const PLATFORM: &str = "    - selector:\n";

/// SHA-256 of archives by their file names.
#[derive(Debug)]
pub(crate) struct Checksums(BTreeMap<String, String>);

impl Checksums {
    /// Reads what `sha256sum` wrote.
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let entry = |line: &str| {
            let (sum, name) = line.split_once("  ")?;
            (sum.len() == 64).then(|| (name.to_owned(), sum.to_owned()))
        };
        let entries = text.lines().map(|line| entry(line).with_context(|| format!("no line of sha256sum: {line}")));
        Ok(Self(entries.collect::<anyhow::Result<_>>()?))
    }
}

/// The manifest, with the platforms whose archives have a checksum.
///
/// # Errors
/// An archive has none, unless the manifest may be partial; or no archive has one.
pub(crate) fn manifest(checksums: &Checksums, partial: bool, from: Option<&str>) -> anyhow::Result<String> {
    let (head, platforms) = TEMPLATE.split_once(PLATFORM).context("plugins.yaml has no platform")?;
    let mut manifest = head.to_owned();
    let mut count = 0;
    for platform in platforms.split(PLATFORM) {
        let uri = value(platform, "uri")?;
        let (folder, archive) = uri.rsplit_once('/').context("an address without a file")?;
        let Some(sum) = checksums.0.get(archive) else {
            if partial {
                continue;
            }
            bail!("{archive} has no checksum");
        };
        let platform = platform.replace(value(platform, "sha256")?.trim_matches('"'), sum);
        manifest.push_str(PLATFORM);
        manifest.push_str(&platform.replace(folder, from.unwrap_or(folder)));
        count += 1;
    }
    if count == 0 {
        bail!("no archive of the manifest has a checksum");
    }
    Ok(manifest)
}

/// The manifest as krew-release-bot takes it: it downloads each archive of a release, and puts its checksum in.
/// Source: <https://github.com/rajatjindal/krew-release-bot>
#[cfg(test)]
fn bot_template() -> anyhow::Result<String> {
    let tag = format!("v{}", env!("CARGO_PKG_VERSION"));
    let mut template = String::from("# Made from plugins.yaml: ACKCRED_UPDATE=1 cargo test -p ackcred-packaging\n");
    let mut lines = TEMPLATE.lines().skip_while(|line| line.starts_with('#'));
    while let Some(line) = lines.next() {
        let Some(uri) = line.trim_start().strip_prefix("uri: ") else {
            template.push_str(&line.replace(&tag, "{{ .TagName }}"));
            template.push('\n');
            continue;
        };
        let next = lines.next().unwrap_or_default();
        anyhow::ensure!(next.trim_start().starts_with("sha256: "), "an address without a checksum below it");
        let uri = uri.replace(&tag, "{{ .TagName }}");
        template.push_str(&format!("      {{{{addURIAndSha \"{uri}\" .TagName | indent 6 }}}}\n"));
    }
    Ok(template)
}

/// What stands behind `key:` in a platform's part.
fn value<'t>(platform: &'t str, key: &str) -> anyhow::Result<&'t str> {
    let found = platform.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "));
    found.with_context(|| format!("a platform without {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(names: &[&str]) -> Checksums {
        let lines: Vec<String> = names.iter().map(|name| format!("{}  {name}", "ab".repeat(32))).collect();
        Checksums::parse(&lines.join("\n")).expect("lines of sha256sum")
    }

    fn archives() -> Vec<&'static str> {
        let uris = TEMPLATE.lines().filter_map(|line| line.trim().strip_prefix("uri: "));
        uris.filter_map(|uri| uri.rsplit('/').next()).collect()
    }

    #[test]
    fn every_platform_gets_the_checksum_of_its_archive() -> anyhow::Result<()> {
        let manifest = manifest(&sums(&archives()), false, None)?;
        assert_eq!(manifest.matches(&"ab".repeat(32)).count(), archives().len());
        assert!(!manifest.contains(&"0".repeat(64)));
        assert_eq!(manifest.replace(&"ab".repeat(32), &"0".repeat(64)), TEMPLATE);
        Ok(())
    }

    #[test]
    fn a_missing_archive_is_an_error_or_left_out() -> anyhow::Result<()> {
        let some = sums(&archives()[..1]);
        assert!(manifest(&some, false, None).is_err());
        let partial = manifest(&some, true, Some("http://127.0.0.1:1"))?;
        assert_eq!(partial.matches("selector:").count(), 1);
        assert!(partial.contains(&format!("uri: http://127.0.0.1:1/{}\n", archives()[0])), "{partial}");
        assert!(manifest(&sums(&[]), true, None).is_err());
        Ok(())
    }

    #[test]
    fn the_manifest_is_of_this_version() {
        let version = format!("v{}", env!("CARGO_PKG_VERSION"));
        assert!(TEMPLATE.contains(&format!("  version: {version}\n")));
        for archive in archives() {
            assert!(archive.starts_with(&format!("kubectl-ackcred-{version}-")), "{archive}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    fn the_template_of_the_bot_is_made_from_the_manifest() -> anyhow::Result<()> {
        let made = bot_template()?;
        assert_eq!(made.matches("{{addURIAndSha \"https://").count(), archives().len());
        assert!(!made.contains(env!("CARGO_PKG_VERSION")) && !made.contains("sha256"), "{made}");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.krew.yaml");
        if std::env::var_os("ACKCRED_UPDATE").is_some() {
            std::fs::write(&file, &made)?;
        }
        assert!(
            std::fs::read_to_string(&file)? == made,
            ".krew.yaml is stale: ACKCRED_UPDATE=1 cargo test writes it anew"
        );
        Ok(())
    }

    #[test]
    fn cargo_binstall_downloads_the_archives_of_the_manifest() -> anyhow::Result<()> {
        let cargo: toml::Table = toml::from_str(include_str!("../../Cargo.toml"))?;
        let package = &cargo["package"];
        let repository = cargo["workspace"]["package"]["repository"].as_str().unwrap_or_default();
        let overrides = package["metadata"]["binstall"]["overrides"].as_table().context("no overrides")?;
        let fill = |url: &str| url.replace("{ repo }", repository).replace("{ version }", env!("CARGO_PKG_VERSION"));
        let downloaded: std::collections::BTreeSet<String> =
            overrides.values().filter_map(|target| Some(fill(target["pkg-url"].as_str()?))).collect();
        let uris = TEMPLATE.lines().filter_map(|line| line.trim().strip_prefix("uri: ")).map(str::to_owned);
        assert_eq!(downloaded, uris.collect());
        for (target, settings) in overrides {
            let format = settings.get("pkg-fmt").and_then(toml::Value::as_str).unwrap_or("tgz");
            assert_eq!(format == "zip", target.contains("windows"), "{target}");
        }
        Ok(())
    }

    #[test]
    fn something_else_than_checksums_is_an_error() {
        assert!(Checksums::parse("abc  kubectl-ackcred.tar.gz").is_err());
    }
}
