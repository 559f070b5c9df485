//! The story's account in Alibaba Cloud.

use jiff::{SignedDuration, Timestamp};

use super::{ACCOUNT, CLUSTER_ID, DEPLOYER, DEVELOPER, LEAVER, OPERATOR, Person, certificate_start};
use crate::ack;
use crate::apiserver::ApiServer;
use crate::certs::Authority;
use crate::cloud::{
    AccessKey, Account, Auditing, Cloud, Cluster, Kubeconfig, Permissions, Product, RamRole, RamUser, Tls,
};
use crate::cluster::{Cluster as _, ClusterError};

const KEY_ID: &str = "LTAI5tSandboxOperator";
const KEY_SECRET: &str = "sandbox-operator-secret";

/// Three years, as ACK issues certificates.
const LIFETIME: SignedDuration = SignedDuration::from_hours(3 * 365 * 24);

/// Starts the cloud: the people who are still there, and what ACK remembers of everybody's kubeconfig. What it cleans, it cleans
/// in the story's cluster.
pub(super) fn start(authority: &Authority, server: &ApiServer, now: Timestamp) -> Result<Cloud, ClusterError> {
    let held = |person: Person| Kubeconfig::effective(certificate_start(person, now) + LIFETIME);
    let cluster = Cluster::new(CLUSTER_ID, "shop-prod")
        .server(&server.url())
        .auditing(Auditing::On)
        .kubeconfig(OPERATOR.uid, held(OPERATOR))
        .kubeconfig(DEVELOPER.uid, held(DEVELOPER))
        .kubeconfig(DEPLOYER.uid, held(DEPLOYER))
        .kubeconfig(LEAVER.uid, held(LEAVER).owner("RamUser", ""))
        .active(OPERATOR.uid, now, "audit-1")
        .active(DEVELOPER.uid, now - SignedDuration::from_hours(30), "audit-2");
    let account = Account::new(ACCOUNT, "shop")
        .user(RamUser::new(OPERATOR.uid, OPERATOR.name))
        .user(RamUser::new(DEVELOPER.uid, DEVELOPER.name))
        .role(RamRole::new(DEPLOYER.uid, DEPLOYER.name))
        .cluster(cluster);
    let key = AccessKey::user(ACCOUNT, OPERATOR.uid, KEY_ID, KEY_SECRET).permissions(Permissions::everything());
    let cloud = Cloud::builder(Some(Tls::issued_by(authority)?)).on_clean(ack::cleaner(server)?);
    Ok(cloud.account(account).key(key).start()?)
}

/// The variables that name the operator's key and the cloud's endpoints.
pub(super) fn variables(cloud: &Cloud) -> Vec<(&'static str, String)> {
    let url = |product| cloud.url(product).to_owned();
    vec![
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID.to_owned()),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", KEY_SECRET.to_owned()),
        ("ACKCRED_CS_ENDPOINT", url(Product::Cs)),
        ("ACKCRED_RAM_ENDPOINT", url(Product::Ram)),
        ("ACKCRED_IMS_ENDPOINT", url(Product::Ims)),
        ("ACKCRED_STS_ENDPOINT", url(Product::Sts)),
    ]
}

/// The header fields with which the operator signs a request.
#[cfg(test)]
pub(super) fn signed(url: &str, method: &str, path: &str, action: &str) -> Vec<(String, String)> {
    let mut signer = crate::cloud::Signer::new(KEY_ID, KEY_SECRET).at(crate::clock::now());
    signer.host = url.trim_start_matches("https://").to_owned();
    let request = signer.roa(method, path, action, &[]);
    let own = request.headers.iter().filter(|(name, _)| *name != http::header::HOST);
    own.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned())).collect()
}
