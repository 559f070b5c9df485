//! Times in columns of a month, and how many lie how far ahead.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::output::table::Tone;

/// How many months before this one are drawn at most, and how many after it.
const MOST: (i64, i64) = (12, 39);
/// The height of the highest column, in pixels.
const HEIGHT: usize = 96;
/// What is above it, for its number.
const HEADROOM: usize = 14;
/// How many names a column's title has.
const NAMED: usize = 8;
/// How long a column of a span can be, in seconds: a minute, five, a quarter of an hour, an hour, six, a day.
const STEPS: [i64; 6] = [60, 300, 900, 3600, 21_600, 86_400];
/// How many columns a span has at most.
const MOST_STEPS: i64 = 60;

/// Columns from left to right.
#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) columns: Vec<Column>,
    pub(super) ticks: Vec<Tick>,
    /// Where the column of this month begins, in percent of the width.
    pub(super) now: Option<f64>,
    /// The width of a column, in percent.
    pub(super) width: f64,
    /// The same times in words.
    pub(super) spans: Vec<Span>,
}

/// A month with something in it.
#[derive(Debug)]
pub(super) struct Column {
    /// In percent of the width.
    pub(super) x: f64,
    /// Of its middle, in percent of the width.
    pub(super) middle: f64,
    /// In pixels.
    pub(super) height: usize,
    pub(super) top: usize,
    pub(super) count: usize,
    pub(super) tone: Tone,
    pub(super) title: String,
}

/// A month or a year on the axis.
#[derive(Debug)]
pub(super) struct Tick {
    pub(super) x: f64,
    pub(super) label: String,
}

/// How many lie within a span of time.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) label: &'static str,
    pub(super) count: usize,
    pub(super) tone: Tone,
}

impl Timeline {
    /// The ends of credentials, each with its name; `endless` more never end, where there may be such.
    pub(super) fn of_ends(now: Timestamp, ends: &[(Timestamp, String)], endless: Option<usize>) -> Self {
        let days =
            |end: Timestamp| end.duration_since(now).as_secs().div_euclid(SignedDuration::from_hours(24).as_secs());
        let tone = |end: Timestamp| match days(end) {
            ..0 => Tone::Danger,
            0..30 => Tone::Attention,
            _ => Tone::Plain,
        };
        let within = |from: i64, to: i64| ends.iter().filter(|(end, _)| (from..to).contains(&days(*end))).count();
        let span = |label, count, tone| Span { label, count, tone };
        let mut spans = vec![
            span("ended", within(i64::MIN, 0), Tone::Danger),
            span("within 7 days", within(0, 7), Tone::Attention),
            span("within 30 days", within(7, 30), Tone::Attention),
            span("within 90 days", within(30, 90), Tone::Plain),
            span("within a year", within(90, 365), Tone::Plain),
            span("later", within(365, i64::MAX), Tone::Plain),
        ];
        spans.extend(endless.map(|endless| span("never", endless, Tone::Attention)));
        Self::new(now, ends, tone, spans)
    }

    /// What happened when, each with its name and tone.
    pub(super) fn of_events(now: Timestamp, events: &[(Timestamp, String)], tones: &[Tone]) -> Self {
        let is_bad =
            |time: Timestamp| events.iter().zip(tones).any(|((at, _), tone)| *at == time && *tone != Tone::Plain);
        let tone = |time: Timestamp| if is_bad(time) { Tone::Attention } else { Tone::Plain };
        Self::new(now, events, tone, Vec::new())
    }

