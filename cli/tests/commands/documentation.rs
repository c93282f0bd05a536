//! `docs/cli.md` is generated from the help of the program.
//!
//! `UPDATE_GOLDEN=1 cargo test -p app-role-cli documentation` rewrites it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

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

The broker's policy does not restrict you. `assign` and `revoke` work in any folder, and say which policy counts: the
file of `--policy`, or else `policy.json` in the current folder, or none. With `--broker`, they say whether that is the
policy in force. The decision of the policy is shown beside each change as advice, for the requester that you are when
you sign in to the broker, or for that of `--requester`. Changes of privileged roles, of protected principals and APIs,
of agent blueprints, of yourself and of the broker need `--privileged`. What a policy protects is known only if its file
counts.

All agents of a blueprint, present and future, can inherit the roles of its principal, and Microsoft Graph lists them
with no agent. `list`, `holders`, `why` and `drift` say so, in JSON as `inheritedByAgents` and `blueprints`.

## Signing in

You sign in with the account of the Azure CLI, or else of the Azure Developer CLI; `app-role whoami` shows it. `--auth
managed-identity` uses the managed identity of the machine. With `--tenant`, `az` is asked for a token of that tenant, and
a token of another one is refused before it is sent anywhere.

`--timeout` ends a command after a time. Its error names the changes that were sent and not answered, because it is
uncertain whether they were made (exit status 5). `submit` says which requests have no answer (7). `--verbose` shows each
HTTP request on standard error: method, address without query, status, time and the service's request ID. `--debug` also
shows fetched tokens, retries and filters. Neither shows tokens, keys, signatures, headers or bodies.

`HTTPS_PROXY` and `NO_PROXY` are honored. The proxy only passes on connections with TLS, so it sees no token. This machine
is never reached by a proxy, and the broker itself uses none.

## Contexts

A context is a named set of settings, for one broker or tenant:

```sh
app-role context set prod --broker https://func-app-role-broker.azurewebsites.net --policy policy.json
app-role context set test --broker https://func-test.azurewebsites.net --tenant contoso.onmicrosoft.com
app-role context use test
app-role whoami --context prod
```

An option has the value of the command line, or else of its environment variable, of the context, or its default. An
empty variable counts as unset. Contexts are in `app-role/config.json` in your folder for settings (`$XDG_CONFIG_HOME` or
`~/.config`, `%APPDATA%` on Windows), or in the file of `APP_ROLE_CONFIG`. Only you can read the file. It decides where
tokens are sent, so a file that belongs to another user, or that other users can write, is refused. It holds no secrets:
keys and connection strings stay in the environment.

## Using it

`assign`, `revoke` and `replay` show a plan and ask for confirmation before they change anything. Without a terminal,
pass `--yes`. Ctrl-C during a change ends it at once: the output says what is done, what is uncertain and what was not
attempted, and how to find out. `submit` does not ask: the policy decides.

`approvals` shows what waits for your approval, and takes your decision. You sign in to the broker with your own account,
which a rule must name as an approver; a function key proves no person. `approve` shows exactly what its digest covers,
and refuses an answer of the broker in which something else is shown than is approved. A script needs `--yes` and the
`--digest` of what a person has looked at. A request that waits has the status `pendingApproval`, and `submit` exits
with 7.

`submit` asks nothing on the terminal, because the policy decides. It sends one request, or [the requests of a
file](asking.md), over HTTP or by queue. If you interrupt it, what was sent stays sent, and it says where.

- Results are printed to standard output, and everything else to standard error.
- Colors and progress appear on terminals only. A command that takes longer than a second says what it waits for.
  `--no-color` and `NO_COLOR` disable colors.
- Tokens and keys are never printed. Keys and connection strings are read from the environment, never from the command
  line, which other users can read: there, a storage account is named by its queue endpoint.
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

`code` is `usage`, `failed`, `denied`, `notFound`, `partly`, `findings`, `pending`, `unknown` or `interrupted`, as the exit
status, or says more: `forbidden`, `ambiguous`, `notSignedIn`, `azureCliMissing`, `azureCliSlow`, `wrongTenant`,
`accountUnknown`, `principalNotFound`, `roleNotFound`, `roleNotForAgents`, `principalFull`, `directoryFull`, `throttled`,
`graphRefused`, `graphUnavailable`, `graphUnreadable`, `noAnswer`, `timedOut`, `unexpectedAnswer`,
`noCertificateAuthorities`, `queryFailed` or `outputLost`. New codes may come.

Pipelines obey some lines of a command's output. Where a stream is no terminal, `##vso[`, `##[` and `::` at the start of a
line are spoiled in lines and cells, and escaped in JSON and YAML, whose values stay equal.

If standard output cannot be written, for example because the disk is full, the exit status is 1. A reader that closes
the pipe early, like `head`, is no failure. Standard output that the caller has closed (`>&-`) cannot be noticed: what the
command prints is lost, and its exit status is the usual one.

| exit status | meaning |
|---|---|
| 0 | success, or nothing to do; `submit` by queue without `--wait`: sent |
| 1 | failure: nothing was changed, or standard output could not be written |
| 2 | invalid command line |
| 3 | denied by the policy, by Microsoft Graph, because you are no approver, or because `--privileged` is missing |
| 4 | a name was not found or is ambiguous |
| 5 | partly done, uncertain after `--timeout`, or done and not told because `--query` failed; the output shows what was changed, and a report or `record check` what could not be read |
| 6 | `drift`, `record check`, `policy test` and `policy diff` only: something was found, a test failed, or the policies differ |
| 7 | a request waits for approval, or has no answer: `submit` and `approvals status` |
| 8 | `doctor` only: it could not look at something, for instance because you lack a right, and what it saw is right |
| 130 | interrupted; the output of a change shows what is uncertain, and what was sent stays sent |

