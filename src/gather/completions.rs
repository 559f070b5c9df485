//! The names that can be completed from local files alone: no server and no cloud is asked, and no program is run.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::credential::credential_of;
use crate::adapters::cloud::credentials::cli_profile;
use crate::adapters::files::Policy;
use crate::adapters::journal::{Glance, StateFolder};
use crate::adapters::kubeconfig_files::{load, load_file};
use crate::core::cluster::cluster_id::{Inference, infer_from};
use crate::core::ids::Uid;
use crate::core::kubeconfig::{Kubeconfig, Overrides, ResolvedContext, resolve, resolve_each};
use crate::core::revocation::journal::{Ending, OperationId, RestoreOrigin, State, SummaryPurpose};
use crate::world::World;

/// A name, and what it is in a few words where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalName {
    /// The name, as the command line takes it.
    pub name: String,
    /// What it is.
    pub about: Option<String>,
}

/// Which contexts a command line chooses.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// `--context`; none for the current one.
    pub contexts: Vec<String>,
    /// `--cluster-id`.
    pub cluster_ids: Vec<String>,
    /// `--user`.
    pub user: Option<String>,
    /// `--all-contexts` or `--all-clusters`.
    pub all: bool,
}

/// What an operation is to be named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationUse {
    /// To show it: any.
    Show,
    /// To restore it: a revocation.
    Restore,
    /// To resume it: a revocation that is not verified.
    Resume,
    /// To resume it: a rotation that is not verified.
    ResumeRotation,
}

/// So many operations, the latest, are looked into; of those before only the ID is known. It bounds what a TAB takes.
const LOOKED_INTO: usize = 50;

/// The local files, each read when a name in it is wanted. Completion can't show an error: a file that can't be read has no
/// names.
pub struct LocalNames<'a> {
    world: &'a World,
    kubeconfig_file: Option<&'a Path>,
    kubeconfig: OnceCell<Kubeconfig>,
}

impl<'a> LocalNames<'a> {
    /// The files of the environment, or with `--kubeconfig` that one.
    pub fn new(world: &'a World, kubeconfig_file: Option<&'a Path>) -> Self {
        Self { world, kubeconfig_file, kubeconfig: OnceCell::new() }
    }

    fn kubeconfig(&self) -> &Kubeconfig {
        let read = || load(self.world, self.kubeconfig_file).map(|loaded| loaded.kubeconfig).unwrap_or_default();
        self.kubeconfig.get_or_init(read)
    }

    fn each_context(&self) -> Vec<ResolvedContext> {
        resolve_each(self.kubeconfig(), &Overrides::default()).flatten().collect()
    }

    /// The contexts, each with its cluster.
    pub fn contexts(&self) -> Vec<LocalName> {
        contexts_of(self.kubeconfig())
    }

    /// The contexts of another kubeconfig file.
    pub fn contexts_in(&self, file: &Path) -> Vec<LocalName> {
        load_file(self.world, file).map(|loaded| contexts_of(&loaded.kubeconfig)).unwrap_or_default()
    }

    /// The cluster entries.
    pub fn clusters(&self) -> Vec<LocalName> {
        self.kubeconfig().clusters.keys().map(plain).collect()
    }

    /// The user entries.
    pub fn users(&self) -> Vec<LocalName> {
        self.kubeconfig().users.keys().map(plain).collect()
    }

    /// The namespaces of the contexts.
    pub fn namespaces(&self) -> Vec<LocalName> {
        let namespaces = self.kubeconfig().contexts.values().filter_map(|context| context.value.namespace.clone());
        namespaces.collect::<BTreeSet<_>>().iter().map(plain).collect()
    }

    /// The ACK clusters that contexts lead to, each with the contexts.
    pub fn cluster_ids(&self) -> Vec<LocalName> {
        let id = |context: &ResolvedContext| Some(infer_from(context).best?.id.to_string());
        by_contexts(self.each_context(), id)
    }

    /// The regions that the contexts' servers are in, each with the contexts.
    pub fn regions(&self) -> Vec<LocalName> {
        let region = |context: &ResolvedContext| Some(infer_from(context).region?.to_string());
        by_contexts(self.each_context(), region)
    }

    /// The profiles of the cloud credentials file.
    pub fn profiles(&self, profile_file: Option<&Path>) -> Vec<LocalName> {
        cli_profile::profile_names(self.world, profile_file).iter().map(plain).collect()
    }

    /// The RAM identities in the certificates of contexts, and those of past operations.
    pub fn uids(&self) -> Vec<LocalName> {
        let mut uids = by_contexts(self.each_context(), |context| Some(uid_of(context)?.to_string()));
        let known: BTreeSet<String> = uids.iter().map(|uid| uid.name.clone()).collect();
        let mut past = BTreeMap::new();
        for (id, glance) in self.operations() {
            for uid in glance.iter().flat_map(|glance| &glance.summary.uids) {
                past.entry(uid.to_string()).or_insert_with(|| format!("operation {id}"));
            }
        }
        let past = past.into_iter().filter(|(uid, _)| !known.contains(uid));
        uids.extend(past.map(|(name, about)| LocalName { name, about: Some(about) }));
        uids
    }