    /// What happened when, in columns of one length from the first time to the last, each with its name and tone.
    pub(super) fn of_span(events: &[(Timestamp, String)], tones: &[Tone]) -> Self {
        let second = |at: &Timestamp| at.as_second();
        let from = events.iter().map(|(at, _)| second(at)).min().unwrap_or_default();
        let to = events.iter().map(|(at, _)| second(at)).max().unwrap_or_default();
        let step =
            STEPS.into_iter().find(|step| (to - from) / step < MOST_STEPS).unwrap_or((to - from) / MOST_STEPS + 1);
        let first = from.div_euclid(step);
        let count = to.div_euclid(step) - first + 1;
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); usize::try_from(count).unwrap_or_default()];
        for (index, (at, _)) in events.iter().enumerate() {
            members[usize::try_from(second(at).div_euclid(step) - first).unwrap_or_default()].push(index);
        }
        let most = members.iter().map(Vec::len).max().unwrap_or(1).max(1);
        let label = |place: i64| {
            Timestamp::from_second((first + place) * step)
                .map(|at| at.strftime("%m-%d %H:%M").to_string())
                .unwrap_or_default()
        };
        let column = |(place, members): (i64, &Vec<usize>)| {
            let height = (members.len() * HEIGHT).div_ceil(most).max(4);
            let names: Vec<&str> = members.iter().take(NAMED).map(|index| events[*index].1.as_str()).collect();
            let more = members.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Column {
                x: percent(place, count),
                middle: percent(place * 2 + 1, count * 2),
                height,
                top: HEADROOM + HEIGHT - height,
                count: members.len(),
                tone: members.iter().map(|index| tones[*index]).min_by_key(|tone| urgency(*tone)).unwrap_or_default(),
                title: format!("{} UTC: {}{more}", label(place), names.join(", ")),
            }
        };
        let columns = (0..).zip(&members).filter(|(_, members)| !members.is_empty()).map(column).collect();
        let apart = (count / 6).max(1);
        let ticks = (0..count).step_by(usize::try_from(apart).unwrap_or(1));
        let ticks = ticks.map(|place| Tick { x: percent(place, count), label: label(place) }).collect();
        Self { columns, ticks, now: None, width: percent(1, count), spans: Vec::new() }
    }

    fn new(now: Timestamp, times: &[(Timestamp, String)], tone: impl Fn(Timestamp) -> Tone, spans: Vec<Span>) -> Self {
        let this = month(now);
        let distances: Vec<i64> = times.iter().map(|(time, _)| month(*time) - this).collect();
        let before = distances.iter().min().map_or(1, |first| (-first).clamp(1, MOST.0));
        let after = distances.iter().max().map_or(3, |last| (*last).clamp(3, MOST.1));
        let count = before + after + 1;
        let x = |distance: i64| percent(distance + before, count);
        let mut months: Vec<Vec<usize>> = vec![Vec::new(); usize::try_from(count).unwrap_or_default()];
        for (index, distance) in distances.iter().enumerate() {
            let column = usize::try_from(distance.clamp(&-before, &after) + before).unwrap_or_default();
            months[column].push(index);
        }
        let most = months.iter().map(Vec::len).max().unwrap_or(1).max(1);
        let column = |(column, members): (i64, &Vec<usize>)| {
            let height = (members.len() * HEIGHT).div_ceil(most).max(4);
            let names: Vec<&str> = members.iter().take(NAMED).map(|index| times[*index].1.as_str()).collect();
            let more = members.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let distance = column - before;
            let bound = match distance {
                _ if members.iter().all(|index| distances[*index] == distance) => "",
                ..0 => " and before",
                _ => " and after",
            };
            let tones = members.iter().map(|index| tone(times[*index].0));
            Column {
                x: x(distance),
                middle: percent(distance * 2 + before * 2 + 1, count * 2),
                height,
                top: HEADROOM + HEIGHT - height,
                count: members.len(),
                tone: tones.min_by_key(|tone| urgency(*tone)).unwrap_or_default(),
                title: format!("{}{bound}: {}{more}", month_name(this + distance), names.join(", ")),
            }
        };
        let with_something = (0..).zip(&months).filter(|(_, members)| !members.is_empty());
        let columns = with_something.map(column).collect();
        let is_short = count <= 18;
        let tick = |distance: i64| {
            let at = this + distance;
            let label = match at.rem_euclid(12) {
                0 => at.div_euclid(12).to_string(),
                3 if is_short => "Apr".to_owned(),
                6 if is_short => "Jul".to_owned(),
                9 if is_short => "Oct".to_owned(),
                _ => return None,
            };
            Some(Tick { x: x(distance), label })
        };
        let ticks = (-before..=after).filter_map(tick).collect();
        Self { columns, ticks, now: Some(x(0)), width: percent(1, count), spans }
    }
}

/// The worst first.
fn urgency(tone: Tone) -> u8 {
    match tone {
        Tone::Danger => 0,
        Tone::Attention => 1,
        Tone::Plain => 2,
        Tone::Good => 3,
    }
}

/// Months since the year 0.
fn month(time: Timestamp) -> i64 {
    let date = time.to_zoned(TimeZone::UTC).date();
    i64::from(date.year()) * 12 + i64::from(date.month()) - 1
}

fn month_name(month: i64) -> String {
    format!("{}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

/// To two digits behind the point, so that the page is short.
fn percent(part: i64, whole: i64) -> f64 {
    let hundredths = u32::try_from(part * 10_000 / whole.max(1)).unwrap_or_default();
    f64::from(hundredths) / 100.0
}
