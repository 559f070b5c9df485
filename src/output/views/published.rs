//! What is published as `ackcred/v1` stays: a later version only adds to it.
//!
//! `tests/fixtures/v1/` holds of each kind a whole document, `<kind>.json`, and what its schema promises, `<kind>.schema.txt`. Both are
//! held against what is made of the same values today. `ACKCRED_UPDATE=1 cargo test --lib` adds to them what is new, and the schemas
//! in `docs/schemas/`; nothing takes away from them.

mod expiry;
mod history;
mod lint;
mod only_adds;
mod persistence;
mod recheck;
mod revocation;
mod rights;
mod rotation;
mod scan;
mod status;
mod suggestion;
mod trace;
mod whoami;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::slice;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{CallerView, CloudView, Version};
use crate::cli::{Format, RequestedFormat};
use crate::core::fixtures::at;
use crate::core::identity::{Caller, IdentityType};
use crate::core::ids::Uid;
use crate::output::report::{self, Report, Style};
use only_adds::{Json, Promises, lost_keys, lost_promises, promises};

/// A line for each kind of document.
#[test]
fn later_versions_only_add_to_what_is_published() {
    stays(&[expiry::example()]);
    stays(&[history::example(), history::example_of_a_rotation()]);
    stays(&[persistence::example()]);
    stays(&revocation::restores());
    stays(&revocation::plans());
    stays(&[revocation::report()]);
    stays(&[recheck::example()]);
    stays(&[rotation::plan()]);
    stays(&[rotation::report()]);
    rights::with_rights(|report| stays(slice::from_ref(report)));
    rights::with_who_can(|reports| stays(reports));
    lint::with_example(|report| stays(slice::from_ref(report)));
    scan::with_example(|report| stays(slice::from_ref(report)));
    stays(&[status::example()]);
    stays(&[trace::example()]);
    suggestion::with_example(|report| stays(slice::from_ref(report)));
    let release = ("0123456789abcdef0123456789abcdef01234567", at("2026-01-01T10:11:12Z"));
    stays(&[Version::of("0.1.0", "linux/amd64", Some(release))]);
    stays(&[whoami::example(), whoami::example_of_a_failure()]);
}

/// What the command line lets a verb be asked for, its result has.
#[test]
fn a_verb_has_the_formats_that_it_may_be_asked_for() {
    let check = |verb: &str, has: [bool; 4]| {
        let may = |format| RequestedFormat::Known(format).refusal(verb).is_none();
        let formats = [Format::Prometheus, Format::Html, Format::Markdown, Format::Sarif];
        assert_eq!(formats.map(may), has, "{verb}");
    };
    check("expiry", offers(&expiry::example()));
    check("history", offers(&history::example()));
    scan::with_example(|report| check("scan", offers(report)));
    check("status", offers(&status::example()));
    check("trace", offers(&trace::example()));
    rights::with_rights(|report| check("rights", offers(report)));
    rights::with_who_can(|reports| check("who-can", offers(&reports[0])));
    check("revoke", offers(&revocation::report()));
    check("verify", offers(&recheck::example()));
    check("whoami", offers(&whoami::example()));
    lint::with_example(|report| check("lint", offers(report)));
}

/// Whether it has metrics, a page, a document in Markdown, and findings for code scanning.
fn offers(report: &impl Report) -> [bool; 4] {
    [report.metrics().is_some(), report.page().is_some(), report.markdown().is_some(), report.sarif().is_some()]
}

/// Names that YAML would read as something else are quoted: a UID is no number.
#[test]
fn objects_are_printed_one_behind_the_other() {
    suggestion::with_example(|report| {
        let text = printed(report, Format::Yaml);
        let (comment, objects) = text.split_once("---\n").unwrap();
        assert!(comment.lines().count() == 2 && comment.lines().all(|line| line.starts_with("# ")), "{comment}");
        let read = |object: &str| serde_saphyr::from_str::<Value>(object).unwrap();
        let objects: Vec<Value> = objects.split("---\n").map(read).collect();
        assert_eq!(objects, report.objects);
    });
}

