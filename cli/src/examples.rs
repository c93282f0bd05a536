//! The examples at the end of each `--help`. A test runs all of them.

pub(crate) const APP_ROLE: &str = "\
Example:
  app-role assign id-orders api://orders Orders.Read --yes

Exit status:
  0  success
  1  failure
  2  invalid command line
  3  denied
  4  not found or ambiguous
  5  partly done
  6  drift, findings in the record, failed tests of the policy, or policies that differ
  7  a request waits for approval, or had no answer in time
  8  doctor could not look
  130  interrupted; what is uncertain was printed";

pub(crate) const ASSIGN: &str = "\
Examples:
  app-role assign id-orders api://orders Orders.Read --dry-run
  app-role assign id-orders api://orders Orders.Read Orders.Write --yes --record changes.jsonl";

pub(crate) const REVOKE: &str = "\
Example:
  app-role revoke id-reports api://orders Orders.Read --yes --reason \"moved to the reports API\"";

pub(crate) const SUBMIT: &str = "\
Examples:
  app-role submit -f app-roles.json --wait --timeout 10m
  app-role submit -f app-roles.json --via queue
  app-role submit -f app-roles.json --plan
  app-role submit assign id-orders api://orders Orders.Read --reason \"reads its own API\"

Nothing is asked on the terminal: the policy decides, and the broker records who asked.

Environment:
  APP_ROLE_BROKER           URL of the broker
  APP_ROLE_BROKER_AUDIENCE  audience of the broker's tokens, to use your own account
  APP_ROLE_BROKER_KEY       function key of the broker
  APP_ROLE_REQUESTS         storage account of the request queues, to send by queue

Exit status:
  0    done, or sent to the queue without --wait
  1    failed, or a request is invalid
  2    the command line is invalid
  3    denied
  4    a name was not found or is ambiguous
  5    some requests were done, and others were not
  7    a request waits for approval, or has no answer
  130  interrupted; what was sent stays sent";

pub(crate) const SUBMIT_ASSIGN: &str = "\
Examples:
  app-role submit assign id-orders api://orders Orders.Read --duration PT8H
  app-role submit assign id-orders api://orders Orders.Read --request-id INC-1234 --timeout 60s
  app-role submit assign id-orders api://orders Orders.Read --via queue --wait";

pub(crate) const SUBMIT_REVOKE: &str = "\
Example:
  app-role submit revoke id-orders api://orders Orders.Read --dry-run";

pub(crate) const APPROVALS: &str = "\
Example:
  app-role approvals list

Environment:
  APP_ROLE_BROKER           URL of the broker
  APP_ROLE_BROKER_AUDIENCE  audience of the broker's tokens, to use your own account";

pub(crate) const APPROVALS_LIST: &str = "\
Example:
  app-role approvals list --wait 10";

pub(crate) const APPROVALS_SHOW: &str = "\
Example:
  app-role approvals show 5f0a7d0e-0000-4000-8000-000000000001";

pub(crate) const APPROVALS_STATUS: &str = "\
Example:
  app-role approvals status 5f0a7d0e-0000-4000-8000-000000000001

Environment:
  APP_ROLE_BROKER_KEY  function key of the broker

Exit status:
  0  done
  3  denied, by the policy or by an approver
  7  it waits, or is being carried out";

pub(crate) const APPROVALS_APPROVE: &str = "\
Examples:
  app-role approvals approve 5f0a7d0e-0000-4000-8000-000000000001
  app-role approvals approve 5f0a7d0e-0000-4000-8000-000000000001 --yes --digest 8130afdf89e33ad85a34457eec8c23adc6ee8273e0311f991378121a605e0050";

pub(crate) const APPROVALS_DENY: &str = "\
Example:
  app-role approvals deny 5f0a7d0e-0000-4000-8000-000000000001 --yes --reason \"use the staging API\"";

pub(crate) const LIST: &str = "\
Examples:
  app-role list id-reports
  app-role list id-reports --query \"[?privileged].role\"
  app-role list id-reports --api api://orders --through-broker

Without --through-broker, you need to be able to read the directory.";

pub(crate) const HISTORY: &str = "\
Example:
  app-role history id-reports

Who made a change that is not on record is in the audit log of Entra, for 30 days.";

pub(crate) const HOLDERS: &str = "\
Examples:
  app-role holders api://orders
  app-role holders graph --role Application.Read.All";

pub(crate) const ROLES: &str = "\
Examples:
  app-role roles api://orders
  app-role roles graph \"Mail.*\"";

pub(crate) const PLAN: &str = "\
Example:
  app-role plan request.json --requester queue:app-role-requests";

pub(crate) const POLICY: &str = "\
Example:
  app-role policy check";

pub(crate) const POLICY_INIT: &str = "\
Examples:
  app-role policy init first.json
  app-role policy init --from-tenant --broker-identity id-app-role-broker
  app-role policy init adopted.json --from-tenant --broker-identity id-app-role-broker

Exit status:
  5  a part of the tenant could not be read, so rules may be missing";

pub(crate) const POLICY_CHECK: &str = "\
Examples:
  app-role policy check policy.json
  app-role policy check --online --strict

Exit status:
  0  valid
  1  refused, or with --strict: a warning that the file does not acknowledge";

pub(crate) const POLICY_EXPLAIN: &str = "\
Examples:
  app-role policy explain id-orders api://orders Orders.Read
  app-role policy explain id-orders api://orders Orders.Read --requester queue:app-role-requests
  app-role policy explain c0a70500-0000-4000-8000-0000000000d1 graph Place.Read.All --offline

