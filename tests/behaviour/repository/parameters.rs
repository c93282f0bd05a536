//! The templates refuse parameters that Azure would refuse late or ignore, and say why.

use std::{net::Ipv4Addr, path::Path};

use serde_json::{Value, json};

use crate::repository::bicep::Template;

/// What `infra/main.bicep` makes of its parameters: the name, or a message.
fn main_with(mut parameters: Value) -> Result<Value, String> {
    parameters["name"] = json!("contoso");
    Template::read(Path::new("infra/main.bicep")).evaluate("checkedName", &parameters)
}

fn accepted(parameters: Value) {
    let shown = parameters.to_string();
    assert_eq!(main_with(parameters), Ok(json!("contoso")), "{shown}");
}

fn refused(parameters: Value, expected: &[&str]) {
    let shown = parameters.to_string();
    let message = main_with(parameters).unwrap_err();
    for part in expected {
        assert!(message.contains(part), "{shown}: {message}");
    }
}

#[test]
fn nothing_is_deployed_with_refused_parameters() {
    let main = Template::read(Path::new("infra/main.bicep"));
    let groups = main.resources("Microsoft.Resources/resourceGroups");
    assert_eq!(groups.len(), 2);
    for group in groups {
        assert!(group.contains("name: 'rg-${checkedName}"), "{group}");
    }
}

#[test]
fn the_defaults_are_accepted() {
    accepted(json!({}));
}

/// Those of `ranges` that `infra/main.bicep` refuses.
fn refused_of(ranges: &[String]) -> Vec<String> {
    let main = Template::read(Path::new("infra/main.bicep"));
    let refused = main.evaluate("refusedAddresses", &json!({ "teamAddressRanges": ranges }));
    serde_json::from_value(refused.unwrap()).unwrap()
}

#[test]
fn exactly_the_private_addresses_are_refused() {
    let seconds = [0, 15, 16, 24, 31, 32, 167, 168, 169, 255];
    let addresses: Vec<_> = [1, 9, 10, 11, 100, 101, 127, 171, 172, 173, 191, 192, 193, 203]
        .into_iter()
        .flat_map(|first| seconds.map(|second| Ipv4Addr::new(first, second, 3, 4)))
        .collect();
    let expected: Vec<_> =
        addresses.iter().filter(|it| it.is_private()).map(Ipv4Addr::to_string).collect();
    let given: Vec<_> = addresses.iter().map(Ipv4Addr::to_string).collect();
    assert_eq!(refused_of(&given), expected);
}

#[test]
fn exactly_the_ranges_of_one_or_two_addresses_are_refused() {
    let given: Vec<_> = (0..=32).map(|length| format!("203.0.113.0/{length}")).collect();
    assert_eq!(refused_of(&given), ["203.0.113.0/31", "203.0.113.0/32"]);
}

#[test]
fn address_ranges_that_a_storage_account_admits_are_accepted() {
    let ranges = [
        "203.0.113.7",
        "203.0.113.0/24",
        "198.51.100.4/30",
        "11.0.0.0/8",
        "100.10.0.0/16",
        "172.15.255.255",
        "172.32.0.0/16",
        "192.167.0.1",
        "192.169.0.0/24",
    ];
    accepted(json!({ "privateNetwork": true, "teamAddressRanges": ranges }));
}

#[test]
fn address_ranges_that_a_storage_account_refuses_are_refused_by_name() {
    for range in [
        "203.0.113.7/32",
        "203.0.113.6/31",
        "10.0.0.0/8",
        "10.1.2.3",
        "172.16.0.0/12",
        "172.20.1.1",
        "172.31.255.255",
        "192.168.0.0/16",
        "2001:db8::1",
        "2001:db8::/32",
    ] {
        let ranges = ["198.51.100.4", range];
        let end = format!("Refused: {range}.");
        refused(
            json!({ "privateNetwork": true, "teamAddressRanges": ranges }),
            &["teamAddressRanges: a storage account admits public IPv4 addresses only", &end],
        );
    }
}

#[test]
fn address_ranges_without_a_private_network_are_refused() {
    refused(
        json!({ "teamAddressRanges": ["203.0.113.7"] }),
        &["teamAddressRanges has an effect with privateNetwork=true only."],
    );
}

#[test]
fn sign_in_with_entra_needs_the_client_id() {
    let client_id = "c0a70500-0000-4000-8000-0000000000f2";
    accepted(json!({ "httpRequests": "entra", "authenticationClientId": client_id }));
    accepted(json!({ "httpRequests": "keys" }));
    accepted(json!({ "approvals": true, "authenticationClientId": client_id }));
    refused(
        json!({ "httpRequests": "entra" }),
        &["httpRequests=entra needs authenticationClientId"],
    );
    refused(json!({ "approvals": true }), &["approvals=true needs authenticationClientId"]);
    refused(
        json!({ "approvals": true, "httpRequests": "keys" }),
        &["approvals=true needs authenticationClientId"],
    );
}

#[test]
fn an_app_in_several_zones_needs_storage_in_several_zones() {
    for sku in ["Standard_ZRS", "Standard_GZRS"] {
        accepted(json!({ "zoneRedundant": true, "storageSku": sku }));
    }
    for sku in ["Standard_LRS", "Standard_GRS"] {
        accepted(json!({ "storageSku": sku }));
        refused(json!({ "zoneRedundant": true, "storageSku": sku }), &["needs storageSku="]);
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    refused(
        json!({ "httpRequests": "entra", "teamAddressRanges": ["10.0.0.1"] }),
        &["Refused: 10.0.0.1.", "privateNetwork=true only.", "needs authenticationClientId"],
    );
}

/// The beginning of the subject that `infra/deployer.bicep` trusts.
fn prefix(given: &str) -> Result<Value, String> {
    let deployer = Template::read(Path::new("infra/deployer.bicep"));
    assert!(deployer.source.contains("subject: '${checkedPrefix}:environment:${environmentName}'"));
    deployer.evaluate("checkedPrefix", &json!({ "subjectPrefix": given }))
}

#[test]
fn a_subject_with_the_numbers_of_owner_and_repository_is_trusted() {
    let given = "repo:contoso@5544123/app-role-broker@821093847";
    assert_eq!(prefix(given), Ok(json!(given)));
}

#[test]
fn a_subject_that_another_owner_could_take_over_is_refused() {
    for given in [
        "",
        "repo:contoso/app-role-broker",
        "repo:contoso@5544123/app-role-broker",
        "repo:contoso/app-role-broker@821093847",
        "contoso@5544123/app-role-broker@821093847",
        "repo:contoso@5544123",
        "repo:contoso@5544123@821093847/app-role-broker",
        "repo:contoso/app-role-broker@5544123@821093847",
        "repo:contoso@5544123/app-role-broker@821093847/more@1",
        "repo:contoso@5544123/app-role-broker@821093847:environment:production",
    ] {
        let message = prefix(given).unwrap_err();
        assert!(message.contains("repo:<owner>@<number>/<repository>@<number>"), "{message}");
    }
}
