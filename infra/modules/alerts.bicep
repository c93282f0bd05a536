// Alerts on the logs. docs/operations.md says what each means.

param name string
param location string
param tags object
param emails string[]
param workspaceId string

@description('Object id of the broker\'s identity, as Entra\'s audit log names it.')
param brokerPrincipalId string

@description('Whether Entra\'s audit log is in the workspace.')
param entraAuditLog bool

// Severity 0: the tenant may be under attack. 1: requests are being lost or refused. 2: investigate today.
// quiet: the time after a mail in which the alert sends no other.
var rules = [
  {
    name: 'given-up'
    severity: 1
    description: 'A request or an event failed permanently. It is in app-role-failed, a poison queue or event-dead-letters.'
    query: loadTextContent('../queries/alerts/given-up.kql')
    every: 'PT15M'
    window: 'PT15M'
    quiet: 'PT1H'
  }
  {
    name: 'failures'
    severity: 1
    description: 'The handler crashed, could not start or could not be called, or Graph fails repeatedly.'
    query: loadTextContent('../queries/alerts/failures.kql')
    every: 'PT15M'
    window: 'PT15M'
    quiet: 'PT1H'
  }
  {
    name: 'unhealthy'
    severity: 1
    description: 'No policy is in force, the broker cannot sign in or lacks an app role, or Health fails.'
    query: loadTextContent('../queries/alerts/unhealthy.kql')
    every: 'PT15M'
    window: 'PT15M'
    quiet: 'PT1H'
  }
  {
    name: 'privileged-denied'
    severity: 2
    description: 'A requester asked for a privileged role that no rule allows.'
    query: loadTextContent('../queries/alerts/privileged-denied.kql')
    every: 'PT15M'
    window: 'PT15M'
    quiet: 'PT1H'
  }
  {
    name: 'silent'
    severity: 2
    description: 'No function has run for a day, not even the timer. The app is stopped, or its log is cut.'
    query: loadTextContent('../queries/alerts/silent.kql')
    every: 'PT1H'
    window: 'P1D'
    quiet: 'P1D'
  }
]

var entraRules = [
  {
    name: 'unexplained-assignment'
    severity: 0
    description: 'Entra\'s audit log has an assignment by the broker\'s identity of which the broker has no record.'
    query: replace(loadTextContent('../queries/alerts/unexplained-assignment.kql'), 'BROKER_PRINCIPAL_ID', brokerPrincipalId)
    every: 'PT1H'
    window: 'P1D'
    quiet: 'PT6H'
  }
  {
    name: 'changed-resource-id'
    severity: 1
    description: 'The alternative names of a service principal were changed. Rules for a scope rely on them.'
    query: loadTextContent('../queries/alerts/changed-resource-id.kql')
    every: 'PT1H'
    window: 'PT6H'
    quiet: 'PT1H'
  }
]

resource mail 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'app-role'
    enabled: true
    emailReceivers: [for (email, index) in emails: { name: 'mail-${index}', emailAddress: email, useCommonAlertSchema: true }]
  }
}

// Each query returns rows if something is wrong, and none otherwise.
resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in concat(rules, entraAuditLog ? entraRules : []): {
  name: '${name}-${rule.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'App Role Broker: ${rule.name}'
    severity: rule.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: rule.every
    windowSize: rule.window
    // A table exists from its first row on, which arrives after this deployment.
    skipQueryValidation: true
    autoMitigate: false
    muteActionsDuration: rule.quiet
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    // The text of the mail.
    actions: {
      actionGroups: [mail.id]
      customProperties: { meaning: rule.description, todo: 'docs/operations.md, Alerts' }
    }
  }
}]
