//! Which proxy leads to a server, by Go's rules for `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
//!
//! Source: <https://github.com/golang/go/blob/go1.26.0/src/vendor/golang.org/x/net/http/httpproxy/proxy.go>

use std::net::IpAddr;

use http::Uri;

use crate::core::secret::Secret;
use crate::core::variables;

/// What the environment says about proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyVariables {
    /// `HTTPS_PROXY`, else `https_proxy`. It can hold a password.
    pub https: Option<Secret<String>>,
    /// `HTTP_PROXY`, else `http_proxy`. It can hold a password.
    pub http: Option<Secret<String>>,
    /// `NO_PROXY`, else `no_proxy`.
    pub exceptions: Option<String>,
}

impl ProxyVariables {
    /// Reads the variables; an empty one counts as unset.
    ///
    /// Upper case wins in the `net/http` that kubectl is built with; later releases of `golang.org/x/net` turn it round.
    pub fn of<'e>(variable: impl Fn(&str) -> Option<&'e str>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let either = |[upper, lower]: [&str; 2]| set(upper).or_else(|| set(lower)).map(str::to_owned);
        Self {
            https: either(variables::HTTPS_PROXY).map(Secret::new),
            http: either(variables::HTTP_PROXY).map(Secret::new),
            exceptions: either(variables::NO_PROXY),
        }
    }
}

/// The kinds of proxies that kubectl knows.
/// Source: <https://github.com/kubernetes/client-go/blob/v0.36.3/tools/clientcmd/validation.go> (`parseProxyURL`)
pub const PROXY_SCHEMES: [&str; 3] = ["http", "https", "socks5"];

/// Why a `proxy-url` is refused, as the rest of a sentence. Of the URL only its scheme is repeated: it can hold a password.
///
/// # Errors
/// It has no scheme or host, or a scheme that kubectl doesn't know.
pub fn check_proxy_url(url: &str) -> Result<Secret<String>, String> {
    let known = PROXY_SCHEMES.join(", ");
    let url = with_lower_scheme(url);
    let Some((scheme, _)) = url.split_once("://") else {
        return Err(format!("has no scheme (known: {known})"));
    };
    let is_scheme = !scheme.is_empty() && scheme.len() <= 16 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_scheme && !PROXY_SCHEMES.contains(&scheme) {
        return Err(format!("is of the unknown kind {scheme} (known: {known})"));
    }
    match url.parse::<Uri>() {
        Ok(parsed) if is_scheme && parsed.host().is_some_and(|host| !host.is_empty()) => Ok(Secret::new(url)),
        _ => Err("is no URL".to_owned()),
    }
}

/// A URL with its scheme in lower case: schemes have none.
pub fn with_lower_scheme(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
        None => url.to_owned(),
    }
}

/// The URL of the proxy for a server; `None` means to go there directly.
///
/// Loopback addresses and `localhost` never go through a proxy. A proxy that is no URL counts as absent.
pub fn proxy_for(server: &Uri, variables: &ProxyVariables) -> Option<Secret<String>> {
    let (variable, default_port) = match server.scheme_str() {
        Some("https") => (&variables.https, 443),
        Some("http") => (&variables.http, 80),
        _ => return None,
    };
    let proxy = proxy_url(variable.as_ref()?.expose())?;
    let host = server.host()?.trim_start_matches('[').trim_end_matches(']').to_lowercase();
    let port = server.port_u16().unwrap_or(default_port);
    let address: Option<IpAddr> = host.parse().ok().map(|address: IpAddr| address.to_canonical());
    let is_local = host == "localhost" || address.is_some_and(|address| address.is_loopback());
    let exceptions = variables.exceptions.as_deref().unwrap_or_default();
    if is_local || exceptions.split(',').any(|exception| matches(exception, &host, port, address)) {
        return None;
    }
    Some(Secret::new(proxy))
}

/// A proxy's URL; `http://` is understood where it is left out.
fn proxy_url(text: &str) -> Option<String> {
    let is_url = |text: &str| text.contains("://") && text.parse::<Uri>().is_ok_and(|url| url.host().is_some());
    if is_url(text) {
        return Some(with_lower_scheme(text));
    }
    let with_scheme = format!("http://{text}");
    is_url(&with_scheme).then_some(with_scheme)
}

/// Whether one entry of `NO_PROXY` covers a host.
fn matches(exception: &str, host: &str, port: u16, address: Option<IpAddr>) -> bool {
    let exception = exception.trim().to_lowercase();
    if exception == "*" {
        return true;
    }
    if let Some(network) = network(&exception) {
        return address.is_some_and(|address| contains(network, address));
    }
    let (name, only_port) = split_port(&exception);
    if name.is_empty() || only_port.is_some_and(|only| only.parse() != Ok(port)) {
        return false;
    }
    if let Ok(excepted) = name.parse::<IpAddr>() {
        return address == Some(excepted.to_canonical());
    }
    if address.is_some() {
        return false;
    }
    let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
    match name.strip_prefix('.') {
        Some(_) => host.ends_with(name),
        None => host == name || host.strip_suffix(name).is_some_and(|start| start.ends_with('.')),
    }
}

/// `host:port` in two; a bare IPv6 address has no port.
fn split_port(exception: &str) -> (&str, Option<&str>) {
    if let Some((host, port)) = exception.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        return (host, Some(port).filter(|port| !port.is_empty()));
    }
    match exception.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port).filter(|port| !port.is_empty())),
        _ => (exception, None),
    }
}

