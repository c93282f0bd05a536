// The broker's own two app roles on Microsoft Graph. Run by a Privileged Role Administrator, once, and
// never by a pipeline: it would have to be tier 0 itself. grant.sh beside this file does the same.
extension microsoftGraphV1

@description('BROKER_PRINCIPAL_ID of infra/main.bicep.')
param brokerPrincipalId string

@description('What the broker needs. docs/security.md names the narrower choices and what they cost.')
param roles string[] = ['AppRoleAssignment.ReadWrite.All', 'Application.Read.All']

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000'
}

// A role for people and one for applications may share a value.
resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for role in roles: {
  appRoleId: filter(graph.appRoles, known => known.value == role && contains(known.allowedMemberTypes, 'Application'))[0].id
  principalId: brokerPrincipalId
  resourceId: graph.id
}]
