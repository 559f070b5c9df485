//! Dates, as Go reads them.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::core::credential::der::{self, Der, Element};

/// The first and the last second of a validity; `None` for one in a form that Go doesn't read. The last second is `None` for an
/// end beyond any calendar.
pub(super) fn read(mut validity: Der<'_>) -> Option<(Timestamp, Option<Timestamp>)> {
    let (start, end) = (date(validity.next()?)?, date(validity.next()?)?);
    Some((start.unwrap_or(Timestamp::MAX), end))
}

/// A UTCTime may leave out the seconds. Either may have an offset from UTC, which is not written as one of zero.
fn date(element: Element<'_>) -> Option<Option<Timestamp>> {
    let text = std::str::from_utf8(element.content).ok()?;
    let (digits, zone) = text.split_at(text.find(|character: char| !character.is_ascii_digit())?);
    let (century, rest) = match (element.tag, digits.len()) {
        // RFC 5280, 4.1.2.5.1.
        (der::UTC_TIME, 10 | 12) => (if digits < "5" { "20" } else { "19" }, digits),
        (der::GENERALIZED_TIME, 14) => digits.split_at(2),
        _ => return None,
    };
    let number = |from: usize| rest.get(from..from + 2).map_or(Some(0), |digits| digits.parse::<i8>().ok());
    let year = format!("{century}{}", &rest[..2]).parse().ok()?;
    let time = DateTime::new(year, number(2)?, number(4)?, number(6)?, number(8)?, number(10)?, 0).ok()?;
    let offset = SignedDuration::from_mins(minutes(zone)?);
    // What has no timestamp lies beyond any calendar.
    Some(Offset::UTC.to_timestamp(time).ok().and_then(|time| time.checked_sub(offset).ok()))
}

/// The offset from UTC.
fn minutes(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, digits) =
        zone.strip_prefix('+').map(|digits| (1, digits)).or(zone.strip_prefix('-').map(|digits| (-1, digits)))?;
    if digits.len() != 4 || !digits.bytes().all(|digit| digit.is_ascii_digit()) || digits == "0000" {
        return None;
    }
    let (hours, minutes) = (digits[..2].parse::<i64>().ok()?, digits[2..].parse::<i64>().ok()?);
    (hours <= 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_go_reads_them() {
        let read = |tag: u8, text: &str| {
            let date = date(Element { tag, content: text.as_bytes(), whole: &[] });
            date.map(|date| date.map_or("beyond".to_owned(), |date| date.to_string()))
        };
        for (tag, text, expected) in [
            (der::UTC_TIME, "491231235959Z", "2049-12-31T23:59:59Z"),
            (der::UTC_TIME, "500101000000Z", "1950-01-01T00:00:00Z"),
            (der::UTC_TIME, "4001010203Z", "2040-01-01T02:03:00Z"),
            (der::UTC_TIME, "400101000000+0130", "2039-12-31T22:30:00Z"),
            (der::UTC_TIME, "4001010000-0230", "2040-01-01T02:30:00Z"),
            (der::GENERALIZED_TIME, "20400229000000Z", "2040-02-29T00:00:00Z"),
            (der::GENERALIZED_TIME, "20400101000000-2400", "2040-01-02T00:00:00Z"),
            (der::GENERALIZED_TIME, "99991231235959Z", "beyond"),
        ] {
            assert_eq!(read(tag, text).as_deref(), Some(expected), "{text}");
        }
        for (tag, text) in [
            (der::UTC_TIME, "400230000000Z"),
            (der::UTC_TIME, "400101000060Z"),
            (der::UTC_TIME, "400101240000Z"),
            (der::UTC_TIME, "400101000000+0000"),
            (der::UTC_TIME, "400101000000"),
            (der::UTC_TIME, "40010100000aZ"),
            (der::GENERALIZED_TIME, "20400101000000.5Z"),
            (der::GENERALIZED_TIME, "204001010000Z"),
            (der::UTF8_STRING, "400101000000Z"),
        ] {
            assert_eq!(read(tag, text), None, "{text}");
        }
    }
}