#[test]
fn a_page_has_the_evidence_who_shares_what_and_what_was_not_read() {
    scan::with_example(|report| {
        let page = report.page().unwrap().to_text();
        for said in [
            "<strong>1</strong> <span>deleted identity still has access</span>",
            "<h3>RoleBinding/shop/team</h3>",
            "<li>ServiceAccount/ci/robot</li>",
            "<dt>Evidence</dt><dd>confirmed: ACK</dd>",
            "Deleted, Reappeared",
            "<li>prod c0000000000000000000000000000beef: cannot reach https://192.0.2.1:6443</li>",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
    });
}

#[test]
fn a_page_of_rights_is_a_matrix_under_what_can_be_become() {
    rights::with_rights(|report| {
        let page = report.page().unwrap().to_text();
        for said in [
            "<h2 id=\"paths\">What it can become</h2>",
            "data-label=\"Resource\" class=\"plain\"><span>",
            "data-label=\"create\" class=\"plain mark\"><span>\u{2713}</span>",
            "data-label=\"delete\" class=\"plain mark\"><span class=\"none\">none</span>",
            "<h2 id=\"inert\">Rules without an effect</h2>",
            "<h2 id=\"reviews\">Asked of the API server</h2>",
            "cannot list roles",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
    });
    rights::with_who_can(|reports| {
        let page = reports[0].page().unwrap().to_text();
        for said in [
            "<li>get pods/web --subresource=log in namespace shop</li>",
            "data-label=\"State\" class=\"danger short\"><span>Deleted</span>",
            "<h2 id=\"reach\">Who could become one of them</h2>",
            "<dt>Only if</dt><dd>a pod of that ServiceAccount runs there</dd>",
            "cannot list roles",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
    });
}

/// Of a cluster that was not read there is no count: absent is not 0.
#[test]
fn metrics_of_an_unread_cluster_say_only_that_it_was_not_read() {
    scan::with_example(|report| {
        let text = report.metrics().unwrap().to_text();
        let unread: Vec<&str> = text.lines().filter(|line| line.contains("0000beef")).collect();
        let expected =
            "ackcred_scan_cluster_read{cluster_id=\"c0000000000000000000000000000beef\",context=\"prod-admin\"} 0";
        assert_eq!(unread, [expected]);
        assert!(
            text.contains("ackcred_scan_reappeared_grants{") && text.ends_with("ackcred_scan_incomplete 1\n"),
            "{text}"
        );
    });
}

/// Holds documents of one kind against what was published of them. In one of them at least, every key has a value.
fn stays<D: Report + JsonSchema>(documents: &[D]) {
    let mut with_a_value = BTreeSet::new();
    let kind = kind_of(&documents[0]);
    let (schema, promised) = schema_stays::<D>(&kind);
    for (number, document) in (1..).zip(documents) {
        let json = printed(document, Format::Json);
        let ordered = Json::read(&json);
        assert_eq!(ordered.keys().take(2).collect::<Vec<_>>(), ["apiVersion", "kind"], "{kind}");
        if document.manifests().is_none() {
            let yaml = serde_saphyr::from_str::<Json>(&printed(document, Format::Yaml)).unwrap();
            let differences = [lost_keys(&ordered, &yaml), lost_keys(&yaml, &ordered)].concat();
            assert!(differences.is_empty(), "{kind} as YAML is another document:\n{}", differences.join("\n"));
        }
        let validator = jsonschema::validator_for(&schema).unwrap();
        let value = serde_json::from_str(&json).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "the example of {kind} breaks its schema:\n{}", errors.join("\n"));
        with_a_value.append(&mut ordered.paths_with_a_value());
        let file = if number == 1 { format!("{kind}.json") } else { format!("{kind}-{number}.json") };
        only_adds(&file, &json, |before, now| lost_keys(&Json::read(before), &Json::read(now)));
    }
    let optional: Vec<String> = promised.keys().difference(&promised.required()).cloned().collect();
    assert!(optional.is_empty(), "keys that can be absent from {kind}: {optional:?}");
    let without_a_value: Vec<String> = promised.keys().difference(&with_a_value).cloned().collect();
    assert!(without_a_value.is_empty(), "no example of {kind} has a value for {without_a_value:?}");
}

fn kind_of(document: &impl Report) -> String {
    serde_json::to_value(document).unwrap()["kind"].as_str().unwrap().to_owned()
}

/// Who asks the cloud in every example, and one call that fails.
fn cloud() -> CloudView {
    let caller = Caller {
        kind: IdentityType::RamUser,
        uid: Uid::parse("200000000000000101"),
        account_id: Uid::parse("1000000000000001").unwrap(),
        arn: "acs:ram::1000000000000001:user/ann".to_owned(),
    };
    CloudView {
        caller: Some(CallerView::of(&caller)),
        source: Some("the environment".to_owned()),
        error: Some("ims:ListUsersInRecycleBin: NoPermission".to_owned()),
    }
}

fn printed(document: &impl Report, format: Format) -> String {
    let mut text = Vec::new();
    let style = Style { format, headers: true, colored: false, is_for_terminal: false, columns: None };
    report::write(document, &style, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// The schema of a kind of document and what it promises, which must be kept.
fn schema_stays<D: JsonSchema>(kind: &str) -> (Value, Promises) {
    let schema = schema_is_published::<D>(kind);
    let promised = promises(&schema);
    only_adds(&format!("{kind}.schema.txt"), &promised.to_string(), lost_promises);
    (schema, promised)
}

/// The schema of a kind of document, which must be the one that is published.
fn schema_is_published<D: JsonSchema>(kind: &str) -> Value {
    let schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<D>();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let path = root().join(format!("docs/schemas/{kind}.json"));
    if is_update() {
        std::fs::write(&path, &text).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(published == text, "{} is stale: ACKCRED_UPDATE=1 cargo test --lib writes it anew", path.display());
    serde_json::from_str(&text).unwrap()
}

/// Holds what is made today against what was published, by a rule that says what is lost.
fn only_adds(file: &str, now: &str, lost: impl Fn(&str, &str) -> Vec<String>) {
    let path = root().join("tests/fixtures/v1").join(file);
    let published = std::fs::read_to_string(&path).ok();
    let lost = published.as_deref().map(|before| lost(before, now)).unwrap_or_default();
    assert!(lost.is_empty(), "{} was published, and is no longer kept to:\n{}", path.display(), lost.join("\n"));
    if is_update() {
        std::fs::write(&path, now).unwrap();
    } else {
        assert!(published.is_some(), "{} is missing: ACKCRED_UPDATE=1 cargo test --lib writes it", path.display());
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own switch")]
fn is_update() -> bool {
    std::env::var_os("ACKCRED_UPDATE").is_some()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
