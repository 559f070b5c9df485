//! What was asked and answered, without what two servers can't have in common: identifiers, versions and times.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::time::{Duration, Instant};

use ackcred_sandbox::certs::Subject;
use ackcred_sandbox::client::{Client, Reply};
use ackcred_sandbox::cluster::Cluster;
use serde_json::{Value, json};

const JSON_PATCH: [(&str, &str); 1] = [("Content-Type", "application/json-patch+json")];

/// RBAC's resources at the cluster scope.
pub(crate) const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// RBAC's resources in a namespace.
pub(crate) fn rbac_in(namespace: &str) -> String {
    format!("{RBAC}/namespaces/{namespace}")
}

/// One question with its answer.
#[derive(Debug)]
pub(crate) struct Step {
    question: String,
    answer: Answer,
}

#[derive(Debug, PartialEq)]
struct Answer {
    code: u16,
    content_type: String,
    warnings: Vec<String>,
    body: Value,
}

impl Display for Answer {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {} {:?} {}", self.code, self.content_type, self.warnings, self.body)
    }
}

/// The questions and answers of one scenario on one server.
pub(crate) struct Transcript<'a> {
    cluster: &'a dyn Cluster,
    clients: BTreeMap<String, Client>,
    steps: Vec<Step>,
    uids: BTreeMap<String, String>,
    versions: BTreeMap<String, String>,
}

impl<'a> Transcript<'a> {
    pub(crate) fn new(cluster: &'a dyn Cluster) -> Self {
        Self { cluster, clients: BTreeMap::new(), steps: Vec::new(), uids: BTreeMap::new(), versions: BTreeMap::new() }
    }

    pub(crate) fn finish(self) -> Vec<Step> {
        self.steps
    }

    /// Asks as `who` (`admin`: a member of `system:masters`; `nobody`: without a certificate; else a user in `system:users`), writes the
    /// answer down, and gives it back as it came.
    pub(crate) fn ask(&mut self, who: &str, method: &str, path: &str, body: &Value) -> Value {
        self.ask_with(who, method, path, &[], body)
    }

