//! `whoami`: whose credential this is, and for which cluster.

use std::path::Path;

use super::{access, cloud};
use crate::adapters::files::Policy;
use crate::adapters::kubeconfig_files::load_file_with_one;
use crate::cli::{AccessArgs, CloudArgs, WhoamiArgs};
use crate::core::cluster::cluster_id::{confirm, infer_from};
use crate::core::credential::expiry::{Limits, assess};
use crate::core::credential::{Credential, CredentialKind};
use crate::core::failure::merged;
use crate::core::identity::evidence::AccountSources;
use crate::core::identity::verdict::Verdict;
use crate::core::kubeconfig::{Overrides, ResolvedContext, resolve};
use crate::error::{Result, chain};
use crate::gather::caller::{CallerQuery, CallerReading, ServerAnswer, read};
use crate::gather::cloud::CloudAccess;
use crate::gather::credential::{Gathered, of_context};
use crate::gather::runtime;
use crate::output::ui::Ui;
use crate::output::views::{ApiServerView, ApiVersion, ClusterFacts, CredentialFacts, IdentityFacts, Kind, WhoAmI};
use crate::status::Status;
use crate::world::World;

pub(super) fn run(
    args: &WhoamiArgs,
    access: &AccessArgs,
    cloud_args: &CloudArgs,
    world: &World,
    ui: &Ui,
) -> Result<Status> {
    let (context, policy) = match &args.file {
        Some(file) => from_elsewhere(file, access, world)?,
        None => (access::route(access, args.in_cluster, world)?.context, Policy::Trusted),
    };
    let Gathered { credential, others, .. } = of_context(&context, &policy, None);
    let reading = if access.offline {
        from_the_file_alone(&context, &credential)
    } else {
        let asked = Box::pin(read(CallerQuery {
            world,
            context: &context,
            inference: infer_from(&context),
            uid: credential.uid.clone(),
            is_certificate: credential.kind == CredentialKind::ClientCertificate,
            timeout: access.request_timeout.0,
            ask_server: policy == Policy::Trusted,
            cloud: cloud::settings(cloud_args, access, world)?,
        }));
        runtime::run(async {
            match credential.kind {
                // A plugin that asks something at the terminal is left alone with it.
                CredentialKind::Exec => asked.await,
                _ => ui.waiting("asking the servers", asked).await,
            }
        })?
    };
    let report = report(&context, (&credential, &others), &reading, policy == Policy::Trusted, world);
    report.warnings.iter().for_each(|warning| ui.warning(warning));
    merged(&reading.failed)
        .iter()
        .filter_map(|failure| failure.hint)
        .for_each(|hint| ui.note(&format!("hint: {hint}")));
    ui.report(&report)?;
    if reading.uid.is_some() && !access.offline {
        cloud::say_not_asked(&reading.cloud, ui);
    }
    let server_failed = reading.server.as_ref().is_some_and(ServerAnswer::failed);
    Ok(if server_failed || !reading.failed.is_empty() { Status::Incomplete } else { Status::Done })
}

/// A file from elsewhere is looked at and nothing more: what it names is neither contacted nor run.
fn from_elsewhere(path: &Path, access: &AccessArgs, world: &World) -> Result<(ResolvedContext, Policy)> {
    let file = load_file_with_one(world, path).map_err(access::unreadable_file)?;
    let context = access::one_context(access)?.cloned().or_else(|| file.kubeconfig.only_context().map(str::to_owned));
    let chosen = Overrides { context, ..Overrides::default() };
    let policy = Policy::beside(&file.facts.path);
    Ok((resolve(&file.kubeconfig, &chosen).map_err(access::unresolved)?, policy))
}

fn from_the_file_alone(context: &ResolvedContext, credential: &Credential) -> CallerReading {
    CallerReading {
        server: None,
        cluster: confirm(infer_from(context), None),
        uid: credential.uid.clone(),
        verdict: credential.uid.as_ref().map_or_else(Verdict::without_uid, |_| Verdict::not_asked()),
        cloud: CloudAccess::NotWanted,
        account: AccountSources::not_asked(),
        failed: Vec::new(),
    }
}

fn report(
    context: &ResolvedContext,
    (credential, others): (&Credential, &[Credential]),
    reading: &CallerReading,
    own: bool,
    world: &World,
) -> WhoAmI {
    let facts =
        |credential: &Credential| CredentialFacts::of(credential, assess(credential, world.now, &Limits::default()));
    WhoAmI {
        api_version: ApiVersion::V1,
        kind: Kind::WhoAmI,
        context: context.name.clone(),
        source: context
            .user
            .as_ref()
            .map(|user| &user.file)
            .or(context.file.as_ref())
            .map(|file| file.display().to_string()),
        cluster: ClusterFacts::of(context, &reading.cluster),
        credential: facts(credential),
        other_credentials: others.iter().map(facts).collect(),
        identity: IdentityFacts::of(reading.uid.as_ref(), &reading.verdict),
        api_server: reading.server.as_ref().map(|server| ApiServerView::of(&server.identity)),
        cloud: cloud::view(&reading.cloud, &reading.account, &reading.failed),
        warnings: warnings((credential, others), reading, own),
    }
}

fn warnings((credential, others): (&Credential, &[Credential]), reading: &CallerReading, own: bool) -> Vec<String> {
    let mut warnings: Vec<String> = credential
        .warnings
        .iter()
        .chain(others.iter().flat_map(|other| &other.warnings))
        .map(ToString::to_string)
        .collect();
    warnings.extend(reading.cluster.warnings.iter().cloned());
    if let Some(Err(error)) = reading.server.as_ref().and_then(|server| server.profile.as_ref()) {
        warnings.push(format!("the cluster ID is not confirmed: {}", chain(error)));
    }
    warnings.extend(merged(&reading.failed).into_iter().map(|failure| failure.text));
    warnings.extend(reading.verdict.disagreement.clone());
    let caller = reading.account.caller.known().and_then(|caller| caller.uid.as_ref());
    if let (true, Some(uid), Some(caller)) = (own, &reading.uid, caller)
        && uid != caller
    {
        warnings.push(format!("the kubeconfig is {uid}'s, the cloud credentials are {caller}'s: two identities"));
    }
    warnings
}
