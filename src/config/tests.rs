use super::*;

fn good() -> HashMap<&'static str, &'static str> {
    HashMap::from([
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "7071"),
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:41000/msi/token"),
        ("IDENTITY_HEADER", "a-header"),
    ])
}

fn with(name: &'static str, value: &'static str) -> HashMap<&'static str, &'static str> {
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
        ["FUNCTIONS_CUSTOMHANDLER_PORT", "AZURE_CLIENT_ID", "GRAPH_ENDPOINT", "IDENTITY_ENDPOINT"]
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
    assert_eq!(settings.pace, Pace::default());
}
