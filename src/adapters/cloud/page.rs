//! Reading listings to their end, and knowing when that didn't happen.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::error::{Error, Kind};
use crate::core::identity::evidence::Listing;

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

/// A list's outcome as a source of a verdict.
pub fn source<T>(listed: Listed<T>) -> Listing<T> {
    match listed {
        Ok(items) => Listing::Complete(items),
        Err(Partial { read, error }) => Listing::Failed { read, reason: error.failure() },
    }
}

/// More pages than any account has.
const MOST_PAGES: usize = 10_000;

/// How far a listing is followed, all its pages together: a server that always has one more must not keep anybody waiting.
#[derive(Clone, Copy)]
struct Bounds {
    time: Duration,
    entries: usize,
}

const BOUNDS: Bounds = Bounds { time: Duration::from_secs(300), entries: 200_000 };

impl Bounds {
    fn begin(self) -> Allowance {
        Allowance { bounds: self, deadline: Instant::now() + self.time }
    }
}

/// What is left of the bounds of a listing under way.
struct Allowance {
    bounds: Bounds,
    deadline: Instant,
}

impl Allowance {
    /// Waits for a page, as long as there is time.
    async fn page<P>(&self, action: &str, page: impl Future<Output = Result<P, Error>>) -> Result<P, Error> {
        timeout_at(self.deadline, page).await.unwrap_or_else(|_| {
            let what = format!("a listing that is not read to the end within {:?}", self.bounds.time);
            Err(Error::new(action, Kind::TimedOut, what))
        })
    }

    fn check(&self, action: &str, entries: usize) -> Result<(), Error> {
        if entries <= self.bounds.entries {
            return Ok(());
        }
        let what = format!("a listing of more than {} entries", self.bounds.entries);
        Err(Error::new(action, Kind::Malformed, what))
    }
}

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
    by_marker_within(BOUNDS, action, fetch).await
}

