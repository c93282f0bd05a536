use super::{
    tests::{TABLES, good, with},
    *,
};

#[test]
fn the_token_for_storage_is_sent_to_no_host_but_azures_and_with_emulators_this_machine() {
    for endpoint in [
        "http://stbroker.table.core.windows.net",
        "https://stbroker.table.core.windows.net.contoso.com",
        "https://stbroker.table.core.windows.net@contoso.com",
        "https://user@stbroker.table.core.windows.net",
        "https://stbroker.table.core.windows.net:8443",
        "https://stbroker.table.core.windows.net/path",
        "https://stbroker.table.core.windows.net/?sv=2020&sig=x",
        "https://stbroker.queue.core.windows.net",
        "https://a.b.table.core.windows.net",
        "http://user@127.0.0.1:10002/devstoreaccount1",
        "https://.table.core.windows.net",
        "https://table.core.windows.net",
        "https://stbrokertable.core.windows.net",
        "https://contoso.com",
        "http://127.0.0.1:10002/devstoreaccount1",
        "stbroker",
    ] {
        let faults = Settings::read(&with(TABLES, endpoint)).unwrap_err();
        assert_eq!(faults.len(), 1, "{endpoint}");
        assert_eq!(faults[0].name, TABLES, "{endpoint}");
    }
    let mut env = with(TABLES, "http://127.0.0.1:10002/devstoreaccount1");
    env.insert("GRAPH_ENDPOINT", "http://127.0.0.1:5000");
    assert!(matches!(Settings::read(&env).unwrap().tables, TableService::Identity(_)));
    env.insert(TABLES, "http://contoso.com");
    assert_eq!(Settings::read(&env).unwrap_err()[0].name, TABLES);
}

/// The queue services of these settings: the connection, how they are reached, and their address.
fn queues(settings: &Settings) -> Vec<String> {
    let services = settings.queues.iter().map(|(name, service)| match service {
        QueueService::Identity(url) => format!("{name} identity {url}"),
        QueueService::Key(url, key) => format!("{name} key of {} {url}", key.account()),
    });
    services.collect()
}

#[test]
fn storage_is_found_by_its_uris_or_by_the_name_of_its_account() {
    assert!(Settings::read(&good()).unwrap().queues.is_empty());
    let mut env = with("AzureWebJobsStorage__accountName", "stbroker");
    env.remove(TABLES);
    env.insert("AzureWebJobsStorage", "");
    env.insert("RequestQueues__queueServiceUri", "https://streq.queue.core.usgovcloudapi.net/");
    let settings = Settings::read(&env).unwrap();
    let TableService::Identity(tables) = &settings.tables else { panic!("{settings:?}") };
    assert_eq!(tables.as_str(), "https://stbroker.table.core.windows.net/");
    assert_eq!(
        queues(&settings),
        [
            "AzureWebJobsStorage identity https://stbroker.queue.core.windows.net/",
            "RequestQueues identity https://streq.queue.core.usgovcloudapi.net/",
        ]
    );
    env.insert("AzureWebJobsStorage__accountName", "st.contoso.com/#");
    let faults = Settings::read(&env).unwrap_err();
    assert_eq!(faults.len(), 2);
    assert!(faults.iter().all(|fault| fault.name == "AzureWebJobsStorage__accountName"));
}

