//! The bindings that others made for the old name get the new one.

use std::collections::BTreeSet;

use super::super::binding::{Decision, carry_out};
use super::super::{StepReport, Tools, side_by_side};
use super::{Renewed, RotationTools};
use crate::core::rbac::binding_object::BindingObject;
use crate::core::revocation::input::RevocationInput;
use crate::core::revocation::journal::StepResult;
use crate::core::revocation::plan::BindingStep;
use crate::core::revocation::rotation::{RotationPlan, names_old, rename, renaming_command};

/// Gives the bindings that others made the new name, by the new certificate.
pub(super) async fn replace_in_bindings(
    means: &RotationTools<'_>,
    rotation: &RotationPlan,
    renewed: Option<&Renewed>,
) -> Vec<StepReport> {
    let steps = rotation.plan.binding_steps().map(|(step, own)| (step.id, own));
    let old_names = rotation.old_names(means.tools.cluster);
    let Some(Renewed { api, kubeconfig, works }) = renewed else {
        let why = "there is no new certificate to do it with";
        return side_by_side(means.tools, steps, async |id, _| StepReport::new(id, StepResult::Skipped).because(why))
            .await;
    };
    let tools = Tools { api, ..*means.tools };
    side_by_side(&tools, steps, async |id, step: &BindingStep| {
        let report = match works {
            Ok(()) => replace_in(&tools, id, step, &old_names, &kubeconfig.common_name).await,
            Err(_) => StepReport::new(id, StepResult::Skipped).because("the new certificate does not work"),
        };
        if report.is_done() {
            return report;
        }
        let command = mending(means.input, step, &old_names, &kubeconfig.common_name);
        match (&report.error, command) {
            (Some(error), Some(command)) => {
                let error = format!("{error}; mend it: {command}");
                report.because(error)
            }
            _ => report,
        }
    })
    .await
}

async fn replace_in(
    tools: &Tools<'_>,
    id: u32,
    step: &BindingStep,
    old_names: &BTreeSet<String>,
    new_name: &str,
) -> StepReport {
    let decide = |now: Option<&BindingObject>| match rename(step, old_names, new_name, now) {
        Ok(Some((change, subjects))) => Decision::Change(change, subjects),
        Ok(None) => Decision::Done,
        Err(reason) => Decision::Leave(reason),
    };
    let is_clean = |after: &BindingObject| !after.subjects.iter().any(|subject| names_old(subject, old_names));
    carry_out(tools, id, &step.binding, None, decide, is_clean).await
}

/// The command by which another administrator carries out a step, for the binding as the plan saw it.
fn mending(
    input: &RevocationInput,
    step: &BindingStep,
    old_names: &BTreeSet<String>,
    new_name: &str,
) -> Option<String> {
    let object = input.bindings.iter().find(|object| object.reference() == step.binding)?;
    let place = object.subjects.iter().position(|subject| names_old(subject, old_names))?;
    renaming_command(&step.binding, place, &object.subjects[place].name, new_name)
}
