//! kubectl as the judge of an edited kubeconfig: it reads the same file with another certificate and key in one entry, and nothing else
//! is different, for kubectl or in the bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kubectl_ackcred::internals::{CertificateAndKey, Secret, with_certificate};
use serde_json::{Value, json};

use crate::programs::program;

const OLD: [&str; 2] = ["b2xkIGNlcnRpZmljYXRl", "b2xkIGtleQ=="];

/// What is around the entry of `ann`, odd and valid: `{c}` and `{k}` are its values.
const FRAMES: [&str; 9] = [
    "apiVersion: v1\nkind: Config\nusers:\n- name: ann\n  user:\n    client-certificate-data: {c}\n    client-key-data: {k}\n",
    "# mine\r\nkind: Config\r\nusers:\r\n  - user:\r\n      client-key-data:   {k}   # the key\r\n      token: t\r\n      \
     client-certificate-data: {c}\r\n    name: \"ann\"\r\n# end",
    "---\n\"users\":\n-\n  \"name\": 'ann'\n  \"user\":\n    \"client-certificate-data\": '{c}'\n    'client-key-data': \"{k}\"\n...\n",
    "clusters:\n- {name: k, cluster: {server: 'https://h'}}\nusers:\n- {name: bo, user: {token: t}}\n- name: ann\n  user:\n    \
     client-certificate-data: {c}\n    client-key-data: {k}\n    exec:\n      args: [a, \"b # c\"]\n      command: x\n      \
     apiVersion: client.authentication.k8s.io/v1\n      interactiveMode: Never\n- name: eve\n  user: {}\n",
    "x-defaults: &d\n  token: t\nusers:\n- name: bo\n  user:\n    <<: *d\n- name: ann\n  user:\n    client-certificate-data:\n      {c}\n    \
     client-key-data:\n      {k}\n# behind\ncontexts: []\n",
    "users:\n- name: ann\n  user:\n    client-certificate-data: {c}\n    client-key-data: {k}\n\n\n# a comment\ncurrent-context: c\n\
     contexts:\n- name: c\n  context:\n    cluster: k\n    user: ann\n    extensions:\n    - name: é\n      extension: {deep: [1, null, ~]}\n",
    "users:\n  -   name:   ann\n      user:\n          client-certificate-data:     {c}\n          client-key-data:     {k}\npreferences: {}\n",
    "\u{feff}users:\n- name: ann\n  user:\n    client-key-data: !!str {k}\n    client-certificate-data: {c}\n",
    "users:\n- name: \"annie\"\n  user:\n    client-certificate-data: {c}\n    client-key-data: {k}\n- name: ann\n  user:\n    \
     client-certificate-data: {c}\n    client-key-data: {k}\n",
];

fn view(kubectl: &Path, file: &Path) -> Value {
    let mut command = Command::new(kubectl);
    command.args(["config", "view", "--raw", "-o", "json", "--kubeconfig"]).arg(file);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn kubectl_sees_another_certificate_in_one_entry_and_nothing_else() {
    let Some(kubectl) = program("kubectl", "kubectl_sees_another_certificate_in_one_entry_and_nothing_else") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let new = CertificateAndKey { certificate: b"new".to_vec(), key: Secret::new(b"new key".to_vec()) };
    let [certificate, key] = [STANDARD.encode("new"), STANDARD.encode("new key")];
    for frame in FRAMES {
        let text = frame.replace("{c}", OLD[0]).replace("{k}", OLD[1]);
        fs::write(&file, &text).unwrap();
        let mut expected = view(&kubectl, &file);
        let users = expected["users"].as_array_mut().unwrap();
        let own = users.iter_mut().find(|user| user["name"] == "ann").unwrap();
        own["user"]["client-certificate-data"] = json!(certificate);
        own["user"]["client-key-data"] = json!(key);

        let edited = with_certificate(text.as_bytes(), "ann", &new).unwrap();
        fs::write(&file, edited.expose()).unwrap();
        assert_eq!(view(&kubectl, &file), expected, "{frame}");
        // What is before the entry's first value and behind its last one is there byte for byte.
        let edited = String::from_utf8(edited.expose().clone()).unwrap();
        let first = text.rfind("name: \"annie\"").map_or(0, |_| text.rfind("- name: ann\n").unwrap());
        let (start, end) = (&text[first..], &text);
        let before = first + OLD.iter().filter_map(|value| start.find(value)).min().unwrap();
        let after = OLD.iter().filter_map(|value| Some(end.rfind(value)? + value.len())).max().unwrap();
        let lead = text[..before].trim_end_matches(|character: char| !"-:".contains(character));
        assert!(edited.starts_with(lead), "{frame}: {edited}");
        assert!(edited.ends_with(text[after..].trim_start_matches(['\n', '"', '\''])), "{frame}: {edited}");
    }
}
