use serde_json::{Value, json};

use super::rights::{roles, scan};
use super::scan::cluster;
use crate::core::audit::period::Period;
use crate::core::ids::Uid;
use crate::core::rbac::Attributes;
use crate::core::rbac::holdings::held_rules;
use crate::core::rbac::kinds::Kinds;
use crate::core::rbac::reach::{Discovered, Reach, ReachCluster};
use crate::core::rbac::user_info::{NamedSubject, of_identity};
use crate::core::suggestion::draft::Draft;
use crate::core::suggestion::unseen::lost;
use crate::core::suggestion::usage_log::{LoggedUsage, UsageLog};
use crate::core::suggestion::whose::Whose;
use crate::core::suggestion::widening::Widening;
use crate::output::views::{
    ApiVersion, CoveredView, DryRunView, Kind, LostView, NotCoveredView, PathView, RequestView, RoleHolder, StateWord,
    SuggestedRoleView, Suggestion, SuggestionFor, SuggestionWindow, WidenedView,
};

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";
const UID: &str = "200000000000000103";

/// What was used by name and by path, one right that is not in the log, and what is held beside.
pub(super) fn with_example(look: impl FnOnce(&Suggestion<'_>)) {
    let (scan, roles) = (scan(), roles());
    let LoggedUsage { usage, mut head, days } = usage();
    let draft = Draft::of(&usage, &[Widening::Names]);
    let rules = ReachCluster::new(
        scan.grants.inventory(),
        scan.grants.mappings(),
        &roles,
        Discovered { minor_version: Some(36) },
    );
    let mut reach = Reach::new(rules);
    let mut would_lose = Vec::new();
    for known in of_identity(&Uid::parse(UID).unwrap(), &scan.grants, None, &[]) {
        let user = Some(known.info.name.clone());
        for path in reach.paths(&known.info) {
            would_lose.push(LostView {
                user: user.clone(),
                path: Some(PathView::of(UID, &(&path).into())),
                rule: None,
            });
        }
        let held = held_rules(reach.index(), &roles, &Kinds::default(), &known.info);
        would_lose.extend(lost(held, &draft.rights).iter().map(|lost| LostView::of_rule(user.clone(), lost)));
    }
    // No step takes a path yet, and these need no pod; the keys are there for others.
    let path = Attributes { verb: "get".to_owned(), path: Some("/metrics".to_owned()), ..Attributes::default() };
    let first = would_lose.iter_mut().find_map(|lost| lost.path.as_mut()).unwrap();
    first.steps[0].attributes.push(RequestView::of(&path));
    first.depends_on.push("a pod of that ServiceAccount runs there".to_owned());
    let mut subjects: Vec<RoleHolder> = draft.subjects.iter().map(RoleHolder::of).collect();
    subjects.push(RoleHolder::of(&NamedSubject::parse("ServiceAccount/ci/robot").unwrap()));
    // What is seen by name, and what may be lost or added of paths, stands in other suggestions.
    let mut suggested: Vec<SuggestedRoleView> =
        draft.roles.iter().map(|role| SuggestedRoleView::of(role, &usage)).collect();
    suggested[0].rules[0].rule.resource_names.push("web".to_owned());
    let mut widened: Vec<WidenedView> = draft.added.iter().map(WidenedView::of).collect();
    widened[0].rule.resource_names.push("web".to_owned());
    widened[0].rule.non_resource_urls.push("/metrics".to_owned());
    let rule = would_lose.iter_mut().find_map(|lost| lost.rule.as_mut()).unwrap();
    rule.rule.non_resource_urls.push("/logs".to_owned());
    look(&Suggestion {
        api_version: ApiVersion::V1,
        kind: Kind::Suggestion,
        suggested_for: SuggestionFor {
            uid: Some(UID.to_owned()),
            state: Some(StateWord::Active),
            subjects,
            text: UID.to_owned(),
        },
        cluster: Some(cluster(CLUSTER, Some("cannot list roles"))),
        window: SuggestionWindow::of(&mut head, Period::default(), days, vec!["audit.log".to_owned()]),
        covered: CoveredView::of(&usage),
        roles: suggested,
        would_lose: Some(would_lose),
        not_covered: NotCoveredView::all(&draft),
        widened,
        dry_run: Some(vec![DryRunView {
            kind: "Role".to_owned(),
            namespace: Some("shop".to_owned()),
            name: "suggested-200000000000000103".to_owned(),
            error: Some("namespaces \"shop\" not found".to_owned()),
        }]),
        unreadable: 1,
        incomplete: true,
        objects: draft.documents(),
    });
}

fn usage() -> LoggedUsage {
    let mut log = UsageLog::new(Whose::Identity(Uid::parse(UID).unwrap()), Period::default(), Some(36));
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    for (number, (verb, uri, code)) in [
        ("get", "/api/v1/namespaces/shop/pods/web/log".to_owned(), 200),
        ("get", "/metrics".to_owned(), 200),
        ("get", "/version".to_owned(), 200),
        ("patch", format!("{rbac}/namespaces/shop/rolebindings/team"), 200),
        ("list", "/api/v1/secrets".to_owned(), 403),
        ("get", "/logs/*".to_owned(), 404),
        ("get", "/api/v1/namespaces/shop/pods/web/*".to_owned(), 404),
    ]
    .into_iter()
    .enumerate()
    {
        let line: Value = json!({
            "auditID": number.to_string(), "stage": "ResponseComplete", "level": "Metadata",
            "requestURI": uri, "verb": verb, "user": {"username": format!("{UID}-1735689600")},
            "responseStatus": {"code": code}, "requestReceivedTimestamp": format!("2026-01-0{}T00:00:00Z", number + 1),
            "annotations": {"authorization.k8s.io/decision": "allow"},
        });
        log.take(line.to_string().as_bytes());
    }
    log.finish()
}
