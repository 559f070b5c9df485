//! When a failed call is worth another try, and after how long.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

use tokio::time::{Instant, sleep};

use super::error::{Error, Kind};

/// What a call does to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Read,
    /// A change that comes to the same when it is made twice.
    IdempotentChange,
    /// A change that must not be made twice.
    Change,
}

/// The bounds of trying again.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Calls in all, the first included.
    pub attempts: u32,
    /// No try begins later than this after the first: a call takes at most this and one exchange's timeout.
    pub total: Duration,
    /// Wait before the second try; it doubles from try to try.
    pub base: Duration,
    /// The longest wait that the server did not ask for.
    pub cap: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 8,
            total: Duration::from_secs(60),
            base: Duration::from_millis(250),
            cap: Duration::from_secs(8),
        }
    }
}

impl Policy {
    /// For calls before something urgent, such as revoking access: a cloud that doesn't answer soon counts as silent.
    pub fn urgent() -> Self {
        Self { attempts: 4, total: Duration::from_secs(8), ..Self::default() }
    }
}

/// How a change that the cloud refuses for now is waited for: because of too many calls, or of another change of the same
/// permissions. Other failures go by the caller's policy.
pub struct Waiting<'a> {
    /// No try begins later than this after the first.
    pub bound: Duration,
    /// Is given each wait and what it is for, before it begins.
    pub on_wait: &'a dyn Fn(Duration, &Error),
    /// Whether to stop waiting; asked again and again.
    pub is_interrupted: &'a dyn Fn() -> bool,
}

/// How often a wait looks whether it is interrupted.
const LOOK: Duration = Duration::from_millis(100);

impl Waiting<'static> {
    /// No waiting: the first refusal ends the call.
    pub fn not_at_all() -> Self {
        Self { bound: Duration::ZERO, on_wait: &|_, _| (), is_interrupted: &|| false }
    }
}

impl Waiting<'_> {
    /// The policy for a failure of this kind, where it is one that is waited for.
    pub(super) fn policy(&self, kind: Kind) -> Option<Policy> {
        let cap = Duration::from_secs(10);
        let policy = Policy { attempts: u32::MAX, total: self.bound, cap, ..Policy::default() };
        is_for_now(kind).then_some(policy)
    }

    /// Waits. Gives false where it was interrupted.
    pub(super) async fn wait(&self, wait: Duration, error: &Error) -> bool {
        (self.on_wait)(wait, error);
        let until = Instant::now() + wait;
        while !(self.is_interrupted)() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            sleep(left.min(LOOK)).await;
        }
        false
    }
}

/// Whether the same call may succeed a little later: it was refused at the door, and nothing is wrong with it.
pub fn is_for_now(kind: Kind) -> bool {
    matches!(kind, Kind::Throttled | Kind::Conflict)
}

/// What went wrong, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// The kind of error.
    pub kind: Kind,
    /// The wait that the cloud asked for.
    pub hint: Option<Duration>,
}

/// Decides on the wait before the next try; `None` gives up. `attempt` counts from one, `jitter` is in `0.0..1.0`.
///
/// A hint is a floor: when it doesn't fit into the bound the call gives up, for asking earlier would be in vain.
pub fn wait_before_next(
    policy: &Policy,
    effect: Effect,
    attempt: u32,
    failure: Failure,
    elapsed: Duration,
    jitter: f64,
) -> Option<Duration> {
    // A server that can't be reached at all mostly stays so: without a network the error comes soon.
    let attempts = if failure.kind == Kind::Unreachable { policy.attempts.min(3) } else { policy.attempts };
    if attempt >= attempts || !may_repeat(effect, failure.kind) {
        return None;
    }
    let doubled = policy.base.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(policy.cap);
    let backoff = doubled.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
    let wait = match failure.hint {
        // Spread on top of the hint, so that callers with the same hint don't come back at once.
        Some(hint) => hint.saturating_add(policy.base.mul_f64(jitter.clamp(0.0, 1.0))),
        None => backoff,
    };
    (elapsed.saturating_add(wait) <= policy.total).then_some(wait)
}

