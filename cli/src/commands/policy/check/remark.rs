//! A fault of a policy file, or a warning about it, with its place.

use std::path::Path;

use app_roles::policy::{Location, Outline, PolicyFault, PolicyWarning};
use serde_json::{Value, json};

use crate::output::Line;

/// A fault, or a warning.
pub(super) struct Remark {
    file: String,
    pub(super) location: Location,
    path: String,
    rule: Option<String>,
    message: String,
    /// The code of a warning.
    code: Option<String>,
    /// Why a warning is accepted.
    acknowledged: Option<String>,
}

impl Remark {
    /// A fault.
    pub(super) fn fault(file: &Path, fault: &PolicyFault) -> Self {
        let PolicyFault { location, path, rule, problem } = fault.clone();
        let file = file.display().to_string();
        Self { file, location, path, rule, message: problem, code: None, acknowledged: None }
    }

    /// A warning.
    pub(super) fn warning(file: &Path, outline: &Outline, warning: &PolicyWarning) -> Self {
        let PolicyWarning { code, rule, path, sentence, acknowledged } = warning.clone();
        Self {
            file: file.display().to_string(),
            location: outline.location(&path),
            path,
            rule,
            message: sentence,
            code: Some(code.to_string()),
            acknowledged: acknowledged.map(|entry| entry.reason),
        }
    }

    /// Whether it is not acknowledged.
    pub(super) fn is_open(&self) -> bool {
        self.acknowledged.is_none()
    }

    /// The line for people and editors. `kind` is a word such as `warning`, or empty.
    pub(super) fn line(&self, kind: Line) -> Line {
        let Self { file, location, path, .. } = self;
        let place = Line::from(format!("{file}:{location}: ")).then_line(kind);
        let code = self.code.as_ref().map(|code| format!(" {code}: ")).unwrap_or_default();
        let rule = self.rule.as_ref().map(|rule| format!(" (rule {rule:?})")).unwrap_or_default();
        let reason = self.acknowledged.as_ref();
        let reason = reason.map(|reason| format!(" (accepted: {reason})")).unwrap_or_default();
        place.then(&format!("{code}{path}{rule}: {}{reason}", self.message))
    }

    /// The remark for programs. Only a warning has a code.
    pub(super) fn json(&self) -> Value {
        let Self { file, location, path, rule, message, .. } = self;
        let (line, column) = (location.line, location.column);
        match &self.code {
            None => json!({
                "file": file, "line": line, "column": column, "path": path, "rule": rule,
                "message": message,
            }),
            Some(code) => json!({
                "file": file, "line": line, "column": column, "path": path, "rule": rule,
                "message": message, "code": code, "acknowledged": self.acknowledged,
            }),
        }
    }
}
