// A team's own template: the identity of its workload, the identity of its pipeline, and the rights of the pipeline
// to ask the broker. The workload has no right to ask.

@description('Resource group of the broker.')
param brokerResourceGroup string

@description('Account of the request queues: AZURE_REQUEST_STORAGE of the broker.')
param requestStorageName string

@description('The repository whose main branch may ask, as owner/name.')
param repository string

param location string = resourceGroup().location

resource workload 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-orders'
  location: location
}

resource pipeline 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-orders-pipeline'
  location: location
}

resource ofMain 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = {
  parent: pipeline
  name: 'main'
  properties: {
    issuer: 'https://token.actions.githubusercontent.com'
    subject: 'repo:${repository}:ref:refs/heads/main'
    audiences: ['api://AzureADTokenExchange']
  }
}

// Whoever deploys this may assign roles on the two queues. Otherwise the broker's operators add the pipeline to
// infra/teams.json.
module requester '../../infra/modules/requester.bicep' = {
  name: 'app-role-requester'
  scope: resourceGroup(brokerResourceGroup)
  params: {
    accountName: requestStorageName
    principalId: pipeline.properties.principalId
  }
}

output ORDERS_PRINCIPAL_ID string = workload.properties.principalId
output APP_ROLE_REQUESTS string = requester.outputs.requests
