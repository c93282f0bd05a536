// The broker in Azure Container Apps: the same as infra/main.bicep, with a registry and a container app
// in place of the plan and the app. Deployed twice: without imageDigest, it creates all but the app.
// docs/container.md says how, and what differs.
targetScope = 'subscription'

import { Team } from 'modules/types.bicep'

@description('Part of every resource\'s name. With the name of a deployment of infra/main.bicep, its identity, queues and record are used.')
@minLength(3)
@maxLength(20)
param name string

@description('Region of all resources.')
param location string

@description('The teams: one entry for each request queue, as in the function folders.')
param teams Team[] = loadJsonContent('teams.json')

@description('Addresses that get a mail when an alert fires.')
@minLength(1)
param alertEmails string[]

@description('Resource id of an action group that wakes a person for alerts of severity 0 and 1. Empty: all alerts are mails.')
param onCallActionGroupId string = ''

@description('Digest of the image in the registry, sha256:… as docker push prints it. Empty: no app.')
param imageDigest string = ''

@description('enforce: writes. report: decides and records, writes nothing. paused: requests wait.')
@allowed(['enforce', 'report', 'paused'])
param mode string = 'report'

@description('Which writes Azure Resource Manager must confirm. required: all that a scope allows, for which the broker needs the role Reader on the scopes of the policy. privileged: only those of privileged rules and of the baseline.')
@allowed(['required', 'privileged'])
param armConfirmation string = 'required'

@description('Graph\'s write quota, as writes/seconds. docs/settings.md says what it means with several instances.')
param graphWriteQuota string = '3000/150'

@description('Microsoft Graph of the cloud. Needed only if the cloud does not determine it, as for DoD.')
param graphEndpoint string = ''

@description('The log filter, in the syntax of RUST_LOG. The record is logged in any case.')
param logFilter string = 'info'

@description('Minimum number of instances. With 0, timers may run late: ends of assignments, health checks, reconciliation.')
@minValue(0)
@maxValue(1000)
param minimumInstanceCount int = 1

@description('Maximum number of instances of the app.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 10

@description('Resource id of an empty subnet of your own, delegated to Microsoft.App/environments. Empty: a network of the platform.')
param subnetId string = ''

@description('Spread the app over availability zones. Needs subnetId.')
param zoneRedundant bool = false

@description('Replication of both storage accounts, as in infra/main.bicep.')
@allowed(['Standard_ZRS', 'Standard_LRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_ZRS'

@description('The tenant\'s audit log is sent to this workspace: alert on assignments without a record.')
param entraAuditLog bool = false

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 365

var tags = { 'azd-env-name': name }
var suffix = uniqueString(subscription().id, name, location)

// What Azure would refuse after half of the deployment is refused before anything is created. A tag is no
// digest: it can be moved to another image, which would run with the broker's rights.
var mistakes = filter([
  !empty(imageDigest) && (!startsWith(imageDigest, 'sha256:') || length(imageDigest) != 71) ? 'imageDigest must be sha256: and 64 hexadecimal digits, as docker push prints them.' : ''
  minimumInstanceCount > maximumInstanceCount ? 'minimumInstanceCount is above maximumInstanceCount.' : ''
  zoneRedundant && empty(subnetId) ? 'zoneRedundant=true needs subnetId.' : ''
  zoneRedundant && !contains(storageSku, 'ZRS') ? 'zoneRedundant=true needs storageSku=Standard_ZRS or Standard_GZRS.' : ''
], mistake => !empty(mistake))
var checkedName = empty(mistakes) ? name : fail(join(mistakes, ' '))

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${checkedName}'
  location: location
  tags: tags
}

// Separate from the app, because a person who can attach the identity to a resource has all its rights.
resource identityGroup 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${checkedName}-identity'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: identityGroup
  params: {
    name: 'id-${name}'
    location: location
    tags: tags
  }
}

module telemetry 'modules/telemetry.bicep' = {
  name: 'telemetry'
  scope: group
  params: {
    name: name
    location: location
    tags: tags
    retentionDays: logRetentionDays
    brokerPrincipalId: identity.outputs.principalId
  }
}

module requestStorage 'modules/request-storage.bicep' = {
  name: 'request-storage'
  scope: group
  params: {
    name: 'streq${suffix}'
    location: location
    tags: tags
    sku: storageSku
    teams: teams
    brokerPrincipalId: identity.outputs.principalId
    workspaceId: telemetry.outputs.workspaceId
    restrictNetwork: false
    addressRanges: []
  }
}

module brokerStorage 'modules/broker-storage.bicep' = {
  name: 'broker-storage'
  scope: group
  params: {
    name: 'stbrk${suffix}'
    location: location
    tags: tags
    sku: storageSku
    brokerPrincipalId: identity.outputs.principalId
    workspaceId: telemetry.outputs.workspaceId
    privateNetwork: false
  }
}

module registry 'modules/container-registry.bicep' = {
  name: 'container-registry'
  scope: group
  params: {
    name: 'cr${suffix}'
    location: location
    tags: tags
    brokerPrincipalId: identity.outputs.principalId
    workspaceId: telemetry.outputs.workspaceId
  }
}

module app 'modules/container-app.bicep' = if (!empty(imageDigest)) {
  name: 'container-app'
  scope: group
  params: {
    name: name
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    brokerStorage: brokerStorage.outputs.endpoints
    requestQueueEndpoint: requestStorage.outputs.queueEndpoint
    insightsConnectionString: telemetry.outputs.connectionString
    workspaceId: telemetry.outputs.workspaceId
    registryServer: registry.outputs.server
    imageDigest: imageDigest
    mode: mode
    armConfirmation: armConfirmation
    graphWriteQuota: graphWriteQuota
    graphEndpoint: graphEndpoint
    logFilter: logFilter
    minimumInstanceCount: minimumInstanceCount
    maximumInstanceCount: maximumInstanceCount
    subnetId: subnetId
    zoneRedundant: zoneRedundant
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    name: name
    location: location
    tags: tags
    emails: alertEmails
    onCallActionGroupId: onCallActionGroupId
    workspaceId: telemetry.outputs.workspaceId
    brokerPrincipalId: identity.outputs.principalId
    entraAuditLog: entraAuditLog
  }
}

@description('The broker\'s identity, for infra/graph and infra/subscription.bicep.')
output BROKER_PRINCIPAL_ID string = identity.outputs.principalId

@description('The registry to push to.')
output REGISTRY_NAME string = registry.outputs.name
output REGISTRY_SERVER string = registry.outputs.server

@description('The storage account, for teams and infra/subscription.bicep.')
output REQUEST_STORAGE_ID string = requestStorage.outputs.id
output REQUEST_QUEUE_ENDPOINT string = requestStorage.outputs.queueEndpoint
