//! Kubeconfigs in a text of something else: which part of the text may be one.

use std::ops::Range;

use memchr::memmem;

/// The keys of a kubeconfig's first level.
const KEYS: [&str; 8] =
    ["apiVersion", "clusters", "contexts", "current-context", "extensions", "kind", "preferences", "users"];

/// An object that is longer is not looked for, in bytes.
const LONGEST_OBJECT: usize = 1 << 20;

/// So many words that look like a key may be none before a text is given up. A text that was made to cost time has more.
const MOST_MISSES: usize = 20;

/// A part of a text that may be a kubeconfig.
pub(super) struct Candidate {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// The part without its indentation.
    pub(super) content: String,
}

/// The parts of a text that may be a kubeconfig, each with a list of users.
pub(super) fn candidates(text: &str) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut misses = 0;
    for at in memmem::find_iter(text.as_bytes(), "users") {
        if candidates.last().is_some_and(|last| last.range.contains(&at)) || misses == MOST_MISSES {
            continue;
        }
        if let Some(candidate) = lines_around(text, at) {
            candidates.push(candidate);
        } else if is_json_key(text.as_bytes(), at) {
            let object = object_around(text, at);
            misses += usize::from(object.is_none());
            candidates.extend(object);
        }
    }
    candidates
}

/// The YAML around a key `users`: the lines of its level that begin with a kubeconfig's key, and what is below them.
fn lines_around(text: &str, at: usize) -> Option<Candidate> {
    let start_of_line = |place: usize| text[..place].rfind('\n').map_or(0, |end| end + 1);
    let key = start_of_line(at);
    let indent = indentation(&text[key..]);
    if !Line::of(&text[key..], indent).is_key() || !text[key..at].trim_matches([' ', '"', '\'']).is_empty() {
        return None;
    }
    let mut start = key;
    let mut first = key;
    while first > 0 {
        let before = start_of_line(first - 1);
        match Line::of(&text[before..first], indent) {
            Line::Key => start = before,
            Line::Within => {}
            Line::Other => break,
        }
        first = before;
    }
    let mut end = key;
    for line in text[key..].split_inclusive('\n') {
        if Line::of(line, indent) == Line::Other {
            break;
        }
        end += line.len();
    }
    let is_continued = |line: &str| line.ends_with('\\') || line.trim().is_empty();
    let block = &text[start..end];
    let continued = block.lines().all(is_continued);
    let lines = block.lines().map(|line| {
        let line = line.get(indent..).unwrap_or_default();
        if continued { line.strip_suffix('\\').unwrap_or(line) } else { line }
    });
    let mut content: Vec<&str> = lines.collect();
    // The quote that ends a shell's word.
    if let Some(last) = content.iter_mut().rfind(|line| !line.is_empty()) {
        *last = last.strip_suffix(['\'', '"']).filter(|rest| !rest.contains(['\'', '"'])).unwrap_or(last);
    }
    Some(Candidate { range: start..end, content: content.join("\n") })
}

fn indentation(line: &str) -> usize {
    line.bytes().take_while(|byte| *byte == b' ').count()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// A kubeconfig's key.
    Key,
    /// Empty, a comment, an item of a list, or below something.
    Within,
    /// The level ends here.
    Other,
}

impl Line {
    fn of(line: &str, indent: usize) -> Self {
        let line = line.split('\n').next().unwrap_or_default();
        let own = indentation(line);
        let content = line.trim();
        let content = content.strip_suffix('\\').unwrap_or(content).trim_end();
        if content.is_empty() || content.starts_with('#') || own > indent {
            return Self::Within;
        }
        if own < indent || content == "---" {
            return Self::Other;
        }
        let unquoted = content.trim_start_matches(['"', '\'']);
        let is_key = |key: &&str| {
            unquoted.strip_prefix(*key).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
        };
        if KEYS.iter().any(is_key) {
            Self::Key
        } else if content == "-" || content.starts_with("- ") {
            Self::Within
        } else {
            Self::Other
        }
    }

    fn is_key(self) -> bool {
        self == Self::Key
    }
}

fn is_json_key(bytes: &[u8], at: usize) -> bool {
    bytes[..at].ends_with(b"\"") && bytes[at + "users".len()..].starts_with(b"\"")
}

/// The JSON object around a key `users`.
fn object_around(text: &str, at: usize) -> Option<Candidate> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let start = (at.saturating_sub(LONGEST_OBJECT)..at).rev().find(|place| match bytes[*place] {
        b'}' => {
            depth += 1;
            false
        }
        b'{' => {
            depth = depth.wrapping_sub(1);
            depth == usize::MAX
        }
        _ => false,
    })?;
    let length = object_length(&bytes[start..bytes.len().min(start + LONGEST_OBJECT)])?;
    let range = start..start + length;
    Some(Candidate { content: text[range.clone()].to_owned(), range })
}

/// The length of a JSON object that begins a text.
fn object_length(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'{' if !is_text => depth += 1,
            b'}' if !is_text => {
                depth -= 1;
                if depth == 0 {
                    return Some(place + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\nclusters:\n- name: a\n  cluster:\n    server: https://a\nusers:\n- name: b\n  user:\n    token: c";

    fn found(text: &str) -> Vec<(String, String)> {
        let found = candidates(text).into_iter();
        found.map(|candidate| (text[candidate.range].to_owned(), candidate.content.trim_end().to_owned())).collect()
    }

    #[test]
    fn a_kubeconfig_below_a_key_is_taken_out_without_its_indentation() {
        let indented = KUBECONFIG.replace('\n', "\n    ");
        let text = format!("replicas: 1\nkubeconfig: |\n    {indented}\nother: x\n");
        let [(_, content)] = &found(&text)[..] else { panic!("one") };
        assert_eq!(content, KUBECONFIG);
    }

    #[test]
    fn a_kubeconfig_in_a_shells_text_is_taken_out() {
        for text in [
            format!("cat <<EOF > config\n{KUBECONFIG}\nEOF\nls\n"),
            format!("cat <<EOF > config\\\n{}\\\nEOF\n", KUBECONFIG.replace('\n', "\\\n")),
            format!("foo:\n  bar: 1\n{KUBECONFIG}\n---\nusual: x\n"),
        ] {
            let [(_, content)] = &found(&text)[..] else { panic!("one in {text}") };
            assert_eq!(content, KUBECONFIG, "{text}");
        }
        let quoted = format!("KUBE='x\n{KUBECONFIG}'\nexport KUBE\n");
        assert_eq!(found(&quoted)[0].1, KUBECONFIG);
    }

    #[test]
    fn an_object_is_taken_out_whole() {
        let object = "{\"kind\": \"Config\", \"clusters\": [{\"name\": \"}{\"}], \"users\": [{\"name\": \"a\"}]}";
        let text = format!("{{\"x\": [{{}}, {object}], \"y\": 1}}");
        assert_eq!(found(&text), [(object.to_owned(), object.to_owned())]);
        assert!(found("{\"users\": [").is_empty());
        assert!(found("all users: 3\nusers are people\n").is_empty());
    }
}
