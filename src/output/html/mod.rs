//! `-o html`: one page for a browser that asks nothing of the network, one file a verb that has one. It shows what the JSON document
//! says: a verb makes a [`Page`] of its view, and `page.html` lays it out, with `style.css`, `sort.js` and `filter.js`.

mod expiry;
mod history;
mod incident;
mod rights;
mod scan;
mod status;
#[cfg(test)]
mod tests;
mod timeline;
mod trace;
mod who_can;

use std::borrow::Cow;
use std::fmt;

use askama::Template as _;
use askama::filters::Escaper;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::escape::escape;
use super::table::Tone;
use super::views::{CloudView, ScannedCluster, time};
use timeline::Timeline;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = concat!(include_str!("sort.js"), include_str!("filter.js"));

/// What the page of a result shows, from top to bottom.
#[derive(Debug, askama::Template)]
#[template(path = "page.html")]
pub struct Page {
    /// What the page is about.
    title: &'static str,
    /// The command that made it.
    command: &'static str,
    /// When and of what it was made, each a few words.
    facts: Vec<String>,
    /// What could not be read.
    unread: Vec<String>,
    /// What needs a decision now.
    decisions: Vec<Figure>,
    sections: Vec<Section>,
    /// Under which condition the page may use style and script.
    policy: String,
    style: &'static str,
    script: &'static str,
}

/// A number that needs a decision.
#[derive(Debug)]
struct Figure {
    number: usize,
    label: String,
    detail: String,
    tone: Tone,
    /// The section with what it counts.
    section: &'static str,
}

#[derive(Debug)]
struct Section {
    id: Cow<'static, str>,
    heading: Cow<'static, str>,
    /// What it shows, in one sentence.
    lead: Cow<'static, str>,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Timeline(Timeline),
    Shares(Vec<Share>),
    Bars(Vec<Bar>),
    Rows(DataTable),
    Facts(Vec<(Cow<'static, str>, String)>),
    Items(Vec<String>),
    Plain(PlainTable),
}

/// How many are in one state.
#[derive(Debug)]
struct Bar {
    label: &'static str,
    count: usize,
    /// Of the longest bar.
    percent: usize,
    tone: Tone,
}

/// A binding, and who else is in it.
#[derive(Debug)]
struct Share {
    binding: String,
    role: String,
    /// RAM identities, each with its state.
    holders: Vec<(String, &'static str, Tone)>,
    others: Vec<String>,
    /// Others who are not named.
    more: usize,
}

/// Rows that can be sorted by each column.
#[derive(Debug)]
struct DataTable {
    headers: Vec<&'static str>,
    rows: Vec<DataRow>,
    /// What is said where there is no row.
    nothing: &'static str,
    /// What the rest of a row is called.
    more: &'static str,
}

/// Rows in an order that says something, and columns that a document names.
#[derive(Debug)]
struct PlainTable {
    headers: Vec<Cow<'static, str>>,
    rows: Vec<Vec<DataCell>>,
    /// What is said where there is no row.
    nothing: &'static str,
}

#[derive(Debug)]
struct DataRow {
    cells: Vec<DataCell>,
    /// What a click on the row's last cell shows.
    more: Vec<(&'static str, String)>,
}

#[derive(Debug)]
struct DataCell {
    text: Option<String>,
    tone: Tone,
    shape: Shape,
    /// What it is sorted by, where that is not its text.
    key: Option<i64>,
}

/// How a cell's text may be laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// It may be broken anywhere.
    Long,
    /// It stays in one line.
    Short,
    /// It may be broken between date and time.
    Time,
    /// It is a mark, or nothing.
    Mark,
}

impl Page {
    fn new(title: &'static str, command: &'static str, facts: Vec<String>) -> Self {
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
            hash(STYLE),
            hash(SCRIPT)
        );
        let (style, script) = (STYLE, SCRIPT);
        let (unread, decisions, sections) = (Vec::new(), Vec::new(), Vec::new());
        Self { title, command, facts, unread, decisions, sections, policy, style, script }
    }

    /// Adds what needs a decision, where there is any of it.
    fn decide(
        &mut self,
        number: usize,
        tone: Tone,
        words: [&str; 2],
        detail: impl Into<String>,
        section: &'static str,
    ) {
        if number > 0 {
            let [one, several] = words;
            let label = if number == 1 { one } else { several }.to_owned();
            self.decisions.push(Figure { number, label, detail: detail.into(), tone, section });
        }
    }

    fn section(
        &mut self,
        id: impl Into<Cow<'static, str>>,
        heading: impl Into<Cow<'static, str>>,
        lead: impl Into<Cow<'static, str>>,
        body: Body,
    ) {
        self.sections.push(Section { id: id.into(), heading: heading.into(), lead: lead.into(), body });
    }

    /// The page.
    pub fn to_text(&self) -> String {
        // Writing to memory can't fail.
        self.render().unwrap_or_default() + "\n"
    }
}

/// How `askama.toml` has all text of a page escaped: what steers or hides text is written out, and nothing is markup.
#[derive(Clone, Copy)]
pub struct ShownText;

impl Escaper for ShownText {
    fn write_escaped_str<W: fmt::Write>(&self, out: W, text: &str) -> fmt::Result {
        askama::filters::Html.write_escaped_str(out, &escape(text))
    }
}

impl DataCell {
    /// A text of any length from elsewhere.
    fn new(text: impl Into<String>) -> Self {
        Self::maybe(Some(text))
    }

    /// A text that may be absent.
    fn maybe(text: Option<impl Into<String>>) -> Self {
        let text = text.map(Into::into).filter(|text| !text.is_empty());
        Self { text, tone: Tone::Plain, shape: Shape::Long, key: None }
    }

    /// A word or a UID.
    fn short(text: Option<impl Into<String>>) -> Self {
        Self { shape: Shape::Short, ..Self::maybe(text) }
    }

    /// A time, with a blank before the time of the day.
    fn time(at: Option<Timestamp>) -> Self {
        Self { shape: Shape::Time, ..Self::maybe(at.map(|at| time(at).replace('T', " "))) }
    }

    /// A mark where something holds.
    fn mark(holds: bool) -> Self {
        Self { shape: Shape::Mark, ..Self::maybe(holds.then_some("\u{2713}")) }
    }

    /// A count.
    fn number(number: Option<usize>) -> Self {
        Self::short(number.map(|number| number.to_string()))
    }

    fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    fn sorted_by(self, key: Option<i64>) -> Self {
        Self { key, ..self }
    }
}

/// Bars for the counts of states that are there, in this order.
fn bars(states: impl IntoIterator<Item = (&'static str, Tone)>) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for (label, tone) in states {
        match bars.iter_mut().find(|bar| bar.label == label) {
            Some(bar) => bar.count += 1,
            None => bars.push(Bar { label, count: 1, percent: 0, tone }),
        }
    }
    let longest = bars.iter().map(|bar| bar.count).max().unwrap_or(1);
    bars.iter_mut().for_each(|bar| bar.percent = (bar.count * 100).div_ceil(longest));
    bars
}

/// What a cluster is called: its name, its ID or the context that leads to it, two of them at most.
fn label(names: [&Option<String>; 3]) -> String {
    let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).take(2).collect();
    names.join(" ")
}

fn cluster_label(cluster: &ScannedCluster) -> String {
    label([&cluster.name, &cluster.id, &cluster.context])
}

/// Which clusters could not be read, and why.
fn unread_clusters<'c>(clusters: impl Iterator<Item = (String, &'c Option<String>)>) -> Vec<String> {
    clusters.filter_map(|(label, error)| Some(format!("{label}: {}", error.as_ref()?))).collect()
}

