//! The rotation in one cluster: ACK revokes the old kubeconfig, the new one is fetched, tried and written, and the bindings that others
//! made get the new name, by the new certificate.
//!
//! When ACK is done after its answer, and when the bindings have the new name, is documented nowhere: both are waited for, within a
//! bound. A file is replaced only by one that works.

mod patience;
mod renaming;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use self::patience::Patience;
use self::renaming::replace_in_bindings;
use super::cloud::{Called, called};
use super::{StepReport, Tools, stopped};
use crate::adapters::cloud::cs::Cs;
use crate::adapters::cloud::error::{Error, Kind};
use crate::adapters::cluster::{ApiServer, new_audit_id};
use crate::adapters::kubeconfig_writer::{self, WriteError};
use crate::core::ids::{ClusterId, Uid};
use crate::core::kubeconfig::edit::{EditError, with_certificate};
use crate::core::revocation::consent::Consent;
use crate::core::revocation::input::RevocationInput;
use crate::core::revocation::journal::{Event, StepResult};
use crate::core::revocation::plan::StepKind;
use crate::core::revocation::rotation::{
    NewKubeconfig, Place, Progress, RevokeState, RotationPlan, Written, read_issued,
};
use crate::core::revocation::verification::{OldQuestion, is_let_in, new_is_seen};
use crate::core::secret::Secret;
use crate::error::chain;

/// What a rotation needs beside the means to change its cluster.
pub struct RotationTools<'a> {
    /// The means. Its API server is asked as the old certificate asks it.
    pub tools: &'a Tools<'a>,
    /// What the plan was made from.
    pub input: &'a RevocationInput,
    /// How far an operation that is gone on with came.
    pub progress: &'a Progress,
    /// Whether the kubeconfig is to name the API server's address inside its network.
    pub private_address: bool,
    /// Requests that an old certificate was let do: the new one works where one of them is answered.
    pub questions: &'a [OldQuestion],
    /// How long it is waited for that a new certificate is issued, and then that it works.
    pub patience: Duration,
}

/// What a rotation in one cluster came to.
#[derive(Default)]
pub struct Rotated {
    /// What became of each step.
    pub steps: Vec<StepReport>,
    /// The new credential, once it was issued.
    pub renewed: Option<Renewed>,
    /// Where the new kubeconfig was written.
    pub written: Option<Written>,
    /// The new kubeconfig, where it is to be written to standard output.
    pub printed: Option<Secret<String>>,
}

/// A credential that was issued.
pub struct Renewed {
    /// The API server, asked with it.
    pub api: ApiServer,
    /// What was issued.
    pub kubeconfig: NewKubeconfig,
    /// Whether the API server knows it and lets it in; else what it says.
    pub works: Result<(), String>,
}

/// Carries out the part of a rotation that is about one cluster.
///
/// # Panics
/// Where consent is to another plan: that is a bug.
pub async fn rotate(means: &RotationTools<'_>, rotation: &RotationPlan, consent: &Consent) -> Rotated {
    assert!(consent.covers(&rotation.plan.hash), "consent is to another plan");
    let mut rotated = Rotated::default();
    let Some((id, uid)) = rotation.plan.steps.iter().find_map(|step| match &step.kind {
        StepKind::Rotate(uid) => Some((step.id, uid)),
        StepKind::Binding(_) | StepKind::Kubeconfig(_) | StepKind::StaticToken(_) => None,
    }) else {
        return rotated;
    };
    let tools = means.tools;
    let report = match (stopped(tools).await, tools.cluster) {
        (Some(reason), _) => StepReport::new(id, StepResult::Skipped).because(reason),
        (None, None) => StepReport::new(id, StepResult::Skipped).because("the cluster's ID is not known"),
        (None, Some(cluster)) => {
            let renewal =
                Renewal { means, rotation, cluster, uid, step: id, old_names: rotation.old_names(tools.cluster) };
            renewal.carry_out(&mut rotated).await
        }
    };
    tools.recorder.step_ended(&report).await;
    rotated.steps.push(report);
    let steps = replace_in_bindings(means, rotation, rotated.renewed.as_ref()).await;
    rotated.steps.extend(steps);
    rotated
}

/// The step of the cloud: from the call to the file.
struct Renewal<'a> {
    means: &'a RotationTools<'a>,
    rotation: &'a RotationPlan,
    cluster: &'a ClusterId,
    uid: &'a Uid,
    step: u32,
    old_names: BTreeSet<String>,
}

/// Why no new certificate was issued, and whether another look may find one.
struct NotIssued {
    why: String,
    may_change: bool,
}

