//! Static tokens: Secrets whose content opens the API server for as long as they are there.
//!
//! Of such a Secret only its row in a table is known. Its data, its labels and its annotations are not read: an annotation of
//! `kubectl apply` repeats the data.
//! Source: <https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#secret-token-auto-generation>

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// The label that the API server sets to the day on which a static token was last used.
pub const LAST_USED: &str = "kubernetes.io/legacy-token-last-used";
/// The label with which the API server no longer takes a static token, whatever its value (Kubernetes 1.29 and later).
pub const INVALID_SINCE: &str = "kubernetes.io/legacy-token-invalid-since";
/// How many days back a use counts as recent, today included.
pub const RECENT_DAYS: i64 = 30;

/// What a static token is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StaticTokenKind {
    /// A ServiceAccount's token without an end.
    ServiceAccount,
    /// A token with which a machine joins the cluster.
    Bootstrap,
}

impl StaticTokenKind {
    /// The type of the Secrets that hold it.
    pub fn secret_type(self) -> &'static str {
        match self {
            Self::ServiceAccount => "kubernetes.io/service-account-token",
            Self::Bootstrap => "bootstrap.kubernetes.io/token",
        }
    }
}

/// A Secret that holds a static token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticToken {
    /// What it is of.
    pub kind: StaticTokenKind,
    /// The Secret's namespace.
    pub namespace: String,
    /// The Secret's name.
    pub name: String,
    /// How many keys the Secret's data has.
    pub keys: u64,
    /// When the Secret was made; `None` where the API server does not say.
    pub created: Option<AboutTime>,
    /// What is known of its use.
    pub last_use: LastUse,
    /// Whether it has the label with which the API server no longer takes it.
    pub is_ended: bool,
}

/// What the API server recorded of a static token's use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LastUse {
    /// Within the last [`RECENT_DAYS`] days.
    Recent,
    /// Before that.
    Older,
    /// No use was recorded. API servers record it since Kubernetes 1.26.
    NoneRecorded,
    /// The record could not be read.
    Unread,
}

/// A time that is known by an age alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AboutTime {
    /// It was not before this.
    pub earliest: Timestamp,
    /// It was not after this.
    pub latest: Timestamp,
}

impl AboutTime {
    /// Reads an age as API servers write it in tables, such as `5m30s`, `2d3h` or `3y`, which leaves out what is smaller than its
    /// last unit. `None` for anything else, such as `<unknown>`.
    /// Source: <https://github.com/kubernetes/apimachinery/blob/v0.36.3/pkg/util/duration/duration.go> (`HumanDuration`)
    pub fn from_age(age: &str, now: Timestamp) -> Option<Self> {
        let (mut total, mut unit, mut rest) = (0_i64, 0, age);
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: i64 = rest[..digits].parse().ok()?;
            let mut after = rest[digits..].chars();
            unit = seconds_of(after.next()?)?;
            total = total.checked_add(number.checked_mul(unit)?)?;
            rest = after.as_str();
        }
        if unit == 0 {
            return None;
        }
        let before = |seconds: i64| now.checked_sub(SignedDuration::from_secs(seconds)).ok();
        Some(Self { earliest: before(total.checked_add(unit)?)?, latest: before(total)? })
    }
}

fn seconds_of(unit: char) -> Option<i64> {
    Some(match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'y' => 365 * 86_400,
        _ => return None,
    })
}

/// The last [`RECENT_DAYS`] days in UTC, today first, as the API server writes them.
pub fn recent_days(now: Timestamp) -> Vec<String> {
    let today = day(now);
    (0..RECENT_DAYS)
        .filter_map(|back| today.checked_sub(SignedDuration::from_hours(24 * back)).ok())
        .map(|day| day.to_string())
        .collect()
}

/// The day of a time in UTC.
pub fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_age_says_between_which_times() {
        let now = at("2026-11-29T12:00:00Z");
        for (age, earliest, latest) in [
            ("0s", "2026-11-29T11:59:59Z", "2026-11-29T12:00:00Z"),
            ("119s", "2026-11-29T11:58:00Z", "2026-11-29T11:58:01Z"),
            ("5m30s", "2026-11-29T11:54:29Z", "2026-11-29T11:54:30Z"),
            ("12m", "2026-11-29T11:47:00Z", "2026-11-29T11:48:00Z"),
            ("3h5m", "2026-11-29T08:54:00Z", "2026-11-29T08:55:00Z"),
            ("2d3h", "2026-11-27T08:00:00Z", "2026-11-27T09:00:00Z"),
            ("400d", "2025-10-24T12:00:00Z", "2025-10-25T12:00:00Z"),
            ("3y10d", "2023-11-19T12:00:00Z", "2023-11-20T12:00:00Z"),
        ] {
            let about = AboutTime { earliest: at(earliest), latest: at(latest) };
            assert_eq!(AboutTime::from_age(age, now), Some(about), "{age}");
        }
    }

    #[test]
    fn what_is_no_age_says_nothing() {
        for age in
            ["", "<unknown>", "<invalid>", "5", "m", "5w", "-5s", "9999999999999999999s", "9999999999999y", "5m é"]
        {
            assert_eq!(AboutTime::from_age(age, at("2026-11-29T12:00:00Z")), None, "{age}");
        }
    }

    #[test]
    fn recent_days_are_written_as_the_api_server_writes_them() {
        let days = recent_days(at("2026-03-02T00:00:01Z"));
        assert_eq!((days.len(), &*days[0], &*days[2], &*days[29]), (30, "2026-03-02", "2026-02-28", "2026-02-01"));
    }
}
