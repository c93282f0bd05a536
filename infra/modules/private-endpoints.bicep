// Private endpoints of the storage accounts and the app, with their DNS zones.

param name string
param location string
param tags object
param networkId string
param subnetId string
param brokerStorageId string
param requestStorageId string
param appId string

var storage = environment().suffixes.storage
var zones = ['privatelink.blob.${storage}', 'privatelink.queue.${storage}', 'privatelink.table.${storage}', 'privatelink.azurewebsites.net']

// zone: the index in the list above.
var endpoints = [
  { name: 'broker-blob', service: brokerStorageId, part: 'blob', zone: 0 }
  { name: 'broker-queue', service: brokerStorageId, part: 'queue', zone: 1 }
  { name: 'broker-table', service: brokerStorageId, part: 'table', zone: 2 }
  { name: 'requests-queue', service: requestStorageId, part: 'queue', zone: 1 }
  { name: 'app', service: appId, part: 'sites', zone: 3 }
]

resource dnsZones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for zone in zones: {
  name: zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (zone, index) in zones: {
  parent: dnsZones[index]
  name: 'vnet-${name}'
  location: 'global'
  properties: {
    virtualNetwork: { id: networkId }
    registrationEnabled: false
  }
}]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [for endpoint in endpoints: {
  name: 'pe-${name}-${endpoint.name}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: endpoint.name
        properties: { privateLinkServiceId: endpoint.service, groupIds: [endpoint.part] }
      }
    ]
  }
}]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [for (endpoint, index) in endpoints: {
  parent: privateEndpoints[index]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: endpoint.part, properties: { privateDnsZoneId: dnsZones[endpoint.zone].id } }]
  }
}]