async fn by_marker_within<T>(
    bounds: Bounds,
    action: &str,
    fetch: impl AsyncFn(Option<String>) -> Result<MarkerPage<T>, Error>,
) -> Listed<T> {
    let allowance = bounds.begin();
    let mut read = Vec::new();
    let mut seen = BTreeSet::new();
    let mut marker = None;
    loop {
        let page = match allowance.page(action, fetch(marker)).await {
            Ok(page) => page,
            Err(error) => return Err(Partial { read, error }),
        };
        read.extend(page.items);
        if let Err(error) = allowance.check(action, read.len()) {
            return Err(Partial { read, error });
        }
        if !page.truncated {
            return Ok(read);
        }
        let next = page.marker.filter(|marker| !marker.is_empty());
        let what = match &next {
            None => "a list that continues without a marker",
            Some(marker) if !seen.insert(marker.clone()) => "a list that repeats its markers",
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
    /// Documented of every such listing: if it is missing, it is unknown whether the list is complete.
    pub(super) total: Option<usize>,
}

/// How often a listing is begun again because it changed while it was read.
const MOST_PASSES: usize = 3;

/// Reads numbered pages until as many entries are there as the cloud says there are.
///
/// An entry that vanishes between two pages moves the rest up, so that one is skipped without a trace: when the total
/// changes or doesn't come out, the whole listing is read again. An entry that appears moves the rest down, so that one
/// comes twice, on two pages, and a new one is missed. But two entries of a listing can have the same key: where a key comes
/// again on a later page, the listing is complete only once two passes in a row brought the same.
pub(super) async fn by_number<T, K: Ord>(
    action: &str,
    page_size: usize,
    key: impl Fn(&T) -> K,
    fetch: impl AsyncFn(usize) -> Result<NumberedPage<T>, Error>,
) -> Listed<T> {
    by_number_within(BOUNDS, action, page_size, key, fetch).await
}

async fn by_number_within<T, K: Ord>(
    bounds: Bounds,
    action: &str,
    page_size: usize,
    key: impl Fn(&T) -> K,
    fetch: impl AsyncFn(usize) -> Result<NumberedPage<T>, Error>,
) -> Listed<T> {
    let pass = Pass { action, page_size, key, fetch, allowance: bounds.begin() };
    let mut read = Vec::new();
    let mut before: Option<Vec<K>> = None;
    for _ in 0..MOST_PASSES {
        let (items, ending) = pass.read().await;
        read = items;
        let keys = match ending {
            Ending::Complete => return Ok(read),
            Ending::Failed(error) => return Err(Partial { read, error }),
            Ending::Changed => None,
            Ending::Repeating(keys) if before.as_ref() == Some(&keys) => return Ok(read),
            Ending::Repeating(keys) => Some(keys),
        };
        before = keys;
    }
    let what = "a list that changes while it is read, or whose total is wrong";
    Err(Partial { read, error: Error::new(action, Kind::Malformed, what) })
}

enum Ending<K> {
    Complete,
    /// As many entries as there should be, of which some come on two pages: all their keys in order.
    Repeating(Vec<K>),
    Changed,
    Failed(Error),
}

/// One reading of a numbered listing from its first page on.
struct Pass<'a, Key, Fetch> {
    action: &'a str,
    page_size: usize,
    key: Key,
    fetch: Fetch,
    allowance: Allowance,
}

impl<Key, Fetch> Pass<'_, Key, Fetch> {
    async fn read<T, K: Ord>(&self) -> (Vec<T>, Ending<K>)
    where
        Key: Fn(&T) -> K,
        Fetch: AsyncFn(usize) -> Result<NumberedPage<T>, Error>,
    {
        let mut read = Vec::new();
        let mut seen = BTreeSet::new();
        let mut last: Vec<K> = Vec::new();
        let mut repeats = false;
        let mut total = None;
        for number in 1..=MOST_PAGES {
            let page = match self.allowance.page(self.action, (self.fetch)(number)).await {
                Ok(page) => page,
                Err(error) => return (read, Ending::Failed(error)),
            };
            if number > 1 && page.total != total {
                return (read, Ending::Changed);
            }
            total = page.total;
            let keys: Vec<K> = page.items.iter().map(&self.key).collect();
            // A server that doesn't turn the page.
            if number > 1 && keys == last {
                break;
            }
            let length = keys.len();
            repeats |= keys.iter().any(|key| seen.contains(key));
            seen.extend(page.items.iter().map(&self.key));
            read.extend(page.items);
            last = keys;
            if let Err(error) = self.allowance.check(self.action, read.len()) {
                return (read, Ending::Failed(error));
            }
            match total {
                None if length < self.page_size => {
                    let what = "a list without its number of entries";
                    return (read, Ending::Failed(Error::new(self.action, Kind::Malformed, what)));
                }
                Some(total) if read.len() == total => {
                    let keys = repeats.then(|| read.iter().map(&self.key).collect());
                    return (read, keys.map_or(Ending::Complete, Ending::Repeating));
                }
                Some(total) if length == 0 || read.len() > total => break,
                Some(_) | None => {}
            }
        }
        (read, Ending::Changed)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::ready;

    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    fn run_on_a_still_clock<T>(future: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().start_paused(true).build().unwrap().block_on(future)
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
        assert!(lost.unwrap_err().error.to_string().contains("without a marker"));
    }

    #[test]
    fn a_failure_after_page_one_keeps_page_one_and_is_no_complete_listing() {
        let listed = run(by_marker("ram:ListUsers", |marker: Option<String>| {
            ready(match marker {
                None => marked(vec![1], Some("a")),
                Some(_) => Err(Error::new("ram:ListUsers", Kind::Forbidden, "no")),
            })
        }));
        assert!(matches!(source(listed), Listing::Failed { read, .. } if read == [1]));
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
    fn without_a_total_a_short_page_may_not_be_the_last() {
        let listed = run(by_number(
            "cs:X",
            2,
            |item| *item,
            |page| ready(numbered(&[1, 2, 3], page, 2, 0).map(|page| NumberedPage { total: None, ..page })),
        ));
        let Partial { read, error } = listed.unwrap_err();
        assert_eq!((read.as_slice(), error.kind()), ([1, 2, 3].as_slice(), Kind::Malformed));
        assert!(error.to_string().contains("number of entries"), "{error}");
    }

    #[test]
    fn entries_with_the_same_key_count_on_one_page_and_on_two() {
        for all in [[7, 7, 8, 9], [6, 7, 7, 8], [6, 8, 7, 7], [7, 7, 7, 8]] {
            let calls = Cell::new(0);
            let listed = run(by_number(
                "cs:X",
                2,
                |item| *item,
                |page| {
                    calls.set(calls.get() + 1);
                    ready(numbered(&all, page, 2, 4))
                },
            ));
            assert_eq!(listed.unwrap(), all);
            // Only what comes on two pages is read once more.
            let on_two_pages = all[..2].iter().any(|item| all[2..].contains(item));
            assert_eq!(calls.get(), if on_two_pages { 4 } else { 2 }, "{all:?}");
        }
    }

    #[test]
    fn an_entry_that_comes_twice_because_another_came_in_front_is_no_second_entry() {
        // While the first pass is between its pages, 1 comes and 5 goes: 3 comes twice and 1 is missed.
        let calls = Cell::new(0);
        let listed = run(by_number(
            "cs:X",
            2,
            |item| *item,
            |page| {
                calls.set(calls.get() + 1);
                let all: &[u32] = if calls.get() == 1 { &[2, 3, 4, 5] } else { &[1, 2, 3, 4] };
                ready(numbered(all, page, 2, 4))
            },
        ));
        assert_eq!(listed.unwrap(), [1, 2, 3, 4]);
    }

    #[test]
    fn a_listing_is_bounded_in_entries_and_in_time_over_all_its_pages() {
        let few = Bounds { entries: 3, ..BOUNDS };
        let marker = |marker: Option<String>| marker.map_or("1".to_owned(), |marker| format!("{marker}1"));
        let marked_long = run(by_marker_within(few, "ram:X", |at| ready(marked(vec![1, 2], Some(&marker(at))))));
        let all: Vec<u32> = (0..9).collect();
        let long = run(by_number_within(few, "cs:X", 2, |item| *item, |page| ready(numbered(&all, page, 2, 9))));
        for Partial { read, error } in [marked_long.unwrap_err(), long.unwrap_err()] {
            assert_eq!((read.len(), error.kind()), (4, Kind::Malformed));
            assert!(error.to_string().contains("more than 3 entries"), "{error}");
        }

        // The clock goes on only while every task waits: three pages come in time, whatever else the machine does.
        let brief = Bounds { time: Duration::from_millis(100), ..BOUNDS };
        let pause = || tokio::time::sleep(Duration::from_millis(30));
        let marked_slow = run_on_a_still_clock(by_marker_within(brief, "ram:X", async |at| {
            pause().await;
            marked(vec![1], Some(&marker(at)))
        }));
        let slow = run_on_a_still_clock(by_number_within(
            brief,
            "cs:X",
            1,
            |item| *item,
            async |page| {
                pause().await;
                numbered(&all, page, 1, 9)
            },
        ));
        for Partial { read, error } in [marked_slow.unwrap_err(), slow.unwrap_err()] {
            assert_eq!(read.len(), 3, "{read:?}");
            assert_eq!(error.kind(), Kind::TimedOut);
            assert!(error.to_string().contains("within 100ms"), "{error}");
        }
    }
}
