//! `-o prometheus`: gauges in Prometheus' text format, one file a verb that has some. They say what the JSON document says, for the
//! textfile collector of node_exporter and for a pushgateway. docs/prometheus.md lists them.
//! Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>

mod expiry;
mod scan;
mod status;
#[cfg(test)]
mod tests;
mod verify;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape::escape;

/// All metrics of a document.
#[derive(Debug, Default)]
pub struct Metrics {
    families: Vec<Family>,
}

/// One metric, with its value for each set of labels.
#[derive(Debug)]
struct Family {
    name: &'static str,
    help: &'static str,
    values: BTreeMap<Labels, i64>,
}

/// Names and values of labels, in the order of their names.
type Labels = BTreeMap<&'static str, String>;

impl Metrics {
    fn add(&mut self, name: &'static str, help: &'static str, values: impl IntoIterator<Item = (Labels, i64)>) {
        let mut family = Family { name, help, values: BTreeMap::new() };
        for (labels, value) in values {
            // Rows are sorted worst first, and the same labels may stand only once.
            family.values.entry(labels).or_insert(value);
        }
        self.families.push(family);
    }

    /// Adds a metric whose values with the same labels add up.
    fn add_sums(&mut self, name: &'static str, help: &'static str, values: impl IntoIterator<Item = (Labels, i64)>) {
        let mut sums: BTreeMap<Labels, i64> = BTreeMap::new();
        for (labels, value) in values {
            *sums.entry(labels).or_default() += value;
        }
        self.add(name, help, sums);
    }

    /// The text. A metric without a value is left out.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for Family { name, help, values } in self.families.iter().filter(|family| !family.values.is_empty()) {
            // Writing to a String can't fail.
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
            for (labels, value) in values {
                let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
                let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        }
        text
    }
}

/// The labels that have a value, which is escaped.
fn labels<const N: usize>(given: [(&'static str, Option<&str>); N]) -> Labels {
    let given = given.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    given.map(|(name, value)| (name, escape(value).replace('\\', "\\\\").replace('"', "\\\""))).collect()
}

/// How many there are, as a metric's value.
fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
