"""Asks the broker with the generated client, and prints what it saw."""
import json
import sys
from http import HTTPStatus

from broker_client.api.default import apply_request, list_assignments
from broker_client.client import AuthenticatedClient
from broker_client.models import Action, AppRoleRequest, AssignmentList, PrincipalByDisplayName, Problem, RequestResult

broker, key = sys.argv[1:]
client = AuthenticatedClient(base_url=f"{broker}api", token=key, prefix="", auth_header_name="x-functions-key")


def ask(**members):
    request = AppRoleRequest(**{"principal": "id-orders", "api": "api://orders", "action": Action.ASSIGN} | members)
    response = apply_request.sync_detailed(client=client, body=request)
    answer = response.parsed
    assert isinstance(answer, RequestResult if response.status_code < HTTPStatus.BAD_REQUEST else Problem)
    return {
        "status": int(response.status_code),
        "roles": [role.to_dict() for role in answer.roles],
        "type": answer.type_ if isinstance(answer, Problem) else None,
    }


seen = {
    "granted": ask(roles=["Orders.Read"]),
    "again": ask(principal=PrincipalByDisplayName(display_name="id-orders"), roles="Orders.Read"),
    "denied": ask(roles=["Orders.Admin"]),
}
held = list_assignments.sync(client=client, principal="id-orders", api="api://orders")
assert isinstance(held, AssignmentList)
print(json.dumps(seen | {"held": [role.value for role in held.assignments]}))
