//! `app-role man`: the manual pages, from the same texts as the help.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, Command};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use crate::{exit::Exit, failure::Failure, io_reason::io_reason, output::Screen};

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Folder for one page per command, app-role.1 and so on; it is created if it does not exist.
    /// Default: the page of app-role, on standard output
    folder: Option<PathBuf>,
}

/// Writes the pages into the folder, or prints the first one. `--output` has no effect.
pub(crate) fn run(
    screen: Screen,
    command_line: Command,
    arguments: &ManArguments,
) -> Result<Exit, Failure> {
    let mut command = command_line.disable_help_subcommand(true);
    command.build();
    match &arguments.folder {
        None => {
            let page = page(&command);
            screen.script(&page.map_err(|_| Failure::failed("the page cannot be made"))?);
        }
        Some(folder) => {
            let written = fs::create_dir_all(folder).and_then(|()| write(&command, folder));
            written.map_err(|error| {
                let folder = folder.display();
                Failure::failed(format!(
                    "cannot write the pages to {folder}: {}",
                    io_reason(&error)
                ))
                .hint("name a folder in which you may create files")
            })?;
        }
    }
    Ok(Exit::Done)
}

/// Writes the pages of a command and of those below it.
fn write(command: &Command, folder: &Path) -> io::Result<()> {
    fs::write(folder.join(Man::new(command.clone()).get_filename()), page(command)?)?;
    let below = command.get_subcommands().filter(|it| !it.is_hide_set());
    below.into_iter().try_for_each(|it| write(it, folder))
}

/// The page of one command. The examples keep their lines, which the library would join.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone()).source("App Role Broker").manual("App Role Broker");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    synopsis(command).to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    sections(&after).to_writer(&mut page)?;
    Ok(page)
}

/// The usage, as the help shows it.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    for line in usage.trim_start_matches("Usage:").lines() {
        roff.text([bold(line.trim())]).control("br", []);
    }
    roff
}

/// The sections of the text after a help. An unindented line that ends with a colon begins one, and the
/// following lines keep their form.
fn sections(text: &str) -> Roff {
    let mut roff = Roff::new();
    let mut is_example = false;
    for line in text.lines().filter(|line| !line.is_empty()) {
        let heading = line.strip_suffix(':').filter(|line| !line.starts_with(' '));
        if is_example && !line.starts_with(' ') {
            roff.control("fi", []).control("RE", []);
            is_example = false;
        }
        if let Some(heading) = heading {
            roff.control("SH", [heading.to_uppercase().as_str()]);
        } else if let Some(example) = line.strip_prefix("  ") {
            if !is_example {
                roff.control("RS", ["2"]).control("nf", []);
                is_example = true;
            }
            roff.text([roman(example)]);
        } else {
            roff.control("PP", []).text([roman(line)]);
        }
    }
    if is_example {
        roff.control("fi", []).control("RE", []);
    }
    roff
}
