//! The rules of the template, and their evaluation.

use std::{collections::BTreeSet, path::Path};

use crate::{
    repository::{
        alerts::log::{BROKER, Log},
        bicep::Template,
        kusto::Row,
    },
    world::ROOT,
};

const TEMPLATE: &str = "infra/modules/alerts.bicep";

/// An alert. Times are in seconds.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) severity: u8,
    pub(crate) query: String,
    pub(crate) every: i64,
    pub(crate) window: i64,
    /// The time after a mail in which no other one is sent. Without it, an alert sends its next mail only
    /// after it was resolved.
    pub(crate) quiet: Option<i64>,
    /// The column whose values are alerts of their own.
    pub(crate) each: Option<String>,
}

/// All rules of the template.
pub(crate) fn rules() -> Vec<Rule> {
    let template = Template::read(Path::new(TEMPLATE));
    assert_wiring(&template.source);
    let blocks = template.source.split("\n  {\n").skip(1);
    let rules = blocks.map(|block| Rule::read(block.split("\n  }").next().unwrap()));
    rules.collect()
}

/// Asserts that the resource uses the rules as [`Rule::mails`] does.
fn assert_wiring(source: &str) {
    for line in [
        "evaluationFrequency: rule.every",
        "windowSize: rule.window",
        "autoMitigate: empty(rule.quiet)",
        "muteActionsDuration: empty(rule.quiet) ? null : rule.quiet",
        "query: rule.query",
        "timeAggregation: 'Count'",
        "dimensions: empty(rule.each) ? [] : [{ name: rule.each, operator: 'Include', values: ['*'] }]",
        "operator: 'GreaterThan'",
        "threshold: 0",
        "failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }",
    ] {
        assert!(source.contains(line), "{line}");
    }
}

/// A duration such as `PT5M` or `P2D` in seconds.
fn seconds(duration: &str) -> i64 {
    let (number, unit) = duration.split_at(duration.len() - 1);
    let unit = match (number.starts_with("PT"), unit) {
        (true, "M") => 60,
        (true, "H") => 3_600,
        (false, "D") => 86_400,
        _ => panic!("{duration} is not known"),
    };
    number.trim_start_matches(['P', 'T']).parse::<i64>().unwrap() * unit
}

impl Rule {
    fn read(block: &str) -> Self {
        let value = |name: &str| {
            let line =
                block.lines().find_map(|line| line.trim().strip_prefix(&format!("{name}: ")));
            line.unwrap_or_else(|| panic!("{name} is missing in {block}")).trim_matches('\'')
        };
        let optional = |name: &str| Some(value(name)).filter(|value| !value.is_empty());
        let file = value("query").split("loadTextContent('../").nth(1).unwrap();
        let file = Path::new(ROOT).join("infra").join(file.split('\'').next().unwrap());
        let query = std::fs::read_to_string(file).unwrap();
        Self {
            name: value("name").to_owned(),
            severity: value("severity").parse().unwrap(),
            query: query.replace("BROKER_PRINCIPAL_ID", BROKER),
            every: seconds(value("every")),
            window: seconds(value("window")),
            quiet: optional("quiet").map(seconds),
            each: optional("each").map(str::to_owned),
        }
    }

    /// The rows that the query returns at a time.
    pub(crate) fn rows(&self, log: &Log, now: i64) -> Vec<Row> {
        log.run(&self.query, now, self.window)
    }

    /// The times of mails between two times, with the value of the column that splits the alert.
    pub(crate) fn mails(&self, log: &Log, (from, to): (i64, i64)) -> Vec<(i64, String)> {
        let mut mails: Vec<(i64, String)> = Vec::new();
        let mut firing = BTreeSet::new();
        for now in (from..=to).step_by(usize::try_from(self.every).unwrap()) {
            let rows = self.rows(log, now);
            let value = |row: &Row| match &self.each {
                Some(column) => row[column].as_str().unwrap().to_owned(),
                None => String::new(),
            };
            let values: BTreeSet<_> = rows.iter().map(value).collect();
            for value in &values {
                let is_silent = match self.quiet {
                    Some(quiet) => mails.last().is_some_and(|(last, _)| now < last + quiet),
                    None => firing.contains(value),
                };
                if !is_silent {
                    mails.push((now, value.clone()));
                }
            }
            firing = values;
        }
        mails
    }
}
