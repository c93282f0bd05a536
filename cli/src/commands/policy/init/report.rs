//! The report on a first policy, for people and for programs.

use std::path::Path;

use serde_json::{Value, json};

use super::adoption::{Adoption, Question};
use crate::{
    failure::Failure,
    output::{Line, Screen, Tone},
};

/// The role that lets its holder assign roles, as the broker does ("Microsoft Graph permissions
/// reference").
const ASSIGNS_ROLES: &str = "AppRoleAssignment.ReadWrite.All";

/// The indentation of the continuation of a question.
const INDENT: usize = 2;

/// Prints the policy, unless it is in a file, and the remarks about it.
pub(super) fn show(
    screen: Screen,
    (file, text): (Option<&Path>, &str),
    adoption: Option<&Adoption>,
) -> Result<(), Failure> {
    if screen.prints_document() {
        return screen.json(&document(file, text, adoption)?);
    }
    if file.is_none() {
        screen.file(text);
    }
    let say = |line: Line| match file {
        Some(_) => screen.say(line),
        // Standard output contains the policy and nothing else.
        None => screen.note(line),
    };
    if let Some(adoption) = adoption {
        lines(adoption).into_iter().for_each(say);
    }
    let name = file.map(|file| file.display().to_string());
    match (&name, adoption) {
        (Some(name), None) => say(format!("{name} is written; it allows nothing yet").into()),
        (Some(name), Some(adoption)) => {
            say(format!("{name} is written: {}", size(adoption)).into());
        }
        (None, Some(adoption)) => say(size(adoption).into()),
        (None, None) => {}
    }
    screen.note(next_steps(name.as_deref(), adoption.is_some()));
    Ok(())
}

/// The policy or its file, and what there is to say about it, for programs.
fn document(
    file: Option<&Path>,
    text: &str,
    adoption: Option<&Adoption>,
) -> Result<Value, Failure> {
    let mut document = match file {
        Some(file) => json!({ "file": file.display().to_string() }),
        None => {
            let policy: Value = serde_json::from_str(text)
                .map_err(|_| Failure::failed("the policy cannot be encoded as JSON"))?;
            json!({ "policy": policy })
        }
    };
    if let (Some(adoption), Some(members)) = (adoption, document.as_object_mut()) {
        members.insert("counts".to_owned(), json!(adoption.counts));
        members.insert("questions".to_owned(), json!(adoption.questions));
        members.insert("unread".to_owned(), json!(adoption.unread));
    }
    Ok(document)
}

/// The questions, what is left out, and what could not be read.
fn lines(adoption: &Adoption) -> Vec<Line> {
    let mut lines = Vec::new();
    for question in &adoption.questions {
        lines.push(asked(question));
        lines.push(answer(question));
    }
    let counts = &adoption.counts;
    for (count, what) in [
        (counts.brokers_own, "of the broker's own identity"),
        (counts.protected, "that the list `protected` keeps from every change"),
        (counts.others, "of service principals that are no managed identities"),
    ] {
        if count > 0 {
            lines.push(format!("left out: {} {what}", counted(count, "role")).into());
        }
    }
    let names_broker = adoption.names_broker;
    if !names_broker && adoption.questions.iter().any(|one| one.role == ASSIGNS_ROLES) {
        lines.push(
            "if the broker is among these holders, name it with --broker-identity; its own roles need no \
             rule"
                .into(),
        );
    }
    for sentence in &adoption.unread {
        lines.push(Line::painted(Tone::Bad, "incomplete:").then(" ").then(sentence));
    }
    lines
}

fn asked(question: &Question) -> Line {
    let Question { principal, principal_id, api, role, since, privileged_because, .. } = question;
    let since = since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
    Line::painted(Tone::Warning, "question:").then(&format!(
        " {principal} ({principal_id}) holds the privileged role {role} ({privileged_because}) of \
         {api}{since}; keep it?"
    ))
}

/// How to keep the role of a question.
fn answer(question: &Question) -> Line {
    // A rule can always be encoded.
    let rule = serde_json::to_string(&question.rule).unwrap_or_default();
    format!("{:INDENT$}to keep it, add this rule: {rule}", "").into()
}

fn size(adoption: &Adoption) -> String {
    let counts = &adoption.counts;
    format!(
        "{} for {} of {}; {}",
        counted(counts.rules, "rule"),
        counted(counts.allowed, "role"),
        match counts.identities {
            1 => "1 managed identity".to_owned(),
            count => format!("{count} managed identities"),
        },
        counted(adoption.questions.len(), "question")
    )
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn next_steps(file: Option<&str>, is_adopted: bool) -> String {
    let file = file.unwrap_or("policy.json");
    if is_adopted {
        format!(
            "next: name the owner of each rule, answer the questions, list in \"protected\" what no rule may \
             touch, then run `app-role policy check {file}` and `app-role drift --policy {file}`"
        )
    } else {
        format!("next: add rules, then run `app-role policy check {file}`")
    }
}
