//! Storage accounts on the command line and in the environment.

use storage_emulator::Azurite;

use crate::world::{World, end};

/// Commands that read a storage account, each with its option and variable.
const COMMANDS: [(&[&str], &str, &str); 12] = [
    (&["list", "id-orders"], "--audit", "APP_ROLE_AUDIT"),
    (&["holders", "api://orders"], "--audit", "APP_ROLE_AUDIT"),
    (&["why", "id-orders", "api://orders", "Orders.Read"], "--audit", "APP_ROLE_AUDIT"),
    (&["record", "show"], "--audit", "APP_ROLE_AUDIT"),
    (&["record", "follow"], "--audit", "APP_ROLE_AUDIT"),
    (&["record", "check"], "--audit", "APP_ROLE_AUDIT"),
    (&["drift"], "--audit", "APP_ROLE_AUDIT"),
    (&["report", "-o", "access.json"], "--audit", "APP_ROLE_AUDIT"),
    (&["doctor"], "--requests", "APP_ROLE_REQUESTS"),
    (&["doctor"], "--host-storage", "APP_ROLE_HOST_STORAGE"),
    (&["replay", "--queue", "app-role-requests"], "--failed", "APP_ROLE_HOST_STORAGE"),
    (&["replay", "--queue", "app-role-requests"], "--requests", "APP_ROLE_REQUESTS"),
];

#[tokio::test]
async fn no_command_takes_a_connection_string_from_the_command_line() {
    let world = World::new().await;
    let account = Azurite::shared_account().await.unwrap();
    for (command, option, variable) in COMMANDS {
        for text in
            [&account.connection_string(), "AccountKey=c2VjcmV0", "UseDevelopmentStorage=true"]
        {
            for words in
                [vec![option.to_owned(), text.to_owned()], vec![format!("{option}={text}")]]
            {
                let words: Vec<_> = words.iter().map(String::as_str).collect();
                let ended = world.run(&[command, &words].concat()).await;
                let sentence = format!("error: {option} is not a queue endpoint");
                ended.assert_failed(2, &[&sentence, &format!("set {variable} to use")]);
                let shown = format!("{}{}", ended.stdout, ended.stderr);
                let has_key = shown.contains(account.key()) || shown.contains("c2VjcmV0");
                assert!(!has_key && !shown.contains("AccountKey"), "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn an_invalid_command_line_with_a_key_is_not_repeated() {
    let world = World::new().await;
    let connection = "AccountName=st;AccountKey=c2VjcmV0";
    let url = "https://st.queue.core.windows.net/?sv=1&sig=c2VjcmV0";
    for text in [connection, url] {
        for words in [
            vec!["record", "show", text],
            vec!["record", "show", "--adit", text],
            vec![text],
            vec!["record", "show", "--limit", text],
            vec!["record", "show", &format!("--storage={text}")],
        ] {
            let ended = world.run(&words).await;
            ended.assert_failed(2, &["contains a key", "in the environment"]);
            assert!(!format!("{ended:?}").contains("c2VjcmV0"), "{ended:?}");
        }
    }
}

#[tokio::test]
async fn an_empty_variable_counts_as_unset_whatever_option_it_stands_for() {
    let world = World::new().await;
    let mut command = world.command(&["roles", "api://orders"]);
    for variable in ["POLICY_FILE", "APP_ROLE_AUDIT", "APP_ROLE_BROKER", "APP_ROLE_BROKER_IDENTITY"]
    {
        command.env(variable, "");
    }
    end(command, "").await.assert_done(&["Orders.Read"]);
    // Without an account, the Azure CLI is asked.
    let mut command = world.command(&["roles", "api://orders"]);
    command.env("APP_ROLE_AUTH", "").env("PATH", world.path(""));
    end(command, "").await.assert_failed(1, &["the Azure CLI is not installed"]);
}

#[tokio::test]
async fn a_plain_address_is_told_to_be_no_queue_endpoint_and_how_an_emulator_is_named() {
    let world = World::new().await;
    // `doctor` goes on with everything else.
    let commands = COMMANDS.into_iter().filter(|(command, ..)| command[0] != "doctor");
    for (command, option, variable) in commands {
        let words = [command, &[option, "http://127.0.0.1:10001/dev"]].concat();
        let mut command = world.command(&words);
        for other in
            ["APP_ROLE_HOST_STORAGE", "APP_ROLE_REQUESTS"].iter().filter(|one| **one != variable)
        {
            command.env(other, "UseDevelopmentStorage=true");
        }
        let texts = ["not a queue endpoint in Azure", "by its connection string", variable];
        end(command, "").await.assert_failed(2, &texts);
    }
}
