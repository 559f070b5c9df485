//! In which line of a kubeconfig each part of a user entry begins.

use std::collections::BTreeMap;

use crate::core::yaml::key_lines;

/// The keys that lead to a field of a user entry: `users`, place, `user`, field.
const DEEPEST: usize = 4;

/// The lines of user entries and of their fields, from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserLines {
    users: BTreeMap<String, BTreeMap<String, usize>>,
}

impl UserLines {
    /// Reads them from a kubeconfig's text.
    pub fn read(text: &str) -> Self {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let mut fields: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for key in key_lines(text, DEEPEST) {
            match &key.path[..] {
                [users, place, name] if is(users, "users") && is(name, "name") => {
                    fields.entry(place.clone()).or_default().insert(String::new(), key.line);
                    names.extend(key.value.map(|name| (place.clone(), name)));
                }
                [users, place, user, field] if is(users, "users") && is(user, "user") => {
                    fields.entry(place.clone()).or_default().insert(field.clone(), key.line);
                }
                _ => {}
            }
        }
        let users = names.into_iter().filter_map(|(place, name)| Some((name, fields.remove(&place)?)));
        Self { users: users.collect() }
    }

    /// The line of the first of these fields that the user has, else of the entry's name.
    pub fn of(&self, user: &str, fields: &[&str]) -> Option<usize> {
        let lines = self.users.get(user)?;
        fields.iter().find_map(|field| lines.get(*field)).or_else(|| lines.get("")).copied()
    }
}

fn is(key: &str, wanted: &str) -> bool {
    key.eq_ignore_ascii_case(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_its_line_and_a_user_without_it_the_entrys() {
        let lines = UserLines::read("users:\n- user:\n    token: t\n  name: a\n- name: b\n  user: {}\n");
        assert_eq!(lines.of("a", &["client-certificate-data", "token"]), Some(3));
        assert_eq!(lines.of("a", &["exec"]), Some(4));
        assert_eq!(lines.of("b", &["token"]), Some(5));
        assert_eq!(lines.of("c", &["token"]), None);
    }
}
