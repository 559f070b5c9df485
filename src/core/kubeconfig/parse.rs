//! Reads one kubeconfig file, accepting and refusing what kubectl accepts and refuses.
//!
//! Source: <https://github.com/kubernetes/client-go/blob/v0.36.3/tools/clientcmd/api/v1/types.go>

use std::collections::BTreeMap;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::Arc;

use super::paths::against;
use super::{AuthProvider, Cluster, Context, Data, Exec, Impersonate, InteractiveMode, Kubeconfig, User};
use crate::core::secret::Secret;
use crate::core::sourced::Sourced;
use crate::core::yaml::{self, Document, Mapping, Mismatch, Value, YamlError};

/// The extension of a cluster that credential plugins are given.
const EXEC_EXTENSION: &str = "client.authentication.k8s.io/exec";

/// Why a file is no kubeconfig that kubectl would read. The reader of the file adds its name.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// It is no YAML.
    #[error("not YAML that kubectl reads")]
    Yaml(#[from] YamlError),
    /// A value is of a kind that its place doesn't allow.
    #[error("not a kubeconfig")]
    Shape(#[from] Mismatch),
    /// It is the base64 of a kubeconfig, as a Secret or a CI variable holds it.
    #[error("not a kubeconfig but the base64 of one")]
    Base64,
    /// It is a certificate, a key or another PEM text.
    #[error("not a kubeconfig but PEM, such as a certificate or a key")]
    Pem,
    /// It says itself that it is something else.
    #[error("not a kubeconfig but kind {kind:?} of {api_version:?}")]
    OtherKind {
        /// Its `apiVersion`.
        api_version: String,
        /// Its `kind`.
        kind: String,
    },
}

/// Parses the content of a file. `file` is where it was read from, absolute: relative paths are resolved against its
/// folder.
///
/// # Errors
/// Whatever kubectl refuses, except for base64 fields: those become [`Data::Malformed`] and spoil their entry only.
pub fn parse(bytes: &[u8], file: Arc<Path>) -> Result<Kubeconfig, ParseError> {
    let text = yaml::text(bytes)?;
    let document = Document::parse(&text)?;
    let value = document.value()?;
    let root = Mapping::of(&value).map_err(|mismatch| match &value {
        Value::Text(text) if is_base64_of_one(text) => ParseError::Base64,
        Value::Text(text) if text.contains("-----BEGIN ") => ParseError::Pem,
        _ => ParseError::Shape(mismatch),
    })?;
    check_kind(root)?;
    check_what_is_not_used(root)?;
    let origin = Origin { file };
    Ok(Kubeconfig {
        current_context: root.non_empty("current-context")?.map(|name| origin.of(name)),
        contexts: origin.entries(root, "contexts", "context", Origin::context)?,
        clusters: origin.entries(root, "clusters", "cluster", Origin::cluster)?,
        users: origin.entries(root, "users", "user", Origin::user)?,
    })
}

/// Whether a text is a kubeconfig that is still in base64, of either alphabet, in one line or several, padded or not.
fn is_base64_of_one(text: &str) -> bool {
    let letters = text.chars().filter(|character| !character.is_whitespace() && *character != '=');
    let standard: String = letters
        .map(|character| match character {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let padding = "=".repeat(standard.len().wrapping_neg() % 4);
    yaml::decode_base64(&(standard + &padding)).is_ok_and(|bytes| looks_like_kubeconfig(&bytes))
}

/// Whether a text that is no kubeconfig was perhaps meant to be one: it has at least two of the keys at its top level.
pub fn looks_like_kubeconfig(bytes: &[u8]) -> bool {
    const KEYS: [&str; 6] = ["apiVersion", "clusters", "contexts", "current-context", "kind", "users"];
    let text = match yaml::text(bytes) {
        Ok(text) => text,
        // One byte that is no text makes a kubeconfig broken, and not something else. Programs hold such texts among others.
        Err(_) if !bytes.contains(&0) => String::from_utf8_lossy(bytes),
        Err(_) => return false,
    };
    let is_json = text.trim_start().starts_with('{');
    let names = |line: &str, key: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    let found = KEYS.iter().filter(|key| match is_json {
        true => text.contains(&format!("\"{key}\"")),
        false => text.lines().any(|line| names(line, key)),
    });
    // Documentation quotes kubeconfig files in fences.
    found.count() >= 2 && !text.contains("```") && (text.contains("clusters") || text.contains("users"))
}

/// `kind` and `apiVersion` may be absent; kubectl looks for them without regard to case.
fn check_kind(root: Mapping<'_, '_>) -> Result<(), ParseError> {
    let mut kind = String::new();
    let mut api_version = String::new();
    // The order in which Go's JSON writer puts the keys.
    let ordered: BTreeMap<&str, &Value<'_>> = root.entries().collect();
    for (key, value) in ordered {
        let field = match yaml::folded(key).as_str() {
            "kind" => &mut kind,
            "apiversion" => &mut api_version,
            _ => continue,
        };
        if *value != Value::Null {
            *field = yaml::decode_text(value).map_err(|mismatch| mismatch.inside(key))?;
        }
    }
    // The fields themselves are read with regard to case.
    root.text("kind")?;
    root.text("apiVersion")?;
    let known_version = matches!(api_version.as_str(), "" | "/" | "v1" | "/v1");
    if known_version && matches!(kind.as_str(), "" | "Config") {
        return Ok(());
    }
    Err(ParseError::OtherKind { api_version, kind })
}

/// kubectl refuses a file for faults in these as well.
fn check_what_is_not_used(root: Mapping<'_, '_>) -> Result<(), Mismatch> {
    root.read("preferences", |value| {
        let preferences = Mapping::of(value)?;
        preferences.flag("colors")?;
        extensions(preferences)
    })?;
    extensions(root)?;
    Ok(())
}

/// The extensions of an entry by name. A repeated name is refused only once it has content, as in kubectl.
fn extensions<'v, 'd>(map: Mapping<'v, 'd>) -> Result<BTreeMap<String, &'v Value<'d>>, Mismatch> {
    let list = map.list("extensions", |item| {
        let item = Mapping::of(item)?;
        Ok((item.text("name")?, item.get("extension")))
    })?;
    let mut extensions = BTreeMap::new();
    for (name, extension) in list {
        if extensions.contains_key(&name) {
            return Err(repeated(&name).inside("extensions"));
        }
        extension.map(|extension| extensions.insert(name, extension));
    }
    Ok(extensions)
}

fn repeated(name: &str) -> Mismatch {
    Mismatch::because(format!("two entries are named {name:?}"))
}

fn unique<T>(list: Vec<(String, T)>) -> Result<BTreeMap<String, T>, Mismatch> {
    let mut map = BTreeMap::new();
    for (name, value) in list {
        if map.contains_key(&name) {
            return Err(repeated(&name));
        }
        map.insert(name, value);
    }
    Ok(map)
}

/// Ties values to the file that is being read.
struct Origin {
    file: Arc<Path>,
}

impl Origin {
    fn of<T>(&self, value: T) -> Sourced<T> {
        Sourced::new(value, Arc::clone(&self.file))
    }

    fn path(&self, map: Mapping<'_, '_>, key: &str) -> Result<Option<PathBuf>, Mismatch> {
        Ok(map.non_empty(key)?.map(|named| against(&self.file, &named)))
    }

    fn entries<T: Default>(
        &self,
        root: Mapping<'_, '_>,
        list: &'static str,
        body: &'static str,
        read: fn(&Self, Mapping<'_, '_>) -> Result<T, Mismatch>,
    ) -> Result<BTreeMap<String, Sourced<T>>, Mismatch> {
        let entries = root.list(list, |item| {
            let item = Mapping::of(item)?;
            let value = item.read(body, |value| read(self, Mapping::of(value)?))?;
            Ok((item.text("name")?, self.of(value.unwrap_or_default())))
        })?;
        unique(entries).map_err(|mismatch| mismatch.inside(list))
    }

    fn context(&self, map: Mapping<'_, '_>) -> Result<Context, Mismatch> {
        extensions(map)?;
        Ok(Context { cluster: map.text("cluster")?, user: map.text("user")?, namespace: map.non_empty("namespace")? })
    }

    fn cluster(&self, map: Mapping<'_, '_>) -> Result<Cluster, Mismatch> {
        Ok(Cluster {
            server: map.text("server")?,
            tls_server_name: map.non_empty("tls-server-name")?,
            insecure_skip_tls_verify: map.flag("insecure-skip-tls-verify")?,
            certificate_authority: self.path(map, "certificate-authority")?,
            certificate_authority_data: data(map, "certificate-authority-data")?,
            proxy_url: map.non_empty("proxy-url")?,
            disable_compression: map.flag("disable-compression")?,
            exec_config: extensions(map)?.remove(EXEC_EXTENSION).map(Value::to_json),
        })
    }

    fn user(&self, map: Mapping<'_, '_>) -> Result<User, Mismatch> {
        extensions(map)?;
        Ok(User {
            client_certificate: self.path(map, "client-certificate")?,
            client_certificate_data: data(map, "client-certificate-data")?,
            client_key: self.path(map, "client-key")?,
            client_key_data: data(map, "client-key-data")?.map(Secret::new),
            token: map.non_empty("token")?.map(Secret::new),
            token_file: self.path(map, "tokenFile")?,
            impersonate: impersonate(map)?,
            username: map.non_empty("username")?,
            password: map.non_empty("password")?.map(Secret::new),
            auth_provider: map.read("auth-provider", auth_provider)?,
            exec: map.read("exec", |value| self.exec(value))?,
        })
    }

    fn exec(&self, value: &Value<'_>) -> Result<Exec, Mismatch> {
        let map = Mapping::of(value)?;
        let api_version = map.text("apiVersion")?;
        let command = map.text("command")?;
        Ok(Exec {
            interactive_mode: interactive_mode(&map.text("interactiveMode")?, &api_version),
            api_version,
            command: self.command(command),
            args: map.list("args", yaml::decode_text)?,
            env: map.list("env", |item| {
                let item = Mapping::of(item)?;
                Ok((item.text("name")?, Secret::new(item.text("value")?)))
            })?,
            provide_cluster_info: map.flag("provideClusterInfo")?,
            install_hint: map.non_empty("installHint")?,
        })
    }

    /// A bare name is looked up in `PATH`; anything with a separator is a path.
    fn command(&self, command: String) -> String {
        if !command.contains(MAIN_SEPARATOR) {
            return command;
        }
        against(&self.file, &command).to_str().map_or(command, str::to_owned)
    }
}

fn interactive_mode(mode: &str, api_version: &str) -> InteractiveMode {
    match mode {
        "Never" => InteractiveMode::Never,
        "IfAvailable" => InteractiveMode::IfAvailable,
        "Always" => InteractiveMode::Always,
        "" => match api_version {
            "client.authentication.k8s.io/v1beta1" | "client.authentication.k8s.io/v1alpha1" => {
                InteractiveMode::IfAvailable
            }
            _ => InteractiveMode::Unspecified,
        },
        _ => InteractiveMode::Unknown,
    }
}

fn impersonate(map: Mapping<'_, '_>) -> Result<Impersonate, Mismatch> {
    let extra = map.read("as-user-extra", |value| {
        let values = |value| yaml::decode_list(value, yaml::decode_text);
        let entries = Mapping::of(value)?.entries();
        entries.map(|(name, value)| Ok((name.to_owned(), values(value).map_err(|error| error.inside(name))?))).collect()
    })?;
    Ok(Impersonate {
        user: map.non_empty("as")?,
        uid: map.non_empty("as-uid")?,
        groups: map.list("as-groups", yaml::decode_text)?,
        extra: extra.unwrap_or_default(),
    })
}

fn auth_provider(value: &Value<'_>) -> Result<AuthProvider, Mismatch> {
    let map = Mapping::of(value)?;
    let config = map.texts("config")?.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
    Ok(AuthProvider { name: map.text("name")?, config })
}

fn data(map: Mapping<'_, '_>, key: &str) -> Result<Option<Data>, Mismatch> {
    Ok(match map.read(key, yaml::decode_bytes)? {
        Some(Ok(bytes)) if bytes.is_empty() => None,
        Some(Ok(bytes)) => Some(Data::Decoded(bytes)),
        Some(Err(reason)) => Some(Data::Malformed(reason)),
        None => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Kubeconfig, ParseError> {
        parse(text.as_bytes(), Arc::from(Path::new("/k/config")))
    }

    fn refusal(text: &str) -> String {
        let error: Box<dyn std::error::Error> = read(text).unwrap_err().into();
        crate::error::chain(error.as_ref())
    }

    #[test]
    fn empty_files_and_later_documents_count_for_nothing() {
        for text in ["", "\n", "# nothing\n", "---\n", "null", "{}", "---\n{}\n---\ncontexts: [{name: a}]\n"] {
            assert!(read(text).unwrap().contexts.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn what_only_yaml_1_2_allows_is_refused() {
        for text in [r#"current-context: "a\/b""#, "...\n", "# nothing\n...\n"] {
            assert!(read(text).is_err(), "{text:?}");
        }
        assert_eq!(read(r#"current-context: "a\\/b""#).unwrap().current_context.unwrap().value, r"a\/b");
    }

    #[test]
    fn what_yaml_takes_for_a_number_or_a_boolean_is_no_text() {
        for value in ["12345", "0x1f", "1e3", "yes", "on", "1_000", ".5"] {
            let text = format!("users: [{{name: a, user: {{token: {value}}}}}]");
            let refusal = refusal(&text);
            assert!(refusal.starts_with("not a kubeconfig: users[0].user.token: expected text, found a"), "{refusal}");
        }
        let quoted = read("users: [{name: '12345', user: {token: \"0x1f\"}}]").unwrap();
        assert!(quoted.users.contains_key("12345"));
    }

    #[test]
    fn keys_have_their_case_and_unknown_ones_are_passed_over() {
        let config = read("Clusters: [{name: x}]\nclusters: [{name: a, cluster: {Server: 1, color: red}}]\n").unwrap();
        assert_eq!(config.clusters.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(config.clusters["a"].value.server, "");
    }

    #[test]
    fn duplicate_names_are_refused_and_duplicate_keys_are_not() {
        assert_eq!(
            refusal("contexts: [{name: a}, {name: a}]"),
            "not a kubeconfig: contexts: two entries are named \"a\""
        );
        let config = read("current-context: a\ncurrent-context: b\n").unwrap();
        assert_eq!(config.current_context.unwrap().value, "b");
    }

    #[test]
    fn other_kinds_are_named() {
        assert_eq!(refusal("kind: Pod\napiVersion: v1\n"), "not a kubeconfig but kind \"Pod\" of \"v1\"");
        assert!(read("kind: Config\napiVersion: v1\n").is_ok());
        assert!(read("apiVersion: v2\n").is_err());
    }

    #[test]
    fn a_kubeconfig_that_is_still_in_base64_and_a_certificate_are_named() {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        // "???>" gives the letters in which the two alphabets differ.
        let kubeconfig = "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncurrent-context: '???>???>'\n";
        let whole = STANDARD.encode(kubeconfig);
        let wrapped =
            whole.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("\r\n");
        for text in
            [&whole, &wrapped, &URL_SAFE_NO_PAD.encode(kubeconfig), &format!("\"{whole}\""), &format!("{whole}\n\n")]
        {
            assert_eq!(refusal(text), "not a kubeconfig but the base64 of one", "{text}");
        }
        assert_eq!(
            refusal(&STANDARD.encode("a text of another kind")),
            "not a kubeconfig: expected a mapping, found text"
        );
        let certificate = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n";
        assert_eq!(refusal(certificate), "not a kubeconfig but PEM, such as a certificate or a key");
    }

    #[test]
    fn a_value_that_must_be_text_is_to_be_quoted() {
        assert_eq!(
            refusal("users: [{name: 200000000000000103}]"),
            "not a kubeconfig: users[0].name: expected text, found a number; put it in quotes"
        );
    }

    #[test]
    fn data_that_is_no_base64_spoils_its_entry_only() {
        let config = read(
            "users: [{name: a, user: {client-certificate-data: 'aGk=', client-key-data: 'a!b'}}]\n\
             clusters: [{name: a, cluster: {certificate-authority-data: aGk}}]",
        )
        .unwrap();
        let user = &config.users["a"].value;
        assert_eq!(user.client_certificate_data, Some(Data::Decoded(b"hi".to_vec())));
        assert_eq!(
            user.client_key_data.as_ref().unwrap().expose(),
            &Data::Malformed("not base64: unexpected character at offset 1".into())
        );
        assert!(matches!(config.clusters["a"].value.certificate_authority_data, Some(Data::Malformed(_))));
    }

    #[test]
    fn paths_and_commands_belong_to_the_files_folder() {
        let config = read("users: [{name: a, user: {client-key: k.pem, tokenFile: ../t, exec: {command: bin/p}}}, {name: b, user: {exec: {command: p}}}]").unwrap();
        let user = &config.users["a"].value;
        assert_eq!(user.client_key.as_deref(), Some(Path::new("/k/k.pem")));
        assert_eq!(user.token_file.as_deref(), Some(Path::new("/t")));
        assert_eq!(user.exec.as_ref().unwrap().command, "/k/bin/p");
        assert_eq!(config.users["b"].value.exec.as_ref().unwrap().command, "p");
    }

    #[test]
    fn anchors_and_merge_keys_are_resolved() {
        let config = read(
            "x: &c {server: https://a, tls-server-name: t}\n\
             clusters:\n- name: one\n  cluster: *c\n- name: two\n  cluster:\n    <<: *c\n    server: https://b\n",
        )
        .unwrap();
        assert_eq!(config.clusters["one"].value.server, "https://a");
        assert_eq!(config.clusters["two"].value.server, "https://b");
        assert_eq!(config.clusters["two"].value.tls_server_name.as_deref(), Some("t"));
    }

    #[test]
    fn alias_bombs_and_deep_nesting_end_early() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..40 {
            let items = vec![format!("*a{}", level - 1); 9].join(",");
            bomb += &format!("a{level}: &a{level} [{items}]\n");
        }
        assert_eq!(refusal(&bomb), "not YAML that kubectl reads: excessive aliasing");
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 100].join(","));
        assert_eq!(refusal(&long), "not YAML that kubectl reads: excessive aliasing");
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read(&"{a: ".repeat(100_000)).is_err());
        assert!(read(&"- ".repeat(100_000)).is_err());
        assert_eq!(refusal("a: &a [*a]"), "not YAML that kubectl reads: an anchor's value contains itself");
        let mut chain = "a0: &a0 [x]\n".to_owned();
        for level in 1..3000 {
            chain += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
        }
        assert!(read(&chain).is_err());
    }

    #[test]
    fn a_file_with_many_contexts_is_no_bomb() {
        let data = "QUJD".repeat(700);
        let mut text = "kind: Config\nclusters:\n".to_owned();
        for index in 0..3000 {
            text += &format!(
                "- name: c{index}\n  cluster:\n    certificate-authority-data: {data}\n    server: https://x\n"
            );
        }
        assert_eq!(read(&text).unwrap().clusters.len(), 3000);
    }

    #[test]
    fn broken_kubeconfigs_are_reported_from_other_files() {
        assert!(looks_like_kubeconfig(b"apiVersion: v1\nclusters:\n- cluster: {\n"));
        assert!(looks_like_kubeconfig(b"{\"kind\": \"Config\", \"clusters\": ["));
        assert!(!looks_like_kubeconfig(b"# Clusters\n\n```yaml\nkind: Config\nclusters:\n- a\n```\n"));
        assert!(looks_like_kubeconfig(b"apiVersion: v1\nclusters:\n- name: caf\xe9\n"));
        assert!(!looks_like_kubeconfig(b"\x7fELF\0\xff\nkind: Config\nclusters:\n"));
        assert!(!looks_like_kubeconfig(b"-----BEGIN CERTIFICATE-----\nMII\n"));
        assert!(!looks_like_kubeconfig(b"apiVersion: v1\nkind: ConfigMap\ndata: {\n"));
    }
}
