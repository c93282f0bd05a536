//! `docs/cli.md` is generated from the help of the program.
//!
//! `UPDATE_GOLDEN=1 cargo test -p app-role-cli documentation` rewrites it.

use app_role_cli::arguments::Arguments;
use clap::{Command, CommandFactory as _};

use crate::world::app_root;

/// The width of help texts in the page, in columns.
const WIDTH: usize = 100;

/// The heading of the global options. The page lists them once.
const GLOBAL_OPTIONS: &str = "Global options:";

const INTRODUCTION: &str = "\
# The operator's tool: `app-role`

`app-role` shows, explains and changes app role assignments at the command line:

```sh
cargo install --path cli --locked
az login --tenant <tenant>
app-role assign id-orders api://orders Orders.Read
```

`app-role` uses your own account, so it can do what your own permissions allow. To change app roles of Microsoft Graph
you must be a Privileged Role Administrator; for other APIs, a Cloud Application Administrator; to read, a Directory
Reader. Without these roles, send the request to the broker with `app-role submit`.

The broker's policy does not restrict you. Its decision is shown beside each change as advice. Changes of privileged
roles, of protected principals and APIs, of agent blueprints, of yourself and of the broker need `--privileged`.

All agents of a blueprint, present and future, can inherit the roles of its principal, and Microsoft Graph lists them
with no agent. `list`, `holders`, `why` and `drift` say so, in JSON as `inheritedByAgents` and `blueprints`.

`assign` and `revoke` show a plan and ask for confirmation before they change anything. Without a terminal, pass `--yes`.

`approvals` shows what waits for your approval, and takes your decision. You sign in to the broker with your own account,
which a rule must name as an approver; a function key proves no person. `approve` shows exactly what its digest covers,
and refuses an answer of the broker in which something else is shown than is approved. A script needs `--yes` and the
`--digest` of what a person has looked at. A request that waits is a success of `submit`, with the status
`pendingApproval`.

- Results are printed to standard output, and everything else to standard error.
- Colors and progress appear on terminals only. `--no-color` and `NO_COLOR` disable colors.
- Tokens and keys are never printed. Keys are read from the environment, never from the command line.
- An error is one sentence. The next line starts with `hint:` and says what to do.
- A table that does not fit the terminal has one cell per line, so that IDs and role values stay in one piece.

`-o json` prints one JSON document instead, and `-o yaml` the same as YAML. `-o tsv` and `-o csv` print a row for each
object of a list: `tsv` has no headers, for shell scripts, and `csv` has headers and no formulas, for spreadsheets. A
nested value is JSON in its cell. `record follow` prints a line, a YAML document or a row for each decision.

`--query` takes [JMESPath](https://jmespath.org) and prints what it selects from the document: as JSON, or as `-o` says.
`-o table` prints the objects that it selects as a table.

```sh
app-role list id-orders --query '[?privileged].role' -o tsv
app-role drift --broker-identity id-app-role-broker --query unexpected -o csv > unexpected.csv
```

With a format for programs, an error is one JSON document on standard error, also that of an invalid command line. Where
standard error is no terminal, remarks are lines of JSON, too, so each line is an object with `note` or `error`. Progress
appears on terminals only.

```json
{\"error\":{\"code\":\"notFound\",\"message\":\"this tenant has no principal \\\"id-ordres\\\"\",\"hint\":\"did you mean id-orders?\",\"exitStatus\":4}}
```

`code` is `usage`, `failed`, `denied`, `notFound`, `partly` or `findings`, as the exit status, or says more: `forbidden`,
`ambiguous`, `notSignedIn`, `accountUnknown`, `principalNotFound`, `roleNotFound`, `roleNotForAgents`, `principalFull`,
`directoryFull`, `throttled`, `graphRefused`, `graphUnavailable`, `graphUnreadable`, `noAnswer`, `unexpectedAnswer`,
`noCertificateAuthorities`, `queryFailed` or `outputLost`. New codes may come.

If standard output cannot be written, for example because the disk is full, the exit status is 1. A reader that closes
the pipe early, like `head`, is no failure.

| exit status | meaning |
|---|---|
| 0 | success, nothing to do, or the request waits for approval |
| 1 | failure: nothing was changed, or standard output could not be written |
| 2 | invalid command line |
| 3 | denied by the policy, by Microsoft Graph, because you are no approver, or because `--privileged` is missing |
| 4 | a name was not found or is ambiguous |
| 5 | partly done; the output shows what was changed, and a report what could not be read |
| 6 | `drift`, `record check`, `policy test` and `policy diff` only: something was found, a test failed, or the policies differ |

A rule of the policy can ask for [an approval](policy-reference.md#approvals). `policy check` shows the terms, and
`policy explain` says `needsApproval` and who can approve. Its last lines say which facts were looked up, or which were
assumed because you are not signed in or asked for `--offline`. `policy test` runs [the tests of a
policy](policy.md#testing-a-policy) and looks nothing up.

`policy diff` says [what a change of the policy does](policy.md#reviewing-a-change). `doctor`, `drift` and `plan` ask the
broker of `--broker` which policy is in force, and warn if the file of `--policy` is another.

`report` writes a file instead: [who may do what](report.md), for browsers, programs or spreadsheets.

`record` reads the broker's tables with your own Azure role Storage Table Data Reader. Name their storage account with
`--audit` or in `APP_ROLE_AUDIT`; `list`, `holders`, `why`, `drift` and `report` then say which assignments end. Tokens may carry a
role for up to 24 hours after its assignment has ended (`tokensUntil`).

This page is generated from the program's help. A test runs every example, and `cli/tests/golden` has their output.
";

/// Returns the help of a command and its subcommands.
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
fn the_page_about_the_command_line_agrees_with_its_help() {
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
