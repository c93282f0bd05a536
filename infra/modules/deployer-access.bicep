// Lets one identity deploy to the app and to nothing else.

param appName string
param deployerPrincipalId string

var websiteContributor = 'de139f84-1756-47ae-9be6-808fbbe84772'

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource access 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(app.id, deployerPrincipalId, websiteContributor)
  scope: app
  properties: {
    principalId: deployerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', websiteContributor)
  }
}
