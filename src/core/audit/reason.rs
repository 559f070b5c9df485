//! The binding that RBAC names as the reason of its decision.

/// The binding, as tables write it: `ClusterRoleBinding/-/x`, `RoleBinding/ns/x`.
///
/// The server writes `RBAC: allowed by RoleBinding "x/ns" of Role "r" to User "u"`, each name quoted as Go quotes.
/// Source: <https://github.com/kubernetes/kubernetes/blob/v1.36.0/plugin/pkg/auth/authorizer/rbac/rbac.go>
pub fn granting_binding(reason: &str) -> Option<String> {
    let rest = reason.strip_prefix("RBAC: allowed by ")?;
    let (kind, rest) = rest.split_once(' ')?;
    let name = quoted(rest)?;
    match kind {
        "ClusterRoleBinding" => Some(format!("{kind}/-/{name}")),
        "RoleBinding" => name.rsplit_once('/').map(|(name, namespace)| format!("{kind}/{namespace}/{name}")),
        _ => None,
    }
}

/// What stands between the first quotation marks.
fn quoted(text: &str) -> Option<String> {
    let mut characters = text.strip_prefix('"')?.chars();
    let mut value = String::new();
    loop {
        match characters.next()? {
            '"' => return Some(value),
            '\\' => value.push(characters.next()?),
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_the_binding() {
        for (reason, binding) in [
            (
                "RBAC: allowed by ClusterRoleBinding \"a:b\" of ClusterRole \"view\" to User \"bob\"",
                Some("ClusterRoleBinding/-/a:b"),
            ),
            (
                "RBAC: allowed by RoleBinding \"team/shop\" of Role \"r\" to ServiceAccount \"robot/ci\"",
                Some("RoleBinding/shop/team"),
            ),
            (
                "RBAC: allowed by ClusterRoleBinding \"a\\\"b\" of ClusterRole \"view\" to Group \"g\"",
                Some("ClusterRoleBinding/-/a\"b"),
            ),
            ("RBAC: allowed by RoleBinding \"team\" of", None),
            ("RBAC: allowed by ClusterRoleBinding \"cut", None),
            ("", None),
            ("webhook says so", None),
        ] {
            assert_eq!(granting_binding(reason).as_deref(), binding, "{reason}");
        }
    }
}
