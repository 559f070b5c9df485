//! Judged by a parser of CommonMark and of GitHub's extensions: what it reads as text is what was written, and nothing else is there.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::Markdown;
use super::text::text;
use crate::output::escape::escape;
use crate::output::incident::fixtures::incident_of;

/// Names that want to be more than text.
const HOSTILE: &[&str] = &[
    "a | b | c",
    "a \\| b",
    "\\",
    "trailing \\",
    "`code`",
    "``x` | `y``",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></table><h1>x",
    "[x](https://evil.example)",
    "![x](https://evil.example/p.png)",
    "[x]: https://evil.example",
    "<https://evil.example>",
    "https://evil.example/?a=b#c",
    "www.evil.example",
    "HTTP://EVIL.EXAMPLE",
    "carl@1000.onaliyun.com",
    "a`b@evil.example`c",
    "a|b@evil.example|c",
    "@everyone",
    "#1 heading",
    "- item",
    "+ item",
    "1. item",
    "12) item",
    "> quoted",
    "    indented",
    "***",
    "---",
    "===",
    "**bold** _it_ ~~gone~~ __b__",
    "line\nbreak\r\n\n# heading",
    "&lt;b&gt; &#64; &amp;",
    "$x$ [^1] [[wiki]]",
    "admin\u{202e}toor\u{2066}",
    "\u{1b}[2J",
    ": definition",
    "| --- | --- |",
    "王 König ok",
];

/// What a parser finds in a document: its text, the cells of each row, and whatever is no text, table, list, heading or code.
#[derive(Debug, Default)]
struct Found {
    text: String,
    rows: Vec<usize>,
    strange: Vec<String>,
    headings: usize,
}

fn read(markdown: &str) -> Found {
    let options = Options::all() - Options::ENABLE_SMART_PUNCTUATION;
    let mut found = Found::default();
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Text(text) | Event::Code(text) => found.text += &text,
            Event::Start(Tag::TableHead | Tag::TableRow) => found.rows.push(0),
            Event::End(TagEnd::TableCell) => *found.rows.last_mut().unwrap() += 1,
            Event::Start(Tag::Heading { .. }) => found.headings += 1,
            Event::Start(
                Tag::Paragraph | Tag::Table(_) | Tag::TableCell | Tag::List(None) | Tag::Item | Tag::CodeBlock(_),
            )
            | Event::End(_) => found.text.push(' '),
            other => found.strange.push(format!("{other:?}")),
        }
    }
    found
}

#[test]
fn a_hostile_text_is_read_as_what_it_is() {
    for hostile in HOSTILE {
        let found = read(&format!("{}\n", text(hostile)));
        assert_eq!(found.strange, [""; 0], "{hostile:?}: {}", text(hostile));
        assert_eq!(found.text.trim(), escape(hostile).trim(), "{hostile:?}: {}", text(hostile));
        assert_eq!((found.headings, found.rows.len()), (0, 0), "{hostile:?}");
    }
}

#[test]
fn a_hostile_name_adds_no_column_no_link_and_no_html() {
    for hostile in HOSTILE {
        let mut document = Markdown::new("Title");
        let row = || vec![Some((*hostile).to_owned()), None, Some((*hostile).to_owned())];
        document.table(&["One", hostile, "Three"], [row(), row()]);
        document.items([hostile, hostile]);
        let found = read(&document.to_text());
        assert_eq!(found.strange, [""; 0], "{hostile:?}: {}", document.to_text());
        assert_eq!((found.rows.as_slice(), found.headings), (&[3, 3, 3][..], 1), "{hostile:?}: {}", document.to_text());
        assert_eq!(found.text.matches(escape(hostile).trim()).count(), 7, "{hostile:?}: {}", document.to_text());
    }
}

/// What GitHub makes a link of by itself stands in code, where it makes none: `\@` would not do.
#[test]
fn an_address_stands_in_a_code_span() {
    for (address, expected) in [
        ("carl@1000.onaliyun.com", "`carl@1000.onaliyun.com`"),
        ("by carl@corp.example, twice", "by `carl@corp.example`, twice"),
        ("see https://a.example/x", "see `https://a.example/x`"),
        ("cs:ns:dev in shop", "cs:ns:dev in shop"),
        ("2026-01-01T10:11:12Z", "2026-01-01T10:11:12Z"),
        ("--settle 0", "--settle 0"),
    ] {
        assert_eq!(text(address), expected);
    }
}

#[test]
fn a_report_holds_a_hostile_text_in_every_place_as_text() {
    let plain = read(&Markdown::of_incident(&incident_of("plain")).to_text());
    assert_eq!(plain.strange, [""; 0]);
    for hostile in HOSTILE {
        let report = Markdown::of_incident(&incident_of(hostile)).to_text();
        let found = read(&report);
        assert_eq!(found.strange, [""; 0], "{hostile:?}: {report}");
        assert_eq!((&found.rows, found.headings), (&plain.rows, plain.headings), "{hostile:?}: {report}");
        assert!(!report.chars().any(|character| character == '\u{202e}' || character == '\u{1b}'), "{report}");
    }
}
