#!/usr/bin/env bash
# Asks for app roles by the queue, and waits for the result of this request. Needs curl, jq, and an Azure
# resource with a managed identity.
#   ./queue.sh ../request.json
# APP_ROLE_REQUESTS is the URL of the queues: https://<account>.queue.core.windows.net.
set -euo pipefail

# App Service and Container Apps set both variables. A virtual machine has the fixed address.
token=$(curl --silent --show-error --fail --get -d api-version=2019-08-01 -d resource=https://storage.azure.com \
  ${AZURE_CLIENT_ID:+-d "client_id=$AZURE_CLIENT_ID"} -H 'Metadata: true' -H "X-IDENTITY-HEADER: ${IDENTITY_HEADER:-}" \
  "${IDENTITY_ENDPOINT:-http://169.254.169.254/metadata/identity/oauth2/token}" | jq -r .access_token)

# The token comes by stdin, because other users see the command line.
storage() { # <method> <path> [<option of curl>...]
  printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl --silent --show-error --fail --config - -X "$1" -H 'x-ms-version: 2021-12-02' \
      -H "x-ms-date: $(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')" "${APP_ROLE_REQUESTS%/}/$2" "${@:3}"
}
field() { sed -n "s:.*<$1>\(.*\)</$1>.*:\1:p"; }

text=$(jq -r 'tojson | @html' "$1")
sent=$(storage POST app-role-requests/messages -d "<QueueMessage><MessageText>$text</MessageText></QueueMessage>" | field MessageId)
for ((end = SECONDS + 600; SECONDS < end; )); do
  sleep 1
  # Others wait for results in the same queue. A look hides nothing from them, and shows 32 messages.
  seen=$(storage GET 'app-role-results/messages?peekonly=true&numofmessages=32')
  [[ $seen == *"$sent"* || $(grep -o '<QueueMessage>' <<< "$seen" | wc -l) -eq 32 ]] || continue
  # What is theirs is hidden for a second.
  page=$(storage GET 'app-role-results/messages?numofmessages=32&visibilitytimeout=1')
  while IFS= read -r message; do
    result=$(field MessageText <<< "$message" | sed 's/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g')
    [[ $(jq -r .messageId <<< "$result") == "$sent" ]] || continue
    receipt=$(field PopReceipt <<< "$message" | jq -Rr @uri)
    storage DELETE "app-role-results/messages/$(field MessageId <<< "$message")?popreceipt=$receipt"
    jq -r '.roles[] | "\(.requested) \(.status) \(.message // "")"' <<< "$result"
    jq -e '[.roles[].status] - ["assigned", "alreadyAssigned"] == []' <<< "$result" > /dev/null
    exit
  done < <(printf '%s\n' "${page//<QueueMessage>/$'\n'}" | tail -n +2)
done
printf 'no result of %s within 10 minutes\n' "$sent" >&2
exit 1
