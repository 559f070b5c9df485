//! bash gives a completion its line as it is typed, quotes and all, and takes back what to put in place of a part of the last word.

use super::typed::value_of;

/// A line up to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its words without their quotes; the last one, at the cursor, can be empty.
    pub(super) words: Vec<String>,
    /// The quote that is open at the cursor.
    quote: Option<Quote>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quote {
    Single,
    Double,
}

impl Line {
    /// Splits a line as bash does; variables and commands in it stay as they are typed.
    /// Source: <https://www.gnu.org/software/bash/manual/html_node/Quoting.html>
    pub(super) fn read(text: &str) -> Self {
        let (mut words, mut word) = (Vec::new(), String::new());
        let mut is_word = false;
        let mut quote = None;
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            if quote.is_none() && matches!(character, ' ' | '\t' | '\n') {
                if is_word {
                    words.push(std::mem::take(&mut word));
                }
                is_word = false;
                continue;
            }
            is_word = true;
            match (quote, character) {
                (None, '\'') => quote = Some(Quote::Single),
                (None, '"') => quote = Some(Quote::Double),
                (Some(Quote::Single), '\'') | (Some(Quote::Double), '"') => quote = None,
                (None, '\\') => word.extend(characters.next()),
                (Some(Quote::Double), '\\') => match characters.next() {
                    Some(escaped @ ('"' | '\\' | '$' | '`')) => word.push(escaped),
                    other => word.extend(['\\'].into_iter().chain(other)),
                },
                (_, character) => word.push(character),
            }
        }
        words.push(word);
        Self { words, quote }
    }

    /// What bash is to put in place of `replaced`, the part of the last word after the last character that breaks words, for
    /// this value of the word; after `--flag=` it is the value of the flag. `None` where that part is no part of the value.
    pub(super) fn insertion(&self, value: &str, replaced: &str) -> Option<String> {
        let typed = value_of(self.words.last().map(String::as_str).unwrap_or_default());
        let replaced = match self.quote {
            Some(_) => replaced.to_owned(),
            None => Self::read(replaced).words.concat(),
        };
        let kept = typed.strip_suffix(replaced.as_str())?;
        let rest = value.strip_prefix(kept)?;
        Some(match self.quote {
            Some(Quote::Single) => rest.replace('\'', r"'\''"),
            Some(Quote::Double) => escaped(rest, |character| matches!(character, '"' | '\\' | '$' | '`')),
            None => escaped(rest, |character| character.is_ascii() && !is_plain(character)),
        })
    }
}

/// Whether bash takes a character for what it is.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '@' | '%' | '+' | '=' | ':' | ',' | '.' | '/' | '-')
}

fn escaped(text: &str, must_be: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        escaped.extend(must_be(character).then_some('\\'));
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        Line::read(text).words
    }

    #[test]
    fn a_line_has_the_words_that_bash_sees() {
        assert_eq!(words("k scan --context "), ["k", "scan", "--context", ""]);
        assert_eq!(words("k  scan\t--context=a:b@c"), ["k", "scan", "--context=a:b@c"]);
        assert_eq!(
            words(r#"k --reason "left the" --x='a "b' c\ d"#),
            ["k", "--reason", "left the", "--x=a \"b", "c d"]
        );
        assert_eq!(words(r#"k "" '' "#), ["k", "", "", ""]);
        assert_eq!(words(r#"k "a\$\"\\\`\n" 'a\'"#), ["k", "a$\"\\`\\n", "a\\"]);
        assert_eq!(words("k $(x) $HOME"), ["k", "$(x)", "$HOME"], "nothing is run or replaced");
        assert_eq!(words("k a\\"), ["k", "a"]);
        assert_eq!(words(""), [""]);
    }

    /// What is inserted when the last word of the line is to become the value, with what bash gives as its second argument.
    fn inserted(line: &str, replaced: &str, value: &str) -> Option<String> {
        Line::read(line).insertion(value, replaced)
    }

    #[test]
    fn what_stands_before_the_last_break_of_words_stays() {
        assert_eq!(inserted("k --context ", "", "prod").as_deref(), Some("prod"));
        assert_eq!(inserted("k --context pr", "pr", "prod").as_deref(), Some("prod"));
        assert_eq!(inserted("k --context=pr", "pr", "prod").as_deref(), Some("prod"));
        assert_eq!(inserted("k --context=", "", "prod").as_deref(), Some("prod"));
        assert_eq!(inserted("k --context arn:a", "a", "arn:aws").as_deref(), Some("aws"));
        assert_eq!(inserted("k --context=arn:a", "a", "arn:aws").as_deref(), Some("aws"));
        assert_eq!(inserted("k --context ann@pr", "@pr", "ann@prod").as_deref(), Some("@prod"));
        assert_eq!(inserted("k --context a=b", "b", "a=bc").as_deref(), Some("bc"));
        assert_eq!(inserted("k --context \"x:y", "x:y", "x:yz").as_deref(), Some("x:yz"));
        assert_eq!(
            inserted("k --fail-on=expired,in", "expired,in", "expired,invalid").as_deref(),
            Some("expired,invalid")
        );
        assert_eq!(inserted("k x", "y", "xyz"), None);
    }

    /// A kubeconfig from elsewhere can name a context so that a shell would run a command.
    #[test]
    fn a_value_is_quoted_as_the_line_needs_it() {
        let name = "a b$(touch x)'\"`y`\\;é";
        assert_eq!(inserted("k --context ", "", name).as_deref(), Some(r#"a\ b\$\(touch\ x\)\'\"\`y\`\\\;é"#));
        assert_eq!(inserted("k --context \"a", "a", name).as_deref(), Some(r#"a b\$(touch x)'\"\`y\`\\;é"#));
        assert_eq!(inserted("k --context 'a", "a", name).as_deref(), Some(r#"a b$(touch x)'\''"`y`\;é"#));
        assert_eq!(inserted(r"k --context a\ b", r"a\ b", "a bc").as_deref(), Some(r"a\ bc"));
        assert_eq!(inserted("k --context ", "", "~root").as_deref(), Some(r"\~root"));
        for (before, after) in [("", ""), ("\"", "\""), ("'", "'")] {
            let inserted = inserted(&format!("k {before}"), "", name).unwrap();
            assert_eq!(words(&format!("k {before}{inserted}{after}")), ["k", name], "it is read as it was meant");
        }
    }
}
