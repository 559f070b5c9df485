//! YAML as kubectl reads it: the first document of a file, by the rules of YAML 1.1 where they decide what a scalar is.
//!
//! kubectl turns YAML into JSON with go-yaml v2 and then decodes the JSON strictly, so that `on` is a boolean, `010` is
//! a number, and neither is accepted where a string belongs. Both steps are followed here.
//! Source: <https://github.com/kubernetes-sigs/yaml>, <https://github.com/yaml/go-yaml/tree/v2>

mod decode;
mod lines;
mod places;
mod scalar;
mod text;

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, ScanError, Tag};

pub use decode::{Mapping, Mismatch};
pub(crate) use decode::{base64 as decode_base64, bytes as decode_bytes, list as decode_list, text as decode_text};
pub(crate) use lines::key_lines;
pub use places::{Entry, Place, PlacedValue};
use scalar::Resolved;
pub use text::TextError;

/// Collections may be nested this deep; kubectl's own limit is higher, but no file that is written by hand needs it.
const DEEPEST: usize = 500;

/// Scalars and collections of a document. Fifty thousand contexts have fewer; each takes about a hundred bytes of memory.
const MOST_NODES: usize = 2_000_000;

/// Text that aliases may bring in, in bytes. Each use of a long anchored text counts anew.
const MOST_ALIASED_TEXT: usize = 64 << 20;

