// The identity with which GitHub Actions deploys the package: no secret, one repository, one environment.
// It decides which code runs with the broker's power, so it is tier 0 too. Deploy this into
// the identity's resource group, rg-<name>-identity.

@description('Owner and name of the repository, for instance contoso/app-role-broker.')
param repository string

@description('The GitHub environment whose jobs may sign in. Protect it with reviewers, and allow protected branches or tags only.')
param environmentName string = 'production'

@description('BROKER_APP_NAME and AZURE_RESOURCE_GROUP of infra/main.bicep.')
param appName string
param appGroupName string

param location string = resourceGroup().location

resource deployer 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-deploy-${appName}'
  location: location

  resource github 'federatedIdentityCredentials' = {
    name: 'github'
    properties: {
      issuer: 'https://token.actions.githubusercontent.com'
      subject: 'repo:${repository}:environment:${environmentName}'
      audiences: ['api://AzureADTokenExchange']
    }
  }
}

module access 'modules/deployer-access.bicep' = {
  name: 'deployer-access'
  scope: resourceGroup(appGroupName)
  params: {
    appName: appName
    deployerPrincipalId: deployer.properties.principalId
  }
}

@description('The value of AZURE_CLIENT_ID in the GitHub environment.')
output deployerClientId string = deployer.properties.clientId

@description('The deploying identity, for the list of protected principals in policy.json.')
output deployerPrincipalId string = deployer.properties.principalId
