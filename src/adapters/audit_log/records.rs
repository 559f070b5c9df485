//! Cuts a stream into records: lines, or the elements of a list that may stand on one line or on many.

use std::io::{self, Read};

use memchr::{memchr, memchr3};

/// How much is read at once, in bytes.
const CHUNK: usize = 256 * 1024;
/// A record longer than this, in bytes, is no event: kube-apiserver takes bodies of 3 MiB.
const LONGEST: usize = 16 * 1024 * 1024;
/// By so much of a stream, in bytes, it is decided how it is cut.
const HEAD: usize = 64 * 1024;

/// A record as it lies in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw<'a> {
    /// Its bytes.
    Whole(&'a [u8]),
    /// It is too long to be an event.
    TooLong,
}

/// How a stream is cut.
enum Cut {
    Lines,
    Values(Values),
}

/// The records of a stream.
pub(super) struct Records<R> {
    stream: R,
    buffer: Vec<u8>,
    /// Where the record begins that is given out next.
    start: usize,
    /// Up to where the buffer was looked at.
    looked: usize,
    /// Up to where the buffer is filled.
    filled: usize,
    is_at_end: bool,
    /// Whether the record that is read is too long, and its bytes are dropped.
    is_skipping: bool,
    cut: Option<Cut>,
}

/// What stands between two bytes of a buffer.
type Span = (usize, usize);

impl<R: Read> Records<R> {
    pub(super) fn new(stream: R) -> Self {
        Self {
            stream,
            buffer: vec![0; CHUNK],
            start: 0,
            looked: 0,
            filled: 0,
            is_at_end: false,
            is_skipping: false,
            cut: None,
        }
    }

