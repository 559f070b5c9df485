//! Which cluster and which user a context and the command line's flags come to.
//!
//! Source: <https://github.com/kubernetes/client-go/blob/v0.36.3/tools/clientcmd/client_config.go>

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Cluster, Context, Impersonate, Kubeconfig, User};
use crate::core::secret::Secret;
use crate::core::sourced::Sourced;

/// What the command line says instead of the files; kubectl's flags of the same names. Empty text counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--context`
    pub context: Option<String>,
    /// `--cluster`
    pub cluster: Option<String>,
    /// `--user`
    pub user: Option<String>,
    /// `-n/--namespace`
    pub namespace: Option<String>,
    /// `-s/--server`
    pub server: Option<String>,
    /// `--tls-server-name`
    pub tls_server_name: Option<String>,
    /// `--insecure-skip-tls-verify`
    pub insecure_skip_tls_verify: bool,
    /// `--certificate-authority`, resolved against the working directory.
    pub certificate_authority: Option<PathBuf>,
    /// `--token`
    pub token: Option<Secret<String>>,
    /// `--client-certificate`, resolved against the working directory.
    pub client_certificate: Option<PathBuf>,
    /// `--client-key`, resolved against the working directory.
    pub client_key: Option<PathBuf>,
    /// `--as`, `--as-uid`, `--as-group`, `--as-user-extra`
    pub impersonate: Impersonate,
}

/// A context with all that it refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvedContext {
    /// The context's name; `None` where flags alone say what to talk to.
    pub name: Option<String>,
    /// The file that defines the context.
    pub file: Option<Arc<Path>>,
    /// The cluster's name; empty where none is named.
    pub cluster_name: String,
    /// The cluster; `None` where no entry has that name and no flag gives an address.
    pub cluster: Option<Sourced<Cluster>>,
    /// The user's name; empty where none is named.
    pub user_name: String,
    /// The user; `None` where no entry has that name and no flag gives a credential. kubectl would continue anonymously.
    pub user: Option<Sourced<User>>,
    /// The namespace of the flag or of the context.
    pub namespace: Option<String>,
}

impl ResolvedContext {
    /// Whether nothing of this machine is read or run for it: no file, no program.
    pub fn is_self_contained(&self) -> bool {
        let none = User::default();
        let user = self.user.as_ref().map_or(&none, |user| &user.value);
        let cluster = self.cluster.as_ref().map(|cluster| &cluster.value);
        user.exec.is_none()
            && user.auth_provider.is_none()
            && user.token_file.is_none()
            && user.client_certificate.is_none()
            && user.client_key.is_none()
            && cluster.is_none_or(|cluster| cluster.certificate_authority.is_none())
    }
}

/// Why there is no context to work with.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No context is chosen.
    #[error("{}", no_context(.available))]
    NoContext {
        /// The contexts that exist.
        available: Vec<String>,
    },
    /// `--context` names a context that doesn't exist.
    #[error("context {name:?} does not exist{}", listed(.closest))]
    UnknownContext {
        /// The name.
        name: String,
        /// Existing names, the most alike first.
        closest: Vec<String>,
    },
    /// `current-context` names a context that doesn't exist.
    #[error("current-context of {} names {name:?}, which does not exist{}", .file.display(), listed(.closest))]
    DanglingCurrentContext {
        /// The name.
        name: String,
        /// The file that sets it.
        file: Arc<Path>,
        /// Existing names, the most alike first.
        closest: Vec<String>,
    },
    /// `--cluster` names a cluster that doesn't exist.
    #[error("cluster {name:?} does not exist{}", listed(.closest))]
    UnknownCluster {
        /// The name.
        name: String,
        /// Existing names, the most alike first.
        closest: Vec<String>,
    },
    /// `--user` names a user that doesn't exist.
    #[error("user {name:?} does not exist{}", listed(.closest))]
    UnknownUser {
        /// The name.
        name: String,
        /// Existing names, the most alike first.
        closest: Vec<String>,
    },
}

