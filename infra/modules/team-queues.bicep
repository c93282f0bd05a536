// The queues of one team, and the least roles with which it can send requests and take results.

import { Team } from 'types.bicep'

@description('The account of the request queues.')
param accountName string
param team Team

var storageQueueDataMessageSender = 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
var storageQueueDataMessageProcessor = '8a0f0c08-91a1-4084-bc3d-661d67233fed'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: accountName
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource requests 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = {
  parent: queues
  name: team.requests
}

resource poison 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = {
  parent: queues
  name: '${team.requests}-poison'
}

resource results 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = {
  parent: queues
  name: team.results
}

// Assigned on the queue and not on the account, because other teams share the account.
resource senders 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for sender in team.senders: {
  name: guid(requests.id, sender.objectId, storageQueueDataMessageSender)
  scope: requests
  properties: {
    principalId: sender.objectId
    principalType: sender.kind
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataMessageSender)
  }
}]

resource readers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for reader in team.readers: {
  name: guid(results.id, reader.objectId, storageQueueDataMessageProcessor)
  scope: results
  properties: {
    principalId: reader.objectId
    principalType: reader.kind
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataMessageProcessor)
  }
}]
