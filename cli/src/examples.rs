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
  6  drift";

pub(crate) const ASSIGN: &str = "\
Examples:
  app-role assign id-orders api://orders Orders.Read --dry-run
  app-role assign id-orders api://orders Orders.Read Orders.Write --yes --record changes.jsonl";

pub(crate) const REVOKE: &str = "\
Example:
  app-role revoke id-reports api://orders Orders.Read --yes --reason \"moved to the reports API\"";

pub(crate) const SUBMIT: &str = "\
Example:
  app-role submit assign id-orders api://orders Orders.Read --reason \"reads its own API\"

Environment:
  APP_ROLE_BROKER           URL of the broker
  APP_ROLE_BROKER_AUDIENCE  audience of the broker's tokens, to use your own account
  APP_ROLE_BROKER_KEY       function key of the broker";

pub(crate) const SUBMIT_ASSIGN: &str = "\
Example:
  app-role submit assign id-orders api://orders Orders.Read --request-id INC-1234 --wait 60";

pub(crate) const SUBMIT_REVOKE: &str = "\
Example:
  app-role submit revoke id-orders api://orders Orders.Read --dry-run";

pub(crate) const LIST: &str = "\
Example:
  app-role list id-reports";

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

pub(crate) const POLICY_CHECK: &str = "\
Example:
  app-role policy check policy.json";

pub(crate) const POLICY_EXPLAIN: &str = "\
Example:
  app-role policy explain id-orders api://orders Orders.Read --requester queue:app-role-requests";

pub(crate) const WHY: &str = "\
Examples:
  app-role why id-reports api://orders Orders.Read
  app-role why id-reports api://orders Orders.Read --token < token.txt";

pub(crate) const DRIFT: &str = "\
Example:
  app-role drift --broker-identity id-app-role-broker";

pub(crate) const DOCTOR: &str = "\
Example:
  app-role doctor --broker-identity id-app-role-broker --requests \"$RequestQueues\"";

pub(crate) const REPLAY: &str = "\
Examples:
  app-role replay --failed \"$AzureWebJobsStorage\" --requests \"$RequestQueues\" --queue app-role-requests --dry-run
  app-role replay --failed \"$AzureWebJobsStorage\" --requests \"$RequestQueues\" --queue app-role-requests --yes";

pub(crate) const COMPLETIONS: &str = "\
Example:
  app-role completions bash > app-role.bash";
