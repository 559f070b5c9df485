//! The plain-text cache of ack-ram-tool's credential plugin: where it is, and what it holds.
//!
//! `credential-plugin get-credential` leaves each credential that it fetches in a JSON file, an ExecCredential, private
//! key included.
//! Source: <https://github.com/AliyunContainerService/ack-ram-tool/blob/main/pkg/ctl/credentialplugin/cache.go>

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use ring::digest;
use serde::Deserialize;

use crate::core::hex;
use crate::core::ids::ClusterId;
use crate::core::kubeconfig::Exec;
use crate::core::kubeconfig::plugin_arguments::{argument, cluster_id, is_ack_ram_tool};
use crate::core::secret::Secret;

const MARK: &str = "-exec-auth-credential-";

/// The parts of a cache file's name, `<cluster>-exec-auth-credential-<version>[-<digest>].json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheName {
    /// The cluster that the credential is for.
    pub cluster_id: ClusterId,
    /// `v1` or `v1beta1`.
    pub api_version: String,
    /// The SHA-1 digest of role and profile, where one of them was chosen.
    pub digest: Option<String>,
}

/// Which cache files a credential plugin's arguments lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheQuery {
    /// The folder they are in. One that the arguments name by a relative path is relative to the folder in which kubectl
    /// is run.
    pub folder: PathBuf,
    /// The cluster.
    pub cluster_id: ClusterId,
    /// `v1` or `v1beta1`.
    pub api_version: String,
    /// The digest of the role and the profile that the arguments name. Without these, the environment may have named
    /// them, so that any digest fits.
    pub digest: Option<String>,
}

/// What a cache file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedCredential {
    /// When the plugin has to fetch a new one, as its output says.
    pub expires: Option<Timestamp>,
    /// The client certificate (PEM).
    pub certificate: Option<Vec<u8>>,
    /// Its private key (PEM).
    pub key: Option<Secret<Vec<u8>>>,
    /// The bearer token.
    pub token: Option<Secret<String>>,
}

/// Why a cache file can't be used. Nothing of its content is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    /// It is no JSON of the right shape.
    #[error("it is no ExecCredential: line {line}, column {column}")]
    Shape {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Its status holds neither certificate nor token.
    #[error("it holds neither a certificate nor a token")]
    Empty,
    /// The time at which it ends is none.
    #[error("its expirationTimestamp is no time")]
    Expiration,
}

impl CacheName {
    /// Reads a file name. Early releases put `-public` or `-private` behind the
    /// cluster; that is accepted.
    pub fn parse(file_name: &str) -> Option<Self> {
        let (cluster, rest) = file_name.strip_suffix(".json")?.split_once(MARK)?;
        let cluster = cluster.strip_suffix("-public").or_else(|| cluster.strip_suffix("-private")).unwrap_or(cluster);
        let (api_version, digest) = rest.split_once('-').map_or((rest, None), |(version, sha)| (version, Some(sha)));
        let versioned = !api_version.is_empty() && api_version.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let hexadecimal = |sha: &str| sha.len() == 40 && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
        (versioned && digest.is_none_or(hexadecimal)).then_some(())?;
        Some(Self {
            cluster_id: ClusterId::parse(cluster)?,
            api_version: api_version.to_owned(),
            digest: digest.map(str::to_owned),
        })
    }
}

impl CacheQuery {
    /// The cache of a credential plugin; `None` where it is not ack-ram-tool, or one of its commands that keep none, or
    /// if the folder is unknown for want of a home folder.
    pub fn of(exec: &Exec, home: Option<&Path>) -> Option<Self> {
        let fetches_certificates = is_ack_ram_tool(exec) && exec.args.iter().any(|arg| arg == "get-credential");
        let cluster_id = cluster_id(exec).filter(|_| fetches_certificates)?;
        let folder = match argument(&exec.args, "--credential-cache-dir") {
            Some(folder) => expand_home(folder, home)?,
            None => default_folder(home?),
        };
        let api_version = argument(&exec.args, "--api-version").unwrap_or("v1beta1").to_owned();
        let (role, profile) = (argument(&exec.args, "--role-arn"), argument(&exec.args, "--profile-name"));
        let digest = (role.is_some() || profile.is_some())
            .then(|| sha1(&[role.unwrap_or_default(), profile.unwrap_or_default()].concat()));
        Some(Self { folder, cluster_id, api_version, digest })
    }

