//! The page of `expiry`.

use super::timeline::Timeline;
use super::{Body, DataCell, DataRow, DataTable, Page, bars, known};
use crate::output::table::Tone;
use crate::output::views::{
    CredentialStatusWord, ExpiryItem, ExpiryReport, Word as _, counted, distance, left, status_tone, time,
};

impl Page {
    /// When credentials end.
    pub fn of_expiry(report: &ExpiryReport) -> Self {
        let facts = vec![format!("Read {}", time(report.time)), counted(report.items.len(), "credential")];
        let mut page = Self::new("When credentials expire", "kubectl ackcred expiry", facts);
        let unread = report.items.iter().filter(|item| item.credential.is_none());
        page.unread = unread.map(|item| item.reason.clone().or(item.source.clone()).unwrap_or_default()).collect();
        let search = report.search.iter().flat_map(|search| &search.unread);
        page.unread.extend(search.map(|unread| format!("{}: {}", unread.path, unread.reason)));
        decide(&mut page, report);
        let ends: Vec<_> = report.items.iter().filter_map(|item| Some((item.not_after?, name(item)))).collect();
        let endless = report.items.iter().filter(|item| item.status == CredentialStatusWord::Static).count();
        page.section(
            "timeline",
            "Timeline",
            "In which month credentials end.",
            Body::Timeline(Timeline::of_ends(report.time, &ends, Some(endless))),
        );
        let statuses = report.items.iter().map(|item| (item.status.as_str(), status_tone(item.status)));
        page.section(
            "statuses",
            "By status",
            "How many credentials have each status, the worst first.",
            Body::Bars(bars(statuses)),
        );
        let headers = vec!["Status", "Context", "UID", "Credential", "Expires", "Left", "File"];
        let rows = report.items.iter().map(row).collect();
        page.section(
            "credentials",
            "Credentials",
            "Every credential that was found, the worst first.",
            Body::Rows(DataTable { headers, rows, nothing: "No credentials found.", more: "Details" }),
        );
        page
    }
}

fn decide(page: &mut Page, report: &ExpiryReport) {
    let count = |status| report.items.iter().filter(|item| item.status == status).count();
    let mut decide = |status, tone, words, detail: &str| page.decide(count(status), tone, words, detail, "credentials");
    decide(
        CredentialStatusWord::Expired,
        Tone::Danger,
        ["credential has ended", "credentials have ended"],
        "nothing opens with them any more: remove or renew",
    );
    decide(
        CredentialStatusWord::Invalid,
        Tone::Danger,
        ["credential can't work", "credentials can't work"],
        "kubectl or API servers refuse what is there",
    );
    decide(
        CredentialStatusWord::Missing,
        Tone::Attention,
        ["credential is not there", "credentials are not there"],
        "a file is named that does not exist, or none at all",
    );
    decide(
        CredentialStatusWord::Expiring,
        Tone::Attention,
        ["credential ends soon", "credentials end soon"],
        "renew before they do",
    );
    decide(
        CredentialStatusWord::LongLived,
        Tone::Attention,
        ["credential lives too long", "credentials live too long"],
        "longer than was asked for",
    );
    decide(
        CredentialStatusWord::Static,
        Tone::Attention,
        ["credential never ends", "credentials never end"],
        "only taking them away ends them",
    );
    decide(
        CredentialStatusWord::NotYetValid,
        Tone::Attention,
        ["credential is not valid yet", "credentials are not valid yet"],
        "their time is to come, or a clock is wrong",
    );
}

fn name(item: &ExpiryItem) -> String {
    let names = [&item.context, &item.uid, &item.common_name, &item.source];
    names.into_iter().flatten().next().cloned().unwrap_or_default()
}

fn row(item: &ExpiryItem) -> DataRow {
    let file = item.source.as_ref().map(|source| match item.line {
        Some(line) => format!("{source}:{line}"),
        None => source.clone(),
    });
    DataRow {
        cells: vec![
            DataCell::short(Some(item.status.as_str()))
                .tone(status_tone(item.status))
                .sorted_by(Some(item.status as i64)),
            DataCell::maybe(item.context.as_deref()),
            DataCell::short(item.uid.as_deref()),
            DataCell::short(item.credential.map(|kind| kind.as_str())),
            DataCell::time(item.not_after),
            DataCell::short(left(item)).sorted_by(item.remaining_seconds),
            DataCell::maybe(file),
        ],
        more: known([
            ("Why", item.reason.clone()),
            ("Cluster", item.cluster_id.clone()),
            ("Common name", item.common_name.clone()),
            ("Begins", item.not_before.map(time)),
            ("Lifetime", item.lifetime_seconds.map(distance)),
            ("Serial", item.serial.clone()),
            ("CA ends", item.ca_not_after.map(time)),
        ]),
    }
}
