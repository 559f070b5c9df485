//! User names that resemble an identity's: findings, until `--also-name` or `--accept-name` says what they are; and what is wrong with
//! the names that those flags give.

use super::Flags;
use crate::core::rbac::inventory::{Binding, Inventory};
use crate::core::rbac::mapping::Mapping;
use crate::core::rbac::others::and_more;
use crate::core::revocation::input::RevocationInput;
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::core::revocation::target::Target;

const ALSO: &str = "--also-name";

/// How many names of a kind are shown.
const MOST_SHOWN: usize = 5;

/// Whether a user name resembles the identity's and no flag says what it is.
pub(super) fn is_open(name: &str, target: &Target, flags: &Flags) -> bool {
    target.resembles(name) && !flags.accept_names.iter().any(|accepted| accepted == name)
}

/// What bindings give to names that resemble the identity's, a sentence for each binding.
pub(super) fn grants_of_open_names(inventory: &Inventory, target: &Target, flags: &Flags) -> Vec<String> {
    let given = |binding: &Binding| {
        let users = binding.subjects().iter().filter_map(|subject| subject.user_name());
        let open: Vec<&str> = users.filter(|name| is_open(name, target, flags)).collect();
        (!open.is_empty()).then(|| {
            let (by, role) = (binding.reference(), binding.role());
            format!("{by} gives {}/{} to {}", role.kind, role.name, open_names(&open, target))
        })
    };
    inventory.bindings().iter().filter_map(given).collect()
}

/// Names that resemble the identity's, with what the operator can say of them.
fn open_names(names: &[&str], target: &Target) -> String {
    let shown = some_of(names);
    let (verb, whose) =
        if names.len() == 1 { ("resembles", "it is another's") } else { ("resemble", "they are another's") };
    format!(
        "{shown}, which {verb} a name of {}: --also-name revokes it too, --accept-name says that {whose}",
        target.uid
    )
}

/// The first few, and how many more there are.
pub(super) fn some_of(names: &[&str]) -> String {
    and_more(&names[..names.len().min(MOST_SHOWN)], ", ", names.len())
}

/// What is wrong with the names of `--also-name` and `--accept-name`: one that is an identity's own in any case, one that resembles
/// none of the identities, and one that nothing in these clusters names.
pub fn misnamed<'a>(cases: impl Iterator<Item = &'a RevocationInput> + Clone, flags: &Flags) -> Vec<Refusal> {
    let all = flags.also_names.iter().map(|name| (ALSO, name.as_str()));
    let all = all.chain(flags.accept_names.iter().map(|name| ("--accept-name", name.as_str())));
    all.filter_map(|(flag, name)| wrong_with(cases.clone(), flag, name)).collect()
}

fn wrong_with<'a>(cases: impl Iterator<Item = &'a RevocationInput> + Clone, flag: &str, name: &str) -> Option<Refusal> {
    let targets = || cases.clone().flat_map(|input| &input.targets).map(|target| &target.target);
    let refused = |message: String| Refusal::new(RefusalCode::NameMismatch, message);
    let is_own = |target: &&Target| target.bears(name) && !target.also_names.contains(name);
    if let Some(target) = targets().find(is_own) {
        let message = format!("{flag} {name}: that is a name of {} in any case, and is revoked with it", target.uid);
        return Some(refused(message).hint(format!("leave {flag} {name} out")));
    }
    // The name in RAM may not be known any more of an identity that is gone: then `--accept-name` is trusted.
    let is_like = |target: &Target| match flag {
        ALSO => target.also_names.contains(name),
        _ => target.also_names.contains(name) || target.may_bear(name),
    };
    if !targets().any(is_like) {
        let message = format!("{flag} {name}: that resembles no name of the identities that are to be revoked");
        return Some(refused(message).hint("scan lists the names that resemble an identity's"));
    }
    let is_there = cases.clone().any(|input| is_named(input, name));
    (!is_there).then(|| {
        refused(format!("{flag} {name}: no binding and no mapping here has that user name"))
            .hint(format!("check how it is written, or leave {flag} {name} out"))
    })
}

fn is_named(input: &RevocationInput, name: &str) -> bool {
    let grants = &input.scan.grants;
    let mut users = grants.inventory().bindings().iter().flat_map(Binding::subjects);
    users.any(|subject| subject.user_name() == Some(name))
        || grants.mappings().iter().map(|mapping: &Mapping| mapping.username.as_str()).any(|user| user == name)
        || input.operator.names.iter().any(|own| own == name)
}
