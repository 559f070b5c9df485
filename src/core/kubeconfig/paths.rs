//! Paths in kubeconfig files, as Go's `filepath` joins and cleans them: by their text, without asking the file system.

use std::path::{Component, Path, PathBuf};

/// Shortens a path by its text alone: no `.`, no `..` that could be resolved, no doubled separator.
pub fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match cleaned.components().next_back() {
                Some(Component::Normal(_)) => {
                    cleaned.pop();
                }
                Some(Component::RootDir) => {}
                _ => cleaned.push(".."),
            },
            other => cleaned.push(other),
        }
    }
    if cleaned.as_os_str().is_empty() { PathBuf::from(".") } else { cleaned }
}

/// Resolves what a kubeconfig names against the folder of that kubeconfig. Absolute paths stay as they are.
pub(super) fn against(file: &Path, named: &str) -> PathBuf {
    let named = Path::new(named);
    if named.is_absolute() {
        return named.to_owned();
    }
    clean(&file.parent().unwrap_or(Path::new("")).join(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_by_their_text() {
        for (path, cleaned) in
            [("/a/./b/../c", "/a/c"), ("/../a", "/a"), ("a/..", "."), ("../a//b/", "../a/b"), ("", ".")]
        {
            assert_eq!(clean(Path::new(path)), Path::new(cleaned), "{path}");
        }
    }

    #[test]
    fn relative_paths_belong_to_the_files_folder_and_the_tilde_is_no_home() {
        let file = Path::new("/home/a/.kube/config");
        assert_eq!(against(file, "../ca.pem"), Path::new("/home/a/ca.pem"));
        assert_eq!(against(file, "~/ca.pem"), Path::new("/home/a/.kube/~/ca.pem"));
        assert_eq!(against(file, "/etc//ca.pem").to_str(), Some("/etc//ca.pem"));
    }
}