fn may_repeat(effect: Effect, kind: Kind) -> bool {
    match kind {
        // Refused at the door, or never sent: not carried out.
        Kind::Throttled | Kind::Conflict | Kind::NonceReused | Kind::Unreachable => true,
        // Whether it was carried out isn't known.
        Kind::Unavailable | Kind::Broken => effect != Effect::Change,
        Kind::TimedOut
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::CredentialsExpired
        | Kind::CredentialsInvalid
        | Kind::ClockSkew
        | Kind::Malformed
        | Kind::Rejected
        | Kind::Untrusted
        | Kind::Setup => false,
    }
}

/// The wait that a response asks for: `x-acs-retry-after` in milliseconds, `Retry-After` in seconds or as a date, or
/// `TimeLeft` in the older `x-ratelimit-*` headers, in milliseconds.
pub fn hint(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let milliseconds = |text: &str| text.parse().ok().map(Duration::from_millis);
    text("x-acs-retry-after")
        .and_then(milliseconds)
        .or_else(|| text("retry-after").and_then(|text| retry_after(text, now)))
        .or_else(|| {
            let names = ["x-ratelimit-user-api", "x-ratelimit-user"];
            let left =
                |text: &str| milliseconds(text.split(',').find_map(|part| part.trim().strip_prefix("TimeLeft:"))?);
            names.iter().filter_map(|name| text(name)).find_map(left)
        })
}

fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const THROTTLED: Failure = Failure { kind: Kind::Throttled, hint: None };

    fn decide(effect: Effect, kind: Kind) -> bool {
        let failure = Failure { kind, hint: None };
        wait_before_next(&Policy::default(), effect, 1, failure, Duration::ZERO, 0.5).is_some()
    }

    #[test]
    fn reads_are_repeated_on_throttling_server_errors_and_broken_connections_only() {
        for kind in [Kind::Throttled, Kind::Unavailable, Kind::Broken, Kind::Unreachable, Kind::NonceReused] {
            assert!(decide(Effect::Read, kind), "{kind:?}");
        }
        for kind in [Kind::Forbidden, Kind::NotFound, Kind::CredentialsExpired, Kind::ClockSkew, Kind::TimedOut] {
            assert!(!decide(Effect::Read, kind), "{kind:?}");
        }
    }

    #[test]
    fn a_change_is_repeated_only_when_it_was_not_carried_out_or_twice_is_once() {
        for kind in [Kind::Unavailable, Kind::Broken] {
            assert!(!decide(Effect::Change, kind), "{kind:?}");
            assert!(decide(Effect::IdempotentChange, kind), "{kind:?}");
        }
        assert!(decide(Effect::Change, Kind::Throttled));
        assert!(decide(Effect::Change, Kind::Unreachable));
    }

    #[test]
    fn a_server_that_is_not_there_is_given_up_soon() {
        let failure = Failure { kind: Kind::Unreachable, hint: None };
        let wait = |attempt| wait_before_next(&Policy::default(), Effect::Read, attempt, failure, Duration::ZERO, 1.0);
        assert_eq!(wait(1).unwrap() + wait(2).unwrap(), Duration::from_millis(750));
        assert_eq!(wait(3), None);
        assert!(!decide(Effect::Read, Kind::Untrusted));
    }

    #[test]
    fn waits_double_and_stay_below_the_cap() {
        let policy = Policy::default();
        let wait = |attempt| wait_before_next(&policy, Effect::Read, attempt, THROTTLED, Duration::ZERO, 1.0).unwrap();
        assert_eq!(wait(1), Duration::from_millis(250));
        assert_eq!(wait(3), Duration::from_secs(1));
        assert_eq!(wait(7), Duration::from_secs(8));
    }

    #[test]
    fn a_hint_is_honoured_or_the_call_gives_up() {
        let policy = Policy::default();
        let wait = |seconds| {
            let failure = Failure { kind: Kind::Throttled, hint: Some(Duration::from_secs(seconds)) };
            wait_before_next(&policy, Effect::Read, 1, failure, Duration::ZERO, 0.0)
        };
        assert_eq!(wait(20), Some(Duration::from_secs(20)));
        assert_eq!(wait(61), None);
    }

    #[test]
    fn only_what_is_refused_for_now_is_waited_for_beyond_the_policy() {
        let waiting = Waiting { bound: Duration::from_secs(120), on_wait: &|_, _| (), is_interrupted: &|| false };
        for kind in [Kind::Unavailable, Kind::Broken, Kind::TimedOut, Kind::Forbidden, Kind::Rejected] {
            assert!(waiting.policy(kind).is_none(), "{kind:?}");
        }
        for kind in [Kind::Throttled, Kind::Conflict] {
            let policy = waiting.policy(kind).unwrap();
            let wait = |attempt, elapsed, hint: Option<u64>| {
                let failure = Failure { kind, hint: hint.map(Duration::from_secs) };
                let elapsed = Duration::from_secs(elapsed);
                wait_before_next(&policy, Effect::IdempotentChange, attempt, failure, elapsed, 0.0)
            };
            assert_eq!(wait(1, 0, Some(60)), Some(Duration::from_secs(60)));
            assert_eq!(wait(2, 60, Some(60)), Some(Duration::from_secs(60)));
            assert_eq!(wait(3, 120, Some(60)), None);
            assert_eq!(wait(30, 100, None), Some(Duration::from_secs(5)));
            assert_eq!(wait(30, 119, None), None);
        }
    }

    #[test]
    fn a_wait_ends_when_it_is_over_or_interrupted() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let error = Error::new("cs:X", Kind::Throttled, "slow down");
        for (looks, is_over, waited) in [(usize::MAX, true, 1000), (3, false, 300)] {
            let (asked, waits) = (std::cell::Cell::new(0), std::cell::RefCell::new(Vec::new()));
            let waiting = Waiting {
                bound: Duration::from_secs(120),
                on_wait: &|wait, error| waits.borrow_mut().push(format!("{wait:?} {error}")),
                is_interrupted: &|| asked.replace(asked.get() + 1) == looks,
            };
            runtime.block_on(async {
                let begun = Instant::now();
                assert_eq!(waiting.wait(Duration::from_secs(1), &error).await, is_over);
                assert_eq!(begun.elapsed().as_millis(), waited);
            });
            assert_eq!(waits.into_inner(), ["1s cs:X: slow down"]);
        }
    }

    #[test]
    fn hints_come_in_four_spellings() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let of = |name: &'static str, value: &'static str| {
            hint(&HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(value))]), now)
        };
        assert_eq!(of("x-acs-retry-after", "1500"), Some(Duration::from_millis(1500)));
        assert_eq!(of("retry-after", "3"), Some(Duration::from_secs(3)));
        assert_eq!(of("retry-after", "Fri, 2 Jan 2026 03:04:15 GMT"), Some(Duration::from_secs(10)));
        assert_eq!(of("retry-after", "Fri, 2 Jan 2026 03:04:00 GMT"), Some(Duration::ZERO));
        let limited = of("x-ratelimit-user-api", "Limit:1,Remain:0,TimeLeft:2000,Reset:1");
        assert_eq!(limited, Some(Duration::from_secs(2)));
        assert_eq!(of("retry-after", "soon"), None);
    }

    proptest! {
        #[test]
        fn no_try_begins_after_the_bound(
            attempt in 1_u32..20, elapsed in 0_u64..100_000, hint in proptest::option::of(0_u64..100_000), jitter in 0.0..1.0,
        ) {
            let policy = Policy::default();
            let failure = Failure { kind: Kind::Throttled, hint: hint.map(Duration::from_millis) };
            let elapsed = Duration::from_millis(elapsed);
            if let Some(wait) = wait_before_next(&policy, Effect::Read, attempt, failure, elapsed, jitter) {
                prop_assert!(attempt < policy.attempts);
                prop_assert!(elapsed + wait <= policy.total);
                prop_assert!(wait >= failure.hint.unwrap_or_default());
            }
        }
    }
}
