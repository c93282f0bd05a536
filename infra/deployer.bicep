// The identity with which GitHub Actions deploys the package: no secret, one repository, one environment.
// It decides which code runs with the broker's power, so it is tier 0 too. Deploy this into
// the identity's resource group, rg-<name>-identity.

@description('How the subject of this repository\'s tokens begins: sub_claim_prefix in the answer of gh api repos/<owner>/<repository>/actions/oidc/customization/sub, for instance repo:contoso@5544123/app-role-broker@821093847.')
param subjectPrefix string

@description('The GitHub environment whose jobs may sign in. Protect it with reviewers, and allow protected branches or tags only.')
param environmentName string = 'production'

@description('BROKER_APP_NAME and AZURE_RESOURCE_GROUP of infra/main.bicep.')
param appName string
param appGroupName string

param location string = resourceGroup().location

// A name alone can be taken by another owner later, the numbers cannot. "Migrate GitHub Actions federated
// credentials to immutable subjects" says how to turn them on for a repository from before July 2026.
var names = split(subjectPrefix, '/')
var numbered = filter(names, part => length(split(part, '@')) == 2)
var hasNumbers = startsWith(subjectPrefix, 'repo:') && length(split(subjectPrefix, ':')) == 2 && length(names) == 2 && length(numbered) == 2
var checkedPrefix = hasNumbers ? subjectPrefix : fail('subjectPrefix must be like repo:<owner>@<number>/<repository>@<number>: another owner can take over a subject of names alone. Turn on immutable subjects in the settings of the repository, and read the prefix again.')

resource deployer 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-deploy-${appName}'
  location: location

  resource github 'federatedIdentityCredentials' = {
    name: 'github'
    properties: {
      issuer: 'https://token.actions.githubusercontent.com'
      subject: '${checkedPrefix}:environment:${environmentName}'
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
