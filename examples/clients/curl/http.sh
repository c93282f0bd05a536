#!/usr/bin/env bash
# Asks for app roles over HTTP, and waits for the result. Needs curl 7.84 or later, and jq.
#   ./http.sh ../request.json
# APP_ROLE_BROKER is the URL of the broker, and APP_ROLE_BROKER_KEY a function key of AssignRoleHttp.
set -euo pipefail

endpoint=${APP_ROLE_BROKER%/}/api/app-role-assignments

# The key comes by stdin, because other users see the command line. After the body: status, place, delay.
call() {
  printf 'header = "x-functions-key: %s"\n' "$APP_ROLE_BROKER_KEY" |
    curl --silent --show-error --config - --write-out '\n%{http_code}\n%header{location}\n%header{retry-after}\n' "$@"
}

arguments=("$endpoint" --json "@$1")
for ((end = SECONDS + 600; SECONDS < end; )); do
  { read -r result; read -r status; read -r place; read -r after; } < <(call "${arguments[@]}")
  if [[ $status == 202 ]]; then
    # The request waits for an approval. The address tells what became of it.
    arguments=("$endpoint$place")
  elif [[ -z $after ]]; then
    # The host itself refuses a wrong key, without a body.
    ((status < 400)) || printf '%s %s\n' "$status" "$(jq -r .detail <<< "$result")" >&2
    jq -r '.roles // [] | .[] | "\(.requested) \(.status) \(.message // "")"' <<< "$result"
    ((status < 400)) && jq -e '[.roles[].status] - ["assigned", "alreadyAssigned"] == []' <<< "$result" > /dev/null
    exit
  fi
  # 429 and 503 say when to send the same again.
  sleep "${after:-10}"
done
printf 'no result within 10 minutes\n' >&2
exit 1
