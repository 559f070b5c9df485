//! The service account of the pod that the program runs in. It is used only where a flag asks for it.
//!
//! Source: <https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/>

use std::path::Path;
use std::sync::Arc;

use crate::core::kubeconfig::{Cluster, ResolvedContext, User};
use crate::core::sourced::Sourced;
use crate::core::variables;
use crate::world::Environment;

/// Where the kubelet puts a pod's credential.
pub const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Why there is no pod to speak for.
#[derive(Debug, thiserror::Error)]
pub enum PodError {
    /// The kubelet sets two variables in every container.
    #[error("not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")]
    NoService,
    /// The pod has `automountServiceAccountToken: false`.
    #[error("the pod has no service account token: {} does not exist", .0.display())]
    NoToken(std::path::PathBuf),
}

/// What a kubeconfig for the pod's service account would say.
pub fn context(env: &Environment, folder: &Path) -> Result<ResolvedContext, PodError> {
    let [host, port] = variables::SERVICE;
    let variable = |name| env.text(name).ok_or(PodError::NoService);
    let (host, port) = (variable(host)?, variable(port)?);
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let token = folder.join("token");
    if !token.is_file() {
        return Err(PodError::NoToken(token));
    }
    let file: Arc<Path> = Arc::from(folder);
    let cluster = Cluster {
        server: format!("https://{host}:{port}"),
        certificate_authority: Some(folder.join("ca.crt")),
        ..Cluster::default()
    };
    let user = User { token_file: Some(token), ..User::default() };
    Ok(ResolvedContext {
        file: Some(Arc::clone(&file)),
        cluster: Some(Sourced::new(cluster, Arc::clone(&file))),
        user: Some(Sourced::new(user, file)),
        ..ResolvedContext::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pods_service_account_is_a_context() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "t").unwrap();
        let env = Environment::new([("KUBERNETES_SERVICE_HOST", "fd00::1"), ("KUBERNETES_SERVICE_PORT", "443")]);
        let context = context(&env, folder.path()).unwrap();
        assert_eq!(context.cluster.unwrap().value.server, "https://[fd00::1]:443");
        assert_eq!(context.user.unwrap().value.token_file, Some(folder.path().join("token")));
    }

    #[test]
    fn outside_a_pod_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(context(&Environment::default(), folder.path()), Err(PodError::NoService)));
        let env = Environment::new([("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("KUBERNETES_SERVICE_PORT", "443")]);
        assert!(matches!(context(&env, folder.path()), Err(PodError::NoToken(_))));
    }
}
