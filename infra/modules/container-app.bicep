// The environment and the app in Azure Container Apps. `kind: 'functionapp'` lets the platform derive the
// scale rules from the triggers, and refuse rules of others ("Azure Functions on Azure Container Apps").

param name string
param location string
param tags object

@description('Resource id and client id of the broker\'s identity.')
param identityId string
param identityClientId string

@description('Addresses of the broker\'s own account: blob, queue, table.')
param brokerStorage object
param requestQueueEndpoint string
param insightsConnectionString string
param workspaceId string

@description('The registry from which the image is pulled, and the digest of the image.')
param registryServer string
param imageDigest string

param mode string
param armConfirmation string
param graphWriteQuota string
param graphEndpoint string
param logFilter string
param minimumInstanceCount int
param maximumInstanceCount int
param subnetId string
param zoneRedundant bool

// As in function-app.bicep; a test compares them.
var graphEndpoints = {
  AzureCloud: 'https://graph.microsoft.com'
  AzureUSGovernment: 'https://graph.microsoft.us'
  AzureChinaCloud: 'https://microsoftgraph.chinacloudapi.cn'
}

// As in function-app.bicep; a test compares them. What differs is in container/Dockerfile.
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

// Callers cannot sign in here: App Service Authentication, whose headers the broker believes, is a part of
// App Service. So nothing is requested or decided over HTTP.
var disabledTriggers = {
  'AzureWebJobs.AssignRoleHttp.Disabled': 'true'
  'AzureWebJobs.AppRoleApprovals.Disabled': 'true'
  'AzureWebJobs.ResourceEvent.Disabled': 'true'
}

// The port in container/Dockerfile. A user who is not root cannot listen below 1024.
var port = 8080

resource managedEnvironment 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: 'cae-${name}'
  location: location
  tags: tags
  properties: {
    // Through a diagnostic setting: the other way needs the key of the workspace.
    appLogsConfiguration: { destination: 'azure-monitor' }
    vnetConfiguration: empty(subnetId) ? null : { infrastructureSubnetId: subnetId, internal: true }
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
    zoneRedundant: zoneRedundant
  }
}

// What the platform did with the app, and what the host printed before it could send telemetry.
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: managedEnvironment
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'ContainerAppSystemLogs', enabled: true }
      { category: 'ContainerAppConsoleLogs', enabled: true }
    ]
  }
}

resource app 'Microsoft.App/containerApps@2025-07-01' = {
  name: 'ca-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    environmentId: managedEnvironment.id
    workloadProfileName: 'Consumption'
    configuration: {
      // Two revisions would share the host's storage ("Multi-Revision Storage").
      activeRevisionsMode: 'Single'
      // The platform scales the app only with an ingress. It is reachable from its environment only.
      ingress: {
        external: false
        targetPort: port
        transport: 'http'
        allowInsecure: false
      }
      registries: [{ server: registryServer, identity: identityId }]
    }
    template: {
      containers: [
        {
          name: 'broker'
          image: '${registryServer}/app-role-broker@${imageDigest}'
          env: [for setting in items(union(settings, disabledTriggers)): { name: setting.key, value: setting.value }]
          resources: { cpu: json('0.5'), memory: '1Gi' }
          // Whether the host listens. Whether the broker can work is said by its own checks.
          probes: [
            { type: 'Startup', tcpSocket: { port: port }, periodSeconds: 5, failureThreshold: 10 }
            { type: 'Liveness', tcpSocket: { port: port }, periodSeconds: 30, failureThreshold: 3 }
          ]
        }
      ]
      scale: { minReplicas: minimumInstanceCount, maxReplicas: maximumInstanceCount }
    }
  }
}

output name string = app.name
