//! kubectl as the judge of `jsonpath` and `custom-columns`: the same templates on the same documents.

use std::fs;
use std::path::Path;
use std::process::Command;

use kubectl_ackcred::internals::{Columns, Template};
use serde_json::{Value, json};

use crate::binary::{home_at, server};
use crate::programs::program;

fn document() -> Value {
    json!({
        "apiVersion": "ackcred/v1", "kind": "Example", "metadata": {"name": "x"},
        "spec": {
            "empty": [],
            "items": [
                {"uid": "101", "n": 3, "old": true, "none": null, "html": "<&>\u{2028}", "tags": ["a", "b"], "at": {"b.c": 1}},
                {"uid": "102", "n": 30, "old": false, "tags": [], "text": "a \"b\" ü"},
                {"n": -1, "deep": {"n": 7, "uid": "103"}},
            ],
        },
    })
}

/// What kubectl makes of a template; `None` where it fails.
fn theirs(kubectl: &Path, file: &Path, template: &str) -> Option<String> {
    let mut command = Command::new(kubectl);
    command.args(["patch", "--local", "--type", "merge", "-p", "{}", "-f"]).arg(file);
    let output = command.arg(format!("-ojsonpath={template}")).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

fn ours(template: &str) -> Option<String> {
    Template::parse(template).ok()?.render(&document(), |text| text.into()).ok()
}

#[test]
fn kubectl_finds_the_same_by_a_template() {
    let Some(kubectl) = program("kubectl", "kubectl_finds_the_same_by_a_template") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.json");
    fs::write(&file, document().to_string()).unwrap();
    let (mut found, mut differ) = (0, Vec::new());
    for template in [
        "",
        "plain",
        ".kind",
        "{.kind}",
        "{kind}",
        "{.}",
        "{}",
        "{@.kind} {$.kind}",
        "{ .kind }",
        "{.kind .metadata}",
        "{.none}",
        "{.spec.items[*].uid}",
        "{.spec.items[*]['uid','n']}",
        "{.spec.items[0]}",
        "{.spec.items[1]}",
        "{.spec.items[-1].n}",
        "{.spec.items[-2:].n}",
        "{.spec.items[:-1].n}",
        "{.spec.items[0:2].n}",
        "{.spec.items[::2].n}",
        "{.spec.items[1:1].n}",
        "{.spec.items[2:1].n}",
        "{.spec.items[0:9].n}",
        "{.spec.items[9].n}",
        "{.spec.items[-9].n}",
        "{.spec.items[0:2:0].n}",
        "{.spec.items[0,2].n}",
        "{.spec.items[0, 2].n}",
        "{.spec.items.[0].n}",
        "{.spec.items[x]}",
        "{.spec.items[0",
        "{.spec.items[]}",
        "{.kind[0]}",
        "{.none[0]}",
        "{.spec.items[0].none}",
        "{.spec.items[0].none[0]}",
        "{.spec.items[0].none.x}",
        "{.spec.items[0].at.b\\.c}",
        "{.spec.items[0].at['b\\.c']}",
        "{.spec.items[0].at['b.c']}",
        "{.spec['items'][1]['text']}",
        "{.spec.items[?(@.n>=3)].uid}",
        "{.spec.items[?(@.n < 3)].n}",
        "{.spec.items[?(@.uid==\"102\")].n}",
        "{.spec.items[?(@.uid!='102')].n}",
        "{.spec.items[?(@.old==true)].n}",
        "{.spec.items[?(@.old>true)].n}",
        "{.spec.items[?(@.n==\"3\")].n}",
        "{.spec.items[?(@.uid)].n}",
        "{.spec.items[?(@.deep.uid)].n}",
        "{.spec.items[?(@.n=3)].n}",
        "{.spec.items[?(@.n==1&&@.n==2)].n}",
        "{.spec.items[?(@.none==1)].n}",
        "{.spec.items[?(@.tags[*]=='a')].n}",
        "{.spec[?(@.n)]}",
        "{.spec.items[?(@.text==\"a) b\")].n}",
        "{.spec.items[?(@.n>1)]['uid']}",
        "{.spec..uid}",
        "{..uid}",
        "{.spec....uid}",
        "{range .spec.items[*]}{.uid}{\"\\t\"}{.n}{'\\n'}{end}",
        "{range .spec.items[*]}{range .tags[*]}{@},{end};{end}",
        "{range .spec.empty[*]}{.x}{end}done",
        "{range .spec.items[*]}[{.uid}] {end}",
        "{range .spec.none[*]}{.x[0]}{end}",
        "{end}",
        "{range .spec.items[*]}{end}{end}",
        "{\"\\u00fc\\x41\\\"\"}",
        "{'a\\'b'}",
        "{\"\\q\"}",
        "{\"a}",
        "{1} {-2} {1.5} {true}",
        "{.spec.items[0].tags}",
        "{.spec.items[*].tags}",
        "{.spec.items[*].tags[*]}",
        "{.spec.items[0].html}",
        "}{.kind}",
        "{.kind}}",
        "{{}",
        "{.spec.items[0].uid}{.spec.items[1].uid}",
        "{.a b}",
        "{#}",
        "{.spec[\"items\"]}",
    ] {
        let theirs = theirs(&kubectl, &file, template);
        // What has no order there has one here, and is left out: `.*` of an object. kubectl prints an empty template's error.
        let ours = if template.is_empty() { None } else { ours(template) };
        if ours != theirs {
            differ.push(format!("{template}\n  ours: {ours:?}\n  kubectl's: {theirs:?}"));
        }
        found += usize::from(theirs.is_some_and(|text| !text.is_empty()));
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(found > 40, "{found}");
}

#[test]
fn kubectl_fills_the_same_columns() {
    let Some(kubectl) = program("kubectl", "kubectl_fills_the_same_columns") else { return };
    let server = server();
    let home = home_at(&server);
    let get = |format: &str| {
        let mut command = home.start(kubectl.to_str().unwrap());
        let output = command.args(["get", "clusterrolebindings", "-o", format]).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    };
    let list: Value = serde_json::from_str(&get("json").unwrap()).unwrap();
    let items = list["items"].as_array().unwrap();
    assert!(!items.is_empty());
    for spec in [
        "NAME:.metadata.name,KIND:kind,A:{.apiVersion},B:{kind}",
        "NAME:.metadata.name,ROLE:.roleRef,SUBJECTS:.subjects,NAMES:.subjects[*].name,NONE:.none,NONE2:.none[0].x",
        "NAME:.metadata.name,USERS:.subjects[?(@.kind==\"User\")].name",
        "NAME",
        "NAME:.a[x]",
        "NAME:{.metadata.name",
        "NAME:.kind[0]",
    ] {
        let theirs = get(&format!("custom-columns={spec}"));
        let rows = Columns::parse(spec).ok().and_then(|columns| {
            let headers: Vec<String> = columns.headers().map(str::to_owned).collect();
            let rows: Result<Vec<_>, _> = items.iter().map(|item| columns.row(item)).collect();
            Some(std::iter::once(headers).chain(rows.ok()?).collect::<Vec<_>>())
        });
        let split =
            |line: &str| line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
        let theirs: Option<Vec<Vec<String>>> = theirs.map(|text| text.lines().map(split).collect());
        assert_eq!(rows, theirs, "{spec}");
    }
}
