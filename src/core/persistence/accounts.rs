//! Tokens of ServiceAccounts: those that lie in Secrets, and those that it could have had issued.

use std::collections::BTreeMap;

use super::{
    ClusterFacts, Finding, FoundObject, Method, Remedy, RightsThen, Since, SourceFact, SourceFrom, Undo, Whose,
};
use crate::core::credential::static_token::{INVALID_SINCE, LastUse, StaticToken, StaticTokenKind, day};
use crate::core::rbac::inventory::Inventory;
use crate::core::rbac::mapping::Mapping;
use crate::core::rbac::reach::{Certainty, Discovered, Primitive, Reach, ReachCluster, ReachPath, Target};
use crate::core::rbac::{Attributes, Roles, UserInfo, allows};
use crate::core::revocation::static_tokens::KNOWS_THE_LABEL;
use crate::core::shell::{kubectl, kubectl_on};

/// The static tokens that would let someone in; of an identity those that it could read.
pub(super) fn static_tokens(facts: &ClusterFacts<'_>, whose: &Whose, then: &RightsThen) -> Vec<Finding> {
    let could_read = |token: &&StaticToken| {
        whose.is_everybody() || whose.users.iter().any(|user| may_read(facts, then, &user.info, token))
    };
    let found = facts.tokens.iter().filter(|token| !token.is_ended).filter(could_read);
    found.map(|token| static_token(facts, token)).collect()
}

fn may_read(facts: &ClusterFacts<'_>, then: &RightsThen, info: &UserInfo, token: &StaticToken) -> bool {
    let may = |inventory: &Inventory, roles: &Roles| {
        ["get", "list", "watch"].iter().any(|verb| {
            let asked = Attributes::on(verb, "", "secrets", &token.name, &token.namespace);
            allows(inventory, roles, info, &asked).is_some()
        })
    };
    info.is_master() || may(facts.scan.grants.inventory(), facts.roles) || may(&then.bindings, &then.roles)
}

fn static_token(facts: &ClusterFacts<'_>, token: &StaticToken) -> Finding {
    let used = match token.last_use {
        LastUse::Recent => Some("used in the last 30 days"),
        LastUse::Older => Some("last used more than 30 days ago"),
        LastUse::NoneRecorded => Some("no use recorded"),
        LastUse::Unread => None,
    };
    let used = used.map(|what| SourceFact { what: what.to_owned(), from: SourceFrom::ServerSet });
    let StaticToken { namespace, name, .. } = token;
    let (method, leads_to, remedy) = match token.kind {
        StaticTokenKind::ServiceAccount => {
            let leads_to = format!("a ServiceAccount of namespace {namespace}");
            (Method::StaticToken, leads_to, end_static_token(facts, token))
        }
        StaticTokenKind::Bootstrap => {
            let remedy = delete_secret(namespace, name, "delete the Secret");
            (Method::BootstrapToken, "a machine that joins the cluster".to_owned(), remedy)
        }
    };
    Finding {
        method,
        object: FoundObject::new("Secret", Some(namespace), name),
        leads_to,
        since: Since::about(token.created),
        source: used.into_iter().collect(),
        remedy,
        certainty: Certainty::Exact,
    }
}

fn end_static_token(facts: &ClusterFacts<'_>, token: &StaticToken) -> Remedy {
    let StaticToken { namespace, name, .. } = token;
    if facts.discovered.minor_version.is_some_and(|minor| minor < KNOWS_THE_LABEL) {
        let text = "delete the Secret; this API server is too old to end a token by a label";
        return delete_secret(namespace, name, text);
    }
    let today = day(facts.now);
    Remedy {
        text: "label the Secret: the token is not taken any more, until the label is gone".to_owned(),
        command: kubectl_on("label", "Secret", Some(namespace), name, &[&format!("{INVALID_SINCE}={today}")]),
        undo: Undo::Yes,
    }
}

fn delete_secret(namespace: &str, name: &str, text: &str) -> Remedy {
    let command = kubectl_on("delete", "Secret", Some(namespace), name, &[]);
    Remedy { text: text.to_owned(), command, undo: Undo::No }
}

