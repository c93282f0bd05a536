// The account that teams and Event Grid use: request and result queues, resource events and their dead letters,
// baseline checks.

import { Team } from 'types.bicep'

param name string
param location string
param tags object
param sku string
param teams Team[]

@description('Object id of the broker\'s identity.')
param brokerPrincipalId string

@description('Workspace for the log of writes to the queues.')
param workspaceId string

@description('Refuse every address that is not named, except Azure\'s own trusted services.')
param restrictNetwork bool

@description('With restrictNetwork: address ranges that are admitted.')
param addressRanges string[]

var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    networkAcls: {
      defaultAction: restrictNetwork ? 'Deny' : 'Allow'
      // Event Grid delivers as a trusted service and cannot reach a private endpoint.
      bypass: 'AzureServices'
      ipRules: [for address in addressRanges: { value: address, action: 'Allow' }]
    }
  }
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource events 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [for queue in ['resource-events', 'resource-events-poison', 'baseline-checks', 'baseline-checks-poison']: {
  parent: queues
  name: queue
}]

module teamQueues 'team-queues.bicep' = [for team in teams: {
  name: 'queue-${team.requests}'
  params: {
    accountName: account.name
    team: team
  }
}]

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
}

// Events contain names and addresses of people. infra/dead-letters.json limits how long they are kept.
resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'event-dead-letters'
}

// Contributor is needed because the host creates the poison queues of folders that this file does not know.
resource brokerRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, brokerPrincipalId, storageQueueDataContributor)
  scope: account
  properties: {
    principalId: brokerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataContributor)
  }
}

resource queueLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'writes'
  scope: queues
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageWrite', enabled: true }]
  }
}

resource deadLetterLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'writes'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageWrite', enabled: true }]
  }
}

output id string = account.id
output queueEndpoint string = account.properties.primaryEndpoints.queue
