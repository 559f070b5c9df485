//! `whoami`: whose credential this is, and for which cluster.

use std::path::Path;

use super::access;
use crate::adapters::cluster::ApiServer;
use crate::adapters::files::Policy;
use crate::adapters::kubeconfig_files::load_file;
use crate::cli::{AccessArgs, WhoamiArgs};
use crate::core::cluster_id::{KnownCluster, confirm, infer_from};
use crate::core::credential::Credential;
use crate::core::expiry::{Limits, assess};
use crate::core::ids::{Uid, split_subject_name};
use crate::core::kubeconfig::{Overrides, ResolvedContext, resolve};
use crate::core::server_view::{ClusterProfile, ServerIdentity};
use crate::core::verdict::Verdict;
use crate::error::{Error, Result, chain};
use crate::gather::credential::of_user;
use crate::gather::{connection, conversation};
use crate::output::ui::Ui;
use crate::output::views::{
    ApiServerVoice, ApiVersion, CertificateSubject, ClusterFacts, CredentialFacts, IdentityFacts, WhoAmI,
};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(args: &WhoamiArgs, flags: &AccessArgs, world: &World, ui: &Ui) -> Result<Status> {
    let (context, policy) = match &args.file {
        Some(file) => from_outside(file, flags, world)?,
        None => (access::target(flags, args.in_cluster, None, world)?.context, Policy::Trusted),
    };
    let credential = assess_user(&context, &policy, world);
    let server = match policy {
        Policy::Trusted if !flags.offline => Some(conversation::run(ask(&context, flags, world))?),
        _ => None,
    };
    let failed = server.as_ref().is_some_and(ServerAnswer::failed);
    let report = report(&context, &credential, server, world);
    report.warnings.iter().for_each(|warning| ui.warning(warning));
    ui.report(&report)?;
    Ok(if failed { Status::Incomplete } else { Status::Done })
}

/// A file from elsewhere is looked at and nothing more: what it names is neither contacted nor run.
fn from_outside(path: &Path, flags: &AccessArgs, world: &World) -> Result<(ResolvedContext, Policy)> {
    let file = load_file(world, path).map_err(Error::failed)?;
    let context = flags.context.clone().or_else(|| file.kubeconfig.only_context().map(str::to_owned));
    let chosen = Overrides { context, ..Overrides::default() };
    let policy = Policy::beside(&file.facts.path);
    Ok((resolve(&file.kubeconfig, &chosen).map_err(access::unresolved)?, policy))
}

fn assess_user(context: &ResolvedContext, policy: &Policy, world: &World) -> Credential {
    match &context.user {
        Some(user) => of_user(user, policy, world.home.as_deref()).credential,
        None => Credential::of_missing_user(&context.user_name),
    }
}

/// What the API server said, each part with its own failure.
struct ServerAnswer {
    identity: Result<Option<ServerIdentity>, String>,
    profile: Result<Option<ClusterProfile>, String>,
}

impl ServerAnswer {
    /// Few may read kube-system: that alone is no failure.
    fn failed(&self) -> bool {
        self.identity.is_err()
    }
}

async fn ask(context: &ResolvedContext, flags: &AccessArgs, world: &World) -> ServerAnswer {
    match connect(context, flags, world).await {
        Err(reason) => ServerAnswer { identity: Err(reason), profile: Ok(None) },
        Ok(api) => {
            let (identity, profile) = tokio::join!(api.self_subject_review(), api.cluster_profile());
            ServerAnswer {
                identity: identity.map_err(|error| chain(&error)),
                profile: profile.map_err(|error| chain(&error)),
            }
        }
    }
}

async fn connect(context: &ResolvedContext, flags: &AccessArgs, world: &World) -> Result<ApiServer, String> {
    let timeout = flags.request_timeout.0;
    let (endpoint, login) = connection::connection(world, context, timeout).await.map_err(|error| chain(&error))?;
    ApiServer::connect(&endpoint, &login, timeout).map_err(|error| chain(&error))
}

fn report(context: &ResolvedContext, credential: &Credential, server: Option<ServerAnswer>, world: &World) -> WhoAmI {
    let profile = server.as_ref().and_then(|answer| answer.profile.as_ref().ok()).and_then(Option::as_ref);
    let known = confirm(infer_from(context), profile.and_then(|profile| profile.cluster_id.as_deref()));
    let seen = server.as_ref().and_then(|answer| answer.identity.as_ref().ok()).and_then(Option::as_ref);
    let mut warnings: Vec<String> = credential.warnings.iter().map(ToString::to_string).collect();
    warnings.extend(known.warnings.iter().cloned());
    if let Some(Err(reason)) = server.as_ref().map(|answer| &answer.profile) {
        warnings.push(format!("the cluster ID is not confirmed: {reason}"));
    }
    let user = context.user.as_ref();
    WhoAmI {
        api_version: ApiVersion::V1,
        context: context.name.clone(),
        source: user.map(|user| &user.file).or(context.file.as_ref()).map(|file| file.display().to_string()),
        cluster: cluster_facts(context, known),
        credential: credential_facts(credential, world),
        identity: identity_facts(credential, seen),
        api_server: server.as_ref().map(|answer| voice(&answer.identity)),
        cloud: None,
        warnings,
    }
}

fn cluster_facts(context: &ResolvedContext, known: KnownCluster) -> ClusterFacts {
    ClusterFacts {
        id: known.id.map(|id| id.to_string()),
        id_from: known.from,
        confirmed: known.confirmed,
        server: context.cluster.as_ref().map(|cluster| cluster.value.server.clone()),
        name: (!context.cluster_name.is_empty()).then(|| context.cluster_name.clone()),
    }
}

fn credential_facts(credential: &Credential, world: &World) -> CredentialFacts {
    let expiry = assess(credential, world.now, &Limits::default());
    CredentialFacts {
        kind: credential.kind,
        subject: credential.subject.as_ref().map(|subject| CertificateSubject {
            common_name: subject.common_name.clone(),
            organizations: subject.organizations.clone(),
        }),
        serial: credential.serial.clone(),
        sha256: credential.sha256.clone(),
        not_before: credential.not_before,
        not_after: credential.not_after,
        remaining_seconds: expiry.remaining.map(|left| left.as_secs()),
        lifetime_seconds: expiry.lifetime.map(|lives| lives.as_secs()),
        status: expiry.status,
        reason: expiry.reason,
    }
}

/// The UID is the certificate's; where there is no certificate to read, the one in the name that the API server sees.
fn identity_facts(credential: &Credential, seen: Option<&ServerIdentity>) -> IdentityFacts {
    let seen_uid = || seen.and_then(|seen| split_subject_name(&seen.username)).and_then(|(uid, _)| Uid::parse(uid));
    let verdict = Verdict::not_asked();
    IdentityFacts {
        uid: credential.uid.clone().or_else(seen_uid).map(|uid| uid.to_string()),
        kind: verdict.identity_type,
        name: verdict.name,
        state: crate::core::scan::StateKind::of(verdict.state),
        evidence: Some(verdict.evidence),
    }
}

fn voice(answer: &Result<Option<ServerIdentity>, String>) -> ApiServerVoice {
    match answer {
        Ok(Some(identity)) => {
            ApiServerVoice { username: Some(identity.username.clone()), groups: identity.groups.clone(), error: None }
        }
        Ok(None) => ApiServerVoice {
            error: Some("older than Kubernetes 1.28: it can't say whom it sees".to_owned()),
            ..ApiServerVoice::default()
        },
        Err(reason) => ApiServerVoice { error: Some(reason.clone()), ..ApiServerVoice::default() },
    }
}
