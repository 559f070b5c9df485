//! Check `LeakedFile`, where an identity's credentials lie in several files: one report for all of them.

use super::{Check, CheckReport, CheckResult};
use crate::core::revocation::leaked::LeakedFacts;

/// The reports about an identity's files as one: the worst decides, and what was not asked outweighs what passed. Each file is called by
/// its name, unless it is the only one that the revocation is about.
pub fn of_files(reports: Vec<(&LeakedFacts, CheckReport)>, is_only_file: bool) -> CheckReport {
    if reports.is_empty() {
        return CheckReport::skipped(Check::LeakedFile, "none was given");
    }
    if let (true, [(_, report)]) = (is_only_file, reports.as_slice()) {
        return report.clone();
    }
    let result = reports.iter().map(|(_, report)| report.result).fold(CheckResult::Passed, CheckResult::worse);
    let mut details: Vec<(&str, Vec<&str>)> = Vec::new();
    for (file, report) in &reports {
        match details.iter_mut().find(|(detail, _)| *detail == report.detail) {
            Some((_, files)) => files.push(file.label()),
            None => details.push((&report.detail, vec![file.label()])),
        }
    }
    let details = details.iter().map(|(detail, files)| format!("{}: {detail}", files.join(", ")));
    let detail = details.collect::<Vec<_>>().join("; ");
    let named = |(file, report): &(&LeakedFacts, CheckReport)| {
        let label = file.label();
        report.findings.iter().map(|finding| format!("{label}: {finding}")).collect::<Vec<_>>()
    };
    let findings = reports.iter().flat_map(named).collect();
    CheckReport { check: Check::LeakedFile, result, detail, findings }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::leaked;
    use super::*;
    use crate::core::revocation::verification::CheckResult::{Error, Failed, Passed, Skipped};

    fn file(name: &str) -> LeakedFacts {
        LeakedFacts { file: Some(name.to_owned()), ..leaked() }
    }

    fn report(result: CheckResult) -> CheckReport {
        match result {
            Passed => CheckReport::passed(Check::LeakedFile, "403"),
            Failed => CheckReport::failed(Check::LeakedFile, "200", vec!["it may list pods".to_owned()]),
            Error => CheckReport::error(Check::LeakedFile, "503"),
            Skipped => CheckReport::skipped(Check::LeakedFile, "not given again"),
        }
    }

    #[test]
    fn the_worst_of_the_files_counts() {
        for (results, expected) in [
            (vec![], Skipped),
            (vec![Passed], Passed),
            (vec![Passed, Passed], Passed),
            (vec![Passed, Skipped], Skipped),
            (vec![Error, Passed, Skipped], Error),
            (vec![Passed, Failed, Error], Failed),
        ] {
            let files: Vec<LeakedFacts> = (0..results.len()).map(|number| file(&format!("{number}.yaml"))).collect();
            let reports = files.iter().zip(&results).map(|(file, result)| (file, report(*result))).collect();
            let all = of_files(reports, false);
            assert_eq!(all.result, expected, "{results:?}");
            assert!(files.iter().all(|file| all.detail.contains(file.label())), "{all:?}");
            assert_eq!(all.findings.len(), usize::from(expected == Failed), "{all:?}");
        }
    }

    #[test]
    fn each_file_is_named_with_what_was_answered_to_it() {
        let [a, b, c] = ["a.yaml", "b.yaml", "c.yaml"].map(file);
        let all = of_files(vec![(&a, report(Passed)), (&b, report(Failed)), (&c, report(Passed))], false);
        assert_eq!(all.detail, "a.yaml, c.yaml: 403; b.yaml: 200");
        assert_eq!(all.findings, ["b.yaml: it may list pods"]);
        assert_eq!(of_files(vec![(&a, report(Passed))], false).detail, "a.yaml: 403", "another identity has a file");
        assert_eq!(of_files(vec![(&a, report(Passed))], true).detail, "403");
    }
}