    /// The identities that the user is in the chosen contexts.
    pub fn own_uids(&self, choice: &Choice) -> BTreeSet<String> {
        let kubeconfig = self.kubeconfig();
        let user = choice.user.clone();
        let by = |context: Option<String>| Overrides { context, user: user.clone(), ..Overrides::default() };
        let chosen: Vec<ResolvedContext> = if choice.all {
            resolve_each(kubeconfig, &by(None)).flatten().collect()
        } else if !choice.cluster_ids.is_empty() {
            let is_chosen = |context: &ResolvedContext| {
                infer_from(context).best.is_some_and(|claim| choice.cluster_ids.contains(&claim.id.to_string()))
            };
            resolve_each(kubeconfig, &by(None)).flatten().filter(is_chosen).collect()
        } else if choice.contexts.is_empty() {
            resolve(kubeconfig, &by(None)).into_iter().collect()
        } else {
            choice.contexts.iter().filter_map(|name| resolve(kubeconfig, &by(Some(name.clone()))).ok()).collect()
        };
        chosen.iter().filter_map(uid_of).map(|uid| uid.to_string()).collect()
    }

    /// The past operations that can be named for this, the latest first.
    pub fn operations_for(&self, purpose: OperationUse) -> Vec<LocalName> {
        let operations = self.operations().into_iter();
        let named = operations.filter(|(_, glance)| glance.as_ref().is_none_or(|it| is_for(purpose, it)));
        named.map(|(id, glance)| LocalName { name: id.to_string(), about: glance.as_ref().map(what) }).collect()
    }

    fn operations(&self) -> Vec<(OperationId, Option<Glance>)> {
        let Ok(folder) = StateFolder::of(self.world) else { return Vec::new() };
        let ids = folder.operations().unwrap_or_default().into_iter().enumerate();
        let look = |(place, id)| {
            let glance = if place < LOOKED_INTO { folder.glance(&id).ok() } else { None };
            (id, glance)
        };
        ids.map(look).collect()
    }
}

fn plain(name: impl Into<String>) -> LocalName {
    LocalName { name: name.into(), about: None }
}

fn contexts_of(kubeconfig: &Kubeconfig) -> Vec<LocalName> {
    let as_they_are = Overrides::default();
    let contexts = resolve_each(kubeconfig, &as_they_are).flatten();
    let named = contexts.filter_map(|context| {
        let Inference { best, .. } = infer_from(&context);
        let about = best.map(|claim| claim.id.to_string()).unwrap_or_else(|| context.cluster_name.clone());
        Some(LocalName { name: context.name?, about: Some(about).filter(|text| !text.is_empty()) })
    });
    named.collect()
}

/// The different values of a property of contexts, each with the contexts that have it.
fn by_contexts(
    contexts: Vec<ResolvedContext>,
    property: impl Fn(&ResolvedContext) -> Option<String>,
) -> Vec<LocalName> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for context in contexts {
        if let Some(value) = property(&context) {
            found.entry(value).or_default().extend(context.name);
        }
    }
    let named = found.into_iter().map(|(name, contexts)| {
        let about = match contexts.as_slice() {
            [one] => format!("context {one}"),
            several => format!("contexts {}", several.join(", ")),
        };
        LocalName { name, about: Some(about) }
    });
    named.collect()
}

fn uid_of(context: &ResolvedContext) -> Option<Uid> {
    credential_of(context, &Policy::Trusted).uid
}

fn is_for(purpose: OperationUse, Glance { summary, state }: &Glance) -> bool {
    let is_revocation = matches!(summary.purpose, SummaryPurpose::Revoke { .. });
    let is_rotation = matches!(summary.purpose, SummaryPurpose::Rotate { .. });
    match purpose {
        OperationUse::Show => true,
        OperationUse::Restore => is_revocation,
        OperationUse::Resume => is_revocation && *state != State::Ended(Ending::Verified),
        OperationUse::ResumeRotation => is_rotation && *state != State::Ended(Ending::Verified),
    }
}

/// What an operation was: `revoke of 200000000000000103`.
fn what(Glance { summary, .. }: &Glance) -> String {
    match &summary.purpose {
        SummaryPurpose::Restore { of: RestoreOrigin::Operation(of), .. } => format!("restore of {of}"),
        SummaryPurpose::Restore { of: RestoreOrigin::Folder(path), .. } => format!("restore from {path}"),
        SummaryPurpose::Rotate { .. } => "rotation of your own kubeconfig".to_owned(),
        SummaryPurpose::Revoke { .. } => {
            let uids: Vec<String> = summary.uids.iter().map(ToString::to_string).collect();
            format!("revoke of {}", uids.join(", "))
        }
    }
}
