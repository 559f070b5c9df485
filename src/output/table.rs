//! Tables in kubectl's manner, and the same cells as CSV.

use std::borrow::Cow;
use std::io::{self, Write};

use comfy_table::{Attribute, Cell as StyledCell, ColumnConstraint, ContentArrangement, TableStyle};

use super::escape::escape;

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
    pub headers: Vec<&'static str>,
    /// Rows with one cell a header.
    pub rows: Box<dyn Iterator<Item = Vec<Cell<'a>>> + 'a>,
}

impl Table<'_> {
    /// Draws columns without borders, three spaces apart, as wide as their content: IDs are there to be copied, so
    /// nothing is ever cut.
    pub fn draw(self, out: &mut dyn Write, headers: bool, colored: bool) -> io::Result<()> {
        let mut table = comfy_table::Table::new();
        table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
        if colored {
            table.enforce_styling();
        }
        if headers {
            table.set_header(self.headers.iter().copied());
        }
        table.add_rows(self.rows.map(|row| row.iter().map(styled).collect::<Vec<_>>()));
        let last = self.headers.len().saturating_sub(1);
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if index == last { 0 } else { 3 }));
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        table.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
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

/// The stream's own error, so that a closed pipe is known as one.
fn as_written(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn styled(cell: &Cell<'_>) -> StyledCell {
    let styled = StyledCell::new(escape(cell.text.as_deref().unwrap_or("<none>")));
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
        table().draw(&mut out, headers, colored).unwrap();
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
