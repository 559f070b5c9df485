//! `-o custom-columns=HEADER:PATH,…`: one line an object, one path a column.

use serde_json::Value;

use super::evaluate::Piece;
use super::template::{Template, TemplateError};
use super::text::go_value;

/// What stands where a path finds nothing.
const NOTHING: &str = "<none>";
/// What a column looks like.
const FORM: &str = "write HEADER:PATH for each column, as in UID:.uid,STATE:.state";

/// Columns that the operator asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq)]
struct Column {
    header: String,
    path: Template,
    /// How many characters of the specification stand before the path, less what is written before it here.
    shift: isize,
}

impl Columns {
    /// Reads `HEADER:PATH,…`. A path may stand with and without its braces and its leading dot.
    ///
    /// # Errors
    /// Which character makes no sense.
    pub fn parse(spec: &str) -> Result<Self, TemplateError> {
        let mut at = 0;
        let mut columns = Vec::new();
        for part in spec.split(',') {
            let (header, path) = part.split_once(':').ok_or_else(|| no_column(at, part))?;
            columns.push(Column::new(header, path, at + header.chars().count() + 1)?);
            at += part.chars().count() + 1;
        }
        Ok(Self { columns })
    }

    /// Reads a file with a line of headers and a line of paths, with blanks between them.
    ///
    /// # Errors
    /// Which character makes no sense.
    pub fn parse_file(text: &str) -> Result<Self, TemplateError> {
        const FORM: &str = "write one line of headers and one line of paths, with blanks between them";
        let wrong = |what: &str| TemplateError { at: 1, what: what.to_owned(), hint: FORM };
        let mut lines = text.split('\n');
        let headers: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
        let paths = lines.next().ok_or_else(|| wrong("there is no second line"))?;
        let second_line = text.chars().count() - text.splitn(2, '\n').last().unwrap_or_default().chars().count();
        let words: Vec<&str> = paths.split_whitespace().collect();
        if headers.len() != words.len() || headers.is_empty() {
            return Err(wrong(&format!("{} headers stand above {} paths", headers.len(), words.len())));
        }
        let place = |word: &str| second_line + paths[..word.as_ptr().addr() - paths.as_ptr().addr()].chars().count();
        let columns = headers.into_iter().zip(words).map(|(header, path)| Column::new(header, path, place(path)));
        Ok(Self { columns: columns.collect::<Result<_, _>>()? })
    }

    /// The headers, as they were given.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.header.as_str())
    }

    /// The cells of an object.
    ///
    /// # Errors
    /// Which column's path does not fit the object.
    pub fn row(&self, object: &Value) -> Result<Vec<String>, TemplateError> {
        self.columns.iter().map(|column| column.cell(object)).collect()
    }
}

impl Column {
    /// A column whose path begins at this character, counted from 0.
    fn new(header: &str, given: &str, at: usize) -> Result<Self, TemplateError> {
        let in_braces = given.strip_prefix('{').and_then(|path| path.strip_suffix('}'));
        let path = in_braces.unwrap_or(given);
        let bare = path.strip_prefix('.').unwrap_or(path);
        if bare.is_empty() || bare.contains(['{', '}']) {
            return Err(no_column(at, given));
        }
        let written = |length: usize| isize::try_from(length).unwrap_or(isize::MAX);
        let before = written(at + given.chars().count() - path.chars().count()) - isize::from(in_braces.is_some());
        // The template has a brace and a dot before the path, whether they were given or not.
        let shift = before + written(path.len() - bare.len()) - 2;
        let path = Template::parse(&format!("{{.{bare}}}")).map_err(|error| error.moved(shift))?;
        Ok(Self { header: header.to_owned(), path, shift })
    }

    fn cell(&self, object: &Value) -> Result<String, TemplateError> {
        let mut found = Vec::new();
        for piece in self.path.pieces(object).map_err(|error| error.moved(self.shift))? {
            if let Piece::Found(values) = piece {
                found.extend(values.into_iter().map(go_value));
            }
        }
        Ok(if found.is_empty() { NOTHING.to_owned() } else { found.join(",") })
    }
}

fn no_column(at: usize, given: &str) -> TemplateError {
    TemplateError { at: at + 1, what: format!("{given:?} is no column"), hint: FORM }
}