A 403 of Microsoft Graph about your own rights is 3 in every command that reads or writes with them, except that
`doctor` then could not look, and that `report`, `policy init` and `policy diff` go on if only a part of the tenant is
denied.

A rule of the policy can ask for [an approval](policy-reference.md#approvals). `policy check` shows the terms, and
`policy explain` says `needsApproval` and who can approve. Its last lines say which facts were looked up, or which were
assumed because you are not signed in or asked for `--offline`. `policy test` runs [the tests of a
policy](policy.md#testing-a-policy) and looks nothing up.

`policy diff` says [what a change of the policy does](policy.md#reviewing-a-change). `doctor`, `drift` and `plan` ask the
broker of `--broker` which policy is in force, and warn if the file of `--policy` is another.

`doctor` looks at files, tenant, Azure and queues, and joins them: a requester of the policy without a function, a queue
of requests that no rule names, a queue that does not exist. What was not asked for is `notChecked`; what it could not
look at is `unknown`.

`list --through-broker` and `approvals status` ask the broker over HTTP, with the key or the sign-in of a requester: a
team needs no right in the tenant to see what its identities hold, and what became of its requests.

`history` joins the record with what a principal holds now: who asked for each grant, when, why, until when, who removed
it, and what the record does not know.

`report` writes a file instead: [who may do what](report.md), for browsers, programs or spreadsheets.

`record` reads the broker's tables with your own Azure role Storage Table Data Reader. Name their storage account with
`--audit` or in `APP_ROLE_AUDIT`; `list`, `holders`, `why`, `history`, `drift` and `report` then say which assignments
end. Tokens may carry a role for up to 24 hours after its assignment has ended (`tokensUntil`).

This page is generated from the program's help. A test runs every example, and `cli/tests/golden` has their output.
";

/// How to install the program. The archives are those of `scripts/package-cli.sh`.
const INSTALL: &str = "
## Install

A release of the repository has an archive for each system. It holds the program, the completion scripts and the manual
pages:

| system | archive |
|---|---|
| Linux, any distribution | `app-role-x86_64-unknown-linux-musl.tar.gz`, `app-role-aarch64-unknown-linux-musl.tar.gz` |
| macOS | `app-role-aarch64-apple-darwin.tar.gz`, `app-role-x86_64-apple-darwin.tar.gz` |
| Windows | `app-role-x86_64-pc-windows-msvc.tar.gz` |

```sh
archive=app-role-x86_64-unknown-linux-musl
gh release download <tag> --repo <owner>/<repository> --pattern $archive.tar.gz --pattern SHA256SUMS
sha256sum --check --ignore-missing SHA256SUMS
gh attestation verify $archive.tar.gz --repo <owner>/<repository> --deny-self-hosted-runners \\
  --signer-workflow <owner>/<repository>/.github/workflows/release.yml --source-ref refs/tags/<tag>
tar -xzf $archive.tar.gz
sudo install $archive/app-role /usr/local/bin/
```

The checksum shows that the copy is complete. The attestation shows that the release workflow built it from the tag.

From source, `cargo install --path cli --locked` needs Rust and a C compiler. `cargo binstall` downloads the archive
instead, if `repository` in the workspace's `Cargo.toml` names where the releases are.

For completion, load the script of your shell: [`app-role completions`](#app-role-completions) says from where. In bash,
zsh and fish it completes commands, options, files, and names: roles of Microsoft Graph, the APIs, roles and requesters
of your policy file, and contexts. It sends nothing over the network. `app-role man man1` writes the manual pages, one per
command.
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

/// Returns the texts in quotes of a source file that follow one of these texts.
fn quoted_after(text: &str, beginning: &str) -> Vec<String> {
    let after = text.split(beginning).skip(1).filter_map(|rest| rest.split('"').next());
    after
        .filter(|word| word.chars().all(|one| one.is_ascii_alphabetic()))
        .map(str::to_owned)
        .collect()
}

/// Returns the codes of errors in the source: those of exit statuses, of Graph's errors and of others.
fn codes_in_the_source() -> BTreeSet<String> {
    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let all = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
        all.collect()
    }
    let source =
        |name: &str| std::fs::read_to_string(app_root().join("cli/src").join(name)).unwrap();
    let mut codes: BTreeSet<_> = quoted_after(&source("exit.rs"), "=> \"").into_iter().collect();
    codes.remove("done");
    for line in source("failure.rs").lines() {
        let beginning = line.trim_start().trim_start_matches("_ => ").trim_start_matches('(');
        if let Some((word, rest)) =
            beginning.strip_prefix('"').and_then(|rest| rest.split_once('"'))
            && rest.starts_with(',')
            && word.chars().all(|one| one.is_ascii_alphabetic())
        {
            codes.insert(word.to_owned());
        }
    }
    for file in files(&app_root().join("cli/src")) {
        codes.extend(quoted_after(&std::fs::read_to_string(file).unwrap(), ".code(\""));
    }
    codes
}

#[test]
fn the_page_has_every_code_of_an_error_and_no_other() {
    let (_, list) = INTRODUCTION.split_once("\n`code` is ").unwrap();
    let (list, _) = list.split_once(". New codes may come.").unwrap();
    let listed: BTreeSet<_> = list.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(listed.len() > 20, "{listed:?}");
    assert_eq!(listed, codes_in_the_source());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch for developers")]
fn the_page_about_the_command_line_agrees_with_its_help() {
    let mut command = Arguments::command().term_width(WIDTH);
    command.build();
    let page = format!("{INTRODUCTION}{INSTALL}{}", chapters(&mut command, ""));
    let file = app_root().join("docs/cli.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page, "run UPDATE_GOLDEN=1 cargo test -p app-role-cli documentation");
}
