use super::{DataCell, DataRow, DataTable, Page, SCRIPT, STYLE, bars, known};
use crate::output::html::Body;
use crate::output::incident::fixtures::incident_of;
use crate::output::table::Tone;

const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&\u{202e}\u{1b}[2J\nx";

fn page(text: &str) -> Page {
    let mut page = Page::new("Title", "kubectl ackcred scan", vec![text.to_owned()]);
    page.unread.push(text.to_owned());
    page.decide(2, Tone::Danger, ["one", "several"], text, "rows");
    let cells = vec![DataCell::new(text), DataCell::maybe(None::<String>)];
    let rows = vec![DataRow { cells, more: known([("Evidence", Some(text.to_owned()))]) }];
    let table = DataTable { headers: vec!["A", "B"], rows, nothing: "None.", more: "Evidence" };
    page.section("rows", "Rows", "Rows.", Body::Rows(table));
    page
}

#[test]
fn a_hostile_name_is_text_wherever_it_stands() {
    let text = page(HOSTILE).to_text();
    assert!(!text.contains("<img"), "{text}");
    assert!(!text.contains(['\u{202e}', '\u{1b}']), "what steers is written out");
    assert_eq!(
        text.matches("&#60;img src=x onerror=alert(1)&#62;&#34;&#39;&#38;\\u{202e}\\u{1b}[2J\\u{a}x").count(),
        5
    );
}

/// The policy is by hash: nothing but this style and this script is applied or run.
#[test]
fn the_policy_allows_nothing_from_elsewhere() {
    let text = page("x").to_text();
    assert!(text.contains("content=\"default-src &#39;none&#39;; style-src &#39;sha256-"), "{text}");
    for wanted in [STYLE, SCRIPT] {
        assert!(text.contains(wanted), "what the hash is of stands there as it is");
    }
    for foreign in ["http:", "https:", "//", "style=", "onclick=", "@import", "url("] {
        assert!(!text.contains(foreign), "{foreign}");
    }
}

#[test]
fn bars_are_as_long_as_their_counts() {
    let bars = bars([("Deleted", Tone::Danger), ("Deleted", Tone::Danger), ("Active", Tone::Plain)]);
    let seen: Vec<_> = bars.iter().map(|bar| (bar.label, bar.count, bar.percent)).collect();
    assert_eq!(seen, [("Deleted", 2, 100), ("Active", 1, 50)]);
}

mod timeline {
    use jiff::Timestamp;

    use crate::core::fixtures::at;
    use crate::output::html::timeline::Timeline;
    use crate::output::table::Tone;

    fn of(ends: &[&str]) -> Timeline {
        let ends: Vec<(Timestamp, String)> = ends.iter().map(|end| (at(end), format!("of {}", &end[..10]))).collect();
        Timeline::of_ends(at("2026-01-15T00:00:00Z"), &ends, Some(1))
    }

    #[test]
    fn ends_stand_in_the_column_of_their_month() {
        let timeline = of(&["2025-11-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-02-27T00:00:00Z"]);
        let columns: Vec<_> = timeline.columns.iter().map(|column| (column.x, column.height, column.tone)).collect();
        // From November to April: six columns.
        assert_eq!(columns, [(0.0, 48, Tone::Danger), (50.0, 96, Tone::Attention)]);
        assert_eq!(timeline.columns[1].title, "2026-02: of 2026-02-01, of 2026-02-27");
        assert_eq!((timeline.now, timeline.width), (Some(33.33), 16.66));
        let labels: Vec<_> = timeline.ticks.iter().map(|tick| (tick.x, tick.label.as_str())).collect();
        assert_eq!(labels, [(33.33, "2026"), (83.33, "Apr")]);
        let counts: Vec<_> = timeline.spans.iter().map(|span| span.count).collect();
        assert_eq!(counts, [1, 0, 1, 1, 0, 0, 1]);
    }

    #[test]
    fn what_lies_far_away_stands_at_the_edge_and_says_so() {
        let timeline = of(&["2001-01-01T00:00:00Z", "2099-01-01T00:00:00Z"]);
        let titles: Vec<_> = timeline.columns.iter().map(|column| column.title.as_str()).collect();
        assert_eq!(titles, ["2025-01 and before: of 2001-01-01", "2029-04 and after: of 2099-01-01"]);
    }
}

/// WCAG 2.2, success criterion 1.4.3 (AA): text stands out by 4.5 to 1, in each scheme of colours.
/// Source: <https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>
#[test]
fn text_stands_out_from_its_paper_in_light_dark_and_print() {
    let schemes: Vec<&str> = STYLE.split(":root {").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    assert_eq!(schemes.len(), 3);
    for scheme in schemes {
        let colour = |name: &str| {
            let value = scheme.split(&format!("--{name}: #")).nth(1).unwrap_or_else(|| panic!("{name}: {scheme}"));
            luminance(value.split(';').next().unwrap())
        };
        for (text, papers) in [
            ("text", &["page", "paper", "danger-paper", "attention-paper"][..]),
            ("quiet", &["page", "paper"]),
            ("link", &["page", "paper"]),
            ("danger", &["page", "paper", "danger-paper"]),
            ("attention", &["page", "paper", "attention-paper"]),
        ] {
            for paper in papers {
                let (one, other) = (colour(text), colour(paper));
                let ratio = (one.max(other) + 0.05) / (one.min(other) + 0.05);
                assert!(ratio >= 4.5, "{text} on {paper}: {ratio:.1} in {scheme}");
            }
        }
    }
}

fn luminance(hex: &str) -> f64 {
    let digits: Vec<f64> = hex.chars().map(|digit| f64::from(digit.to_digit(16).unwrap())).collect();
    let channels = match digits[..] {
        [red, green, blue] => [red, green, blue].map(|digit| digit / 15.0),
        [a, b, c, d, e, f] => [(a, b), (c, d), (e, f)].map(|(high, low)| (high * 16.0 + low) / 255.0),
        _ => panic!("{hex}"),
    };
    let linear = |part: f64| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
    let [red, green, blue] = channels.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[test]
fn the_report_of_an_incident_holds_a_hostile_text_as_text_in_every_place() {
    let text = Page::of_incident(&incident_of(HOSTILE)).to_text();
    assert!(!text.contains("<img"), "{text}");
    assert!(!text.contains(['\u{202e}', '\u{1b}']), "what steers is written out");
    let rows = |page: &str| page.matches("<tr role=\"row\">").count();
    assert_eq!(rows(&text), rows(&Page::of_incident(&incident_of("plain")).to_text()));
}
