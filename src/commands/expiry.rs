//! `expiry`: when credentials expire, and which never do. No plugin is run and no socket is opened.

use std::collections::BTreeSet;
use std::path::Path;

use super::access;
use crate::adapters::files::Policy;
use crate::adapters::kubeconfig_files::{self, LoadError, LoadedFile, precedence};
use crate::cli::{AccessArgs, ExpiryArgs};
use crate::core::cluster::cluster_id::infer_from;
use crate::core::credential::Credential;
use crate::core::credential::expiry::{Limits, assess};
use crate::core::ids::ClusterId;
use crate::core::kubeconfig::{Kubeconfig, Overrides, ResolvedContext, User, clean, resolve, resolve_each};
use crate::core::sourced::Sourced;
use crate::error::{Error, Result};
use crate::gather::credential::{Gathered, of_context, of_user};
use crate::output::ui::Ui;
use crate::output::views::{CredentialStatusWord, ExpiryItem, ExpiryReport};
use crate::status::Status;
use crate::world::World;

mod disk;

pub(super) fn run(args: &ExpiryArgs, flags: &AccessArgs, world: &World, ui: &Ui) -> Result<Status> {
    let mut list = Listing {
        world,
        limits: Limits { within: args.within, max_lifetime: args.max_lifetime },
        items: Vec::new(),
        warnings: Vec::new(),
        unread: 0,
    };
    let mut search = None;
    if args.recursive {
        search = Some(list.of_disk(&args.paths, args.cross_file_systems, ui));
    } else if args.paths.is_empty() {
        list.of_contexts(args.all_contexts, flags)?;
    } else {
        for path in &args.paths {
            list.of_path(path)?;
        }
    }
    list.warnings.sort();
    list.warnings.dedup();
    list.warnings.iter().for_each(|warning| ui.warning(warning));

    let (unread, read) = match &search {
        Some(search) => (search.unread.len(), search.files > 0),
        None => (list.unread, list.items.len() > list.unread),
    };
    let findings: Vec<CredentialStatusWord> = args.fail_on.iter().copied().map(CredentialStatusWord::from).collect();
    let finds = list.items.iter().any(|item| findings.contains(&item.status));
    let report = ExpiryReport::new(world.now, list.items).of_files(!args.paths.is_empty()).of_search(search);
    ui.report(&report)?;
    if args.recursive && report.files_without_line() > 0 {
        ui.note("-o name leaves out files whose names are not one line of text; -o json has them all");
    }
    Ok(match unread {
        0 if finds => Status::Findings,
        0 => Status::Done,
        _ if read => Status::Incomplete,
        _ => Status::Failed,
    })
}

struct Listing<'w> {
    world: &'w World,
    limits: Limits,
    items: Vec<ExpiryItem>,
    warnings: Vec<String>,
    /// Items that stand for a file that could not be read.
    unread: usize,
}

impl Listing<'_> {
    /// The current context, or all of them.
    fn of_contexts(&mut self, all: bool, flags: &AccessArgs) -> Result<()> {
        let overrides = access::overrides(access::one_context(flags)?, flags, self.world);
        let loaded = access::load(flags, self.world)?;
        if !all {
            let context = resolve(&loaded.kubeconfig, &overrides).map_err(access::unresolved)?;
            self.add_context(&context, &Policy::Trusted);
            return Ok(());
        }
        for context in resolve_each(&loaded.kubeconfig, &overrides) {
            self.add_context(&context.map_err(access::unresolved)?, &Policy::Trusted);
        }
        Ok(())
    }

    /// Everything that a file or the files of a folder hold.
    fn of_path(&mut self, path: &Path) -> Result<()> {
        if !self.world.cwd.join(path).is_dir() {
            match kubeconfig_files::load_file(self.world, path) {
                Ok(file) => self.add_file(&file),
                Err(error) => self.add_unread(&error),
            }
            return Ok(());
        }
        for file in kubeconfig_files::load_folder(self.world, path).map_err(Error::failed)? {
            match file {
                Ok(file) => self.add_file(&file),
                Err(error) => self.add_unread(&error),
            }
        }
        Ok(())
    }

    fn add_file(&mut self, file: &LoadedFile) {
        let policy = self.policy(&file.facts.path);
        // A context that is listed can be resolved.
        for context in resolve_each(&file.kubeconfig, &Overrides::default()).flatten() {
            self.add_context(&context, &policy);
        }
        for (_, user) in unused_users(&file.kubeconfig) {
            let gathered = of_user(user, &policy, self.world.home.as_deref());
            self.add(None, Some(&file.facts.path), None, &gathered);
        }
    }

    /// The user's own files may name any file. Others can be from elsewhere.
    fn policy(&self, path: &Path) -> Policy {
        let own = precedence(self.world).iter().any(|own| clean(&self.world.cwd.join(own)) == path);
        if own { Policy::Trusted } else { Policy::beside(path) }
    }

    fn add_context(&mut self, context: &ResolvedContext, policy: &Policy) {
        let gathered = of_context(context, policy, self.world.home.as_deref());
        let cluster_id = infer_from(context).best.map(|claim| claim.id);
        let file = context.user.as_ref().map(|user| &user.file).or(context.file.as_ref());
        self.add(context.name.as_deref(), file.map(AsRef::as_ref), cluster_id.as_ref(), &gathered);
    }

    fn add(&mut self, context: Option<&str>, file: Option<&Path>, cluster_id: Option<&ClusterId>, gathered: &Gathered) {
        for credential in std::iter::once(&gathered.credential).chain(&gathered.others) {
            self.push(context, file, cluster_id, credential);
        }
        for cached in &gathered.caches {
            self.push(context, Some(&cached.path), cached.cluster_id.as_ref(), &cached.credential);
        }
    }

    fn push(&mut self, context: Option<&str>, file: Option<&Path>, id: Option<&ClusterId>, credential: &Credential) {
        let expiry = assess(credential, self.world.now, &self.limits);
        self.warnings.extend(credential.warnings.iter().map(|warning| match context {
            Some(context) if !warning.is_about_a_file() => format!("context {context:?}: {warning}"),
            _ => warning.to_string(),
        }));
        let file = file.map(|path| path.display().to_string());
        self.items.push(ExpiryItem::of(credential, expiry).found(context, file, id));
    }

    fn add_unread(&mut self, error: &LoadError) {
        self.unread += 1;
        self.warnings.push(crate::error::chain(error));
        let (file, reason) = (error.path().display().to_string(), crate::error::chain(error));
        self.items.push(ExpiryItem::unread(file, error.is_missing(), reason));
    }
}

/// Users that no context names: forgotten credentials are credentials.
fn unused_users(kubeconfig: &Kubeconfig) -> impl Iterator<Item = (&String, &Sourced<User>)> {
    let used: BTreeSet<&str> = kubeconfig.contexts.values().map(|context| context.value.user.as_str()).collect();
    kubeconfig.users.iter().filter(move |(name, _)| !used.contains(name.as_str()))
}
