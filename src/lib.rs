//! App Role Broker: grants app roles on Microsoft Graph with its own managed identity, if its policy
//! allows it.
