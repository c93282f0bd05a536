//! Checks of the operator's sign-in, and of the app roles of the broker's identity.

use app_roles::{directory::Api, names::RoleName};
use microsoft_graph::error::NEEDED_ROLES;

use super::finding::Finding;
use crate::{failure::Failure, session::Session};

const CHECK: &str = "the broker's roles";

/// The alias of the API that defines the roles which the broker needs.
const MICROSOFT_GRAPH: &str = "graph";

/// Describes who is signed in.
pub(super) fn who(session: &Session) -> String {
    let tenant = session.tenant().map(|id| format!(" in tenant {id}"));
    format!("you are {}{}", session.operator(), tenant.unwrap_or_default())
}

/// Checks that the operator can read the directory, and that the broker has its roles and no others.
pub(super) async fn check(session: &Session, broker: Option<&str>) -> Vec<Finding> {
    const READING: &str = "reading the directory";
    let graph = match session.directory().api(MICROSOFT_GRAPH).await {
        Ok(graph) => graph,
        Err(failure) => return vec![Finding::not_seen(READING, &failure)],
    };
    let found = format!("Microsoft Graph defines {} app roles", graph.roles.len());
    let reading = Finding::ok(READING, found);
    let Some(broker) = broker else {
        return vec![reading, Finding::not_checked(CHECK, "--broker-identity")];
    };
    let roles = match held(session, broker, &graph).await {
        Ok(held) => check_roles(&held),
        Err(failure) => Finding::not_seen(CHECK, &failure),
    };
    vec![reading, roles]
}

/// The roles that the broker holds: their values on Microsoft Graph, and their number on other APIs.
struct Held {
    on_graph: Vec<String>,
    elsewhere: usize,
}

async fn held(session: &Session, broker: &str, graph: &Api) -> Result<Held, Failure> {
    let directory = session.directory();
    let broker = directory.principal(broker).await?;
    let held = directory.assignments(&broker).await?;
    let (on_graph, elsewhere): (Vec<_>, Vec<_>) =
        held.iter().partition(|one| one.api == graph.object_id);
    let value = |id| graph.role(&RoleName::from(id)).ok().and_then(|role| role.value);
    let on_graph = on_graph.into_iter().filter_map(|one| value(one.role)).collect();
    Ok(Held { on_graph, elsewhere: elsewhere.len() })
}

fn check_roles(held: &Held) -> Finding {
    let has = |role: &str| held.on_graph.iter().any(|value| value == role);
    let missing: Vec<_> = NEEDED_ROLES.into_iter().filter(|role| !has(role)).collect();
    if !missing.is_empty() {
        return Finding::bad(CHECK, format!("missing on Microsoft Graph: {}", missing.join(", ")))
            .advice(
                "as a Privileged Role Administrator, run: app-role assign <broker-identity> graph \
             AppRoleAssignment.ReadWrite.All Application.Read.All --privileged",
            );
    }
    let more: Vec<_> =
        held.on_graph.iter().filter(|value| !NEEDED_ROLES.contains(&value.as_str())).collect();
    if more.is_empty() && held.elsewhere == 0 {
        return Finding::ok(CHECK, format!("{}, and no others", NEEDED_ROLES.join(", ")));
    }
    let mut more: Vec<_> = more.into_iter().cloned().collect();
    if held.elsewhere > 0 {
        more.push(format!("{} on other APIs", held.elsewhere));
    }
    Finding::bad(CHECK, format!("not needed: {}", more.join(", ")))
        .advice("revoke them with app-role revoke")
}
