//! Secrets: a canary in every place where one can be, and none of them in what the program says, logs or writes.
//!
//! Each file here is a table of places: where the secret is, what is said of that place, and the commands that read it. A sample of
//! commands and formats is run with each change; `ACKCRED_SECRETS=all` runs them all. Whatever is run is run at `-vvv`.
//!
//! Not in the tables, because it is the operator's own word and meant to be shown: names (of files, contexts, users, profiles,
//! programs), templates of `-o`, the kind of a document, what a credential plugin writes to standard error.

mod answers;
mod audit_logs;
mod canary;
mod children;
mod cloud;
mod echo;
mod kubeconfigs;
#[cfg(target_os = "linux")]
mod memory;
mod operations;
mod plugins;
mod process;
mod records;
mod watched;

/// Whether every command is run in every format.
#[expect(clippy::disallowed_methods, reason = "how much is tried is said by this variable")]
fn is_whole() -> bool {
    std::env::var_os("ACKCRED_SECRETS").is_some_and(|value| value == "all")
}

/// The commands of one row's turn, of those that are run in turns.
fn in_turn<'a>(row: usize, commands: &[&'a [&'a str]]) -> Vec<&'a [&'a str]> {
    if is_whole() { commands.to_vec() } else { vec![commands[row % commands.len()]] }
}

/// Fails with all rows of which something else was said.
fn assert_all_were_read(unread: &[String]) {
    assert!(unread.is_empty(), "{} places were not read as they should be:\n{}", unread.len(), unread.join("\n"));
}

/// The place, where what was said of it lacks these words: the row may be of a place that nothing reads any more.
fn unread(place: &str, words: &str, said: &str) -> Option<String> {
    (!said.contains(words)).then(|| format!("{place}: {words:?} is not in\n{said}"))
}
