// The broker: its identity, its two storage accounts, its record, its alerts and the app itself.
// docs/operations.md says who deploys this, what comes before and what after.
targetScope = 'subscription'

import { Team } from 'modules/types.bicep'

@description('Names every resource. azd passes the name of its environment.')
@minLength(3)
@maxLength(20)
param name string

@description('Region of everything.')
param location string

@description('Who asks: one entry a request queue, as the function folders name them.')
param teams Team[] = loadJsonContent('teams.json')

@description('Who is mailed when an alert fires.')
@minLength(1)
param alertEmails string[]

@description('enforce: writes. report: decides and records, writes nothing. paused: requests wait.')
@allowed(['enforce', 'report', 'paused'])
param mode string = 'report'

@description('Writes that Graph grants this app in this tenant, and in how many seconds.')
param graphWriteQuota string = '3000/150'

@description('Microsoft Graph of the cloud. Needed only where the cloud does not say it, as for DoD.')
param graphEndpoint string = ''

@description('What the handler logs, in the syntax of RUST_LOG. The record is logged whatever it says.')
param logFilter string = 'info'

@description('Most instances of each function. The lowest number that a region accepts may be 40.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Memory of an instance.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Spread the app over availability zones, where the region has them.')
param zoneRedundant bool = false

@description('off: no requests over HTTP. entra: callers sign in (Easy Auth). keys: callers hold a function key.')
@allowed(['off', 'entra', 'keys'])
param httpRequests string = 'off'

@description('With httpRequests entra: client id of the app registration that callers ask tokens for.')
param authenticationClientId string = ''

@description('With httpRequests entra: audiences that a token may have, for instance api://app-role-broker.')
param authenticationAudiences string[] = []

@description('Let Event Grid push events to the function ResourceEvent as well. The queue does not need it.')
param pushedEvents bool = false

@description('Put the app and its storage into a virtual network of their own.')
param privateNetwork bool = false

@description('With privateNetwork: address ranges from which teams may reach the request queues.')
param teamAddressRanges string[] = []

@description('The tenant sends its audit log to this workspace: watch it for assignments without a record.')
param entraAuditLog bool = false

@description('How long logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 365

var tags = { 'azd-env-name': name }
var suffix = uniqueString(subscription().id, name, location)

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${name}'
  location: location
  tags: tags
}

// Apart from the app: whoever may attach the identity to something can do all that it can do.
resource identityGroup 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${name}-identity'
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
    teams: teams
    brokerPrincipalId: identity.outputs.principalId
    workspaceId: telemetry.outputs.workspaceId
    restrictNetwork: privateNetwork
    addressRanges: teamAddressRanges
  }
}

module brokerStorage 'modules/broker-storage.bicep' = {
  name: 'broker-storage'
  scope: group
  params: {
    name: 'stbrk${suffix}'
    location: location
    tags: tags
    brokerPrincipalId: identity.outputs.principalId
    workspaceId: telemetry.outputs.workspaceId
    privateNetwork: privateNetwork
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  scope: group
  params: {
    name: name
    location: location
    tags: tags
  }
}

module app 'modules/function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    name: name
    appName: 'func-${name}-${suffix}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    brokerStorage: brokerStorage.outputs.endpoints
    packageContainer: brokerStorage.outputs.packageContainer
    requestQueueEndpoint: requestStorage.outputs.queueEndpoint
    insightsConnectionString: telemetry.outputs.connectionString
    mode: mode
    graphWriteQuota: graphWriteQuota
    graphEndpoint: graphEndpoint
    logFilter: logFilter
    maximumInstanceCount: maximumInstanceCount
    instanceMemoryMB: instanceMemoryMB
    zoneRedundant: zoneRedundant
    httpRequests: httpRequests
    authenticationClientId: authenticationClientId
    authenticationAudiences: authenticationAudiences
    pushedEvents: pushedEvents
    integrationSubnetId: privateNetwork ? network!.outputs.integrationSubnetId : ''
    publicNetworkAccess: privateNetwork && !pushedEvents ? 'Disabled' : 'Enabled'
  }
}

module privateEndpoints 'modules/private-endpoints.bicep' = if (privateNetwork) {
  name: 'private-endpoints'
  scope: group
  params: {
    name: name
    location: location
    tags: tags
    networkId: network!.outputs.networkId
    subnetId: network!.outputs.endpointSubnetId
    brokerStorageId: brokerStorage.outputs.id
    requestStorageId: requestStorage.outputs.id
    appId: app.outputs.id
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
    workspaceId: telemetry.outputs.workspaceId
    brokerPrincipalId: identity.outputs.principalId
    entraAuditLog: entraAuditLog
  }
}

@description('The identity, for infra/graph and infra/subscription.bicep.')
output BROKER_PRINCIPAL_ID string = identity.outputs.principalId
output BROKER_CLIENT_ID string = identity.outputs.clientId

@description('The app, to deploy to.')
output AZURE_RESOURCE_GROUP string = group.name
output BROKER_APP_NAME string = app.outputs.name

@description('The accounts, for teams, operators and infra/subscription.bicep.')
output REQUEST_STORAGE_ID string = requestStorage.outputs.id
output REQUEST_QUEUE_ENDPOINT string = requestStorage.outputs.queueEndpoint
output BROKER_QUEUE_ENDPOINT string = brokerStorage.outputs.endpoints.queue
output WORKSPACE_CUSTOMER_ID string = telemetry.outputs.workspaceCustomerId
