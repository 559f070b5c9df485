//! A disk of someone who works: many files, and credentials in some of them, each in a place of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::json;

use crate::certs::{Authority, Identity, KeyKind, Subject, Validity};
use crate::kubeconfigs::{Credential, Kubeconfig};

/// A credential that lies on the disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Planted {
    /// The file.
    pub path: PathBuf,
    /// The line of the file that it begins in.
    pub line: u64,
    /// Whose it is.
    pub uid: String,
}

/// In what a credential lies: the file's name, and what it holds with a word that the credential's line has.
type Hiding = fn(&Secrets) -> (&'static str, Vec<u8>, &'static str);

const CERTIFICATE_DATA: &str = "client-certificate-data";

/// The kinds of files.
const HIDINGS: [Hiding; 14] = [
    |secrets| ("prod.txt", secrets.kubeconfig.clone().into_bytes(), CERTIFICATE_DATA),
    |secrets| ("from-windows.yaml", secrets.kubeconfig.replace('\n', "\r\n").into_bytes(), CERTIFICATE_DATA),
    |secrets| ("notepad.txt", utf16(&secrets.kubeconfig), CERTIFICATE_DATA),
    |secrets| {
        let state =
            json!({"resources": [{"type": "alicloud_cs_cluster_credential", "kube_config": secrets.kubeconfig}]});
        ("terraform.tfstate", pretty(&state), "kube_config")
    },
    |secrets| {
        let inner = json!({"level": "debug", "body": secrets.kubeconfig}).to_string();
        ("requests.log", format!("start\n{}\nend\n", json!({"message": inner})).into_bytes(), "message")
    },
    |secrets| {
        let text = secrets.kubeconfig.replace('\n', "\n    ");
        (
            "values.yaml",
            format!("replicas: 2\ndeploy:\n  kubeconfig: |\n    {text}\n  image: nginx\n").into_bytes(),
            CERTIFICATE_DATA,
        )
    },
    |secrets| {
        (".env", format!("DEBUG=1\nKUBE_CONFIG={}\n", STANDARD.encode(&secrets.kubeconfig)).into_bytes(), "KUBE_CONFIG")
    },
    |secrets| {
        let data = STANDARD.encode(&secrets.kubeconfig);
        let text = format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: ci\ndata:\n  config: {data}\n");
        ("secret.yaml", text.into_bytes(), "config:")
    },
    |secrets| {
        let text = format!("ls\ncat <<EOF > ~/k\n{}EOF\nkubectl --kubeconfig ~/k get pods\n", secrets.kubeconfig);
        (".bash_history", text.into_bytes(), CERTIFICATE_DATA)
    },
    |secrets| ("ann.pem", format!("{}{}", secrets.certificate, secrets.key).into_bytes(), "BEGIN CERTIFICATE"),
    |secrets| {
        let (certificate, key) = (STANDARD.encode(&secrets.certificate), STANDARD.encode(&secrets.key));
        (
            "outputs.tf",
            format!("# made\nclient_cert = \"{certificate}\"\nclient_key  = \"{key}\"\n").into_bytes(),
            "client_cert",
        )
    },
    |secrets| {
        let status = json!({"clientCertificateData": secrets.certificate, "clientKeyData": secrets.key});
        let cache =
            json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status});
        ("cache.json", cache.to_string().into_bytes(), "ExecCredential")
    },
    |secrets| {
        let text = format!("\0\u{1}SQLite\0\n{}\0\u{2}", json!(secrets.kubeconfig));
        ("state.vscdb", text.into_bytes(), CERTIFICATE_DATA)
    },
    |secrets| {
        let lines: Vec<String> = STANDARD
            .encode(&secrets.kubeconfig)
            .as_bytes()
            .chunks(76)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        ("pasted", format!("Dear all,\n\n{}\n\nregards\n", lines.join("\n")).into_bytes(), "YXBpVmVyc2lvbjog")
    },
];

struct Secrets {
    kubeconfig: String,
    certificate: String,
    key: String,
}