/// Where an entry that only flags describe comes from, in place of a file.
const COMMAND_LINE: &str = "(command line)";

/// Chooses the context and applies the flags to what it refers to, in kubectl's way.
///
/// # Errors
/// Where nothing is chosen, or where something chosen by name doesn't exist. A context that exists but refers to an
/// absent cluster or user is no error.
pub fn resolve(kubeconfig: &Kubeconfig, overrides: &Overrides) -> Result<ResolvedContext, ResolveError> {
    let chosen = choose(kubeconfig, overrides)?;
    let context = chosen.map(|(_, context)| context);
    let file = context.map(|context| Arc::clone(&context.file));
    let named = |flag: &Option<String>, field: fn(&Context) -> &String| {
        flag.clone().unwrap_or_else(|| context.map(|context| field(&context.value).clone()).unwrap_or_default())
    };
    let cluster_flag = non_empty(&overrides.cluster);
    let user_flag = non_empty(&overrides.user);
    let cluster_name = named(&cluster_flag, |context| &context.cluster);
    let user_name = named(&user_flag, |context| &context.user);
    let cluster = kubeconfig.clusters.get(&cluster_name);
    if let (Some(name), None) = (cluster_flag, cluster) {
        return Err(ResolveError::UnknownCluster { closest: closest(&name, &kubeconfig.clusters), name });
    }
    let user = kubeconfig.users.get(&user_name);
    if let (Some(name), None) = (user_flag, user) {
        return Err(ResolveError::UnknownUser { closest: closest(&name, &kubeconfig.users), name });
    }
    let namespace = non_empty(&overrides.namespace)
        .map(|namespace| without_kind(&namespace).to_owned())
        .or_else(|| context.and_then(|context| context.value.namespace.clone()));
    let nowhere = file.clone().unwrap_or_else(|| Arc::from(Path::new(COMMAND_LINE)));
    Ok(ResolvedContext {
        name: chosen.map(|(name, _)| name.clone()),
        file,
        cluster: overridden(cluster, cluster_with(overrides), &nowhere),
        cluster_name,
        user: overridden(user, user_with(overrides), &nowhere),
        user_name,
        namespace,
    })
}

/// Resolves every context, in the order of their names, as [`resolve`] does with each chosen by `--context`.
pub fn resolve_each(
    kubeconfig: &Kubeconfig,
    overrides: &Overrides,
) -> impl Iterator<Item = Result<ResolvedContext, ResolveError>> {
    kubeconfig
        .contexts
        .keys()
        .map(move |name| resolve(kubeconfig, &Overrides { context: Some(name.clone()), ..overrides.clone() }))
}

fn choose<'k>(
    kubeconfig: &'k Kubeconfig,
    overrides: &Overrides,
) -> Result<Option<(&'k String, &'k Sourced<Context>)>, ResolveError> {
    if let Some(name) = non_empty(&overrides.context) {
        let Some(found) = kubeconfig.contexts.get_key_value(&name) else {
            return Err(ResolveError::UnknownContext { closest: closest(&name, &kubeconfig.contexts), name });
        };
        return Ok(Some(found));
    }
    if let Some(current) = &kubeconfig.current_context {
        let Some(found) = kubeconfig.contexts.get_key_value(&current.value) else {
            return Err(ResolveError::DanglingCurrentContext {
                name: current.value.clone(),
                file: Arc::clone(&current.file),
                closest: closest(&current.value, &kubeconfig.contexts),
            });
        };
        return Ok(Some(found));
    }
    if non_empty(&overrides.server).is_some() || non_empty(&overrides.cluster).is_some() {
        return Ok(None);
    }
    Err(ResolveError::NoContext { available: kubeconfig.contexts.keys().cloned().collect() })
}

fn non_empty(flag: &Option<String>) -> Option<String> {
    flag.clone().filter(|value| !value.is_empty())
}

