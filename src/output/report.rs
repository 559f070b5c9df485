//! What every result has in common: one document for machines, one table for people, one name a line for scripts.

use std::io::{self, Write};

use serde::Serialize;

use super::steps::StepLines;
use super::table::{Layout, Table};
use crate::cli::Format;

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
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// The format.
    pub format: Format,
    /// Whether tables and CSV begin with their headers.
    pub headers: bool,
    /// Whether tables are coloured.
    pub colored: bool,
    /// How many columns the terminal has; `None`: it is no terminal, or it doesn't say.
    pub columns: Option<u16>,
}

/// Writes a report.
pub fn write(report: &impl Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match style.format {
        Format::Table | Format::Wide => {
            let Style { headers, colored, columns, .. } = style;
            let layout = Layout { headers, colored, columns, headline: report.headline() };
            for line in report.heading().iter().filter(|_| style.headers) {
                writeln!(out, "{}", super::escape::escape(line))?;
            }
            if let Some(overview) = report.overview().filter(|_| style.headers) {
                overview.draw(out, layout)?;
                writeln!(out)?;
            }
            let wide = style.format == Format::Wide;
            match report.steps(wide) {
                Some(steps) => super::steps::draw(out, steps, columns, colored)?,
                None => report.table(wide).draw(out, layout)?,
            }
            report.footing().iter().try_for_each(|line| writeln!(out, "{}", super::escape::escape(line)))
        }
        Format::Csv => report.table(true).write_csv(out, style.headers),
        Format::Name => report.names().try_for_each(|name| writeln!(out, "{}", super::escape::escape(&name))),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, report)?;
            writeln!(out)
        }
        Format::Yaml => serde_saphyr::to_io_writer(&mut &mut *out, report).map_err(|error| match error {
            serde_saphyr::SerializeError::IO { error } => error,
            other => io::Error::other(other.to_string()),
        }),
    }
}
