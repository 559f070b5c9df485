//! Tools measured in turn, and the table of it.

use std::io::Write as _;

use anyhow::Result;

use crate::figures::{mebibytes, quantile, time};
use crate::instructions;
use crate::measure::{Run, Tool};

/// Tools measured side by side; the first is compared with each of the others.
pub(crate) struct Table {
    title: String,
    rows: Vec<Row>,
}

struct Row {
    tool: String,
    measured: Result<Vec<Run>>,
    instructions: Option<u64>,
}

impl Table {
    /// Runs the tools in turn, round after round. A first round is not counted. A tool that fails is left out and named.
    pub(crate) fn measure(title: &str, tools: &[Tool], rounds: usize) -> Result<Self> {
        let mut rows: Vec<Row> = tools
            .iter()
            .map(|tool| Row { tool: tool.name.clone(), measured: tool.run().map(|_| Vec::new()), instructions: None })
            .collect();
        for _ in 0..rounds {
            for (row, tool) in rows.iter_mut().zip(tools) {
                if let Ok(runs) = &mut row.measured {
                    runs.push(tool.run()?);
                }
            }
        }
        Ok(Self { title: title.to_owned(), rows })
    }

    /// Adds how many instructions the first tool takes, where valgrind is there.
    pub(crate) fn with_instructions(mut self, first: &Tool) -> Result<Self> {
        if let Some(row) = self.rows.first_mut() {
            row.instructions = instructions::count(first)?;
        }
        Ok(self)
    }

    /// Prints it in Markdown.
    pub(crate) fn print(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{}\n", self.title)?;
        writeln!(out, "| tool | median | p95 | CPU | peak memory | time beside it |")?;
        writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: |")?;
        for row in &self.rows {
            writeln!(out, "{}", self.line(row))?;
        }
        if let Some(count) = self.rows.first().and_then(|row| row.instructions) {
            writeln!(out, "\nInstructions of `{}`: {:.2} million.", self.rows[0].tool, count as f64 / 1e6)?;
        }
        Ok(())
    }

    fn line(&self, row: &Row) -> String {
        match &row.measured {
            Err(error) => format!("| `{}` | left out: {error:#} | | | | |", row.tool),
            Ok(runs) => format!(
                "| `{}` | {} | {} | {} | {} | {} |",
                row.tool,
                time(quantile(runs, 0.5, |run| run.wall)),
                time(quantile(runs, 0.95, |run| run.wall)),
                time(quantile(runs, 0.5, |run| run.cpu)),
                mebibytes(quantile(runs, 0.5, |run| run.peak)),
                self.ratio(runs).map_or(String::new(), |ratio| format!("{ratio:.2}")),
            ),
        }
    }

    /// How long the first tool took beside this one: the median of the rounds' ratios.
    fn ratio(&self, runs: &[Run]) -> Option<f64> {
        let first = self.rows.first()?.measured.as_ref().ok()?;
        let mut ratios: Vec<f64> = first.iter().zip(runs).map(|(a, b)| a.wall.div_duration_f64(b.wall)).collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied()
    }
}