/// `-n ns/kube-system` means `kube-system`.
fn without_kind(namespace: &str) -> &str {
    let prefixes = ["namespaces/", "namespace/", "ns/"];
    let kind = |prefix: &&str| {
        namespace.len() > prefix.len()
            && namespace.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    prefixes.iter().find(|prefix| kind(prefix)).map_or(namespace, |prefix| &namespace[prefix.len()..])
}

/// An entry with the flags applied; `None` where there is neither entry nor flag.
fn overridden<T: Clone + Default + PartialEq>(
    entry: Option<&Sourced<T>>,
    apply: impl FnOnce(&mut T),
    nowhere: &Arc<Path>,
) -> Option<Sourced<T>> {
    let mut value = entry.map(|entry| entry.value.clone()).unwrap_or_default();
    apply(&mut value);
    match entry {
        Some(entry) => Some(Sourced::new(value, Arc::clone(&entry.file))),
        None if value == T::default() => None,
        None => Some(Sourced::new(value, Arc::clone(nowhere))),
    }
}

fn cluster_with(overrides: &Overrides) -> impl FnOnce(&mut Cluster) + '_ {
    |cluster| {
        let server = non_empty(&overrides.server);
        let tls_server_name = non_empty(&overrides.tls_server_name);
        // A flag about trust replaces all that the file says about it.
        if overrides.insecure_skip_tls_verify || overrides.certificate_authority.is_some() {
            cluster.insecure_skip_tls_verify = overrides.insecure_skip_tls_verify;
            cluster.certificate_authority = overrides.certificate_authority.clone();
            cluster.certificate_authority_data = None;
        }
        // Another server needs no name that was meant for the file's.
        if tls_server_name.is_some() || server.is_some() {
            cluster.tls_server_name = tls_server_name;
        }
        if let Some(server) = server {
            cluster.server = server;
        }
    }
}

fn user_with(overrides: &Overrides) -> impl FnOnce(&mut User) + '_ {
    |user| {
        if let Some(token) = overrides.token.as_ref().filter(|token| !token.expose().is_empty()) {
            user.token = Some(token.clone());
        }
        if overrides.client_certificate.is_some() {
            user.client_certificate = overrides.client_certificate.clone();
            user.client_certificate_data = None;
        }
        if overrides.client_key.is_some() {
            user.client_key = overrides.client_key.clone();
            user.client_key_data = None;
        }
        let flags = &overrides.impersonate;
        let impersonate = &mut user.impersonate;
        impersonate.user = non_empty(&flags.user).or(impersonate.user.take());
        impersonate.uid = non_empty(&flags.uid).or(impersonate.uid.take());
        if !flags.groups.is_empty() {
            impersonate.groups = flags.groups.clone();
        }
        impersonate.extra.extend(flags.extra.clone());
    }
}

/// Existing names that may have been meant: the most alike first, five at most.
fn closest<T>(name: &str, existing: &BTreeMap<String, T>) -> Vec<String> {
    let mut names: Vec<(usize, &String)> = existing.keys().map(|other| (distance(name, other), other)).collect();
    names.sort();
    names.into_iter().map(|(_, name)| name.clone()).collect()
}

