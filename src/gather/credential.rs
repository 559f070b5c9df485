//! A user entry's credential: the files that it names are read, no plugin is run and no socket is opened.

use std::path::{Path, PathBuf};

use crate::adapters::files::{self, Policy};
use crate::core::credential::exec_cache::CacheQuery;
use crate::core::credential::{CacheFile, Credential, Material, needed_files};
use crate::core::ids::ClusterId;
use crate::core::kubeconfig::{ResolvedContext, User};
use crate::core::sourced::Sourced;

/// A user entry's credential, and what its credential plugin left on the disk.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The credential that counts.
    pub credential: Credential,
    /// The entry's other credentials, which may open the cluster as well.
    pub others: Vec<Credential>,
    /// The plugin's caches, each a credential of its own. Empty for entries without a plugin, and for a kubeconfig that
    /// is not to be trusted.
    pub caches: Vec<Cached>,
}

/// A credential in a credential plugin's cache.
#[derive(Clone, Debug)]
pub struct Cached {
    /// The file; the folder, when that can't be read.
    pub path: PathBuf,
    /// The cluster that the file's name tells.
    pub cluster_id: Option<ClusterId>,
    /// The credential, of kind `Exec`.
    pub credential: Credential,
}

/// Assesses the credential of a context's user that counts, and nothing that its plugin may have left on the disk.
pub fn credential_of(context: &ResolvedContext, policy: &Policy) -> Credential {
    of_context(context, policy, None).credential
}

/// Assesses a context's user. `home` is where credential plugins keep their caches; without it none is looked for.
pub fn of_context(context: &ResolvedContext, policy: &Policy, home: Option<&Path>) -> Gathered {
    match &context.user {
        Some(user) => of_user(user, policy, home),
        None => Gathered {
            credential: Credential::of_missing_user(&context.user_name),
            others: Vec::new(),
            caches: Vec::new(),
        },
    }
}

/// Assesses a user entry. `home` is where credential plugins keep their caches.
pub fn of_user(user: &Sourced<User>, policy: &Policy, home: Option<&Path>) -> Gathered {
    let mut all = Credential::assess_all(&user.value, &material(user, policy));
    let credential = all.remove(0);
    Gathered { credential, others: all, caches: caches(&user.value, policy, home) }
}

/// Reads the files that the entry names, and nothing else.
fn material(user: &Sourced<User>, policy: &Policy) -> Material {
    let read = |path: Option<&Path>| path.map(|path| files::read(path, policy));
    let needed = needed_files(&user.value);
    Material {
        kubeconfig: user.file.to_path_buf(),
        kubeconfig_mode: files::mode(&user.file),
        certificate: read(needed.certificate),
        key: read(needed.key),
        token: read(needed.token),
    }
}

fn caches(user: &User, policy: &Policy, home: Option<&Path>) -> Vec<Cached> {
    let query = user.exec.as_ref().and_then(|exec| CacheQuery::of(exec, home));
    match (policy, query) {
        (Policy::Trusted, Some(query)) => files::read_caches(&query).into_iter().map(Cached::assess).collect(),
        _ => Vec::new(),
    }
}

