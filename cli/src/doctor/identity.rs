//! The operator's sign-in, and the roles of the broker's identity.

use std::sync::Arc;

use app_roles::{directory::Api, names::RoleName};
use microsoft_graph::error::NEEDED_ROLES;

use super::finding::Finding;
use crate::{failure::Failure, session::Session};

const CHECK: &str = "the broker's roles";

/// The alias of the API on which the broker needs its roles.
const MICROSOFT_GRAPH: &str = "graph";

/// Who is signed in.
pub(super) fn who(session: &Session) -> String {
    let tenant = session.tenant.map(|id| format!(" in tenant {id}"));
    format!("you are {}{}", session.operator, tenant.unwrap_or_default())
}

/// Whether the operator can read the directory, and the broker has its roles.
pub(super) async fn examine(session: &Session, broker: Option<&str>) -> Vec<Finding> {
    const READING: &str = "reading the directory";
    let graph = match session.api(MICROSOFT_GRAPH).await {
        Ok(graph) => graph,
        Err(failure) => return vec![Finding::failed(READING, &failure)],
    };
    let found = format!("Microsoft Graph defines {} roles here", graph.roles.len());
    let reading = Finding::ok(READING, found);
    let Some(broker) = broker.filter(|text| !text.is_empty()) else {
        return vec![reading, Finding::not_checked(CHECK, "--broker-identity")];
    };
    let roles = match held(session, broker, &graph).await {
        Ok(held) => examine_roles(&held),
        Err(failure) => Finding::failed(CHECK, &failure),
    };
    vec![reading, roles]
}

/// The values of the roles that the broker holds on Microsoft Graph, and how many others it holds.
struct Held {
    on_graph: Vec<String>,
    elsewhere: usize,
}

async fn held(session: &Session, broker: &str, graph: &Arc<Api>) -> Result<Held, Failure> {
    let broker = session.principal(broker).await?;
    let held = session.broker.graph().assignments().list(&broker, session.deadline()).await?;
    let (on_graph, elsewhere): (Vec<_>, Vec<_>) =
        held.into_iter().partition(|one| one.api == graph.object_id);
    let value = |id| graph.role(&RoleName::from(id)).ok().and_then(|role| role.value);
    let on_graph = on_graph.into_iter().filter_map(|one| value(one.role)).collect();
    Ok(Held { on_graph, elsewhere: elsewhere.len() })
}

fn examine_roles(held: &Held) -> Finding {
    let has = |role: &str| held.on_graph.iter().any(|value| value == role);
    let missing: Vec<_> = NEEDED_ROLES.into_iter().filter(|role| !has(role)).collect();
    if !missing.is_empty() {
        return Finding::bad(
            CHECK,
            format!("it lacks {} on Microsoft Graph", missing.join(" and ")),
        )
        .advice(
            "a Privileged Role Administrator grants them: app-role assign <the broker's \
                 identity> graph AppRoleAssignment.ReadWrite.All Application.Read.All --privileged",
        );
    }
    let more: Vec<_> =
        held.on_graph.iter().filter(|value| !NEEDED_ROLES.contains(&value.as_str())).collect();
    if more.is_empty() && held.elsewhere == 0 {
        return Finding::ok(CHECK, format!("{} and no other", NEEDED_ROLES.join(" and ")));
    }
    let mut more: Vec<_> = more.into_iter().cloned().collect();
    if held.elsewhere > 0 {
        more.push(format!("{} on other APIs", held.elsewhere));
    }
    Finding::bad(CHECK, format!("it holds more than it needs: {}", more.join(", ")))
        .advice("app-role revoke takes them away")
}
