//! Asking before something is changed.

use std::io::{BufRead, IsTerminal as _, Write};

use crate::failure::Failure;

/// Answers that mean yes. Everything else means no.
const YES: [&str; 2] = ["y", "yes"];

/// Goes on only if the operator says so: by `--yes`, else at the terminal.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("there is no terminal at which to ask, so nothing was changed")
            .hint("--yes answers the question; --dry-run only shows the plan"));
    }
    ask(question, &mut std::io::stdin().lock(), &mut std::io::stderr())
}

fn ask(question: &str, answers: &mut impl BufRead, screen: &mut impl Write) -> Result<(), Failure> {
    let unreadable = |error| Failure::failed(format!("there is no answer to be had: {error}"));
    write!(screen, "{question} [y/N] ").and_then(|()| screen.flush()).map_err(unreadable)?;
    let mut answer = String::new();
    answers.read_line(&mut answer).map_err(unreadable)?;
    if YES.contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err(Failure::failed("you did not say yes, so nothing was changed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_goes_on() {
        for (answer, goes_on) in [
            ("", false),
            ("\n", false),
            ("n\n", false),
            ("yesterday\n", false),
            ("y\n", true),
            (" YES \n", true),
        ] {
            let mut screen = Vec::new();
            let answered = ask("Change 1 role?", &mut answer.as_bytes(), &mut screen);
            assert_eq!(answered.is_ok(), goes_on, "{answer:?}");
            assert_eq!(screen, b"Change 1 role? [y/N] ");
        }
    }
}
