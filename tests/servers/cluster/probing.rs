//! Random roles and bindings, and random questions about them.

use serde_json::{Value, json};

use crate::cluster::transcript::{RBAC, Transcript, rbac_in};

const ROLES: usize = 12;
const BINDINGS: usize = 18;
const PROBES: usize = 250;

const NAMESPACES: [&str; 2] = ["probing-a", "probing-b"];
const USERS: [&str; 4] =
    ["probe-1", "probe-1-7", "system:serviceaccount:probing-a:probe", "system:serviceaccount:probing-b:probe"];
const GROUPS: [&str; 3] = ["probe-1", "probe-group", "system:serviceaccounts"];
const API_GROUPS: [&str; 4] = ["", "apps", "*", "probe.example.com"];
const RESOURCES: [&str; 7] = ["pods", "pods/log", "*/log", "deployments", "*", "deployments/scale", "pods/*"];
const VERBS: [&str; 4] = ["get", "list", "*", "delete"];
const NAMES: [&str; 3] = ["x", "y", "*"];
const PATHS: [&str; 6] = ["/probe", "/probe/*", "/probe/a", "/*", "*", "/probe*"];

/// The same numbers on every run and for either server.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }

    fn some<'a>(&mut self, texts: &[&'a str]) -> Vec<&'a str> {
        (0..1 + self.below(2)).map(|_| self.of(texts)).collect()
    }
}

/// The rules of every role and what the bindings name are the same for both; which binding allows may differ where several do.
pub(crate) fn random_grants(transcript: &mut Transcript<'_>) {
    let mut random = Random(20_260_101);
    NAMESPACES.iter().for_each(|namespace| transcript.namespace(namespace));
    for index in 0..ROLES {
        let rules: Vec<Value> = (0..1 + random.below(2)).map(|_| rule(&mut random)).collect();
        transcript.role(&format!("probing-{index}"), &json!(rules));
    }
    for index in 0..BINDINGS {
        let subjects: Vec<Value> = (0..1 + random.below(2)).map(|_| subject(&mut random)).collect();
        let body = json!({
            "metadata": {"name": format!("probing-{index}")}, "subjects": subjects,
            "roleRef": {"kind": "ClusterRole", "name": format!("probing-{}", random.below(ROLES + 1))},
        });
        let path = match random.below(4) {
            0 => format!("{RBAC}/clusterrolebindings"),
            _ => format!("{}/rolebindings", rbac_in(random.of(&NAMESPACES))),
        };
        transcript.prepare("POST", &path, &body, 201);
    }
    // The last binding made: when it is heard of, so are those before it of its kind; the other kind gets its own.
    for (path, user) in [
        (format!("{RBAC}/clusterrolebindings"), "probing-heard-1"),
        (format!("{}/rolebindings", rbac_in(NAMESPACES[0])), "probing-heard-2"),
    ] {
        let body = json!({
            "metadata": {"name": user}, "subjects": [{"kind": "User", "name": user}],
            "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
        });
        transcript.prepare("POST", &path, &body, 201);
        let anything = json!({"namespace": NAMESPACES[0], "verb": "get", "resource": "pods"});
        transcript.until_allowed(user, &[], &anything, true);
    }
    let probes: Vec<Value> = (0..PROBES).map(|_| probe(&mut random)).collect();
    let mut allowed = 0;
    for probe in probes {
        let verdict = transcript.verdict(&probe);
        allowed += usize::from(verdict);
    }
    assert!((PROBES / 10..PROBES * 9 / 10).contains(&allowed), "{allowed} of {PROBES} are allowed: that tells little");
}

fn rule(random: &mut Random) -> Value {
    if random.below(5) == 0 {
        return json!({"verbs": random.some(&VERBS), "nonResourceURLs": random.some(&PATHS)});
    }
    let mut rule = json!({
        "verbs": random.some(&VERBS), "apiGroups": random.some(&API_GROUPS), "resources": random.some(&RESOURCES),
    });
    if random.below(3) == 0 {
        rule["resourceNames"] = json!(random.some(&NAMES));
    }
    rule
}

fn subject(random: &mut Random) -> Value {
    match random.below(3) {
        0 => json!({"kind": "User", "name": random.of(&USERS)}),
        1 => json!({"kind": "Group", "name": random.of(&GROUPS)}),
        _ => json!({"kind": "ServiceAccount", "name": "probe", "namespace": random.of(&NAMESPACES)}),
    }
}

fn probe(random: &mut Random) -> Value {
    let (user, groups) = (random.of(&USERS), random.some(&GROUPS));
    if random.below(6) == 0 {
        let path = random.of(&["/probe", "/probe/a", "/probe/b/c", "/other", "/probes"]);
        return json!({"user": user, "groups": groups, "nonResourceAttributes": {"path": path, "verb": random.of(&VERBS)}});
    }
    let mut attributes = json!({
        "verb": random.of(&VERBS), "group": random.of(&API_GROUPS), "resource": random.of(&["pods", "deployments", "*"]),
        "namespace": random.of(&[NAMESPACES[0], NAMESPACES[1], ""]), "name": random.of(&["x", "y", ""]),
    });
    if random.below(3) == 0 {
        attributes["subresource"] = random.of(&["log", "scale", "*"]).into();
    }
    json!({"user": user, "groups": groups, "resourceAttributes": attributes})
}
