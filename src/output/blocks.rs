//! A table for a terminal that is narrower than its rows: a heading for what several rows are about, and each value with its name.
//!
//! ```text
//! 200000000000000103   RamUser   <none>   Deleted
//!   BINDING ClusterRoleBinding/-/200000000000000103-clusterrolebinding
//!     ROLE ClusterRole/cs:dev
//! ```

use std::io::{self, Write};

use super::table::{Cell, width};

/// Between the cells of one line.
const GAP: &str = "   ";
/// Before the first value of a row.
const ROW: &str = "  ";
/// Before the other lines of a row.
const MORE: &str = "    ";

/// Writes rows in blocks: the first `headline` cells are the heading of all rows that follow and share them. Values that are absent are
/// left out. A line takes as many values as fit, and nothing is broken or cut.
pub fn draw(
    out: &mut dyn Write,
    headers: &[&str],
    rows: &[Vec<Cell<'_>>],
    headline: usize,
    columns: u16,
    colored: bool,
) -> io::Result<()> {
    let mut last: Option<&[Cell<'_>]> = None;
    for row in rows {
        let (heading, values) = row.split_at(headline.min(row.len()));
        if last.is_none_or(|last| !last.iter().map(Cell::shown).eq(heading.iter().map(Cell::shown))) {
            let pieces = heading.iter().map(|cell| Piece { name: "", cell });
            write_lines(out, ["", ROW], pieces, columns, colored)?;
        }
        last = Some(heading);
        let named = headers.iter().skip(headline).zip(values).filter(|(_, cell)| !cell.is_absent());
        let mut pieces = named.map(|(name, cell)| Piece { name, cell });
        // What the row is about stands alone, so that the eye finds it.
        write_lines(out, [ROW, MORE], pieces.next().into_iter(), columns, colored)?;
        write_lines(out, [MORE, MORE], pieces, columns, colored)?;
    }
    Ok(())
}

/// A value with its name, if it needs one.
pub(super) struct Piece<'a> {
    pub(super) name: &'a str,
    pub(super) cell: &'a Cell<'a>,
}

impl Piece<'_> {
    fn width(&self) -> usize {
        let name = if self.name.is_empty() { 0 } else { self.name.len() + 1 };
        name + usize::from(width(self.cell.shown()))
    }

    fn write(&self, out: &mut dyn Write, colored: bool) -> io::Result<()> {
        if !self.name.is_empty() {
            write!(out, "{} ", self.name)?;
        }
        match self.cell.escape_sequences().filter(|_| colored) {
            Some([begin, end]) => write!(out, "{begin}{}{end}", self.cell.shown()),
            None => write!(out, "{}", self.cell.shown()),
        }
    }
}

/// Writes pieces side by side, on as many lines as they need; `indents` are those of the first line and of the others.
pub(super) fn write_lines<'a>(
    out: &mut dyn Write,
    indents: [&str; 2],
    pieces: impl Iterator<Item = Piece<'a>>,
    columns: u16,
    colored: bool,
) -> io::Result<()> {
    let mut used = None;
    for piece in pieces {
        let needed = piece.width();
        used = Some(match used {
            None => {
                write!(out, "{}", indents[0])?;
                indents[0].len() + needed
            }
            Some(used) if used + GAP.len() + needed <= usize::from(columns) => {
                write!(out, "{GAP}")?;
                used + GAP.len() + needed
            }
            Some(_) => {
                write!(out, "\n{}", indents[1])?;
                indents[1].len() + needed
            }
        });
        piece.write(out, colored)?;
    }
    if used.is_some() { writeln!(out) } else { Ok(()) }
}
