//! What CI and releases run is what was looked at: actions are pinned by commit, and each workflow may do only what it says.

use std::fs;
use std::path::Path;

fn workflows() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/workflows");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.path().display().to_string(), fs::read_to_string(entry.path()).unwrap())).collect()
}

/// Whether an action is named by a whole commit, with the version in a comment: `owner/name@<commit> # v1.2.3`.
fn is_pinned(action: &str) -> bool {
    let Some((_, pin)) = action.split_once('@') else { return false };
    let (commit, comment) = pin.split_once(" # ").unwrap_or((pin, ""));
    commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()) && comment.starts_with('v')
}

#[test]
fn actions_are_pinned_by_commit() {
    let mut checked = 0;
    for (file, text) in workflows() {
        for action in text.lines().filter_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix("uses: "))
        {
            assert!(is_pinned(action), "{file}: {action}");
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked}");
    for loose in ["actions/checkout@v7", "actions/checkout", "actions/checkout@3d3c42e5 # v7.0.1"] {
        assert!(!is_pinned(loose), "{loose}");
    }
}

#[test]
fn a_workflow_begins_with_the_right_to_read_alone() {
    for (file, text) in workflows() {
        assert!(text.contains("\npermissions:\n  contents: read\n"), "{file}");
    }
}
