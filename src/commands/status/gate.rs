//! `status --fail-on`: whether a row is what a pipeline must not pass.

use crate::cli::{StatusArgs, StatusFailOn};
use crate::error::{Error, Result};
use crate::output::ui::Ui;
use crate::output::views::{KubeconfigWord, StateWord, StatusItem};
use crate::status::Status;

/// Refuses what could never find anything: a pipeline would pass whatever there is.
pub(super) fn refuse_useless(args: &StatusArgs) -> Result<()> {
    let has = |finding| args.fail_on.contains(&finding);
    if has(StatusFailOn::LongLived) && args.max_lifetime.is_none() {
        return Err(Error::usage("--fail-on longlived needs --max-lifetime, such as --max-lifetime 24h"));
    }
    if args.uid.is_some() && (has(StatusFailOn::Residue) || has(StatusFailOn::Deleted)) {
        return Err(Error::usage(
            "--fail-on residue and deleted need what each cluster says, which is not read for a UID",
        )
        .hint("leave out the UID, and choose clusters with --all-contexts or --all-clusters"));
    }
    Ok(())
}

/// How a run that read everything ends.
pub(super) fn status(fail_on: &[StatusFailOn], items: &[StatusItem], ui: &Ui) -> Status {
    let answers = |item| fail_on.iter().map(move |finding| is_found(*finding, item));
    let unknown = items.iter().filter(|item| answers(item).any(|answer| answer.is_none())).count();
    if unknown > 0 {
        let rows = if unknown == 1 { "1 row".to_owned() } else { format!("{unknown} rows") };
        ui.warning(&format!(
            "it is unknown of {rows} whether --fail-on finds it: ACK's list of kubeconfigs doesn't say"
        ));
        return Status::Incomplete;
    }
    if items.iter().flat_map(answers).any(|answer| answer == Some(true)) { Status::Findings } else { Status::Done }
}

/// Whether a row is such a finding; `None` where that is unknown.
fn is_found(finding: StatusFailOn, item: &StatusItem) -> Option<bool> {
    match finding {
        StatusFailOn::LongLived => item.long_lived,
        StatusFailOn::Residue => item.residue,
        StatusFailOn::Deleted => Some(item.account_state == StateWord::Deleted && has_something(item)),
    }
}

fn has_something(item: &StatusItem) -> bool {
    let is_issued = matches!(item.kubeconfig, Some(KubeconfigWord::Effective | KubeconfigWord::Expired));
    is_issued || item.bindings.is_some_and(|bindings| bindings > 0)
}
