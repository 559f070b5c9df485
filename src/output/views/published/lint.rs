use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::json;

use super::rights::{kinds, roles, scan};
use super::scan::cluster;
use crate::core::credential::static_token::{LastUse, StaticToken, StaticTokenKind};
use crate::core::fixtures::at;
use crate::core::lint::{Allowed, Kubectl, Lifetimes, LintedCluster, Rule, lint};
use crate::core::rbac::reach::Discovered;
use crate::core::rbac::{RoleFacts, Roles};
use crate::output::report::Report as _;
use crate::output::views::{
    AcceptedView, ApiVersion, Kind, LintFindingView, LintLevelWord, LintReport, NotCheckedView,
};

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";

/// Roles by which the token of a ServiceAccount leads to full rights, and a Role that does not exist.
fn roles_that_lead_up() -> Roles {
    let mut roles = roles();
    let all = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
    let rules = serde_json::from_value(all).unwrap();
    roles.insert_cluster_role("read".to_owned(), RoleFacts { uid: String::new(), rules });
    roles
}

/// Findings of both levels, with a path and a command; names that are accepted, and a rule that is skipped.
pub(super) fn with_example(look: impl FnOnce(&LintReport<'_>)) {
    let (scan, roles, kinds) = (scan(), roles_that_lead_up(), kinds());
    let tokens = [StaticToken {
        kind: StaticTokenKind::ServiceAccount,
        namespace: "shop".to_owned(),
        name: "robot".to_owned(),
        keys: 3,
        created: None,
        last_use: LastUse::Recent,
        is_ended: false,
    }];
    let kubectl = Kubectl { flags: vec!["--context".to_owned(), "prod-admin".to_owned()], is_out_of_reach: false };
    let linted = LintedCluster {
        scan: &scan,
        roles: &roles,
        kinds: &kinds,
        discovered: Discovered { minor_version: Some(36) },
        static_tokens: &tokens,
        cloud_was_asked: true,
        kubectl: &kubectl,
    };
    let allowed = Allowed::new(&["200000000000000104".to_owned()]);
    let lifetimes = Lifetimes { now: at("2026-01-01T00:00:00Z"), longest: Some(SignedDuration::from_hours(24)) };
    let result = lint(&linted, lifetimes, &allowed, &[Rule::DefaultAccount]);
    let mut findings: Vec<LintFindingView<'_>> =
        result.findings.iter().map(|finding| LintFindingView::of(&scan, finding)).collect();
    // Exact paths depend on nothing, and no step takes a path yet; the keys are there for others.
    let path = findings.iter_mut().find_map(|finding| finding.path.as_mut()).unwrap();
    path.depends_on.push("a pod of that ServiceAccount runs there".to_owned());
    path.steps[0].attributes[0].path = Some("/metrics".to_owned());
    (path.target.namespace, path.target.name) = (Some("shop".to_owned()), Some("root".to_owned()));
    look(&LintReport {
        api_version: ApiVersion::V1,
        kind: Kind::LintReport,
        time: at("2026-01-01T00:00:00Z"),
        clusters: vec![cluster(CLUSTER, Some("cannot list roles"))],
        findings,
        summary: BTreeMap::from([(LintLevelWord::Error, 2), (LintLevelWord::Warning, 3)]),
        accepted: allowed.allowances().iter().map(AcceptedView::from).collect(),
        not_checked: result.not_checked.into_iter().map(|one| NotCheckedView::of(&scan, one)).collect(),
        cloud: Some(super::cloud()),
        incomplete: true,
        are_several: true,
    });
}

/// The schema is OASIS's own: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/cos02/schemas/sarif-schema-2.1.0.json>.
#[test]
fn findings_for_code_scanning_keep_to_the_schema_of_sarif() {
    let text = include_str!("../../../../tests/fixtures/sarif-2.1.0.schema.json");
    let mut schema: serde_json::Value = serde_json::from_str(text).unwrap();
    // The one pattern that is no regular expression, for a key that is not written here.
    for of in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][of]["properties"]["language"];
        assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    with_example(|report| {
        let sarif = report.sarif().unwrap().to_json();
        let errors: Vec<String> = validator.iter_errors(&sarif).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        let run = &sarif["runs"][0];
        let (rules, results) = (&run["tool"]["driver"]["rules"], run["results"].as_array().unwrap());
        assert_eq!((rules.as_array().unwrap().len(), results.len()), (12, report.findings.len()));
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.starts_with(CLUSTER) && !uri.contains(' '), "{uri}");
        }
        let invocation = &run["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false, "something was not read");
        let said = invocation["toolExecutionNotifications"].to_string();
        for text in ["cannot list roles", "L06 not checked: --skip", "--allow 200000000000000104 accepted"] {
            assert!(said.contains(text), "{text}: {said}");
        }
        let mut wrong = sarif.clone();
        wrong["runs"][0]["results"][0]["level"] = "fatal".into();
        assert!(!validator.is_valid(&wrong), "the schema is in force");
    });
}