    /// Whether a file of this name is one that the plugin would use.
    pub fn matches(&self, name: &CacheName) -> bool {
        let digest_fits = self.digest.is_none() || self.digest == name.digest;
        self.cluster_id == name.cluster_id && self.api_version == name.api_version && digest_fits
    }
}

impl CachedCredential {
    /// Reads a cache file's content.
    pub fn parse(content: &[u8]) -> Result<Self, CacheError> {
        #[derive(Deserialize)]
        struct ExecCredential {
            status: Option<Status>,
        }
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Status {
            expiration_timestamp: Option<String>,
            client_certificate_data: Option<String>,
            client_key_data: Option<String>,
            token: Option<String>,
        }
        // A JSON error can quote the value it stumbles over, so only its place is kept.
        let credential: ExecCredential = serde_json::from_slice(content)
            .map_err(|error| CacheError::Shape { line: error.line(), column: error.column() })?;
        let status = credential.status.unwrap_or_default();
        let expires = match filled(status.expiration_timestamp) {
            Some(time) => Some(time.parse().map_err(|_| CacheError::Expiration)?),
            None => None,
        };
        let cached = Self {
            expires,
            certificate: filled(status.client_certificate_data).map(String::into_bytes),
            key: filled(status.client_key_data).map(|key| Secret::new(key.into_bytes())),
            token: filled(status.token).map(Secret::new),
        };
        if cached.certificate.is_none() && cached.token.is_none() { Err(CacheError::Empty) } else { Ok(cached) }
    }
}

/// Where ack-ram-tool keeps its cache by default.
pub fn default_folder(home: &Path) -> PathBuf {
    home.join(".kube").join("cache").join("ack-ram-tool").join("credential-plugin")
}

