//! Pages by number (Container Service) and by marker (RAM and IMS).

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::reply::CloudError;
use super::request::CallParameters;

/// What an operation documents about its page size: the parameters' names, the default and the limits.
pub(crate) struct NumberedPages {
    pub(crate) number: &'static str,
    pub(crate) size: &'static str,
    pub(crate) default: usize,
    pub(crate) limits: RangeInclusive<usize>,
}

impl NumberedPages {
    /// The page asked for, and its description. A page beyond the end is empty.
    pub(crate) fn cut(&self, all: Vec<Value>, parameters: &CallParameters) -> Result<(Vec<Value>, Value), CloudError> {
        let number = integer(parameters, self.number, 1, &(1..=usize::MAX))?;
        let size = integer(parameters, self.size, self.default, &self.limits)?;
        let page = json!({ "page_number": number, "page_size": size, "total_count": all.len() });
        let rows = all.into_iter().skip((number - 1).saturating_mul(size)).take(size).collect();
        Ok((rows, page))
    }
}

/// The rows from `Marker` on, at most `MaxItems` of them, and the marker of the next page.
pub(crate) fn marked<T>(
    all: impl IntoIterator<Item = T>,
    parameters: &CallParameters,
    default: usize,
    most: usize,
) -> Result<(Vec<T>, Option<String>), CloudError> {
    let size = integer(parameters, "MaxItems", default, &(1..=most))?;
    let start = parameters.get("Marker").map_or(Ok(0), read_marker)?;
    let mut rows: Vec<T> = all.into_iter().skip(start).take(size + 1).collect();
    let next = (rows.len() > size).then(|| URL_SAFE_NO_PAD.encode(format!("at:{}", start + size)));
    rows.truncate(size);
    Ok((rows, next))
}

fn read_marker(marker: &str) -> Result<usize, CloudError> {
    let bytes = URL_SAFE_NO_PAD.decode(marker).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let start = text.and_then(|text| text.strip_prefix("at:")?.parse().ok());
    start.ok_or_else(|| CloudError::product(400, "InvalidParameter.Marker", "The parameter Marker is invalid."))
}

/// Adds what a marked listing says about its end.
pub(crate) fn closed(mut listing: Value, next: Option<String>) -> Value {
    listing["IsTruncated"] = json!(next.is_some());
    if let Some(next) = next {
        listing["Marker"] = json!(next);
    }
    listing
}

pub(crate) fn integer(
    parameters: &CallParameters,
    name: &str,
    default: usize,
    limits: &RangeInclusive<usize>,
) -> Result<usize, CloudError> {
    let Some(text) = parameters.get(name) else { return Ok(default) };
    let refuse = || {
        let message = format!("The parameter {name} must be between {} and {}.", limits.start(), limits.end());
        CloudError::product(400, &format!("InvalidParameter.{name}"), message)
    };
    text.parse().ok().filter(|value| limits.contains(value)).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> CallParameters {
        CallParameters(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn markers_lead_through_all_rows_once() {
        let (mut rows, mut next) = marked(0..250, &parameters(&[]), 100, 1000).unwrap();
        let mut pages = 1;
        while let Some(marker) = next {
            let (more, then) = marked(0..250, &parameters(&[("Marker", &marker)]), 100, 1000).unwrap();
            rows.extend(more);
            next = then;
            pages += 1;
        }
        assert_eq!((rows, pages), ((0..250).collect(), 3));
    }

    #[test]
    fn a_last_page_that_is_full_is_not_truncated() {
        assert_eq!(marked(0..100, &parameters(&[]), 100, 1000).unwrap().1, None);
    }

    #[test]
    fn sizes_beyond_the_documented_limits_are_refused() {
        for size in ["0", "1001", "-1", "many"] {
            assert_eq!(marked(0..1, &parameters(&[("MaxItems", size)]), 100, 1000).unwrap_err().status, 400, "{size}");
        }
        assert!(marked(0..1, &parameters(&[("MaxItems", "1000")]), 100, 1000).is_ok());
        assert_eq!(
            marked(0..1, &parameters(&[("Marker", "7")]), 100, 1000).unwrap_err().code,
            "InvalidParameter.Marker"
        );
    }

    #[test]
    fn numbered_pages_count_from_one_and_end_empty() {
        let pages = NumberedPages { number: "page_number", size: "page_size", default: 10, limits: 1..=50 };
        let rows = || (0..25).map(Value::from).collect::<Vec<_>>();
        let (third, page) = pages.cut(rows(), &parameters(&[("page_number", "3")])).unwrap();
        assert_eq!(third, (20..25).map(Value::from).collect::<Vec<_>>());
        assert_eq!(page, json!({ "page_number": 3, "page_size": 10, "total_count": 25 }));
        assert_eq!(pages.cut(rows(), &parameters(&[("page_number", "9")])).unwrap().0, Vec::<Value>::new());
        assert_eq!(pages.cut(rows(), &parameters(&[("page_number", "0")])).unwrap_err().status, 400);
        assert_eq!(pages.cut(rows(), &parameters(&[("pageSize", "25")])).unwrap().0.len(), 10);
    }
}
