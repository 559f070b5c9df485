//! Good inputs, and odd ones that are known: what the suites' fixtures hold, a few lines for readers that have none, and what was found.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ackcred_sandbox::audit::LogForm;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kubectl_ackcred::internals::{Data, User, parse_kubeconfig};

/// The fixtures, whole folders.
const FIXTURES: &str = "tests/fixtures";
/// Inputs that were not survived once, a folder a target.
const FOUND: &str = "tests/fuzz/found";

/// Lines that list a key, with and without options.
fn allowed_signers(folder: &Path) -> Vec<Vec<u8>> {
    let keys = read(files(folder, "pub"));
    let keys = keys.iter().map(|key| String::from_utf8_lossy(key).into_owned());
    let options = ["", "namespaces=\"revocation@kubectl-ackcred\" ", "valid-before=\"20270101\",cert-authority "];
    keys.flat_map(|key| options.map(|options| format!("bo@example.com,\"*@x\" {options}{key}# ").into_bytes()))
        .collect()
}

/// The seeds of a target.
pub(crate) fn of(target: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = || files(&root.join(FIXTURES).join("cases"), "yaml");
    let operations = |name: &str| named(&root.join(FIXTURES).join("operation-v1"), name);
    let mut seeds: Vec<Vec<u8>> = match target {
        "kubeconfig" => read(cases()),
        "certificate_and_key" => read(cases()).iter().flat_map(|file| pems(file)).collect(),
        "token" => read(files(&root.join(FIXTURES), "tok")).into_iter().chain(texts(TOKENS)).collect(),
        "record" => {
            read(files(&root.join(FIXTURES).join("operation-v1"), "json")).into_iter().chain(texts(EVENTS)).collect()
        }
        "journal" => read(operations("journal.jsonl")),
        "rbac_list_json" => texts(JSON_LISTS),
        "rbac_list_protobuf" => vec![protobuf_list()],
        "mappings" => texts(MAPPINGS),
        "exec_credential" => texts(EXEC_CREDENTIALS),
        "kuberc" => texts(KUBERC),
        "proxy_url" => texts(&["http://user:pass@proxy:3128", "socks5h://[::1]:1080", "HTTP://x", "proxy:80"]),
        "user_name" => {
            texts(&["200000000000000103", "200000000000000103-1774605093", "2000.17", "001", "system:node:a"])
        }
        "cloud_refusal" => texts(CLOUD_REFUSALS),
        "cli_config" => texts(CLI_CONFIGS),
        "retry_after" => texts(&[
            "retry-after: 3\nx-acs-retry-after: 250",
            "retry-after: Wed, 21 Oct 2026 07:28:00 GMT",
            "x-ratelimit-user-api: Limit:100,Remain:0,TimeLeft:1200,Reset:9",
        ]),
        "jsonpath" => texts(&[
            "{.items[*].uid}",
            r#"{range .items[?(@.n>1)]}{.uid}{"\n"}{end}"#,
            "{..uid}{.items[-1:].of['a\\.b'][0,1]}",
            "UID:.items[0].uid,N:.n",
        ]),
        "audit_log" => audit_logs(),
        "secret_table" => texts(SECRET_TABLES),
        "ssh_signature" => read(files(&root.join(FIXTURES).join("approval"), "sig")),
        "allowed_signers" => allowed_signers(&root.join(FIXTURES).join("approval")),
        "any_file" => read(cases()).iter().flat_map(|file| hidden(file)).collect(),
        _ => Vec::new(),
    };
    seeds.extend(read(files(&root.join(FOUND).join(target), "")));
    seeds
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The certificates and keys of a kubeconfig, each user's one after the other.
fn pems(file: &[u8]) -> Vec<Vec<u8>> {
    let Ok(kubeconfig) = parse_kubeconfig(file, Arc::from(Path::new("/config"))) else { return Vec::new() };
    let bytes = |data: Option<&Data>| match data {
        Some(Data::Decoded(bytes)) => bytes.clone(),
        _ => Vec::new(),
    };
    let pem = |user: &User| {
        let key = user.client_key_data.as_ref().map(|key| key.expose());
        [bytes(user.client_certificate_data.as_ref()), bytes(key)].join(&b'\n')
    };
    kubeconfig.users.values().map(|user| pem(&user.value)).collect()
}

/// A kubeconfig as it lies on disks: as it is, in a string, in a base64 value, and its certificates and keys alone.
fn hidden(file: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(file);
    let string = serde_json::json!({"resources": [{"kube_config": text}]}).to_string();
    let value = format!("A=1\nKUBECONFIG={}\n", STANDARD.encode(file));
    [vec![file.to_vec(), string.into_bytes(), value.into_bytes()], pems(file)].concat()
}

/// The log in each form in which it reaches people.
fn audit_logs() -> Vec<Vec<u8>> {
    let lines: Vec<String> = AUDIT_LINES.iter().map(|line| (*line).to_owned()).collect();
    LogForm::ALL.iter().map(|form| form.write(&lines).expect("the lines are JSON").into_bytes()).collect()
}

fn read(files: Vec<PathBuf>) -> Vec<Vec<u8>> {
    files.iter().map(|file| fs::read(file).expect("a fixture can be read")).collect()
}

fn named(folder: &Path, name: &str) -> Vec<PathBuf> {
    files(folder, "").into_iter().filter(|file| file.file_name().is_some_and(|found| found == name)).collect()
}

/// The files below a folder whose names end so, in order; none where there is no folder.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if extension.is_empty() || path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

const TOKENS: &[&str] = &[
    "k8s-ack-v2.eyJjbHVzdGVySWQiOiJjMSJ9",
    "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE4MDAwMDAwMDAsInN1YiI6InN5c3RlbTpzZXJ2aWNlYWNjb3VudDpjaTpyb2JvdCJ9.c2ln",
];

const EVENTS: &[&str] =
    &[r#"{"format":1,"time":"2026-11-28T22:24:08Z","event":"Interrupted"}"#, r#"{"format":2,"event":"FromTheFuture"}"#];

const JSON_LISTS: &[&str] = &[
    r#"{"kind":"RoleBindingList","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"resourceVersion":"12","continue":"abc"},"items":[{"metadata":{"name":"a","namespace":"shop","uid":"1","resourceVersion":"3","creationTimestamp":"2026-01-02T03:04:05Z"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"200000000000000103"},{"kind":"ServiceAccount","name":"robot","namespace":"ci"}],"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"}}]}"#,
    r#"{"items":null,"kind":"ClusterRoleBindingList"}"#,
    r#"{"kind":"Status","status":"Failure","message":"no","code":403}"#,
];

/// A RoleBindingList with one binding, as kube-apiserver writes it: the magic bytes, `runtime.Unknown`, the list.
fn protobuf_list() -> Vec<u8> {
    let metadata = [field(1, b"team"), field(3, b"shop"), field(5, b"u-1"), field(6, b"3")].concat();
    let user = [field(1, b"User"), field(2, b"rbac.authorization.k8s.io"), field(3, b"200000000000000103")].concat();
    let robot = [field(1, b"ServiceAccount"), field(3, b"robot"), field(4, b"ci")].concat();
    let role = [field(1, b"rbac.authorization.k8s.io"), field(2, b"ClusterRole"), field(3, b"view")].concat();
    let binding = [field(1, &metadata), field(2, &user), field(2, &robot), field(3, &role)].concat();
    let list = [field(1, &[field(2, b"12"), field(3, b"abc")].concat()), field(2, &binding)].concat();
    let kind = [field(1, b"rbac.authorization.k8s.io/v1"), field(2, b"RoleBindingList")].concat();
    [b"k8s\0".to_vec(), field(1, &kind), field(2, &list), field(3, b""), field(4, b"")].concat()
}

/// A field of bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut length = content.len();
    let mut bytes = vec![number << 3 | 2];
    while length > 127 {
        bytes.push(u8::try_from(length & 127).expect("seven bits") | 128);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).expect("seven bits"));
    bytes.extend_from_slice(content);
    bytes
}

