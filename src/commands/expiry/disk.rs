//! `expiry -R`: credentials wherever they lie on a disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Listing, unused_users};
use crate::adapters::disk_walk::{self, FoundFile, Walked};
use crate::adapters::files::Policy;
use crate::core::cluster::cluster_id::infer_from;
use crate::core::credential::Credential;
use crate::core::credential::expiry::assess;
use crate::core::credential::found::{FoundKubeconfig, is_credential};
use crate::core::ids::ClusterId;
use crate::core::kubeconfig::{Overrides, User, clean, resolve_each};
use crate::core::secret::Secret;
use crate::gather::credential::{Gathered, of_context, of_user};
use crate::output::ui::Ui;
use crate::output::views::{ExpiryItem, SearchView, UnreadView};

/// So many files and folders that could not be read are named one by one.
const MOST_NAMED: usize = 20;

/// Where a credential was found.
struct Place<'p> {
    file: &'p Path,
    line: u64,
    context: Option<&'p str>,
    cluster_id: Option<&'p ClusterId>,
}

/// A user entry of a kubeconfig, and the context that leads to it.
struct Entry<'e> {
    name: &'e str,
    user: Option<&'e User>,
    context: Option<&'e str>,
    cluster_id: Option<&'e ClusterId>,
}

impl Listing<'_> {
    /// Everything that the files below some folders hold.
    pub(super) fn of_disk(&mut self, paths: &[PathBuf], cross_file_systems: bool, ui: &Ui) -> SearchView {
        let roots: Vec<PathBuf> = paths.iter().map(|path| clean(&self.world.cwd.join(path))).collect();
        let walked = disk_walk::walk(&roots, cross_file_systems);
        let mut keys: BTreeMap<Option<&Path>, Vec<&Secret<Vec<u8>>>> = BTreeMap::new();
        for file in &walked.found {
            keys.entry(file.path.parent()).or_default().extend(&file.found.keys);
        }
        for file in &walked.found {
            let beside = keys.get(&file.path.parent()).map(Vec::as_slice).unwrap_or_default();
            self.add_found(file, beside);
        }
        let search = view(&walked);
        say(&search, ui);
        search
    }

    fn add_found(&mut self, file: &FoundFile, beside: &[&Secret<Vec<u8>>]) {
        for kubeconfig in &file.found.kubeconfigs {
            self.add_kubeconfig(file, kubeconfig);
        }
        for credential in &file.found.caches {
            self.add_place(&Place { file: &file.path, line: 1, context: None, cluster_id: None }, credential);
        }
        // Keys of the file itself come first.
        let keys: Vec<&Secret<Vec<u8>>> = file.found.keys.iter().chain(beside.iter().copied()).collect();
        for certificate in &file.found.certificates {
            let place = Place { file: &file.path, line: certificate.line, context: None, cluster_id: None };
            self.add_place(&place, &certificate.assess(&keys));
        }
    }

    fn add_kubeconfig(&mut self, file: &FoundFile, found: &FoundKubeconfig) {
        let policy = Policy::beside(&file.path);
        for context in resolve_each(&found.kubeconfig, &Overrides::default()).flatten() {
            let cluster_id = infer_from(&context).best.map(|claim| claim.id);
            let entry = Entry {
                name: &context.user_name,
                user: context.user.as_ref().map(|user| &user.value),
                context: context.name.as_deref(),
                cluster_id: cluster_id.as_ref(),
            };
            self.add_entry(file, found, &entry, &of_context(&context, &policy, None));
        }
        for (name, user) in unused_users(&found.kubeconfig) {
            let entry = Entry { name, user: Some(&user.value), context: None, cluster_id: None };
            self.add_entry(file, found, &entry, &of_user(user, &policy, None));
        }
    }

    fn add_entry(&mut self, file: &FoundFile, found: &FoundKubeconfig, entry: &Entry<'_>, gathered: &Gathered) {
        let Entry { name, user, context, cluster_id } = *entry;
        for credential in std::iter::once(&gathered.credential).chain(&gathered.others) {
            if is_credential(user, credential) {
                let line = found.line(name, credential.kind);
                self.add_place(&Place { file: &file.path, line, context, cluster_id }, credential);
            }
        }
    }

    fn add_place(&mut self, place: &Place<'_>, credential: &Credential) {
        let expiry = assess(credential, self.world.now, &self.limits);
        let item = ExpiryItem::of(credential, expiry);
        let item = item.found(place.context, Some(place.file.display().to_string()), place.cluster_id);
        self.items.push(ExpiryItem { line: Some(place.line), ..item });
    }
}

fn view(walked: &Walked) -> SearchView {
    let unread = walked.unread.iter();
    SearchView {
        files: walked.files,
        unread: unread
            .map(|(path, reason)| UnreadView { path: path.display().to_string(), reason: reason.to_string() })
            .collect(),
        too_large: walked.too_large,
        compressed: walked.compressed,
        other_file_systems: walked.other_file_systems.iter().map(|path| path.display().to_string()).collect(),
    }
}

/// Says what was not read.
fn say(search: &SearchView, ui: &Ui) {
    for unread in search.unread.iter().take(MOST_NAMED) {
        ui.warning(&format!("cannot read {}: {}", unread.path, unread.reason));
    }
    if let Some(more) = search.unread.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        ui.warning(&format!("cannot read {more} more; -o json names them all"));
    }
    let files = |count: u64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 file {one}")),
        _ => Some(format!("{count} files {many}")),
    };
    let folders = match search.other_file_systems.len() {
        0 => None,
        1 => Some("1 folder lies on another file system and was not read; use --cross-file-systems".to_owned()),
        count => Some(format!("{count} folders lie on other file systems and were not read; use --cross-file-systems")),
    };
    let skipped = [
        files(
            search.compressed,
            "is compressed or an archive and was not read",
            "are compressed or archives and were not read",
        ),
        files(search.too_large, "is larger than 64 MiB and was not read", "are larger than 64 MiB and were not read"),
        folders,
    ];
    skipped.into_iter().flatten().for_each(|line| ui.note(&line));
}
