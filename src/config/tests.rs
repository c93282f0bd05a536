use std::collections::HashMap;

use super::*;

pub(super) const TABLES: &str = "AzureWebJobsStorage__tableServiceUri";

pub(super) fn good() -> HashMap<&'static str, &'static str> {
    HashMap::from([
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "7071"),
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:41000/msi/token"),
        ("IDENTITY_HEADER", "a-header"),
        (TABLES, "https://stbroker.table.core.windows.net"),
    ])
}

pub(super) fn with(name: &'static str, value: &'static str) -> HashMap<&'static str, &'static str> {
    let mut env = good();
    env.insert(name, value);
    env
}

#[test]
fn every_fault_is_reported_by_name_and_not_only_the_first() {
    let env = HashMap::from([("AZURE_CLIENT_ID", "me"), ("GRAPH_ENDPOINT", "https://contoso.com")]);
    let names: Vec<_> = Settings::read(&env).unwrap_err().into_iter().map(|f| f.name).collect();
    assert_eq!(
        names,
        [
            "FUNCTIONS_CUSTOMHANDLER_PORT",
            "AZURE_CLIENT_ID",
            "GRAPH_ENDPOINT",
            "AzureWebJobsStorage",
            "IDENTITY_ENDPOINT"
        ]
    );
}

#[test]
fn a_faulty_value_is_refused_by_the_name_of_its_setting() {
    for (name, value) in [
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "0"),
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "70000"),
        ("AZURE_CLIENT_ID", "id-app-role-broker"),
        ("IDENTITY_HEADER", ""),
        ("PACE_FACTOR", "0.5"),
        ("BROKER_MODE", "off"),
        ("ARM_CONFIRMATION", "off"),
        ("ARM_CONFIRMATION", "Privileged"),
    ] {
        let faults = Settings::read(&with(name, value)).unwrap_err();
        assert_eq!(faults.len(), 1, "{name}={value}");
        assert_eq!(faults[0].name, name);
    }
}

#[test]
fn the_token_is_sent_to_no_host_but_microsofts_and_this_machine() {
    for endpoint in [
        "http://graph.microsoft.com",
        "https://graph.microsoft.com.contoso.com",
        "https://graph.microsoft.com:8443",
        "https://graph.microsoft.com/beta",
        "https://user@graph.microsoft.com",
        "https://graph.microsoft.com@contoso.com",
        "https://localhost",
        "http://127.0.0.2",
        "http://169.254.169.254",
        "ftp://127.0.0.1",
        "graph.microsoft.com",
        "",
    ] {
        let env = HashMap::from_iter(good().into_iter().chain([("GRAPH_ENDPOINT", endpoint)]));
        let faults = Settings::read(&env).unwrap_err();
        assert_eq!(faults[0].name, "GRAPH_ENDPOINT", "{endpoint}");
    }
}

#[test]
fn the_identity_endpoint_is_on_this_machine_or_link_local() {
    for endpoint in [
        "https://contoso.com/msi/token",
        "http://10.0.0.4/msi/token",
        "http://localhost.contoso.com/msi/token",
        "http://127.0.0.1@contoso.com/msi/token",
        "http://user:password@127.0.0.1/msi/token",
        "127.0.0.1/msi/token",
        "msi",
    ] {
        let faults = Settings::read(&with("IDENTITY_ENDPOINT", endpoint)).unwrap_err();
        assert_eq!(faults.len(), 1, "{endpoint}");
        assert_eq!(faults[0].name, "IDENTITY_ENDPOINT", "{endpoint}");
        assert!(!faults[0].to_string().contains("password"), "{endpoint}");
    }
    for endpoint in ["http://169.254.129.2:8081/msi/token", "http://localhost:42356/msi/token"] {
        assert!(Settings::read(&with("IDENTITY_ENDPOINT", endpoint)).is_ok(), "{endpoint}");
    }
}

