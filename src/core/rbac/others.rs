//! The other subjects of a binding, as plans and reports name them: a few, and how many there are. A user who may write a binding can
//! put ten thousand names into it, and each of its rows would repeat them all.

use std::fmt;

/// How many are named.
pub const MOST_NAMED: usize = 5;

/// The other subjects of a binding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// The first of them, in the binding's order.
    pub named: Vec<String>,
    /// How many there are, those that are named included.
    pub count: usize,
}

impl Others {
    /// Names the first of so many.
    pub fn new(names: impl Iterator<Item = String>, count: usize) -> Self {
        Self { named: names.take(MOST_NAMED).collect(), count }
    }

    /// Names the only one.
    pub fn one(name: String) -> Self {
        Self { named: vec![name], count: 1 }
    }

    /// Names the first of these.
    pub fn of(names: Vec<String>) -> Self {
        let count = names.len();
        Self::new(names.into_iter(), count)
    }
}

impl fmt::Display for Others {
    /// `User/bo,Group/dev and 3 more`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&and_more(&self.named, ",", self.count))
    }
}

/// Names, of so many in all: `bo, eve and 3 more`.
pub fn and_more<S: AsRef<str>>(named: &[S], separator: &str, count: usize) -> String {
    let shown = named.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(separator);
    match count.saturating_sub(named.len()) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_named_and_all_are_counted() {
        let others = |count: usize| Others::new((1..=count).map(|number| format!("User/{number}")), count);
        assert_eq!((others(0).to_string(), others(0).named.len()), (String::new(), 0));
        assert_eq!(others(2).to_string(), "User/1,User/2");
        assert_eq!(others(MOST_NAMED).to_string(), "User/1,User/2,User/3,User/4,User/5");
        assert_eq!(others(10_000).to_string(), "User/1,User/2,User/3,User/4,User/5 and 9995 more");
        assert_eq!(others(10_000).named.len(), MOST_NAMED);
    }
}
