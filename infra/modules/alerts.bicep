// Alerts on the logs. docs/operations.md says what each means and what to do.

param name string
param location string
param tags object
param emails string[]
param workspaceId string

@description('Resource id of an action group that wakes a person, or empty.')
param onCallActionGroupId string

@description('Object id of the broker\'s identity, as Entra\'s audit log names it.')
param brokerPrincipalId string

@description('Whether Entra\'s audit log is in the workspace.')
param entraAuditLog bool

// Severity 0: the tenant may be under attack. 1: requests are being lost or refused. Both wake a person.
// 2: investigate today.
//
// every: the time between two evaluations. window: the time that each one reads. quiet: the time after a mail
// in which the alert sends no other. Rows arrive up to ten minutes late, and a fault may begin while the alert
// is quiet, so each window is longer than the other two and those ten minutes together.
var rules = [
  {
    name: 'handler-down'
    severity: 1
    description: 'The handler does not run. Requests wait in their queues.'
    query: loadTextContent('../queries/alerts/handler-down.kql')
    every: 'PT5M'
    window: 'PT2H'
    quiet: 'PT1H'
    each: ''
  }
  {
    name: 'unhealthy'
    severity: 1
    description: 'No policy is in force, the broker cannot sign in or lacks an app role, the record cannot be reached, or a health check fails.'
    query: loadTextContent('../queries/alerts/unhealthy.kql')
    every: 'PT5M'
    window: 'PT2H'
    quiet: 'PT1H'
    each: ''
  }
  {
    name: 'failing'
    severity: 1
    description: 'Many requests or events fail.'
    query: loadTextContent('../queries/alerts/failing.kql')
    every: 'PT5M'
    window: 'PT2H'
    quiet: 'PT1H'
    each: ''
  }
  {
    name: 'timer-stopped'
    severity: 1
    description: 'A timer has not run for two of its periods. The app is stopped, or cut off from its log, or its timers stopped.'
    query: loadTextContent('../queries/alerts/timer-stopped.kql')
    every: 'PT5M'
    window: 'P2D'
    quiet: 'PT6H'
    each: ''
  }
  {
    name: 'given-up'
    severity: 1
    description: 'A request or an event failed permanently. It is in app-role-failed, a poison queue or event-dead-letters.'
    query: loadTextContent('../queries/alerts/given-up.kql')
    every: 'PT5M'
    window: 'PT2H'
    quiet: 'PT1H'
    each: ''
  }
  {
    name: 'late-end'
    severity: 1
    description: 'An assignment is held although its end was more than fifteen minutes ago.'
    query: loadTextContent('../queries/alerts/late-end.kql')
    every: 'PT5M'
    window: 'PT2H'
    quiet: 'PT1H'
    each: ''
  }
  {
    name: 'handler-crashed'
    severity: 2
    description: 'The handler crashed and was started again, or one invocation crashed.'
    query: loadTextContent('../queries/alerts/handler-crashed.kql')
    every: 'PT15M'
    window: 'PT6H'
    quiet: 'PT3H'
    each: ''
  }
  {
    name: 'failing-often'
    severity: 2
    description: 'Requests or events failed throughout the day.'
    query: loadTextContent('../queries/alerts/failing-often.kql')
    every: 'PT1H'
    window: 'P1D'
    quiet: 'PT6H'
    each: ''
  }
  {
    name: 'errors'
    severity: 2
    description: 'The handler logged an error that no other alert is about.'
    query: loadTextContent('../queries/alerts/errors.kql')
    every: 'PT15M'
    window: 'PT6H'
    quiet: 'PT3H'
    each: ''
  }
  {
    name: 'unsettled-intent'
    severity: 2
    description: 'A write was interrupted, and what became of it cannot be put on record.'
    query: loadTextContent('../queries/alerts/unsettled-intent.kql')
    every: 'PT15M'
    window: 'PT6H'
    quiet: 'PT3H'
    each: ''
  }
  {
    name: 'approval-late'
    severity: 2
    description: 'A request was approved more than fifteen minutes ago and is not carried out.'
    query: loadTextContent('../queries/alerts/approval-late.kql')
    every: 'PT15M'
    window: 'PT6H'
    quiet: 'PT3H'
    each: ''
  }
  {
    name: 'privileged-denied'
    severity: 2
    description: 'A requester asked for a privileged role that no rule allows.'
    query: loadTextContent('../queries/alerts/privileged-denied.kql')
    every: 'PT15M'
    window: 'PT6H'
    quiet: 'PT3H'
    each: ''
  }
  {
    name: 'unexpected-assignment'
    severity: 2
    description: 'An identity holds an app role that the policy does not give it.'
    query: loadTextContent('../queries/alerts/unexpected-assignment.kql')
    every: 'PT1H'
    window: 'P2D'
    quiet: 'P1D'
    each: ''
  }
]

// Entra's entries can be hours late. One mail for each entry: an alert that is split by a column (each) is
// one alert for each of its values, and sends no second mail while the value is there.
var entraRules = [
  {
    name: 'unexplained-assignment'
    severity: 0
    description: 'Entra\'s audit log has an assignment by the broker\'s identity of which the broker has no record.'
    query: replace(loadTextContent('../queries/alerts/unexplained-assignment.kql'), 'BROKER_PRINCIPAL_ID', brokerPrincipalId)
    every: 'PT15M'
    window: 'P1D'
    quiet: ''
    each: 'Id'
  }
  {
    name: 'changed-resource-id'
    severity: 1
    description: 'The alternative names of a service principal were changed. Rules for a scope rely on them.'
    query: loadTextContent('../queries/alerts/changed-resource-id.kql')
    every: 'PT15M'
    window: 'P1D'
    quiet: ''
    each: 'Id'
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
    autoMitigate: empty(rule.quiet)
    muteActionsDuration: empty(rule.quiet) ? null : rule.quiet
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          dimensions: empty(rule.each) ? [] : [{ name: rule.each, operator: 'Include', values: ['*'] }]
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    // The text of the mail.
    actions: {
      actionGroups: rule.severity <= 1 && !empty(onCallActionGroupId) ? [mail.id, onCallActionGroupId] : [mail.id]
      customProperties: { meaning: rule.description, todo: 'docs/operations.md, Alerts, ${rule.name}' }
    }
  }
}]
