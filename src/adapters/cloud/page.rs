//! Reading listings to their end, and knowing when that didn't happen.

use std::collections::BTreeSet;

use super::error::{Error, Kind};
use crate::core::evidence::Listing;

/// A listing that broke off: what was read before, and why it ended.
#[derive(Debug)]
pub struct Partial<T> {
    /// The entries that were read.
    pub read: Vec<T>,
    /// Why the rest is missing.
    pub error: Error,
}

/// What a listing call brings: everything, or what was read before it failed.
pub type Listed<T> = Result<Vec<T>, Partial<T>>;

/// A listing's outcome as a voice in a verdict.
pub fn voice<T>(listed: Listed<T>) -> Listing<T> {
    match listed {
        Ok(items) => Listing::Complete(items),
        Err(Partial { read, error }) => Listing::Failed { read, reason: error.to_string() },
    }
}

/// More pages than any account has: 1,000 users each.
const MOST_PAGES: usize = 10_000;

/// A page that tells where the next one begins.
pub(super) struct MarkerPage<T> {
    pub(super) items: Vec<T>,
    pub(super) truncated: bool,
    pub(super) marker: Option<String>,
}

/// Reads pages by marker until one says that it is the last.
pub(super) async fn by_marker<T>(
    action: &str,
    fetch: impl AsyncFn(Option<String>) -> Result<MarkerPage<T>, Error>,
) -> Listed<T> {
    let mut read = Vec::new();
    let mut seen = BTreeSet::new();
    let mut marker = None;
    loop {
        let page = match fetch(marker).await {
            Ok(page) => page,
            Err(error) => return Err(Partial { read, error }),
        };
        read.extend(page.items);
        if !page.truncated {
            return Ok(read);
        }
        let next = page.marker.filter(|marker| !marker.is_empty());
        let what = match &next {
            None => "a listing that goes on without saying where",
            Some(marker) if !seen.insert(marker.clone()) => "a listing that goes round in circles",
            Some(_) if seen.len() >= MOST_PAGES => "a listing without an end",
            Some(_) => {
                marker = next;
                continue;
            }
        };
        return Err(Partial { read, error: Error::new(action, Kind::Malformed, what) });
    }
}

/// A page that tells how many entries there are in all.
pub(super) struct NumberedPage<T> {
    pub(super) items: Vec<T>,
    pub(super) total: Option<usize>,
}

/// How often a listing is begun again because it changed while it was read.
const MOST_PASSES: usize = 3;

/// Reads numbered pages until as many different entries are there as the cloud says there are.
///
/// An entry that vanishes between two pages moves the rest up, so that one is skipped without a trace: when the total
/// changes or doesn't come out, the whole listing is read again.
pub(super) async fn by_number<T, K: Ord>(
    action: &str,
    page_size: usize,
    key: impl Fn(&T) -> K,
    fetch: impl AsyncFn(usize) -> Result<NumberedPage<T>, Error>,
) -> Listed<T> {
    let mut read = Vec::new();
    for _ in 0..MOST_PASSES {
        let (items, ending) = one_pass(page_size, &key, &fetch).await;
        read = items;
        match ending {
            Ending::Complete => return Ok(read),
            Ending::Changed => {}
            Ending::Failed(error) => return Err(Partial { read, error }),
        }
    }
    let what = "a listing that changes while it is read, or whose total doesn't come out";
    Err(Partial { read, error: Error::new(action, Kind::Malformed, what) })
}

enum Ending {
    Complete,
    Changed,
    Failed(Error),
}

