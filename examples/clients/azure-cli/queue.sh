#!/usr/bin/env bash
# Asks for app roles by the queue, and waits for the result of this request. Needs the Azure CLI and jq.
#   az login
#   export AZURE_STORAGE_ACCOUNT=<account> AZURE_STORAGE_AUTH_MODE=login
#   ./queue.sh ../request.json
# Instead of these two variables, AZURE_STORAGE_CONNECTION_STRING works too.
set -euo pipefail

results() { # <command> [<option>...]
  az storage message "$1" --queue-name app-role-results --output json "${@:2}"
}

sent=$(az storage message put --queue-name app-role-requests --content "$(jq -c . "$1")" --query id --output tsv)
for ((end = SECONDS + 600; SECONDS < end; )); do
  # Others wait for results in the same queue. A look hides nothing from them, and shows 32 messages.
  seen=$(results peek --num-messages 32)
  jq -e --arg sent "$sent" 'length == 32 or any(.content | contains($sent))' <<< "$seen" > /dev/null || continue
  # What is theirs is hidden for some seconds.
  page=$(results get --num-messages 32 --visibility-timeout 5)
  message=$(jq -c --arg sent "$sent" '[.[] | select((.content | fromjson).messageId == $sent)][0] // empty' <<< "$page")
  if [[ -n $message ]]; then
    # If this takes too long, another one has seen the message, and storage deletes it after seven days.
    results delete --id "$(jq -r .id <<< "$message")" --pop-receipt "$(jq -r .popReceipt <<< "$message")" > /dev/null || true
    jq -r '.content | fromjson | .roles[] | "\(.requested) \(.status) \(.message // "")"' <<< "$message"
    jq -e '.content | fromjson | [.roles[].status] - ["assigned", "alreadyAssigned"] == []' <<< "$message" > /dev/null
    exit
  fi
done
printf 'no result of %s within 10 minutes\n' "$sent" >&2
exit 1
