//! URIs in a subject alternative name, as Go's `net/url` and `crypto/x509` judge them.
//!
//! Sources: <https://github.com/golang/go/blob/master/src/net/url/url.go> (`Parse`),
//! <https://github.com/golang/go/blob/master/src/crypto/x509/parser.go> (`domainNameValid`)

use std::borrow::Cow;
use std::net::Ipv6Addr;

/// Whether a URI of ASCII characters is one that Go takes.
pub(super) fn is_sound(uri: &str) -> bool {
    let (uri, fragment) = uri.split_once('#').unwrap_or((uri, ""));
    is_reference(uri).unwrap_or(false) && unescaped(fragment).is_some()
}

fn is_reference(uri: &str) -> Option<bool> {
    if uri.bytes().any(|byte| byte.is_ascii_control()) {
        return Some(false);
    }
    let (scheme, rest) = scheme(uri)?;
    let path = rest.split('?').next().unwrap_or_default();
    if !path.starts_with('/') {
        let has_colon = path.split('/').next().is_some_and(|segment| segment.contains(':'));
        return Some(!scheme.is_empty() || !has_colon && unescaped(path).is_some());
    }
    let has_authority = path.starts_with("//") && (!scheme.is_empty() || !path.starts_with("///"));
    if !has_authority {
        return Some(unescaped(path).is_some());
    }
    let (authority, path) = path[2..].split_at(path[2..].find('/').unwrap_or(path.len() - 2));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let host = host_of(scheme, host)?;
    Some(is_user(user) && (host.is_empty() || is_domain(&host, false)) && unescaped(path).is_some())
}

/// What stands in front of the first colon, and what follows. `None` where the URI begins with the colon.
fn scheme(uri: &str) -> Option<(&str, &str)> {
    let end = uri.find(|character: char| !character.is_ascii_alphanumeric() && !"+-.".contains(character));
    let begins_with_letter = uri.starts_with(|first: char| first.is_ascii_alphabetic());
    match end {
        Some(0) if uri.starts_with(':') => None,
        Some(end) if uri[end..].starts_with(':') && begins_with_letter => Some((&uri[..end], &uri[end + 1..])),
        _ => Some(("", uri)),
    }
}

fn is_user(user: &str) -> bool {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(character);
    user.chars().all(is_allowed) && user.splitn(2, ':').all(|part| unescaped(part).is_some())
}

/// Host and port, unescaped.
fn host_of<'a>(scheme: &str, host: &'a str) -> Option<Cow<'a, str>> {
    if let Some(opening) = host.rfind('[') {
        let (address, port) = host.rsplit_once(']').filter(|_| opening == 0)?;
        let (address, zone) = address[1..].split_once("%25").map_or((&address[1..], None), |(a, zone)| (a, Some(zone)));
        let is_sound = address.parse::<Ipv6Addr>().is_ok() && is_port(port) && zone.is_none_or(|zone| !zone.is_empty());
        return (is_sound && zone.is_none_or(|zone| unescaped(zone).is_some())).then_some(Cow::Borrowed(host));
    }
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let colon = if is_web { host.find(':') } else { host.rfind(':') };
    if !colon.is_none_or(|colon| is_port(&host[colon..])) || !host.bytes().all(is_host_byte) {
        return None;
    }
    // Below 0x80 only the percent sign itself may be escaped.
    let escapes = host.match_indices('%').map(|(position, _)| &host[position..]);
    let is_sound =
        |escape: &str| escape.starts_with("%25") || escape.as_bytes().get(1).is_some_and(|digit| *digit >= b'8');
    escapes.clone().all(is_sound).then(|| unescaped(host)).flatten()
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~!\"$&'()*+,;<=>:[]%".contains(&byte)
}

fn is_port(port: &str) -> bool {
    port.is_empty() || port.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `None` where a percent sign is not followed by two hexadecimal digits.
fn unescaped(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut parts = text.split('%');
    let mut unescaped = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        unescaped.push(char::from(u8::from_str_radix(digits, 16).ok()?));
        unescaped.push_str(&part[2..]);
    }
    Some(Cow::Owned(unescaped))
}

/// Whether a text can be a domain; one of a name constraint may begin with a dot.
pub(super) fn is_domain(domain: &str, of_constraint: bool) -> bool {
    if domain.is_empty() {
        return true;
    }
    let labels = if of_constraint { domain.strip_prefix('.').unwrap_or(domain) } else { domain };
    !domain.ends_with('.')
        && labels.bytes().all(|byte| (33..=126).contains(&byte))
        && labels.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Judged by Go 1.26.
    #[test]
    fn uris_are_taken_as_go_takes_them() {
        for uri in [
            "",
            "*",
            "spiffe://cluster.local/ns/default/sa/x",
            "urn:uuid:1",
            "mailto:me@example.com",
            "/a/b",
            "a/b:c",
            "///x",
            "//host/x",
            "http:///x",
            "http://host:",
            "x://a:b:1",
            "http://me:p%20w@host:1/%20?%zz#f",
            "https://[::1]:8080/x",
            "https://[fe80::1%25en0]/",
        ] {
            assert!(is_sound(uri), "{uri}");
        }
        for uri in [
            ":",
            ":x",
            "1a:b",
            "http://ho st/",
            "http://host/%z",
            "http://host/\n",
            "http://host:x/",
            "http://host./",
            "http://a..b/",
            "http://a:b:1/",
            "http://[::1",
            "http://x[::1]/",
            "http://[1.2.3.4]/",
            "http://%41/",
            "http://%ff/",
            "http://m{e@host/",
            "x#%",
        ] {
            assert!(!is_sound(uri), "{uri}");
        }
    }
}
