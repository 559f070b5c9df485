//! What the cloud flags come to, and what is said of the cloud beside a result.

use std::str::FromStr;

use crate::adapters::cloud::CloudSettings;
use crate::adapters::cloud::endpoints::{EndpointOverrides, LoopbackEndpoint};
use crate::cli::{AccessArgs, CloudArgs};
use crate::core::failure::{Failure, merged};
use crate::core::identity::evidence::AccountSources;
use crate::core::variables;
use crate::error::{Error, Result};
use crate::gather::cloud::CloudAccess;
use crate::output::ui::Ui;
use crate::output::views::{CallerView, CloudView};
use crate::world::World;

/// The settings; `None` with `--offline`.
pub(super) fn settings(args: &CloudArgs, access: &AccessArgs, world: &World) -> Result<Option<CloudSettings>> {
    if access.offline {
        return Ok(None);
    }
    Ok(Some(CloudSettings {
        profile: args.profile.clone(),
        profile_file: args.profile_file.as_ref().map(|path| world.cwd.join(path)),
        ignore_env_credentials: args.ignore_env_credentials,
        role_arn: args.role_arn.clone(),
        region: args.region.clone(),
        vpc: args.vpc,
        request_timeout: access.request_timeout.0,
        endpoints: EndpointOverrides {
            cs: endpoint(args.cs_endpoint.as_deref(), variables::CS_ENDPOINT, world)?,
            ram: endpoint(args.ram_endpoint.as_deref(), variables::RAM_ENDPOINT, world)?,
            sts: endpoint(args.sts_endpoint.as_deref(), variables::STS_ENDPOINT, world)?,
            ims: endpoint(args.ims_endpoint.as_deref(), variables::IMS_ENDPOINT, world)?,
            metadata: endpoint::<LoopbackEndpoint>(None, variables::METADATA_ENDPOINT, world)?,
            oauth: endpoint::<LoopbackEndpoint>(None, variables::OAUTH_ENDPOINT, world)?,
        },
        ..CloudSettings::default()
    }))
}

/// An endpoint from its flag, else from its variable.
fn endpoint<E: FromStr<Err: std::error::Error>>(
    flag: Option<&str>,
    variable: &str,
    world: &World,
) -> Result<Option<E>> {
    let (name, text) = match (flag, world.env.text(variable)) {
        (Some(text), _) => {
            (format!("--{}", variable.trim_start_matches("ACKCRED_").to_lowercase().replace('_', "-")), text)
        }
        (None, Some(text)) => (variable.to_owned(), text),
        (None, None) => return Ok(None),
    };
    text.parse().map(Some).map_err(|error: E::Err| Error::usage(format!("{name}: {error}")))
}

/// What is said of the cloud where it was not asked. Credentials that can't be used are a failure, none at all are not.
pub(super) fn say_not_asked(source: &CloudAccess, ui: &Ui) {
    match source {
        CloudAccess::Ready(_) => {}
        CloudAccess::NotWanted => ui.note("identities are Unknown: --offline, the cloud was not asked"),
        CloudAccess::NoCredentials => ui.note(
            "identities are Unknown: there are no cloud credentials to ask with; set ALIBABA_CLOUD_ACCESS_KEY_ID and \
             ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile (-v tells where was looked)",
        ),
        CloudAccess::Unusable { .. } => ui.note("identities are Unknown: the cloud credentials can't be used"),
    }
}

/// The cloud's part of a document; `None` where it was not asked.
pub(super) fn view(source: &CloudAccess, account: &AccountSources, failed: &[Failure]) -> Option<CloudView> {
    let source = match source {
        CloudAccess::NotWanted | CloudAccess::NoCredentials => return None,
        CloudAccess::Unusable { .. } => None,
        CloudAccess::Ready(cloud) => Some(cloud.credentials().source.clone()),
    };
    let causes = merged(failed).into_iter().map(|failure| failure.text);
    let error = (!failed.is_empty()).then(|| causes.collect::<Vec<_>>().join("; "));
    Some(CloudView { caller: account.caller.known().map(CallerView::of), source, error })
}

/// Why a command can't go on without the cloud; `what` says what only the cloud knows.
pub(super) fn needed(source: &CloudAccess, what: &str) -> Error {
    let (reason, hint) = match source {
        CloudAccess::Unusable { reason, renew } => {
            (reason.as_str(), renew.as_ref().map(|renew| format!("renew it: {renew}")))
        }
        CloudAccess::NotWanted => ("--offline", Some("leave out --offline".to_owned())),
        CloudAccess::NoCredentials | CloudAccess::Ready(_) => (
            "there are no cloud credentials",
            Some(
                "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a profile with --profile"
                    .to_owned(),
            ),
        ),
    };
    Error::failed(anyhow::anyhow!("{what}: {reason}")).hint_if(hint)
}
