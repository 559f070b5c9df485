//! Where the cloud is: public, regional and VPC endpoints, and the user's own.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;

use crate::core::ids::Region;

/// One server: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    secure: bool,
    authority: String,
    loopback: bool,
}

impl Endpoint {
    /// The `Host` header.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The URL without a path.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.authority)
    }

    fn public(host: String) -> Self {
        Self { secure: true, authority: host, loopback: false }
    }

    /// The host, port and scheme of a URL in one of the user's files; its path is dropped.
    pub(super) fn of_url(text: &str) -> Result<Self, EndpointError> {
        let refuse = |reason| EndpointError::Malformed { at: shown(text), reason };
        let uri: Uri = text.parse().map_err(|_| refuse("not a URL"))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(refuse("neither https nor http")),
        };
        let authority = uri.authority().ok_or_else(|| refuse("no host"))?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(refuse("user information, or no host"));
        }
        let loopback = is_loopback(authority.host());
        let default_port = if secure { 443 } else { 80 };
        // The signature covers the Host header, which leaves out a scheme's own port.
        let authority = match authority.port_u16() {
            Some(port) if port != default_port => format!("{}:{port}", authority.host()),
            _ => authority.host().to_owned(),
        };
        Ok(Self { secure, authority: authority.to_ascii_lowercase(), loopback })
    }

    /// Whether requests to it can't be read on the way.
    pub(super) fn is_private(&self) -> bool {
        self.secure || self.loopback
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads `host[:port]`, which means https, or a URL without a path; plain http only to loopback.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let refuse = |reason| EndpointError::Malformed { at: shown(text), reason };
        let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let uri: Uri = url.parse().map_err(|_| refuse("neither a host nor a URL"))?;
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.contains('#') {
            return Err(refuse("a path or a query"));
        }
        let endpoint = Self::of_url(&url)?;
        if !endpoint.is_private() {
            return Err(refuse("plain http to another machine"));
        }
        Ok(endpoint)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.origin())
    }
}

/// An endpoint on this machine, for the hosts that nothing but a test replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopbackEndpoint(Endpoint);

impl LoopbackEndpoint {
    /// The endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0
    }
}

impl FromStr for LoopbackEndpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let endpoint: Endpoint = text.parse()?;
        if !endpoint.loopback {
            return Err(EndpointError::Malformed { at: shown(text), reason: "not on this machine" });
        }
        Ok(Self(endpoint))
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The scheme and host of what a user typed. User name, path and query can hold a secret, and what is no URL can be one.
fn shown(text: &str) -> String {
    let url = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let uri = url.split(['?', '#']).next().and_then(|url| url.parse::<Uri>().ok());
    let host = uri.as_ref().and_then(Uri::host).filter(|host| !host.is_empty());
    match (host, uri.as_ref().and_then(Uri::scheme_str)) {
        (Some(host), Some(scheme)) if text.contains("://") => format!(" at {scheme}://{host}"),
        (Some(host), _) => format!(" at {host}"),
        (None, _) => String::new(),
    }
}

/// The endpoints that the user named instead of the cloud's own.
#[derive(Clone, Debug, Default)]
pub struct EndpointOverrides {
    /// `--cs-endpoint`, `ACKCRED_CS_ENDPOINT`.
    pub cs: Option<Endpoint>,
    /// `--ram-endpoint`, `ACKCRED_RAM_ENDPOINT`.
    pub ram: Option<Endpoint>,
    /// `--sts-endpoint`, `ACKCRED_STS_ENDPOINT`.
    pub sts: Option<Endpoint>,
    /// `--ims-endpoint`, `ACKCRED_IMS_ENDPOINT`.
    pub ims: Option<Endpoint>,
    /// `ACKCRED_METADATA_ENDPOINT`.
    pub metadata: Option<LoopbackEndpoint>,
    /// `ACKCRED_OAUTH_ENDPOINT`.
    pub oauth: Option<LoopbackEndpoint>,
}

