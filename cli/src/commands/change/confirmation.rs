//! The prompt before a change.

use std::io::{BufRead, IsTerminal as _, Write};

use crate::failure::Failure;

/// The answers that mean yes. Every other answer means no.
const YES: [&str; 2] = ["y", "yes"];

/// Asks the operator, unless `--yes` was given. Returns an error unless the answer is yes.
pub(super) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("cannot ask for confirmation without a terminal")
            .hint("nothing was changed; pass --yes to confirm, or --dry-run to see the plan"));
    }
    ask(question, &mut std::io::stdin().lock(), &mut std::io::stderr())
}

fn ask(question: &str, answers: &mut impl BufRead, screen: &mut impl Write) -> Result<(), Failure> {
    let unreadable = |error| Failure::failed(format!("cannot ask for confirmation: {error}"));
    write!(screen, "{question} [y/N] ").and_then(|()| screen.flush()).map_err(unreadable)?;
    let mut answer = String::new();
    answers.read_line(&mut answer).map_err(unreadable)?;
    if YES.contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err(Failure::failed("not confirmed, nothing was changed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_explicit_yes_confirms() {
        for (answer, confirms) in [
            ("", false),
            ("\n", false),
            ("n\n", false),
            ("yesterday\n", false),
            ("y\n", true),
            (" YES \n", true),
        ] {
            let mut screen = Vec::new();
            let answered = ask("Change 1 role?", &mut answer.as_bytes(), &mut screen);
            assert_eq!(answered.is_ok(), confirms, "{answer:?}");
            assert_eq!(screen, b"Change 1 role? [y/N] ");
        }
    }
}