#[test]
fn queues_with_a_key_lead_to_azure_and_with_emulators_to_this_machine() {
    for (text, graph, found) in [
        (
            "AccountName=st;AccountKey=a2V5",
            MICROSOFT,
            Some("key of st https://st.queue.core.windows.net/"),
        ),
        (
            "AccountName=st;AccountKey=a2V5;EndpointSuffix=core.usgovcloudapi.net",
            MICROSOFT,
            Some("key of st https://st.queue.core.usgovcloudapi.net/"),
        ),
        (
            "UseDevelopmentStorage=true",
            EMULATOR,
            Some("key of devstoreaccount1 http://127.0.0.1:10001/devstoreaccount1"),
        ),
        ("UseDevelopmentStorage=true", MICROSOFT, None),
        ("AccountName=st;AccountKey=a2V5;QueueEndpoint=https://contoso.com", MICROSOFT, None),
        ("AccountName=st;AccountKey=a2V5;QueueEndpoint=https://contoso.com", EMULATOR, None),
        ("AccountName=st;AccountKey=a2V5;DefaultEndpointsProtocol=http", MICROSOFT, None),
        // The host understands these, so the broker must start.
        (
            "QueueEndpoint=https://st.queue.core.windows.net;SharedAccessSignature=x",
            MICROSOFT,
            None,
        ),
        ("secret", MICROSOFT, None),
        ("", MICROSOFT, None),
    ] {
        for connection in ["RequestQueues", "TeamQueues", "AzureWebJobsTeamQueues"] {
            let mut env = with("GRAPH_ENDPOINT", graph);
            env.insert(connection, text);
            let settings = Settings::read(&env).unwrap().with_queues_of(&env, ["TeamQueues"]);
            let name = connection.trim_start_matches("AzureWebJobs");
            let expected: Vec<_> = found.iter().map(|found| format!("{name} {found}")).collect();
            assert_eq!(queues(&settings), expected, "{connection} {text}");
        }
    }
}

#[test]
fn the_queues_of_a_folder_of_a_team_are_found_as_those_of_every_app() {
    let mut env = with("TeamQueues__accountName", "stteam");
    env.insert("TeamQueues", "AccountName=st;AccountKey=a2V5");
    env.insert("Payroll__queueServiceUri", "https://stpay.queue.core.chinacloudapi.cn");
    env.insert("Elsewhere__queueServiceUri", "https://stpay.queue.core.windows.net.contoso.com");
    env.insert("RequestQueues__queueServiceUri", "https://streq.queue.core.windows.net");
    let named = ["TeamQueues", "Payroll", "Elsewhere", "Missing", "RequestQueues", "Payroll"];
    let settings = Settings::read(&env).unwrap().with_queues_of(&env, named);
    assert_eq!(
        queues(&settings),
        [
            "Payroll identity https://stpay.queue.core.chinacloudapi.cn/",
            "RequestQueues identity https://streq.queue.core.windows.net/",
            "TeamQueues identity https://stteam.queue.core.windows.net/",
        ]
    );
}

#[test]
fn a_token_for_queues_is_sent_to_no_host_but_azures() {
    for connection in ["AzureWebJobsStorage__queueServiceUri", "RequestQueues__queueServiceUri"] {
        for endpoint in ["https://contoso.com", "http://127.0.0.1:10001/devstoreaccount1"] {
            let faults = Settings::read(&with(connection, endpoint)).unwrap_err();
            let [fault] = faults.as_slice() else { panic!("{faults:?}") };
            assert_eq!(fault.name, connection, "{endpoint}");
        }
    }
}

#[test]
fn without_a_table_service_there_is_no_record_and_no_start() {
    for more in [
        &[][..],
        &[("AzureWebJobsStorage", "")],
        &[(TABLES, ""), ("AzureWebJobsStorage__accountName", "")],
        &[("AzureWebJobsStorage__queueServiceUri", "https://st.queue.core.windows.net")],
    ] {
        let mut env = good();
        env.remove(TABLES);
        env.extend(more.iter().copied());
        let faults = Settings::read(&env).unwrap_err();
        let [fault] = faults.as_slice() else { panic!("{faults:?}") };
        let text = fault.to_string();
        assert!(text.starts_with("AzureWebJobsStorage is not set"), "{text}");
        for advice in [TABLES, "AzureWebJobsStorage__accountName", "record"] {
            assert!(text.contains(advice), "{text}");
        }
    }
}

#[test]
fn an_identity_comes_before_a_connection_string() {
    let env = with("AzureWebJobsStorage", "AccountName=st;AccountKey=a2V5");
    assert!(matches!(Settings::read(&env).unwrap().tables, TableService::Identity(_)));
}