/// A network in CIDR notation.
fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let bits: u8 = bits.parse().ok()?;
    (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, bits))
}

fn contains((network, bits): (IpAddr, u8), address: IpAddr) -> bool {
    let same = |left: u128, right: u128, width: u8| bits == 0 || (left ^ right) >> (width - bits) == 0;
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => same(network.to_bits().into(), address.to_bits().into(), 32),
        (IpAddr::V6(network), IpAddr::V6(address)) => same(network.to_bits(), address.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(server: &str, exceptions: &str) -> Option<String> {
        let variables = ProxyVariables {
            https: Some(Secret::new("secure:1".into())),
            http: Some(Secret::new("http://plain:2".into())),
            exceptions: Some(exceptions.into()),
        };
        proxy_for(&server.parse().unwrap(), &variables).map(|proxy| proxy.expose().clone())
    }

    #[test]
    fn upper_case_wins_and_empty_variables_do_not_count() {
        let variables = |set: &'static [(&str, &str)]| {
            ProxyVariables::of(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
        };
        let (upper, lower) = (Some(Secret::new("upper".to_owned())), Some(Secret::new("lower".to_owned())));
        let both = variables(&[
            ("https_proxy", "lower"),
            ("HTTPS_PROXY", "upper"),
            ("http_proxy", "lower"),
            ("HTTP_PROXY", "upper"),
            ("no_proxy", "lower"),
            ("NO_PROXY", "upper"),
        ]);
        assert_eq!(both, ProxyVariables { https: upper.clone(), http: upper, exceptions: Some("upper".into()) });
        let emptied = variables(&[
            ("HTTPS_PROXY", ""),
            ("https_proxy", "lower"),
            ("http_proxy", "lower"),
            ("NO_PROXY", ""),
            ("no_proxy", "lower"),
        ]);
        assert_eq!(emptied, ProxyVariables { https: lower.clone(), http: lower, exceptions: Some("lower".into()) });
        assert_eq!(variables(&[]), ProxyVariables::default());
    }

    #[test]
    fn the_scheme_decides_between_the_two() {
        assert_eq!(proxy("https://a", "").as_deref(), Some("http://secure:1"));
        assert_eq!(proxy("http://a", "").as_deref(), Some("http://plain:2"));
        assert_eq!(proxy_for(&"https://a".parse().unwrap(), &ProxyVariables::default()), None);
    }

    #[test]
    fn local_servers_are_reached_directly() {
        for server in ["https://localhost:6443", "https://127.0.0.9", "https://[::1]:6443"] {
            assert_eq!(proxy(server, ""), None, "{server}");
        }
    }

    #[test]
    fn a_proxy_url_has_one_of_the_known_schemes_in_any_case() {
        for (url, checked) in [
            ("SOCKS5://p:3", "socks5://p:3"),
            ("Http://me:pw@p", "http://me:pw@p"),
            ("https://[::1]:8/path", "https://[::1]:8/path"),
        ] {
            assert_eq!(check_proxy_url(url), Ok(Secret::new(checked.to_owned())));
        }
        for (url, reason) in [
            ("socks4://p", "is of the unknown kind socks4 (known: http, https, socks5)"),
            ("socks5h://p", "is of the unknown kind socks5h (known: http, https, socks5)"),
            ("127.0.0.1:3128", "has no scheme (known: http, https, socks5)"),
            ("hunter2", "has no scheme (known: http, https, socks5)"),
            ("hunter2@x://p", "is no URL"),
            ("http://", "is no URL"),
            ("http://a b", "is no URL"),
        ] {
            assert_eq!(check_proxy_url(url), Err(reason.to_owned()), "{url}");
        }
        let upper = ProxyVariables { https: Some(Secret::new("SOCKS5://p:1".into())), ..ProxyVariables::default() };
        let proxy = proxy_for(&"https://a".parse().unwrap(), &upper);
        assert_eq!(proxy, Some(Secret::new("socks5://p:1".to_owned())));
    }

    #[test]
    fn exceptions_match_as_in_go() {
        for (server, exceptions) in [
            ("https://a.example.com", "example.com"),
            ("https://example.com", "example.com"),
            ("https://a.example.com", ".example.com"),
            ("https://a.example.com", "*.example.com"),
            ("https://A.Example.com", " x, EXAMPLE.com "),
            ("https://example.com:6443", "example.com:6443"),
            ("https://example.com", "example.com:443"),
            ("https://10.1.2.3:6443", "10.0.0.0/8"),
            ("https://10.1.2.3:6443", "10.1.2.3"),
            ("https://[fd00::1]:6443", "fd00::/8"),
            ("https://[fd00::1]:6443", "[fd00::1]:6443"),
            ("https://[fd00::1]:6443", "fd00::1"),
            ("https://anything", "*"),
            ("https://10.1.2.3", "0.0.0.0/0"),
        ] {
            assert_eq!(proxy(server, exceptions), None, "{server} {exceptions}");
        }
        for (server, exceptions) in [
            ("https://notexample.com", "example.com"),
            ("https://example.com", ".example.com"),
            ("https://example.com", "*.example.com"),
            ("https://example.com:6443", "example.com:443"),
            ("https://11.1.2.3", "10.0.0.0/8"),
            ("https://10.1.2.3", "2.3"),
            ("https://a", ":443"),
            ("https://a", ","),
        ] {
            assert!(proxy(server, exceptions).is_some(), "{server} {exceptions}");
        }
    }
}
