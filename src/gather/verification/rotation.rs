//! Asks whether a rotation did what it was for: nothing names the old certificates, they are refused, and the new one works.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::reviews::review;
use super::{FirstList, REVIEW_STEP, REVIEWS_SETTLE_WITHIN, VerificationQuery, probes_that_work};
use crate::adapters::cluster::{ApiServer, GetAnswer};
use crate::core::kubeconfig::connection::Login;
use crate::core::rbac::{Attributes, path_of};
use crate::core::revocation::input::{InputTarget, RevocationInput};
use crate::core::revocation::leaked::LeakedFacts;
use crate::core::revocation::plan::Plan;
use crate::core::revocation::rotation::{KnownCertificate, NewKubeconfig};
use crate::core::revocation::verification::{
    Answers, Before, Check, CheckReport, CheckResult, OldQuestion, Probe, Verification, certificate_refused, is_let_in,
    joined, mistaken_identity, new_is_seen, old_names_left, old_question, weigh_new, weigh_old,
};
use crate::error::chain;
use crate::gather::cloud::CloudAccess;

/// How many requests are tried for each certificate before one is found that it is let do.
const MOST_TRIED: usize = 5;
/// What a user who may not read bindings is asked about: these resources of a namespace are what most may list.
const COMMON: [(&str, &str); 4] = [("", "pods"), ("", "configmaps"), ("", "services"), ("apps", "deployments")];

/// What the old certificates were let do before.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The questions that were answered with yes, those first that the certificate itself was let do.
    pub before: Before,
    /// Why some could not be asked.
    pub failure: Option<String>,
    /// What the API server answered to each certificate's request, by its name.
    pub statuses: BTreeMap<String, u16>,
}

impl Asked {
    /// The requests that the old certificates were let do.
    pub fn questions(&self, certificates: &[KnownCertificate]) -> Vec<OldQuestion> {
        let names: BTreeSet<&str> = certificates.iter().map(|one| one.facts.common_name.as_str()).collect();
        names.into_iter().filter_map(|name| old_question(&self.before, name)).collect()
    }
}

/// Asks what the certificates are let do, each with itself. `namespace` is that of the context.
pub async fn ask_before(
    api: &ApiServer,
    input: &RevocationInput,
    certificates: &[KnownCertificate],
    logins: &BTreeMap<String, Login>,
    namespace: &str,
) -> Asked {
    let (mut before, failure) = probes_that_work(api, input).await;
    let failure = failure.map(|error| chain(&error));
    let mut statuses = BTreeMap::new();
    for KnownCertificate { facts, .. } in certificates {
        let Some(login) = logins.get(&facts.certificate_sha256) else { continue };
        let Ok(as_old) = api.with_login(login) else { continue };
        if let Some((probe, status)) = first_let_do(&as_old, &before, facts, namespace).await {
            statuses.insert(facts.common_name.clone(), status);
            before.allowed.retain(|one| *one != probe);
            before.allowed.insert(0, probe);
        }
    }
    Asked { before, failure, statuses }
}

/// The first request that a certificate is let do, of those that its roles allow, else of common ones.
async fn first_let_do(
    as_old: &ApiServer,
    before: &Before,
    facts: &LeakedFacts,
    namespace: &str,
) -> Option<(Probe, u16)> {
    let own = before.allowed.iter().filter(|probe| probe.name == facts.common_name).cloned();
    let common = COMMON.map(|(group, resource)| Probe {
        name: facts.common_name.clone(),
        groups: facts.organizations.clone(),
        attributes: Attributes {
            verb: "list".to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.to_owned(),
            ..Attributes::default()
        },
    });
    let with_path = |probe: Probe| path_of(&probe.attributes).map(|path| (probe, path));
    let tried = own.filter_map(with_path).take(MOST_TRIED).chain(common.into_iter().filter_map(with_path));
    for (probe, path) in tried {
        if let Ok(GetAnswer { status: status @ 200..=299, .. }) = as_old.status_of_get(&path).await {
            return Some((probe, status));
        }
    }
    None
}

/// What the checks need.
pub struct RotationQuery<'a> {
    /// The API server, asked with the new certificate where there is one that works, else with the old one.
    pub api: &'a ApiServer,
    /// The cloud.
    pub cloud: &'a CloudAccess,
    /// What the plan was made from.
    pub input: &'a RevocationInput,
    /// What was agreed to.
    pub plan: &'a Plan,
    /// The certificates that were rotated away.
    pub certificates: &'a [KnownCertificate],
    /// How they are presented, by their fingerprints.
    pub logins: &'a BTreeMap<String, Login>,
    /// What they were let do before.
    pub asked: &'a Asked,
    /// The new certificate, with the API server asked by it.
    pub renewed: Option<(&'a ApiServer, &'a NewKubeconfig)>,
    /// Whether all steps were done: else the old names are expected to be left.
    pub is_done: bool,
    /// How long to watch for what comes back.
    pub settle: Duration,
    /// The time, where the API server's own is not known.
    pub now: Timestamp,
}