/// The ServiceAccounts that the identity could have had tokens of, by its rights before the revocation.
pub(super) fn issued_tokens(facts: &ClusterFacts<'_>, whose: &Whose, then: &RightsThen) -> Vec<Finding> {
    let grants = &facts.scan.grants;
    let mut reached = BTreeMap::new();
    collect(&mut reached, grants.inventory(), grants.mappings(), facts.roles, facts.discovered, whose);
    collect(&mut reached, &then.bindings, &[], &then.roles, facts.discovered, whose);
    reached.into_iter().map(|(account, reach)| issued_token(account, &reach)).collect()
}

/// A namespace and a name of a ServiceAccount, `None` for any.
type Account = (Option<String>, Option<String>);

/// How it is reached.
struct Reached {
    certainty: Certainty,
    by: Primitive,
    depends_on: Vec<&'static str>,
}

fn collect(
    reached: &mut BTreeMap<Account, Reached>,
    inventory: &Inventory,
    mappings: &[Mapping],
    roles: &Roles,
    discovered: Discovered,
    whose: &Whose,
) {
    let mut reach = Reach::new(ReachCluster::new(inventory, mappings, roles, discovered));
    for user in &whose.users {
        for path in reach.paths(&user.info) {
            accounts_of(reached, &path);
        }
    }
}

/// The ServiceAccounts on a path, each with how sure the path is up to there.
fn accounts_of(reached: &mut BTreeMap<Account, Reached>, path: &ReachPath<'_>) {
    let mut certainty = Certainty::Exact;
    let mut depends_on = Vec::new();
    for (place, step) in path.steps.iter().enumerate() {
        certainty = certainty.max(step.certainty());
        depends_on.extend(step.depends_on.iter().copied());
        let is_last = place + 1 == path.steps.len();
        let target = step.becomes.as_ref().or(is_last.then_some(&path.target));
        let Some(Target::ServiceAccount { namespace, name }) = target else { continue };
        if !gives_a_token(step.primitive) {
            continue;
        }
        let new = Reached { certainty, by: step.primitive, depends_on: depends_on.clone() };
        let known = reached.entry((namespace.clone(), name.clone())).or_insert(new);
        if certainty < known.certainty {
            *known = Reached { certainty, by: step.primitive, depends_on: depends_on.clone() };
        }
    }
}

/// Whether what is reached by it outlasts the right that it took.
fn gives_a_token(primitive: Primitive) -> bool {
    matches!(
        primitive,
        Primitive::Token | Primitive::Workload | Primitive::ReadSecrets | Primitive::MakeSecrets | Primitive::Kubelet
    )
}

fn issued_token((namespace, name): Account, reached: &Reached) -> Finding {
    let by = match reached.by {
        Primitive::Token => "it could have tokens issued",
        Primitive::ReadSecrets => "it could read Secrets",
        Primitive::MakeSecrets => "it could make Secrets and read them",
        Primitive::Kubelet => "it could reach kubelets",
        _ => "it could run pods, or get into those that run",
    };
    let depends_on = reached.depends_on.join(", and if ");
    let what = if depends_on.is_empty() { by.to_owned() } else { format!("{by}, if {depends_on}") };
    let command = match (&namespace, &name) {
        (Some(namespace), Some(name)) => {
            let on_it = |verb: &str| kubectl_on(verb, "ServiceAccount", Some(namespace), name, &[]);
            on_it("delete").zip(on_it("create")).map(|(delete, create)| format!("{delete} && {create}"))
        }
        (Some(namespace), None) => kubectl(&["get", "serviceaccounts", "-n", namespace]),
        (None, _) => Some("kubectl get serviceaccounts -A".to_owned()),
    };
    let leads_to = match (&namespace, &name) {
        (Some(namespace), Some(name)) => format!("ServiceAccount {namespace}/{name}"),
        (Some(namespace), None) => format!("any ServiceAccount of namespace {namespace}"),
        (None, _) => "any ServiceAccount".to_owned(),
    };
    Finding {
        method: Method::IssuedToken,
        object: FoundObject { kind: "ServiceAccount".to_owned(), namespace, name },
        leads_to,
        since: Since::Unknown,
        source: vec![SourceFact { what, from: SourceFrom::ServerSet }],
        remedy: Remedy {
            text:
                "delete the ServiceAccount and create it anew: every token of it ends, and its pods must be restarted"
                    .to_owned(),
            command,
            undo: Undo::No,
        },
        certainty: reached.certainty,
    }
}
