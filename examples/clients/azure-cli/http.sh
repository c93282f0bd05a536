#!/usr/bin/env bash
# Asks for app roles over HTTP, and waits for the result. Needs the Azure CLI and jq.
#   ./http.sh ../request.json
# APP_ROLE_BROKER is the URL of the broker, and APP_ROLE_BROKER_KEY a function key of AssignRoleHttp.
# If APP_ROLE_BROKER_AUDIENCE is set, the call also has a token of the account that is signed in (az login).
set -euo pipefail

endpoint=${APP_ROLE_BROKER%/}/api/app-role-assignments
sign_in=(--skip-authorization-header)
if [[ -n ${APP_ROLE_BROKER_AUDIENCE:-} ]]; then
  sign_in=(--resource "$APP_ROLE_BROKER_AUDIENCE")
fi

# The key comes by stdin, because other users see the command line. A refusal ends the script with its text.
call() {
  jq -n '{"x-functions-key": env.APP_ROLE_BROKER_KEY, "content-type": "application/json"}' |
    az rest "${sign_in[@]}" --headers @- --output json "$@"
}

result=$(call --method post --uri "$endpoint" --body "@$1")
approval=$(jq -r '.approvalId // ""' <<< "$result")
pending=$(jq '[.roles[].status] | index("pendingApproval") != null' <<< "$result")
for ((end = SECONDS + 600; SECONDS < end; )); do
  if [[ $pending == false ]]; then
    jq -r '.roles[] | "\(.requested) \(.status) \(.message // "")"' <<< "$result"
    jq -e '[.roles[].status] - ["assigned", "alreadyAssigned"] == []' <<< "$result" > /dev/null
    exit
  fi
  sleep 10
  # Before the final result, the answer is the approval, which has a state.
  result=$(call --method get --uri "$endpoint?approval=$approval")
  pending=$(jq 'has("state")' <<< "$result")
done
printf 'the request still waits for approval %s\n' "$approval" >&2
exit 1
