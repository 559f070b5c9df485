//! What every result has in common: one document for machines, one table for people, one name a line for scripts.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::escape::escape;
use super::html::Page;
use super::markdown::Markdown;
use super::prometheus::Metrics;
use super::sarif::Sarif;
use super::steps::StepLines;
use super::table::{Cell, Layout, Table};
use super::tree::{self, TreeLine};
use crate::cli::Format;
use crate::core::jsonpath::TemplateError;

/// Objects that `kubectl apply` takes.
pub struct Manifests {
    /// What is said above them.
    pub comment: Vec<String>,
    /// The objects.
    pub objects: Vec<Value>,
}

/// A command's result.
pub trait Report: Serialize {
    /// Lines above the table.
    fn heading(&self) -> Vec<String> {
        Vec::new()
    }

    /// A table above the table, for people alone: what many rows come to.
    fn overview(&self) -> Option<Table<'_>> {
        None
    }

    /// The columns, few or many.
    fn table(&self, wide: bool) -> Table<'_>;

    /// Whether people see the table: not where only what stands around it has something to say.
    fn has_table(&self) -> bool {
        true
    }

    /// What people see in place of the table, where its rows are steps.
    fn steps(&self, _wide: bool) -> Option<Vec<StepLines<'_>>> {
        None
    }

    /// How many of the first columns say what a row is about. Where rows don't fit the terminal, those that follow each other and share
    /// them stand below one heading. `None`: rows stay lines.
    fn headline(&self) -> Option<usize> {
        Some(1)
    }

    /// Lines below the table.
    fn footing(&self) -> Vec<String> {
        Vec::new()
    }

    /// The key of the list in the document whose elements `custom-columns` shows, one a line; `None`: the document itself is shown.
    fn list(&self) -> Option<&'static str> {
        None
    }

    /// What `-o yaml` prints in place of the document, where the result is made of objects. People then see the table on standard error.
    fn manifests(&self) -> Option<Manifests> {
        None
    }

    /// What `-o prometheus` prints, for the verbs that have it.
    fn metrics(&self) -> Option<Metrics> {
        None
    }

    /// What `-o tree` prints, for the verbs that have it.
    fn tree(&self) -> Option<Vec<TreeLine>> {
        None
    }

    /// What `-o html` prints, for the verbs that have it.
    fn page(&self) -> Option<Page> {
        None
    }

    /// What `-o md` prints, for the verbs that have it.
    fn markdown(&self) -> Option<Markdown> {
        None
    }

    /// What `-o sarif` prints, for the verbs that have it.
    fn sarif(&self) -> Option<Sarif> {
        None
    }

    /// What `-o name` prints.
    fn names(&self) -> Box<dyn Iterator<Item = String> + '_>;

    /// What helps people to read the table, on standard error.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// What is said on standard error where there is no row.
    fn nothing_found(&self) -> Option<String> {
        None
    }
}

/// How to write a report.
#[derive(Clone, Debug)]
pub struct Style {
    /// The format.
    pub format: Format,
    /// Whether tables and CSV begin with their headers.
    pub headers: bool,
    /// Whether tables are coloured.
    pub colored: bool,
    /// Whether a terminal shows it, which values must not steer.
    pub is_for_terminal: bool,
    /// How many columns the terminal has; `None`: it is no terminal, or it doesn't say.
    pub columns: Option<u16>,
}

/// Why a report is not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The stream takes nothing.
    #[error(transparent)]
    Stream(#[from] io::Error),
    /// There is no such format of this result.
    #[error("this result has no -o {0}")]
    NotOffered(&'static str),
    /// The template does not fit the document.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

impl WriteError {
    /// One next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Template(error) => error.hint,
            Self::NotOffered(_) => "-o json and -o yaml print every result",
            Self::Stream(_) => "look at what standard output leads to",
        }
    }
}

