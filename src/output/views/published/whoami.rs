use std::path::Path;
use std::sync::Arc;

use crate::core::cluster::cluster_id::{confirm, infer_from};
use crate::core::cluster::server_view::ServerIdentity;
use crate::core::credential::certificate::Subject;
use crate::core::credential::expiry::{Limits, assess};
use crate::core::credential::{Credential, CredentialKind, Lifespan};
use crate::core::fixtures::at;
use crate::core::identity::IdentityType;
use crate::core::identity::verdict::{State, Verdict};
use crate::core::ids::Uid;
use crate::core::kubeconfig::{Overrides, parse, resolve};
use crate::output::views::{ApiServerView, ApiVersion, ClusterFacts, CredentialFacts, IdentityFacts, Kind, WhoAmI};

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
const UID: &str = "200000000000000101";

/// A credential of ACK's that the API server takes.
pub(super) fn example() -> WhoAmI {
    let identity = ServerIdentity {
        username: format!("{UID}-1735689600"),
        groups: vec!["system:users".to_owned(), "system:authenticated".to_owned()],
        ..ServerIdentity::default()
    };
    with_server(&Ok(Some(identity)))
}

/// The same credential, and an API server that fails.
pub(super) fn example_of_a_failure() -> WhoAmI {
    with_server(&Err("cannot reach the API server".to_owned()))
}

fn with_server(answer: &Result<Option<ServerIdentity>, String>) -> WhoAmI {
    let file = format!(
        "current-context: prod-admin\n\
         contexts: [{{name: prod-admin, context: {{cluster: prod, user: ann}}}}]\n\
         clusters: [{{name: prod, cluster: {{server: 'https://apiserver.{CLUSTER}.cn-hangzhou.cs.aliyuncs.com:6443'}}}}]\n\
         users: [{{name: ann, user: {{}}}}]\n"
    );
    let path: Arc<Path> = Path::new("/home/ann/.kube/config").into();
    let context = resolve(&parse(file.as_bytes(), path).unwrap(), &Overrides::default()).unwrap();
    let credential = credential();
    let facts =
        || CredentialFacts::of(&credential, assess(&credential, at("2027-12-24T00:00:00Z"), &Limits::default()));
    WhoAmI {
        api_version: ApiVersion::V1,
        kind: Kind::WhoAmI,
        context: context.name.clone(),
        source: context.file.as_ref().map(|file| file.display().to_string()),
        cluster: ClusterFacts::of(&context, &confirm(infer_from(&context), Some(CLUSTER))),
        credential: facts(),
        other_credentials: vec![facts()],
        identity: IdentityFacts::of(credential.uid.as_ref(), &verdict()),
        api_server: Some(ApiServerView::of(answer)),
        cloud: Some(super::cloud()),
        warnings: vec!["/home/ann/.kube/config can be read by others (mode 0644)".to_owned()],
    }
}

fn credential() -> Credential {
    let start = at("2025-01-01T00:00:00Z");
    Credential {
        kind: CredentialKind::ClientCertificate,
        subject: Some(Subject {
            common_name: Some(format!("{UID}-1735689600")),
            organizations: vec!["system:users".to_owned()],
        }),
        uid: Uid::parse(UID),
        serial: Some("04d2".to_owned()),
        sha256: Some("0123456789abcdef".repeat(4)),
        issued: Some(start),
        not_before: Some(start),
        not_after: Some(at("2027-12-31T00:00:00Z")),
        lifespan: Lifespan::Dated,
        problem: None,
        ..Credential::of_missing_user("")
    }
}

fn verdict() -> Verdict {
    Verdict {
        identity_type: IdentityType::RamUser,
        name: Some("ann".to_owned()),
        state: State::Active,
        evidence: "RAM and ACK".to_owned(),
        disagreement: None,
    }
}
