//! The results as JUnit XML, the format that pipelines read ("JUnit XML format", Testmo).

use std::path::{Path, PathBuf};

use app_roles::text::is_printable;

use super::{coverage::Covered, evaluation::Evaluated, report::Report};
use crate::{failure::Failure, io_reason::io_reason};

/// The name of the suite that has a test case for each rule.
const COVERAGE: &str = "coverage";

/// Refuses to write to a file that the tests are read from, so that no test file is overwritten.
pub(super) fn check_is_no_input<'a>(
    file: &Path,
    inputs: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<(), Failure> {
    // A file that does not exist yet cannot be one of them.
    let Ok(place) = file.canonicalize() else { return Ok(()) };
    let is_input = |input: &PathBuf| input.canonicalize().is_ok_and(|known| known == place);
    if inputs.into_iter().any(is_input) {
        let sentence = format!("--junit would overwrite {}, which the tests need", file.display());
        return Err(Failure::usage(sentence).hint("name another file with --junit"));
    }
    Ok(())
}

/// Writes the results into a file.
pub(super) fn write(file: &Path, report: &Report<'_>) -> Result<(), Failure> {
    std::fs::write(file, document(report)).map_err(|error| {
        Failure::failed(format!("{} cannot be written: {}", file.display(), io_reason(&error)))
            .hint("name a file in an existing folder with --junit")
    })
}

/// One test case, and why it has failed.
struct Case {
    name: String,
    problems: Vec<String>,
}

impl From<&Evaluated<'_>> for Case {
    fn from(test: &Evaluated<'_>) -> Self {
        Self { name: test.test.name.clone(), problems: test.problems.clone() }
    }
}

impl From<&Covered> for Case {
    fn from(covered: &Covered) -> Self {
        let Covered { rule, allows, denies, .. } = covered;
        let missing = [(*allows, "allows something"), (*denies, "denies something near it")];
        let missing = missing.into_iter().filter(|(count, _)| *count == 0);
        let problems = missing.map(|(_, what)| format!("no test shows that the rule {what}"));
        Self { name: rule.clone(), problems: problems.collect() }
    }
}

fn document(report: &Report<'_>) -> String {
    let files = report.files.iter();
    let mut suites: Vec<(&str, Vec<Case>)> =
        files.map(|(file, tests)| (*file, tests.iter().map(Case::from).collect())).collect();
    // A rule without a test is a failure only if coverage is required.
    if report.requires_coverage {
        suites.push((COVERAGE, report.coverage.0.iter().map(Case::from).collect()));
    }
    let all = || suites.iter().flat_map(|(_, cases)| cases);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"app-role policy test\" {}>\n",
        counts(all())
    );
    for (name, cases) in &suites {
        let counts = counts(cases.iter());
        text.push_str(&format!("  <testsuite name=\"{}\" {counts}>\n", escaped(name)));
        for case in cases {
            text.push_str(&element(name, case));
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn counts<'a>(cases: impl Iterator<Item = &'a Case>) -> String {
    let failed: Vec<_> = cases.map(|case| !case.problems.is_empty()).collect();
    let failures = failed.iter().filter(|failed| **failed).count();
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\"", failed.len())
}

fn element(suite: &str, case: &Case) -> String {
    let [suite, name] = [suite, &case.name].map(escaped);
    let start = format!("    <testcase classname=\"{suite}\" name=\"{name}\"");
    let Some(first) = case.problems.first() else { return format!("{start}/>\n") };
    let [first, all] = [first.clone(), case.problems.join("\n")].map(|text| escaped(&text));
    format!(
        "{start}>\n      <failure type=\"policy\" message=\"{first}\">{all}</failure>\n    \
         </testcase>\n"
    )
}

/// Escapes a text for an attribute or an element. Unprintable characters are replaced: XML refuses some of
/// them even as references ("Extensible Markup Language (XML) 1.0", Char), and others deceive a reader.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // Unescaped, they would become spaces in an attribute.
            '\t' | '\n' | '\r' => escaped.push_str(&format!("&#{};", u32::from(character))),
            other if is_printable(other) => escaped.push(other),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