/// Makes all checks of one cluster. Gives the answers of the access reviews, too.
pub async fn verify_rotation(question: &RotationQuery<'_>) -> (Vec<Verification>, Vec<Answers>) {
    let (mut verifications, mut answers) = (Vec::new(), Vec::new());
    for target in &question.input.targets {
        let (verification, answered) = verify_one(question, target).await;
        verifications.push(verification);
        answers.extend(answered);
    }
    (verifications, answers)
}

async fn verify_one(question: &RotationQuery<'_>, target: &InputTarget) -> (Verification, Vec<Answers>) {
    let RotationQuery { api, input, plan, asked, renewed, .. } = question;
    let query = VerificationQuery {
        api,
        cloud: question.cloud,
        region: None,
        cluster_id: input.cluster.id(),
        targets: vec![target],
        plan,
        before: &asked.before,
        leaked: Vec::new(),
        settle: question.settle,
        has_just_changed: true,
        now: question.now,
    };
    let new_name = renewed.map(|(_, new)| new.common_name.as_str());
    let first = FirstList::read(api).await;
    let rbac = match &first {
        Ok(first) => old_names_left(&target.target.names, new_name, &first.inventory),
        Err(error) => CheckReport::error(Check::Rbac, chain(error)),
    };
    let reviews = async {
        match question.is_done {
            true => review(&query, &target.target).await,
            false => (CheckReport::skipped(Check::AccessReviews, "not all steps were done"), Vec::new()),
        }
    };
    let ((reviews, answers), old, new, settled) =
        tokio::join!(reviews, old_certificates(question), new_kubeconfig(question), query.settled(&first));
    let mut checks = vec![rbac, reviews, old, new];
    checks.extend(settled);
    (query.assembly().verification(&target.target, checks), answers)
}

/// Presents each old certificate.
async fn old_certificates(question: &RotationQuery<'_>) -> CheckReport {
    let mut reports = Vec::new();
    for KnownCertificate { facts, .. } in question.certificates {
        let report = match question.logins.get(&facts.certificate_sha256) {
            Some(login) => present_old(question, facts, login).await,
            None => {
                let why = format!("{}: its key is not at hand; give its file with -f", facts.common_name);
                CheckReport::error(Check::OldCertificate, why)
            }
        };
        reports.push(report);
    }
    joined(reports)
}

async fn present_old(question: &RotationQuery<'_>, facts: &LeakedFacts, login: &Login) -> CheckReport {
    let as_old = match question.api.with_login(login) {
        Ok(as_old) => as_old,
        Err(error) => return CheckReport::error(Check::OldCertificate, chain(&error)),
    };
    match as_old.self_subject_review().await {
        Err(error) if error.is_unauthorized() => return certificate_refused(),
        Ok(Some(seen)) => {
            if let Some(report) = mistaken_identity(&seen, facts) {
                return report;
            }
        }
        Ok(None) | Err(_) => {}
    }
    let Some(old) = old_question(&question.asked.before, &facts.common_name) else {
        let why = format!("{}: nothing was seen to work before", facts.common_name);
        return CheckReport::skipped(Check::OldCertificate, why);
    };
    let before = question.asked.statuses.get(&facts.common_name).copied();
    let until = Instant::now() + REVIEWS_SETTLE_WITHIN;
    loop {
        let report = match as_old.status_of_get(&old.path).await {
            Ok(GetAnswer { status, message }) => weigh_old(&old, before, status, &message),
            Err(error) => return CheckReport::error(Check::OldCertificate, chain(&error)),
        };
        // Where a step was not done, the old one is not expected to be refused.
        if report.result == CheckResult::Passed || !question.is_done || Instant::now() >= until {
            return report;
        }
        sleep(REVIEW_STEP).await;
    }
}

/// Presents the new certificate.
async fn new_kubeconfig(question: &RotationQuery<'_>) -> CheckReport {
    let Some((api, new)) = question.renewed else {
        return CheckReport::error(Check::NewKubeconfig, "there is none yet");
    };
    match api.self_subject_review().await {
        Ok(Some(seen)) => {
            if let Err(why) = new_is_seen(&seen, &new.common_name, &new.certificate.sha256) {
                return CheckReport::error(Check::NewKubeconfig, why);
            }
        }
        Ok(None) => {}
        Err(error) => return CheckReport::error(Check::NewKubeconfig, chain(&error)),
    }
    let mut last = None;
    for OldQuestion { path, .. } in question.asked.questions(question.certificates) {
        match api.status_of_get(&path).await {
            Ok(answer) => {
                let is_let_in = is_let_in(answer.status);
                last = Some((path, answer));
                if is_let_in {
                    break;
                }
            }
            Err(error) => return CheckReport::error(Check::NewKubeconfig, chain(&error)),
        }
    }
    let last = last.as_ref().map(|(path, answer)| (path.as_str(), answer.status, answer.message.as_str()));
    weigh_new(&new.common_name, last)
}
