//! Steps that are to be agreed to, or that have ended: two lines each however wide the terminal is, what is changed and what that means.
//!
//! ```text
//!   1  delete  ClusterRoleBinding/-/200000000000000103-clusterrolebinding
//!              removes User/200000000000000103-1762000000   undo: restore
//! ```

use std::io::{self, Write};

use super::blocks::{Piece, write_lines};
use super::escape::escape;
use super::table::Cell;

/// Between the parts of a step's first line.
const GAP: &str = "  ";

/// One step.
#[derive(Debug, Default)]
pub struct StepLines<'a> {
    /// A line that stands once above all steps that follow each other and have it, such as their cluster.
    pub group: Option<String>,
    /// Its number.
    pub number: u32,
    /// What is done, in a word.
    pub action: &'static str,
    /// What it is done to, and how it ended.
    pub what: Vec<Cell<'a>>,
    /// What that means, each value with its name. What is absent is left out, and so is a step's second line without any.
    pub details: Vec<(&'static str, Cell<'a>)>,
    /// Further lines.
    pub notes: Vec<String>,
}

/// Draws steps. `columns` is how wide the terminal is; what doesn't fit goes on in the next line, and nothing is broken or cut.
pub fn draw(out: &mut dyn Write, steps: Vec<StepLines<'_>>, columns: Option<u16>, colored: bool) -> io::Result<()> {
    let columns = columns.unwrap_or(u16::MAX);
    let numbers = steps.iter().map(|step| step.number.to_string().len()).max().unwrap_or_default();
    let actions = steps.iter().map(|step| step.action.len()).max().unwrap_or_default();
    let mut last = None;
    for StepLines { group, number, action, what, details, notes } in steps {
        if let Some(group) = group.filter(|group| last.as_ref() != Some(group)) {
            writeln!(out, "{}", escape(&group))?;
            last = Some(group);
        }
        let begin = format!("{GAP}{number:>numbers$}{GAP}{action:<actions$}{GAP}");
        let indent = " ".repeat(begin.len());
        let what: Vec<Cell<'_>> = what.into_iter().map(Cell::into_shown).collect();
        let what = what.iter().filter(|cell| !cell.is_absent()).map(|cell| Piece { name: "", cell });
        write_lines(out, [&begin, &indent], what, columns, colored)?;
        let details: Vec<_> = details.into_iter().map(|(name, cell)| (name, cell.into_shown())).collect();
        let details = details.iter().filter(|(_, cell)| !cell.is_absent()).map(|(name, cell)| Piece { name, cell });
        write_lines(out, [&indent, &indent], details, columns, colored)?;
        notes.iter().try_for_each(|note| writeln!(out, "{indent}{}", escape(note)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::table::Tone;

    fn steps() -> Vec<StepLines<'static>> {
        let step = |number, action, what, details| StepLines { number, action, what, details, ..StepLines::default() };
        vec![
            step(9, "delete", vec![Cell::new("ClusterRoleBinding/-/103-admin")], vec![("undo:", Cell::new("restore"))]),
            StepLines {
                notes: vec!["a note\u{7}".to_owned()],
                ..step(
                    10,
                    "remove",
                    vec![Cell::new("RoleBinding/shop/team"), Cell::new("failed").tone(Tone::Danger)],
                    vec![
                        ("removes", Cell::new("User/103-1762000000")),
                        ("keeps", Cell::default()),
                        ("undo:", Cell::new("restore")),
                    ],
                )
            },
        ]
    }

    fn drawn(steps: Vec<StepLines<'_>>, columns: Option<u16>, colored: bool) -> String {
        let mut out = Vec::new();
        draw(&mut out, steps, columns, colored).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_step_has_two_lines_and_more_only_where_they_do_not_fit() {
        let expected = "   9  delete  ClusterRoleBinding/-/103-admin\n              undo: restore\n  \
             10  remove  RoleBinding/shop/team   failed\n              \
                         removes User/103-1762000000   undo: restore\n              \
                         a note\\u{7}\n";
        assert_eq!(drawn(steps(), None, false), expected);
        assert_eq!(drawn(steps(), Some(60), false), expected);
        let narrow = drawn(steps(), Some(50), false);
        assert!(
            narrow.contains("              removes User/103-1762000000\n              undo: restore\n"),
            "{narrow}"
        );
        assert!(drawn(steps(), None, true).contains("\u{1b}[31mfailed\u{1b}[39m"));
    }

    #[test]
    fn steps_of_one_group_stand_below_its_line() {
        let group = |name: &str| Some(format!("Cluster {name}"));
        let grouped = |name, number| StepLines { group: group(name), number, action: "delete", ..StepLines::default() };
        let drawn = drawn(vec![grouped("a", 1), grouped("a", 2), grouped("b", 3)], None, false);
        assert_eq!(
            drawn.lines().filter(|line| line.starts_with("Cluster")).collect::<Vec<_>>(),
            ["Cluster a", "Cluster b"]
        );
    }
}
