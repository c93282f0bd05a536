//! Names that are misread by a client or server that does not escape them.

use tenant_emulator::{
    ServicePrincipal,
    contoso::{TENANT_ID, contoso},
};
use uuid::Uuid;

use crate::caller::{Caller, filtered_path};

const HOSTILE_NAMES: [&str; 24] = [
    "'",
    "''",
    "a'",
    "'a",
    "O'Brien & Sons #2 API",
    "') or (displayName ne '",
    "' or displayName ne '",
    "a' or startswith(displayName,'",
    "''') or true",
    "100%",
    "%27",
    "%27%27",
    "%2527",
    "a+b",
    "a b",
    "a&$top=1",
    "a&$filter=displayName eq 'b'",
    "a#b",
    "a?b=c;d",
    "a/b\\c",
    "\"quoted\" {json} [list]",
    "Zażółć gęślą jaźń",
    "注文 API 🧾",
    "null",
];

fn api_named(name: &str) -> ServicePrincipal {
    let id = |what: &str| {
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{name}/{what}").as_bytes()).to_string()
    };
    let uri = format!("api://{}", id("uri"));
    ServicePrincipal::api(&id("id"), &id("appId"), name, &uri).owned_by(TENANT_ID)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

async fn caller_among_hostile_names() -> Caller {
    let mut directory = contoso();
    HOSTILE_NAMES.iter().for_each(|name| directory.add_service_principal(api_named(name)));
    Caller::of(directory).await
}

/// The object ids of what a filter finds.
async fn found(caller: &Caller, filter: &str) -> Vec<String> {
    let list = caller.get(&filtered_path(filter)).await.json();
    let list = list["value"].as_array().unwrap_or_else(|| panic!("{filter}: {list}"));
    list.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_name_whose_quotes_are_not_doubled_is_refused() {
    let caller = caller_among_hostile_names().await;
    for name in HOSTILE_NAMES.iter().filter(|name| name.replace("''", "").contains('\'')) {
        let answer = caller.get(&filtered_path(&format!("displayName eq '{name}'"))).await;
        assert_eq!(answer.status, 400, "{name}");
        assert_eq!(answer.json()["error"]["code"], "BadRequest", "{name}");
    }
}

#[tokio::test]
async fn a_hostile_name_finds_only_its_owner() {
    let caller = caller_among_hostile_names().await;
    for name in HOSTILE_NAMES {
        let filter = format!("displayName eq {}", quoted(name));
        assert_eq!(found(&caller, &filter).await, [api_named(name).id], "{name}");
    }
}
