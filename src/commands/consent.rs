//! The one place where consent is asked for, and minted.

use crate::core::consent::Consent;
use crate::core::ids::Uid;
use crate::error::Result;
use crate::gather::conversation::Conversation;
use crate::output::report::Report;
use crate::output::ui::Ui;

/// What came of asking.
pub(super) enum Agreement {
    /// Consent to what was shown.
    Given(Consent),
    /// None.
    Declined,
}

/// What has to be typed: the UID of one identity, the number of several.
pub(super) fn phrase(verb: &str, uids: &[Uid]) -> String {
    match uids {
        [uid] => uid.to_string(),
        several => format!("{verb} {}", several.len()),
    }
}

/// Shows what is to be agreed to and waits for somebody to type the phrase.
pub(super) fn ask(
    shown: &impl Report,
    hash: &str,
    phrase: &str,
    yes: bool,
    conversation: &Conversation,
    ui: &Ui,
) -> Result<Agreement> {
    if !yes || !ui.is_quiet() {
        ui.show(shown);
    }
    if yes {
        return Ok(Agreement::Given(Consent::by_flag(hash)));
    }
    let answer = conversation.wait_for(ui.ask(&format!("Type {phrase} to go on: ")))?;
    let consent = answer.and_then(|answer| Consent::typed(hash, phrase, &answer));
    Ok(consent.map_or(Agreement::Declined, Agreement::Given))
}
