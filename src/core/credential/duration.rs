//! Durations as people write and read them: `30d`, `1d12h`, `4w`.

use std::fmt::Write as _;

use jiff::fmt::friendly::SpanParser;
use jiff::{SignedDuration, SpanRelativeTo};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

static PARSER: SpanParser = SpanParser::new();

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// There is nothing.
    #[error("a duration is expected, such as 30d, 12h or 1d12h")]
    Empty,
    /// A number without its unit, a unit without its number, a unit of another name or of no fixed length, or more than can be counted.
    #[error("{0:?} is no duration: numbers with the units w, d, h, m and s are expected, such as 30d or 1d12h")]
    Form(String),
}

/// Reads a duration in whole seconds: numbers, each with its unit, from the largest unit to the smallest: weeks, days (of 24 hours),
/// hours, minutes or seconds. A bare `0` is one too.
///
/// # Errors
/// The text is none.
pub fn parse(text: &str) -> Result<SignedDuration, DurationError> {
    let is_whole = |duration: &SignedDuration| duration.subsec_nanos() == 0;
    parse_exact(text).and_then(|duration| {
        if is_whole(&duration) { Ok(duration) } else { Err(DurationError::Form(text.trim().to_owned())) }
    })
}

/// Reads a duration as [`parse`] does, and milliseconds and less as well.
///
/// # Errors
/// The text is none.
/// Source: <https://docs.rs/jiff/0.2/jiff/fmt/friendly/index.html>
pub fn parse_exact(text: &str) -> Result<SignedDuration, DurationError> {
    let text = text.trim();
    match text {
        "" => return Err(DurationError::Empty),
        "0" => return Ok(SignedDuration::ZERO),
        _ => {}
    }
    let span = PARSER.parse_span(text).and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    let duration = span.ok().filter(|duration| !duration.is_negative());
    duration.ok_or_else(|| DurationError::Form(text.to_owned()))
}

/// A distance in its largest whole unit, days at most: `709d`, `5h`, `-316d`. What is left over is dropped, so that
/// never more time is promised than there is.
pub fn distance(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let (number, unit) = match seconds.unsigned_abs() {
        size if size >= DAY.unsigned_abs() => (seconds / DAY, 'd'),
        size if size >= HOUR.unsigned_abs() => (seconds / HOUR, 'h'),
        size if size >= MINUTE.unsigned_abs() => (seconds / MINUTE, 'm'),
        _ => (seconds, 's'),
    };
    format!("{number}{unit}")
}

/// A duration as [`parse`] reads it, exact to the second and without weeks: `1d12h`.
pub fn exact(duration: SignedDuration) -> String {
    let mut rest = duration.as_secs();
    let mut text = String::new();
    for (size, unit) in [(DAY, 'd'), (HOUR, 'h'), (MINUTE, 'm'), (1, 's')] {
        let number = rest / size;
        rest %= size;
        if number != 0 {
            // Writing to a String can't fail.
            let _ = write!(text, "{number}{unit}");
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_unit_and_their_combinations_are_read() {
        for (text, expected) in [
            ("30d", 30 * DAY),
            ("12h", 12 * HOUR),
            ("4w", 28 * DAY),
            ("90m", 90 * MINUTE),
            ("45s", 45),
            ("1d12h", 36 * HOUR),
            (" 1w2d3h4m5s ", 9 * DAY + 3 * HOUR + 4 * MINUTE + 5),
            ("1d 12h", 36 * HOUR),
            ("1.5h", 90 * MINUTE),
            ("2 days", 2 * DAY),
            ("0", 0),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Ok(SignedDuration::from_secs(expected)), "{text}");
        }
        assert_eq!(parse_exact("500ms"), Ok(SignedDuration::from_millis(500)));
    }

    #[test]
    fn other_texts_are_refused_with_an_example() {
        assert_eq!(parse(""), Err(DurationError::Empty));
        let texts = [
            "30",
            "d",
            "-1d",
            "1d ago",
            "1y",
            "1mo",
            "1D",
            "ten",
            "1dd",
            "１d",
            "5ms",
            "12h1d",
            "99999999999999999999d",
        ];
        for text in texts {
            let error = parse(text).unwrap_err();
            assert_eq!(error, DurationError::Form(text.to_owned()));
            assert!(error.to_string().contains("30d"), "{error}");
        }
    }

    #[test]
    fn distances_are_reported_in_their_largest_whole_unit() {
        for (seconds, text) in [
            (709 * DAY + 5, "709d"),
            (DAY, "1d"),
            (DAY - 1, "23h"),
            (5 * HOUR, "5h"),
            (59 * MINUTE + 59, "59m"),
            (59, "59s"),
            (0, "0s"),
            (-1, "-1s"),
            (-316 * DAY - 7, "-316d"),
        ] {
            assert_eq!(distance(SignedDuration::from_secs(seconds)), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,30}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_written_is_read_again(seconds in 0..=20_000 * 365 * DAY) {
            let duration = SignedDuration::from_secs(seconds);
            prop_assert_eq!(parse(&exact(duration)), Ok(duration));
        }
    }
}
