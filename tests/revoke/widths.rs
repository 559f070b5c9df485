//! At a terminal of 80, 120 and 200 columns what is shown fits, and nothing of it is cut or broken.

use ackcred_sandbox::apiserver::ApiServer;
use ackcred_sandbox::binding::BindingRef;
use kubectl_ackcred::status::Status;

use crate::scene::{CARL, Incident, former_name, name};

const WIDTHS: [u16; 3] = [80, 120, 200];

/// Runs a command at the incident's terminal of so many columns. Of a table's rows and a plan's steps, each line fits, unless it is one value that is
/// longer by itself. Gives all that was shown.
fn shown_at(columns: u16, incident: &Incident<ApiServer>, args: &[&str]) -> String {
    let outcome = incident.session.run(args);
    assert!(matches!(outcome.status, Status::Done | Status::Findings), "{args:?}: {outcome}");
    let shown = format!("{}{}", outcome.stderr, outcome.stdout);
    for line in without_colours(&shown).lines() {
        let is_row = line.starts_with([' ', '1', '2', '3']);
        let is_one_value = line.trim_start().split("   ").count() == 1;
        assert!(
            !is_row || is_one_value || line.chars().count() <= usize::from(columns),
            "{args:?} at {columns}: {line}"
        );
    }
    shown
}

/// The text without escape sequences that colour it or erase a line.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    let ends = |character: char| character.is_ascii_alphabetic();
    first + &parts.filter_map(|part| part.split_once(ends)).map(|(_, rest)| rest).collect::<String>()
}

#[test]
fn scan_plan_report_history_and_restore_fit() {
    for columns in WIDTHS {
        let mut incident = Incident::sandbox(|setup| setup);
        incident.session = incident.session.on_a_terminal_of(columns);
        let team = BindingRef::role_binding("shop", "team");
        let whole = [CARL, &name(CARL), &former_name(), &team.name].map(str::to_owned);
        let is_whole = |shown: &str| whole.iter().all(|value| shown.contains(value));

        let scan = shown_at(columns, &incident, &["scan", "--all-users", "-o", "wide"]);
        assert!(is_whole(&scan), "{scan}");
        let plan = shown_at(columns, &incident, &["revoke", CARL, "--dry-run"]);
        assert!(is_whole(&plan), "{plan}");
        let step = plan.lines().position(|line| line.ends_with("RoleBinding/shop/team")).unwrap();
        assert!(plan.lines().nth(step + 1).unwrap().trim_start().starts_with("removes "), "{plan}");
        let report = shown_at(columns, &incident, &["revoke", CARL, "--yes", "--settle", "0"]);
        assert!(report.contains("access reviews"), "{report}");
        let history = shown_at(columns, &incident, &["history"]);
        let operation = incident.session.run(&["history", "-o", "name"]).stdout.trim().to_owned();
        assert!(!operation.is_empty() && history.contains(&operation), "{history}");
        let restore = shown_at(columns, &incident, &["restore", &operation, "--yes", "--force"]);
        assert!(is_whole(&restore) && restore.matches("gives back").count() >= 3, "{restore}");
    }
}