const MAPPINGS: &[&str] = &[
    "- userarn: acs:ram::1:user/ann\n  username: ann\n  groups: [dev, 'system:masters']\n",
    "- rolearn: acs:ram::1:role/ops\n  username: '{{SessionName}}'\n  groups:\n  - ops\n",
    "- {userarn: 'acs:ram::1:user/x', username: y, username: z}\n- 7\n",
];

const EXEC_CREDENTIALS: &[&str] = &[
    r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t","expirationTimestamp":"2026-11-28T00:00:00Z"}}"#,
    r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"clientCertificateData":"a","clientKeyData":"b"}}"#,
];

const KUBERC: &[&str] = &[
    "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- name: ack-ram-tool\n",
    "apiVersion: kubectl.config.k8s.io/v1alpha1\nkind: Preference\n",
];

/// `SECRET` becomes the secret that the request carried.
const CLOUD_REFUSALS: &[&str] = &[
    r#"{"code":"Forbidden.RAM","message":"not authorized: cs:DescribeClusters with SECRET","requestId":"R-1","accessDeniedDetail":{"AuthAction":"cs:Get"}}"#,
    r#"{"Code":"SignatureDoesNotMatch","Message":"server string to sign is: POST\n/\nx-acs-security-token:SECRET\n","RequestId":"SECRET"}"#,
    "<html>502</html>",
];

const CLI_CONFIGS: &[&str] = &[
    r#"{"current":"default","profiles":[{"name":"default","mode":"AK","access_key_id":"a","access_key_secret":"SECRET","region_id":"cn-hangzhou"}]}"#,
    r#"{"current":"r","profiles":[{"name":"r","mode":"RamRoleArn","ram_role_arn":"acs:ram::1:role/x","expired_seconds":900,"sts_token":"SECRET"}]}"#,
];

