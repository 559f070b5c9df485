//! What a rotation refuses, with exit code 5 and not a thing changed.

use super::*;

/// The codes of a rotation that is refused, and all that was said.
fn refused(incident: &Incident<ApiServer>, args: &[&str]) -> (Vec<String>, String) {
    let before = (incident.bindings(), fs::read_to_string(config(incident)).unwrap());
    let (status, plan, said) = incident.json(args);
    assert_eq!(status, Status::Refused, "{args:?}: {plan:#}\n{said}");
    assert_eq!((incident.bindings(), fs::read_to_string(config(incident)).unwrap()), before, "{args:?}");
    assert_eq!(calls(incident, REVOKE) + calls(incident, ISSUE), 0, "{args:?}");
    assert!(said.contains("nothing was changed"), "{said}");
    let codes = plan["refusals"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned());
    (codes.collect(), said)
}

#[test]
fn only_the_callers_own_kubeconfig_is_rotated() {
    let incident =
        with_key(Incident::sandbox(|setup| setup), everything(EVE, "LTAIeve", "eves-s"), "LTAIeve", "eves-s");
    let (codes, said) = refused(&incident, &ROTATE);
    assert_eq!(codes, ["OtherIdentity"], "{said}");
    assert!(said.contains(&format!("the kubeconfig is of {ANN}, and the cloud's caller is {EVE} (eve)")), "{said}");

    let root = AccessKey::root(ACCOUNT, "LTAIroot", "roots-s");
    let incident = with_key(Incident::sandbox(|setup| setup), root, "LTAIroot", "roots-s");
    assert_eq!(refused(&incident, &ROTATE).0, ["RootAccount"]);

    let incident = Incident::sandbox(|setup| setup);
    let leaked = incident.leaked.display().to_string();
    let (codes, said) = refused(&incident, &[&ROTATE[..], &["-f", &leaked]].concat());
    assert_eq!(codes, ["OtherIdentity"], "{said}");
    assert!(said.contains("kubectl ackcred revoke -f FILE"), "{said}");
    assert_eq!(refused(&incident, &[&ROTATE[..], &["--offline"]].concat()).0, ["NoCloudCredentials"]);
    // Who is to be revoked is oneself: revoke points here.
    let revoked = incident.run(&["revoke", ANN, "--yes"]);
    assert!(revoked.status == Status::Refused && revoked.stderr.contains("kubectl ackcred rotate"), "{revoked}");
}

#[test]
fn clusters_that_are_going_and_files_that_can_not_be_edited_are_refused() {
    let incident = Incident::sandbox(|setup| setup.change_cluster(|cluster| cluster.state("deleting")));
    assert_eq!(refused(&incident, &ROTATE).0, ["ClusterState"]);

    let incident = Incident::sandbox(|setup| setup);
    let text = fs::read_to_string(config(&incident)).unwrap();
    let value: Value = serde_saphyr::from_str(&text).unwrap();
    incident.session.write(".kube/config", value.to_string()).unwrap();
    let (codes, said) = refused(&incident, &ROTATE);
    assert_eq!(codes, ["NotEditable"], "{said}");
    assert!(said.contains("is written in flow style") && said.contains("--write FILE"), "{said}");

    // One entry for two clusters: the other one's context would break.
    let other = "contexts:\n- name: elsewhere\n  context:\n    cluster: other\n    user: \"";
    let other = format!("{other}{ANN}\"\n");
    let clusters = "clusters:\n- name: other\n  cluster:\n    server: https://192.0.2.1:6443\n";
    let shared = text.replacen("contexts:\n", &other, 1).replacen("clusters:\n", clusters, 1);
    incident.session.write(".kube/config", shared).unwrap();
    let (codes, said) = refused(&incident, &ROTATE);
    assert_eq!(codes, ["NotEditable"], "{said}");
    assert!(said.contains("is that of other clusters' contexts, too: elsewhere"), "{said}");

    incident.session.write(".kube/config", &text).unwrap();
    for (args, why) in [
        (["rotate", "--write", ".kube/config"], "--write would replace all of"),
        (["rotate", "--write", "no/such/folder/new.yaml"], "there is no such folder"),
    ] {
        let (codes, said) = refused(&incident, &[&args[..], &["--yes"]].concat());
        assert!(codes == ["NotEditable"] && said.contains(why), "{codes:?} {said}");
    }
}

#[test]
fn a_private_key_is_not_shown_on_a_terminal() {
    let mut incident = Incident::sandbox(|setup| setup);
    incident.session = incident.session.on_a_terminal();
    let outcome = incident.run(&["rotate", "--yes"]);
    assert_eq!(outcome.status, Status::Refused, "{outcome}");
    assert!(outcome.stderr.contains("say where to write it") && outcome.stderr.contains("--in-place"), "{outcome}");
    assert_eq!(calls(&incident, REVOKE), 0);
}

#[test]
fn consent_is_the_operators_own_uid() {
    let incident = Incident::sandbox(|setup| setup);
    let declined = incident.answering("yes\n", &["rotate", "--in-place"]);
    assert_eq!(declined.status, Status::Refused, "{declined}");
    assert!(declined.stderr.contains(&format!("Type {ANN} to go on: ")), "{declined}");
    assert_eq!(calls(&incident, REVOKE), 0);
    let unattended = incident.run(&["rotate", "--in-place"]);
    assert!(unattended.status == Status::Refused && unattended.stderr.contains("no terminal"), "{unattended}");
    let agreed = incident.answering(&format!("{ANN}\n"), &["rotate", "--in-place", "--settle", "0"]);
    assert_eq!(agreed.status, Status::Done, "{agreed}");
}

/// The plan that one agrees to, and the report, as a person sees them.
#[test]
fn plan_and_report_fit_80_and_120_columns() {
    for columns in [80, 120] {
        let mut incident = Incident::sandbox(|setup| setup);
        bind_oncall(&incident);
        incident.session = incident.session.on_a_terminal_of(columns);
        let plan = incident.run(&["rotate", "--in-place", "--dry-run"]);
        assert_eq!(plan.status, Status::Done, "{plan}");
        let report = incident.run(&ROTATE);
        assert_eq!(report.status, Status::Done, "{report}");
        for whole in [&name(ANN), "RoleBinding/shop/oncall", "the old file is kept as"] {
            assert!(plan.stdout.contains(whole), "{columns}: {plan}");
        }
        assert!(report.stdout.starts_with("Verified at "), "{report}");
        // What comes before the plan is one value on each line.
        let steps = plan.stdout.lines().skip_while(|line| !line.starts_with("Plan ")).chain(report.stdout.lines());
        for line in steps.filter(|line| line.starts_with("  ")) {
            let is_one_value = line.trim_start().split("   ").count() == 1;
            assert!(is_one_value || line.chars().count() <= usize::from(columns), "{columns}: {line}");
        }
    }
}