/// A value of JSON's kinds, borrowed from the parsed [`Document`] where it can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'d> {
    /// `null`, `~`, or nothing.
    Null,
    /// A boolean, in any of YAML 1.1's spellings.
    Bool(bool),
    /// An integer that a signed 64-bit number can hold.
    Integer(i64),
    /// A larger integer.
    Unsigned(u64),
    /// Any other number; always finite.
    Float(f64),
    /// Text.
    Text(Cow<'d, str>),
    /// A list.
    Sequence(Vec<Value<'d>>),
    /// A mapping in the order of the file; of equal keys the last one counts.
    Mapping(Vec<(Cow<'d, str>, Value<'d>)>),
}

/// Why a text is not YAML that kubectl would read.
#[derive(Debug, thiserror::Error)]
pub enum YamlError {
    /// The bytes are no text.
    #[error("{0}")]
    Text(#[from] TextError),
    /// The text breaks YAML's grammar.
    #[error("line {line}: {problem}")]
    Grammar {
        /// Line, from 1.
        line: usize,
        /// What the parser says.
        problem: String,
    },
    /// The grammar is kept, but the content can't be a JSON document.
    #[error("{0}")]
    Content(&'static str),
}

/// The first document of a YAML text, before anchors, merge keys and scalars are resolved.
pub struct Document<'t> {
    nodes: Vec<Node<'t>>,
    anchors: Vec<usize>,
    root: Option<usize>,
    is_followed: bool,
}

enum Node<'t> {
    Scalar { text: Cow<'t, str>, plain: bool, tag: Option<String> },
    Sequence(Vec<usize>),
    Mapping(Vec<usize>),
    Alias(usize),
}

/// Decodes the bytes of a file to text: UTF-8, or UTF-16 with a byte order mark. Control characters are refused.
pub fn text(bytes: &[u8]) -> Result<Cow<'_, str>, YamlError> {
    Ok(text::decode(bytes)?)
}

impl<'t> Document<'t> {
    /// Parses the first document. What follows it is not looked at, as in kubectl.
    pub fn parse(text: &'t str) -> Result<Self, YamlError> {
        let mut document = Document { nodes: Vec::new(), anchors: Vec::new(), root: None, is_followed: false };
        // Collections that are open, innermost last.
        let mut open: Vec<usize> = Vec::new();
        let options = granit_parser::options! { emit_comments: false };
        let mut events = Parser::new_from_str_with_options(text, options);
        while let Some(event) = events.next() {
            let (event, span) = event.map_err(|error| grammar(&error))?;
            let (node, anchor) = match event {
                Event::Scalar(value, style, anchor, tag) => {
                    if style == ScalarStyle::DoubleQuoted && span.slice(text).is_some_and(escapes_a_slash) {
                        let problem = "the escape \\/ is unknown to YAML 1.1".to_owned();
                        return Err(YamlError::Grammar { line: span.start.line(), problem });
                    }
                    let plain = style == ScalarStyle::Plain;
                    (Node::Scalar { text: value, plain, tag: tag.as_deref().map(long_tag) }, anchor)
                }
                Event::SequenceStart(_, anchor, _) => (Node::Sequence(Vec::new()), anchor),
                Event::MappingStart(_, anchor, _) => (Node::Mapping(Vec::new()), anchor),
                Event::Alias(anchor) => (Node::Alias(anchor), 0),
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                    continue;
                }
                Event::DocumentEnd => {
                    document.is_followed = !matches!(events.next(), None | Some(Ok((Event::StreamEnd, _))));
                    break;
                }
                // A marker that ends a document which never began.
                Event::StreamEnd if text.lines().any(|line| line.starts_with("...")) => {
                    return Err(YamlError::Content("no document before its end"));
                }
                _ => continue,
            };
            if document.nodes.len() == MOST_NODES {
                return Err(YamlError::Content("more than 2 million values"));
            }
            let opens = matches!(node, Node::Sequence(_) | Node::Mapping(_));
            let index = document.add(node, anchor);
            match open.last() {
                Some(&parent) => document.adopt(parent, index),
                None => document.root = Some(index),
            }
            if opens {
                open.push(index);
            }
        }
        Ok(document)
    }

    /// Whether something follows the first document.
    pub fn is_followed(&self) -> bool {
        self.is_followed
    }

    /// The items of a list at the root as they are written, whatever kind of scalar they are; `None` for an item that is none.
    pub fn scalars(&self) -> Vec<Option<&str>> {
        let text = |index: &usize| match self.target(*index) {
            Node::Scalar { text, .. } => Some(text.as_ref()),
            _ => None,
        };
        self.items().iter().map(text).collect()
    }

    /// The keys that stand more than once in a mapping of the list at the root, each with the mapping's place in the list, from 0.
    pub fn repeated_keys(&self) -> Vec<(usize, &str)> {
        let mut repeated = Vec::new();
        for (place, item) in self.items().iter().enumerate() {
            let Node::Mapping(children) = self.target(*item) else { continue };
            let mut seen = BTreeSet::new();
            for key in children.iter().step_by(2) {
                if let Node::Scalar { text, .. } = self.target(*key)
                    && !seen.insert(text.as_ref())
                {
                    repeated.push((place, text.as_ref()));
                }
            }
        }
        repeated
    }

    fn items(&self) -> &[usize] {
        match self.root.map(|root| &self.nodes[root]) {
            Some(Node::Sequence(items)) => items,
            _ => &[],
        }
    }

    /// A node, or the one that an alias stands for.
    fn target(&self, index: usize) -> &Node<'t> {
        match &self.nodes[index] {
            Node::Alias(anchor) => &self.nodes[self.anchors[*anchor]],
            node => node,
        }
    }

    fn add(&mut self, node: Node<'t>, anchor: usize) -> usize {
        let index = self.nodes.len();
        self.nodes.push(node);
        if anchor > 0 {
            if self.anchors.len() <= anchor {
                self.anchors.resize(anchor + 1, usize::MAX);
            }
            self.anchors[anchor] = index;
        }
        index
    }

    fn adopt(&mut self, parent: usize, child: usize) {
        if let Node::Sequence(children) | Node::Mapping(children) = &mut self.nodes[parent] {
            children.push(child);
        }
    }

    /// Resolves the document into a value; an empty one is [`Value::Null`].
    ///
    /// # Errors
    /// What kubectl refuses as well: a key that is no scalar, a number that JSON doesn't have, a tag that contradicts
    /// its scalar, too much aliasing. Nesting and aliased text have lower limits here than there.
    pub fn value(&self) -> Result<Value<'_>, YamlError> {
        let Some(root) = self.root else { return Ok(Value::Null) };
        // go-yaml counts the document itself as the first step.
        let mut resolver = Resolver { document: self, steps: 1, alias_steps: 0, open_aliases: Vec::new(), text: 0 };
        let value = resolver.value(root, 0)?;
        if value.has_non_finite() {
            return Err(YamlError::Content("a number that JSON can't write, such as .inf"));
        }
        Ok(value)
    }
}

