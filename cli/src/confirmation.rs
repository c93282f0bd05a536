//! The prompt before a change.

use std::io::{BufRead, IsTerminal as _};

use crate::{
    failure::Failure,
    interruption::Interruption,
    io_reason::io_reason,
    output::{Progress, Screen},
};

/// The answers that mean yes. Every other answer means no.
const YES: [&str; 2] = ["y", "yes"];

/// Asks the operator, unless `--yes` was given. Returns an error unless the answer is yes.
pub(crate) fn confirm(screen: Screen, question: &str, yes: bool) -> Result<(), Failure> {
    check_can_ask(yes)?;
    if yes {
        return Ok(());
    }
    screen.ask(&format!("{question} [y/N]")).map_err(|error| unreadable(&error))?;
    read_answer(&mut std::io::stdin().lock())
}

/// Asks like [`confirm`]. Ctrl-C counts as an answer, because the caller must restore something before it
/// ends.
pub(crate) async fn confirm_unless_interrupted(
    screen: Screen,
    question: &str,
    interruption: &mut Interruption,
) -> Result<(), Failure> {
    check_can_ask(false)?;
    screen.ask(&format!("{question} [y/N]")).map_err(|error| unreadable(&error))?;
    let _quiet = Progress::quiet();
    let (sender, answer) = tokio::sync::oneshot::channel();
    // A thread of its own, because the process does not wait for it when it ends, unlike for a blocking
    // task.
    std::thread::spawn(move || sender.send(read_answer(&mut std::io::stdin().lock())));
    tokio::select! {
        answer = answer => answer.unwrap_or_else(|_| Err(not_confirmed())),
        () = interruption.comes() => Err(Failure::interrupted("interrupted, nothing was changed")),
    }
}

/// Returns an error if there is no terminal to ask on and `--yes` was not given.
pub(crate) fn check_can_ask(yes: bool) -> Result<(), Failure> {
    if yes || std::io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage("cannot ask for confirmation without a terminal")
        .hint("nothing was changed; pass --yes to confirm, or --dry-run to see the plan"))
}

fn read_answer(answers: &mut impl BufRead) -> Result<(), Failure> {
    let mut answer = String::new();
    answers.read_line(&mut answer).map_err(|error| unreadable(&error))?;
    if YES.contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err(not_confirmed())
}

fn not_confirmed() -> Failure {
    Failure::failed("not confirmed, nothing was changed")
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot ask for confirmation: {}", io_reason(error)))
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
            assert_eq!(read_answer(&mut answer.as_bytes()).is_ok(), confirms, "{answer:?}");
        }
    }
}
