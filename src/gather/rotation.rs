//! Everything that the rotation of the operator's own kubeconfig in one cluster is decided from. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};

use super::account::AccountReading;
use super::cluster_access::{ClusterReading, Route};
use super::leaked::{self, Leaked};
use super::revocation::{self, RevocationQuery, SIDE_BY_SIDE, Wanted};
use crate::adapters::cluster::ApiServer;
use crate::adapters::kubeconfig_files::{Loaded, load_file};
use crate::core::credential::certificate::Certificate;
use crate::core::ids::{ClusterId, Uid};
use crate::core::kubeconfig::connection::Login;
use crate::core::kubeconfig::{Data, Kubeconfig, ResolvedContext, User};
use crate::core::rbac::binding_object::BindingRef;
use crate::core::rbac::inventory::Binding;
use crate::core::revocation::change::Change;
use crate::core::revocation::input::RevocationInput;
use crate::core::revocation::refusal::Refusal;
use crate::core::revocation::rotation::{CertificateFrom, KnownCertificate, names_old};
use crate::core::secret::Secret;
use crate::core::system_groups::AUTHENTICATED;
use crate::error::{Error, chain};
use crate::world::World;

/// What is to be found out.
#[derive(Clone, Copy)]
pub struct RotationQuery<'a> {
    /// The machine.
    pub world: &'a World,
    /// Bound on each exchange.
    pub timeout: Option<Duration>,
    /// The credential in the file of `-f`.
    pub leaked: Option<&'a Leaked>,
    /// `--cluster-id`, for the one cluster that was chosen.
    pub asserted_id: Option<&'a ClusterId>,
    /// The kubeconfig files that kubectl uses.
    pub loaded: &'a Loaded,
    /// Whether the API server is to be asked by dry run what it would say.
    pub dry_run: bool,
    /// What an operation that is gone on with knew: its certificates, and where it keeps the old file.
    pub remembered: Option<&'a Remembered>,
}

/// What an operation that is gone on with knew of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Remembered {
    /// The certificates that are rotated away.
    pub certificates: Vec<KnownCertificate>,
    /// Where the old kubeconfig file is kept, if it has been changed already.
    pub kept: Option<PathBuf>,
}

/// One cluster, read and ready for a plan.
pub struct Gathered {
    /// The identity that the context's certificate names.
    pub uid: Uid,
    /// What is known of the cluster. Its one target goes by the names of the certificates alone.
    pub revocation: revocation::Gathered,
    /// The certificates that are known.
    pub certificates: Vec<KnownCertificate>,
    /// How the old certificates are presented, by their fingerprints.
    pub logins: BTreeMap<String, Login>,
    /// What the API server said to a renaming in each binding that names one of them.
    pub dry_runs: BTreeMap<BindingRef, Result<(), String>>,
    /// Whether the context leads to the API server's address inside its network.
    pub private_address: bool,
    /// What else of the loaded kubeconfig files holds one of the certificates.
    pub copies: Vec<String>,
    /// The context that leads to the cluster.
    pub context: ResolvedContext,
}

/// Why a cluster is not ready for a plan.
pub enum NotGathered {
    /// Its context holds no certificate of a RAM identity.
    Refused(Box<Refusal>),
    /// It doesn't answer.
    Failed(Error),
}

/// Asks about one cluster what a rotation needs to know.
///
/// # Errors
/// Where the context holds no certificate of a RAM identity, or the API server doesn't say who is asking.
pub async fn gather(
    question: RotationQuery<'_>,
    route: &Route,
    reading: ClusterReading<ApiServer>,
    account: &AccountReading,
) -> Result<Gathered, NotGathered> {
    let RotationQuery { world, timeout, asserted_id, .. } = question;
    let own = leaked::own(world, &route.context).map_err(NotGathered::Refused)?;
    let server = route.context.cluster.as_ref().map(|cluster| cluster.value.server.clone()).unwrap_or_default();
    let listed = reading.listed.as_ref().and_then(|listed| listed.intranet_server.as_deref());
    let private_address = listed.is_some_and(|listed| listed.trim_end_matches('/') == server.trim_end_matches('/'));
    let uids = [own.uid.clone()];
    let names = BTreeSet::new();
    let wanted = RevocationQuery {
        world,
        timeout,
        wanted: Wanted::Named(&uids),
        leaked: &[],
        remembered: &[],
        account_names: &names,
        also_names: &[],
        asserted_id,
        dry_run: false,
        end_static_tokens: false,
        remembered_tokens: Vec::new(),
    };
    let mut revocation =
        Box::pin(revocation::gather(wanted, route, reading, account)).await.map_err(NotGathered::Failed)?;
    let id = revocation.input.cluster.id().cloned();
    let (certificates, logins) = known(question, &own, id.as_ref(), &revocation);
    let old_names: BTreeSet<String> = certificates.iter().map(|one| one.facts.common_name.clone()).collect();
    let groups = groups(&certificates);
    for target in &mut revocation.input.targets {
        target.target = target.target.clone().only_as(old_names.iter().map(String::as_str), groups.clone());
    }
    let dry_runs = if question.dry_run { dry_runs(&revocation, &old_names, &own.uid).await } else { BTreeMap::new() };
    Ok(Gathered {
        uid: own.uid,
        copies: copies(question.loaded, &route.context, &certificates),
        certificates,
        logins,
        dry_runs,
        private_address,
        context: route.context.clone(),
        revocation,
    })
}

