//! Commands that people copy into a shell. Names in them are from outside: whatever is in a name is one word to the shell, or there is no
//! command.

use std::borrow::Cow;

/// A command line of kubectl; `None` where a word in it can't be shown as it is.
pub fn kubectl(words: &[&str]) -> Option<String> {
    let can_be_written = |word: &&str| !word.chars().any(|one| one.is_control() || !one.is_ascii());
    words.iter().all(can_be_written).then(|| {
        let quoted: Vec<_> = words.iter().map(|word| quoted(word)).collect();
        format!("kubectl {}", quoted.join(" "))
    })
}

/// A command line of kubectl on one object: `kubectl edit rolebinding -n shop team`.
pub fn kubectl_on(verb: &str, kind: &str, namespace: Option<&str>, name: &str, more: &[&str]) -> Option<String> {
    let kind = kind.to_ascii_lowercase();
    let mut words = vec![verb, kind.as_str()];
    words.extend(namespace.iter().flat_map(|namespace| ["-n", namespace]));
    words.push(argument(name)?);
    words.extend(more);
    kubectl(&words)
}

/// A name in the place of an argument; `None` where it would be read as a flag.
pub fn argument(name: &str) -> Option<&str> {
    (!name.starts_with('-')).then_some(name)
}

/// A word as a POSIX shell takes it for one.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_to_a_shell() {
        for (word, expected) in [
            ("cs:ns:dev", "cs:ns:dev"),
            ("", "''"),
            ("$(id)", "'$(id)'"),
            ("a b;c", "'a b;c'"),
            ("it's", r"'it'\''s'"),
            ("~root", "'~root'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }

    #[test]
    fn a_command_that_can_not_be_written_exactly_is_none() {
        let edit = |name: &str| kubectl_on("edit", "RoleBinding", Some("shop"), name, &[]);
        assert_eq!(edit("a b").as_deref(), Some("kubectl edit rolebinding -n shop 'a b'"));
        for name in ["-f", "a\nb", "a\u{202e}b", "\u{1b}[31m"] {
            assert_eq!(edit(name), None, "{name:?}");
        }
    }
}
