//! A tenant with many assignments, and a policy with a rule for each team.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tenant_emulator::{
    AppRole, Directory, ServicePrincipal, Tenant,
    contoso::{APPLICATION_READ_ALL, MICROSOFT_GRAPH, SUBSCRIPTION_ID, TENANT_ID, contoso},
};
use uuid::Uuid;

/// The latency of the emulated Microsoft Graph.
const LATENCY: Duration = Duration::from_millis(20);

/// The client id of the operator, who is a managed identity here.
pub(super) const OPERATOR_CLIENT_ID: &str = "c0a70500-0000-4000-8000-000000000201";
const OPERATOR: &str = "c0a70500-0000-4000-8000-000000000200";

/// The number of teams, each with a resource group and a rule.
const TEAMS: usize = 200;
/// The number of APIs, and of roles that each defines.
const APIS: usize = 11;
const ROLES: usize = 20;
/// The number of roles that each identity holds.
const HELD: usize = 5;

/// A tenant and its numbers.
pub(super) struct Population {
    pub(super) tenant: Tenant,
    pub(super) assignments: usize,
    identities: usize,
}

impl Population {
    /// Starts contoso's tenant with this many more identities.
    pub(super) async fn new(identities: u32) -> Result<Self> {
        let identities = usize::try_from(identities)?;
        let mut directory = contoso();
        add_operator(&mut directory)?;
        for number in 0..APIS {
            directory.add_service_principal(api(number));
        }
        for number in 0..identities {
            let identity = identity(number);
            let id = identity.id.clone();
            directory.add_service_principal(identity);
            for held in 0..HELD {
                let api = id_of("api", (number + held) % APIS);
                directory.assign(&id, &api, &role_id(number / APIS + held * 7))?;
            }
        }
        let assignments = directory.assignments().len();
        let tenant = Tenant::start(directory).await?;
        tenant.set_latency(LATENCY);
        Ok(Self { tenant, assignments, identities })
    }

    pub(super) fn description(&self) -> String {
        format!(
            "{} managed identities with {} app roles of {APIS} APIs, {LATENCY:?} latency; {TEAMS} rules",
            self.identities, self.assignments
        )
    }

    /// The policy: each team may request half of the roles of one API, and all have a role of another.
    pub(super) fn policy(&self) -> String {
        let roles: Vec<_> = (0..ROLES / 2).map(role_value).collect();
        let scope = |group: &str| {
            json!([format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{group}")])
        };
        let rule = |team: usize| {
            json!({
                "name": format!("workloads of team {team:03}"),
                "requesters": [format!("queue:team-{team:03}")],
                "principals": scope(&format!("rg-team-{team:03}")),
                "api": id_of("appId", team % APIS), "roles": roles, "maxDuration": "P90D",
                "owner": format!("team-{team:03}@contoso.com"),
                "description": format!("What the services of team {team:03} read"),
            })
        };
        let baseline = json!({
            "name": "every workload", "principals": scope("rg-team-*"), "api": id_of("appId", 0),
            "roles": [role_value(0)],
        });
        let rules: Vec<Value> = (0..TEAMS - 1).map(rule).collect();
        json!({ "version": 1, "allow": rules, "baseline": [baseline] }).to_string()
    }
}

fn add_operator(directory: &mut Directory) -> Result<()> {
    let resource = resource("rg-operators", "id-operator");
    let operator =
        ServicePrincipal::user_assigned(OPERATOR, OPERATOR_CLIENT_ID, "id-operator", &resource);
    directory.add_service_principal(operator);
    directory.attach(OPERATOR);
    directory.assign(OPERATOR, MICROSOFT_GRAPH, APPLICATION_READ_ALL)?;
    Ok(())
}

fn identity(number: usize) -> ServicePrincipal {
    let (team, name) = (number % TEAMS, format!("id-workload-{number:05}"));
    let resource = resource(&format!("rg-team-{team:03}"), &name);
    let [id, client_id] = ["identity", "clientId"].map(|kind| id_of(kind, number));
    ServicePrincipal::user_assigned(&id, &client_id, &name, &resource)
}

fn resource(group: &str, name: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    )
}

fn api(number: usize) -> ServicePrincipal {
    let [id, app_id] = ["api", "appId"].map(|kind| id_of(kind, number));
    let (name, uri) = (format!("Service {number:02} API"), format!("api://service-{number:02}"));
    let roles = (0..ROLES).map(|role| {
        AppRole::for_applications(&role_id(role), &role_value(role), "Read a part of the data.")
    });
    let app_roles = roles.collect();
    ServicePrincipal { app_roles, ..ServicePrincipal::api(&id, &app_id, &name, &uri) }
        .owned_by(TENANT_ID)
}

fn role_value(number: usize) -> String {
    format!("Data.Part{:02}.Read", number % ROLES)
}

fn role_id(number: usize) -> String {
    id_of("role", number % ROLES)
}

/// A fixed id.
fn id_of(kind: &str, number: usize) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{kind}/{number}").as_bytes()).to_string()
}