/// How many characters must be put in, taken out or replaced; names longer than any real one count as far apart.
fn distance(left: &str, right: &str) -> usize {
    if left.len().max(right.len()) > 300 {
        return usize::MAX;
    }
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (position, character) in left.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = position + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(character != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

fn no_context(available: &[String]) -> String {
    match available {
        [] => "the kubeconfig has no contexts".to_owned(),
        names => format!("no context is chosen: no current-context is set and none is named{}", listed(names)),
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let quoted: Vec<String> = names.iter().take(5).map(|name| format!("{name:?}")).collect();
    let more = if names.len() > 5 { ", …" } else { "" };
    format!("; there is {}{more}", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::kubeconfig::parse;

    fn kubeconfig() -> Kubeconfig {
        let text = "
current-context: prod
contexts:
- {name: prod, context: {cluster: c1, user: u1, namespace: ns1}}
- {name: stage, context: {cluster: gone, user: gone}}
clusters:
- {name: c1, cluster: {server: https://a, tls-server-name: t, certificate-authority-data: aGk=}}
- {name: c2, cluster: {server: https://b}}
users:
- {name: u1, user: {token: t, client-key-data: aGk=, as: x}}
";
        parse(text.as_bytes(), Arc::from(Path::new("/k"))).unwrap()
    }

    #[test]
    fn without_flags_it_is_the_current_context() {
        let context = resolve(&kubeconfig(), &Overrides::default()).unwrap();
        assert_eq!(context.name.as_deref(), Some("prod"));
        assert_eq!(context.cluster.unwrap().value.server, "https://a");
        assert_eq!(context.namespace.as_deref(), Some("ns1"));
    }

    #[test]
    fn absent_clusters_and_users_are_seen_as_such() {
        let overrides = Overrides { context: Some("stage".into()), ..Overrides::default() };
        let context = resolve(&kubeconfig(), &overrides).unwrap();
        assert_eq!((context.cluster, context.cluster_name.as_str()), (None, "gone"));
        assert_eq!((context.user, context.user_name.as_str()), (None, "gone"));
    }

    #[test]
    fn a_wrong_name_is_reported_with_what_exists() {
        let overrides = Overrides { context: Some("prd".into()), ..Overrides::default() };
        let error = resolve(&kubeconfig(), &overrides).unwrap_err();
        assert_eq!(error.to_string(), "context \"prd\" does not exist; there is \"prod\", \"stage\"");
        let overrides = Overrides { cluster: Some("c3".into()), ..Overrides::default() };
        assert!(matches!(resolve(&kubeconfig(), &overrides), Err(ResolveError::UnknownCluster { .. })));
        let overrides = Overrides { user: Some("nobody".into()), ..Overrides::default() };
        assert!(matches!(resolve(&kubeconfig(), &overrides), Err(ResolveError::UnknownUser { .. })));
        let mut dangling = kubeconfig();
        dangling.contexts.clear();
        let error = resolve(&dangling, &Overrides::default()).unwrap_err();
        assert_eq!(error.to_string(), "current-context of /k names \"prod\", which does not exist");
        dangling.current_context = None;
        let error = resolve(&dangling, &Overrides::default()).unwrap_err();
        assert_eq!(error.to_string(), "the kubeconfig has no contexts");
    }

    #[test]
    fn flags_about_trust_replace_the_files() {
        let overrides = Overrides {
            server: Some("https://z".into()),
            insecure_skip_tls_verify: true,
            client_key: Some("/key".into()),
            token: Some(Secret::new("other".into())),
            namespace: Some("NS/kube-system".into()),
            ..Overrides::default()
        };
        let context = resolve(&kubeconfig(), &overrides).unwrap();
        let cluster = context.cluster.unwrap().value;
        assert_eq!(cluster.server, "https://z");
        assert_eq!(cluster.tls_server_name, None);
        assert!(cluster.insecure_skip_tls_verify && cluster.certificate_authority_data.is_none());
        let user = context.user.unwrap().value;
        assert_eq!(user.token, Some(Secret::new("other".to_owned())));
        assert_eq!((user.client_key.as_deref(), user.client_key_data), (Some(Path::new("/key")), None));
        assert_eq!(context.namespace.as_deref(), Some("kube-system"));
    }

    #[test]
    fn a_server_alone_needs_no_context() {
        let overrides = Overrides { server: Some("https://z".into()), ..Overrides::default() };
        let context = resolve(&Kubeconfig::default(), &overrides).unwrap();
        assert_eq!((context.name, context.user), (None, None));
        assert_eq!(context.cluster.unwrap().value.server, "https://z");
    }
}
