//! What a plain scalar is: YAML 1.1 as go-yaml v2 understands it.

/// What a scalar stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Text,
}

/// Resolves a plain scalar without a tag.
pub(super) fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Resolved::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Resolved::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    match text.as_bytes().first() {
        Some(b'.') => fraction(text),
        Some(b'0'..=b'9' | b'+' | b'-') => number(text),
        _ => Resolved::Text,
    }
}

/// Resolves a scalar that has a tag, in its long form. `None` where tag and scalar contradict each other.
pub(super) fn resolve_tagged(tag: &str, text: &str) -> Option<Resolved> {
    let Some(kind) = tag.strip_prefix("tag:yaml.org,2002:") else { return Some(Resolved::Text) };
    let resolved = resolve(text);
    match (kind, resolved) {
        ("bool", Resolved::Bool(_))
        | ("int", Resolved::Integer(_) | Resolved::Unsigned(_))
        | ("float", Resolved::Float(_))
        | ("null", Resolved::Null) => Some(resolved),
        ("float", Resolved::Integer(value)) => Some(Resolved::Float(value as f64)),
        ("timestamp", Resolved::Text) => is_timestamp(text).then_some(Resolved::Text),
        ("bool" | "int" | "float" | "null" | "timestamp", _) => None,
        _ => Some(Resolved::Text),
    }
}

/// Whether go-yaml takes the text for a time: a date, or a date and a time of day.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        None => (text, None),
        Some(at) => (&text[..at], Some((text.as_bytes()[at], &text[at + 1..]))),
    };
    let mut parts = date.split('-');
    let year = parts.next().is_some_and(|year| year.len() == 4 && is_digits(year));
    let mut short = |most: u8| parts.next().is_some_and(|part| is_number_up_to(part, most));
    if !(year && short(12) && short(31)) || parts.next().is_some() {
        return false;
    }
    match time {
        None => true,
        Some((b' ', time)) => is_time_of_day(time),
        Some((_, time)) => match time.strip_suffix('Z') {
            Some(time) => is_time_of_day(time),
            None => time.rfind(['+', '-']).is_some_and(|at| {
                let zone = &time[at + 1..];
                zone.len() == 5 && zone.as_bytes()[2] == b':' && is_time_of_day(&time[..at])
            }),
        },
    }
}

fn is_time_of_day(text: &str) -> bool {
    let (time, fraction) = text.split_once('.').map_or((text, None), |(time, fraction)| (time, Some(fraction)));
    let mut parts = time.split(':');
    let mut part = |most: u8| parts.next().is_some_and(|part| is_number_up_to(part, most));
    part(23) && part(59) && part(59) && parts.next().is_none() && fraction.is_none_or(is_digits)
}

fn is_number_up_to(text: &str, most: u8) -> bool {
    text.len() <= 2 && is_digits(text) && text.parse::<u8>().is_ok_and(|number| number <= most)
}

fn fraction(text: &str) -> Resolved {
    let plain = without_separators(text);
    if is_float(&plain) { float(&plain) } else { Resolved::Text }
}

fn number(text: &str) -> Resolved {
    let plain = text.replace('_', "");
    if let Some(resolved) = integer(&plain) {
        return resolved;
    }
    if is_float(&plain) { float(&plain) } else { Resolved::Text }
}

/// Underscores that stand between digits don't count.
fn without_separators(text: &str) -> String {
    let bytes = text.as_bytes();
    let between =
        |at: usize| at > 0 && bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    text.char_indices()
        .filter(|&(at, character)| !(character == '_' && between(at)))
        .map(|(_, character)| character)
        .collect()
}

/// An integer in Go's notation: `0x`, `0o`, `0b`, and a leading zero for octal.
fn integer(text: &str) -> Option<Resolved> {
    let (negative, signed, digits) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let lower = digits.get(..2).map(str::to_ascii_lowercase);
    let (base, digits) = match lower.as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        Some(_) if digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    match (negative, i64::try_from(magnitude)) {
        (false, Ok(value)) => Some(Resolved::Integer(value)),
        (false, Err(_)) => (!signed).then_some(Resolved::Unsigned(magnitude)),
        (true, _) => 0i64.checked_sub_unsigned(magnitude).map(Resolved::Integer),
    }
}

/// Decimal digits with at most one point, a sign before and an exponent after.
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        None => (text, None),
        Some(at) => (&text[..at], Some(&text[at + 1..])),
    };
    let mantissa = match mantissa.split_once('.') {
        None => is_digits(mantissa),
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && (fraction.is_empty() || is_digits(fraction)),
    };
    mantissa && exponent.is_none_or(|exponent| is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number too large for a 64-bit float stays text.
fn float(text: &str) -> Resolved {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Resolved::Float(value),
        _ => Resolved::Text,
    }
}

/// A float as the key of a JSON object: the shortest notation in single precision.
pub(super) fn float_key(value: f64) -> String {
    let value = value as f32;
    if !value.is_finite() {
        return if value.is_nan() {
            ".nan".into()
        } else if value > 0.0 {
            ".inf".into()
        } else {
            "-.inf".into()
        };
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_have_their_yaml_1_1_spellings() {
        for text in ["y", "Yes", "on", "TRUE"] {
            assert_eq!(resolve(text), Resolved::Bool(true), "{text}");
        }
        for text in ["n", "No", "OFF", "false"] {
            assert_eq!(resolve(text), Resolved::Bool(false), "{text}");
        }
        for text in ["yEs", "oN", "tRUE", "yes "] {
            assert_eq!(resolve(text), Resolved::Text, "{text}");
        }
    }

    #[test]
    fn integers_are_gos() {
        for (text, value) in
            [("0", 0), ("010", 8), ("0o10", 8), ("0x1F", 31), ("0b11", 3), ("1_000", 1000), ("+7", 7), ("-0x10", -16)]
        {
            assert_eq!(resolve(text), Resolved::Integer(value), "{text}");
        }
        assert_eq!(resolve("9223372036854775808"), Resolved::Unsigned(1 << 63));
        assert_eq!(resolve("-9223372036854775808"), Resolved::Integer(i64::MIN));
        assert_eq!(resolve("08"), Resolved::Float(8.0));
    }

    #[test]
    fn what_only_looks_like_a_number_is_text() {
        for text in [
            "1e400",
            "0x",
            "0b12",
            "-",
            "+",
            "1.2.3.4",
            "10.0.0.1:6443",
            "2024-01-01",
            "1e",
            "12a",
            "0xFFFFFFFFFFFFFFFFF",
            ".",
        ] {
            assert_eq!(resolve(text), Resolved::Text, "{text}");
        }
    }

    #[test]
    fn floats_become_keys_as_go_prints_them() {
        for (value, key) in
            [(1.5, "1.5"), (1000.0, "1000"), (1_234_567.0, "1.234567e+06"), (1e-5, "1e-05"), (0.0001, "0.0001")]
        {
            assert_eq!(float_key(value), key);
        }
    }
}