    /// As [`Self::ask`], with header fields.
    pub(crate) fn ask_with(
        &mut self,
        who: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Value {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.ask_text(who, method, path, headers, &text)
    }

    /// As [`Self::ask`], with a body that may be no JSON at all.
    pub(crate) fn ask_text(
        &mut self,
        who: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Value {
        let reply = self.client(who).send(method, path, headers, body).unwrap();
        self.record(format!("{who}: {method} {path} {headers:?} {body}"), &reply, |reply| reply.json());
        reply.json()
    }

    pub(crate) fn get(&mut self, who: &str, path: &str) -> Value {
        self.ask(who, "GET", path, &Value::Null)
    }

    pub(crate) fn create(&mut self, who: &str, path: &str, body: &Value) -> Value {
        self.ask(who, "POST", path, body)
    }

    pub(crate) fn patch(&mut self, who: &str, path: &str, operations: &Value) -> Value {
        self.ask_with(who, "PATCH", path, &JSON_PATCH, operations)
    }

    pub(crate) fn delete(&mut self, who: &str, path: &str, options: &Value) -> Value {
        self.ask(who, "DELETE", path, options)
    }

    /// The events that a watch delivers within `time`.
    pub(crate) fn listen(&mut self, who: &str, path: &str, time: Duration) -> Vec<Value> {
        let reply = self.client(who).listen(path, time).unwrap();
        self.record(format!("{who}: WATCH {path}"), &reply, |reply| Value::from(reply.events()));
        reply.events()
    }

    /// A namespace for one scenario, not part of the transcript.
    pub(crate) fn namespace(&mut self, name: &str) {
        self.prepare("POST", "/api/v1/namespaces", &json!({"metadata": {"name": name}}), 201);
    }

    /// A cluster role with these rules, not part of the transcript.
    pub(crate) fn role(&mut self, name: &str, rules: &Value) {
        self.prepare(
            "POST",
            &format!("{RBAC}/clusterroles"),
            &json!({"metadata": {"name": name}, "rules": rules}),
            201,
        );
    }

    /// A binding of a cluster role to a user everywhere, not part of the transcript.
    pub(crate) fn bind(&mut self, role: &str, user: &str) {
        let body = json!({
            "metadata": {"name": format!("{role}-{user}")}, "roleRef": {"kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "User", "name": user}],
        });
        self.prepare("POST", &format!("{RBAC}/clusterrolebindings"), &body, 201);
    }

    /// Does something as the administrator that the scenario needs but doesn't look at.
    pub(crate) fn prepare(&mut self, method: &str, path: &str, body: &Value, code: u16) -> Value {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let reply = self.client("admin").send(method, path, &[], &text).unwrap();
        assert_eq!(reply.code, code, "{method} {path}: {}", reply.json());
        reply.json()
    }

    /// Whether a review allows this, written down without its reason: where several bindings allow, either may be named.
    pub(crate) fn verdict(&mut self, spec: &Value) -> bool {
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        let review = json!({"spec": spec});
        let reply = self.client("admin").send("POST", path, &[], &review.to_string()).unwrap();
        self.record(format!("may they: {spec}"), &reply, |reply| reply.json()["status"]["allowed"].clone());
        reply.json()["status"]["allowed"] == true
    }

    /// Has the server forget its history.
    pub(crate) fn compact(&self) {
        self.cluster.compact().unwrap();
    }

    /// Waits until a review of `user` gives this answer: the real server hears of new bindings a moment later.
    pub(crate) fn until_allowed(&mut self, user: &str, groups: &[&str], attributes: &Value, allowed: bool) {
        let review = json!({"spec": {"user": user, "groups": groups, "resourceAttributes": attributes}});
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
            let reply = self.client("admin").send("POST", path, &[], &review.to_string()).unwrap().json();
            if reply["status"]["allowed"] == allowed {
                return;
            }
            assert!(Instant::now() < until, "{user} never got {allowed} for {attributes}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a review of `user` gives a reason with this text in it.
    pub(crate) fn until_reason(&mut self, user: &str, attributes: &Value, text: &str) {
        let review = json!({"spec": {"user": user, "resourceAttributes": attributes}}).to_string();
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
            let reply = self.client("admin").send("POST", path, &[], &review).unwrap().json();
            if reply["status"]["reason"].as_str().is_some_and(|reason| reason.contains(text)) {
                return;
            }
            assert!(Instant::now() < until, "{user} never heard of {text}: {reply}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn client(&mut self, who: &str) -> &Client {
        let cluster = self.cluster;
        self.clients.entry(who.to_owned()).or_insert_with(|| {
            let identity = match who {
                "nobody" => None,
                "admin" => Some(cluster.administrator().unwrap()),
                user => Some(cluster.client(&Subject::ack(user)).unwrap()),
            };
            Client::new(cluster, identity.as_ref()).unwrap()
        })
    }

    fn record(&mut self, question: String, reply: &Reply, body: impl Fn(&Reply) -> Value) {
        let mut body = body(reply);
        self.normalise(&mut body);
        let content_type = reply.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let warnings = reply.headers.get_all("warning").iter().filter_map(|value| value.to_str().ok());
        let warnings = warnings.map(str::to_owned).collect();
        let question = self.without_uids(question);
        let answer = Answer { code: reply.code, content_type: content_type.into(), warnings, body };
        self.steps.push(Step { question, answer });
    }

    fn normalise(&mut self, value: &mut Value) {
        match value {
            Value::Array(list) => list.iter_mut().for_each(|one| self.normalise(one)),
            Value::Object(map) => {
                if let Some(metadata) = map.get_mut("metadata") {
                    self.normalise_metadata(metadata);
                }
                if let Some(Value::String(uid)) = map.get("uid") {
                    self.learn(&uid.clone());
                }
                map.values_mut().for_each(|one| self.normalise(one));
                normalise_table(map);
            }
            Value::String(text) => *text = normal_text(self.without_uids(std::mem::take(text))),
            _ => {}
        }
    }

    /// A version says whether it moved since the object was last seen.
    fn normalise_metadata(&mut self, metadata: &mut Value) {
        let uid = metadata["uid"].as_str().unwrap_or_default().to_owned();
        self.learn(&uid);
        if metadata["continue"].is_string() {
            metadata["continue"] = "there is more".into();
        }
        // They stand by age to the second: whether a second passes between two writes is the machine's business.
        if let Some(entries) = metadata.get_mut("managedFields").and_then(Value::as_array_mut) {
            let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            entries.sort_by_key(|entry| ["operation", "manager", "subresource"].map(|key| text(entry, key)));
        }
        let Some(version) = metadata["resourceVersion"].as_str().map(str::to_owned) else { return };
        assert!(version.parse::<u64>().is_ok(), "a version is a number: {version}");
        let said = if uid.is_empty() {
            "a list's"
        } else if self.versions.insert(uid, version.clone()) == Some(version) {
            "as before"
        } else {
            "moved"
        };
        metadata["resourceVersion"] = said.into();
    }

    fn learn(&mut self, uid: &str) {
        if uid.len() == 36 && !self.uids.contains_key(uid) {
            self.uids.insert(uid.into(), format!("<uid {}>", self.uids.len() + 1));
        }
    }

    fn without_uids(&self, mut text: String) -> String {
        for (uid, name) in &self.uids {
            text = text.replace(uid.as_str(), name);
        }
        text
    }
}

/// A table's columns have descriptions, and its rows ages.
fn normalise_table(map: &mut serde_json::Map<String, Value>) {
    for column in map.get_mut("columnDefinitions").and_then(Value::as_array_mut).into_iter().flatten() {
        column["description"] = "".into();
    }
    let is_age = |text: &str| text.ends_with('s') && text.len() > 1 && text[..text.len() - 1].parse::<u32>().is_ok();
    for cell in map.get_mut("cells").and_then(Value::as_array_mut).into_iter().flatten() {
        if cell.as_str().is_some_and(is_age) {
            *cell = "<age>".into();
        }
    }
}

/// Takes times, versions and fingerprints out of a text.
fn normal_text(text: String) -> String {
    let is_time = text.len() == 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T';
    if is_time {
        return "<time>".into();
    }
    if let Some(hex) = text.strip_prefix("X509SHA256=") {
        assert_eq!(hex.len(), 64, "a fingerprint: {text}");
        return "X509SHA256=<fingerprint>".into();
    }
    let mut out = text;
    for mark in ["ResourceVersion in record (", "current: ", "resource version: "] {
        if let Some(start) = out.find(mark).map(|start| start + mark.len()) {
            let digits = out[start..].bytes().take_while(u8::is_ascii_digit).count();
            out.replace_range(start..start + digits, "<version>");
        }
    }
    out
}

/// Where two transcripts part, one text each.
pub(crate) fn differences(sandbox: &[Step], real: &[Step]) -> Vec<String> {
    let mut found: Vec<String> = sandbox
        .iter()
        .zip(real)
        .filter(|(sandbox, real)| sandbox.answer != real.answer)
        .map(|(sandbox, real)| format!("{}\n  sandbox: {}\n  real:    {}", real.question, sandbox.answer, real.answer))
        .collect();
    if sandbox.len() != real.len() {
        found.push(format!("{} answers and {}", sandbox.len(), real.len()));
    }
    found
}