impl Cached {
    fn assess(file: CacheFile) -> Self {
        let credential = Credential::assess_cache(&file);
        Self { path: file.path, cluster_id: file.name.map(|name| name.cluster_id), credential }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::credential::expiry::{self, CredentialStatus, Limits};
    use crate::core::credential::{CredentialKind, Problem, Warning};
    use crate::core::fixtures::{CertificateFixture, RSA_PKCS1, at, rsa_key};
    use crate::core::kubeconfig::{Data, Exec};
    use crate::core::secret::Secret;
    use std::fs;
    use tempfile::TempDir;

    const CLUSTER: &str = "c82e6987e2961451182edacd74fafaaaa";

    /// A folder with a certificate, its key and a token.
    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("client.crt"), CertificateFixture::ack("7-1").pem(&rsa_key())).unwrap();
        fs::write(folder.path().join("client.key"), RSA_PKCS1).unwrap();
        fs::write(folder.path().join("token"), "opaque\n").unwrap();
        folder
    }

    fn entry(folder: &Path, user: User) -> Sourced<User> {
        Sourced::new(user, folder.join("config").into())
    }

    fn by_files(folder: &Path) -> User {
        User {
            client_certificate: Some(folder.join("client.crt")),
            client_key: Some(folder.join("client.key")),
            ..User::default()
        }
    }

    /// A plugin that would leave a trace if it were run, and a home with its cache.
    fn plugin(folder: &Path) -> User {
        let cache = folder.join(".kube/cache/ack-ram-tool/credential-plugin");
        fs::create_dir_all(&cache).unwrap();
        let content = serde_json::json!({"status": {
            "clientCertificateData": CertificateFixture::ack("9-1").pem(&rsa_key()),
            "clientKeyData": RSA_PKCS1,
        }});
        let file = cache.join(format!("{CLUSTER}-exec-auth-credential-v1beta1.json"));
        fs::write(file, content.to_string()).unwrap();
        let command = folder.join("ack-ram-tool");
        fs::write(&command, format!("#!/bin/sh\ntouch {}\n", folder.join("ran").display())).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&command, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let args = ["credential-plugin", "get-credential", "--cluster-id", CLUSTER];
        let exec = Exec {
            api_version: "client.authentication.k8s.io/v1beta1".into(),
            command: command.to_string_lossy().into_owned(),
            args: args.map(str::to_owned).into(),
            ..Exec::default()
        };
        User { exec: Some(exec), ..User::default() }
    }

    #[test]
    fn files_are_read_and_assessed() {
        let folder = folder();
        let user = entry(folder.path(), by_files(folder.path()));
        let gathered = of_user(&user, &Policy::Trusted, None);
        assert_eq!(gathered.credential.uid.unwrap().as_str(), "7");
        assert_eq!(gathered.credential.problem, None);
        let token = User { token_file: Some(folder.path().join("token")), ..User::default() };
        let gathered = of_user(&entry(folder.path(), token), &Policy::Trusted, None);
        let status = expiry::assess(&gathered.credential, at("2024-01-01T00:00:00Z"), &Limits::default()).status;
        assert_eq!(status, CredentialStatus::Static);
    }

    #[test]
    fn a_leaked_kubeconfig_gets_its_neighbours_and_nothing_else() {
        let (mine, leak) = (folder(), folder());
        let policy = Policy::OnlyBeside(leak.path().to_owned());
        let beside = of_user(&entry(leak.path(), by_files(leak.path())), &policy, Some(mine.path()));
        assert_eq!(beside.credential.problem, None);
        let outside = of_user(&entry(leak.path(), by_files(mine.path())), &policy, Some(mine.path()));
        assert!(matches!(outside.credential.problem, Some(Problem::Missing(reason)) if reason.contains("outside")));
        assert_eq!(outside.credential.uid, None);
        let plugin = of_user(&entry(leak.path(), plugin(mine.path())), &policy, Some(mine.path()));
        assert!(plugin.caches.is_empty());
    }

    #[test]
    fn a_plugin_is_not_run_and_its_cache_is_a_credential_of_its_own() {
        let folder = folder();
        let user = entry(folder.path(), plugin(folder.path()));
        let gathered = of_user(&user, &Policy::Trusted, Some(folder.path()));
        let now = at("2025-12-31T00:00:00Z");
        assert_eq!(expiry::assess(&gathered.credential, now, &Limits::default()).status, CredentialStatus::Dynamic);
        let [cached] = &gathered.caches[..] else { panic!("{:?}", gathered.caches) };
        assert_eq!(cached.cluster_id, ClusterId::parse(CLUSTER));
        assert_eq!(cached.credential.kind, CredentialKind::Exec);
        assert_eq!(expiry::assess(&cached.credential, now, &Limits::default()).status, CredentialStatus::Expiring);
        assert!(!folder.path().join("ran").exists());
    }

    #[test]
    fn a_file_that_inline_data_takes_the_place_of_is_not_read() {
        let folder = folder();
        let user = User {
            client_certificate_data: Some(Data::Decoded(CertificateFixture::ack("8-1").pem(&rsa_key()).into_bytes())),
            client_key_data: Some(Secret::new(Data::Decoded(RSA_PKCS1.into()))),
            client_key: Some("/dev/zero".into()),
            ..User::default()
        };
        let material = material(&entry(folder.path(), user), &Policy::Trusted);
        assert_eq!((material.certificate, material.key, material.token), (None, None, None));
    }

    #[test]
    fn a_token_file_beside_a_certificate_is_a_credential_of_its_own() {
        let folder = folder();
        let user = User { token_file: Some(folder.path().join("token")), ..by_files(folder.path()) };
        let gathered = of_user(&entry(folder.path(), user), &Policy::Trusted, None);
        assert_eq!(gathered.credential.kind, CredentialKind::ClientCertificate);
        let [other] = &gathered.others[..] else { panic!("{:?}", gathered.others) };
        assert_eq!((other.kind, &other.problem), (CredentialKind::TokenFile, &None));
    }

    #[cfg(unix)]
    #[test]
    fn an_open_kubeconfig_is_warned_of() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder();
        let config = folder.path().join("config");
        fs::write(&config, "").unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o604)).unwrap();
        let user = User { token: Some(Secret::new("opaque".into())), ..User::default() };
        let gathered = of_user(&entry(folder.path(), user), &Policy::Trusted, None);
        assert_eq!(gathered.credential.warnings, [Warning::ReadableByOthers { path: config, mode: 0o604 }]);
    }

    #[test]
    fn a_user_that_no_file_defines_is_missing() {
        let context = ResolvedContext { user_name: "bob".to_owned(), ..ResolvedContext::default() };
        let gathered = of_context(&context, &Policy::Trusted, None);
        assert!(matches!(gathered.credential.problem, Some(Problem::Missing(_))));
    }
}