/// The tables of a connection string.
fn keyed(text: &'static str, graph: &'static str) -> Result<String, String> {
    let mut env = with("AzureWebJobsStorage", text);
    env.remove(TABLES);
    env.insert("GRAPH_ENDPOINT", graph);
    match Settings::read(&env) {
        Ok(Settings { tables: TableService::Key(url, _), .. }) => Ok(url.into()),
        Ok(settings) => panic!("{:?}", settings.tables),
        Err(faults) => {
            let [fault] = faults.as_slice() else { panic!("{faults:?}") };
            assert_eq!(fault.name, "AzureWebJobsStorage");
            Err(fault.to_string())
        }
    }
}

const MICROSOFT: &str = "https://graph.microsoft.com";
const EMULATOR: &str = "http://127.0.0.1:5000";

#[test]
fn a_connection_string_leads_to_azures_tables_and_with_emulators_to_this_machine() {
    for (text, graph, url) in [
        (
            "DefaultEndpointsProtocol=https;AccountName=st;AccountKey=a2V5;\
             EndpointSuffix=core.windows.net",
            MICROSOFT,
            "https://st.table.core.windows.net/",
        ),
        (
            "AccountName=st;AccountKey=a2V5;EndpointSuffix=core.usgovcloudapi.net",
            "https://graph.microsoft.us",
            "https://st.table.core.usgovcloudapi.net/",
        ),
        (
            "AccountName=st;AccountKey=a2V5;TableEndpoint=https://st.table.core.windows.net/",
            MICROSOFT,
            "https://st.table.core.windows.net/",
        ),
        ("UseDevelopmentStorage=true", EMULATOR, "http://127.0.0.1:10002/devstoreaccount1"),
        (
            "AccountName=st;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:9/st",
            EMULATOR,
            "http://127.0.0.1:9/st",
        ),
        ("AccountName=st;AccountKey=a2V5", EMULATOR, "https://st.table.core.windows.net/"),
    ] {
        assert_eq!(keyed(text, graph).as_deref(), Ok(url), "{text}");
    }
}

#[test]
fn no_other_connection_string_is_accepted_and_none_is_repeated() {
    for (text, problem) in [
        ("UseDevelopmentStorage=true", "leads to an emulator on this machine"),
        (
            "AccountName=st;AccountKey=c2VjcmV0;TableEndpoint=http://127.0.0.1:9/st",
            "leads to an emulator on this machine",
        ),
        (
            "AccountName=st;AccountKey=c2VjcmV0;DefaultEndpointsProtocol=http",
            "does not lead to a table service",
        ),
        (
            "AccountName=st;AccountKey=c2VjcmV0;EndpointSuffix=contoso.com",
            "does not lead to a table service",
        ),
        (
            "AccountName=st;AccountKey=c2VjcmV0;TableEndpoint=https://contoso.com",
            "does not lead to a table service",
        ),
        (
            "AccountName=st;AccountKey=c2VjcmV0;\
             TableEndpoint=https://st.table.core.windows.net/?sig=c2VjcmV0",
            "does not lead to a table service",
        ),
        ("AccountName=st", "is not a connection string with AccountKey"),
        ("c2VjcmV0", "is not a connection string with AccountName"),
        (
            "AccountName=st;AccountKey=c2VjcmV0!",
            "is a connection string with an invalid AccountKey",
        ),
        (
            "TableEndpoint=https://st.table.core.windows.net;SharedAccessSignature=sig=c2VjcmV0",
            "is a connection string with a SharedAccessSignature",
        ),
    ] {
        let fault = keyed(text, MICROSOFT).unwrap_err();
        assert!(fault.starts_with(&format!("AzureWebJobsStorage {problem}")), "{text}: {fault}");
        assert!(!fault.contains("c2VjcmV0") && !fault.contains("contoso"), "{fault}");
    }
}

#[test]
fn a_key_never_shows_in_the_settings() {
    let mut env = with("AzureWebJobsStorage", "AccountName=st;AccountKey=c2VjcmV0LWtleQ==");
    env.remove(TABLES);
    let settings = Settings::read(&env).unwrap();
    assert_eq!(settings.queues.len(), 1);
    let shown = format!("{settings:?}");
    assert!(!shown.contains("c2VjcmV0") && !shown.contains("secret-key"), "{shown}");
}
