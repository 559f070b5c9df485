use super::{Metrics, labels};

#[test]
fn hostile_values_of_labels_are_escaped() {
    let mut metrics = Metrics::default();
    let hostile = [("name", Some("a\"b\\c\nd\u{202e}")), ("none", None), ("empty", Some(""))];
    metrics.add("ackcred_x", "Help.", [(labels(hostile), 1)]);
    assert_eq!(
        metrics.to_text(),
        "# HELP ackcred_x Help.\n# TYPE ackcred_x gauge\nackcred_x{name=\"a\\\"b\\\\c\\\\u{a}d\\\\u{202e}\"} 1\n"
    );
}

#[test]
fn the_same_labels_stand_once() {
    let mut metrics = Metrics::default();
    let same = || labels([("uid", Some("1"))]);
    metrics.add("ackcred_first", "The worst counts.", [(same(), 1), (same(), 2)]);
    metrics.add_sums("ackcred_sum", "All count.", [(same(), 1), (same(), 2)]);
    metrics.add("ackcred_none", "Left out.", []);
    let text = metrics.to_text();
    assert!(text.contains("ackcred_first{uid=\"1\"} 1\n") && text.contains("ackcred_sum{uid=\"1\"} 3\n"), "{text}");
    assert!(!text.contains("ackcred_none"), "{text}");
}

/// The metrics of every verb are documented, with their meaning.
#[test]
fn the_documented_metrics_are_those_that_are_written() {
    let documented = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/prometheus.md"));
    let sources =
        [include_str!("expiry.rs"), include_str!("scan.rs"), include_str!("status.rs"), include_str!("verify.rs")];
    let quoted = sources.into_iter().flat_map(|source| source.split('"').skip(1).step_by(2));
    let names: Vec<&str> = quoted.filter(|word| word.starts_with("ackcred_") || word.starts_with("x509_")).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(documented.contains(&format!("| `{name}` |")), "{name} is not documented");
    }
}
