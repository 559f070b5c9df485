//! `-o md`: one document in Markdown, for a ticket or a wiki. One file here for each result that has one.

mod history;
mod incident;
mod text;
mod trace;

#[cfg(test)]
mod tests;

use self::text::{code_block, text};

/// A document in Markdown.
#[derive(Debug)]
pub struct Markdown {
    text: String,
}

impl Markdown {
    /// A document that begins with this heading.
    fn new(title: &str) -> Self {
        Self { text: format!("# {}\n", text(title)) }
    }

    /// A section's heading.
    fn section(&mut self, heading: &str) {
        self.text += &format!("\n## {}\n", text(heading));
    }

    /// A heading within a section.
    fn subsection(&mut self, heading: &str) {
        self.text += &format!("\n### {}\n", text(heading));
    }

    fn paragraph(&mut self, words: &str) {
        self.text += &format!("\n{}\n", text(words));
    }

    /// A list, one item a line.
    fn items<S: AsRef<str>>(&mut self, items: impl IntoIterator<Item = S>) {
        self.text.push('\n');
        for item in items {
            self.text += &format!("- {}\n", text(item.as_ref()));
        }
    }

    /// A table. A cell without a value is empty.
    fn table<S: AsRef<str>>(&mut self, headers: &[S], rows: impl IntoIterator<Item = Vec<Option<String>>>) {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let headers: Vec<String> = headers.iter().map(|header| text(header.as_ref())).collect();
        self.text.push('\n');
        self.text += &line(&headers);
        self.text += &line(&vec!["---".to_owned(); headers.len()]);
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| text(cell.as_deref().unwrap_or_default())).collect();
            self.text += &line(&cells);
        }
    }

    /// A command to type.
    fn command(&mut self, command: &str) {
        self.text.push('\n');
        self.text += &code_block(command);
    }

    /// The document.
    pub fn to_text(&self) -> String {
        self.text.clone()
    }
}
