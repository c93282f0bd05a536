//! `docs/cli.md` is what clap says of the command line.
//!
//! `UPDATE_GOLDEN=1 cargo test -p app-role-cli documentation` writes it anew.

use app_role_cli::arguments::Arguments;
use clap::{Command, CommandFactory as _};

use crate::world::app_root;

/// How wide the help is written down, in columns.
const WIDTH: usize = 100;

/// The options that every command has stand at the first one only.
const GLOBAL_OPTIONS: &str = "Options of every command:";

const INTRODUCTION: &str = "\
# The operator's tool: `app-role`

One line where the documented procedure has seven steps:

```sh
cargo install --path cli --locked
az login --tenant <tenant>
app-role assign id-orders api://orders Orders.Read
```

`app-role` uses your own sign-in, so it can do exactly what you may do: app roles of Microsoft Graph take a Privileged
Role Administrator, those of other APIs a Cloud Application Administrator, and looking a Directory Reader. Without such
a role, `app-role submit` asks the broker. The broker's policy is shown beside each change as advice; what is privileged
or protected, yourself and the broker take `--privileged`.

Nothing is changed before you have seen what would be. Without a terminal, `--yes` must say that it is meant.

- Results go to standard output, everything else to standard error. With `--output json` standard output is one JSON
  document.
- Colours and progress are for terminals. `NO_COLOR` and `--no-color` turn colours off.
- No token and no key is ever printed. Keys are read from the environment, never from the command line.
- An error is one sentence; what to do about it is the line after, which begins with `hint:`.

| exit status | meaning |
|---|---|
| 0 | done, or there was nothing to do |
| 1 | failed, and nothing was changed |
| 2 | the command line makes no sense |
| 3 | denied: by the policy, by Microsoft Graph or by this tool's own guards |
| 4 | a name means nothing, or several things |
| 5 | partly done: the output says what |
| 6 | `drift` only: the tenant differs from the policy |

This page is written by a test from what the program says of itself, and every example is run by one:
`cli/tests/golden` has what each prints.
";

/// The help of a command and of those below it.
fn chapters(command: &mut Command, path: &str) -> String {
    let name = format!("{path} {}", command.get_name()).trim().to_owned();
    let mut help = command.render_long_help().to_string();
    if name != "app-role" {
        let (own, _) = help.split_once(GLOBAL_OPTIONS).unwrap();
        help = format!("{own}{}", command.get_after_help().unwrap());
    }
    let lines: Vec<_> = help.lines().map(str::trim_end).collect();
    let mut text = format!("\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim());
    for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
        text.push_str(&chapters(below, &name));
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch for developers")]
fn the_page_about_the_command_line_is_what_the_command_line_says_of_itself() {
    let mut command = Arguments::command().term_width(WIDTH);
    command.build();
    let page = format!("{INTRODUCTION}{}", chapters(&mut command, ""));
    let file = app_root().join("docs/cli.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page, "run UPDATE_GOLDEN=1 cargo test -p app-role-cli documentation");
}
