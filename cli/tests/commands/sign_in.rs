//! Signing in.

use tenant_emulator::contoso::TENANT_ID;

use crate::world::{Ended, OPERATOR, OPERATOR_CLIENT_ID, World, end};

/// Runs a command with this script as the Azure CLI.
#[cfg(unix)]
async fn with_az(world: &World, script: &str) -> Ended {
    with_tool(world, "az", script, &[]).await
}

/// Runs a command with this script as a tool that the operator is signed in to.
#[cfg(unix)]
async fn with_tool(world: &World, tool: &str, script: &str, more: &[&str]) -> Ended {
    use std::os::unix::fs::PermissionsExt;
    world.write(tool, &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(world.path(tool), std::fs::Permissions::from_mode(0o755)).unwrap();
    let arguments = [&["list", OPERATOR, "--auth", "developer"], more].concat();
    let mut command = world.command(&arguments);
    command.env("PATH", world.path(""));
    end(command, "").await
}

/// What the Azure CLI answers with a token.
fn answer_of_az(token: &str) -> String {
    let answer = serde_json::json!({
        "accessToken": token, "expires_on": 4_102_444_800_i64, "tokenType": "Bearer",
    });
    format!("echo '{answer}'")
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
    let ended = with_az(&world, &answer_of_az(&token)).await;
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

#[cfg(unix)]
#[tokio::test]
async fn a_machine_without_the_azure_cli_is_told_so() {
    let world = World::new().await;
    for command in [
        &["list", "id-orders"][..],
        &["record", "show", "--audit", "https://st.queue.core.windows.net"],
    ] {
        let mut command = world.command(&[command, &["--auth", "developer"]].concat());
        command.env("PATH", world.path(""));
        let sentence = "the Azure CLI is not installed: neither `az` nor `azd` is on the PATH";
        end(command, "").await.assert_failed(1, &[sentence]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_the_azure_cli_says_is_told_in_one_line() {
    let world = World::new().await;
    let script = "printf 'ERROR: AADSTS70043: The refresh token\\nhas expired.' >&2; exit 1";
    let ended = with_az(&world, script).await;
    let told = "the Azure CLI gives no token: ERROR: AADSTS70043: The refresh token has expired.";
    ended.assert_failed(1, &[told, "az login"]);
    assert!(!ended.stderr.contains("troubleshoot"), "{ended:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn an_azure_cli_that_does_not_answer_is_told_as_slow() {
    let world = World::new().await;
    world.set("PACE_FACTOR", "0.02");
    let ended = with_az(&world, "exec /bin/sleep 30").await;
    ended.assert_failed(1, &["`az` takes longer than", "hint: run `az account get-access-token`"]);
}

#[cfg(unix)]
#[tokio::test]
async fn the_azure_developer_cli_is_asked_if_the_azure_cli_gives_no_token() {
    let world = World::new().await;
    let token = token(&world).await;
    let answer = serde_json::json!({ "token": token, "expiresOn": "2100-01-01T00:00:00Z" });
    let ended = with_tool(&world, "azd", &format!("echo '{answer}'"), &[]).await;
    ended.assert_done(&["Application.Read.All"]);
    let ended = with_az(&world, "echo 'Please run az login' >&2; exit 1").await;
    ended.assert_done(&["Application.Read.All"]);
}

#[cfg(unix)]
#[tokio::test]
async fn the_azure_cli_is_asked_for_the_tenant_that_the_operator_names() {
    let world = World::new().await;
    let token = token(&world).await;
    let script = format!("echo \"$@\" > asked; {}", answer_of_az(&token));
    let asked = world.path("asked").display().to_string();
    let script = script.replace("asked;", &format!("{asked};"));
    for tenant in [TENANT_ID, "contoso.onmicrosoft.com"] {
        let ended = with_tool(&world, "az", &script, &["--tenant", tenant]).await;
        ended.assert_done(&["Application.Read.All"]);
        let words = world.read("asked");
        assert!(words.contains(&format!("--tenant {tenant}")), "{words}");
    }
}

#[tokio::test]
async fn a_token_of_another_tenant_is_refused_before_it_is_sent() {
    const OTHER: &str = "c0a70500-0000-4000-8000-00000000ffff";
    let world = World::new().await;
    for command in
        [&["list", "id-orders"][..], &["assign", "id-orders", "api://orders", "Orders.Read", "-y"]]
    {
        let ended = world.run(&[command, &["--tenant", OTHER]].concat()).await;
        ended.assert_failed(1, &[TENANT_ID, OTHER, "hint: sign in with `az login --tenant"]);
    }
    let requests = world.tenant.requests();
    assert!(
        requests.iter().all(|request| !request.path_and_query.contains("/v1.0/")),
        "{requests:?}"
    );
    world.run(&["list", "id-orders", "--tenant", TENANT_ID]).await.assert_done(&[]);
    let domain = ["list", "id-orders", "--tenant", "contoso.com"];
    world.run(&domain).await.assert_failed(2, &["must be an ID for a managed identity"]);
    for text in ["contoso", "-x.com", "contoso.com;id", "$(id).com"] {
        let ended = world.run(&["whoami", &format!("--tenant={text}")]).await;
        ended.assert_failed(2, &["the ID or a domain of a tenant"]);
    }
}