/// A certificate that has a token issued, which lists Secrets and writes a binding; whom that names; nobody; and a static token.
const AUDIT_LINES: &[&str] = &[
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"a-1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/ci/serviceaccounts/robot/token","verb":"create","user":{"username":"200000000000000103-1774605093","groups":["system:users","system:authenticated"],"extra":{"authentication.kubernetes.io/credential-id":["X509SHA256=abababababababababababababababababababababababababababababababab"]}},"sourceIPs":["203.0.113.9"],"objectRef":{"resource":"serviceaccounts","namespace":"ci","name":"robot","apiVersion":"v1","subresource":"token"},"responseStatus":{"metadata":{},"code":201},"requestObject":{"kind":"TokenRequest","spec":{"audiences":null,"expirationSeconds":3600,"boundObjectRef":{"kind":"Secret","name":"anchor"}}},"responseObject":{"kind":"TokenRequest","status":{"token":"none","expirationTimestamp":"2026-11-22T04:10:01Z"}},"requestReceivedTimestamp":"2026-11-22T03:10:01.000000Z","stageTimestamp":"2026-11-22T03:10:01.100000Z","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC","authentication.kubernetes.io/issued-credential-id":"JTI=5f0c"}}"#,
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-2","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/ci/secrets?limit=500","verb":"list","user":{"username":"system:serviceaccount:ci:robot","uid":"u-1","groups":["system:serviceaccounts","system:serviceaccounts:ci","system:authenticated"],"extra":{"authentication.kubernetes.io/credential-id":["JTI=5f0c"]}},"sourceIPs":["203.0.113.9"],"objectRef":{"resource":"secrets","namespace":"ci","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"2026-11-22T03:10:02.000000Z","stageTimestamp":"2026-11-22T03:10:02.100000Z","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC"}}"#,
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"a-3","stage":"ResponseComplete","requestURI":"/apis/rbac.authorization.k8s.io/v1/namespaces/ci/rolebindings","verb":"create","user":{"username":"system:serviceaccount:ci:robot","uid":"u-1","groups":["system:serviceaccounts","system:serviceaccounts:ci","system:authenticated"],"extra":{"authentication.kubernetes.io/credential-id":["JTI=5f0c"]}},"objectRef":{"resource":"rolebindings","namespace":"ci","name":"far","apiGroup":"rbac.authorization.k8s.io","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":201},"requestObject":{"metadata":{"name":"far"},"subjects":[{"kind":"User","name":"mallory"}],"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"reader"}},"requestReceivedTimestamp":"2026-11-22T03:10:03.000000Z","stageTimestamp":"2026-11-22T03:10:03.100000Z","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC"}}"#,
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-4","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/ci/pods/web/exec?command=ls","verb":"create","user":{"username":"mallory","groups":["system:authenticated"]},"impersonatedUser":{"username":"boss","groups":["dev"]},"objectRef":{"resource":"pods","namespace":"ci","name":"web","apiVersion":"v1","subresource":"exec"},"responseStatus":{"metadata":{},"code":403},"requestReceivedTimestamp":"2026-11-22T03:10:04.000000Z","stageTimestamp":"2026-11-22T03:10:04.100000Z","annotations":{"authorization.k8s.io/decision":"forbid","authorization.k8s.io/reason":"RBAC"}}"#,
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-5","stage":"ResponseComplete","requestURI":"/api","verb":"get","user":{},"responseStatus":{"metadata":{},"status":"Failure","code":401},"requestReceivedTimestamp":"2026-11-22T03:10:05.000000Z","stageTimestamp":"2026-11-22T03:10:05.100000Z"}"#,
    r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-6","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/ci/configmaps","verb":"list","user":{"username":"system:serviceaccount:ci:old","uid":"u-2","groups":["system:serviceaccounts"]},"objectRef":{"resource":"configmaps","namespace":"ci","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"2026-11-22T03:10:06.000000Z","stageTimestamp":"2026-11-22T03:10:06.100000Z","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC","authentication.k8s.io/legacy-token-manual-secret":"old-token"}}"#,
];

/// `SECRET` becomes a secret that no error may repeat.
const SECRET_TABLES: &[&str] = &[
    r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"7"},"columnDefinitions":[{"name":"Name","type":"string"},{"name":"Type"},{"name":"Data"},{"name":"Age"}],"rows":[{"cells":["robot-token","kubernetes.io/service-account-token",3,"3d4h"],"object":null},{"cells":["bootstrap-token-abcdef","bootstrap.kubernetes.io/token",1,"45s"]}]}"#,
    r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"7","continue":"abc","remainingItemCount":3},"columnDefinitions":[{"name":"Name"},{"name":"Type"},{"name":"Data"},{"name":"Age"}],"rows":[{"cells":["SECRET","SECRET","SECRET","SECRET"],"object":{"data":{"token":"SECRET"}}}]}"#,
    r#"{"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"},"data":{"token":"SECRET"}}]}"#,
];