/// The regions in which RAM has a VPC endpoint.
/// Source: <https://github.com/aliyun/aliyun-openapi-meta> `metadatas/products.json`
const RAM_VPC_REGIONS: [&str; 19] = [
    "ap-northeast-1",
    "ap-southeast-1",
    "ap-southeast-3",
    "ap-southeast-5",
    "cn-beijing",
    "cn-chengdu",
    "cn-hangzhou",
    "cn-hongkong",
    "cn-huhehaote",
    "cn-qingdao",
    "cn-shanghai",
    "cn-shanghai-finance-1",
    "cn-shenzhen",
    "cn-shenzhen-finance-1",
    "cn-zhangjiakou",
    "eu-central-1",
    "eu-west-1",
    "us-east-1",
    "us-west-1",
];

/// Chooses the endpoint of each product.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// The user's own endpoints; they win.
    pub overrides: EndpointOverrides,
    /// Whether to stay inside the VPC.
    pub vpc: bool,
}

impl Endpoints {
    /// The Container Service. Without a region, the central endpoint, which knows every region's clusters and may lag.
    ///
    /// # Errors
    /// Inside a VPC a region is needed.
    pub fn cs(&self, region: Option<&Region>) -> Result<Endpoint, EndpointError> {
        if let Some(endpoint) = &self.overrides.cs {
            return Ok(endpoint.clone());
        }
        match (region, self.vpc) {
            (Some(region), true) => Ok(Endpoint::public(format!("cs-anony-vpc.{region}.aliyuncs.com"))),
            (Some(region), false) => Ok(Endpoint::public(format!("cs.{region}.aliyuncs.com"))),
            (None, true) => Err(EndpointError::NoRegion),
            (None, false) => Ok(Endpoint::public("cs.aliyuncs.com".to_owned())),
        }
    }

    /// RAM. The public endpoint also where the region has none inside the VPC.
    pub fn ram(&self, region: Option<&Region>) -> Endpoint {
        let vpc = self.vpc && region.is_some_and(|region| RAM_VPC_REGIONS.contains(&region.as_str()));
        let host = if vpc { "ram.vpc-proxy.aliyuncs.com" } else { "ram.aliyuncs.com" };
        self.overrides.ram.clone().unwrap_or_else(|| Endpoint::public(host.to_owned()))
    }

    /// IMS. Only cn-hangzhou has an endpoint inside the VPC.
    pub fn ims(&self, region: Option<&Region>) -> Endpoint {
        let vpc = self.vpc && region.is_some_and(|region| region.as_str() == "cn-hangzhou");
        let host = if vpc { "ims.vpc-proxy.aliyuncs.com" } else { "ims.aliyuncs.com" };
        self.overrides.ims.clone().unwrap_or_else(|| Endpoint::public(host.to_owned()))
    }

    /// STS. Without a region, the central endpoint.
    pub fn sts(&self, region: Option<&Region>) -> Endpoint {
        let host = match region.map(Region::as_str) {
            None => "sts.aliyuncs.com".to_owned(),
            Some(region) => {
                // The finance cloud's STS is that of the region around it.
                let region = if region == "cn-hangzhou-finance" { "cn-hangzhou" } else { region };
                format!("{}.{region}.aliyuncs.com", if self.vpc { "sts-vpc" } else { "sts" })
            }
        };
        self.overrides.sts.clone().unwrap_or_else(|| Endpoint::public(host))
    }
}

