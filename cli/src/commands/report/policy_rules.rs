//! The policy of a report, with the texts of its rules as the file writes them.

use std::path::Path;

use app_roles::policy::{Policy, RuleSummary};
use serde::Deserialize;
use wire_formats::json;

use super::document::{List, PolicyFile, ReportedRule};
use crate::{failure::Failure, policy_file};

/// A policy, and the texts of its rules.
#[derive(Debug)]
pub(super) struct PolicyRules {
    pub(super) policy: Policy,
    pub(super) file: PolicyFile,
    /// The number of rules on request. Those of the baseline follow.
    allowed: usize,
    texts: Vec<RuleTexts>,
}

/// The lists of a policy file. The reader of the policy has checked them.
#[derive(Deserialize)]
struct PolicyTexts {
    allow: Vec<RuleTexts>,
    #[serde(default)]
    baseline: Vec<RuleTexts>,
}

/// What a rule says, as the file writes it.
#[derive(Debug, Deserialize)]
struct RuleTexts {
    name: String,
    #[serde(default)]
    requesters: Vec<String>,
    principals: Vec<String>,
    api: String,
    roles: Vec<String>,
    actions: Option<Vec<String>>,
    #[serde(default)]
    privileged: bool,
}

impl PolicyRules {
    /// The rules of a policy file with this name and content.
    pub(super) fn read(file: &Path, bytes: &[u8]) -> Result<Self, Failure> {
        let name = file.display().to_string();
        Self::of(policy_file::parse(&name, bytes)?, name, bytes)
    }

    /// A policy and the text that it was read from.
    pub(super) fn of(policy: Policy, file: String, text: &[u8]) -> Result<Self, Failure> {
        let texts: PolicyTexts = json::from_slice(text)
            .map_err(|fault| Failure::failed(format!("{file}: {}", fault.in_document("policy"))))?;
        let allowed = texts.allow.len();
        let texts: Vec<_> = texts.allow.into_iter().chain(texts.baseline).collect();
        let names = texts.iter().map(|text| text.name.as_str());
        if !policy.summaries().iter().map(|rule| rule.rule.as_str()).eq(names) {
            return Err(Failure::failed(format!("{file} was changed while it was read"))
                .hint("run the command again"));
        }
        let sha256 = policy.sha256().unwrap_or_default().to_owned();
        Ok(Self { policy, file: PolicyFile { sha256, file }, allowed, texts })
    }

    /// Whether the rule at a position belongs to the baseline.
    pub(super) fn is_baseline(&self, position: usize) -> bool {
        position >= self.allowed
    }

    /// The position of a rule.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.texts.iter().position(|text| text.name == name)
    }

    /// The rules, with the number of assignments that each allows.
    pub(super) fn reported(&self, uses: &[usize]) -> Vec<ReportedRule> {
        let rules = self.policy.summaries().into_iter().zip(&self.texts).enumerate();
        let reported = rules.map(|(position, (summary, texts))| {
            let is_baseline = self.is_baseline(position);
            let assignments = uses.get(position).copied().unwrap_or_default();
            texts.reported(&summary, is_baseline, assignments)
        });
        reported.collect()
    }
}

impl RuleTexts {
    fn reported(
        &self,
        summary: &RuleSummary,
        is_baseline: bool,
        assignments: usize,
    ) -> ReportedRule {
        let RuleSummary { max_duration, approval, notes, .. } = summary;
        let actions = match &self.actions {
            Some(actions) => actions.clone(),
            None if is_baseline => Vec::new(),
            None => vec!["assign".to_owned()],
        };
        ReportedRule {
            name: self.name.clone(),
            list: if is_baseline { List::Baseline } else { List::Allow },
            owner: notes.owner.as_ref().map(ToString::to_string),
            description: notes.description.as_ref().map(ToString::to_string),
            expires: notes.expires.map(|day| day.to_string()),
            max_duration: max_duration.map(|longest| longest.to_string()),
            approval: approval.as_ref().map(ToString::to_string),
            privileged: self.privileged,
            requesters: self.requesters.clone(),
            principals: self.principals.clone(),
            api: self.api.clone(),
            roles: self.roles.clone(),
            actions,
            assignments,
        }
    }
}
