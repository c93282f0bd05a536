//! Signing in.

use crate::world::{Ended, OPERATOR, OPERATOR_CLIENT_ID, World, end};

/// Runs a command with this script as the Azure CLI.
#[cfg(unix)]
async fn with_az(world: &World, script: &str) -> Ended {
    use std::os::unix::fs::PermissionsExt;
    world.write("az", &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(world.path("az"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = world.command(&["list", OPERATOR, "--auth", "developer"]);
    let path = format!("{}:/usr/bin:/bin", world.path("").display());
    command.env("PATH", path);
    end(command, "").await
}

/// Fetches a token of the operator from the emulated tenant.
async fn token(world: &World) -> String {
    let client =
        azure_rest::client::build_for_identity_endpoint(&azure_rest::timing::CallTiming::default());
    let url = format!(
        "{}?resource=https://graph.microsoft.com&api-version=2019-08-01&client_id={OPERATOR_CLIENT_ID}",
        world.tenant.identity_endpoint()
    );
    let request =
        client.unwrap().get(url).header("x-identity-header", world.tenant.identity_header());
    let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_missing_managed_identity_is_explained() {
    let world = World::new().await;
    let mut command = world.command(&["list", "id-orders"]);
    command.env("IDENTITY_HEADER", "wrong");
    let ended = end(command, "").await;
    ended.assert_failed(1, &["error: you are not signed in", "hint: ", "managed identity"]);
    let mut command = world.command(&["list", "id-orders"]);
    command.env("AZURE_CLIENT_ID", "me");
    end(command, "").await.assert_failed(2, &["AZURE_CLIENT_ID is not the client ID"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_missing_sign_in_to_the_azure_cli_is_explained() {
    let world = World::new().await;
    let ended = with_az(&world, "echo 'Please run az login to setup account.' >&2; exit 1").await;
    ended.assert_failed(1, &["you are not signed in", "hint: sign in with `az login"]);
}

#[cfg(unix)]
#[tokio::test]
async fn the_account_of_the_azure_cli_is_the_operator() {
    let world = World::new().await;
    let token = token(&world).await;
    let answer = serde_json::json!({
        "accessToken": token, "expires_on": 4_102_444_800_i64, "tokenType": "Bearer",
    });
    let ended = with_az(&world, &format!("echo '{answer}'")).await;
    ended.assert_done(&["AppRoleAssignment.ReadWrite.All", "Application.Read.All"]);
    assert!(!format!("{ended:?}").contains(&token), "a token was printed");
}

#[cfg(unix)]
#[tokio::test]
async fn a_token_without_an_object_id_is_refused() {
    let world = World::new().await;
    let answer = r#"{"accessToken":"a.b.c","expires_on":4102444800,"tokenType":"Bearer"}"#;
    let ended = with_az(&world, &format!("echo '{answer}'")).await;
    ended.assert_failed(1, &["does not say who you are"]);
}
