//! The rules, each a function from a source file to what in it breaks the rule.

use super::source::Source;

/// Which modules of the crate each module may use; `lib.rs` and `main.rs` connect them all.
pub(crate) const MAY_USE: &[(&str, &[&str])] = &[
    ("core", &["core"]),
    ("status", &[]),
    ("world", &[]),
    ("bug", &[]),
    ("error", &["status"]),
    ("internals", &["adapters", "cli", "core", "error"]),
    ("cli", &["core"]),
    ("adapters", &["adapters", "core", "error", "world"]),
    ("gather", &["gather", "adapters", "core", "error", "world"]),
    ("apply", &["apply", "adapters", "core", "error", "world"]),
    ("output", &["output", "core", "cli", "error", "world"]),
    ("commands", &["commands", "gather", "apply", "adapters", "output", "core", "cli", "error", "status", "world"]),
];

/// Which rooms of the core each room stands on. What all are made of (`ids`, `secret` and so on) may be used anywhere.
pub(crate) const STANDS_ON: &[(&str, &[&str])] = &[
    ("persistence", &["access", "credential", "rbac", "revocation"]),
    ("revocation", &["access", "cluster", "credential", "identity", "kubeconfig", "rbac"]),
    ("lint", &["access", "credential", "identity", "rbac"]),
    ("suggestion", &["audit", "rbac"]),
    ("audit", &["credential", "rbac"]),
    ("access", &["identity", "rbac"]),
    ("cluster", &["credential", "kubeconfig"]),
    ("credential", &["kubeconfig"]),
    ("identity", &[]),
    ("jsonpath", &[]),
    ("kubeconfig", &[]),
    ("rbac", &[]),
];

/// What the pure core must not reach for.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "tokio",
    "kube",
    "hyper",
    "reqwest",
];

/// Where environment variables are named.
const VARIABLES: &str = "core/variables.rs";

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "manager", "service"];

/// A rule: its name, and what of a file breaks it.
pub(crate) type Rule = (&'static str, fn(&Source) -> Vec<String>);

/// All rules that a single file can break.
pub(crate) const RULES: &[Rule] = &[
    ("data goes one way", data_goes_one_way),
    ("every module has its place", every_module_has_its_place),
    ("rooms of the core stand on lower ones", rooms_stand_on_lower_ones),
    ("the core is pure", the_core_is_pure),
    ("only adapters touch files", only_adapters_touch_files),
    ("only output writes", only_output_writes),
    ("only apply changes anything", only_apply_changes_anything),
    ("consent is minted in one place", consent_is_minted_in_one_place),
    ("variables are named in one place", variables_are_named_in_one_place),
    ("files are named for what they hold", files_are_named_for_what_they_hold),
];

fn data_goes_one_way(source: &Source) -> Vec<String> {
    let top = source.top();
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == top) else { return Vec::new() };
    let used = source.own_paths().filter_map(|path| path.first()).filter(|name| name.starts_with(char::is_lowercase));
    let foreign = used.filter(|name| **name != top && !allowed.contains(&name.as_str()));
    foreign.map(|name| format!("uses crate::{name}")).collect()
}

fn every_module_has_its_place(source: &Source) -> Vec<String> {
    let top = source.top();
    let has_one = matches!(top.as_str(), "lib" | "main") || MAY_USE.iter().any(|(name, _)| *name == top);
    if has_one { Vec::new() } else { vec!["is in no layer".to_owned()] }
}

fn rooms_stand_on_lower_ones(source: &Source) -> Vec<String> {
    let module = source.module();
    let ["core", room, ..] = module.iter().map(String::as_str).collect::<Vec<_>>()[..] else { return Vec::new() };
    let is_room = |name: &str| STANDS_ON.iter().any(|(room, _)| *room == name);
    let allowed = STANDS_ON.iter().find(|(name, _)| *name == room).map(|(_, below)| *below).unwrap_or_default();
    let used = source.own_paths().filter(|path| path.len() > 1 && path[0] == "core").map(|path| path[1].as_str());
    let above = used.filter(|name| is_room(name) && *name != room && !allowed.contains(name));
    above.map(|name| format!("uses core::{name}")).collect()
}

fn the_core_is_pure(source: &Source) -> Vec<String> {
    if source.top() != "core" {
        return Vec::new();
    }
    let named = IMPURE.iter().filter(|word| source.names(word));
    let mut wrong: Vec<String> = named.map(|word| format!("mentions {word}")).collect();
    let is_clock = |path: &&Vec<String>| path.len() > 1 && path.last().is_some_and(|last| last == "now");
    wrong.extend(source.paths.iter().filter(is_clock).map(|path| format!("reads a clock: {}", path.join("::"))));
    wrong
}

fn only_adapters_touch_files(source: &Source) -> Vec<String> {
    let touches = source.top() != "adapters" && (source.names("std::fs") || source.names("tokio::fs"));
    if touches { vec!["mentions std::fs".to_owned()] } else { Vec::new() }
}

fn only_output_writes(source: &Source) -> Vec<String> {
    if matches!(source.top().as_str(), "output" | "world" | "lib") {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for stream in ["stdout", "stderr"] {
        // A credential plugin's own messages go through as they are.
        let is_plugin =
            matches!(source.file.as_str(), "adapters/child.rs" | "adapters/exec_plugin.rs") && stream == "stderr";
        let is_read = source.fields.iter().any(|(base, field)| base == "streams" && field == stream);
        if (is_read && !is_plugin) || source.names(&format!("io::{stream}")) {
            wrong.push(format!("mentions {stream}"));
        }
    }
    wrong
}

fn only_apply_changes_anything(source: &Source) -> Vec<String> {
    if source.top() == "apply" {
        return Vec::new();
    }
    let changes = [
        "change_binding",
        "label_secret",
        "clean_cluster_user_permissions",
        "describe_cluster_user_kubeconfig",
        "revoke_k8s_cluster_kube_config",
    ];
    let called = changes.into_iter().filter(|name| source.methods.iter().any(|method| method == name));
    let is_writer = source.file == "adapters/kubeconfig_writer.rs";
    let writes = ["kubeconfig_writer::write", "kubeconfig_writer::keep"];
    let written = writes.into_iter().filter(|name| !is_writer && source.names(name));
    called.chain(written).map(|name| format!("calls {name}")).collect()
}

fn consent_is_minted_in_one_place(source: &Source) -> Vec<String> {
    let mints = [
        ("commands/consent.rs", "Consent::typed"),
        ("commands/consent.rs", "Consent::by_flag"),
        ("commands/clusters.rs", "MayIssue::by_flag"),
    ];
    let minted = mints.into_iter().filter(|(place, name)| source.file != *place && source.names(name));
    minted.map(|(_, name)| format!("mints consent by {name}")).collect()
}

/// `world` reads HOME itself: it uses no other module.
fn variables_are_named_in_one_place(source: &Source) -> Vec<String> {
    if source.file == VARIABLES {
        return Vec::new();
    }
    let listed = Source::read(VARIABLES, include_str!("../../../src/core/variables.rs")).texts;
    // A word without `_` can be a table's header.
    let elsewhere = source.texts.iter().filter(|text| text.contains('_') && listed.contains(text));
    elsewhere.chain(&source.variables).map(|name| format!("names the variable {name}")).collect()
}

fn files_are_named_for_what_they_hold(source: &Source) -> Vec<String> {
    let module = source.module();
    let empty = module.last().filter(|name| EMPTY_NAMES.contains(&name.as_str()));
    empty.map(|name| format!("is named {name}")).into_iter().collect()
}
