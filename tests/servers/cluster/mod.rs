//! One set of scenarios, asked of the sandbox and of the real kube-apiserver: where their answers differ, the sandbox is wrong.
//!
//! Runs where KUBEBUILDER_ASSETS names the real binaries (tests/controlplane/README.md).

mod calls;
mod deeds;
mod deleting;
mod escalation;
mod fields;
mod leases;
mod lint_fixes;
mod local_evaluation;
mod patching;
mod persistence;
mod plugin;
mod probing;
mod reading;
mod refusals;
mod reviews;
mod rights;
mod rights_said;
mod secrets;
mod shell;
mod static_tokens;
mod suggestion;
mod token_ends;
mod tracing;
mod transcript;
mod watching;
mod writing;

use ackcred_sandbox::apiserver::{ApiServer, ApiServerOptions, User};
use ackcred_sandbox::cluster::Cluster;
use ackcred_sandbox::controlplane::{self, ControlPlane, assets_for};

use crate::cluster::transcript::{Transcript, differences};

/// A scenario's name and what it asks.
type Scenario = (&'static str, fn(&mut Transcript<'_>));

const SCENARIOS: &[Scenario] = &[
    ("reading", reading::reading),
    ("empty lists", reading::empty_lists),
    ("paging", reading::paging),
    ("compaction", reading::compaction),
    ("versions", reading::versions),
    ("creating", writing::creating),
    ("invalid objects", writing::invalid),
    ("replacing", writing::replacing),
    ("patching", patching::patching),
    ("patches that fail", patching::failing),
    ("unknown fields", fields::unknown),
    ("strategic merge patches", fields::strategic_merge),
    ("Secrets", secrets::secrets),
    ("tables of Secrets", secrets::tables),
    ("Leases", leases::leases),
    ("deleting", deleting::deleting),
    ("finalizers", deleting::finalizers),
    ("dry run", deleting::dry_run),
    ("watching", watching::watching),
    ("who and may I", reviews::who),
    ("may they", reviews::may_they),
    ("impersonation", reviews::impersonation),
    ("handing out roles", escalation::bindings),
    ("making roles", escalation::roles),
    ("random grants", probing::random_grants),
    ("forbidden", refusals::forbidden),
    ("unauthorized", refusals::unauthorized),
    ("not there", refusals::not_there),
];

#[test]
fn the_sandbox_answers_as_the_real_api_server() {
    let Some(assets) = assets_for("tests/servers cluster") else { return };
    let tokens = [("robot-token".to_owned(), User::authenticated("robot", ["robots"]))];
    let sandbox = ApiServer::start(ApiServerOptions { tokens: tokens.into(), ..ApiServerOptions::default() }).unwrap();
    let options = controlplane::ControlPlaneOptions {
        tokens: vec!["robot-token,robot,,robots".into()],
        // Without it old pages come from a cache that outlives etcd's history by minutes.
        flags: vec!["--feature-gates=ListFromCacheSnapshot=false".into()],
        ..controlplane::ControlPlaneOptions::default()
    };
    let real = ControlPlane::start(&assets, &options).unwrap();
    let mut found = Vec::new();
    for (name, scenario) in SCENARIOS {
        let ask = |cluster: &dyn Cluster| {
            let mut transcript = Transcript::new(cluster);
            scenario(&mut transcript);
            transcript.finish()
        };
        let (sandbox, real) = (ask(&sandbox), ask(&real));
        assert!(!real.is_empty(), "{name} asks nothing");
        found.extend(differences(&sandbox, &real).into_iter().map(|difference| format!("[{name}] {difference}")));
    }
    assert!(found.is_empty(), "{} answers differ:\n\n{}", found.len(), found.join("\n\n"));
}
