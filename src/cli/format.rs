//! `-o`: the formats of results, and which verbs have which.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command};

use crate::core::jsonpath::{Columns, Template, TemplateError};

/// Formats of results.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// Columns.
    Table,
    /// More columns.
    Wide,
    /// Each thing below the one that led to it.
    Tree,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// Names only, one a line.
    Name,
    /// Comma-separated values.
    Csv,
    /// What a template makes of the document.
    Jsonpath(Arc<Template>),
    /// What a template finds in the document, as JSON lists.
    JsonpathAsJson(Arc<Template>),
    /// Columns that the operator names.
    CustomColumns(Arc<Columns>),
    /// Metrics in the text format of Prometheus.
    Prometheus,
    /// One page for a browser.
    Html,
    /// One document in Markdown.
    Markdown,
    /// Findings for code scanning.
    Sarif,
}

/// What `-o` asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestedFormat {
    /// A format.
    Known(Format),
    /// A format that is in a file.
    InFile(TemplateKind, PathBuf),
}

/// What a file holds that `-o` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateKind {
    /// A template of `jsonpath`.
    Jsonpath,
    /// Headers and paths of `custom-columns`.
    CustomColumns,
}

impl TemplateKind {
    /// Reads what a file of this kind holds.
    ///
    /// # Errors
    /// Which character of it makes no sense.
    pub fn parse(self, text: &str) -> Result<Format, TemplateError> {
        match self {
            Self::Jsonpath => Template::parse(text).map(Arc::new).map(Format::Jsonpath),
            Self::CustomColumns => Columns::parse_file(text).map(Arc::new).map(Format::CustomColumns),
        }
    }
}

/// Words without a value.
const PLAIN: [(&str, &str, Format); 11] = [
    ("table", "Columns", Format::Table),
    ("wide", "More columns", Format::Wide),
    ("tree", "Each credential below the one that led to it", Format::Tree),
    ("json", "One JSON document", Format::Json),
    ("yaml", "One YAML document", Format::Yaml),
    ("name", "Names only, one a line", Format::Name),
    ("csv", "Comma-separated values", Format::Csv),
    ("prometheus", "Metrics for node_exporter's textfile collector", Format::Prometheus),
    ("html", "One page for a browser", Format::Html),
    ("md", "One document in Markdown", Format::Markdown),
    ("sarif", "Findings for code scanning (SARIF 2.1.0)", Format::Sarif),
];

/// Words that take a value, as kubectl has them.
const WITH_A_VALUE: [(&str, &str); 5] = [
    ("jsonpath=", "What a template makes of the JSON document"),
    ("jsonpath-as-json=", "What a template finds in the JSON document, as JSON"),
    ("jsonpath-file=", "As jsonpath, with the template in a file"),
    ("custom-columns=", "HEADER:PATH for each column"),
    ("custom-columns-file=", "As custom-columns, with headers and paths in a file"),
];

/// The verbs that have metrics.
const HAVE_METRICS: &[&str] = &["expiry", "scan", "status", "verify"];

/// The verbs that have a page.
const HAVE_A_PAGE: &[&str] = &["expiry", "scan", "status", "rights", "who-can", "history", "trace"];

/// The verbs that have a tree.
const HAVE_A_TREE: &[&str] = &["trace"];

/// The verbs that have a document in Markdown.
const HAVE_MARKDOWN: &[&str] = &["history", "trace"];

/// The verbs whose result is findings.
const HAVE_FINDINGS: &[&str] = &["lint"];

impl RequestedFormat {
    /// Why a verb can't have this format; `None`: it can.
    pub fn refusal(&self, verb: &str) -> Option<String> {
        let (word, verbs) = match self {
            Self::Known(Format::Prometheus) => ("prometheus", HAVE_METRICS),
            Self::Known(Format::Html) => ("html", HAVE_A_PAGE),
            Self::Known(Format::Markdown) => ("md", HAVE_MARKDOWN),
            Self::Known(Format::Tree) => ("tree", HAVE_A_TREE),
            Self::Known(Format::Sarif) => ("sarif", HAVE_FINDINGS),
            _ => return None,
        };
        let refused = || format!("{verb} has no -o {word}, which is for {}", verbs.join(", "));
        (!verbs.contains(&verb)).then(refused)
    }

