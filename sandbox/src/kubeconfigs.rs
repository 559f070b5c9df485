//! Kubeconfig files of every kind, sound and broken.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::certs::{Authority, Identity};

/// How a user in a kubeconfig proves who they are.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A client certificate and its key, inline.
    Certificate {
        /// The certificate in PEM, perhaps with more after it.
        certificate: String,
        /// The key in PEM.
        key: String,
    },
    /// A client certificate and its key, by the names of their files.
    CertificateFiles {
        /// The certificate's file.
        certificate: String,
        /// The key's file.
        key: String,
    },
    /// The `*-data` values as they are, base64 or not.
    RawCertificateData {
        /// `client-certificate-data`.
        certificate: String,
        /// `client-key-data`.
        key: String,
    },
    /// A bearer token.
    Token(String),
    /// A bearer token in a file.
    TokenFile(String),
    /// A user name and password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
    /// An exec plugin, as `user.exec` holds it.
    Exec(Value),
    /// An auth provider of this name and configuration.
    AuthProvider {
        /// The provider's name.
        name: String,
        /// Its configuration.
        config: Value,
    },
    /// Nothing at all.
    None,
}

impl Credential {
    /// An identity's certificate and key, inline, as ACK hands them out.
    pub fn of(identity: &Identity) -> Self {
        Self::Certificate { certificate: identity.certificate_pem(), key: identity.key().pkcs8_pem() }
    }

    /// An identity's certificate with its CA's behind it, and the key in the older form where it has one: as ACK's own samples.
    pub fn bundled(identity: &Identity, authority: &Authority) -> Self {
        let key = identity.key().pkcs1_pem().unwrap_or_else(|| identity.key().pkcs8_pem());
        Self::Certificate { certificate: identity.bundle_pem(authority), key }
    }

    /// A certificate that is base64 but not PEM.
    pub fn broken_pem() -> Self {
        Self::Certificate {
            certificate: "-----BEGIN CERTIFICATE-----\nnot a certificate\n-----END CERTIFICATE-----\n".into(),
            key: "-----BEGIN PRIVATE KEY-----\nnot a key\n-----END PRIVATE KEY-----\n".into(),
        }
    }

    /// An identity's certificate whose base64 was cut short, as by a terminal's copy and paste.
    pub fn truncated_base64(identity: &Identity) -> Self {
        let mut certificate = STANDARD.encode(identity.certificate_pem());
        certificate.truncate(certificate.len() / 2 / 4 * 4 + 1);
        Self::RawCertificateData { certificate, key: STANDARD.encode(identity.key().pkcs8_pem()) }
    }

    /// ack-ram-tool as exec plugin, in its certificate mode, for this cluster; its cache lies in `cache`.
    ///
    /// Shape: ack-ram-tool's `credential-plugin get-kubeconfig`.
    pub fn ack_ram_tool(cluster_id: &str, cache: &str) -> Self {
        let args = [
            "credential-plugin",
            "get-credential",
            "--cluster-id",
            cluster_id,
            "--api-version",
            "v1beta1",
            "--expiration",
            "3h0m0s",
            "--credential-cache-dir",
            cache,
            "--log-level",
            "error",
        ];
        Self::Exec(exec(&args))
    }

    /// ack-ram-tool as exec plugin, in its token mode, for this cluster.
    pub fn ack_ram_tool_token(cluster_id: &str) -> Self {
        let args = [
            "credential-plugin",
            "get-token",
            "--cluster-id",
            cluster_id,
            "--api-version",
            "v1beta1",
            "--log-level",
            "error",
        ];
        Self::Exec(exec(&args))
    }

    fn user(&self) -> Value {
        match self {
            Self::Certificate { certificate, key } => json!({
                "client-certificate-data": STANDARD.encode(certificate), "client-key-data": STANDARD.encode(key),
            }),
            Self::CertificateFiles { certificate, key } => {
                json!({"client-certificate": certificate, "client-key": key})
            }
            Self::RawCertificateData { certificate, key } => {
                json!({"client-certificate-data": certificate, "client-key-data": key})
            }
            Self::Token(token) => json!({"token": token}),
            Self::TokenFile(path) => json!({"tokenFile": path}),
            Self::Basic { username, password } => json!({"username": username, "password": password}),
            Self::Exec(exec) => json!({"exec": exec}),
            Self::AuthProvider { name, config } => json!({"auth-provider": {"name": name, "config": config}}),
            Self::None => json!({}),
        }
    }
}

fn exec(args: &[&str]) -> Value {
    json!({
        "apiVersion": "client.authentication.k8s.io/v1beta1", "command": "ack-ram-tool", "args": args, "env": null,
        "interactiveMode": "Never", "provideClusterInfo": false,
    })
}

