//! kubectl's JSON and this program's model in one shape.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use kubectl_ackcred::internals::{Cluster, Context, Data, Exec, InteractiveMode, Kubeconfig, Secret, User, clean_path};
use serde_json::{Map, Value, json};

const WRONG_MODE: &str = "(wrong)";

const EXEC_EXTENSION: &str = "client.authentication.k8s.io/exec";

/// What `kubectl config view --raw -o json` prints, without what is empty, and with its paths resolved against the files
/// that `kubeconfig` says the entries come from: this command of kubectl prints them as they are.
pub(crate) fn theirs(view: &Value, kubeconfig: &Kubeconfig) -> Value {
    let mut view = without_empty_entries(view);
    for (name, cluster) in &kubeconfig.clusters {
        view["clusters"].get_mut(name).into_iter().for_each(|entry| resolve_paths(entry, &cluster.file));
    }
    for (name, user) in &kubeconfig.users {
        view["users"].get_mut(name).into_iter().for_each(|entry| resolve_paths(entry, &user.file));
    }
    view
}

fn resolve_paths(entry: &mut Value, file: &Path) {
    let fields = ["/certificate-authority", "/client-certificate", "/client-key", "/tokenFile", "/exec/command"];
    for field in fields {
        if let Some(Value::String(path)) = entry.pointer_mut(field)
            && !(path.starts_with('/') || field == "/exec/command" && !path.contains('/'))
        {
            *path = clean_path(&file.parent().unwrap().join(&*path)).display().to_string();
        }
    }
}

fn without_empty_entries(view: &Value) -> Value {
    let list = |list: &str, body: &str| -> Map<String, Value> {
        let items = view[list].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| (text(&item["name"]), entry(&item[body]))).collect()
    };
    json!({
        "current-context": text(&view["current-context"]),
        "contexts": list("contexts", "context"),
        "clusters": list("clusters", "cluster"),
        "users": list("users", "user"),
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn entry(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(map) = value.as_object_mut() {
        let extensions = map.remove("extensions").and_then(|list| list.as_array().cloned()).unwrap_or_default();
        if let Some(extension) = extensions.into_iter().find(|extension| extension["name"] == EXEC_EXTENSION) {
            // What a cluster says is given to plugins; nothing else asks for it.
            if map.contains_key("server") {
                map.insert(EXEC_EXTENSION.to_owned(), extension["extension"].clone());
            }
        }
    }
    if let Some(mode) = value.pointer_mut("/exec/interactiveMode") {
        // Of a wrong value this program keeps only that it is wrong.
        if !matches!(mode.as_str(), Some("" | "Never" | "IfAvailable" | "Always")) {
            *mode = WRONG_MODE.into();
        }
    }
    without_empty(value)
}

/// Drops the fields that are at their zero value, except for `exec` and `auth-provider`, whose presence matters.
fn without_empty(value: Value) -> Value {
    let Value::Object(map) = value else { return value };
    let kept = map.into_iter().map(|(key, value)| (key, without_empty(value))).filter(|(key, value)| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty() || key == "exec" || key == "auth-provider",
        _ => true,
    });
    Value::Object(kept.collect())
}

/// This program's reading in the same shape.
pub(crate) fn ours(kubeconfig: &Kubeconfig) -> Value {
    let contexts: BTreeMap<_, _> =
        kubeconfig.contexts.iter().map(|(name, context)| (name, this_context(&context.value))).collect();
    let clusters: BTreeMap<_, _> =
        kubeconfig.clusters.iter().map(|(name, cluster)| (name, this_cluster(&cluster.value))).collect();
    let users: BTreeMap<_, _> = kubeconfig.users.iter().map(|(name, user)| (name, this_user(&user.value))).collect();
    let current = kubeconfig.current_context.as_ref().map(|current| current.value.clone()).unwrap_or_default();
    json!({ "current-context": current, "contexts": contexts, "clusters": clusters, "users": users })
}

fn this_context(context: &Context) -> Value {
    entry(&json!({ "cluster": context.cluster, "user": context.user, "namespace": context.namespace }))
}

fn this_cluster(cluster: &Cluster) -> Value {
    let mut value = entry(&json!({
        "server": cluster.server,
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority": path(&cluster.certificate_authority),
        "certificate-authority-data": cluster.certificate_authority_data.as_ref().map(data),
        "proxy-url": cluster.proxy_url,
        "disable-compression": cluster.disable_compression,
    }));
    if let Some(config) = &cluster.exec_config {
        value[EXEC_EXTENSION] = config.clone();
    }
    value
}

fn this_user(user: &User) -> Value {
    let secret = |secret: &Option<Secret<String>>| secret.as_ref().map(|secret| secret.expose().clone());
    let provider = user.auth_provider.as_ref().map(|provider| {
        let config: BTreeMap<_, _> = provider.config.iter().map(|(key, value)| (key, value.expose())).collect();
        json!({ "name": provider.name, "config": config })
    });
    entry(&json!({
        "client-certificate": path(&user.client_certificate),
        "client-certificate-data": user.client_certificate_data.as_ref().map(data),
        "client-key": path(&user.client_key),
        "client-key-data": user.client_key_data.as_ref().map(|key| data(key.expose())),
        "token": secret(&user.token),
        "tokenFile": path(&user.token_file),
        "as": user.impersonate.user,
        "as-uid": user.impersonate.uid,
        "as-groups": user.impersonate.groups,
        "as-user-extra": user.impersonate.extra,
        "username": user.username,
        "password": secret(&user.password),
        "auth-provider": provider,
        "exec": user.exec.as_ref().map(this_exec),
    }))
}

fn this_exec(exec: &Exec) -> Value {
    let env: Vec<_> = exec.env.iter().map(|(name, value)| json!({ "name": name, "value": value.expose() })).collect();
    let mode = match exec.interactive_mode {
        InteractiveMode::Never => "Never",
        InteractiveMode::IfAvailable => "IfAvailable",
        InteractiveMode::Always => "Always",
        InteractiveMode::Unspecified => "",
        InteractiveMode::Unknown => WRONG_MODE,
    };
    json!({
        "command": exec.command,
        "args": exec.args,
        "env": env,
        "apiVersion": exec.api_version,
        "installHint": exec.install_hint,
        "provideClusterInfo": exec.provide_cluster_info,
        "interactiveMode": mode,
    })
}

fn path(path: &Option<PathBuf>) -> Option<String> {
    path.as_ref().map(|path| path.display().to_string())
}

fn data(data: &Data) -> String {
    match data {
        Data::Decoded(bytes) => base64::engine::general_purpose::STANDARD.encode(bytes),
        Data::Malformed(reason) => format!("malformed: {reason}"),
    }
}

/// Whether some field holds no base64: there this program differs from kubectl on purpose.
pub(crate) fn has_malformed_data(kubeconfig: &Kubeconfig) -> bool {
    let malformed = |data: &Option<Data>| matches!(data, Some(Data::Malformed(_)));
    kubeconfig.clusters.values().any(|cluster| malformed(&cluster.value.certificate_authority_data))
        || kubeconfig.users.values().any(|user| {
            malformed(&user.value.client_certificate_data)
                || matches!(user.value.client_key_data.as_ref().map(Secret::expose), Some(Data::Malformed(_)))
        })
}