fn grammar(error: &ScanError) -> YamlError {
    YamlError::Grammar { line: error.marker().line(), problem: error.info() }
}

/// JSON knows the escape, and so does YAML 1.2.
fn escapes_a_slash(source: &str) -> bool {
    // Most text is base64 without a backslash, long and many times over.
    let Some(first) = memchr::memchr(b'\\', source.as_bytes()) else { return false };
    let mut escaped = false;
    source[first..].chars().any(|character| {
        let found = escaped && character == '/';
        escaped = !escaped && character == '\\';
        found
    })
}

fn long_tag(tag: &Tag) -> String {
    format!("{}{}", tag.handle(), tag.suffix())
}

struct Resolver<'d> {
    document: &'d Document<'d>,
    steps: usize,
    alias_steps: usize,
    open_aliases: Vec<usize>,
    text: usize,
}

impl<'d> Resolver<'d> {
    fn value(&mut self, index: usize, depth: usize) -> Result<Value<'d>, YamlError> {
        self.step(depth)?;
        match &self.document.nodes[index] {
            Node::Scalar { text, plain, tag } => {
                if !self.open_aliases.is_empty() {
                    self.text += text.len();
                }
                scalar(text, *plain, tag.as_deref())
            }
            Node::Sequence(children) => children
                .iter()
                .map(|&child| self.value(child, depth + 1))
                .collect::<Result<_, _>>()
                .map(Value::Sequence),
            Node::Mapping(children) => {
                let mut entries = Vec::with_capacity(children.len() / 2);
                self.mapping(children, depth, &mut entries)?;
                Ok(Value::Mapping(entries))
            }
            Node::Alias(anchor) => self.alias(index, *anchor, |resolver, target| resolver.value(target, depth + 1)),
        }
    }

    fn alias<T>(
        &mut self,
        index: usize,
        anchor: usize,
        follow: impl FnOnce(&mut Self, usize) -> Result<T, YamlError>,
    ) -> Result<T, YamlError> {
        if self.open_aliases.contains(&index) {
            return Err(YamlError::Content("an anchor's value contains itself"));
        }
        self.open_aliases.push(index);
        let result = follow(self, self.document.anchors[anchor]);
        self.open_aliases.pop();
        result
    }

    fn mapping(
        &mut self,
        children: &'d [usize],
        depth: usize,
        entries: &mut Vec<(Cow<'d, str>, Value<'d>)>,
    ) -> Result<(), YamlError> {
        for pair in children.chunks_exact(2) {
            if self.is_merge(pair[0]) {
                self.merge(pair[1], depth, entries)?;
                continue;
            }
            let key = key(self.value(pair[0], depth + 1)?)?;
            let value = self.value(pair[1], depth + 1)?;
            entries.push((key, value));
        }
        Ok(())
    }

    /// `<<` brings in the entries of one or several mappings, which override the entries before it.
    fn merge(
        &mut self,
        index: usize,
        depth: usize,
        entries: &mut Vec<(Cow<'d, str>, Value<'d>)>,
    ) -> Result<(), YamlError> {
        match &self.document.nodes[index] {
            Node::Sequence(sources) => {
                // Earlier mappings take precedence over later ones.
                sources.iter().rev().try_for_each(|&source| self.merge_one(source, depth, entries))
            }
            _ => self.merge_one(index, depth, entries),
        }
    }

    fn merge_one(
        &mut self,
        index: usize,
        depth: usize,
        entries: &mut Vec<(Cow<'d, str>, Value<'d>)>,
    ) -> Result<(), YamlError> {
        self.step(depth)?;
        match &self.document.nodes[index] {
            Node::Mapping(children) => self.mapping(children, depth + 1, entries),
            Node::Alias(anchor) => {
                self.alias(index, *anchor, |resolver, target| match &resolver.document.nodes[target] {
                    Node::Mapping(children) => {
                        resolver.step(depth)?;
                        resolver.mapping(children, depth + 1, entries)
                    }
                    _ => Err(NOT_MERGEABLE),
                })
            }
            _ => Err(NOT_MERGEABLE),
        }
    }

    fn is_merge(&self, index: usize) -> bool {
        match &self.document.nodes[index] {
            Node::Scalar { text, plain, tag } if text == "<<" => match tag.as_deref() {
                None => *plain,
                Some(tag) => tag == "!" || tag == "tag:yaml.org,2002:merge",
            },
            _ => false,
        }
    }

    /// go-yaml's own brake on alias bombs, with the same figures, and limits on depth and text.
    fn step(&mut self, depth: usize) -> Result<(), YamlError> {
        self.steps += 1;
        if !self.open_aliases.is_empty() {
            self.alias_steps += 1;
        }
        if depth > DEEPEST {
            return Err(YamlError::Content("nested too deeply"));
        }
        let excessive = self.alias_steps > 100
            && self.steps > 1000
            && self.alias_steps as f64 / self.steps as f64 > allowed_alias_ratio(self.steps);
        if excessive || self.text > MOST_ALIASED_TEXT {
            return Err(YamlError::Content("excessive aliasing"));
        }
        Ok(())
    }
}

