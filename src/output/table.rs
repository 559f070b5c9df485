//! Tables in kubectl's manner, and the same cells as CSV.

use std::borrow::Cow;
use std::io::{self, Write};

use comfy_table::{Attribute, Cell as StyledCell, ColumnConstraint, ContentArrangement, TableStyle, Width};
use unicode_width::UnicodeWidthStr as _;

use super::blocks;
use super::escape::escape;

/// Spaces between columns.
const GAP: u16 = 3;
/// What stands for a value that is absent.
const ABSENT: &str = "<none>";
/// How many rows are drawn at a time.
const BATCH: usize = 512;

/// How a table is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Whether it begins with its headers.
    pub headers: bool,
    /// Whether it is coloured.
    pub colored: bool,
    /// How many of its first columns say what a row is about, where rows are drawn in blocks; `None`: they never are.
    pub headline: Option<usize>,
    /// How many columns the terminal has; `None`: it is no terminal, or it doesn't say.
    pub columns: Option<u16>,
}

/// What a cell says about its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// A fact among others.
    #[default]
    Plain,
    /// Dangerous.
    Danger,
    /// Worth a look.
    Attention,
    /// Verified.
    Good,
}

/// One cell. Text from outside is escaped when it is drawn.
#[derive(Clone, Debug, Default)]
pub struct Cell<'a> {
    text: Option<Cow<'a, str>>,
    tone: Tone,
}

impl<'a> Cell<'a> {
    /// A cell with text; empty text counts as none.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        Self { text: (!text.is_empty()).then_some(text), tone: Tone::Plain }
    }

    /// A cell for a value that may be absent: `<none>` in tables, empty in CSV.
    pub fn maybe(text: Option<impl Into<Cow<'a, str>>>) -> Self {
        text.map_or_else(Self::default, Self::new)
    }

    /// The cell with the text that a table shows.
    pub(super) fn into_shown(self) -> Self {
        let text = match self.text {
            None => Cow::Borrowed(ABSENT),
            Some(text) => match escape(&text) {
                Cow::Owned(escaped) => Cow::Owned(escaped),
                Cow::Borrowed(_) => text,
            },
        };
        Self { text: Some(text), tone: self.tone }
    }

    pub(super) fn shown(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// Whether it stands for a value that is absent.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self.shown(), "" | ABSENT)
    }

    /// What begins and ends its colour on a terminal.
    /// Source: <https://man7.org/linux/man-pages/man4/console_codes.4.html> (SGR)
    pub(super) fn escape_sequences(&self) -> Option<[&'static str; 2]> {
        match self.tone {
            Tone::Plain => None,
            Tone::Danger => Some(["\u{1b}[31m", "\u{1b}[39m"]),
            Tone::Attention => Some(["\u{1b}[1m", "\u{1b}[22m"]),
            Tone::Good => Some(["\u{1b}[32m", "\u{1b}[39m"]),
        }
    }

    /// The same cell in another tone.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

/// Rows under headers.
pub struct Table<'a> {
    /// Upper-case headers.
    pub headers: Vec<&'a str>,
    /// Rows with one cell a header.
    pub rows: Box<dyn Iterator<Item = Vec<Cell<'a>>> + 'a>,
}

