//! What a credential plugin gets and what it answers: `ExecCredential`, `v1` and `v1beta1`.
//!
//! Source: <https://kubernetes.io/docs/reference/config-api/client-authentication.v1/>

use jiff::Timestamp;
use serde_json::json;

use super::connection::Endpoint;
use crate::core::secret::Secret;
use crate::core::yaml::{self, Document, Mapping, Mismatch, Value, YamlError};

/// The versions of the interface that are known.
pub const API_VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// A credential that a plugin gave out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecCredential {
    /// A bearer token.
    pub token: Option<Secret<String>>,
    /// A client certificate (PEM) and its private key (PEM).
    pub certificate: Option<(Vec<u8>, Secret<Vec<u8>>)>,
    /// When it ends, where the plugin says so.
    pub expires: Option<Timestamp>,
}

/// Why a plugin's answer is none. What the plugin wrote is never repeated: it can hold a credential.
#[derive(Debug, thiserror::Error)]
pub enum ExecCredentialError {
    /// It is neither JSON nor YAML.
    #[error("its output is no ExecCredential")]
    Yaml(#[source] YamlErrorKind),
    /// A field is of the wrong kind.
    #[error("its output is no ExecCredential: {0}")]
    Shape(#[from] Mismatch),
    /// It is of another kind or version than the kubeconfig asks for.
    #[error("its output is not of the kind and version that the kubeconfig asks for")]
    Version,
    /// There is no `status`.
    #[error("its output has no status")]
    NoStatus,
    /// There is neither token nor certificate.
    #[error("its output has neither a token nor a certificate and key")]
    Nothing,
    /// There is a certificate or a key without the other.
    #[error("its output has only one of certificate and key")]
    Half,
    /// The expiry is no time.
    #[error("its output has an expirationTimestamp that is no RFC 3339 time")]
    Expiry,
}

/// Where in the output the grammar is broken, without any of its text.
#[derive(Debug, thiserror::Error)]
#[error("neither JSON nor YAML{}", .line.map(|line| format!(" from line {line} on")).unwrap_or_default())]
pub struct YamlErrorKind {
    line: Option<usize>,
}

impl From<YamlError> for ExecCredentialError {
    fn from(error: YamlError) -> Self {
        let line = match error {
            YamlError::Grammar { line, .. } => Some(line),
            YamlError::Text(_) | YamlError::Content(_) => None,
        };
        Self::Yaml(YamlErrorKind { line })
    }
}

/// The content of `KUBERNETES_EXEC_INFO`. The cluster is given where the kubeconfig says `provideClusterInfo`.
pub fn request(
    api_version: &str,
    interactive: bool,
    cluster: Option<(&Endpoint, Option<&serde_json::Value>)>,
) -> String {
    let mut spec = json!({ "interactive": interactive });
    if let Some((endpoint, config)) = cluster {
        spec["cluster"] = cluster_info(endpoint, config);
    }
    json!({ "kind": "ExecCredential", "apiVersion": api_version, "spec": spec }).to_string()
}

fn cluster_info(endpoint: &Endpoint, config: Option<&serde_json::Value>) -> serde_json::Value {
    use base64::Engine as _;
    let mut cluster = json!({ "server": endpoint.server, "config": config });
    if let Some(name) = &endpoint.tls_server_name {
        cluster["tls-server-name"] = json!(name);
    }
    if endpoint.insecure_skip_tls_verify {
        cluster["insecure-skip-tls-verify"] = json!(true);
    }
    if let Some(authority) = &endpoint.certificate_authority {
        cluster["certificate-authority-data"] = json!(base64::engine::general_purpose::STANDARD.encode(authority));
    }
    if let Some(proxy) = &endpoint.proxy {
        cluster["proxy-url"] = json!(proxy.expose());
    }
    if endpoint.disable_compression {
        cluster["disable-compression"] = json!(true);
    }
    cluster
}

/// Reads a plugin's output.
///
/// # Errors
/// What client-go refuses. The validity of certificate and key is not looked at here.
pub fn parse(output: &[u8], api_version: &str) -> Result<ExecCredential, ExecCredentialError> {
    let text = yaml::text(output)?;
    let document = Document::parse(&text)?;
    let value = document.value()?;
    let root = Mapping::of(&value)?;
    if root.text("kind")? != "ExecCredential" || root.text("apiVersion")? != api_version {
        return Err(ExecCredentialError::Version);
    }
    let status = root.get("status").ok_or(ExecCredentialError::NoStatus)?;
    let status = Mapping::of(status).map_err(|mismatch| mismatch.inside("status"))?;
    let token = status.non_empty("token")?.map(Secret::new);
    let certificate = status.non_empty("clientCertificateData")?;
    let key = status.non_empty("clientKeyData")?;
    let certificate = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate.into_bytes(), Secret::new(key.into_bytes()))),
        (None, None) => None,
        _ => return Err(ExecCredentialError::Half),
    };
    if token.is_none() && certificate.is_none() {
        return Err(ExecCredentialError::Nothing);
    }
    Ok(ExecCredential { token, certificate, expires: expiry(status.get("expirationTimestamp"))? })
}

fn expiry(value: Option<&Value<'_>>) -> Result<Option<Timestamp>, ExecCredentialError> {
    match value {
        None => Ok(None),
        Some(Value::Text(text)) => text.parse().map(Some).map_err(|_| ExecCredentialError::Expiry),
        Some(_) => Err(ExecCredentialError::Expiry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = API_VERSIONS[0];

    fn output(status: &str) -> String {
        format!(r#"{{"kind": "ExecCredential", "apiVersion": "{V1}", "status": {status}}}"#)
    }

    #[test]
    fn a_token_and_its_end_are_read() {
        let output = output(r#"{"token": "t", "expirationTimestamp": "2030-01-02T03:04:05Z"}"#);
        let credential = parse(output.as_bytes(), V1).unwrap();
        assert_eq!(credential.token.unwrap().expose(), "t");
        assert_eq!(credential.expires.unwrap().to_string(), "2030-01-02T03:04:05Z");
    }

    #[test]
    fn what_is_no_credential_is_refused_without_being_repeated() {
        for status in [
            "null",
            "{}",
            r#"{"clientKeyData": "hunter2"}"#,
            r#"{"token": ["hunter2"]}"#,
            r#"{"token": "hunter2", "expirationTimestamp": "soon"}"#,
            "{hunter2: : ]",
        ] {
            let error: Box<dyn std::error::Error> = parse(output(status).as_bytes(), V1).unwrap_err().into();
            let chain = crate::error::chain(error.as_ref());
            assert!(!chain.contains("hunter2") && !format!("{error:?}").contains("hunter2"), "{chain} {error:?}");
        }
        assert!(matches!(
            parse(output(r#"{"token": "t"}"#).as_bytes(), API_VERSIONS[1]),
            Err(ExecCredentialError::Version)
        ));
    }

    #[test]
    fn the_cluster_is_reported_where_asked() {
        let parsed = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
        let plain = parsed(request(V1, true, None));
        assert_eq!(plain, json!({"kind": "ExecCredential", "apiVersion": V1, "spec": {"interactive": true}}));
        let endpoint =
            Endpoint { server: "https://a".into(), certificate_authority: Some(b"ca".to_vec()), ..Endpoint::default() };
        let request = parsed(request(V1, false, Some((&endpoint, Some(&json!({"x": 1}))))));
        assert_eq!(
            request["spec"]["cluster"],
            json!({"server": "https://a", "certificate-authority-data": "Y2E=", "config": {"x": 1}})
        );
    }
}
