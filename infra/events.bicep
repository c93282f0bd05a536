// Resource events of this subscription, delivered to the broker's queue. infra/subscription.bicep
// deploys this file. If a system topic exists, you can deploy this file alone into its resource group.

@description('The account of the request queues. It may be in another subscription.')
param requestStorageId string

@description('Resource types whose identities get the baseline.')
param resourceTypes string[]

@description('Name of the new topic, if none is given below.')
param topicName string = 'evgt-app-role-broker'

@description('The system topic of this subscription, if it has one: Azure allows only one. It must have a system-assigned identity.')
param existingTopicName string = ''

var storageSubscriptionId = split(requestStorageId, '/')[2]
var storageGroupName = split(requestStorageId, '/')[4]
var storageName = split(requestStorageId, '/')[8]
var usedTopicName = empty(existingTopicName) ? topicName : existingTopicName

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = if (empty(existingTopicName)) {
  name: topicName
  location: 'global'
  identity: { type: 'SystemAssigned' }
  properties: {
    source: subscription().id
    topicType: 'Microsoft.Resources.Subscriptions'
  }
}

resource usedTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: usedTopicName
}

// Before the event subscription, because Event Grid tests the destination when it is created.
module access 'modules/event-delivery-access.bicep' = {
  name: 'event-delivery-${uniqueString(subscription().id)}'
  scope: resourceGroup(storageSubscriptionId, storageGroupName)
  dependsOn: [topic]
  params: {
    storageName: storageName
    topicPrincipalId: usedTopic.identity.principalId
  }
}

resource eventSubscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: usedTopic
  name: 'app-role-broker'
  dependsOn: [access]
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    filter: {
      includedEventTypes: ['Microsoft.Resources.ResourceWriteSuccess']
      advancedFilters: [
        {
          key: 'data.operationName'
          operatorType: 'StringIn'
          values: map(resourceTypes, resourceType => '${resourceType}/write')
        }
      ]
    }
    deliveryWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      destination: {
        endpointType: 'StorageQueue'
        properties: {
          resourceId: requestStorageId
          queueName: 'resource-events'
          // Seven days, like every message in these queues.
          queueMessageTimeToLiveInSeconds: 604800
        }
      }
    }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: requestStorageId
          blobContainerName: 'event-dead-letters'
        }
      }
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
  }
}
