//! What is read back: plans, records, journals and documents in which a secret stands at a wrong place, in a wrong type, or where
//! the file is cut off.

use std::fs;
use std::path::{Path, PathBuf};

use ackcred_sandbox::apiserver::ApiServerOptions;
use ackcred_sandbox::story::{LEAVER, Story};
use kubectl_ackcred::internals::Chain;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::canary::{Canaries, canary};
use super::is_whole;
use super::operations::{operation, revoked};
use super::watched::Watched;

/// How many places of a file are tried with each change.
const SAMPLE: usize = 6;

/// Whatever a document holds at one of its places: a word of another kind, or what is of another type. A reason may be any word, and is
/// shown.
fn variants(document: &Value, secret: &str) -> Vec<String> {
    let mut paths = Vec::new();
    leaves(document, String::new(), &mut paths);
    paths.retain(|path| !path.ends_with("/reason"));
    let step = if is_whole() { 1 } else { (paths.len() / SAMPLE).max(1) };
    let mut texts = Vec::new();
    for (number, path) in paths.iter().enumerate().step_by(step) {
        for wrong in [json!(secret), json!([secret]), json!({secret: secret})] {
            if is_whole() || number % 3 == texts.len() % 3 || wrong.is_string() {
                let mut changed = document.clone();
                *changed.pointer_mut(path).unwrap() = wrong;
                texts.push(changed.to_string());
            }
        }
    }
    let text = json!({"format": secret, "apiVersion": secret}).to_string();
    texts.extend([json!(secret).to_string(), secret.to_owned(), text[..text.len() - 3].to_owned(), text]);
    texts
}

fn leaves(value: &Value, path: String, paths: &mut Vec<String>) {
    let step = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| leaves(value, step(key), paths)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| leaves(value, step(&index.to_string()), paths));
        }
        _ => paths.push(path),
    }
}

/// Reads a file as one document, or as its first line's.
fn document(path: &Path) -> Option<Value> {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).or_else(|_| serde_json::from_str(text.lines().next().unwrap_or_default())).ok()
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    paths
}

/// Another terminal with a copy of the operation's files, in which only the canary is a secret.
fn copied(story: &Story, from: &Watched, canaries: &Canaries) -> Watched {
    let watched = Watched::new(story.session().unwrap(), canaries);
    let state = from.session.home().join("state");
    copy(&state, &state, &watched);
    watched
}

fn copy(root: &Path, folder: &Path, to: &Watched) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            copy(root, &path, to);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            to.place(&format!("state/{name}"), fs::read(&path).unwrap());
        }
    }
}

/// Makes checksums, chain and log fit what was changed, as a person does who edits a record on purpose: what is read then is read to
/// the end.
fn seal_again(watched: &Watched, id: &str) {
    let home = watched.session.home();
    let at = |name: &str| format!("state/operations/{id}/{name}");
    let read = |name: &str| fs::read_to_string(home.join(name)).unwrap();
    let sum = |line: &str| {
        let (_, name) = line.split_once("  ").unwrap();
        let hash = digest(&SHA256, &fs::read(home.join(at(name))).unwrap());
        let hexadecimal: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{hexadecimal}  {name}\n")
    };
    let sums: String = read(&at("SHA256SUMS")).lines().map(sum).collect();
    let (mut chain, mut journal) = (Chain::root(sums.as_bytes()), String::new());
    let mut log = read("state/audit.jsonl");
    for line in read(&at("journal.jsonl")).lines() {
        let (event, before) = match line.rsplit_once(",\"chain\":\"") {
            Some((start, hash)) => (format!("{start}}}"), hash.trim_end_matches("\"}")),
            None => (line.to_owned(), ""),
        };
        let (line, after) = chain.line(&event);
        if !before.is_empty() {
            log = log.replace(before, after.hash());
        }
        journal.push_str(&line);
        chain = after;
    }
    for (name, content) in [(at("SHA256SUMS"), sums), (at("journal.jsonl"), journal), ("state/audit.jsonl".into(), log)]
    {
        watched.place(&name, content);
    }
}

#[test]
fn no_error_shows_what_stands_at_a_wrong_place_of_a_record() {
    let story = Story::start(ApiServerOptions::default()).unwrap();
    let original = revoked(&story);
    let id = operation(&original);
    let secret = canary("record");
    let watched = copied(&story, &original, &Canaries::default().secret("secret", &secret));
    let state = watched.session.home().join("state");
    let mut files = files_of(&state.join("operations").join(&id));
    files.extend(files_of(&state));
    let mut refusals = String::new();
    for path in files {
        let (content, Some(document)) = (fs::read(&path).unwrap(), document(&path)) else { continue };
        let name = path.strip_prefix(watched.session.home()).unwrap().to_str().unwrap().to_owned();
        for (number, text) in variants(&document, &secret).into_iter().enumerate() {
            // Of a journal and a log, the first line is another.
            let original = String::from_utf8_lossy(&content);
            let rest = original.split_once('\n').filter(|_| name.ends_with(".jsonl")).map_or("", |(_, rest)| rest);
            watched.place(&name, format!("{text}\n{rest}"));
            seal_again(&watched, &id);
            let commands: [&[&str]; 3] = [&["history", &id], &["history"], &["restore", &id, "--dry-run"]];
            for words in super::in_turn(number, &commands) {
                refusals.push_str(&watched.run_as(&name, &[words, &["-o", "json"]].concat()));
            }
        }
        watched.place(&name, content);
    }
    for refusal in ["can't be used: it is not ", "invalid type: ", "is not what was written there"] {
        assert!(refusals.contains(refusal), "{refusal:?} is never said\n{refusals}");
    }
}

#[test]
fn no_error_shows_what_stands_at_a_wrong_place_of_a_document_that_is_given() {
    let story = Story::start(ApiServerOptions::default()).unwrap();
    let original = revoked(&story);
    let id = operation(&original);
    let secret = canary("document");
    let watched = copied(&story, &original, &Canaries::default().secret("secret", &secret));
    let planned = watched.session.run(&["revoke", LEAVER.uid, "--dry-run", "-o", "json"]);
    let plan: Value = serde_json::from_str(&planned.stdout).unwrap();
    let other = json!({"apiVersion": "ackcred/v1", "kind": secret, "findings": []});
    for (place, document, words) in [
        ("plan", &plan, &["revoke", "--plan", "given.json", "-o", "json"][..]),
        ("trace", &other, &["history", &id, "--trace", "given.json", "-o", "md"]),
        ("trace for a scan", &other, &["scan", "--persistence", LEAVER.uid, "--trace", "given.json", "-o", "json"]),
    ] {
        for text in variants(document, &secret) {
            // The kind of a document is shown: it says what was given instead.
            if text.contains(&format!("\"kind\":\"{secret}\"")) {
                continue;
            }
            watched.place("given.json", text);
            watched.run_as(place, words);
        }
    }
}
