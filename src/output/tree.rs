//! Things, each below the one that it comes from, by indentation.

use std::io::{self, Write};

use super::blocks::{Piece, write_lines};
use super::table::Cell;

/// How far each level is indented.
const STEP: &str = "  ";

/// A line of a tree.
#[derive(Debug)]
pub struct TreeLine {
    /// How many levels it is indented.
    pub level: usize,
    /// What stands in it, each value with its name, which may be empty. What is absent is left out.
    pub pieces: Vec<(&'static str, Cell<'static>)>,
}

/// Draws lines. `columns` is how wide the terminal is; what doesn't fit goes on in the next line, and nothing is broken or cut.
pub fn draw(out: &mut dyn Write, lines: &[TreeLine], columns: Option<u16>, colored: bool) -> io::Result<()> {
    for TreeLine { level, pieces } in lines {
        let begin = STEP.repeat(*level);
        let further = format!("{begin}{STEP}{STEP}");
        let shown: Vec<_> = pieces.iter().map(|(name, cell)| (*name, cell.clone().into_shown())).collect();
        let pieces = shown.iter().filter(|(_, cell)| !cell.is_absent()).map(|(name, cell)| Piece { name, cell });
        write_lines(out, [&begin, &further], pieces, columns.unwrap_or(u16::MAX), colored)?;
    }
    Ok(())
}