    /// The next record, and the stream.
    pub(super) fn next(&mut self) -> io::Result<Option<(Raw<'_>, &R)>> {
        if self.cut.is_none() {
            while self.filled < HEAD && !self.is_at_end {
                self.fill()?;
            }
            let head = &self.buffer[..self.filled];
            let mark = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            (self.start, self.looked) = (mark, mark);
            self.cut = Some(how_to_cut(&head[mark..]));
        }
        loop {
            if let Some((from, to)) = self.cut_off() {
                let was_skipping = std::mem::take(&mut self.is_skipping);
                if was_skipping || to - from > LONGEST {
                    return Ok(Some((Raw::TooLong, &self.stream)));
                }
                let record = self.buffer[from..to].trim_ascii();
                if !record.is_empty() {
                    // Borrowed anew: the loop may go on where it is empty.
                    let record = self.buffer[from..to].trim_ascii();
                    return Ok(Some((Raw::Whole(record), &self.stream)));
                }
                continue;
            }
            if self.is_at_end {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    /// The next record that the buffer holds whole.
    fn cut_off(&mut self) -> Option<Span> {
        let bytes = &self.buffer[..self.filled];
        let span = match self.cut.as_mut()? {
            Cut::Lines => memchr(b'\n', &bytes[self.looked..]).map(|length| {
                let end = self.looked + length;
                (self.start, end, end + 1)
            }),
            Cut::Values(values) => values.next(bytes, &mut self.looked, &mut self.start),
        };
        if let Some((from, to, next)) = span {
            (self.start, self.looked) = (next, next);
            return Some((from, to));
        }
        self.looked = self.filled;
        let rest = (self.start, self.filled);
        if self.is_at_end && (self.is_skipping || rest.0 < rest.1) {
            let is_a_record = match self.cut.as_mut()? {
                Cut::Lines => true,
                Cut::Values(values) => values.is_within_a_record(),
            };
            self.start = self.filled;
            return is_a_record.then_some(rest);
        }
        None
    }

    /// Reads more, after what is not given out yet.
    fn fill(&mut self) -> io::Result<()> {
        let between = matches!(&self.cut, Some(Cut::Values(values)) if !values.is_within_a_record());
        if between {
            self.start = self.looked;
        }
        if self.filled - self.start > LONGEST {
            self.is_skipping = true;
        }
        if self.is_skipping {
            self.start = self.looked;
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.looked -= self.start;
            if let Some(Cut::Values(values)) = &mut self.cut {
                values.moved(self.start);
            }
            self.start = 0;
        }
        if self.buffer.len() - self.filled < CHUNK / 2 {
            self.buffer.resize(self.buffer.len() + CHUNK.max(self.filled), 0);
        }
        loop {
            match self.stream.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.is_at_end = true,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }
}

/// Lines, unless the stream begins with a list, with an object that has one as its `items`, or with an object of several lines.
fn how_to_cut(head: &[u8]) -> Cut {
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    let mut values = Values::default();
    values.next(head, &mut 0, &mut 0);
    let is_list = values.lists > 0 || first == Some(&b'[');
    match first {
        Some(b'{' | b'[') if is_list || values.has_newline => Cut::Values(Values::default()),
        _ => Cut::Lines,
    }
}

/// Finds where values begin and end: those at the top, and of a list at the top, or of an object's `items`, the elements.
#[derive(Default)]
struct Values {
    /// How many brackets are open.
    depth: usize,
    /// The depth of the elements of the list that is read, which is also the number of brackets around them.
    lists: usize,
    /// Whether a text is read, and whether its last byte escapes the next.
    text: Option<Text>,
    /// What the last key of the object at the top was.
    key: Key,
    /// Whether a record has begun.
    is_open: bool,
    /// Whether a line ended within a value.
    has_newline: bool,
}

#[derive(Clone, Copy)]
struct Text {
    /// Where its first byte is, while that is still in the buffer.
    start: Option<usize>,
    is_escaping: bool,
}

#[derive(Default, PartialEq, Eq)]
enum Key {
    #[default]
    Other,
    Items,
    ItemsAndColon,
}

impl Values {
    fn is_within_a_record(&self) -> bool {
        self.is_open
    }

    /// The buffer's first bytes were dropped.
    fn moved(&mut self, by: usize) {
        if let Some(text) = &mut self.text {
            text.start = text.start.and_then(|start| start.checked_sub(by));
        }
    }

    /// The next record: where it begins, where it ends, and where to look on.
    fn next(&mut self, bytes: &[u8], looked: &mut usize, start: &mut usize) -> Option<(usize, usize, usize)> {
        let mut at = *looked;
        while at < bytes.len() {
            if let Some(text) = &mut self.text {
                if text.is_escaping {
                    text.is_escaping = false;
                    at += 1;
                    continue;
                }
                let Some(length) = memchr3(b'"', b'\\', b'\n', &bytes[at..]) else { break };
                at += length;
                if bytes[at] == b'\n' {
                    // No text goes on over the end of a line: the record was cut off.
                    *self = Self::default();
                    return Some((*start, at, at + 1));
                }
                if bytes[at] == b'\\' {
                    text.is_escaping = true;
                } else {
                    let is_items = self.depth == 1 && text.start.is_some_and(|from| &bytes[from..at] == b"items");
                    self.key = if is_items && self.lists == 0 { Key::Items } else { Key::Other };
                    self.text = None;
                }
                at += 1;
                continue;
            }
            let byte = bytes[at];
            let here = at;
            at += 1;
            match byte {
                b'"' => {
                    self.open(here, start);
                    self.text = Some(Text { start: Some(at), is_escaping: false });
                }
                b'[' if self.is_list() => {
                    self.depth += 1;
                    self.lists = self.depth;
                    self.is_open = false;
                    self.key = Key::Other;
                }
                b'{' | b'[' => {
                    self.open(here, start);
                    self.depth += 1;
                    self.key = Key::Other;
                }
                b'}' | b']' => {
                    let is_end_of_list = self.depth == self.lists;
                    self.depth = self.depth.saturating_sub(1);
                    self.key = Key::Other;
                    if is_end_of_list {
                        self.lists = 0;
                    }
                    let is_end_of_record = is_end_of_list || self.depth == self.lists;
                    if is_end_of_record && std::mem::take(&mut self.is_open) {
                        return Some((*start, if is_end_of_list { here } else { at }, at));
                    }
                }
                b':' if self.key == Key::Items => self.key = Key::ItemsAndColon,
                b'\n' => self.has_newline |= self.depth > 0,
                b',' | b':' => self.key = Key::Other,
                byte if byte.is_ascii_whitespace() => {}
                _ => {
                    self.open(here, start);
                    self.key = Key::Other;
                }
            }
        }
        None
    }

    /// Whether a bracket begins a list whose elements are records.
    fn is_list(&self) -> bool {
        self.lists == 0 && (self.depth == 0 || (self.depth == 1 && self.key == Key::ItemsAndColon))
    }

    /// A record begins, unless it has begun, or what follows a list is read.
    fn open(&mut self, here: usize, start: &mut usize) {
        if !self.is_open && self.depth == self.lists {
            self.is_open = true;
            *start = here;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that gives so many bytes at once.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn records_at(text: &[u8], at_once: usize) -> Vec<String> {
        let mut records = Records::new(Trickle(text, at_once));
        let mut found = Vec::new();
        while let Some((raw, _)) = records.next().unwrap() {
            found.push(match raw {
                Raw::Whole(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Raw::TooLong => "too long".to_owned(),
            });
        }
        found
    }

    /// Whatever the chunks, the records are the same.
    fn records(text: &str) -> Vec<String> {
        let whole = records_at(text.as_bytes(), usize::MAX);
        for at_once in [1, 2, 3, 7] {
            assert_eq!(records_at(text.as_bytes(), at_once), whole, "{at_once} at once: {text}");
        }
        whole
    }

    #[test]
    fn lines_are_records_whatever_ends_them() {
        assert_eq!(records("{\"a\":1}\r\n\n  {\"b\":[]}\n{\"c\""), ["{\"a\":1}", "{\"b\":[]}", "{\"c\""]);
        assert_eq!(records("\u{feff}{\"a\":1}\n"), ["{\"a\":1}"]);
        assert_eq!(records("tail of a line\"}\n{\"a\":1}\n"), ["tail of a line\"}", "{\"a\":1}"]);
        assert_eq!(records("{\"a\":\"cut\n{\"b\":1}"), ["{\"a\":\"cut", "{\"b\":1}"]);
        assert_eq!(records(""), [""; 0]);
        assert_eq!(records("\n \n"), [""; 0]);
    }

    #[test]
    fn elements_of_lists_are_records() {
        let list = "{\"kind\":\"EventList\",\"metadata\":{\"items\":\"[\"},\"items\":[{\"a\":\"]}\\\"\"}, {\"items\":[1]}],\"x\":{}}";
        let elements = ["{\"a\":\"]}\\\"\"}", "{\"items\":[1]}"];
        assert_eq!(records(list), elements);
        assert_eq!(records(&format!("{list}\n{list}\n")), [elements, elements].concat());
        let pretty = list.replace(',', ",\n  ").replace("[{", "[\n  {");
        assert_eq!(records(&pretty), elements);
        assert_eq!(records("[{\"a\":1},\n{\"b\":2}]"), ["{\"a\":1}", "{\"b\":2}"]);
        assert_eq!(records("{\n\"a\": 1\n}\n{\n\"b\": 2\n}\n"), ["{\n\"a\": 1\n}", "{\n\"b\": 2\n}"]);
        assert_eq!(records("[]"), [""; 0]);
    }

    /// What is broken is given out, so that it is counted, and what follows is found again.
    #[test]
    fn a_broken_element_is_a_record() {
        assert_eq!(records("[{\"a\":1},{\"b\":\"cut\n{\"c\":3}]"), ["{\"a\":1}", "{\"b\":\"cut", "{\"c\":3}"]);
        assert_eq!(records("[{\"a\":1},{\"b\":{"), ["{\"a\":1}", "{\"b\":{"]);
        assert_eq!(records("[7]"), ["7"]);
        assert_eq!(records("[{\"a\":1}] rest"), ["{\"a\":1}", "rest"]);
    }

    #[test]
    fn a_record_that_is_too_long_is_named_and_not_kept() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST + CHUNK));
        let lines = format!("{{\"b\":1}}\n{long}\n{{\"c\":1}}\n");
        assert_eq!(records_at(lines.as_bytes(), usize::MAX), ["{\"b\":1}", "too long", "{\"c\":1}"]);
        let list = format!("[{{\"b\":1}},{long},{{\"c\":1}}]");
        assert_eq!(records_at(list.as_bytes(), usize::MAX), ["{\"b\":1}", "too long", "{\"c\":1}"]);
        let mut records = Records::new(lines.as_bytes());
        while records.next().unwrap().is_some() {}
        assert!(records.buffer.len() < 3 * LONGEST);
    }
}