/// What could not be read of clusters and of the cloud; where neither says what, that something could not.
fn unread<'c>(
    clusters: impl Iterator<Item = (String, &'c Option<String>)>,
    cloud: Option<&CloudView>,
    is_incomplete: bool,
) -> Vec<String> {
    let mut unread = unread_clusters(clusters);
    unread.extend(cloud.and_then(|cloud| cloud.error.clone()));
    if unread.is_empty() && is_incomplete {
        unread.push("a source that was asked did not answer".to_owned());
    }
    unread
}

/// Which clusters a page is about: one by its name, several by their number.
fn cluster_fact(mut labels: impl ExactSizeIterator<Item = String>) -> Option<String> {
    match labels.len() {
        0 | 1 => labels.next().map(|label| format!("Cluster {label}")),
        number => Some(format!("{number} clusters")),
    }
}

/// What is known, each with its name.
fn known<const N: usize>(facts: [(&'static str, Option<String>); N]) -> Vec<(&'static str, String)> {
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The class of an element in this tone.
fn class(tone: &Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Danger => "danger",
        Tone::Attention => "attention",
        Tone::Good => "good",
    }
}

/// The class of a cell of this shape, after another.
fn shape(shape: &Shape) -> &'static str {
    match shape {
        Shape::Long => "",
        Shape::Short => " short",
        Shape::Time => " time",
        Shape::Mark => " mark",
    }
}

/// The hash by which a policy allows a style or a script.
/// Source: <https://www.w3.org/TR/CSP3/#grammardef-hash-source>
fn hash(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    format!("sha256-{}", STANDARD.encode(digest))
}
