// The broker's own two app roles on Microsoft Graph. Prefer grant.sh beside this file. A second deployment of
// this file fails with "EntitlementGrant entry already exists" (microsoftgraph/msgraph-bicep-types#161), also
// if only one of the two roles is missing, and the first one fails if the identity is new in the directory
// (#193). Only a Privileged Role Administrator can deploy it. A pipeline must not: it would be tier 0 itself.
extension microsoftGraphV1

@description('BROKER_PRINCIPAL_ID of infra/main.bicep.')
param brokerPrincipalId string

@description('The app roles that the broker needs. docs/security.md describes narrower choices.')
param roles string[] = ['AppRoleAssignment.ReadWrite.All', 'Application.Read.All']

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000'
}

// A role for users and one for applications may share a value.
resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for role in roles: {
  appRoleId: filter(graph.appRoles, known => known.value == role && contains(known.allowedMemberTypes, 'Application'))[0].id
  principalId: brokerPrincipalId
  resourceId: graph.id
}]
