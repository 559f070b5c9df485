//! Which RAM action a policy must allow for an operation.

use super::reply::Product;

/// The action. Most operations have one of their own name.
///
/// What DescribeUserClusterActivityState needs is documented nowhere; the console's action for the same check is taken.
pub(crate) fn ram_action(product: Product, operation: &str) -> String {
    match (product, operation) {
        (Product::Cs, "DescribeClustersV1") => "cs:GetClusters".to_owned(),
        (Product::Cs, "DescribeUserPermission") => "cs:GetUserPermissions".to_owned(),
        (Product::Cs, "DescribeUserClusterActivityState") => "cs:CheckUserClustersActivity".to_owned(),
        (Product::Cs, _) => format!("cs:{operation}"),
        (Product::Ram | Product::Ims, _) => format!("ram:{operation}"),
        (Product::Sts, _) => format!("sts:{operation}"),
    }
}