    /// What a verb prints where no format is asked for.
    pub fn usual_of(verb: &str) -> Self {
        Self::Known(if HAVE_A_TREE.contains(&verb) { Format::Tree } else { Format::Table })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let (word, value) = text.split_once('=').map_or((text, None), |(word, value)| (word, Some(value)));
        let word = word.to_ascii_lowercase();
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            let plain = PLAIN.into_iter().find(|(name, ..)| *name == word && !text.contains('='));
            let missing = || match WITH_A_VALUE.iter().find(|(name, _)| name.trim_end_matches('=') == word) {
                Some((name, _)) => format!("{text} lacks its value: -o {name}… is expected"),
                None => unknown(text),
            };
            return plain.map(|(.., format)| Self::Known(format)).ok_or_else(missing);
        };
        let wrong = |error: TemplateError| format!("-o {word}: {error}\n\n  tip: {}", error.hint);
        let template = || Template::parse(value).map(Arc::new).map_err(wrong);
        Ok(match word.as_str() {
            "jsonpath" => Self::Known(Format::Jsonpath(template()?)),
            "jsonpath-as-json" => Self::Known(Format::JsonpathAsJson(template()?)),
            "custom-columns" => Self::Known(Format::CustomColumns(Columns::parse(value).map(Arc::new).map_err(wrong)?)),
            "jsonpath-file" => Self::InFile(TemplateKind::Jsonpath, value.into()),
            "custom-columns-file" => Self::InFile(TemplateKind::CustomColumns, value.into()),
            _ => return Err(unknown(text)),
        })
    }
}

fn unknown(text: &str) -> String {
    let plain = PLAIN.iter().map(|(name, ..)| (*name).to_owned());
    let names: Vec<String> = plain.chain(WITH_A_VALUE.iter().map(|(name, _)| format!("{name}…"))).collect();
    format!("{text:?} is no format\n\n  tip: formats are {}", names.join(", "))
}

/// Reads the value of `-o`.
#[derive(Clone)]
pub(super) struct FormatParser;

impl TypedValueParser for FormatParser {
    type Value = RequestedFormat;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Self::Value, clap::Error> {
        let wrong = |message: String| command.clone().error(ErrorKind::ValueValidation, message);
        let text = value.to_str().ok_or_else(|| wrong("the value of -o is no UTF-8".to_owned()))?;
        RequestedFormat::parse(text).map_err(wrong)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let plain = PLAIN.iter().map(|(name, help, _)| (*name, *help));
        Some(Box::new(plain.chain(WITH_A_VALUE).map(|(name, help)| PossibleValue::new(name).help(help))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_whatever_their_case() {
        for (text, format) in
            [("JSON", Format::Json), ("table", Format::Table), ("Html", Format::Html), ("MD", Format::Markdown)]
        {
            assert_eq!(RequestedFormat::parse(text), Ok(RequestedFormat::Known(format)));
        }
        let template = Format::Jsonpath(Arc::new(Template::parse("{.A}").unwrap()));
        assert_eq!(RequestedFormat::parse("JSONPath={.A}"), Ok(RequestedFormat::Known(template)));
        let file = RequestedFormat::InFile(TemplateKind::Jsonpath, "A=b".into());
        assert_eq!(RequestedFormat::parse("jsonpath-file=A=b"), Ok(file));
    }

    #[test]
    fn what_is_no_format_is_refused_with_a_next_step() {
        for (text, message) in [
            ("xml", "\"xml\" is no format\n\n  tip: formats are table, wide,"),
            ("json=x", "\"json=x\" is no format\n"),
            ("jsonpath", "jsonpath lacks its value: -o jsonpath=… is expected"),
            ("custom-columns=", "custom-columns= lacks its value"),
            ("jsonpath={.a", "-o jsonpath: character 1 of the template: the brace is not closed\n\n  tip: write }"),
        ] {
            let refused = RequestedFormat::parse(text).unwrap_err();
            assert!(refused.starts_with(message), "{refused}");
        }
    }

    #[test]
    fn a_verb_without_metrics_or_page_says_which_have_them() {
        let refusal = |format, verb| RequestedFormat::Known(format).refusal(verb);
        assert_eq!(
            refusal(Format::Prometheus, "whoami").unwrap(),
            "whoami has no -o prometheus, which is for expiry, scan, status, verify"
        );
        assert_eq!(refusal(Format::Html, "scan"), None);
        assert_eq!(refusal(Format::Json, "whoami"), None);
    }
}