/// Writes a report. Metrics, a page and what a template makes of it are written whole or not at all.
///
/// # Errors
/// The stream takes nothing, or a template does not fit.
pub fn write(report: &impl Report, style: &Style, out: &mut dyn Write) -> Result<(), WriteError> {
    let Style { headers, colored, columns, .. } = *style;
    let layout = Layout { headers, colored, columns, headline: None };
    match &style.format {
        Format::Table => draw(report, false, layout, out)?,
        Format::Wide => draw(report, true, layout, out)?,
        Format::Csv => report.table(true).write_csv(out, headers)?,
        Format::Name => report.names().try_for_each(|name| writeln!(out, "{}", escape(&name)))?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, report).map_err(io::Error::from)?;
            writeln!(out)?;
        }
        Format::Yaml => match report.manifests() {
            None => write_yaml(report, out)?,
            Some(Manifests { comment, objects }) => {
                comment.iter().try_for_each(|line| writeln!(out, "# {}", escape(line)))?;
                for object in &objects {
                    writeln!(out, "---")?;
                    write_yaml(object, out)?;
                }
            }
        },
        Format::Jsonpath(template) => {
            let shown: fn(&str) -> Cow<'_, str> = if style.is_for_terminal { escape } else { as_it_is };
            out.write_all(template.render(&document(report)?, shown)?.as_bytes())?;
        }
        Format::JsonpathAsJson(template) => out.write_all(template.render_as_json(&document(report)?)?.as_bytes())?,
        Format::CustomColumns(wanted) => {
            let document = document(report)?;
            let objects = match report.list().and_then(|key| document.get(key)?.as_array()) {
                Some(objects) => objects.as_slice(),
                None => std::slice::from_ref(&document),
            };
            let rows = objects.iter().map(|object| wanted.row(object)).collect::<Result<Vec<_>, _>>()?;
            let rows = rows.into_iter().map(|row| row.into_iter().map(Cell::new).collect());
            let table = Table { headers: wanted.headers().collect(), rows: Box::new(rows) };
            table.draw(out, layout)?;
        }
        Format::Prometheus => {
            let metrics = report.metrics().ok_or(WriteError::NotOffered("prometheus"))?;
            out.write_all(metrics.to_text().as_bytes())?;
        }
        Format::Tree => {
            let tree = report.tree().ok_or(WriteError::NotOffered("tree"))?;
            if headers {
                report.heading().iter().try_for_each(|line| writeln!(out, "{}", escape(line)))?;
            }
            tree::draw(out, &tree, columns, colored)?;
        }
        Format::Html => {
            let page = report.page().ok_or(WriteError::NotOffered("html"))?;
            out.write_all(page.to_text().as_bytes())?;
        }
        Format::Markdown => {
            let markdown = report.markdown().ok_or(WriteError::NotOffered("md"))?;
            out.write_all(markdown.to_text().as_bytes())?;
        }
        Format::Sarif => {
            let sarif = report.sarif().ok_or(WriteError::NotOffered("sarif"))?;
            serde_json::to_writer_pretty(&mut *out, &sarif.to_json()).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

fn write_yaml(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_saphyr::to_io_writer(&mut &mut *out, document).map_err(|error| match error {
        serde_saphyr::SerializeError::IO { error } => error,
        other => io::Error::other(other.to_string()),
    })
}

fn draw(report: &impl Report, wide: bool, layout: Layout, out: &mut dyn Write) -> io::Result<()> {
    let layout = Layout { headline: report.headline(), ..layout };
    for line in report.heading().iter().filter(|_| layout.headers) {
        writeln!(out, "{}", escape(line))?;
    }
    if let Some(overview) = report.overview().filter(|_| layout.headers) {
        overview.draw(out, layout)?;
        writeln!(out)?;
    }
    match report.steps(wide) {
        Some(steps) => super::steps::draw(out, steps, layout.columns, layout.colored)?,
        None if !report.has_table() => {}
        None => report.table(wide).draw(out, layout)?,
    }
    report.footing().iter().try_for_each(|line| writeln!(out, "{}", escape(line)))
}

fn as_it_is(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

/// The document as kubectl's templates take one: Kubernetes leaves out a key without a value, where it is `null` here.
fn document(report: &impl Report) -> io::Result<Value> {
    let mut document = serde_json::to_value(report)?;
    leave_out_nulls(&mut document);
    Ok(document)
}

fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(leave_out_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(leave_out_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