/// The certificates that are rotated away, with how each that is at hand is presented.
fn known(
    question: RotationQuery<'_>,
    own: &Leaked,
    id: Option<&ClusterId>,
    revocation: &revocation::Gathered,
) -> (Vec<KnownCertificate>, BTreeMap<String, Login>) {
    let authority = revocation.api.certificate_authority();
    let at_hand = [(CertificateFrom::Context, Some(own)), (CertificateFrom::LeakedFile, question.leaked)];
    let at_hand = at_hand.into_iter().filter_map(|(from, leaked)| Some((from, leaked?)));
    let (mut certificates, mut logins) = (Vec::<KnownCertificate>::new(), BTreeMap::new());
    for (from, leaked) in at_hand {
        let facts = leaked.facts_under(authority);
        logins.insert(facts.certificate_sha256.clone(), leaked.login.clone());
        if certificates.iter().all(|known| known.facts.certificate_sha256 != facts.certificate_sha256) {
            let holds = holds(&revocation.input, &facts.common_name);
            certificates.push(KnownCertificate { cluster_id: id.cloned(), from, facts, holds });
        }
    }
    let Some(remembered) = question.remembered else { return (certificates, logins) };
    let kept = remembered.kept.as_ref().and_then(|backup| load_file(question.world, backup).ok());
    for known in &remembered.certificates {
        let sha256 = &known.facts.certificate_sha256;
        if let Some(login) = kept.as_ref().and_then(|kept| login_of(&kept.kubeconfig, sha256)) {
            logins.insert(sha256.clone(), login);
        }
    }
    (remembered.certificates.clone(), logins)
}

/// The certificate with this fingerprint and its key, where a kubeconfig holds them.
fn login_of(kubeconfig: &Kubeconfig, sha256: &str) -> Option<Login> {
    kubeconfig.users.values().find_map(|user| {
        let certificate = certificate_in(&user.value)?;
        let is_it = Certificate::from_pem(certificate).is_ok_and(|read| read.sha256 == sha256);
        let Data::Decoded(key) = user.value.client_key_data.as_ref()?.expose() else { return None };
        is_it.then(|| Login { certificate: Some((certificate.to_vec(), Secret::new(key.clone()))), ..Login::default() })
    })
}

fn certificate_in(user: &User) -> Option<&[u8]> {
    match user.client_certificate_data.as_ref()? {
        Data::Decoded(certificate) => Some(certificate),
        Data::Malformed(_) => None,
    }
}

/// The groups of the certificates, as the API server sees their holder.
fn groups(certificates: &[KnownCertificate]) -> Vec<String> {
    let mut groups: Vec<String> = certificates.iter().flat_map(|one| one.facts.organizations.clone()).collect();
    groups.push(AUTHENTICATED.to_owned());
    groups.sort();
    groups.dedup();
    groups
}

/// What a name holds, binding by binding.
fn holds(input: &RevocationInput, name: &str) -> Vec<String> {
    let names_it = |binding: &&Binding| binding.subjects().iter().any(|one| one.user_name() == Some(name));
    let own = input.scan.grants.inventory().bindings().iter().filter(names_it);
    own.map(|binding| {
        let role = binding.role();
        format!("{} gives {}/{}", binding.reference(), role.kind, role.name)
    })
    .collect()
}

/// Asks what the API server would say to a new name in each binding. Which one it will be is not known yet.
async fn dry_runs(
    revocation: &revocation::Gathered,
    old_names: &BTreeSet<String>,
    uid: &Uid,
) -> BTreeMap<BindingRef, Result<(), String>> {
    let placeholder = format!("{uid}-0");
    let changes = revocation.input.bindings.iter().filter_map(|object| {
        Some((object, Change::renaming(object, |subject| names_old(subject, old_names), &placeholder)?))
    });
    let asked = stream::iter(changes).map(async |(object, change)| {
        let reference = object.reference();
        let answer = match revocation.api.dry_run(&reference, &change).await {
            // Gone or changed since it was read: the step itself will find out.
            Err(error) if matches!(error.status(), Some(409 | 422)) || error.is_not_found() => Ok(()),
            answer => answer.map_err(|error| chain(&error)),
        };
        (reference, answer)
    });
    asked.buffer_unordered(SIDE_BY_SIDE).collect().await
}

/// The other user entries that hold one of the certificates: they stop working with it.
fn copies(loaded: &Loaded, context: &ResolvedContext, certificates: &[KnownCertificate]) -> Vec<String> {
    let is_known = |user: &User| {
        let read = certificate_in(user).and_then(|pem| Certificate::from_pem(pem).ok());
        read.is_some_and(|read| certificates.iter().any(|one| one.facts.certificate_sha256 == read.sha256))
    };
    let others = loaded.kubeconfig.users.iter().filter(|(name, _)| **name != context.user_name);
    others
        .filter(|(_, user)| is_known(&user.value))
        .map(|(name, user)| format!("user entry {name:?} of {}", user.file.display()))
        .collect()
}
