// The broker's identity. It outlives the app, because its roles on Graph are lost with it.

param name string
param location string
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
  properties: {
    // Only resources of its own region may use it, which makes it harder to misuse elsewhere.
    isolationScope: 'Regional'
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'keep'
  scope: identity
  properties: {
    level: 'CanNotDelete'
    notes: 'An identity that is made anew has another object id and none of the app roles on Graph.'
  }
}

output id string = identity.id
output principalId string = identity.properties.principalId
output clientId string = identity.properties.clientId
