//! Moves that look whether what was revoked is still gone.

use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::bindings::names;
use crate::oracle::{Check, ensure, same};
use crate::soak::{Soak, check_status};
use crate::world::Server;

impl<C: Server> Soak<C> {
    /// Has some of the operations checked again.
    pub(crate) fn verify(&mut self) -> Check {
        if self.operations.is_empty() {
            return self.revoke();
        }
        let ids: Vec<String> = self.operations.iter().map(|operation| operation.id.clone()).collect();
        let some = self.random.some(&ids, 3);
        let args = match self.operations.len() < 5 && self.random.percent(40) {
            true => vec!["verify", "--all"],
            false => std::iter::once("verify").chain(some.iter().map(String::as_str)).collect(),
        };
        let said = self.world.run(&args);
        self.note_command(&args, "", &said);
        check_status(&said)?;
        let context = |why: String| format!("{why}\n{}", said.shown());
        let has_answer =
            [Status::Done, Status::Findings, Status::Incomplete].map(|status| said.is(status)).contains(&true);
        ensure(has_answer, || context("it was not verified".to_owned()))?;
        let after = self.look();
        for (before, after) in self.bindings.iter().zip(&after) {
            same("looking changed something", before, after).map_err(context)?;
        }
        self.check_kubeconfigs(&[], &[]).map_err(context)?;
        let (mut rows, mut has_findings) = (0, false);
        for operation in said.report["operations"].as_array().into_iter().flatten() {
            for row in operation["verification"].as_array().into_iter().flatten() {
                // The claims of a row are those of a report.
                let claim = json!({"verification": [row]});
                self.world.check_claims(&claim, &after, &mut self.random).map_err(context)?;
                self.check_row(row).map_err(|why| context(format!("{why}\n{row:#}")))?;
                has_findings |= row["outcome"] == "Residual";
                rows += 1;
            }
        }
        ensure(rows > 0, || context("no row says anything".to_owned()))?;
        ensure(!has_findings || !said.is(Status::Done), || {
            context("access came back, and it is called done".to_owned())
        })
    }

    /// That who is bound again is found, unless a restore gave something back there.
    fn check_row(&self, row: &Value) -> Check {
        let (Some(uid), Some(id)) = (row["uid"].as_str(), row["clusterId"].as_str()) else { return Ok(()) };
        let place = self.world.place_of(id).ok_or_else(|| format!("{id} is no cluster"))?;
        let is_restored = self
            .operations
            .iter()
            .any(|operation| operation.uids.contains(&uid) && operation.restored.contains(&place));
        let is_quiet = row["outcome"] == "Verified" || row["outcome"] == "Restored";
        let is_back = names(&self.bindings[place], uid);
        ensure(!is_quiet || !is_back || is_restored, || {
            format!("{uid} is bound again in cluster {place}, which is not found")
        })?;
        ensure(row["outcome"] != "Restored" || is_restored, || {
            format!("nothing was restored to {uid} in cluster {place}")
        })
    }
}
