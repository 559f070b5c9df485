//! The rules of ARCHITECTURE.md that a machine can check, held against every line of `src` that is no test.

mod rules;
pub(crate) mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rules::RULES;
use source::Source;
use syn::UseTree;

#[test]
fn the_house_keeps_its_rules() {
    let sources = sources();
    assert!(sources.len() > 150, "{} files", sources.len());
    let mut wrong = Vec::new();
    for (rule, broken_by) in RULES {
        for source in &sources {
            wrong.extend(broken_by(source).into_iter().map(|what| format!("{rule}: {} {what}", source.file)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A violation of each rule, in each of the forms in which one can hide.
#[test]
fn a_violation_of_each_rule_is_caught() {
    let after_tests = "#[cfg(test)]\nuse x::y;\n#[cfg(test)]\nmod tests;\nfn f() { crate::gather::x(); }";
    for (rule, file, text) in [
        ("data goes one way", "core/ids.rs", "use crate::gather::fleet;"),
        ("data goes one way", "core/rbac/grants.rs", "use super::super::super::gather::fleet;"),
        ("data goes one way", "core/rbac/mod.rs", "mod inner { use super::super::super::adapters::files; }"),
        ("data goes one way", "adapters/files.rs", "use crate::{core::ids, commands::{scan}};"),
        ("data goes one way", "core/ids.rs", after_tests),
        ("data goes one way", "core/ids.rs", "fn f() { assert!(crate::gather::x() == 1); }"),
        ("data goes one way", "core/ids.rs", "fn f() -> crate::output::Ui { todo() }"),
        ("data goes one way", "core/ids.rs", "use self::super::super::output::ui;"),
        ("every module has its place", "cellar.rs", ""),
        ("rooms of the core stand on lower ones", "core/rbac/grants.rs", "use crate::core::revocation::plan;"),
        ("rooms of the core stand on lower ones", "core/rbac/grants.rs", "use super::super::access::scan;"),
        ("the core is pure", "core/ids.rs", "use std::{io, fs};"),
        ("the core is pure", "core/ids.rs", "fn f() { let x = jiff::Timestamp::now(); }"),
        ("the core is pure", "core/ids.rs", "fn f() { println!(\"{}\", std::env::args().count()); }"),
        ("only adapters touch files", "gather/fleet.rs", "use std::fs as disk;"),
        ("only output writes", "commands/scan.rs", "fn f(w: &World) { write(&w.streams.stdout); }"),
        ("only output writes", "commands/scan.rs", "fn f() { std::io::stderr(); }"),
        ("only apply changes anything", "gather/fleet.rs", "async fn f() { api.change_binding(&b).await; }"),
        ("only apply changes anything", "commands/scan.rs", "fn f() { join!(cs.clean_cluster_user_permissions(&c)); }"),
        (
            "only apply changes anything",
            "gather/fleet/temporary.rs",
            "fn f() { cs.describe_cluster_user_kubeconfig(); }",
        ),
        (
            "only apply changes anything",
            "commands/rotate.rs",
            "async fn f() { cs.revoke_k8s_cluster_kube_config(&c, &w).await; }",
        ),
        ("only apply changes anything", "commands/rotate.rs", "fn f() { kubeconfig_writer::write(&p, &c); }"),
        ("consent is minted in one place", "commands/revoke.rs", "fn f() { Consent::by_flag(\"\"); }"),
        ("consent is minted in one place", "gather/fleet.rs", "fn f() { MayIssue::by_flag(true); }"),
        ("variables are named in one place", "adapters/files.rs", "fn f(w: &World) { w.env.get(\"HOMEPATH\"); }"),
        ("variables are named in one place", "adapters/files.rs", "const X: &str = \"ALIBABA_CLOUD_STS_REGION\";"),
        ("files are named for what they hold", "core/utils.rs", ""),
    ] {
        let (_, broken_by) = RULES.iter().find(|(name, _)| *name == rule).unwrap();
        assert_ne!(broken_by(&Source::read(file, text)), [""; 0], "{rule}: {file}: {text}");
    }
}

#[test]
fn what_is_for_tests_alone_may_break_the_rules() {
    let text = "#[cfg(test)]\nmod tests { use crate::gather::fleet; }\n#[cfg(all(test, unix))]\nuse std::fs;";
    let source = Source::read("core/ids.rs", text);
    assert!(RULES.iter().all(|(_, broken_by)| broken_by(&source).is_empty()), "{source:?}");
}

/// A file that is no module is compiled by nobody, and its tests pass by not being there.
#[test]
fn every_file_of_a_test_suite_is_a_module() {
    let mut files = Vec::new();
    collect(&root().join("tests"), &mut files);
    let mut checked = 0;
    for file in &files {
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        let folder = file.parent().unwrap();
        let is_root = folder == root().join("tests") || stem == "main";
        // Hidden files are what tools leave for a while.
        if is_root
            || stem.starts_with('.')
            || ["schema", "calls"].iter().any(|shared| folder == root().join("tests").join(shared))
        {
            continue;
        }
        let (name, above) = if stem == "mod" {
            (folder.file_name().unwrap().to_string_lossy().into_owned(), folder.parent().unwrap())
        } else {
            (stem, folder)
        };
        let parents = [above.join("main.rs"), above.join("mod.rs"), above.with_extension("rs")];
        let declares = |parent: &PathBuf| {
            let text = fs::read_to_string(parent).unwrap_or_default();
            text.lines().any(|line| line.ends_with(&format!("mod {name};")))
        };
        assert!(parents.iter().any(declares), "{} is no module", file.display());
        checked += 1;
    }
    assert!(checked > 50, "{checked}");
}

#[test]
fn main_only_connects() {
    let main = fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(main.lines().count() <= 40);
}

#[test]
fn rooms_are_private() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    assert_eq!(public_modules(&lib), ["internals", "status", "world"].map(str::to_owned).into());
    let opened = public_modules("mod core; pub mod gather; pub(crate) mod output;");
    assert_eq!(opened, ["gather".to_owned()].into(), "a room that opens is caught");
}

fn public_modules(lib: &str) -> BTreeSet<String> {
    let is_public = |module: &syn::ItemMod| matches!(module.vis, syn::Visibility::Public(_));
    let items = syn::parse_file(lib).unwrap().items.into_iter();
    let public = items.filter_map(|item| match item {
        syn::Item::Mod(module) if is_public(&module) => Some(module.ident.to_string()),
        _ => None,
    });
    public.collect()
}

/// The names by which a list of items shows them.
fn shown_by(door: &str) -> BTreeSet<String> {
    let mut shown = BTreeSet::new();
    for item in &syn::parse_file(door).unwrap().items {
        let syn::Item::Use(item) = item else { panic!("something else than a list of items") };
        collect_names(&item.tree, &mut shown);
    }
    shown
}

/// What is shown there counts as used, whether a command uses it or not.
#[test]
fn internals_show_what_suites_and_benches_use_and_no_more() {
    let listed = shown_by("pub use crate::core::{ids::Uid, rbac::{names as binding_names}};");
    assert_eq!(listed, ["Uid", "binding_names"].map(str::to_owned).into());
    let shown = shown_by(&fs::read_to_string(root().join("src/internals.rs")).unwrap());
    let mut files = Vec::new();
    for folder in ["tests", "benches", "packaging/src", "sandbox/src", "sandbox/tests"] {
        collect(&root().join(folder), &mut files);
    }
    let used = files.iter().flat_map(|file| {
        let source = Source::read("", &fs::read_to_string(file).unwrap());
        let behind_the_door = |path: &Vec<String>| {
            let door = path.iter().position(|name| name == "internals")?;
            path.get(door + 1).cloned()
        };
        source.paths.iter().filter_map(behind_the_door).collect::<Vec<_>>()
    });
    assert_eq!(shown, used.collect());
}

#[test]
fn the_text_names_every_room() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for folder in ["src", "src/core", "src/adapters", "src/gather", "src/apply", "src/commands", "src/output"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let stem = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
            let names = [format!("`{stem}`"), format!("{stem}.rs"), format!("{stem}/"), format!("\n{stem} ")];
            let is_named = stem == "mod" || names.iter().any(|name| text.contains(name));
            assert!(is_named, "ARCHITECTURE.md does not mention {folder}/{stem}");
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file but those that are declared for tests alone.
fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    let read = |path: PathBuf| {
        let file = path.strip_prefix(root().join("src")).unwrap().components();
        let file: Vec<String> = file.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        Source::read(&file.join("/"), &fs::read_to_string(&path).unwrap())
    };
    let mut sources: Vec<Source> = files.into_iter().map(read).collect();
    let test_modules: Vec<Vec<String>> = sources.iter().flat_map(|source| source.test_modules.clone()).collect();
    sources.retain(|source| !test_modules.iter().any(|module| source.module().starts_with(module)));
    sources
}

fn collect_names(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => collect_names(&path.tree, names),
        UseTree::Name(name) => drop(names.insert(name.ident.to_string())),
        UseTree::Rename(rename) => drop(names.insert(rename.rename.to_string())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| collect_names(tree, names)),
        UseTree::Glob(_) => panic!("a whole room is shown"),
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
