//! The seeded fault of a request, and the subject that decides it.

use super::{
    lookup::find,
    new_assignment::NewAssignment,
    target::{Key, Target},
};
use crate::{
    directory::{AppRoleAssignment, Directory},
    fault::Fault,
    incoming_request::IncomingRequest,
    request_log::Route,
    seeded_faults::FaultSubject,
    world::{World, lock},
};

/// The seeded fault for a request.
pub(crate) fn seeded_fault(
    world: &World,
    incoming: &IncomingRequest,
    route: Route,
) -> Option<Fault> {
    if !lock(&world.seeded_faults).is_on() {
        return None;
    }
    let (subject, may_lag) = subject(world, incoming, route);
    lock(&world.seeded_faults).take(&subject, may_lag)
}

/// The subject, and whether a replica may not know the principal yet. APIs are older, so replicas know
/// them.
fn subject(world: &World, incoming: &IncomingRequest, route: Route) -> (FaultSubject, bool) {
    let of = |principal, role| FaultSubject { route, principal, role };
    let directory = world.directory();
    match Target::parse(&incoming.path) {
        Ok(Target::ServicePrincipals | Target::AgentBlueprints) => {
            (of(filter(incoming), String::new()), false)
        }
        Ok(Target::Assignment(_, key, id)) => {
            let may_lag = is_managed_identity(&directory, &key);
            let now = directory.assignment(&id).map(role_of);
            let role = lock(&world.seeded_faults).role_of(&id, now);
            (of(text(&key), role), may_lag)
        }
        Ok(Target::ServicePrincipal(key) | Target::Assignments(_, key)) => {
            let Ok(wanted) = NewAssignment::read(incoming) else {
                let may_lag = is_managed_identity(&directory, &key);
                return (of(text(&key), String::new()), may_lag);
            };
            let may_lag =
                is_managed_identity(&directory, &Key::ObjectId(wanted.principal_id.clone()));
            (of(wanted.principal_id, role(&wanted.resource_id, &wanted.app_role_id)), may_lag)
        }
        Ok(Target::DirectoryAudits) => (of(filter(incoming), String::new()), false),
        Err(_) => (of(incoming.path.clone(), String::new()), false),
    }
}

fn is_managed_identity(directory: &Directory, key: &Key) -> bool {
    find(directory, key).is_ok_and(|one| one.service_principal_type.is_managed_identity())
}

fn filter(incoming: &IncomingRequest) -> String {
    let filter = incoming.parameters().find(|(option, _)| option == "$filter");
    filter.map(|(_, text)| text).unwrap_or_default()
}

fn text(key: &Key) -> String {
    match key {
        Key::ObjectId(id) | Key::AppId(id) => id.to_lowercase(),
    }
}

fn role_of(assignment: &AppRoleAssignment) -> String {
    role(&assignment.resource_id, &assignment.app_role_id)
}

fn role(resource_id: &str, app_role_id: &str) -> String {
    format!("{resource_id}/{app_role_id}")
}
