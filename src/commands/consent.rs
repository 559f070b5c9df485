//! The one place where consent is asked for, and minted.

use super::stop::Stop;
use crate::core::ids::Uid;
use crate::core::revocation::consent::Consent;
use crate::core::revocation::refusal::{Refusal, RefusalCode};
use crate::error::Result;
use crate::gather::runtime::Runtime;
use crate::output::report::Report;
use crate::output::ui::Ui;

/// What has to be typed: the UID of one identity, the number of several.
pub(super) fn phrase(verb: &str, uids: &[Uid]) -> String {
    match uids {
        [uid] => uid.to_string(),
        several => format!("{verb} {}", several.len()),
    }
}

/// The refusal without a terminal to type it at; `look` says how to see what it would be about.
pub(super) fn no_terminal(look: &str) -> Refusal {
    Refusal::new(RefusalCode::NoTerminal, "there is no terminal on which to ask for consent")
        .hint(format!("{look}, then give --yes"))
}

/// Shows what is to be agreed to and waits for the phrase. Any other input declines. Where it is `agreed` to already nothing is asked.
pub(super) fn ask(
    shown: &impl Report,
    hash: &str,
    phrase: &str,
    agreed: bool,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<Consent, Stop> {
    if !agreed || !ui.is_quiet() {
        ui.show(shown);
    }
    if agreed {
        return Ok(Consent::unasked(hash));
    }
    let answer = runtime.block_on(ui.ask(&format!("Type {phrase} to go on: "))?)?;
    let consent = answer.and_then(|answer| Consent::typed(hash, phrase, &answer));
    consent.ok_or_else(|| Refusal::new(RefusalCode::Declined, "consent was not given").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_identity_is_typed_by_its_uid_and_several_by_their_number() {
        let uids = ["200", "300"].map(|uid| Uid::parse(uid).unwrap());
        assert_eq!(phrase("revoke", &uids[..1]), "200");
        assert_eq!(phrase("restore", &uids), "restore 2");
    }
}
