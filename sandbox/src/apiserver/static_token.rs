//! Tokens of ServiceAccounts that lie in Secrets. The real server's are signed; here the text itself is compared.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::managed_fields;
use super::object::{Content, Object};
use super::resources::{self, Resource};
use super::store::Store;
use super::timestamp::stamp;
use super::user::User;
use super::validation::{SERVICE_ACCOUNT_NAME, SERVICE_ACCOUNT_TOKEN};

const LAST_USED: &str = "kubernetes.io/legacy-token-last-used";
const INVALID_SINCE: &str = "kubernetes.io/legacy-token-invalid-since";

/// Whose token this is, and the name of the Secret that it lies in. Its use is written down on the Secret, as a day; a Secret with the label
/// `legacy-token-invalid-since` counts no more.
pub(crate) fn user(store: &Store, token: &str, now: Timestamp) -> Option<(User, String)> {
    let secrets: &Resource = resources::find("", "v1", "secrets")?;
    let encoded = STANDARD.encode(token);
    let (objects, _) = store.list(secrets, None);
    let secret = objects.iter().map(|stored| &stored.object).find(|object| holds(object, &encoded))?;
    let metadata = &secret.metadata;
    if metadata.labels.get(INVALID_SINCE).is_some_and(|since| !since.is_empty()) {
        return None;
    }
    let account = metadata.annotations.get(SERVICE_ACCOUNT_NAME)?;
    let namespace = &metadata.namespace;
    let groups = ["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
    let user = User::authenticated(format!("system:serviceaccount:{namespace}:{account}"), groups);
    write_down(store, secret, now);
    Some((user, metadata.name.clone()))
}

fn holds(secret: &Object, encoded: &str) -> bool {
    match &secret.content {
        Content::Secret(content) => {
            content.secret_type == SERVICE_ACCOUNT_TOKEN
                && content.data.get("token").is_some_and(|token| token == encoded)
        }
        _ => false,
    }
}

fn write_down(store: &Store, secret: &Object, now: Timestamp) {
    let day = stamp(now)[..10].to_owned();
    if secret.metadata.labels.get(LAST_USED) == Some(&day) {
        return;
    }
    let mut used = secret.clone();
    used.metadata.labels.insert(LAST_USED.into(), day);
    managed_fields::record(&mut used, Some(secret), "kube-apiserver", &stamp(now));
    store.put(used);
}
