//! What outside input can't do: panic, or be read otherwise than is promised. Seeds, and mutants of them; `fuzz/` runs the same targets
//! under libFuzzer.

#![expect(clippy::disallowed_methods, reason = "settings and files of the test itself")]
#![expect(clippy::print_stdout, reason = "how a run is repeated")]

mod mutants;
mod seeds;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::{env, fs};

use kubectl_ackcred::internals::{BindingItem, ProtobufListDecoder};
use mutants::Mutants;
use targets::{TARGETS, Target};

/// How many mutants each target gets, and from which number they are made; both can be set, to search longer or to repeat a run.
const MUTANTS: (&str, u64) = ("ACKCRED_FUZZ_MUTANTS", 2_000);
const SEED: (&str, u64) = ("ACKCRED_FUZZ_SEED", 1);

fn setting((variable, default): (&str, u64)) -> u64 {
    env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn every_seed_is_survived() {
    for target in TARGETS {
        let seeds = seeds::of(target.name);
        assert!(!seeds.is_empty(), "{} has no seed", target.name);
        for seed in &seeds {
            survive(target, seed);
        }
    }
}

/// A seed that is refused at its first byte would lead nowhere.
#[test]
fn the_seed_in_protobuf_is_a_list() {
    let mut names = Vec::new();
    let mut decoder = ProtobufListDecoder::new(1 << 16);
    let seed = &seeds::of("rbac_list_protobuf")[0];
    let item =
        |item: &[u8]| BindingItem::from_protobuf(item).map(|item| names.push(item.metadata.name.as_str().to_owned()));
    decoder.feed(seed, item).expect("items are read");
    assert_eq!(decoder.finish().expect("the list has its end").continue_token, "abc");
    assert_eq!(names, ["team"]);
}

#[test]
fn mutants_of_the_seeds_are_survived() {
    let (count, number) = (setting(MUTANTS), setting(SEED));
    for target in TARGETS {
        for mutant in Mutants::new(seeds::of(target.name), number).take(usize::try_from(count).expect("a count")) {
            survive(target, &mutant);
        }
    }
    println!("{count} mutants for each of {} targets, {}={number}", TARGETS.len(), SEED.0);
}

/// For `fuzz/run`: libFuzzer reads its corpus from a folder.
#[test]
#[ignore = "writes files"]
fn the_seeds_are_written_down() {
    let corpus = PathBuf::from(env::var_os("ACKCRED_FUZZ_CORPUS").expect("a folder"));
    for target in TARGETS {
        let folder = corpus.join(target.name);
        fs::create_dir_all(&folder).expect("a folder can be made");
        for (number, seed) in seeds::of(target.name).iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed).expect("a seed can be written");
        }
    }
}

/// Gives an input to a target. What is not survived is written down, so that it can be made a seed.
fn survive(target: &Target, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.read)(input))).is_err() {
        let file = env::temp_dir().join(format!("ackcred-fuzz-{}", target.name));
        fs::write(&file, input).expect("the input can be written down");
        panic!(
            "{} did not survive {}; with it in tests/fuzz/found/{}/ it is a seed",
            target.name,
            file.display(),
            target.name
        );
    }
}