impl Renewal<'_> {
    async fn carry_out(&self, rotated: &mut Rotated) -> StepReport {
        let tools = self.means.tools;
        let failed = |why: String| StepReport::new(self.step, StepResult::Failed).because(why);
        let Some(cloud) = tools.cloud else { return failed("the cloud can't be asked".to_owned()) };
        let cs = match cloud.cs(cloud.region(tools.region).as_ref()) {
            Ok(cs) => cs,
            Err(error) => return failed(chain(&error)),
        };
        let (revoked, early) = match self.means.progress.revoke {
            RevokeState::Done => (already_revoked(), None),
            // Whether it was carried out is seen by what is issued.
            RevokeState::InDoubt => match self.announced(self.fetch_once(&cs)).await {
                Ok(new) => (already_revoked(), Some(new)),
                Err(_) => (self.revoke(&cs).await, None),
            },
            RevokeState::NotDone => (self.revoke(&cs).await, None),
        };
        let report = StepReport { request_id: revoked.request_id, ..StepReport::new(self.step, revoked.result) };
        if revoked.result == StepResult::Failed {
            return report.because(revoked.error.unwrap_or_default());
        }
        let fetched = match early {
            Some(new) => Ok(new),
            None => self.announced(self.fetch(&cs)).await,
        };
        let new = match (fetched, revoked.error) {
            (Ok(new), _) => new,
            (Err(NotIssued { why, .. }), Some(error)) => {
                let why =
                    format!("whether ACK revoked the old kubeconfig is unknown: {error}; no new one was issued: {why}");
                return report.because(why);
            }
            (Err(NotIssued { why, .. }), None) => {
                let why = format!("ACK revoked the old kubeconfig, and the new one can't be fetched: {why}");
                return StepReport { result: StepResult::Failed, ..report }.because(why);
            }
        };
        let result = if revoked.result == StepResult::Unknown { StepResult::Done } else { revoked.result };
        let report = StepReport { result, ..report };
        let not_written = |why: String| StepReport { result: StepResult::Failed, ..report.clone() }.because(why);
        let issued = Event::Issued {
            time: self.time(),
            cluster_id: self.cluster.clone(),
            common_name: new.common_name.clone(),
            certificate_sha256: new.certificate.sha256.clone(),
            not_after: new.certificate.not_after,
        };
        if let Err(reason) = tools.recorder.record(issued).await {
            return not_written(format!("the new kubeconfig is not written: {reason}"));
        }
        let api = match tools.api.with_login(&new.login()) {
            Ok(api) => api,
            Err(error) => return not_written(format!("the new certificate can't be used: {}", chain(&error))),
        };
        let works = self.works(&api, &new).await;
        let written = match &works {
            Ok(()) => self
                .write(&new, rotated)
                .await
                .map_err(|why| format!("the new kubeconfig works and is not written: {why}")),
            Err(why) => Err(format!(
                "the new kubeconfig does not work, so the old file stays as it is: {why}; in the ACK console, the cluster's connection information has the new one"
            )),
        };
        rotated.renewed = Some(Renewed { api, kubeconfig: new, works });
        match written {
            Ok(()) => report,
            Err(why) => not_written(why),
        }
    }

    fn time(&self) -> Timestamp {
        self.means.tools.recorder.time()
    }

    /// Where the call may have been carried out although it failed, what is issued next tells.
    async fn revoke(&self, cs: &Cs<'_>) -> Called {
        let (tools, audit_id) = (self.means.tools, new_audit_id());
        let sending = Event::SendingRevoke {
            time: self.time(),
            audit_id: audit_id.clone(),
            cluster_id: self.cluster.clone(),
            uid: self.uid.clone(),
        };
        if let Err(reason) = tools.recorder.record(sending).await {
            let error = Some(format!("not sent: {reason}"));
            return Called { result: StepResult::Failed, request_id: None, error };
        }
        let called = called(tools, self.step, audit_id, async |waiting| {
            cs.revoke_k8s_cluster_kube_config(self.cluster, waiting).await
        });
        let called = called.await;
        tools.recorder.flush();
        called
    }

    /// Asks for a credential once it is in the journal that one is asked for.
    async fn announced(
        &self,
        asking: impl Future<Output = Result<NewKubeconfig, NotIssued>>,
    ) -> Result<NewKubeconfig, NotIssued> {
        let event = Event::SendingIssue { time: self.time(), cluster_id: self.cluster.clone(), uid: self.uid.clone() };
        match self.means.tools.recorder.record(event).await {
            Ok(()) => asking.await,
            Err(reason) => Err(NotIssued { why: format!("not sent: {reason}"), may_change: false }),
        }
    }

    /// What ACK issues now, where that is a new certificate.
    async fn fetch_once(&self, cs: &Cs<'_>) -> Result<NewKubeconfig, NotIssued> {
        let issued = cs.describe_cluster_user_kubeconfig(self.cluster, self.means.private_address, None).await;
        let issued = issued.map_err(|error| NotIssued { why: error.to_string(), may_change: may_change(&error) })?;
        let new = read_issued(&issued.config, self.uid)
            .map_err(|error| NotIssued { why: chain(&error), may_change: false })?;
        if self.old_names.contains(&new.common_name) {
            let why = format!("ACK still issues a certificate of the old name {}", new.common_name);
            return Err(NotIssued { why, may_change: true });
        }
        Ok(new)
    }

    /// Fetches until the certificate is a new one.
    async fn fetch(&self, cs: &Cs<'_>) -> Result<NewKubeconfig, NotIssued> {
        let mut patience = Patience::new(self.means, self.step);
        loop {
            match self.fetch_once(cs).await {
                Err(NotIssued { why, may_change: true }) => {
                    patience.wait(&why).await.map_err(|why| NotIssued { why, may_change: false })?;
                }
                issued => return issued,
            }
        }
    }

    /// Asks with the new certificate until it is let in.
    async fn works(&self, api: &ApiServer, new: &NewKubeconfig) -> Result<(), String> {
        let mut patience = Patience::new(self.means, self.step);
        loop {
            match opens(api, new, self.means.questions).await {
                Ok(()) => return Ok(()),
                Err(why) => patience.wait(&why).await?,
            }
        }
    }

    async fn write(&self, new: &NewKubeconfig, rotated: &mut Rotated) -> Result<(), String> {
        let Some(destination) = self.rotation.destination(Some(self.cluster)) else {
            return Err("the plan does not say where to".to_owned());
        };
        let place = |path: Option<&Path>, backup: Option<PathBuf>| Written {
            cluster_id: Some(self.cluster.clone()),
            path: path.map(Path::to_path_buf),
            backup,
        };
        let written = match &destination.place {
            Place::StandardOutput => {
                rotated.printed = Some(new.text.clone());
                place(None, None)
            }
            Place::File { path, .. } => {
                let backup = kubeconfig_writer::is_there(path).then(|| self.rotation.backup_of(path));
                let content = Secret::new(new.text.expose().clone().into_bytes());
                replace(path, backup.as_deref(), &content).map_err(|error| chain(&error))?;
                place(Some(path), backup)
            }
            Place::UserEntry { path, user } => {
                let backup = self.rotation.backup_of(path);
                let old = kubeconfig_writer::content(path).map_err(|error| chain(&error))?;
                let content =
                    with_certificate(old.expose(), user, &new.pair).map_err(|error: EditError| chain(&error))?;
                replace(path, Some(&backup), &content).map_err(|error| chain(&error))?;
                place(Some(path), Some(backup))
            }
        };
        let event = Event::Written { time: self.time(), written: written.clone() };
        let recorded = self.means.tools.recorder.record(event).await;
        rotated.written = Some(written);
        recorded.map_err(|reason| format!("it is written, and the journal is not: {reason}"))
    }
}

