// The plan and the app. Each deployment replaces all settings by those below.

param name string
param appName string
param location string
param tags object

@description('Resource id and client id of the broker\'s identity.')
param identityId string
param identityClientId string

@description('Addresses of the broker\'s own account: blob, queue, table.')
param brokerStorage object
param packageContainer string
param requestQueueEndpoint string
param insightsConnectionString string

param mode string
param armConfirmation string
param graphWriteQuota string
param graphEndpoint string
param logFilter string
param maximumInstanceCount int
param instanceMemoryMB int
param zoneRedundant bool
param httpRequests string
param approvals bool
param authenticationClientId string
param authenticationAudiences string[]
param pushedEvents bool
param integrationSubnetId string
param publicNetworkAccess string

// "Microsoft Graph national cloud deployments". The handler refuses every other host.
var graphEndpoints = {
  AzureCloud: 'https://graph.microsoft.com'
  AzureUSGovernment: 'https://graph.microsoft.us'
  AzureChinaCloud: 'https://microsoftgraph.chinacloudapi.cn'
}

var settings = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: brokerStorage.blob
  AzureWebJobsStorage__queueServiceUri: brokerStorage.queue
  AzureWebJobsStorage__tableServiceUri: brokerStorage.table
  RequestQueues__credential: 'managedidentity'
  RequestQueues__clientId: identityClientId
  RequestQueues__queueServiceUri: requestQueueEndpoint
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AZURE_CLIENT_ID: identityClientId
  GRAPH_ENDPOINT: empty(graphEndpoint) ? graphEndpoints[environment().name] : graphEndpoint
  ARM_ENDPOINT: environment().resourceManager
  GRAPH_WRITE_QUOTA: graphWriteQuota
  BROKER_MODE: mode
  ARM_CONFIRMATION: armConfirmation
  POLICY_FILE: 'policy.json'
  RUST_LOG: logFilter
}

// A trigger that was not chosen is disabled.
var disabledTriggers = union(
  httpRequests == 'off' ? { 'AzureWebJobs.AssignRoleHttp.Disabled': 'true' } : {},
  approvals ? {} : { 'AzureWebJobs.AppRoleApprovals.Disabled': 'true' },
  pushedEvents ? {} : { 'AzureWebJobs.ResourceEvent.Disabled': 'true' }
)

// Approvers sign in, and with httpRequests entra requesters do.
var signIn = httpRequests == 'entra' || approvals

// Holders of keys call without a token, so the platform lets such calls through, and the broker refuses an
// approver who did not sign in. Their path is not excluded instead: the platform removes the headers of a
// sign-in that a caller forges, and is not known to do so on an excluded path.
var takesKeys = httpRequests == 'keys'

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: appName
  location: location
  // azd finds the app by this tag; azure.yaml names the service.
  tags: union(tags, { 'azd-service-name': 'broker' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: publicNetworkAccess
    virtualNetworkSubnetId: empty(integrationSubnetId) ? null : integrationSubnetId
    // Nothing else. Flex Consumption refuses most properties of a site with 400, extended code 51021, in
    // its newer regions, and ignores them in the others (Azure/terraform-azurerm-avm-res-web-site#345 and
    // #360, microsoft/azure-pipelines-tasks#21032). It has no FTP and no remote debugging to switch off.
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
    }
    functionAppConfig: {
      runtime: { name: 'custom', version: '1.0' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainer
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstanceCount
        instanceMemoryMB: instanceMemoryMB
      }
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(settings, disabledTriggers)
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource authentication 'config' = {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: signIn }
      globalValidation: {
        requireAuthentication: !takesKeys
        unauthenticatedClientAction: takesKeys ? 'AllowAnonymous' : 'Return401'
        // Event Grid authenticates there with the host's own key, without a token.
        excludedPaths: pushedEvents ? ['/runtime/webhooks/eventgrid'] : []
      }
      identityProviders: {
        azureActiveDirectory: {
          enabled: signIn
          registration: {
            // Only the broker's own tenant.
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
            clientId: authenticationClientId
          }
          validation: { allowedAudiences: authenticationAudiences }
        }
      }
      login: { tokenStore: { enabled: false } }
    }
  }
}

output id string = app.id
output name string = app.name
