//! The cloud's own host names: which product serves at which, in which region, and from where it is reached.

use super::reply::Product;

/// The regions that DescribeRegions lists.
///
/// Source: <https://github.com/aliyun/aliyun-openapi-meta> `metadatas/products.json`, the regions of Container Service
pub const REGIONS: [&str; 37] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-southeast-7",
    "cn-beijing",
    "cn-beijing-finance-1",
    "cn-chengdu",
    "cn-fuzhou",
    "cn-guangzhou",
    "cn-hangzhou",
    "cn-hangzhou-finance",
    "cn-heyuan",
    "cn-heyuan-acdr-1",
    "cn-hongkong",
    "cn-huhehaote",
    "cn-nanjing",
    "cn-qingdao",
    "cn-shanghai",
    "cn-shanghai-finance-1",
    "cn-shenzhen",
    "cn-shenzhen-finance-1",
    "cn-wuhan-lr",
    "cn-wulanchabu",
    "cn-zhangjiakou",
    "cn-zhengzhou-jva",
    "eu-central-1",
    "eu-west-1",
    "me-central-1",
    "me-east-1",
    "na-south-1",
    "us-east-1",
    "us-southeast-1",
    "us-west-1",
];

/// What is behind a host name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostName<'a> {
    pub(crate) product: Product,
    /// `None` for a central endpoint.
    pub(crate) region: Option<&'a str>,
    /// Whether it is an endpoint inside a VPC.
    pub(crate) inside_vpc: bool,
}

/// Reads a host name; a port is left out of account.
pub(crate) fn host_name(host: &str) -> Option<HostName<'_>> {
    let host = host.split(':').next().unwrap_or_default();
    let (service, region) = match host.strip_suffix(".aliyuncs.com")?.split_once('.') {
        None => (host.strip_suffix(".aliyuncs.com")?, None),
        Some((service, region)) => (service, Some(region)),
    };
    let (product, inside_vpc) = match (service, region) {
        ("ram", Some("vpc-proxy")) => return Some(HostName { product: Product::Ram, region: None, inside_vpc: true }),
        ("ims", Some("vpc-proxy")) => return Some(HostName { product: Product::Ims, region: None, inside_vpc: true }),
        ("ram", None) => (Product::Ram, false),
        ("ims", None) => (Product::Ims, false),
        ("cs", _) => (Product::Cs, false),
        ("cs-anony-vpc", Some(_)) => (Product::Cs, true),
        ("sts", _) => (Product::Sts, false),
        ("sts-vpc", Some(_)) => (Product::Sts, true),
        _ => return None,
    };
    region.is_none_or(|region| REGIONS.contains(&region)).then_some(HostName { product, region, inside_vpc })
}

/// The names that a server certificate needs for all of them.
pub(crate) fn certificate_names() -> Vec<String> {
    let regional = REGIONS.iter().map(|region| format!("*.{region}.aliyuncs.com"));
    regional.chain(["*.aliyuncs.com".to_owned(), "*.vpc-proxy.aliyuncs.com".to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_lead_to_products_and_regions() {
        let read = |host| host_name(host).map(|name| (name.product, name.region, name.inside_vpc));
        assert_eq!(read("cs.aliyuncs.com"), Some((Product::Cs, None, false)));
        assert_eq!(read("cs.cn-hangzhou.aliyuncs.com:443"), Some((Product::Cs, Some("cn-hangzhou"), false)));
        assert_eq!(read("cs-anony-vpc.eu-central-1.aliyuncs.com"), Some((Product::Cs, Some("eu-central-1"), true)));
        assert_eq!(read("sts-vpc.cn-beijing.aliyuncs.com"), Some((Product::Sts, Some("cn-beijing"), true)));
        assert_eq!(read("ram.vpc-proxy.aliyuncs.com"), Some((Product::Ram, None, true)));
        assert_eq!(read("ims.aliyuncs.com"), Some((Product::Ims, None, false)));
        for unknown in
            ["cs.cn-nowhere.aliyuncs.com", "cs-vpc.aliyuncs.com", "ram.cn-hangzhou.aliyuncs.com", "example.com"]
        {
            assert_eq!(read(unknown), None, "{unknown}");
        }
    }
}