fn already_revoked() -> Called {
    Called { result: StepResult::AlreadyDone, request_id: None, error: None }
}

/// Whether a call that failed so may succeed a little later.
fn may_change(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Throttled
            | Kind::Conflict
            | Kind::Unavailable
            | Kind::Broken
            | Kind::TimedOut
            | Kind::Unreachable
            | Kind::Rejected
            | Kind::NotFound
    )
}

fn replace(path: &Path, backup: Option<&Path>, content: &Secret<Vec<u8>>) -> Result<(), WriteError> {
    if let Some(backup) = backup {
        kubeconfig_writer::keep(path, backup)?;
    }
    kubeconfig_writer::write(path, content)
}

/// Whether the API server takes the certificate for its owner and lets it do one of the things that an old one was let do.
async fn opens(api: &ApiServer, new: &NewKubeconfig, questions: &[OldQuestion]) -> Result<(), String> {
    match api.self_subject_review().await {
        Ok(Some(seen)) => new_is_seen(&seen, &new.common_name, &new.certificate.sha256)?,
        Ok(None) => {}
        Err(error) => return Err(chain(&error)),
    }
    let mut last = None;
    for OldQuestion { path, .. } in questions {
        match api.status_of_get(path).await {
            Ok(answer) if is_let_in(answer.status) => return Ok(()),
            Ok(answer) => last = Some(format!("GET {path}: {} {}", answer.status, answer.message)),
            Err(error) => last = Some(chain(&error)),
        }
    }
    last.map_or(Ok(()), |why| Err(why.trim_end().to_owned()))
}
