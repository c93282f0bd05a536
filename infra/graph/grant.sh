#!/usr/bin/env bash
# Gives the broker's identity its two app roles on Microsoft Graph; what it holds is left alone, so it
# can be run again. Does what main.bicep beside it does, without the Bicep registry.
#
#   infra/graph/grant.sh <object id of the broker's identity>
#
# Run it signed in (az login) as a Privileged Role Administrator; no other role suffices for Graph's
# own app roles. GRAPH_ENDPOINT names the Graph of a national cloud.
set -euo pipefail

readonly graph="${GRAPH_ENDPOINT:-https://graph.microsoft.com}/v1.0"
readonly graph_app_id=00000003-0000-0000-c000-000000000000
readonly guid='^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'

fail() { printf 'grant.sh: %s\n' "$*" >&2; exit 1; }

read_graph() { az rest --method get --url "$graph/$1" --query "$2" --output tsv; }

[[ $# -eq 1 && $1 =~ $guid ]] || fail "say the object id of the broker's identity: BROKER_PRINCIPAL_ID, the deployment's output"
command -v az >/dev/null || fail "the Azure CLI (az) is missing"
readonly principal=$1

kind=$(read_graph "servicePrincipals/$principal" servicePrincipalType) ||
  fail "$principal is no service principal that Graph knows. Is it the object id, not the client id? A new identity takes minutes"
[[ $kind == ManagedIdentity ]] || fail "$principal is of type $kind; the broker's identity is a ManagedIdentity"
resource=$(read_graph "servicePrincipals(appId='$graph_app_id')" id)

for role in AppRoleAssignment.ReadWrite.All Application.Read.All; do
  role_id=$(read_graph "servicePrincipals/$resource" "appRoles[?value=='$role' && contains(allowedMemberTypes, 'Application')].id | [0]")
  [[ $role_id =~ $guid ]] || fail "Graph has no app role $role"
  held=$(read_graph "servicePrincipals/$principal/appRoleAssignments?\$top=999" "length(value[?appRoleId=='$role_id' && resourceId=='$resource'])")
  if [[ $held != 0 ]]; then
    printf '%s: held already\n' "$role"
    continue
  fi
  az rest --method post --url "$graph/servicePrincipals/$resource/appRoleAssignedTo" --output none \
    --headers Content-Type=application/json \
    --body "{\"principalId\":\"$principal\",\"resourceId\":\"$resource\",\"appRoleId\":\"$role_id\"}" ||
    fail "Graph refused $role: are you a Privileged Role Administrator, and is the role active (PIM)?"
  printf '%s: granted\n' "$role"
done

printf 'Tokens that the platform has cached show the roles after up to 24 hours; a new app shows them at once.\n'
