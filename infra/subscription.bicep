// Connects one subscription with the broker: the broker may read which identity a resource has, and
// receives the events of resources. Deploy it once in each subscription whose identities have a baseline.
targetScope = 'subscription'

@description('BROKER_PRINCIPAL_ID of infra/main.bicep.')
param brokerPrincipalId string

@description('REQUEST_STORAGE_ID of infra/main.bicep.')
param requestStorageId string

@description('Region of the resource group that is created for the topic.')
param location string

@description('Resource types whose identities get the baseline. Event Grid allows 25 at most.')
@minLength(1)
@maxLength(25)
param resourceTypes string[] = [
  'Microsoft.ManagedIdentity/userAssignedIdentities'
  'Microsoft.Web/sites'
  'Microsoft.Web/sites/slots'
  'Microsoft.App/containerApps'
  'Microsoft.App/jobs'
  'Microsoft.Compute/virtualMachines'
  'Microsoft.Compute/virtualMachineScaleSets'
  'Microsoft.Logic/workflows'
  'Microsoft.Automation/automationAccounts'
  'Microsoft.DataFactory/factories'
]

@description('Resource group of the topic: a new one, or that of the existing topic.')
param topicGroupName string = 'rg-app-role-broker-events'

@description('The system topic of this subscription, if it has one. Its owner must have enabled its system-assigned identity.')
param existingTopicName string = ''

resource topicGroup 'Microsoft.Resources/resourceGroups@2024-11-01' = if (empty(existingTopicName)) {
  name: topicGroupName
  location: location
}

module events 'events.bicep' = {
  name: 'app-role-broker-events'
  scope: resourceGroup(topicGroupName)
  dependsOn: [topicGroup]
  params: {
    requestStorageId: requestStorageId
    resourceTypes: resourceTypes
    existingTopicName: existingTopicName
  }
}

// Reads which managed identity a resource has. It has fewer rights than Reader: only on resources that have
// identities, and on the identities.
resource identityReader 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'app-role-broker-identity-reader')
  properties: {
    roleName: 'App Role Broker identity reader (${subscription().subscriptionId})'
    type: 'CustomRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: union(['Microsoft.ManagedIdentity/identities/read'], map(resourceTypes, resourceType => '${resourceType}/read'))
      }
    ]
  }
}

// After the events, because a role that is seconds old is not known everywhere yet.
resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, brokerPrincipalId, identityReader.id)
  dependsOn: [events]
  properties: {
    principalId: brokerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: identityReader.id
  }
}
