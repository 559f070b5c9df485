//! The process: what its variables can make it, or a library in it, say.

use ackcred_sandbox::kubeconfigs::{Credential, Kubeconfig};
use serde_json::json;

use super::canary::{Canaries, canary};
use super::kubeconfigs::{file, identity};
use crate::home::{BINARY, CLUSTER, Home, UID};

/// Variables by which libraries are made to log, to keep the keys of TLS, or to show more of a panic.
#[test]
fn no_variable_makes_the_program_or_a_library_show_a_secret() {
    let identity = identity();
    let (token, key) = (canary("process"), identity.key().pkcs8_pem());
    let finder = Canaries::default().secret("token", &token).key("key", &key).finder();
    let home = Home::empty();
    let certificate = Kubeconfig::ack("https://127.0.0.1:1", "ca", CLUSTER, UID, &Credential::of(&identity));
    home.write("certificate.yaml", &certificate.yaml(), 0o600);
    home.write("token.yaml", &file(&json!({}), &json!({"token": token})), 0o600);
    home.write("broken.yaml", &file(&json!({}), &json!({"token": [token]})), 0o600);
    for config in ["certificate.yaml", "token.yaml", "broken.yaml"] {
        for verb in ["whoami", "scan", "expiry"] {
            let mut command = home.start(BINARY);
            command.args([verb, "--kubeconfig", config, "-vvv", "-o", "yaml"]);
            for (name, value) in [("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full"), ("SSLKEYLOGFILE", "tls-keys")] {
                command.env(name, value);
            }
            let output = command.output().unwrap();
            for stream in [&output.stdout, &output.stderr] {
                assert_eq!(finder.find(stream), None, "{verb} {config}");
            }
            assert!(!home.path().join("tls-keys").exists(), "{verb} {config} keeps the keys of TLS");
        }
    }
}