/// Writes a disk below a folder: so many credentials, so many other files, and what looks like a credential and is none. The
/// credentials are listed in the order of their paths.
///
/// # Errors
/// A file can't be written, or the system has no randomness.
pub fn plant(folder: &Path, credentials: usize, others: usize, now: Timestamp) -> io::Result<Vec<Planted>> {
    let authority = Authority::new(now).map_err(io::Error::other)?;
    let mut planted = Vec::new();
    for number in 0..credentials {
        let uid = format!("2{:017}", number + 1);
        let subject = Subject::ack(format!("{uid}-1"));
        let identity = authority.client(&subject, Validity::ack(now), KeyKind::Rsa).map_err(io::Error::other)?;
        let (name, content, word) = HIDINGS[number % HIDINGS.len()](&secrets(&authority, &identity, &uid));
        let path = folder.join(format!("home/.projects/{}/{number}", number % 7)).join(name);
        write(&path, &content)?;
        planted.push(Planted { line: line_of(&content, word), path, uid });
    }
    decoys(folder, &authority, now)?;
    for number in 0..others {
        write(&folder.join(format!("src/{}/{}/{number}.txt", number % 13, number % 101)), &ordinary(number))?;
    }
    planted.sort();
    Ok(planted)
}

fn secrets(authority: &Authority, identity: &Identity, uid: &str) -> Secrets {
    let cluster = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
    let server = format!("https://apiserver.{cluster}.cn-hangzhou.cs.aliyuncs.com:6443");
    let credential = Credential::of(identity);
    Secrets {
        kubeconfig: Kubeconfig::ack(&server, &authority.certificate_pem(), cluster, uid, &credential).yaml(),
        certificate: identity.certificate_pem(),
        key: identity.key().pkcs8_pem(),
    }
}

/// What looks like a credential: certificates of CAs and servers, examples, and what is compressed.
fn decoys(folder: &Path, authority: &Authority, now: Timestamp) -> io::Result<()> {
    let folder = folder.join("decoys");
    let server = authority.server(&["www.example".to_owned()], Validity::ack(now)).map_err(io::Error::other)?;
    let ca = authority.certificate_pem();
    let example = "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n    server: https://a\nusers:\n- name: u\n  user:\n";
    for (name, content) in [
        ("ca.crt", ca.repeat(3)),
        ("server.pem", server.certificate_pem()),
        ("ca.b64", STANDARD.encode(&ca)),
        ("view.yaml", format!("{example}    client-certificate-data: REDACTED\n    client-key-data: REDACTED\n")),
        ("template.yaml", format!("{example}    token: {{{{ .Values.token }}}}\n")),
        ("names.yaml", format!("{example}    client-certificate: gone.crt\n    client-key: gone.key\n")),
        ("README.md", format!("# Use\n\n```\n{example}    token: <your token>\n```\n")),
        (
            "flags.go",
            "flags.String(\"client-certificate\", \"\", \"kind: Config\")\nusers := current-context\n".to_owned(),
        ),
    ] {
        write(&folder.join(name), content.as_bytes())?;
    }
    let identity =
        authority.client(&Subject::ack("9-1"), Validity::ack(now), KeyKind::Rsa).map_err(io::Error::other)?;
    let hidden = secrets(authority, &identity, "9");
    write(&folder.join("backup.gz"), &[b"\x1f\x8b\x08\x00".as_slice(), hidden.kubeconfig.as_bytes()].concat())
}

/// A file as there are many: lines of text, as long as chance wills, a few of them large.
fn ordinary(number: usize) -> Vec<u8> {
    let mut state = number as u64 * 2_654_435_761 + 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let lines = if number.is_multiple_of(200) { 8_000 } else { 20 + next() % 200 };
    let mut content = String::new();
    for _ in 0..lines {
        for _ in 0..next() % 12 {
            content.push_str(
                ["let ", "users ", "server: ", "x = ", "return ", "{ ", "} ", "certificate "][(next() % 8) as usize],
            );
        }
        content.push_str(&format!("{:x}\n", next()));
    }
    content.into_bytes()
}

fn pretty(value: &serde_json::Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}

fn utf16(text: &str) -> Vec<u8> {
    [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// The line of a file that has a word, from 1.
fn line_of(content: &[u8], word: &str) -> u64 {
    let text = String::from_utf8_lossy(content).replace('\0', "");
    let before = text.split(word).next().unwrap_or_default();
    before.matches('\n').count() as u64 + 1
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content)
}
