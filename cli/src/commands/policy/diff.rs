//! `app-role policy diff`: what a change of the policy allows and withdraws, in words.

mod document;
mod inputs;
mod known_apis;
mod markdown;
mod phrase;
mod remarks;
mod report;
mod sentences;
mod terms;
mod touched;

use std::path::PathBuf;

use clap::Args;
use document::Document;
use inputs::Inputs;
use report::Report;
use time::OffsetDateTime;

use crate::{
    exit::Exit,
    failure::Failure,
    options::{BrokerIdentity, GlobalOptions},
    output::Screen,
};

#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// Policy before the change; `-` reads standard input
    old: PathBuf,
    /// Policy after the change; `-` reads standard input; default: the file of --policy
    new: Option<PathBuf>,
    /// Print Markdown for a pull request
    #[arg(long)]
    markdown: bool,
    /// Sign in, and show the assignments in the tenant that the change touches
    #[arg(long)]
    online: bool,
    #[command(flatten)]
    broker: BrokerIdentity,
}

/// Runs `app-role policy diff`.
pub(super) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &DiffArguments,
) -> Result<Exit, Failure> {
    if arguments.markdown && screen.prints_document() {
        return Err(Failure::usage("--markdown and --output json are two formats of one output")
            .hint("choose one of them"));
    }
    let new = arguments.new.as_ref().unwrap_or(&global.policy);
    let inputs = Inputs::read(&arguments.old, new)?;
    let now = OffsetDateTime::now_utc();
    let (known, touched) = if arguments.online {
        let (known, touched) =
            touched::read(global, &inputs, (arguments.broker.name(), now)).await?;
        (known, Some(touched))
    } else {
        (known_apis::offline(), None)
    };
    let difference = inputs.old.difference(&inputs.new, &known, now);
    let is_empty = difference.is_empty();
    if screen.prints_document() {
        screen.json(&Document::new(&inputs, &difference, touched.as_ref()))?;
    } else {
        let report = Report::new(&difference, touched.as_ref());
        if arguments.markdown {
            markdown::print(screen, &report, &inputs);
        } else {
            report.print(screen);
        }
    }
    Ok(if is_empty { Exit::Done } else { Exit::Findings })
}