#[test]
fn nor_to_an_azure_resource_manager_elsewhere() {
    for (graph, arm) in [
        ("https://graph.microsoft.com", "http://management.azure.com"),
        ("https://graph.microsoft.com", "https://management.azure.com.contoso.com"),
        ("https://graph.microsoft.com", "https://management.azure.com:8443"),
        ("https://graph.microsoft.com", "https://management.azure.com/subscriptions"),
        ("https://graph.microsoft.com", "https://user@management.azure.com"),
        ("https://graph.microsoft.com", "https://graph.microsoft.com"),
        ("https://graph.microsoft.com", "http://127.0.0.1:5000"),
        ("http://127.0.0.1:5000", "https://localhost"),
        ("http://127.0.0.1:5000", "http://169.254.169.254"),
    ] {
        let mut env = with("GRAPH_ENDPOINT", graph);
        env.insert("ARM_ENDPOINT", arm);
        let faults = Settings::read(&env).unwrap_err();
        assert_eq!(faults.len(), 1, "{arm}");
        assert_eq!(faults[0].name, "ARM_ENDPOINT", "{arm}");
    }
}

#[test]
fn azure_resource_manager_is_the_one_of_graphs_cloud_unless_it_is_set() {
    for (graph, arm, endpoint, scope) in [
        ("https://graph.microsoft.com", "", "https://management.azure.com/", "azure.com"),
        ("https://graph.microsoft.us", "", "https://management.usgovcloudapi.net/", "usgov"),
        ("https://dod-graph.microsoft.us", "", "https://management.usgovcloudapi.net/", "usgov"),
        (
            "https://microsoftgraph.chinacloudapi.cn",
            "",
            "https://management.chinacloudapi.cn/",
            "chinacloudapi.cn",
        ),
        (
            "https://graph.microsoft.us",
            "https://management.usgovcloudapi.net/",
            "https://management.usgovcloudapi.net/",
            "https://management.usgovcloudapi.net/.default",
        ),
        ("http://127.0.0.1:5000", "", "http://127.0.0.1:5000/", "https://management.azure.com/"),
        ("http://127.0.0.1:5000", "http://[::1]:6000/", "http://[::1]:6000/", "azure.com/.default"),
    ] {
        let mut env = with("GRAPH_ENDPOINT", graph);
        env.insert("ARM_ENDPOINT", arm);
        let settings = Settings::read(&env).unwrap();
        assert_eq!(settings.arm_endpoint.as_str(), endpoint);
        assert!(settings.arm_scope().contains(scope), "{}", settings.arm_scope());
    }
}

#[test]
fn a_national_cloud_has_an_audience_of_its_own() {
    for (endpoint, scope) in [
        ("https://graph.microsoft.com", "https://graph.microsoft.com/.default"),
        ("https://graph.microsoft.us", "https://graph.microsoft.us/.default"),
        ("http://127.0.0.1:5000", "https://graph.microsoft.com/.default"),
    ] {
        assert_eq!(Settings::read(&with("GRAPH_ENDPOINT", endpoint)).unwrap().graph_scope(), scope);
    }
}

#[test]
fn what_is_not_set_has_its_documented_default() {
    let settings = Settings::read(&good()).unwrap();
    assert_eq!(settings.port, 7071);
    assert_eq!(app_root(&good()), Path::new("."));
    assert_eq!(settings.policy_file, Path::new("./policy.json"));
    assert_eq!(settings.client_id, None);
    assert_eq!(settings.timing, Timing::default());
}

#[test]
fn who_signed_in_is_believed_only_where_the_platform_says_true() {
    assert!(!Settings::read(&good()).unwrap().easy_auth);
    for (text, believed) in [
        ("", false),
        ("False", false),
        ("1", false),
        ("yes", false),
        ("True", true),
        ("true", true),
    ] {
        let settings = Settings::read(&with("WEBSITE_AUTH_ENABLED", text)).unwrap();
        assert_eq!(settings.easy_auth, believed, "{text:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn authorities_are_those_of_the_named_file_and_a_named_directory_is_left_to_rustls() {
    let named = with("SSL_CERT_FILE", "/etc/contoso/root.pem");
    let authorities = Settings::read(&named).unwrap().authorities;
    assert_eq!(authorities.as_deref(), Some(Path::new("/etc/contoso/root.pem")));
    let mut env = named;
    env.insert("SSL_CERT_DIR", "/etc/contoso");
    assert_eq!(Settings::read(&env).unwrap().authorities, None);
}
