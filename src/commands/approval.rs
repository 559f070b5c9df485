//! The approval of a second person: checked before the operator is asked, and needed beside the operator's own consent.

use crate::cli::ApprovalArgs;
use crate::core::revocation::approval::Approval;
use crate::core::revocation::input::Operator;
use crate::core::revocation::refusal::Refusal;
use crate::error::Result;
use crate::gather::approval::{ApprovalQuery, check, names_of};
use crate::gather::history::Past;
use crate::gather::runtime::Runtime;
use crate::output::ui::Ui;
use crate::world::World;

/// The approval of the plan with this hash, where one is asked for. What stands in its way becomes a refusal.
///
/// # Errors
/// Ctrl-C.
pub(super) fn of_plan<'a>(
    args: &ApprovalArgs,
    hash: &str,
    operators: impl Iterator<Item = &'a Operator>,
    refusals: &mut Vec<Refusal>,
    runtime: &Runtime,
    world: &World,
    ui: &Ui,
) -> Result<Option<Approval>> {
    let (Some(signature), Some(allowed_signers)) = (&args.approval, &args.allowed_signers) else { return Ok(None) };
    let operator = names_of(operators, world);
    let query = ApprovalQuery { signature, allowed_signers, hash, operator: &operator, world };
    let checked = runtime.cancellable(ui.waiting("checking the approval", check(query)))?;
    Ok(match checked {
        Ok(approval) => {
            ui.note(&format!("plan {} is approved by {}", hash.get(..6).unwrap_or(hash), approval.describe()));
            Some(approval)
        }
        Err(refusal) => {
            refusals.push(refusal);
            None
        }
    })
}

/// Says under which approval an operation is gone on with.
pub(super) fn say_resumed(past: &Past, ui: &Ui) {
    if let Some(approval) = &past.record.approval {
        ui.note(&format!("{} goes on under the approval by {}", past.id, approval.describe()));
    }
}
