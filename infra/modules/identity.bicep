// The broker's identity. It outlives the app, because its roles on Graph are lost with it. It has no lock:
// a lock would also keep a foreign federated credential or role assignment from being removed.

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

output id string = identity.id
output principalId string = identity.properties.principalId
output clientId string = identity.properties.clientId
