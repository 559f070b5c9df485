//! The bill of materials, as CycloneDX 1.6. Source: <https://cyclonedx.org/docs/1.6/json/>

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::dependencies::{Dependencies, Package};

/// The document. Nothing in it depends on when or where it is made, `made` aside.
pub(crate) fn document(dependencies: &Dependencies, made: Timestamp) -> anyhow::Result<String> {
    let all = || dependencies.crates.iter().chain([&dependencies.program]);
    let reference = |id: &str| all().find(|package| package.id == id).map(Package::purl);
    let needs: Vec<Value> = all()
        .map(|package| {
            let needs = dependencies.needs.get(&package.id).into_iter().flatten().filter_map(|id| reference(id));
            json!({ "ref": package.purl(), "dependsOn": needs.collect::<Vec<_>>() })
        })
        .collect();
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "timestamp": made.to_string(), "component": component(&dependencies.program, "application") },
        "components": dependencies.crates.iter().map(|package| component(package, "library")).collect::<Vec<_>>(),
        "dependencies": needs,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}

fn component(package: &Package, kind: &str) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": package.purl(),
        "name": package.name,
        "version": package.version,
        "purl": package.purl(),
    });
    if let Some(license) = package.license() {
        component["licenses"] = json!([{ "expression": license }]);
    }
    if let Some(checksum) = &package.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(repository) = &package.repository {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    component
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_crate_is_a_component_and_every_reference_leads_to_one() -> anyhow::Result<()> {
        let dependencies = Dependencies::of_program()?;
        let document: Value = serde_json::from_str(&document(&dependencies, Timestamp::UNIX_EPOCH)?)?;
        let empty = Vec::new();
        let list = |value: &Value| value.as_array().unwrap_or(&empty).clone();
        let components = list(&document["components"]);
        assert_eq!(components.len(), dependencies.crates.len());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut known: BTreeSet<String> = components.iter().map(|component| text(&component["bom-ref"])).collect();
        assert_eq!(known.len(), components.len(), "each once");
        known.insert(text(&document["metadata"]["component"]["bom-ref"]));
        for entry in list(&document["dependencies"]) {
            assert!(known.contains(&text(&entry["ref"])), "{entry}");
            assert!(list(&entry["dependsOn"]).iter().all(|needed| known.contains(&text(needed))), "{entry}");
        }
        assert!(components.iter().all(|component| component["hashes"][0]["content"].is_string()));
        Ok(())
    }
}
