// The broker's identity again, with a preview of Azure that keeps it from being attached to other resources
// than apps, for instance to a virtual machine ("Assignment restrictions for managed identities").

param name string
param location string
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2025-05-31-preview' = {
  name: name
  location: location
  tags: tags
  properties: {
    isolationScope: 'Regional'
    assignmentRestrictions: { providers: ['Microsoft.Web/sites'] }
  }
}
