//! The name of an operation, which is also the name of its folder.

use std::fmt;

use jiff::Timestamp;

/// `YYYYMMDD-HHMMSS-<first six hexadecimal digits of the plan's hash>`, in UTC; a later one of the same second and plan ends
/// in `-2`, `-3` and so on. It becomes a folder's name, so nothing else gets in. Later ones are greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId {
    stem: Box<str>,
    number: u32,
}

/// Digits (`d`), hexadecimal digits (`x`) and hyphens, each at its place.
const FORM: &str = "dddddddd-dddddd-xxxxxx";

impl OperationId {
    /// The ID of an operation that begins at this time with a plan of this hash; `None` where the hash does not begin with six
    /// lower-case hexadecimal digits.
    pub fn new(begun: Timestamp, plan_hash: &str) -> Option<Self> {
        let digits = plan_hash.get(..6)?;
        Self::parse(&format!("{}-{digits}", begun.strftime("%Y%m%d-%H%M%S")))
    }

    /// Reads an ID.
    pub fn parse(text: &str) -> Option<Self> {
        let (stem, rest) = text.split_at_checked(FORM.len())?;
        let fits = |(byte, form): (u8, u8)| match form {
            b'd' => byte.is_ascii_digit(),
            b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            _ => byte == form,
        };
        let number = match rest {
            "" => 1,
            // Two spellings of one number would be two folders.
            _ => rest
                .strip_prefix('-')
                .filter(|digits| digits.starts_with(|first| matches!(first, '1'..='9')))?
                .parse()
                .ok()?,
        };
        let valid = stem.bytes().zip(FORM.bytes()).all(fits) && (rest.is_empty() || number > 1);
        valid.then(|| Self { stem: stem.into(), number })
    }

    /// The first digits of the plan's hash.
    pub fn digits(&self) -> &str {
        self.stem.rsplit('-').next().unwrap_or_default()
    }

    /// The ID to take where this one is taken.
    #[must_use]
    pub fn next(&self) -> Self {
        Self { stem: self.stem.clone(), number: self.number.saturating_add(1) }
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            1 => formatter.pad(&self.stem),
            number => formatter.pad(&format!("{}-{number}", self.stem)),
        }
    }
}

impl TryFrom<String> for OperationId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("an operation's ID is a date, a time and six hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixtures::at;

    const ID: &str = "20261122-031002-3f9a2c";

    #[test]
    fn an_id_is_the_second_in_utc_and_the_hash_of_the_plan() {
        let id = OperationId::new(at("2026-11-22T04:10:02.9+01:00"), "3f9a2cdeadbeef").unwrap();
        assert_eq!(id.to_string(), ID);
        assert_eq!(format!("{id:>24}|"), format!("  {ID}|"));
        for hash in ["", "3f9a2", "3F9A2C", "sha256:3f", "3f9a2é"] {
            assert_eq!(OperationId::new(at("2026-11-22T03:10:02Z"), hash), None, "{hash}");
        }
        assert_eq!(OperationId::new(Timestamp::MIN, "3f9a2c"), None, "a year of five characters");
    }

    #[test]
    fn what_it_writes_it_reads_and_nothing_else() {
        let first = OperationId::parse(ID).unwrap();
        let mut id = first.clone();
        for number in 2..12 {
            id = id.next();
            assert_eq!(id.to_string(), format!("{ID}-{number}"));
            assert_eq!(OperationId::parse(&id.to_string()), Some(id.clone()));
        }
        for wrong in [
            "",
            "..",
            "20261122-031002-3f9a2",
            "20261122-031002-3f9a2C",
            "20261122-031002-3f9a2c/",
            "20261122-031002-3f9a2c/..",
            "20261122-031002-3f9a2c ",
            "20261122-031002-3f9a2c\n",
            "20261122-031002-3f9a2c-",
            "20261122-031002-3f9a2c-0",
            "20261122-031002-3f9a2c-1",
            "20261122-031002-3f9a2c-02",
            "20261122-031002-3f9a2c-+2",
            "20261122-031002-3f9a2c--2",
            "20261122-031002-3f9a2c-2-2",
            "20261122-031002-3f9a2c-99999999999",
            "20261122_031002-3f9a2c",
            "2026112a-031002-3f9a2c",
            "２0261122-031002-3f9a2",
            ".20261122-03100-3f9a2c",
        ] {
            assert_eq!(OperationId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn later_ones_are_greater() {
        let sorted = [
            "20251231-235959-ffffff-2",
            ID,
            "20261122-031002-3f9a2c-2",
            "20261122-031002-3f9a2c-10",
            "20261122-031003-000000",
        ];
        let ids: Vec<_> = sorted.iter().map(|text| OperationId::parse(text).unwrap()).collect();
        assert!(ids.is_sorted());
    }
}
