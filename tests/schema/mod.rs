//! The published schemas as judges of what commands print.

use serde_json::Value;

/// The document must keep to the schema of its kind.
pub(crate) fn assert_keeps_to_its_schema(document: &Value) {
    let kind = document["kind"].as_str().unwrap();
    let file = format!("{}/docs/schemas/{kind}.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{kind} breaks its schema:\n{}\n{document:#}", errors.join("\n"));
}
