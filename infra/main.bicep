// The broker: its identity, two storage accounts, log, alerts and the app.
// docs/operations.md says who deploys this, and the steps before and after.
targetScope = 'subscription'

import { Team } from 'modules/types.bicep'

@description('Part of every resource\'s name. azd passes the name of its environment.')
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

@description('enforce: writes. report: decides and records, writes nothing. paused: requests wait.')
@allowed(['enforce', 'report', 'paused'])
param mode string = 'report'

@description('Which writes Azure Resource Manager must confirm. required: all that a scope allows, for which the broker needs the role Reader on the scopes of the policy. privileged: only those of privileged rules and of the baseline.')
@allowed(['required', 'privileged'])
param armConfirmation string = 'required'

@description('Graph\'s write quota for this app in the tenant, as writes/seconds. All instances share it.')
param graphWriteQuota string = '3000/150'

@description('Microsoft Graph of the cloud. Needed only if the cloud does not determine it, as for DoD.')
param graphEndpoint string = ''

@description('The log filter, in the syntax of RUST_LOG. The record is logged in any case.')
param logFilter string = 'info'

@description('Maximum number of instances of each function. The lowest value that a region accepts may be 40.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Memory of an instance, in megabytes.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Spread the app over availability zones, if the region has them.')
param zoneRedundant bool = false

@description('Replication of both storage accounts. In a region without zones: Standard_LRS, or Standard_GRS. Choose before the first deployment, because most changes need a conversion.')
@allowed(['Standard_ZRS', 'Standard_LRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_ZRS'

@description('off: no requests over HTTP. entra: callers sign in (Easy Auth). keys: callers hold a function key.')
@allowed(['off', 'entra', 'keys'])
param httpRequests string = 'off'

@description('Let approvers sign in (Easy Auth) and decide. Without it, a request that needs an approval waits until it expires.')
param approvals bool = false

@description('With httpRequests entra or approvals: client id of the app registration for which callers get tokens.')
param authenticationClientId string = ''

@description('With httpRequests entra or approvals: accepted audiences of tokens, for instance api://app-role-broker.')
param authenticationAudiences string[] = []

@description('Also let Event Grid push events to the function ResourceEvent. The queue of events does not need this.')
param pushedEvents bool = false

@description('Put the app and its storage into a virtual network of their own.')
param privateNetwork bool = false

@description('With privateNetwork: addresses of the network. Choose a range that your own networks do not use.')
param networkAddressRange string = '10.90.0.0/24'

@description('With privateNetwork: public IPv4 addresses and ranges from which teams may reach the request queues, for instance 203.0.113.7 and 203.0.113.0/24. They have no effect on callers in Azure in the same region.')
param teamAddressRanges string[] = []

@description('Let the identity be attached to apps only, and to no other type of resource. A preview of Azure: see docs/security.md for what to try first.')
param restrictIdentity bool = false

@description('The tenant\'s audit log is sent to this workspace: alert on assignments without a record.')
param entraAuditLog bool = false

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 365

var tags = { 'azd-env-name': name }
var suffix = uniqueString(subscription().id, name, location)

// "Restrictions and limitations for Azure Storage firewall and virtual network configuration".
var privateRanges = concat(['10.', '192.168.'], map(range(16, 16), octet => '172.${octet}.'))
var refusedAddresses = filter(teamAddressRanges, address => contains(address, ':') || endsWith(address, '/31') || endsWith(address, '/32') || !empty(filter(privateRanges, start => startsWith(address, start))))

// What Azure would refuse after half of the deployment, or ignore without a word, is refused before anything
// is created. "Reliability in Azure Functions" names the storage that an app in several zones needs.
var mistakes = filter([
  !empty(refusedAddresses) ? 'teamAddressRanges: a storage account admits public IPv4 addresses only, and no ranges of /31 or /32; write 203.0.113.7 for one address. Refused: ${join(refusedAddresses, ', ')}.' : ''
  !empty(teamAddressRanges) && !privateNetwork ? 'teamAddressRanges has an effect with privateNetwork=true only.' : ''
  httpRequests == 'entra' && empty(authenticationClientId) ? 'httpRequests=entra needs authenticationClientId, the client id of the app registration for which callers get tokens.' : ''
  approvals && empty(authenticationClientId) ? 'approvals=true needs authenticationClientId, the client id of the app registration for which approvers get tokens.' : ''
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
    sku: storageSku
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
    addressPrefix: networkAddressRange
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
    armConfirmation: armConfirmation
    graphWriteQuota: graphWriteQuota
    graphEndpoint: graphEndpoint
    logFilter: logFilter
    maximumInstanceCount: maximumInstanceCount
    instanceMemoryMB: instanceMemoryMB
    zoneRedundant: zoneRedundant
    httpRequests: httpRequests
    approvals: approvals
    authenticationClientId: authenticationClientId
    authenticationAudiences: authenticationAudiences
    pushedEvents: pushedEvents
    integrationSubnetId: privateNetwork ? network!.outputs.integrationSubnetId : ''
    publicNetworkAccess: privateNetwork && !pushedEvents ? 'Disabled' : 'Enabled'
  }
}

// Last, so that a mistake of the preview cannot keep the app from getting its identity.
module identityRestriction 'modules/identity-restriction.bicep' = if (restrictIdentity) {
  name: 'identity-restriction'
  scope: identityGroup
  dependsOn: [app]
  params: {
    name: 'id-${name}'
    location: location
    tags: tags
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
    onCallActionGroupId: onCallActionGroupId
    workspaceId: telemetry.outputs.workspaceId
    brokerPrincipalId: identity.outputs.principalId
    entraAuditLog: entraAuditLog
  }
}

@description('The broker\'s identity, for infra/graph and infra/subscription.bicep.')
output BROKER_PRINCIPAL_ID string = identity.outputs.principalId
output BROKER_CLIENT_ID string = identity.outputs.clientId

@description('The app to deploy to.')
output AZURE_RESOURCE_GROUP string = group.name
output BROKER_APP_NAME string = app.outputs.name

@description('The storage accounts, for teams, operators and infra/subscription.bicep.')
output REQUEST_STORAGE_ID string = requestStorage.outputs.id
output REQUEST_QUEUE_ENDPOINT string = requestStorage.outputs.queueEndpoint
output BROKER_QUEUE_ENDPOINT string = brokerStorage.outputs.endpoints.queue
output WORKSPACE_CUSTOMER_ID string = telemetry.outputs.workspaceCustomerId