fn expand_home(folder: &str, home: Option<&Path>) -> Option<PathBuf> {
    match folder.strip_prefix('~') {
        Some("") => home.map(Path::to_owned),
        Some(rest) if rest.starts_with(['/', '\\']) => Some(home?.join(rest.trim_start_matches(['/', '\\']))),
        _ => Some(PathBuf::from(folder)),
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn sha1(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;
    use proptest::prelude::*;

    const CLUSTER: &str = "c82e6987e2961451182edacd74fafaaaa";

    fn exec(args: &[&str]) -> Exec {
        let args = ["credential-plugin", "get-credential", "--cluster-id", CLUSTER].iter().chain(args);
        Exec { command: "ack-ram-tool".into(), args: args.map(|arg| (*arg).to_owned()).collect(), ..Exec::default() }
    }

    fn query(args: &[&str]) -> CacheQuery {
        CacheQuery::of(&exec(args), Some(Path::new("/home/me"))).unwrap()
    }

    #[test]
    fn file_names_tell_the_cluster() {
        let name = CacheName::parse(&format!("{CLUSTER}-exec-auth-credential-v1beta1.json")).unwrap();
        assert_eq!((name.cluster_id.as_str(), name.api_version.as_str(), name.digest), (CLUSTER, "v1beta1", None));
        let digest = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        let name = CacheName::parse(&format!("{CLUSTER}-exec-auth-credential-v1-{digest}.json")).unwrap();
        assert_eq!((name.api_version.as_str(), name.digest.as_deref()), ("v1", Some(digest)));
        assert!(CacheName::parse(&format!("{CLUSTER}-private-exec-auth-credential-v1.json")).is_some());
    }

    #[test]
    fn other_files_are_none_of_the_plugins() {
        for name in [
            "config.json".to_owned(),
            format!("{CLUSTER}-exec-auth-credential-v1"),
            format!("{CLUSTER}-exec-auth-credential-.json"),
            format!("{CLUSTER}-exec-auth-credential-v1-xyz.json"),
            "prod-exec-auth-credential-v1.json".to_owned(),
        ] {
            assert_eq!(CacheName::parse(&name), None, "{name}");
        }
    }

    #[test]
    fn the_folder_is_the_one_in_the_arguments_or_the_default() {
        let default = Path::new("/home/me/.kube/cache/ack-ram-tool/credential-plugin");
        assert_eq!(query(&[]).folder, default);
        let tilde = query(&["--credential-cache-dir", "~/.kube/cache/ack-ram-tool/credential-plugin"]);
        assert_eq!(tilde.folder, default);
        assert_eq!(query(&["--credential-cache-dir=/var/cache/x"]).folder, Path::new("/var/cache/x"));
        assert_eq!(CacheQuery::of(&exec(&[]), None), None);
    }

    #[test]
    fn the_file_follows_version_role_and_profile() {
        let plain = format!("{CLUSTER}-exec-auth-credential-v1beta1.json");
        assert!(query(&[]).matches(&CacheName::parse(&plain).unwrap()));
        let chosen = query(&["--api-version", "v1", "--profile-name", "abc"]);
        // `printf abc | sha1sum`
        let file = format!("{CLUSTER}-exec-auth-credential-v1-a9993e364706816aba3e25717850c26c9cd0d89d.json");
        assert!(chosen.matches(&CacheName::parse(&file).unwrap()));
        assert!(!chosen.matches(&CacheName::parse(&plain).unwrap()));
        assert!(query(&["--api-version=v1"]).matches(&CacheName::parse(&file).unwrap()));
    }

    #[test]
    fn commands_and_programs_that_keep_no_cache_have_none() {
        let mut other = exec(&[]);
        other.command = "aws".into();
        assert_eq!(CacheQuery::of(&other, Some(Path::new("/home/me"))), None);
        let mut token = exec(&[]);
        token.args[1] = "get-token".into();
        assert_eq!(CacheQuery::of(&token, Some(Path::new("/home/me"))), None);
    }

    #[test]
    fn a_cached_certificate_and_a_cached_token_are_read() {
        let certificate = br#"{"kind":"ExecCredential","status":{"expirationTimestamp":"2026-01-10T08:44:34+02:00",
            "clientCertificateData":"cert","clientKeyData":"s3cret","token":""}}"#;
        let cached = CachedCredential::parse(certificate).unwrap();
        assert_eq!(cached.expires, Some(at("2026-01-10T06:44:34Z")));
        assert_eq!((cached.certificate.as_deref(), cached.token.is_some()), (Some(&b"cert"[..]), false));
        assert!(!format!("{cached:?}").contains("s3cret"));
        let cached = CachedCredential::parse(br#"{"status":{"token":"s3cret"}}"#).unwrap();
        assert_eq!((cached.expires, cached.token.is_some()), (None, true));
        assert!(!format!("{cached:?}").contains("s3cret"));
    }

    #[test]
    fn a_broken_cache_is_reported_without_its_content() {
        for (content, expected) in [
            (r#"{"status":{"token":["s3cret"]}}"#, CacheError::Shape { line: 1, column: 19 }),
            (r#"{"status":{}}"#, CacheError::Empty),
            ("{}", CacheError::Empty),
            (r#"{"status":{"token":"x","expirationTimestamp":"s3cret"}}"#, CacheError::Expiration),
        ] {
            let error = CachedCredential::parse(content.as_bytes()).unwrap_err();
            assert_eq!(error, expected);
            assert!(!error.to_string().contains("s3cret"));
        }
        assert!(matches!(CachedCredential::parse(b""), Err(CacheError::Shape { .. })));
    }

    proptest! {
        #[test]
        fn any_content_and_any_name_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), name in "\\PC{0,60}") {
            let _ = CachedCredential::parse(&bytes);
            let _ = CacheName::parse(&name);
            let _ = CacheName::parse(&format!("{CLUSTER}{MARK}{name}.json"));
            let _ = expand_home(&name, Some(Path::new("/home/me")));
        }
    }
}
