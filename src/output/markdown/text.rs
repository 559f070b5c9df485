//! Text from outside as Markdown: whatever it holds, it stays text. No link, no HTML, no heading and no column comes of it.
//!
//! What CommonMark and GitHub's extensions would read as markup is escaped by a backslash. A renderer that makes links of bare
//! addresses does so after that, so what looks like an address stands in a code span, in which nothing is a link.
//! Sources: <https://spec.commonmark.org/0.31.2/#backslash-escapes>, <https://github.github.com/gfm/#autolinks-extension->

use crate::output::escape::escape;

/// One line of text, for a paragraph, an item or a cell of a table.
pub(super) fn text(text: &str) -> String {
    let shown = escape(text);
    let mut written = String::with_capacity(shown.len() + 8);
    for run in runs(&shown) {
        if may_become_a_link(run) {
            // What ends a sentence is no part of an address.
            let address = run.trim_end_matches(['.', ',', ';', ':', '!', '?']);
            written.push('`');
            written.push_str(address);
            written.push('`');
            written.push_str(&run[address.len()..]);
        } else {
            run.chars().for_each(|character| push_escaped(&mut written, character));
        }
    }
    guard_start(&written)
}

/// Parts of a text that addresses are made of, and the parts between them.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_address = in_address(rest.chars().next()?);
        let end = rest.find(|character| in_address(character) != is_address).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        Some(run)
    })
}

/// Whether an address may hold this character, and a code span needs no care for it.
fn in_address(character: char) -> bool {
    character.is_alphanumeric() || "-._~:/?#@!$&'+,;=%".contains(character)
}

fn may_become_a_link(run: &str) -> bool {
    let lower = run.to_ascii_lowercase();
    run.contains(['@', '#']) || ["://", "www.", "mailto:", "xmpp:"].iter().any(|sign| lower.contains(sign))
}

fn push_escaped(written: &mut String, character: char) {
    if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '$') {
        written.push('\\');
    }
    written.push(character);
}

/// Escapes what would make a list, a definition or a line of the text's beginning.
fn guard_start(text: &str) -> String {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (marker, after) = (text.as_bytes().get(digits), text.as_bytes().get(digits + 1));
    let stands_alone = after.is_none_or(|byte| *byte == b' ');
    let is_line = text.bytes().all(|byte| matches!(byte, b'-' | b'=' | b' '));
    let is_markup = match marker {
        Some(b'.' | b')') => digits > 0 && stands_alone,
        Some(b'+' | b'-' | b'=' | b':') => digits == 0 && (stands_alone || is_line),
        _ => false,
    };
    let (start, rest) = text.split_at(digits);
    if is_markup { format!("{start}\\{rest}") } else { text.to_owned() }
}

/// A command of ours in a block of code: it has no line break.
pub(super) fn code_block(command: &str) -> String {
    let shown = escape(command);
    let longest = shown.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}sh\n{shown}\n{fence}\n")
}
