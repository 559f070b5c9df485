//! A command that prints credentials.

use std::process::Stdio;
use std::time::Duration;

use super::cli_profile::Profile;
use super::{CredentialsError, ResolvedCredentials, Resolver};
use crate::adapters::child;

const LIMIT: Duration = Duration::from_secs(60);

impl Resolver<'_> {
    pub(super) async fn external(&self, place: &str, command: &str) -> Result<ResolvedCredentials, CredentialsError> {
        self.refuse_where_disabled(place)?;
        let failed = |reason: String| CredentialsError::failed(place, reason);
        let words = split(command).ok_or_else(|| failed("process_command has an open quotation".to_owned()))?;
        let Some((program, arguments)) = words.split_first() else {
            return Err(failed("process_command is empty".to_owned()));
        };
        let mut process = child::command(self.world, program);
        // What it says there can hold anything, and only the status is needed.
        process.args(arguments).stderr(Stdio::null());
        let output = child::output(process, Some(LIMIT), None).await;
        let output = output.map_err(|error| failed(format!("{program}: {error}")))?;
        let profile: Profile = serde_json::from_slice(&output)
            .map_err(|_| failed(format!("{program} printed no credentials in the documented form")))?;
        profile.printed(place, self.wire.now())
    }
}

/// Splits a command line as a POSIX shell does, without any expansion. `None` where a quotation stays open.
fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        quoted => word.push(quoted),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '"' => break,
                        '\\' => match characters.next()? {
                            escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                            other => word.extend(['\\', other]),
                        },
                        quoted => word.push(quoted),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(characters.next()?),
            blank if blank.is_whitespace() => words.extend(word.take()),
            plain => word.get_or_insert_default().push(plain),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_command_is_split_as_a_shell_does() {
        let words = |line| split(line).unwrap();
        assert_eq!(words("get-key --profile ops"), ["get-key", "--profile", "ops"]);
        assert_eq!(words(r#"  'a b'c "d \"e\" \n" \ f '' "#), ["a bc", "d \"e\" \\n", " f", ""]);
        assert_eq!(words(r"echo $HOME `x`"), ["echo", "$HOME", "`x`"]);
        assert!(words(" ").is_empty());
        assert_eq!(split("'open"), None);
        assert_eq!(split("\"open"), None);
    }
}
