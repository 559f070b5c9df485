//! Whether a second person approved a plan: the signature and the file of allowed signers are read once, and what was read is checked.
//! What can't be checked is a refusal, never an approval.

use std::path::{Path, PathBuf};

use crate::adapters::files;
use crate::adapters::ssh::{SignatureCheck, SshError, agent_keys, public_keys};
use crate::core::distinct::distinct;
use crate::core::revocation::approval::{
    Approval, Listing, NAMESPACE, PublicKey, SshSignature, keys_in, listings, own_name, signed_text, signing_command,
};
use crate::core::revocation::input::Operator;
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::core::shell::quoted;
use crate::core::variables;
use crate::error::chain;
use crate::world::World;

/// What is to approve a plan.
#[derive(Clone, Copy)]
pub struct ApprovalQuery<'a> {
    /// The file of the signature.
    pub signature: &'a Path,
    /// The file of those who may sign.
    pub allowed_signers: &'a Path,
    /// The hash of the plan.
    pub hash: &'a str,
    /// Every name that the operator is known by: see [`names_of`].
    pub operator: &'a [String],
    /// The machine.
    pub world: &'a World,
}

/// Every name that the operator is known by: in the clusters, in the account and on this machine.
pub fn names_of<'a>(operators: impl Iterator<Item = &'a Operator>, world: &World) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for operator in operators {
        names.extend(operator.names.iter().cloned());
        names.extend(operator.uids.iter().map(|(uid, _)| uid.to_string()));
        // The last part of an ARN is the user's name, or that of the session.
        let arn = operator.caller_arn.iter();
        names.extend(arn.flat_map(|arn| [Some(arn.as_str()), arn.rsplit('/').next()]).flatten().map(str::to_owned));
    }
    let local = variables::USER_NAMES.iter().filter_map(|name| world.env.get(name));
    names.extend(local.map(|name| name.to_string_lossy().into_owned()));
    distinct(names)
}

/// Checks an approval, and says whose it is.
///
/// # Errors
/// Where it is none, the operator's own, of another plan, by one who may not approve, or can't be checked.
pub async fn check(query: ApprovalQuery<'_>) -> Result<Approval, Refusal> {
    let ApprovalQuery { signature: file, allowed_signers, hash, operator, world } = query;
    let shown = file.display();
    let read = |path: &Path| {
        let bytes = files::load(&world.cwd.join(path));
        bytes.map_err(|error| format!("{} can't be read: {error}", path.display()))
    };
    let sign = || {
        format!(
            "have a second person look at the plan and sign it: {}",
            signing_command(hash, &quoted(&file.to_string_lossy()))
        )
    };
    let signature = SshSignature::parse(&read(file).map_err(|message| refused(message).hint(sign()))?)
        .map_err(|error| refused(format!("{shown} is no SSH signature: {error}")).hint(sign()))?;
    let allowed = read(allowed_signers)
        .map_err(|message| refused(message).hint("name the file of allowed signers with --allowed-signers"))?;
    let key = signature.key.fingerprint();
    if signature.namespace != NAMESPACE {
        let message = format!("{shown} is signed for {:?}, not for {NAMESPACE}", signature.namespace);
        return Err(refused(message).hint(sign()));
    }
    let unchecked = |error: SshError| cannot_check(file, &error);
    let check = SignatureCheck::new(world, &signature, &signed_text(hash), &allowed).map_err(unchecked)?;
    if !check.is_of_the_text().await.map_err(unchecked)? {
        let message =
            format!("{shown} does not approve this plan, sha256:{hash}: it is of another plan, or was changed");
        return Err(refused(message).hint(sign()));
    }
    if let Some(place) = place_of_own(&signature.key, world).await.map_err(|error| unknown_owner(file, &error))? {
        return Err(own(format!("{shown} is signed with your own key {key} ({place})")));
    }
    let principals = check.principals().await.map_err(unchecked)?;
    let listed = listings(&String::from_utf8_lossy(&allowed), &signature.key);
    let all = principals.iter().chain(listed.iter().flat_map(|one| &one.principals));
    for principal in all {
        if let Some(name) = own_name(principal, operator) {
            return Err(own(format!("{shown} is signed by {principal}, and you are {name}")));
        }
    }
    let signers = allowed_signers.display();
    for principal in &principals {
        if is_pattern(principal) || !check.is_allowed(principal).await.map_err(unchecked)? {
            continue;
        }
        let (hash, signature) = (hash.to_owned(), signature.armored());
        return Ok(Approval { principal: principal.clone(), key, namespace: NAMESPACE.to_owned(), hash, signature });
    }
    let message = match listed.first() {
        None => format!("{shown} is not signed by an allowed signer: key {key} is not in {signers}"),
        Some(Listing { line, options, .. }) if !options.is_empty() => {
            format!(
                "{shown} is not signed by an allowed signer: line {line} of {signers} gives key {key} only with {options}"
            )
        }
        Some(Listing { line, principals, .. }) => {
            let whom = principals.join(",");
            let why = if is_pattern(&whom) { "names no person" } else { "is not taken by ssh-keygen" };
            format!("{shown} is not signed by an allowed signer: line {line} of {signers} {why}: {whom}")
        }
    };
    Err(refused(message)
        .hint(format!("have it signed by a person whom {signers} allows to approve, now and for {NAMESPACE}")))
}

/// Whether it is a pattern for names, which says of no person that it is theirs.
fn is_pattern(principal: &str) -> bool {
    principal.contains(['*', '?', '!'])
}

/// Where the operator has a key; `None`: nowhere that can be looked at.
async fn place_of_own(key: &PublicKey, world: &World) -> Result<Option<String>, SshError> {
    for (path, text) in public_keys(world)? {
        if keys_in(&text).contains(key) {
            return Ok(Some(below_home(&path, world.home.as_deref())));
        }
    }
    let listed = agent_keys(world).await?;
    Ok(listed.filter(|text| keys_in(text).contains(key)).map(|_| "in your SSH agent".to_owned()))
}

fn below_home(path: &Path, home: Option<&Path>) -> String {
    let below = home.and_then(|home| path.strip_prefix(home).ok());
    below.map_or(path.to_owned(), |below| PathBuf::from("~").join(below)).display().to_string()
}

fn refused(message: String) -> Refusal {
    Refusal::new(RefusalCode::NotApproved, message)
}

fn own(message: String) -> Refusal {
    refused(message).hint("a second person has to approve, with a key and a name of their own")
}

fn cannot_check(file: &Path, error: &SshError) -> Refusal {
    let refusal = refused(format!("{} can't be checked: {}", file.display(), chain(error)));
    match error.is_missing_program() {
        true => refusal.hint("install OpenSSH 8.2 or later: ssh-keygen checks signatures"),
        false => refusal.hint("try again where ssh-keygen works"),
    }
}

fn unknown_owner(file: &Path, error: &SshError) -> Refusal {
    let (why, hint) = match error {
        SshError::Program { .. } => (
            format!("your SSH agent, which SSH_AUTH_SOCK names, does not answer ({error})"),
            "start your SSH agent, or unset SSH_AUTH_SOCK if there is none",
        ),
        SshError::NoHome => (error.to_string(), "set HOME"),
        SshError::Copies(_) | SshError::File { .. } | SshError::TooMany(_) => {
            (chain(error), "make your public keys readable")
        }
    };
    refused(format!("whether {} is your own signature is unknown: {why}", file.display())).hint(hint)
}
