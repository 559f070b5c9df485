//! The story's account in Alibaba Cloud.

use jiff::{SignedDuration, Timestamp};

use super::people::{DEPLOYER, DEVELOPER, LEAVER, OPERATOR, PEOPLE, user_name, validity};
use crate::certs::{Authority, CertError};
use crate::cloud::{
    AccessKey, Account, AckCluster, Auditing, Cloud, CloudBuilder, KubeconfigRecord, Permissions, Product, Tls,
};
use crate::people::Person;

/// The ID of the account that owns the cluster.
pub const ACCOUNT: &str = "1000000000000001";
const KEY_ID: &str = "LTAI5tSandboxOperator";
const KEY_SECRET: &str = "sandbox-operator-secret";

/// A cluster in ACK's records, with the kubeconfig of each person and the last activity of the operator and the developer.
pub(crate) fn recorded(id: &str, name: &str, server: &str, now: Timestamp) -> AckCluster {
    let held = |person: Person| {
        KubeconfigRecord::effective(validity(person, now).not_after).common_name(&user_name(person, now))
    };
    AckCluster::new(id, name)
        .server(server)
        .auditing(Auditing::On)
        .kubeconfig(OPERATOR.uid, held(OPERATOR))
        .kubeconfig(DEVELOPER.uid, held(DEVELOPER))
        .kubeconfig(DEPLOYER.uid, held(DEPLOYER))
        .kubeconfig(LEAVER.uid, held(LEAVER).owner("RamUser", ""))
        .active(OPERATOR.uid, now, "audit-1")
        .active(DEVELOPER.uid, now - SignedDuration::from_hours(30), "audit-2")
}

/// A cloud under this CA with the account, the people who are still there, these clusters and the operator's key.
///
/// # Errors
/// If the system has no randomness.
pub(crate) fn cloud(
    authority: &Authority,
    clusters: impl IntoIterator<Item = AckCluster>,
) -> Result<CloudBuilder, CertError> {
    let account = PEOPLE.into_iter().fold(Account::new(ACCOUNT, "shop"), |account, person| person.in_account(account));
    let account = clusters.into_iter().fold(account, Account::cluster);
    let key = AccessKey::user(ACCOUNT, OPERATOR.uid, KEY_ID, KEY_SECRET).permissions(Permissions::everything());
    Ok(Cloud::builder(Some(Tls::issued_by(authority)?)).account(account).key(key))
}

/// The variables that name the operator's key and the cloud's endpoints.
pub(crate) fn variables(cloud: &Cloud) -> Vec<(&'static str, String)> {
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
pub(crate) fn signed(
    url: &str,
    method: &str,
    path: &str,
    action: &str,
    query: &[(&str, &str)],
) -> Vec<(String, String)> {
    let mut signer = crate::cloud::Signer::new(KEY_ID, KEY_SECRET).at(crate::clock::now());
    signer.host = url.trim_start_matches("https://").to_owned();
    let request = signer.roa(method, path, action, query);
    let own = request.headers.iter().filter(|(name, _)| *name != http::header::HOST);
    own.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned())).collect()
}
