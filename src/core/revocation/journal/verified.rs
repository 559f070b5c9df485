//! What a journal says of the identities that a run did not look at.

use super::event::Event;
use crate::core::ids::{ClusterId, Uid};
use crate::core::revocation::verification::Outcome;

/// Whether an identity's access in a cluster was found gone when a run looked for it last. One that no run looked at is not.
pub fn is_verified(events: &[Event], cluster: Option<&ClusterId>, identity: &Uid) -> bool {
    let last = events.iter().rev().find_map(|event| match event {
        Event::Verified { cluster_id, uid, outcome, .. } if cluster_id.as_ref() == cluster && uid == identity => {
            Some(*outcome)
        }
        _ => None,
    });
    last == Some(Outcome::Verified)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn cluster(digits: &str) -> ClusterId {
        format!("c{}", digits.repeat(16)).try_into().unwrap()
    }

    fn uid(text: &str) -> Uid {
        text.to_owned().try_into().unwrap()
    }

    fn seen(digits: &str, text: &str, outcome: Outcome) -> Event {
        Event::Verified { time: Timestamp::UNIX_EPOCH, cluster_id: Some(cluster(digits)), uid: uid(text), outcome }
    }

    #[test]
    fn the_last_look_at_an_identity_in_its_cluster_counts() {
        let events = [
            seen("0a", "200", Outcome::Verified),
            seen("0b", "200", Outcome::Verified),
            seen("0b", "200", Outcome::Residual),
            seen("0a", "201", Outcome::Unverifiable),
            seen("0a", "201", Outcome::Verified),
            seen("0c", "200", Outcome::Verified),
            seen("0c", "201", Outcome::Residual),
        ];
        for (digits, text, expected) in [
            ("0a", "200", true),
            ("0b", "200", false),
            ("0a", "201", true),
            ("0b", "201", false),
            ("0c", "200", true),
            ("0c", "201", false),
            ("0d", "200", false),
        ] {
            assert_eq!(is_verified(&events, Some(&cluster(digits)), &uid(text)), expected, "{digits} {text}");
        }
        assert!(!is_verified(&events, None, &uid("200")));
    }
}