/// A server that can't be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not `host[:port]` and no URL that would do.
    #[error("no endpoint{at}: {reason}")]
    Malformed {
        /// The scheme and host that were given, after ` at `; empty where there are none.
        at: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Endpoints inside a VPC are regional.
    #[error("the Container Service's VPC endpoint needs a region; name it with --region")]
    NoRegion,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        text.parse().unwrap()
    }

    #[test]
    fn a_host_means_https_and_its_own_port_is_left_out() {
        assert_eq!(endpoint("cs.example.com").to_string(), "https://cs.example.com");
        assert_eq!(endpoint("cs.example.com:443").authority(), "cs.example.com");
        assert_eq!(endpoint("https://CS.example.com:8443/").authority(), "cs.example.com:8443");
        assert_eq!(endpoint("http://127.0.0.1:8080").to_string(), "http://127.0.0.1:8080");
    }

    #[test]
    fn plain_http_leaves_this_machine_never() {
        for text in ["http://cs.example.com", "http://127.0.0.1.example.com", "ftp://localhost", "", "a b", "https://"]
        {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
        assert!("https://cs.example.com/path".parse::<Endpoint>().is_err());
        assert!("https://oauth.example.com".parse::<LoopbackEndpoint>().is_err());
    }

    #[test]
    fn a_secret_that_sits_in_an_endpoint_is_not_shown() {
        for (text, message) in [
            ("http://me:hunter2@cs.example.com", "no endpoint at http://cs.example.com: user information, or no host"),
            ("https://cs.example.com/?token=hunter2", "no endpoint at https://cs.example.com: a path or a query"),
            ("cs.example.com/hunter2", "no endpoint at cs.example.com: a path or a query"),
            ("cs.example.com?hunter2", "no endpoint at cs.example.com: a path or a query"),
            ("https://cs.example.com#hunter2", "no endpoint at https://cs.example.com: a path or a query"),
            ("hunter2 hunter2", "no endpoint: neither a host nor a URL"),
            ("http://hunter2 x/", "no endpoint: neither a host nor a URL"),
            ("http://cs.example.com", "no endpoint at http://cs.example.com: plain http to another machine"),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn a_region_can_not_become_another_host() {
        for text in ["cn-hangzhou", "ap-southeast-1", "cn-hangzhou-finance"] {
            assert!(Region::parse(text).is_some(), "{text}");
        }
        for text in ["", "evil.com/", "cn-hangzhou.evil", "-cn", "cn-", "CN", "1cn", "cn\n"] {
            assert!(Region::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn each_product_has_its_endpoints() {
        let hangzhou = Region::parse("cn-hangzhou").unwrap();
        let dubai = Region::parse("me-east-1").unwrap();
        let public = Endpoints::default();
        let vpc = Endpoints { vpc: true, ..Endpoints::default() };
        let host = |endpoint: Endpoint| endpoint.authority().to_owned();
        assert_eq!(host(public.cs(Some(&hangzhou)).unwrap()), "cs.cn-hangzhou.aliyuncs.com");
        assert_eq!(host(public.cs(None).unwrap()), "cs.aliyuncs.com");
        assert_eq!(host(vpc.cs(Some(&hangzhou)).unwrap()), "cs-anony-vpc.cn-hangzhou.aliyuncs.com");
        assert_eq!(vpc.cs(None).unwrap_err(), EndpointError::NoRegion);
        assert_eq!(host(public.ram(Some(&hangzhou))), "ram.aliyuncs.com");
        assert_eq!(host(vpc.ram(Some(&hangzhou))), "ram.vpc-proxy.aliyuncs.com");
        assert_eq!(host(vpc.ram(Some(&dubai))), "ram.aliyuncs.com");
        assert_eq!(host(vpc.ims(Some(&hangzhou))), "ims.vpc-proxy.aliyuncs.com");
        assert_eq!(host(vpc.ims(Some(&dubai))), "ims.aliyuncs.com");
        assert_eq!(host(public.sts(None)), "sts.aliyuncs.com");
        assert_eq!(host(vpc.sts(Some(&dubai))), "sts-vpc.me-east-1.aliyuncs.com");
        let finance = Region::parse("cn-hangzhou-finance").unwrap();
        assert_eq!(host(public.sts(Some(&finance))), "sts.cn-hangzhou.aliyuncs.com");
    }

    #[test]
    fn the_users_own_endpoint_wins() {
        let own: Endpoint = "127.0.0.1:9".parse().unwrap();
        let overrides =
            EndpointOverrides { cs: Some(own.clone()), sts: Some(own.clone()), ..EndpointOverrides::default() };
        let endpoints = Endpoints { overrides, vpc: true };
        assert_eq!(endpoints.cs(None).unwrap(), own);
        assert_eq!(endpoints.sts(None), own);
    }
}
