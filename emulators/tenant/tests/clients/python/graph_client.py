"""Does with Microsoft's Python SDK what an operator's script does, and prints what it saw.

The credential is Microsoft's, too: it takes its token from the emulated identity endpoint.
"""

import asyncio
import json
import sys
from uuid import UUID

from azure.identity.aio import ManagedIdentityCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.service_principals.item.app_role_assigned_to.item.app_role_assignment_item_request_builder import (
    AppRoleAssignmentItemRequestBuilder,
)
from msgraph.generated.service_principals.item.app_role_assignments.app_role_assignments_request_builder import (
    AppRoleAssignmentsRequestBuilder,
)
from msgraph.generated.service_principals.item.service_principal_item_request_builder import (
    ServicePrincipalItemRequestBuilder,
)
from msgraph.generated.service_principals.service_principals_request_builder import (
    ServicePrincipalsRequestBuilder,
)
from msgraph_core.tasks.page_iterator import PageIterator

given = json.loads(sys.argv[1])


def assignment(role):
    return AppRoleAssignment(
        principal_id=UUID(given["principal"]),
        resource_id=UUID(given["api"]),
        app_role_id=UUID(role),
    )


def seen_of(created):
    return {
        "id": created.id,
        "principalId": str(created.principal_id),
        "resourceId": str(created.resource_id),
        "appRoleId": str(created.app_role_id),
        "principalType": created.principal_type,
        "principalDisplayName": created.principal_display_name,
        "resourceDisplayName": created.resource_display_name,
    }


async def refusal(request):
    try:
        await request
    except ODataError as error:
        status = error.response_status_code
        return {"status": status, "code": error.error.code, "message": error.error.message}
    raise AssertionError("the request succeeded")


async def find(client):
    parameters = ServicePrincipalsRequestBuilder.ServicePrincipalsRequestBuilderGetQueryParameters(
        filter=f"displayName eq '{given['apiName']}'",
        select=["id", "appId", "displayName", "appRoles"],
        count=True,
    )
    configuration = RequestConfiguration(query_parameters=parameters)
    configuration.headers.add("ConsistencyLevel", "eventual")
    found = await client.service_principals.get(configuration)
    [api] = found.value
    roles = [str(role.id) for role in api.app_roles]
    return {"id": api.id, "count": found.odata_count, "roles": roles}


async def list_all(client, relation):
    parameters = AppRoleAssignmentsRequestBuilder.AppRoleAssignmentsRequestBuilderGetQueryParameters(
        top=2
    )
    first = await relation.get(RequestConfiguration(query_parameters=parameters))
    ids = []
    iterator = PageIterator(first, client.request_adapter)
    await iterator.iterate(lambda one: ids.append(one.id) is None)
    return ids


async def run(client):
    seen = {"found": await find(client)}
    principal = client.service_principals.by_service_principal_id(given["principal"])
    held = principal.app_role_assignments
    api = client.service_principals.by_service_principal_id(given["api"])
    granted = api.app_role_assigned_to
    key = f"servicePrincipals(appId='{given['principalAppId']}')"
    held_by_app_id = held.with_url(f"{given['graph']}/v1.0/{key}/appRoleAssignments")
    relations = [held, granted, held_by_app_id]
    created = [
        await relation.post(assignment(role)) for relation, role in zip(relations, given["roles"])
    ]
    seen["created"] = [seen_of(one) for one in created]
    again = assignment(given["roles"][0])
    seen["duplicates"] = [await refusal(held.post(again)), await refusal(granted.post(again))]
    again.odata_type = "#microsoft.graph.user"
    seen["wrongType"] = await refusal(held.post(again))
    seen["listed"] = [await list_all(client, held), await list_all(client, granted)]
    first = held.by_app_role_assignment_id(created[0].id)
    await first.delete()
    await granted.by_app_role_assignment_id(created[1].id).delete()
    seen["deletedTwice"] = await refusal(first.delete())
    parameters = (
        ServicePrincipalItemRequestBuilder.ServicePrincipalItemRequestBuilderGetQueryParameters(
            expand=["appRoleAssignments"]
        )
    )
    read = await principal.get(RequestConfiguration(query_parameters=parameters))
    seen["left"] = [one.id for one in read.app_role_assignments]
    parameters = (
        AppRoleAssignmentItemRequestBuilder.AppRoleAssignmentItemRequestBuilderGetQueryParameters(
            select=["id", "appRoleId"]
        )
    )
    last = granted.by_app_role_assignment_id(created[2].id)
    read = await last.get(RequestConfiguration(query_parameters=parameters))
    seen["read"] = {"id": read.id, "appRoleId": str(read.app_role_id)}
    print(json.dumps(seen))


async def main():
    async with ManagedIdentityCredential(client_id=given["identity"]) as credential:
        scopes = ["https://graph.microsoft.com/.default"]
        authentication = AzureIdentityAuthenticationProvider(credential, scopes=scopes)
        adapter = GraphRequestAdapter(authentication)
        adapter.base_url = f"{given['graph']}/v1.0"
        await run(GraphServiceClient(request_adapter=adapter))


asyncio.run(main())
