//! Microsoft's own clients for Microsoft Graph, against the emulated tenant.
//!
//! Each runs a script that grants roles in every form, grants one again, lists in pages, finds an API and
//! revokes. The script prints what it saw.

use std::{io::Write as _, path::Path, process::Output};

use pinned_packages::{Installation, InstallationError, Installer, PinnedPackages};
use serde_json::{Value, json};
use tenant_emulator::{
    Route,
    contoso::{
        BROKER_IDENTITY_CLIENT_ID, ORDERS_ADMIN, ORDERS_API, ORDERS_IDENTITY,
        ORDERS_IDENTITY_CLIENT_ID, ORDERS_READ, ORDERS_WRITE,
    },
};
use tokio::task::spawn_blocking;

use crate::caller::Caller;

const JAVASCRIPT_CLIENT: PinnedPackages = PinnedPackages {
    name: "graph-client-javascript",
    files: &[
        ("package.json", include_str!("../clients/javascript/package.json")),
        ("package-lock.json", include_str!("../clients/javascript/package-lock.json")),
        (".npmrc", include_str!("../clients/javascript/.npmrc")),
    ],
    installer: Installer::Npm,
};
const PYTHON_SDK: PinnedPackages = PinnedPackages {
    name: "graph-sdk-python",
    files: &[("requirements.txt", include_str!("../clients/python/requirements.txt"))],
    installer: Installer::Pip,
};

/// The folder of the scripts.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

/// The roles that a script grants, in this order.
const ROLES: [&str; 3] = [ORDERS_READ, ORDERS_WRITE, ORDERS_ADMIN];

#[tokio::test]
async fn microsofts_javascript_client_grants_lists_and_revokes() {
    let installation = spawn_blocking(|| JAVASCRIPT_CLIENT.ensure()).await.unwrap().unwrap();
    grant_list_and_revoke(&installation, "javascript/graph_client.js").await;
}

#[tokio::test]
async fn microsofts_python_sdk_grants_lists_and_revokes() {
    match spawn_blocking(|| PYTHON_SDK.ensure()).await.unwrap() {
        Ok(installation) => {
            grant_list_and_revoke(&installation, "python/graph_client.py").await;
        }
        Err(altered @ InstallationError::Altered { .. }) => panic!("{altered}"),
        Err(error) => {
            // The test runner shows only what is not printed with a macro.
            let line = format!("NOT RUN: Microsoft's Python SDK for Microsoft Graph: {error}\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
        }
    }
}

async fn grant_list_and_revoke(installation: &Installation, script: &str) {
    let caller = Caller::in_contoso().await;
    let seen = run(&caller, installation, script).await;
    let left = caller.tenant.assignments_of(ORDERS_IDENTITY);
    let [left] = left.as_slice() else { panic!("{left:?}") };
    assert_eq!((left.resource_id.as_str(), left.app_role_id.as_str()), (ORDERS_API, ORDERS_ADMIN));

    assert_eq!(seen["found"]["id"], ORDERS_API);
    assert_eq!(seen["found"]["count"], 1);
    let roles = seen["found"]["roles"].as_array().unwrap();
    assert!(ROLES.iter().all(|role| roles.contains(&(*role).into())), "{roles:?}");

    let created = seen["created"].as_array().unwrap();
    for (created, role) in created.iter().zip(ROLES) {
        assert_eq!(created["appRoleId"], role);
        assert_eq!(created["principalId"], ORDERS_IDENTITY);
        assert_eq!(created["resourceId"], ORDERS_API);
        assert_eq!(created["principalType"], "ServicePrincipal");
        assert_eq!(created["principalDisplayName"], "id-orders");
        assert_eq!(created["resourceDisplayName"], "Orders API");
    }
    let ids: Vec<_> = created.iter().map(|one| one["id"].clone()).collect();
    assert_eq!(seen["listed"], json!([ids, ids]));
    for list in [Route::ListAssignments, Route::ListAssignedTo] {
        assert_eq!(caller.tenant.count(list), 2, "{list:?}: one for each page");
    }
    assert_eq!(seen["left"], json!([left.id]));
    assert_eq!(seen["read"]["id"], left.id);
    assert_eq!(seen["read"]["appRoleId"], ORDERS_ADMIN);

    let refused =
        |message| json!({ "status": 400, "code": "Request_BadRequest", "message": message });
    let duplicate = refused("Permission being assigned already exists on the object");
    assert_eq!(seen["duplicates"], json!([duplicate, duplicate]));
    let not_found = "EntitlementGrant being updated or deleted is not found.";
    assert_eq!(seen["deletedTwice"], refused(not_found));
    let wrong_type = "A value with type 'microsoft.graph.user' was found, which is not assignable \
                      to the expected type 'microsoft.graph.appRoleAssignment'.";
    assert_eq!(seen["wrongType"], refused(wrong_type));
}

/// Runs a script and returns what it saw.
async fn run(caller: &Caller, installation: &Installation, script: &str) -> Value {
    let given = json!({
        "graph": caller.tenant.graph_endpoint(),
        "token": caller.token,
        "identity": BROKER_IDENTITY_CLIENT_ID,
        "principal": ORDERS_IDENTITY,
        "principalAppId": ORDERS_IDENTITY_CLIENT_ID,
        "api": ORDERS_API,
        "apiName": "Orders API",
        "roles": ROLES,
    });
    let mut command = installation.interpreter();
    command
        .arg(Path::new(SCRIPTS).join(script))
        .arg(given.to_string())
        .env("IDENTITY_ENDPOINT", caller.tenant.identity_endpoint())
        .env("IDENTITY_HEADER", caller.tenant.identity_header());
    let output = spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let Output { status, stdout, stderr } = output;
    assert!(status.success(), "{script}: {}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(&stdout).unwrap()
}
