#!/usr/bin/env bash
# Assigns the broker's identity its two app roles on Microsoft Graph. Roles that it holds stay, so the
# script can be run again, also seconds later. main.bicep beside it can be deployed only once.
#
#   infra/graph/grant.sh <object id of the broker's identity>
#
# Sign in (az login) as a Privileged Role Administrator first: no other role may assign Graph's own app
# roles. GRAPH_ENDPOINT names the Graph of a national cloud.
set -euo pipefail

readonly graph="${GRAPH_ENDPOINT:-https://graph.microsoft.com}/v1.0"
readonly graph_app_id=00000003-0000-0000-c000-000000000000
readonly guid='^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'

fail() { printf 'grant.sh: %s\n' "$*" >&2; exit 1; }

# Prints why Graph refused, unless the role is assigned already: Graph's lists can lag behind by a minute.
assign() {
  local answer
  answer=$(az rest --method post --url "$graph/servicePrincipals/$resource/appRoleAssignedTo" --output none \
    --headers Content-Type=application/json \
    --body "{\"principalId\":\"$principal\",\"resourceId\":\"$resource\",\"appRoleId\":\"$1\"}" 2>&1) && return
  [[ $answer == *'Permission being assigned already exists on the object'* ]] && return
  printf '%s\n' "$answer" >&2
  return 1
}

read_graph() { az rest --method get --url "$graph/$1" --query "$2" --output tsv; }

[[ $# -eq 1 && $1 =~ $guid ]] || fail "usage: grant.sh <object id of the broker's identity>; it is BROKER_PRINCIPAL_ID in the deployment's outputs"
command -v az >/dev/null || fail "the Azure CLI (az) is not installed"
readonly principal=$1

kind=$(read_graph "servicePrincipals/$principal" servicePrincipalType) ||
  fail "Graph knows no service principal $principal; use the object id, not the client id, and wait some minutes after creating an identity"
[[ $kind == ManagedIdentity ]] || fail "$principal has the type $kind; the broker's identity must be a ManagedIdentity"
resource=$(read_graph "servicePrincipals(appId='$graph_app_id')" id)

for role in AppRoleAssignment.ReadWrite.All Application.Read.All; do
  role_id=$(read_graph "servicePrincipals/$resource" "appRoles[?value=='$role' && contains(allowedMemberTypes, 'Application')].id | [0]")
  [[ $role_id =~ $guid ]] || fail "Graph has no app role $role"
  held=$(read_graph "servicePrincipals/$principal/appRoleAssignments?\$top=999" "length(value[?appRoleId=='$role_id' && resourceId=='$resource'])")
  if [[ $held != 0 ]]; then
    printf '%s: already assigned\n' "$role"
    continue
  fi
  assign "$role_id" ||
    fail "Graph refused to assign $role, for the reason above. Sign in as a Privileged Role Administrator with the role activated (PIM). If the identity was created minutes ago, wait and run this again"
  printf '%s: assigned\n' "$role"
done

printf 'A new app has the roles at once. An app that ran before has them after up to 24 hours, because its token is cached.\n'
