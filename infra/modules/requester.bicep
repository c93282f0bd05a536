// The rights with which an identity sends requests to one queue of the broker and takes their results: a role on each
// of two queues, and none on the account. Whoever deploys it may assign roles on these queues.

@description('The account of the request queues. The scope of the module is its resource group.')
param accountName string

@description('Object id of the identity that sends requests, for example that of a pipeline.')
param principalId string

@allowed(['ServicePrincipal', 'Group', 'User'])
param principalType string = 'ServicePrincipal'

@description('The request queue. Its senders are the requester queue:<its name> of the policy.')
param requestQueue string = 'app-role-requests'

@description('The results queue. Who may take results from it sees those of all senders of the request queue.')
param resultsQueue string = 'app-role-results'

var storageQueueDataMessageSender = 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
var storageQueueDataMessageProcessor = '8a0f0c08-91a1-4084-bc3d-661d67233fed'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: accountName
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource requests 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = {
  parent: queues
  name: requestQueue
}

resource results 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = {
  parent: queues
  name: resultsQueue
}

resource sender 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(requests.id, principalId, storageQueueDataMessageSender)
  scope: requests
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataMessageSender)
  }
}

resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(results.id, principalId, storageQueueDataMessageProcessor)
  scope: results
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataMessageProcessor)
  }
}

@description('The value of --requests and APP_ROLE_REQUESTS.')
output requests string = account.properties.primaryEndpoints.queue