Without a sign-in, names that need no look-up are explained as with --offline.

Exit status:
  0  allowed, or allowed once it is approved; without --requester, for one requester or the baseline
  3  denied";

pub(crate) const POLICY_TEST: &str = "\
Examples:
  app-role policy test
  app-role policy test policy.policytest.json --require-coverage --junit results.xml

A test shows that a rule denies if it is denied and the rule lacks exactly one thing.

Exit status:
  0  all tests passed
  1  the policy or a test file is faulty or cannot be read
  6  a test failed, or, with --require-coverage, a rule lacks a test";
pub(crate) const POLICY_DIFF: &str = "\
Examples:
  app-role policy diff old.json policy.json
  git show main:policy.json | app-role policy diff - --markdown
  app-role policy diff old.json --online --broker-identity id-app-role-broker

Exit status:
  0  both policies allow the same
  6  the policies differ in what they allow, assign or protect";

pub(crate) const WHY: &str = "\
Examples:
  app-role why id-reports api://orders Orders.Read
  app-role why id-reports api://orders Orders.Read --token < token.txt";

pub(crate) const RECORD: &str = "\
Example:
  app-role record show --since 2h

Environment:
  APP_ROLE_AUDIT  storage account of the broker's tables: a queue endpoint or a connection string";

pub(crate) const RECORD_SHOW: &str = "\
Examples:
  app-role record show --since 7d --principal id-reports
  app-role record show --requester queue:app-role-requests --limit 5";

pub(crate) const RECORD_FOLLOW: &str = "\
Example:
  app-role record follow --since 1h";

pub(crate) const RECORD_CHECK: &str = "\
Example:
  app-role record check --broker-identity id-app-role-broker

Exit status:
  0  nothing was found; without --broker-identity, changes in Entra were not compared
  3  you may not read Entra's audit log, and the record alone shows nothing
  4  the broker's identity was not found, and the record alone shows nothing
  5  changes in Entra could not be compared, and the record alone shows nothing
  6  something was found";

pub(crate) const DRIFT: &str = "\
Example:
  app-role drift --broker-identity id-app-role-broker";

pub(crate) const REPORT: &str = "\
Examples:
  app-role report -o access.html --broker-identity id-app-role-broker
  app-role report -o access.csv -o access.json --since yesterday.json

Exit status:
  0  the report is complete
  5  the report was written, and its notes say what could not be read";

pub(crate) const DOCTOR: &str = "\
Example:
  app-role doctor --broker-identity id-app-role-broker

Environment:
  APP_ROLE_REQUESTS      account of the request queues: a queue endpoint or a connection string
  APP_ROLE_HOST_STORAGE  account of AzureWebJobsStorage: a queue endpoint or a connection string

Exit status:
  0  nothing is wrong, as far as it was asked to look
  1  something is wrong
  8  it could not look at something, and what it saw is right";

pub(crate) const REPLAY: &str = "\
Examples:
  app-role replay --queue app-role-requests --dry-run
  app-role replay --queue app-role-requests --yes

Environment:
  APP_ROLE_REQUESTS      account of the request queues: a queue endpoint or a connection string
  APP_ROLE_HOST_STORAGE  account of app-role-failed: a queue endpoint or a connection string

Without --yes, it lists the requests and asks before it sends them. An empty queue is a success.

Exit status:
  0    all were replayed, or there is nothing to replay
  5    some were replayed
  130  interrupted: the output says which request is uncertain, and the next run replays the rest";

pub(crate) const WHOAMI: &str = "\
Example:
  app-role whoami";

pub(crate) const CONTEXT: &str = "\
Example:
  app-role context set prod --broker https://func-app-role-broker.azurewebsites.net --audience api://app-role-broker

Environment:
  APP_ROLE_CONFIG   file of the contexts; default: app-role/config.json in your folder for settings
  APP_ROLE_CONTEXT  context to use instead of the current one

A setting is taken from an option, or else from the environment, from the context, or from its default.";

pub(crate) const CONTEXT_SET: &str = "\
Examples:
  app-role context set prod --broker https://func-app-role-broker.azurewebsites.net --policy policy.json
  app-role context set prod --unset policy --tenant contoso.onmicrosoft.com";

pub(crate) const CONTEXT_USE: &str = "\
Example:
  app-role context use test";

pub(crate) const CONTEXT_LIST: &str = "\
Example:
  app-role context list";

pub(crate) const CONTEXT_SHOW: &str = "\
Example:
  app-role context show test";

pub(crate) const CONTEXT_DELETE: &str = "\
Example:
  app-role context delete test";

pub(crate) const VERSION: &str = "\
Examples:
  app-role version
  app-role version --broker \"$APP_ROLE_BROKER\"";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  app-role completions bash > app-role.bash
  app-role completions zsh > _app-role
  app-role completions fish > app-role.fish

Where the shells look for the script:
  bash        ~/.local/share/bash-completion/completions/app-role, with the package bash-completion;
              or source the script in ~/.bashrc
  zsh         _app-role in a folder of $fpath, before compinit runs
  fish        ~/.config/fish/completions/app-role.fish
  powershell  in $PROFILE: app-role completions powershell | Out-String | Invoke-Expression

In bash, zsh and fish, names are completed too: roles of Microsoft Graph, the APIs, roles and
requesters of the policy file, and contexts. The scripts call app-role, which must be on the PATH.";

pub(crate) const MAN: &str = "\
Examples:
  app-role man man1
  app-role man > app-role.1

Look at a page with `man -l man1/app-role-assign.1`.";