async fn one_pass<T, K: Ord>(
    page_size: usize,
    key: &impl Fn(&T) -> K,
    fetch: &impl AsyncFn(usize) -> Result<NumberedPage<T>, Error>,
) -> (Vec<T>, Ending) {
    let mut read = Vec::new();
    let mut seen = BTreeSet::new();
    let mut total = None;
    for number in 1..=MOST_PAGES {
        let page = match fetch(number).await {
            Ok(page) => page,
            Err(error) => return (read, Ending::Failed(error)),
        };
        if number > 1 && page.total != total {
            return (read, Ending::Changed);
        }
        total = page.total;
        let length = page.items.len();
        let before = read.len();
        read.extend(page.items.into_iter().filter(|item| seen.insert(key(item))));
        let complete = match total {
            Some(total) => read.len() == total,
            None => length < page_size,
        };
        if complete {
            return (read, Ending::Complete);
        }
        if read.len() == before || total.is_some_and(|total| read.len() > total) {
            break;
        }
    }
    (read, Ending::Changed)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::ready;

    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn marked(items: Vec<u32>, marker: Option<&str>) -> Result<MarkerPage<u32>, Error> {
        Ok(MarkerPage { items, truncated: marker.is_some(), marker: marker.map(str::to_owned) })
    }

    #[test]
    fn markers_are_followed_to_the_last_page() {
        let listed = run(by_marker("ram:ListUsers", |marker: Option<String>| {
            ready(match marker.as_deref() {
                None => marked(vec![1, 2], Some("a")),
                Some("a") => marked(vec![3], Some("b")),
                _ => marked(vec![4], None),
            })
        }));
        assert_eq!(listed.unwrap(), [1, 2, 3, 4]);
    }

    #[test]
    fn a_listing_that_never_ends_is_incomplete_with_what_was_read() {
        let circle = run(by_marker("ram:ListUsers", |_| ready(marked(vec![1], Some("a"))))).unwrap_err();
        assert_eq!((circle.read.len(), circle.error.kind()), (2, Kind::Malformed));
        let lost = run(by_marker("ram:ListUsers", |_| {
            ready(Ok(MarkerPage { items: vec![1], truncated: true, marker: Some(String::new()) }))
        }));
        assert!(lost.unwrap_err().error.to_string().contains("without saying where"));
    }

    #[test]
    fn a_failure_after_page_one_keeps_page_one_and_is_no_complete_listing() {
        let listed = run(by_marker("ram:ListUsers", |marker: Option<String>| {
            ready(match marker {
                None => marked(vec![1], Some("a")),
                Some(_) => Err(Error::new("ram:ListUsers", Kind::Forbidden, "no")),
            })
        }));
        assert!(matches!(voice(listed), Listing::Failed { read, .. } if read == [1]));
    }

    fn numbered(all: &[u32], page: usize, size: usize, total: usize) -> Result<NumberedPage<u32>, Error> {
        let items = all.iter().copied().skip((page - 1) * size).take(size).collect();
        Ok(NumberedPage { items, total: Some(total) })
    }

    #[test]
    fn numbered_pages_are_read_until_the_total_is_there() {
        let all: Vec<u32> = (0..120).collect();
        let listed = run(by_number("cs:X", 50, |item| *item, |page| ready(numbered(&all, page, 50, 120))));
        assert_eq!(listed.unwrap().len(), 120);
        // A server that gives smaller pages than were asked for.
        let listed = run(by_number("cs:X", 50, |item| *item, |page| ready(numbered(&all, page, 10, 120))));
        assert_eq!(listed.unwrap().len(), 120);
        let empty = run(by_number("cs:X", 50, |item| *item, |page| ready(numbered(&[], page, 50, 0))));
        assert!(empty.unwrap().is_empty());
    }

    #[test]
    fn a_listing_that_shrinks_while_it_is_read_is_read_again() {
        let calls = Cell::new(0);
        let listed = run(by_number(
            "cs:X",
            2,
            |item| *item,
            |page| {
                calls.set(calls.get() + 1);
                let first = calls.get() == 1;
                let all: &[u32] = if first { &[1, 2, 3, 4] } else { &[2, 3, 4] };
                ready(numbered(all, page, 2, all.len()))
            },
        ));
        assert_eq!(listed.unwrap(), [2, 3, 4]);
    }

    #[test]
    fn totals_that_never_come_out_leave_the_listing_incomplete() {
        let grows = Cell::new(10);
        let growing = run(by_number(
            "cs:X",
            2,
            |item| *item,
            |page| {
                grows.set(grows.get() + 1);
                ready(numbered(&(0..100).collect::<Vec<_>>(), page, 2, grows.get()))
            },
        ));
        assert_eq!(growing.unwrap_err().error.kind(), Kind::Malformed);
        let repeats = run(by_number("cs:X", 2, |item| *item, |_| ready(numbered(&[1, 2], 1, 2, 9))));
        assert_eq!(repeats.unwrap_err().read, [1, 2]);
        let short = run(by_number("cs:X", 2, |item| *item, |page| ready(numbered(&[1, 2, 3], page, 2, 5))));
        assert_eq!(short.unwrap_err().read, [1, 2, 3]);
    }

    #[test]
    fn without_a_total_a_short_page_is_the_last() {
        let listed = run(by_number(
            "cs:X",
            2,
            |item| *item,
            |page| ready(numbered(&[1, 2, 3], page, 2, 0).map(|page| NumberedPage { total: None, ..page })),
        ));
        assert_eq!(listed.unwrap(), [1, 2, 3]);
    }
}
