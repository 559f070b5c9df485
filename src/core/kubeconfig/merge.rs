//! Several kubeconfig files become one.

use super::Kubeconfig;

/// Merges files in the order of their precedence: the first definition of a name wins as a whole, and so does the first
/// `current-context` that is set.
pub fn merge(files: impl IntoIterator<Item = Kubeconfig>) -> Kubeconfig {
    let mut merged = Kubeconfig::default();
    for file in files {
        merged.current_context = merged.current_context.or(file.current_context);
        for (name, context) in file.contexts {
            merged.contexts.entry(name).or_insert(context);
        }
        for (name, cluster) in file.clusters {
            merged.clusters.entry(name).or_insert(cluster);
        }
        for (name, user) in file.users {
            merged.users.entry(name).or_insert(user);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::core::kubeconfig::parse;

    #[test]
    fn the_first_definition_wins_as_a_whole_and_keeps_its_file() {
        let file = |path: &str, text: &str| parse(text.as_bytes(), Arc::from(Path::new(path))).unwrap();
        let merged = merge([
            file("/1", "clusters: [{name: a, cluster: {server: https://1}}]"),
            file(
                "/2",
                "current-context: two\nclusters: [{name: a, cluster: {server: https://2, proxy-url: http://p}}, {name: b}]",
            ),
            file("/3", "current-context: three"),
        ]);
        assert_eq!(merged.clusters["a"].value.server, "https://1");
        assert_eq!(merged.clusters["a"].value.proxy_url, None);
        assert_eq!(&*merged.clusters["b"].file, Path::new("/2"));
        assert_eq!(merged.current_context.unwrap().value, "two");
    }
}
