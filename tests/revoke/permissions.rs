//! docs/permissions.md, held to what it says of revoking: its policies and roles are enough, and each right of the revoker has its use.

use std::collections::BTreeMap;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions};
use ackcred_sandbox::cloud::Permissions;
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::shared;
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::scene::{CARL, Incident, KEY};

fn blocks(language: &str) -> Vec<String> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/permissions.md")).unwrap();
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The rules of the reading roles and of the revoker's.
fn rules() -> (Vec<Value>, Vec<Value>) {
    let rules = |text: &String| {
        let role: Value = serde_saphyr::from_str(text).unwrap();
        role["rules"].as_array().unwrap().clone()
    };
    let roles = blocks("yaml");
    assert_eq!(roles.len(), 3, "a role that is not tried");
    (roles[..2].iter().flat_map(rules).collect(), rules(&roles[2]))
}

/// The actions of the page's policies: of the reader, of the revoker, of who rotates.
fn policies() -> [Vec<String>; 3] {
    let actions = |text: &String| {
        let policy: Value = serde_json::from_str(text).unwrap();
        let actions = policy["Statement"][0]["Action"].as_array().unwrap();
        actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect()
    };
    let policies: Vec<Vec<String>> = blocks("json").iter().map(actions).collect();
    policies.try_into().expect("a policy that is not tried")
}

/// The actions of the reading policy and of the revoker's.
fn actions() -> Vec<String> {
    let [reading, revoking, _] = policies();
    [reading, revoking].concat()
}

#[test]
fn the_policy_of_who_rotates_is_enough_beside_the_readers_and_needed() {
    let [reading, _, rotating] = policies();
    for (actions, expected) in [([reading.clone(), rotating].concat(), Status::Done), (reading, Status::Incomplete)] {
        let incident = Incident::stage(ApiServer::start(ApiServerOptions::default()).unwrap(), |setup| setup);
        let may = Permissions::allowing(actions.iter().map(String::as_str));
        incident.cloud.edit(|cloud_state| cloud_state.set_permissions(KEY, may));
        let (status, report, said) = incident.json(&["rotate", "--in-place", "--yes", "--settle", "0"]);
        assert_eq!(status, expected, "{report:#}\n{said}");
    }
}

fn stage<C: Cluster>(server: C, revoker: &[Value], actions: &[String]) -> Incident<C> {
    let (mut all, _) = rules();
    all.extend(revoker.iter().cloned());
    let incident = Incident::stage(server, |setup| setup.operator_may(Value::Array(all)));
    let may = Permissions::allowing(actions.iter().map(String::as_str));
    incident.cloud.edit(|cloud_state| cloud_state.set_permissions(KEY, may));
    incident
}

on_both_servers!(the_policies_and_the_roles_are_enough);

fn the_policies_and_the_roles_are_enough<C: Cluster>(server: C) {
    let incident = stage(server, &rules().1, &actions());
    let (status, report, said) = incident.json(&["revoke", CARL, "--yes", "--settle", "0s"]);
    assert_eq!(
        (status, &report["verification"][0]["outcome"]),
        (Status::Done, &json!("Verified")),
        "{report:#}\n{said}"
    );
    let operation = report["operation"].as_str().unwrap();
    let (status, report, said) = incident.json(&["restore", operation, "--yes", "--force"]);
    assert_eq!(status, Status::Done, "{report:#}\n{said}");
}

/// What a revocation comes to under these rights.
fn outcome(revoker: &[Value], actions: &[String]) -> String {
    let incident = stage(ApiServer::start(ApiServerOptions::default()).unwrap(), revoker, actions);
    let (_, plan, _) = incident.json(&["revoke", CARL, "--dry-run=server"]);
    let listed = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let codes: Vec<String> = listed(&plan["refusals"]).iter().map(|refusal| refusal["code"].to_string()).collect();
    if !codes.is_empty() {
        return format!("refused {}", codes[0].trim_matches('"'));
    }
    let not_by_you = listed(&plan["steps"]).iter().any(|step| step["undo"].to_string().contains("not by you"));
    let (status, report, _) = incident.json(&["revoke", CARL, "--yes", "--settle", "1s"]);
    let mut words = vec![status.code().to_string()];
    words.extend(not_by_you.then(|| "not undone by you".to_owned()));
    for check in listed(&report["verification"][0]["checks"]) {
        let (name, result) = (check["check"].as_str().unwrap(), check["result"].as_str().unwrap());
        if result == "Error" || result == "Failed" {
            words.push(format!("{name} {result}"));
        } else if name == "Settled" && !check["detail"].as_str().unwrap().starts_with("watched") {
            words.push("not watched".to_owned());
        }
    }
    let operation = report["operation"].as_str().unwrap();
    let restored = incident.run(&["restore", operation, "--yes", "--force"]).status;
    words.extend((restored != Status::Done).then(|| format!("restore {}", restored.code())));
    words.join(", ")
}

#[test]
fn each_right_of_the_revoker_costs_what_its_row_says() {
    let (_, revoker) = rules();
    let whole = outcome(&revoker, &actions());
    assert_eq!(whole, "0");
    let mut found = BTreeMap::new();
    for (index, rule) in revoker.iter().enumerate() {
        for resource in rule["resources"].as_array().unwrap() {
            for verb in rule["verbs"].as_array().unwrap() {
                let mut less = revoker.clone();
                let others = |list: &Value, but: &Value| {
                    list.as_array().unwrap().iter().filter(|one| *one != but).cloned().collect()
                };
                let (mut same_resource, mut other_resources) = (rule.clone(), rule.clone());
                same_resource["resources"] = json!([resource]);
                same_resource["verbs"] = Value::Array(others(&rule["verbs"], verb));
                other_resources["resources"] = Value::Array(others(&rule["resources"], resource));
                less.splice(index..=index, [same_resource, other_resources]);
                less.retain(|rule| ["verbs", "resources"].iter().all(|key| rule[key] != json!([])));
                let right = format!("{} {}", verb.as_str().unwrap(), resource.as_str().unwrap());
                found.insert(right, outcome(&less, &actions()));
            }
        }
    }
    let found: Vec<String> = found.into_iter().map(|(right, outcome)| format!("{right}: {outcome}")).collect();
    let expected = [
        "bind clusterroles: refused MissingRight",
        "bind roles: 0, not undone by you, restore 5",
        "create clusterrolebindings: 0, not undone by you, restore 5",
        "create rolebindings: 0, not undone by you, restore 5",
        "create subjectaccessreviews: 4, AccessReviews Error",
        "delete clusterrolebindings: refused MissingRight",
        "delete rolebindings: refused MissingRight",
        "get clusterrolebindings: refused MissingRight",
        "get clusterroles: 0, restore 1",
        // It is needed where a namespace is deleted and made anew before the restore.
        "get namespaces: 0",
        "get rolebindings: refused MissingRight",
        "get roles: 0, restore 1",
        // carl shares no ClusterRoleBinding.
        "patch clusterrolebindings: 0",
        "patch rolebindings: refused MissingRight",
        "watch clusterrolebindings: 0, not watched",
        "watch rolebindings: 0, not watched",
    ];
    assert_eq!(found, expected);
}

#[test]
fn without_the_action_in_the_cloud_its_record_stays() {
    let less: Vec<String> = actions().into_iter().filter(|action| action != "cs:CleanClusterUserPermissions").collect();
    assert_eq!(less.len() + 1, actions().len());
    assert_eq!(outcome(&rules().1, &less), "4, Cloud Failed");
}
