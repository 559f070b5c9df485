use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Columns, Template};

fn document() -> Value {
    json!({
        "kind": "List",
        "empty": [],
        "items": [
            {"uid": "101", "days": 3, "old": true, "tags": ["a", "b"], "at": {"name.of": "x", "n": 1}},
            {"uid": "102", "days": 30, "old": false, "tags": [], "note": "<&>"},
            {"days": -1, "old": true},
        ],
    })
}

fn rendered(template: &str) -> String {
    let template = Template::parse(template).unwrap_or_else(|error| panic!("{template}: {error}"));
    template.render(&document(), |text| Cow::Borrowed(text)).unwrap_or_else(|error| panic!("{error}"))
}

/// Which character is wrong.
fn wrong(template: &str) -> usize {
    match Template::parse(template) {
        Err(error) => error.at,
        Ok(template) => template.render(&document(), |text| Cow::Borrowed(text)).unwrap_err().at,
    }
}

#[test]
fn a_template_finds_what_its_paths_lead_to() {
    for (template, expected) in [
        ("plain {.kind} text", "plain List text"),
        ("{.items[*].uid}", "101 102"),
        ("{.items[0].tags}", r#"["a","b"]"#),
        ("{.items[1]['note']}", "<&>"),
        ("{.items[-1:].days}", "-1"),
        ("{.items[-1].days}", "-1"),
        ("{.items[0:2].days} {.items[::2].days}", "3 30 3 -1"),
        ("{.items[0,2]['days','old']}", "3 -1 true true"),
        (r"{.items[0].at.name\.of} {.items[0].at['name\.of']}", "x x"),
        ("{$.items[?(@.days>=3)].uid}", "101 102"),
        ("{.items[?(@.uid==\"102\")].days}{.items[?(@.old == true)].days}", "303 -1"),
        ("{.items[?(@.note)].uid}", "102"),
        ("{..days}", "3 30 -1"),
        ("{range .items[*]}{.uid}{\"\\t\"}{range .tags[*]}{@},{end}{'\\n'}{end}!", "101\ta,b,\n102\t\n\t\n!"),
        ("{range .empty[*]}{.a[0]}{end}{.none}{.items[9:9]}", ""),
        ("{.items[1]}", r#"{"days":30,"note":"\u003c\u0026\u003e","old":false,"tags":[],"uid":"102"}"#),
        ("{\"{\"}{1} {true} {1.5}", "{1 true 1.5"),
    ] {
        assert_eq!(rendered(template), expected, "{template}");
    }
}

#[test]
fn an_error_names_its_place() {
    for (template, at) in [
        ("ab{.kind", 3),
        ("{range .items[*]}{.uid}", 1),
        ("{.a}{end}", 5),
        ("{kind}", 2),
        ("{.items[x]}", 9),
        ("{.items[0}", 8),
        ("{.items[?(@.a=1)]}", 14),
        ("{.items[?(@.a==1&&@.b==2)]}", 17),
        ("{.items[?(@.a==)]}", 14),
        ("{'a\\q'}", 4),
        ("{\"a}", 2),
        ("{....a}", 4),
        ("{.items[3].uid}", 8),
        ("{.items[9223372036854775807].uid}", 8),
        ("{.kind[0]}", 7),
        ("{.items[?(@.days==\"3\")]}", 8),
    ] {
        assert_eq!(wrong(template), at, "{template}");
    }
}

#[test]
fn what_was_found_can_be_a_list_for_each_part() {
    let template = Template::parse("x{.items[*].uid}").unwrap();
    let expected = "[\n    \"x\"\n]\n[\n    \"101\",\n    \"102\"\n]\n";
    assert_eq!(template.render_as_json(&document()).unwrap(), expected);
}

#[test]
fn values_are_shown_as_asked_and_the_template_is_not() {
    let template = Template::parse("\u{1b}{.kind}").unwrap();
    assert_eq!(template.render(&document(), |text| Cow::Owned(text.to_uppercase())).unwrap(), "\u{1b}LIST");
}

fn row(spec: &str, item: usize) -> Vec<String> {
    Columns::parse(spec).unwrap().row(&document()["items"][item]).unwrap()
}

#[test]
fn a_path_of_a_column_stands_with_and_without_dot_and_braces() {
    assert_eq!(row("A:uid,B:.uid,C:{uid},D:{.uid}", 0), ["101"; 4]);
    assert_eq!(row("A:.uid,B:.tags,C:.tags[*],D:.at,E:.old", 0), ["101", "[a b]", "a,b", "map[n:1 name.of:x]", "true"]);
    assert_eq!(row("A:.uid,B:.tags[*]", 2), ["<none>", "<none>"]);
}

#[test]
fn columns_can_be_of_a_file() {
    let columns = Columns::parse_file("UID   DAYS\n{.uid} days\n").unwrap();
    assert_eq!(columns.headers().collect::<Vec<_>>(), ["UID", "DAYS"]);
    assert_eq!(columns.row(&document()["items"][0]).unwrap(), ["101", "3"]);
    assert!(Columns::parse_file("UID DAYS\n.uid\n").is_err());
    assert!(Columns::parse_file("UID").is_err());
    assert_eq!(Columns::parse_file("A B\n.a .b[x]").unwrap_err().at, 11);
}

#[test]
fn an_error_in_a_column_names_its_place_among_all() {
    for (spec, at) in
        [("UID", 1), ("A:.a,B", 6), ("A:.a,B:", 8), ("A:.b[x]", 6), ("A:{.b[x]}", 7), ("A:b[x]", 5), ("A:{b[x]}", 6)]
    {
        assert_eq!(Columns::parse(spec).unwrap_err().at, at, "{spec}");
    }
    let beyond = Columns::parse("A:.uid,B:.tags[7]").unwrap().row(&document()["items"][0]);
    assert_eq!(beyond.unwrap_err().at, 15);
}