const NOT_MERGEABLE: YamlError = YamlError::Content("a merge key needs a mapping or a list of mappings");

fn allowed_alias_ratio(steps: usize) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let share = ((steps as f64 - LOW) / (HIGH - LOW)).clamp(0.0, 1.0);
    0.99 - 0.89 * share
}

fn scalar<'d>(text: &'d str, plain: bool, tag: Option<&str>) -> Result<Value<'d>, YamlError> {
    let resolved = match tag {
        None if !plain => Resolved::Text,
        None => scalar::resolve(text),
        Some("tag:yaml.org,2002:binary") => return binary(text).map(|text| Value::Text(text.into())),
        Some(tag) => {
            scalar::resolve_tagged(tag, text).ok_or(YamlError::Content("a value's tag doesn't fit the value"))?
        }
    };
    match resolved {
        Resolved::Null => Ok(Value::Null),
        Resolved::Bool(value) => Ok(Value::Bool(value)),
        Resolved::Integer(value) => Ok(Value::Integer(value)),
        Resolved::Unsigned(value) => Ok(Value::Unsigned(value)),
        Resolved::Float(value) => Ok(Value::Float(value)),
        Resolved::Text => Ok(Value::Text(Cow::Borrowed(text))),
    }
}

fn binary(text: &str) -> Result<String, YamlError> {
    let bytes = decode::base64(text).map_err(|_| YamlError::Content("a !!binary value is not base64"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A key of JSON as Go compares it with a field's name: simple case folding, as far as it concerns the letters of ASCII.
pub(crate) fn folded(key: &str) -> String {
    let fold = |character: char| match character {
        'ſ' => 's',
        '\u{212A}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    key.chars().map(fold).collect()
}

/// A mapping's key as text: JSON has no other keys.
fn key(value: Value<'_>) -> Result<Cow<'_, str>, YamlError> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Bool(value) => Ok(Cow::Borrowed(if value { "true" } else { "false" })),
        Value::Integer(value) => Ok(Cow::Owned(value.to_string())),
        Value::Float(value) => Ok(Cow::Owned(scalar::float_key(value))),
        Value::Unsigned(_) | Value::Null => Err(YamlError::Content("a key that is neither text nor a usual number")),
        Value::Sequence(_) | Value::Mapping(_) => Err(YamlError::Content("a key that is a list or a mapping")),
    }
}

impl Value<'_> {
    /// The value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::Unsigned(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::Text(text) => text.as_ref().into(),
            Self::Sequence(items) => items.iter().map(Value::to_json).collect(),
            Self::Mapping(entries) => serde_json::Value::Object(
                entries.iter().map(|(key, value)| (key.to_string(), value.to_json())).collect(),
            ),
        }
    }

    /// What a person calls this kind of value.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) | Self::Unsigned(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }

    /// Whether JSON has no way to write some number in it.
    fn has_non_finite(&self) -> bool {
        match self {
            Self::Float(value) => !value.is_finite(),
            Self::Sequence(items) => items.iter().any(Value::has_non_finite),
            Self::Mapping(entries) => entries.iter().any(|(_, value)| value.has_non_finite()),
            _ => false,
        }
    }
}
