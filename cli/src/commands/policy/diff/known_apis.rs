//! What is known about APIs without signing in: the roles of Microsoft Graph.

use std::sync::Arc;

use app_roles::{
    directory::{Api, AppRole},
    ids::{AppId, ObjectId},
    policy::KnownApis,
};

use crate::graph_catalogue;

/// The appId of Microsoft Graph ("Verify first-party Microsoft applications in sign-in reports").
const MICROSOFT_GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// Microsoft Graph, so that the value and the id of a role are known to be one role.
pub(super) fn offline() -> KnownApis {
    let ids = (AppId::parse(MICROSOFT_GRAPH), ObjectId::parse(MICROSOFT_GRAPH));
    let (Ok(app_id), Ok(object_id)) = ids else { return KnownApis::default() };
    let roles = graph_catalogue::roles().map(|role| AppRole {
        value: Some(role.value.to_owned()),
        ..AppRole::known_by_id(role.id)
    });
    let graph = Api {
        // The comparison does not use it.
        object_id,
        app_id,
        owner: None,
        identifier_uris: Vec::new(),
        display_name: "Microsoft Graph".to_owned(),
        roles: roles.collect(),
        has_unreadable_roles: false,
    };
    KnownApis { apis: vec![Arc::new(graph)], own_tenant: None }
}