impl Table<'_> {
    /// Draws columns without borders, three spaces apart, as wide as their content: IDs are there to be copied, so
    /// nothing is ever cut. What is wider than the terminal is drawn in blocks.
    pub fn draw(self, out: &mut dyn Write, layout: Layout) -> io::Result<()> {
        let Layout { headers: has_headers, colored, headline, columns } = layout;
        let headers = if has_headers { self.headers.clone() } else { Vec::new() };
        let rows: Vec<Vec<Cell<'_>>> = self.rows.map(|row| row.into_iter().map(Cell::into_shown).collect()).collect();
        let widths = widths(&headers, &rows);
        let gaps = usize::from(GAP) * widths.len().saturating_sub(1);
        let needed = widths.iter().map(|width| usize::from(*width)).sum::<usize>() + gaps;
        let is_too_wide = |columns: &u16| has_headers && needed > usize::from(*columns);
        if let Some((columns, headline)) = columns.filter(is_too_wide).zip(headline) {
            return blocks::draw(out, &self.headers, &rows, headline, columns, colored);
        }
        // What is drawn takes many times the memory of its cells: of thousands of rows, only some at a time.
        let mut batches: Vec<&[Vec<Cell<'_>>]> = rows.chunks(BATCH).collect();
        if batches.is_empty() {
            batches.push(&[]);
        }
        for (index, batch) in batches.iter().enumerate() {
            let mut table = laid_out(if index == 0 { &headers } else { &[] }, batch, colored);
            let last = table.column_count().saturating_sub(1);
            for (index, (column, width)) in table.column_iter_mut().zip(&widths).enumerate() {
                let padding = if index == last { 0 } else { GAP };
                column.set_padding((0, padding));
                column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width.saturating_add(padding))));
            }
            table.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))?;
        }
        Ok(())
    }

    /// Writes the cells as RFC 4180 CSV.
    pub fn write_csv(self, out: &mut dyn Write, headers: bool) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        if headers {
            writer.write_record(&self.headers).map_err(as_written)?;
        }
        for row in self.rows {
            let fields = row.iter().map(|cell| escape(cell.text.as_deref().unwrap_or("")).into_owned());
            writer.write_record(fields).map_err(as_written)?;
        }
        writer.flush()
    }
}

/// How many columns of a terminal the widest cell of each column takes.
fn widths(headers: &[&str], rows: &[Vec<Cell<'_>>]) -> Vec<u16> {
    let mut widths: Vec<u16> = headers.iter().copied().map(width).collect();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        widths.iter_mut().zip(row).for_each(|(widest, cell)| *widest = width(cell.shown()).max(*widest));
    }
    widths
}

/// How many columns of a terminal a text takes.
pub(super) fn width(text: &str) -> u16 {
    // The same for text without anything wide, in a fraction of the time.
    let width = if text.is_ascii() { text.len() } else { text.width() };
    u16::try_from(width).unwrap_or(u16::MAX)
}

