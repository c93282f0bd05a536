// The registry of the broker's image. It has no user and no password: pushing needs the role AcrPush. Who
// can push an image and deploy its digest runs code with the broker's rights.

param name string
param location string
param tags object

@description('Object id of the broker\'s identity, with which the platform pulls the image.')
param brokerPrincipalId string

@description('Workspace for the log of sign-ins, pushes and pulls.')
param workspaceId string

var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: 'Basic' }
  properties: {
    adminUserEnabled: false
  }
}

resource puller 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, brokerPrincipalId, acrPull)
  scope: registry
  properties: {
    principalId: brokerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
  }
}

resource registryLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'pushes'
  scope: registry
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'ContainerRegistryRepositoryEvents', enabled: true }
      { category: 'ContainerRegistryLoginEvents', enabled: true }
    ]
  }
}

output name string = registry.name
output server string = registry.properties.loginServer
