//! Findings as code scanning takes them: SARIF 2.1.0.
//!
//! Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use serde_json::{Value, json};

/// Findings, the rules that they break, and what was not looked at.
#[derive(Clone, Debug, Default)]
pub struct Sarif {
    /// Every rule, whether or not it is broken.
    pub rules: Vec<SarifRule>,
    /// The findings.
    pub results: Vec<SarifResult>,
    /// What could not be read. A run with one of these has not been completed.
    pub unread: Vec<String>,
    /// What was not looked at without being a failure.
    pub notes: Vec<String>,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct SarifRule {
    /// Its number.
    pub id: &'static str,
    /// `error` or `warning`.
    pub level: &'static str,
    /// What it finds.
    pub finds: &'static str,
    /// Why that is worth a look.
    pub why: &'static str,
    /// What ends it.
    pub fix: &'static str,
}

/// A finding.
#[derive(Clone, Debug)]
pub struct SarifResult {
    /// The number of the rule.
    pub rule_id: &'static str,
    /// `error` or `warning`.
    pub level: &'static str,
    /// What is wrong and what to do.
    pub message: String,
    /// The object's name.
    pub name: String,
    /// The object with its cluster: what sets it apart in every run.
    pub qualified_name: String,
    /// The object's path at the API server, behind its cluster.
    pub uri: String,
    /// The commands that end it.
    pub commands: Vec<String>,
}

impl Sarif {
    /// The document.
    pub fn to_json(&self) -> Value {
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "kubectl-ackcred",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "rules": self.rules.iter().map(SarifRule::to_json).collect::<Vec<_>>(),
                }},
                "invocations": [{
                    "executionSuccessful": self.unread.is_empty(),
                    "toolExecutionNotifications": self.notifications(),
                }],
                "results": self.results.iter().map(|result| self.result(result)).collect::<Vec<_>>(),
            }],
        })
    }

    fn notifications(&self) -> Vec<Value> {
        let of_level = |level: &'static str, texts: &[String]| -> Vec<Value> {
            texts.iter().map(|text| json!({"level": level, "message": {"text": text}})).collect()
        };
        [of_level("error", &self.unread), of_level("note", &self.notes)].concat()
    }

    fn result(&self, result: &SarifResult) -> Value {
        let place = json!({
            "physicalLocation": {"artifactLocation": {"uri": result.uri}},
            "logicalLocations": [{
                "name": result.name, "fullyQualifiedName": result.qualified_name, "kind": "resource",
            }],
        });
        json!({
            "ruleId": result.rule_id,
            "ruleIndex": self.rules.iter().position(|rule| rule.id == result.rule_id),
            "level": result.level,
            "message": {"text": result.message},
            "locations": [place],
            "partialFingerprints": {"ruleAndPlace/v1": format!("{} {}", result.rule_id, result.qualified_name)},
            "properties": {"commands": result.commands},
        })
    }
}

impl SarifRule {
    fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "shortDescription": {"text": self.finds},
            "fullDescription": {"text": self.why},
            "help": {"text": self.fix},
            "defaultConfiguration": {"level": self.level},
        })
    }
}