/// A builder of kubeconfig files. Names may repeat or be missing: it checks nothing.
#[derive(Clone, Debug, Default)]
pub struct Kubeconfig {
    clusters: Vec<Value>,
    contexts: Vec<Value>,
    users: Vec<Value>,
    current: String,
}

impl Kubeconfig {
    /// An empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// A file as ACK hands it out: cluster `kubernetes`, context `<uid>-<cluster ID>`, user `<uid>`.
    pub fn ack(server: &str, ca_pem: &str, cluster_id: &str, uid: &str, credential: &Credential) -> Self {
        let context = format!("{uid}-{cluster_id}");
        Self::new()
            .cluster("kubernetes", server, Some(ca_pem))
            .user(uid, credential)
            .context(&context, "kubernetes", uid)
            .current(&context)
    }

    /// Adds a cluster with its CA inline.
    #[must_use]
    pub fn cluster(mut self, name: &str, server: &str, ca_pem: Option<&str>) -> Self {
        let mut cluster = Map::new();
        cluster.insert("server".into(), server.into());
        cluster.extend(ca_pem.map(|ca| ("certificate-authority-data".to_owned(), STANDARD.encode(ca).into())));
        self.clusters.push(json!({"name": name, "cluster": cluster}));
        self
    }

    /// Adds a user.
    #[must_use]
    pub fn user(mut self, name: &str, credential: &Credential) -> Self {
        self.users.push(json!({"name": name, "user": credential.user()}));
        self
    }

    /// Adds a context.
    #[must_use]
    pub fn context(mut self, name: &str, cluster: &str, user: &str) -> Self {
        self.contexts.push(json!({"name": name, "context": {"cluster": cluster, "user": user}}));
        self
    }

    /// Names the current context.
    #[must_use]
    pub fn current(mut self, context: &str) -> Self {
        self.current = context.into();
        self
    }

    /// The file's text. It is YAML in JSON's form for every value, so that digits stay texts in every reader.
    pub fn yaml(&self) -> String {
        let mut out = String::from("apiVersion: v1\nkind: Config\npreferences: {}\n");
        for (section, entries) in [("clusters", &self.clusters), ("contexts", &self.contexts), ("users", &self.users)] {
            if entries.is_empty() {
                out.push_str(&format!("{section}: []\n"));
                continue;
            }
            out.push_str(&format!("{section}:\n"));
            for entry in entries {
                out.push_str("- ");
                write_map(entry, 2, &mut out);
            }
        }
        out.push_str(&format!("current-context: {}\n", Value::from(self.current.as_str())));
        out
    }
}

/// Writes a map in block style, its first key at the cursor and the others at `indent`.
fn write_map(value: &Value, indent: usize, out: &mut String) {
    for (index, (key, value)) in value.as_object().into_iter().flatten().enumerate() {
        if index > 0 {
            out.push_str(&" ".repeat(indent));
        }
        match value {
            Value::Object(map) if !map.is_empty() => {
                out.push_str(&format!("{key}:\n{}", " ".repeat(indent + 2)));
                write_map(value, indent + 2, out);
            }
            other => out.push_str(&format!("{key}: {other}\n")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ack_file_names_its_cluster_and_its_user() {
        let credential = Credential::ack_ram_tool("c1", "~/.kube/cache");
        let text = Kubeconfig::ack("https://127.0.0.1:6443", "CA", "c1", "272", &credential).yaml();
        let value: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(value["current-context"], "272-c1");
        assert_eq!(value["users"][0]["name"], "272");
        assert_eq!(value["contexts"][0]["context"]["user"], "272");
        assert_eq!(value["users"][0]["user"]["exec"]["args"][3], "c1");
        assert_eq!(value["clusters"][0]["cluster"]["certificate-authority-data"], STANDARD.encode("CA"));
    }

    #[test]
    fn every_credential_is_readable_yaml() {
        let credentials = [
            Credential::broken_pem(),
            Credential::Token("t".into()),
            Credential::TokenFile("f".into()),
            Credential::Basic { username: "u".into(), password: "p".into() },
            Credential::AuthProvider { name: "oidc".into(), config: json!({"idp-issuer-url": "https://issuer"}) },
            Credential::ack_ram_tool_token("c1"),
            Credential::None,
        ];
        let mut file = Kubeconfig::new();
        for (index, credential) in credentials.iter().enumerate() {
            file = file.user(&format!("user-{index}"), credential);
        }
        let value: Value = serde_saphyr::from_str(&file.yaml()).unwrap();
        assert_eq!(value["users"].as_array().unwrap().len(), credentials.len());
        assert_eq!(value["users"][4]["user"]["auth-provider"]["config"]["idp-issuer-url"], "https://issuer");
        assert_eq!(value["users"][6]["user"], json!({}));
    }
}