/// The stream's own error, so that a closed pipe is known as one.
fn as_written(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn laid_out(headers: &[&str], rows: &[Vec<Cell<'_>>], colored: bool) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    if colored {
        table.enforce_styling();
    }
    if !headers.is_empty() {
        table.set_header(headers.iter().copied());
    }
    table.add_rows(rows.iter().map(|row| row.iter().map(styled).collect::<Vec<_>>()));
    table
}

fn styled(cell: &Cell<'_>) -> StyledCell {
    let styled = StyledCell::new(cell.shown());
    match cell.tone {
        Tone::Plain => styled,
        Tone::Danger => styled.fg(comfy_table::Color::Red),
        Tone::Attention => styled.add_attribute(Attribute::Bold),
        Tone::Good => styled.fg(comfy_table::Color::Green),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIPE: Layout = Layout { headers: true, colored: false, headline: Some(1), columns: None };

    fn table() -> Table<'static> {
        Table {
            headers: vec!["NAME", "STATE", "NOTE"],
            rows: Box::new(
                [
                    vec![Cell::new("a"), Cell::new("Deleted").tone(Tone::Danger), Cell::default()],
                    vec![Cell::new("longer\u{1b}[2J"), Cell::new("Active"), Cell::new("with, comma")],
                ]
                .into_iter(),
            ),
        }
    }

    fn drawn(headers: bool, colored: bool) -> String {
        let mut out = Vec::new();
        table().draw(&mut out, Layout { headers, colored, ..PIPE }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_stand_three_spaces_apart_and_nothing_trails() {
        assert_eq!(
            drawn(true, false),
            "NAME              STATE     NOTE\n\
             a                 Deleted   <none>\n\
             longer\\u{1b}[2J   Active    with, comma\n"
        );
    }

    /// The widest cell of a column counts, in whichever batch it is.
    #[test]
    fn many_rows_stand_as_few_do() {
        for (count, wide) in [(BATCH, 0), (BATCH + 1, 0), (BATCH + 1, BATCH), (3 * BATCH, 2 * BATCH), (3 * BATCH, 3)] {
            let name = |row: usize| if row == wide { "a much longer name" } else { "short" };
            let cells = move |row| vec![Cell::new(name(row)).tone(Tone::Danger), Cell::new("x"), Cell::default()];
            let table = || Table { headers: vec!["A", "B", "C"], rows: Box::new((0..count).map(cells)) };
            let mut out = Vec::new();
            table().draw(&mut out, PIPE).unwrap();
            let line = |name: &str, one: &str, two: &str| format!("{name:18}   {one}   {two}");
            let rows = (0..count).map(|row| line(name(row), "x", "<none>"));
            let expected: Vec<String> = std::iter::once(line("A", "B", "C")).chain(rows).collect();
            assert_eq!(String::from_utf8(out).unwrap().lines().collect::<Vec<_>>(), expected, "{count} rows");
        }
    }

    #[test]
    fn what_is_wider_than_the_terminal_stands_in_blocks() {
        let drawn = |columns: u16, headline: usize, colored: bool| {
            let rows = [
                ["103", "Deleted", "ClusterRoleBinding/-/103-admin", "ClusterRole/cluster-admin", "<none>"],
                ["103", "Deleted", "RoleBinding/shop/team", "ClusterRole/view", "104, ServiceAccount shop/ci"],
                ["104", "Active", "", "", ""],
            ];
            let row = |row: [&'static str; 5]| row.map(Cell::new).map(|cell| cell.tone(Tone::Danger)).into();
            let headers = vec!["UID", "STATE", "BINDING", "ROLE", "SHARED-WITH"];
            let table = Table { headers, rows: Box::new(rows.into_iter().map(row)) };
            let mut out = Vec::new();
            table.draw(&mut out, Layout { headline: Some(headline), columns: Some(columns), colored, ..PIPE }).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            drawn(60, 2, false),
            "103   Deleted\n  \
               BINDING ClusterRoleBinding/-/103-admin\n    \
                 ROLE ClusterRole/cluster-admin\n  \
               BINDING RoleBinding/shop/team\n    \
                 ROLE ClusterRole/view\n    \
                 SHARED-WITH 104, ServiceAccount shop/ci\n\
             104   Active\n"
        );
        assert!(drawn(70, 2, false).contains("ROLE ClusterRole/view   SHARED-WITH 104, ServiceAccount shop/ci\n"));
        assert!(drawn(20, 2, false).contains("ClusterRoleBinding/-/103-admin\n"), "nothing is cut or broken");
        assert!(drawn(60, 1, true).contains("STATE \u{1b}[31mDeleted\u{1b}[39m"));
        assert_eq!(drawn(111, 2, false).lines().count(), 4, "what fits stays a table");
    }

    #[test]
    fn a_table_without_rows_is_its_headers() {
        let mut out = Vec::new();
        Table { headers: vec!["A", "B"], rows: Box::new(std::iter::empty()) }.draw(&mut out, PIPE).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "A   B\n");
    }

    #[test]
    fn headers_can_be_left_out() {
        assert!(drawn(false, false).starts_with("a "));
    }

    #[test]
    fn only_colored_tables_hold_escape_sequences() {
        assert!(!drawn(true, false).contains('\u{1b}'));
        assert!(drawn(true, true).contains("\u{1b}["));
    }

    #[test]
    fn csv_quotes_and_leaves_absent_values_empty() {
        let mut out = Vec::new();
        table().write_csv(&mut out, true).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "NAME,STATE,NOTE\na,Deleted,\nlonger\\u{1b}[2J,Active,\"with, comma\"\n"
        );
    }
}
