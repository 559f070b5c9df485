//! Which RAM action an operation needs, and which one a refusal names.
//!
//! Most operations need the action of their own name; those that do not are listed here.
//!
//! Source: <https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/developer-reference/api-cs-2015-12-15-describeclustersv1>
//! and the other operations' pages, under "Authorization information".

/// The RAM action that an operation needs; both are `product:Name`.
pub(super) fn needed_for(operation: &str) -> String {
    match operation {
        "cs:DescribeClustersV1" => "cs:GetClusters".to_owned(),
        "cs:DescribeUserPermission" => "cs:GetUserPermissions".to_owned(),
        // IMS has no actions of its own.
        _ => match operation.strip_prefix("ims:") {
            Some(name) => format!("ram:{name}"),
            None => operation.to_owned(),
        },
    }
}

/// The action that a refusal of Container Service names in its text: `RAM policy Forbidden for action cs:GetClusters`, or
/// `STSToken policy …`.
pub(super) fn named_in(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("policy Forbidden for action ")?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != ':').unwrap_or(rest.len());
    let action = &rest[..end];
    action.split_once(':').filter(|(product, name)| !product.is_empty() && !name.is_empty())?;
    Some(action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_whose_action_has_another_name_are_known() {
        for (operation, action) in [
            ("cs:DescribeClustersV1", "cs:GetClusters"),
            ("cs:DescribeUserPermission", "cs:GetUserPermissions"),
            ("cs:DescribeClustersForRegion", "cs:DescribeClustersForRegion"),
            ("ims:GetUser", "ram:GetUser"),
            ("ram:ListUsers", "ram:ListUsers"),
        ] {
            assert_eq!(needed_for(operation), action);
        }
    }

    #[test]
    fn the_action_is_read_from_the_text_of_a_refusal() {
        for (message, action) in [
            ("RAM policy Forbidden for action cs:GetClusters", Some("cs:GetClusters")),
            (
                "STSToken policy Forbidden for action cs:DescribeClustersForRegion.",
                Some("cs:DescribeClustersForRegion"),
            ),
            ("STSToken policy Forbidden for action cs:GetClusters on acs:cs:*:1:cluster/*", Some("cs:GetClusters")),
            ("RAM policy Forbidden for action ", None),
            ("RAM policy Forbidden for action cs:", None),
            ("Forbidden", None),
        ] {
            assert_eq!(named_in(message), action, "{message}");
        }
    }
}
