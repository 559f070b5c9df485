//! Rights that are wider than what was seen, where the operator asks for that.

use super::{Rights, covers};
use crate::core::rbac::{Attributes, RESOURCE_VERBS};

/// In which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Widening {
    /// Who reads an object in one way reads it in all: get, list and watch.
    Reads,
    /// What was used of some objects holds for all objects of the kind there.
    Names,
    /// What was used in a namespace holds in all.
    Namespaces,
}

/// Which order they are applied in.
const ORDER: [Widening; 3] = [Widening::Reads, Widening::Names, Widening::Namespaces];

const READS: [&str; 3] = ["get", "list", "watch"];

/// A right that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// By which widening.
    pub by: Widening,
    /// The right.
    pub right: Attributes,
}

/// The rights, wider in these ways, and what that adds.
pub fn widened(rights: &Rights, ways: &[Widening]) -> (Rights, Vec<Added>) {
    let (mut rights, mut added) = (rights.clone(), Vec::new());
    for by in ORDER.into_iter().filter(|by| ways.contains(by)) {
        let wide: Rights =
            rights.iter().filter(|right| may_be_widened(right)).flat_map(|right| wider(by, right)).collect();
        let is_new = |right: &&Attributes| !rights.iter().any(|held| covers(held, right));
        let new: Rights = wide.iter().filter(is_new).cloned().collect();
        added.extend(new.iter().map(|right| Added { by, right: right.clone() }));
        rights.extend(new);
    }
    (rights, added)
}

/// To act as others, to hand roles on and to have tokens issued is never widened: a right on one name is a right on one person.
fn may_be_widened(right: &Attributes) -> bool {
    let is_token = right.resource == "serviceaccounts" && right.subresource == "token";
    right.path.is_none() && RESOURCE_VERBS.contains(&right.verb.as_str()) && !is_token
}

fn wider(by: Widening, right: &Attributes) -> Vec<Attributes> {
    match by {
        Widening::Reads if READS.contains(&right.verb.as_str()) && right.subresource.is_empty() => {
            READS.iter().map(|verb| Attributes { verb: (*verb).to_owned(), ..right.clone() }).collect()
        }
        Widening::Reads => Vec::new(),
        Widening::Names => vec![Attributes { name: String::new(), ..right.clone() }],
        Widening::Namespaces => vec![Attributes { namespace: String::new(), ..right.clone() }],
    }
}

#[cfg(test)]
mod tests {
    use super::super::fewest;
    use super::*;

    #[test]
    fn a_widening_adds_what_it_says_and_no_more() {
        let rights: Rights = [
            Attributes::on("get", "", "pods", "web", "shop"),
            Attributes::on("get", "", "pods/log", "web", "shop"),
            Attributes::on("create", "", "serviceaccounts/token", "robot", "ci"),
            Attributes::on("impersonate", "", "users", "bo", ""),
            Attributes::on("list", "", "nodes", "", ""),
        ]
        .into();
        let pods =
            |verb: &str, name: &str, namespace: &str| Attributes::on(verb, "", "pods", name, namespace).to_string();
        let log = |name: &str, namespace: &str| Attributes::on("get", "", "pods/log", name, namespace).to_string();
        let nodes = |verb: &str| Attributes::on(verb, "", "nodes", "", "").to_string();
        for (ways, expected) in [
            (&[][..], vec![]),
            (
                &[Widening::Reads],
                vec![nodes("get"), nodes("watch"), pods("list", "web", "shop"), pods("watch", "web", "shop")],
            ),
            (&[Widening::Names], vec![pods("get", "", "shop"), log("", "shop")]),
            (&[Widening::Namespaces], vec![pods("get", "web", ""), log("web", "")]),
            (
                &[Widening::Namespaces, Widening::Names],
                vec![pods("get", "", "shop"), log("", "shop"), pods("get", "", ""), log("", "")],
            ),
        ] {
            let (wide, added) = widened(&rights, ways);
            let mut described: Vec<String> = added.iter().map(|added| added.right.to_string()).collect();
            let mut expected = expected;
            if ways.len() == 2 {
                // A right without a name and in all namespaces has one with a name in it.
                expected.extend([pods("get", "web", ""), log("web", "")]);
            }
            described.sort();
            expected.sort();
            assert_eq!(described, expected, "{ways:?}");
            assert!(fewest(&wide).iter().all(|right| right.resource != "users" || right.name == "bo"));
        }
    }
}
