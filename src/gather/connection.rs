//! From a context to what it takes to talk to its API server: files are read and the credential plugin is run.
//!
//! What is refused here is what kubectl refuses, and what wins is what wins there.
//! Source: <https://github.com/kubernetes/client-go/blob/v0.36.3/tools/clientcmd/client_config.go>

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Uri;

use crate::adapters::exec_plugin::{self, PluginError};
use crate::adapters::files::{self, FileError};
use crate::adapters::kuberc::{self, PolicyError};
use crate::core::kubeconfig::connection::{Endpoint, Login};
use crate::core::kubeconfig::proxy::{ProxyVariables, check_proxy_url, proxy_for};
use crate::core::kubeconfig::{Cluster, Data, ResolvedContext, User, refusal};
use crate::core::secret::Secret;
use crate::world::World;

/// Why a context gives no connection. Which context it was, the caller adds.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The context names a cluster that no file defines.
    #[error("cluster {name:?}, which the context names, is not defined")]
    MissingCluster {
        /// The cluster's name.
        name: String,
    },
    /// The context names a user that no file defines.
    #[error("user {name:?}, which the context names, is not defined (kubectl would continue anonymously)")]
    MissingUser {
        /// The user's name.
        name: String,
    },
    /// There is no address to connect to.
    #[error("cluster {name:?} has no server")]
    NoServer {
        /// The cluster's name.
        name: String,
    },
    /// An address makes no sense.
    #[error("cluster {name:?} has a {field} that is no URL of a supported kind")]
    Url {
        /// The cluster's name.
        name: String,
        /// The field.
        field: &'static str,
    },
    /// The proxy's URL makes no sense, or kubectl doesn't know its kind.
    #[error("cluster {name:?} has a proxy-url that {reason}")]
    Proxy {
        /// The cluster's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A `*-data` field is no base64.
    #[error("{entry} has a malformed {field}: {reason}")]
    Malformed {
        /// The kind and name of the entry.
        entry: String,
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Fields of an entry that exclude or demand one another.
    #[error("{entry} {problem}")]
    Contradiction {
        /// The kind and name of the entry.
        entry: String,
        /// What doesn't go together.
        problem: String,
    },
    /// A file that the entry names can't be read.
    #[error("cannot read {field} {} of {entry}", .path.display())]
    Read {
        /// The kind and name of the entry.
        entry: String,
        /// The field.
        field: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: FileError,
    },
    /// The credential plugin gave nothing.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The user's kuberc can't be used, so that no plugin may run.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// Reads all that the context names and runs its credential plugin, where nothing else gives a credential.
///
/// Over plain http no credential is sent, as in kubectl. `timeout` bounds the plugin; `None` means no bound.
///
/// # Errors
/// Where kubectl would refuse as well, and for a user that isn't defined.
pub async fn connection(
    world: &World,
    context: &ResolvedContext,
    timeout: Option<Duration>,
) -> Result<(Endpoint, Login), ConnectionError> {
    let Some(cluster) = &context.cluster else {
        return Err(ConnectionError::MissingCluster { name: context.cluster_name.clone() });
    };
    if context.user.is_none() && !context.user_name.is_empty() {
        return Err(ConnectionError::MissingUser { name: context.user_name.clone() });
    }
    let anonymous = User::default();
    let user = context.user.as_ref().map_or(&anonymous, |user| &user.value);
    let cluster_entry = Entry { kind: "cluster", name: &context.cluster_name };
    let user_entry = Entry { kind: "user", name: &context.user_name };
    if let Some(problem) = refusal(user) {
        return Err(user_entry.contradiction(problem));
    }

    let endpoint = cluster_entry.endpoint(world, &cluster.value)?;
    let mut login = Login { impersonate: user.impersonate.clone(), ..Login::default() };
    if !endpoint.server.starts_with("https://") {
        return Ok((endpoint, login));
    }
    user_entry.read_login(user, &mut login)?;
    if let Some(exec) = user.exec.as_ref().filter(|_| is_empty(&login)) {
        let policy = kuberc::plugin_policy(world)?;
        let config = cluster.value.exec_config.as_ref();
        let credential = exec_plugin::run(world, exec, &endpoint, config, &policy, timeout).await?;
        login.bearer = credential.token;
        login.certificate = credential.certificate;
    }
    Ok((endpoint, login))
}

fn is_empty(login: &Login) -> bool {
    login.certificate.is_none() && login.bearer.is_none() && login.basic.is_none()
}

/// The entry of a kubeconfig that is being read, for messages.
#[derive(Clone, Copy)]
struct Entry<'n> {
    kind: &'static str,
    name: &'n str,
}

impl Entry<'_> {
    fn title(self) -> String {
        format!("{} {:?}", self.kind, self.name)
    }

    fn contradiction(self, problem: impl Into<String>) -> ConnectionError {
        ConnectionError::Contradiction { entry: self.title(), problem: problem.into() }
    }

    fn endpoint(self, world: &World, cluster: &Cluster) -> Result<Endpoint, ConnectionError> {
        let name = || self.name.to_owned();
        if cluster.server.is_empty() {
            return Err(ConnectionError::NoServer { name: name() });
        }
        let url = server_url(&cluster.server).ok_or_else(|| ConnectionError::Url { name: name(), field: "server" })?;
        let authority = &cluster.certificate_authority_data;
        if cluster.certificate_authority.is_some() && authority.is_some() {
            return Err(self.contradiction("has both certificate-authority and certificate-authority-data"));
        }
        let authority = self.material(
            ("certificate-authority-data", authority.as_ref()),
            ("certificate-authority", cluster.certificate_authority.as_deref()),
        )?;
        if authority.is_some() && cluster.insecure_skip_tls_verify {
            return Err(self.contradiction("has a certificate authority and insecure-skip-tls-verify"));
        }
        let proxy = match &cluster.proxy_url {
            Some(proxy) => {
                Some(check_proxy_url(proxy).map_err(|reason| ConnectionError::Proxy { name: name(), reason })?)
            }
            None => proxy_for(&url, &ProxyVariables::of(|name| world.env.text(name))),
        };
        Ok(Endpoint {
            server: url.to_string().trim_end_matches('/').to_owned(),
            certificate_authority: authority,
            tls_server_name: cluster.tls_server_name.clone(),
            insecure_skip_tls_verify: cluster.insecure_skip_tls_verify,
            proxy,
            disable_compression: cluster.disable_compression,
        })
    }

    fn read_login(self, user: &User, login: &mut Login) -> Result<(), ConnectionError> {
        login.bearer = self.bearer(user)?;
        let certificate = self.material(
            ("client-certificate-data", user.client_certificate_data.as_ref()),
            ("client-certificate", user.client_certificate.as_deref()),
        )?;
        if let Some(certificate) = certificate {
            let key = self.material(
                ("client-key-data", user.client_key_data.as_ref().map(Secret::expose)),
                ("client-key", user.client_key.as_deref()),
            )?;
            login.certificate = key.map(|key| (certificate, Secret::new(key)));
        }
        if user.username.is_some() || user.password.is_some() {
            login.basic = Some((user.username.clone().unwrap_or_default(), user.password.clone().unwrap_or_default()));
        }
        if let Some(provider) = user.auth_provider.as_ref().filter(|_| login.bearer.is_none() && login.basic.is_none())
        {
            let token = provider.config.get("id-token").filter(|token| !token.expose().is_empty());
            login.bearer = Some(
                token.cloned().ok_or_else(|| self.contradiction("uses auth-provider oidc but holds no id-token"))?,
            );
        }
        Ok(())
    }

    /// A token file wins over the token beside it, as long as it can be read.
    fn bearer(self, user: &User) -> Result<Option<Secret<String>>, ConnectionError> {
        let Some(path) = &user.token_file else { return Ok(user.token.clone()) };
        let read = self.read("tokenFile", path).and_then(|bytes| {
            let token = String::from_utf8_lossy(&bytes).trim().to_owned();
            if token.is_empty() { Err(self.contradiction("has an empty tokenFile")) } else { Ok(Secret::new(token)) }
        });
        match (read, &user.token) {
            (Ok(token), _) => Ok(Some(token)),
            (Err(_), Some(token)) => Ok(Some(token.clone())),
            (Err(error), None) => Err(error),
        }
    }

    fn material(
        self,
        (data_field, data): (&'static str, Option<&Data>),
        (file_field, file): (&'static str, Option<&Path>),
    ) -> Result<Option<Vec<u8>>, ConnectionError> {
        match (data, file) {
            (Some(Data::Decoded(bytes)), _) => Ok(Some(bytes.clone())),
            (Some(Data::Malformed(reason)), _) => {
                Err(ConnectionError::Malformed { entry: self.title(), field: data_field, reason: reason.clone() })
            }
            (None, Some(path)) => self.read(file_field, path).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn read(self, field: &'static str, path: &Path) -> Result<Vec<u8>, ConnectionError> {
        files::load(path).map_err(|source| ConnectionError::Read {
            entry: self.title(),
            field,
            path: path.to_owned(),
            source,
        })
    }
}

/// A server's URL; `http://` is understood where it is left out, as in kubectl.
fn server_url(server: &str) -> Option<Uri> {
    let server = server.split(['?', '#']).next().unwrap_or_default();
    let url: Uri = if server.contains("://") { server.parse() } else { format!("http://{server}").parse() }.ok()?;
    let is_supported =
        matches!(url.scheme_str(), Some("https" | "http")) && url.host().is_some_and(|host| !host.is_empty());
    is_supported.then_some(url)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;
    use std::sync::{Arc, Mutex};
    use std::{fs, io};

    use super::*;
    use crate::core::kubeconfig::{Overrides, parse, resolve};
    use crate::world::{Environment, Streams};

    /// A folder with a kubeconfig's files in it, and what the plugin wrote to standard error.
    struct Scene {
        folder: tempfile::TempDir,
        variables: Vec<(String, String)>,
        stderr: Arc<Mutex<Vec<u8>>>,
        timeout: Option<Duration>,
    }

    impl Scene {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = format!("{}:/usr/bin:/bin", folder.path().display());
            let variables = vec![("PATH".to_owned(), path)];
            Self { folder, variables, stderr: Arc::default(), timeout: Some(Duration::from_secs(20)) }
        }

        fn with(mut self, name: &str, value: &str) -> Self {
            self.variables.push((name.to_owned(), value.to_owned()));
            self
        }

        fn file(self, name: &str, content: &str) -> Self {
            let path = self.folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
            self
        }

        fn plugin(self, name: &str, script: &str) -> Self {
            let scene = self.file("script", &format!("#!/bin/sh\n{script}\n"));
            // A process of its own writes it: what this one has open for writing can't be run while a thread of it starts another.
            let copied = Command::new("/bin/cp").args(["script", name]).current_dir(scene.folder.path()).status();
            assert!(copied.unwrap().success());
            fs::set_permissions(scene.folder.path().join(name), fs::Permissions::from_mode(0o755)).unwrap();
            scene
        }

        async fn connect(&self, cluster: &str, user: &str) -> Result<(Endpoint, Login), ConnectionError> {
            let text = format!(
                "current-context: one\ncontexts: [{{name: one, context: {{cluster: c, user: u}}}}]\n\
                 clusters: [{{name: c, cluster: {cluster}}}]\nusers: [{{name: u, user: {user}}}]\n"
            );
            let kubeconfig = parse(text.as_bytes(), Arc::from(self.folder.path().join("config"))).unwrap();
            let context = resolve(&kubeconfig, &Overrides::default()).unwrap();
            connection(&self.world(), &context, self.timeout).await
        }

        fn world(&self) -> World {
            World {
                now: jiff::Timestamp::UNIX_EPOCH,
                since: std::time::Instant::now(),
                env: Environment::new(self.variables.clone()),
                home: Some(self.folder.path().to_owned()),
                cwd: self.folder.path().to_owned(),
                streams: Streams {
                    stdin: Arc::new(Mutex::new(io::empty())),
                    stdout: Arc::new(Mutex::new(io::sink())),
                    stderr: Arc::clone(&self.stderr) as _,
                    stdin_is_terminal: false,
                    stdout_is_terminal: false,
                    columns: None,
                    stderr_is_terminal: false,
                },
                host: "desk".to_owned(),
                open_files: crate::world::OpenFiles::default(),
            }
        }

        async fn refusal(&self, cluster: &str, user: &str) -> String {
            let error: Box<dyn std::error::Error> = self.connect(cluster, user).await.unwrap_err().into();
            crate::error::chain(error.as_ref())
        }
    }

    const SERVER: &str = "{server: 'https://a:6443'}";
    const EXEC: &str = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: plugin, interactiveMode: Never}}";
    const ANSWER: &str = r#"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"from-plugin"}}'"#;

    fn bearer(login: &Login) -> Option<&str> {
        login.bearer.as_ref().map(|token| token.expose().as_str())
    }

    #[tokio::test]
    async fn files_are_read_and_lie_beside_the_kubeconfig() {
        let scene = Scene::new().file("ca.pem", "CA").file("c.pem", "CERT").file("k.pem", "KEY");
        let (endpoint, login) = scene
            .connect(
                "{server: 'https://a:6443/', certificate-authority: ca.pem}",
                "{client-certificate: c.pem, client-key: k.pem}",
            )
            .await
            .unwrap();
        assert_eq!(endpoint.server, "https://a:6443");
        assert_eq!(endpoint.certificate_authority.as_deref(), Some(&b"CA"[..]));
        assert_eq!(login.certificate, Some((b"CERT".to_vec(), Secret::new(b"KEY".to_vec()))));
        let refusal = scene.refusal(SERVER, "{client-certificate: gone.pem, client-key: k.pem}").await;
        assert!(
            refusal.starts_with("cannot read client-certificate /") && refusal.contains("gone.pem of user \"u\": "),
            "{refusal}"
        );
    }

    #[tokio::test]
    async fn a_token_file_wins_over_the_token_while_it_can_be_read() {
        let scene = Scene::new().file("t", " from-file\n").file("empty", "\n");
        let token =
            async |user: &str| scene.connect(SERVER, user).await.map(|(_, login)| bearer(&login).map(str::to_owned));
        assert_eq!(token("{token: a, tokenFile: t}").await.unwrap().as_deref(), Some("from-file"));
        assert_eq!(token("{token: a, tokenFile: gone}").await.unwrap().as_deref(), Some("a"));
        assert!(token("{tokenFile: gone}").await.is_err());
        assert!(token("{tokenFile: empty}").await.is_err());
    }

    #[tokio::test]
    async fn a_plugin_is_run_only_where_nothing_else_is_there() {
        let scene = Scene::new().plugin("plugin", ANSWER);
        let (_, login) = scene.connect(SERVER, EXEC).await.unwrap();
        assert_eq!(bearer(&login), Some("from-plugin"));
        let (_, login) = scene.connect(SERVER, &EXEC.replacen('{', "{token: own, ", 1)).await.unwrap();
        assert_eq!(bearer(&login), Some("own"));
    }

    #[tokio::test]
    async fn no_credential_goes_over_plain_http() {
        let scene = Scene::new().plugin("plugin", "touch ran");
        for server in ["{server: 'http://a'}", "{server: 'a:6443'}"] {
            let (endpoint, login) =
                scene.connect(server, &EXEC.replacen('{', "{token: own, as: x, ", 1)).await.unwrap();
            assert!(endpoint.server.starts_with("http://a"), "{}", endpoint.server);
            assert_eq!((login.bearer, login.impersonate.user.as_deref()), (None, Some("x")));
        }
        assert!(!scene.folder.path().join("ran").exists());
    }

    #[tokio::test]
    async fn a_plugin_is_reported_what_it_asked_for_and_its_messages_are_shown() {
        let scene = Scene::new().with("KEPT", "kept").file("ca.pem", "CA").plugin(
            "plugin",
            &format!("echo \"$KEPT $SET $1\" >&2; printf '%s' \"$KUBERNETES_EXEC_INFO\" > info; cat; {ANSWER}"),
        );
        let exec =
            EXEC.replace("command", "args: [hello], env: [{name: SET, value: set}], provideClusterInfo: true, command");
        scene.connect("{server: 'https://a:6443', certificate-authority: ca.pem, extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: z}}]}", &exec).await.unwrap();
        assert_eq!(String::from_utf8(scene.stderr.lock().unwrap().clone()).unwrap(), "kept set hello\n");
        let info: serde_json::Value =
            serde_json::from_slice(&fs::read(scene.folder.path().join("info")).unwrap()).unwrap();
        assert_eq!(info["spec"]["interactive"], false);
        assert_eq!(info["spec"]["cluster"]["certificate-authority-data"], "Q0E=");
        assert_eq!(info["spec"]["cluster"]["config"]["audience"], "z");
    }

    #[tokio::test]
    async fn a_plugin_that_fails_tells_why_without_its_output() {
        let scene = Scene::new().plugin("plugin", "echo hunter2; exit 3");
        assert_eq!(scene.refusal(SERVER, EXEC).await, "credential plugin \"plugin\" failed: exit status: 3");
        let scene = Scene::new().plugin("plugin", "echo 'hunter2: : :'");
        let refusal = scene.refusal(SERVER, EXEC).await;
        assert!(
            refusal.starts_with("credential plugin \"plugin\": its output is") && !refusal.contains("hunter2"),
            "{refusal}"
        );
        let scene = Scene::new().plugin("plugin", "yes");
        assert_eq!(scene.refusal(SERVER, EXEC).await, "credential plugin \"plugin\" wrote more than 1024 KiB");
    }

    #[tokio::test]
    async fn a_plugin_that_hangs_is_ended() {
        let mut scene = Scene::new().plugin("plugin", "exec sleep 60");
        scene.timeout = Some(Duration::from_millis(200));
        assert_eq!(scene.refusal(SERVER, EXEC).await, "credential plugin \"plugin\" did not finish within 0.2 s");
    }

    #[tokio::test]
    async fn a_plugin_that_is_not_installed_brings_its_hint() {
        let exec = EXEC.replace("command", "installHint: \"get \\e[1mit\", command");
        match Scene::new().connect(SERVER, &exec).await.unwrap_err() {
            ConnectionError::Plugin(error) => assert_eq!(error.install_hint(), Some("get U+001B[1mit")),
            other => panic!("{other}"),
        }
        let exec = EXEC.replace("Never", "Always");
        assert!(Scene::new().refusal(SERVER, &exec).await.contains("needs a terminal"));
    }

    #[tokio::test]
    async fn the_policy_of_kuberc_is_kept() {
        let kuberc = |policy: &str| format!("apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n{policy}\n");
        let scene = |policy: &str| Scene::new().plugin("plugin", ANSWER).file(".kube/kuberc", &kuberc(policy));
        let denied = scene("credentialPluginPolicy: DenyAll").refusal(SERVER, EXEC).await;
        assert!(denied.contains("is not allowed by credentialPluginPolicy DenyAll"), "{denied}");
        let list = "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: NAME}]";
        for (name, allowed) in [("plugin", true), ("other", false), ("/elsewhere/plugin", false)] {
            let result = scene(&list.replace("NAME", name)).connect(SERVER, EXEC).await;
            assert_eq!(result.is_ok(), allowed, "{name}: {result:?}");
        }
        let off = scene("credentialPluginPolicy: DenyAll").with("KUBERC", "off");
        assert!(off.connect(SERVER, EXEC).await.is_ok());
        let contradiction = scene("credentialPluginPolicy: Allowlist").refusal(SERVER, EXEC).await;
        assert!(contradiction.contains("kuberc: credentialPluginPolicy is Allowlist, but"), "{contradiction}");
        let gone = Scene::new().with("KUBERC", "gone").refusal(SERVER, EXEC).await;
        assert!(gone.starts_with("cannot read ") && gone.contains("gone"), "{gone}");
    }

    #[tokio::test]
    async fn a_kuberc_that_is_not_read_for_its_kind_or_length_allows_nothing_and_does_not_hang() {
        let default = Scene::new().plugin("plugin", ANSWER).file(".kube/kuberc", &"#".repeat((1 << 20) + 1));
        let refusal = default.refusal(SERVER, EXEC).await;
        assert!(refusal.ends_with(".kube/kuberc: it is longer than 1 MiB"), "{refusal}");
        let fifo = default.folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let refusal = default.with("KUBERC", "fifo").refusal(SERVER, EXEC).await;
        assert!(refusal.ends_with("fifo: it is no regular file"), "{refusal}");
    }

    #[tokio::test]
    async fn only_the_id_token_of_oidc_is_used() {
        let scene = Scene::new();
        let (_, login) = scene.connect(SERVER, "{auth-provider: {name: oidc, config: {id-token: id}}}").await.unwrap();
        assert_eq!(bearer(&login), Some("id"));
        assert!(
            scene.refusal(SERVER, "{auth-provider: {name: gcp, config: {access-token: a}}}").await.contains("\"gcp\"")
        );
    }

    #[tokio::test]
    async fn contradictions_and_malformed_data_name_the_entry() {
        let scene = Scene::new().file("f", "x");
        for (cluster, user, problem) in [
            (SERVER, "{token: a, username: b}", "user \"u\" has both a token and a user name"),
            (SERVER, "{client-certificate: f}", "user \"u\" has a client certificate but no key"),
            (
                SERVER,
                "{client-certificate: f, client-certificate-data: aGk=, client-key: f}",
                "has both client-certificate and",
            ),
            (SERVER, "{as-uid: a}", "impersonates a UID, groups"),
            (
                SERVER,
                "{client-certificate-data: aGk=, client-key-data: 'a!'}",
                "user \"u\" has a malformed client-key-data: not base64",
            ),
            (SERVER, "{exec: {command: a, apiVersion: client.authentication.k8s.io/v1}}", "without an interactiveMode"),
            (
                "{server: 'https://a', certificate-authority: f, insecure-skip-tls-verify: true}",
                "{}",
                "cluster \"c\" has a certificate authority and",
            ),
            (
                "{server: 'https://a', certificate-authority-data: a}",
                "{}",
                "cluster \"c\" has a malformed certificate-authority-data",
            ),
            (
                "{server: 'https://a', proxy-url: 'ftp://p'}",
                "{}",
                "cluster \"c\" has a proxy-url that is of the unknown kind ftp (known: http, https, socks5)",
            ),
            ("{server: 'ftp://a'}", "{}", "cluster \"c\" has a server that is no URL"),
            ("{}", "{}", "cluster \"c\" has no server"),
        ] {
            let refusal = scene.refusal(cluster, user).await;
            assert!(refusal.contains(problem), "{refusal}");
        }
    }

    #[tokio::test]
    async fn the_proxy_is_the_clusters_else_the_environments() {
        let scene = Scene::new().with("HTTPS_PROXY", "upper:1").with("https_proxy", "lower:2").with("NO_PROXY", "b");
        let proxy = async |cluster: &str| {
            let (endpoint, _) = scene.connect(cluster, "{}").await.unwrap();
            endpoint.proxy.map(|proxy| proxy.expose().clone())
        };
        assert_eq!(proxy("{server: 'https://a'}").await.as_deref(), Some("http://upper:1"));
        assert_eq!(proxy("{server: 'https://b'}").await, None);
        assert_eq!(proxy("{server: 'https://b', proxy-url: 'socks5://p:3'}").await.as_deref(), Some("socks5://p:3"));
    }

    #[tokio::test]
    async fn what_is_not_defined_is_refused_by_name() {
        let scene = Scene::new();
        let context = ResolvedContext { cluster_name: "gone".into(), ..ResolvedContext::default() };
        let error = connection(&scene.world(), &context, None).await.unwrap_err();
        assert_eq!(error.to_string(), "cluster \"gone\", which the context names, is not defined");
    }
}
