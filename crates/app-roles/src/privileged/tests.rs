use std::collections::{BTreeSet, HashSet};

use proptest::{prelude::*, sample::select};

use super::{dangerous::ROLES, harmless::HarmlessRole, table::EXCHANGE, *};
use crate::policy::fixtures;

const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
const SHAREPOINT: &str = "00000003-0000-0ff1-ce00-000000000000";
const OWN: &str = "22222222-2222-2222-2222-222222222222";
const OWN_TENANT: &str = "11111111-1111-1111-1111-111111111111";
const MICROSOFT: &str = "F8CDEF31-A31E-4B4A-93E4-5F571E91255A";
const UNKNOWN: &str = "33333333-3333-3333-3333-333333333333";

fn ask(api: &str, owner: Option<&str>, id: &str, value: Option<&str>) -> Option<PrivilegeReason> {
    let owner = owner.map(|owner| Guid::parse(owner).unwrap());
    why(AppId::parse(api).unwrap(), owner, AppRoleId::parse(id).unwrap(), value)
}

/// A role of Microsoft Graph that no table has.
fn on_graph(value: &str) -> Option<PrivilegeReason> {
    ask(GRAPH, None, UNKNOWN, Some(value))
}

#[test]
fn every_role_of_the_table_is_found_by_its_id_for_any_owner_of_the_api() {
    for role in ROLES {
        for owner in [None, Some(MICROSOFT), Some(OWN_TENANT)] {
            assert_eq!(ask(role.api, owner, role.id, None), Some(role.why), "{}", role.value);
            let upper = role.id.to_uppercase();
            assert_eq!(ask(role.api, owner, &upper, Some("x")), Some(role.why), "{}", role.value);
        }
    }
}

#[test]
fn every_value_of_the_table_counts_on_all_microsoft_apis_under_any_id() {
    for role in ROLES {
        for (api, owner) in [(GRAPH, None), (SHAREPOINT, None), (OWN, Some(MICROSOFT))] {
            assert!(ask(api, owner, UNKNOWN, Some(role.value)).is_some(), "{}", role.value);
        }
    }
}

#[test]
fn ids_and_values_are_unique_per_api() {
    let (mut ids, mut values) = (HashSet::new(), HashSet::new());
    let dangerous = ROLES.iter().map(|role| (role.api, role.id, role.value));
    let harmless = HARMLESS.iter().map(|role| (role.api, role.id, role.value));
    for (api, id, value) in dangerous.chain(harmless) {
        assert!(ids.insert((api, id)), "{id}");
        assert!(values.insert((api, value.to_lowercase())), "{value}");
    }
}

#[test]
fn ids_and_words_of_the_tables_are_in_lower_case() {
    let ids = ROLES.iter().flat_map(|role| [role.api, role.id]);
    let ids = ids.chain(HARMLESS.iter().flat_map(|role| [role.api, role.id]));
    for text in ids.chain(APIS.iter().copied()).chain(OWNERS.iter().copied()) {
        assert_eq!(Guid::parse(text).unwrap().to_string(), text);
    }
    for role in ROLES {
        assert!(APIS.contains(&role.api), "{}", role.api);
    }
    for family in FAMILIES {
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        assert!(!family.word.is_empty() && family.word.chars().all(plain), "{}", family.word);
    }
}

#[test]
fn an_unknown_role_of_a_dangerous_family_is_privileged() {
    for (value, reason) in [
        ("RoleManagement.ReadWrite.Everything", PrivilegeReason::Roles),
        ("RoleAssignment.Create.All", PrivilegeReason::Roles),
        ("RoleEligibility.Manage.All", PrivilegeReason::Roles),
        ("PrivilegedAccess.Manage.All", PrivilegeReason::Roles),
        ("Identity.PrivilegeAccountActions.ReadWrite.All", PrivilegeReason::Roles),
        ("AppRoleAssignment.Create.All", PrivilegeReason::Roles),
        ("AppRole.Manage", PrivilegeReason::Roles),
        ("DelegatedAdminRelationship.Approve.All", PrivilegeReason::Roles),
        ("EntitlementManagement.ReadWrite.Catalog", PrivilegeReason::Roles),
        ("Exchange.ManageAsAppV2", PrivilegeReason::Roles),
        ("DelegatedPermissionGrant.Create.All", PrivilegeReason::Consent),
        ("PermissionGrant.ReadWrite.All", PrivilegeReason::Consent),
        ("UserAuthMethod-Brainwave.ReadWrite.All", PrivilegeReason::Credentials),
        ("User-PasswordProfile.Reset.All", PrivilegeReason::Credentials),
        ("PasswordWriteback.RefreshClient.All", PrivilegeReason::Credentials),
        ("AgentIdentityBlueprint.Rotate.All", PrivilegeReason::Applications),
        ("Application.ReadWrite.Selected", PrivilegeReason::Applications),
        ("Application-Credential.ReadWrite.All", PrivilegeReason::Credentials),
        ("Application.ReadUpdate.Selected", PrivilegeReason::Applications),
        ("Policy.ReadWrite.Everything", PrivilegeReason::Policy),
        ("PolicyReadWrite.All", PrivilegeReason::Policy),
        ("Policy-ConditionalAccess.ReadWrite.All", PrivilegeReason::Policy),
        ("policies_write", PrivilegeReason::Policy),
        ("Domain.ReadWrite.Selected", PrivilegeReason::Trust),
        ("Directory.ReadWrite.Selected", PrivilegeReason::Directory),
        ("Directory.Read.Write.All", PrivilegeReason::Directory),
        ("SynchronizationData-User.Upload.All", PrivilegeReason::Directory),
        ("Machine.LiveResponse.Batch", PrivilegeReason::Devices),
        ("Machine.Isolate", PrivilegeReason::Devices),
        ("Sites.FullControl.Selected", PrivilegeReason::Data),
        ("full_access_as_app", PrivilegeReason::Data),
        ("IMAP.AccessAsApp", PrivilegeReason::Data),
        ("Content.SuperUser.Scoped", PrivilegeReason::Data),
    ] {
        assert_eq!(on_graph(value), Some(reason), "{value}");
    }
}

#[test]
fn a_role_that_no_table_names_is_privileged_whatever_it_says_of_itself() {
    for value in [
        "User.Read.All",
        "User.ReadBasic.All",
        "Group.Read.All",
        "Directory.Read.All",
        "Application.Read.All",
        "Policy.Read.All",
        "AuditLog.Read.All",
        "Reports.Read.All",
        "Sites.Read.All",
        "Calendars.Read",
        "ServiceHealth.Read.Everything",
        "NextMonth.Read.All",
        "x",
    ] {
        for (api, owner) in [(GRAPH, None), (SHAREPOINT, None), (OWN, Some(MICROSOFT)), (OWN, None)]
        {
            assert!(ask(api, owner, UNKNOWN, Some(value)).is_some(), "{api} {value}");
        }
    }
    assert_eq!(on_graph("NextMonth.Read.All"), Some(PrivilegeReason::Unlisted));
    assert_eq!(ask(OWN, None, UNKNOWN, Some("x")), Some(PrivilegeReason::UnknownOwner));
}

#[test]
fn a_harmless_role_is_found_by_its_api_its_id_and_its_value() {
    for role in HARMLESS {
        let HarmlessRole { api, id, value, .. } = *role;
        for spelling in [Some(value), Some(&*value.to_uppercase()), None] {
            assert_eq!(ask(api, None, id, spelling), None, "{value}");
            assert_eq!(ask(api, Some(MICROSOFT), &id.to_uppercase(), spelling), None, "{value}");
        }
        assert!(ask(api, None, UNKNOWN, Some(value)).is_some(), "{value} under another id");
        assert!(ask(api, None, id, Some("Renamed.Read.All")).is_some(), "{value} was renamed");
        assert!(ask(api, None, id, Some("")).is_some(), "{value} lost its value");
        for (api, owner) in [(OWN, None), (OWN, Some(MICROSOFT)), (APIS[1], None)] {
            assert!(ask(api, owner, id, Some(value)).is_some(), "{value} on {api}");
        }
    }
}

#[test]
fn no_harmless_role_is_dangerous_by_its_id_its_value_or_its_words() {
    for role in HARMLESS {
        assert!(!ROLES.iter().any(|known| known.id == role.id), "{}", role.value);
        assert_eq!(by_value(role.value), None, "{}", role.value);
    }
}

#[test]
fn a_harmless_role_only_reads_or_reaches_only_what_is_its_own() {
    for role in HARMLESS {
        let words: Vec<_> = role.value.split('.').collect();
        let is_own = words.iter().any(|word| ["OwnedBy", "AppFolder", "Selected"].contains(word));
        let only_reads = words.iter().any(|word| ["Read", "ReadBasic"].contains(word));
        assert!(is_own || only_reads, "{}", role.value);
    }
}

#[test]
fn the_documentation_lists_the_harmless_roles_with_their_reasons() {
    let page = include_str!("../../../../docs/policy-reference.md");
    let listed = page.lines().filter_map(|line| {
        let (reason, roles) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | `")?;
        HARMLESS.iter().any(|role| because(role) == reason).then_some((reason, roles))
    });
    let listed: BTreeSet<_> = listed
        .flat_map(|(reason, roles)| {
            let roles = roles.trim_end_matches('`').split("`, `");
            roles.map(move |role| (reason.to_owned(), role.to_owned()))
        })
        .collect();
    let known = HARMLESS.iter().map(|role| (because(role), role.value.to_owned()));
    assert_eq!(listed, known.collect());
}

/// The reason as a sentence of a table.
fn because(role: &HarmlessRole) -> String {
    let (first, rest) = role.because.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

#[test]
fn a_value_or_an_id_alone_is_judged_as_the_whole_role_is() {
    let graph = AppId::parse(GRAPH).unwrap();
    for role in HARMLESS.iter().filter(|role| role.api == GRAPH) {
        assert_eq!(of_value(graph, &role.value.to_lowercase()), None, "{}", role.value);
        assert_eq!(of_id(graph, AppRoleId::parse(role.id).unwrap()), None, "{}", role.value);
    }
    for role in ROLES.iter().filter(|role| role.api == GRAPH) {
        assert_eq!(of_value(graph, role.value), Some(role.why), "{}", role.value);
        let by_id = of_id(graph, AppRoleId::parse(role.id).unwrap());
        assert_eq!(by_id, Some(role.why), "{}", role.value);
    }
    assert_eq!(of_value(graph, "User.Read.All"), Some(PrivilegeReason::Unlisted));
    let unknown = AppRoleId::parse(UNKNOWN).unwrap();
    assert_eq!(of_id(graph, unknown), Some(PrivilegeReason::Unlisted));
}

#[test]
fn a_role_without_a_value_is_privileged_unless_another_tenant_owns_the_api() {
    for value in [None, Some(""), Some(" ")] {
        assert_eq!(ask(GRAPH, None, UNKNOWN, value), Some(PrivilegeReason::Unnamed));
        assert_eq!(ask(OWN, Some(MICROSOFT), UNKNOWN, value), Some(PrivilegeReason::Unnamed));
        assert_eq!(ask(OWN, None, UNKNOWN, value), Some(PrivilegeReason::Unnamed));
        assert_eq!(ask(OWN, Some(OWN_TENANT), UNKNOWN, value), None);
    }
}

#[test]
fn no_role_of_an_own_api_is_privileged() {
    for role in ROLES {
        assert_eq!(ask(OWN, Some(OWN_TENANT), role.id, Some(role.value)), None, "{}", role.value);
    }
    assert_eq!(ask(OWN, Some(OWN_TENANT), UNKNOWN, Some("RoleManagement.ReadWrite.All")), None);
}

#[test]
fn each_role_of_an_agent_blueprint_is_privileged() {
    let principal = |kind| Principal { kind, ..fixtures::application(OWN) };
    let role = |value: &str| fixtures::role(UNKNOWN, value);
    let (orders, graph) = (fixtures::api(fixtures::ORDERS), fixtures::api(GRAPH));
    for role in [role("Orders.Read"), role(""), AppRole::known_by_id(AppRoleId::DEFAULT_ACCESS)] {
        let blueprint = principal(PrincipalKind::AgentBlueprint);
        let why = of_assignment(&blueprint, &orders, &role);
        assert_eq!(why, Some(PrivilegeReason::Blueprint), "{role:?}");
        for kind in
            [PrincipalKind::Agent, PrincipalKind::Application, PrincipalKind::ManagedIdentity]
        {
            assert_eq!(of_assignment(&principal(kind), &orders, &role), None, "{kind:?}");
        }
    }
    for kind in [PrincipalKind::AgentBlueprint, PrincipalKind::Agent] {
        let why = of_assignment(&principal(kind), &graph, &role("Mail.Read"));
        assert_eq!(why, Some(PrivilegeReason::Data), "{kind:?}");
    }
}

#[test]
fn an_api_is_microsofts_by_its_id_or_its_owner() {
    let is = |api, owner: Option<&str>| {
        is_microsofts(AppId::parse(api).unwrap(), owner.map(|owner| Guid::parse(owner).unwrap()))
    };
    for api in APIS {
        assert!(is(api, None) && is(api, Some(OWN_TENANT)), "{api}");
    }
    for owner in OWNERS {
        assert!(is(OWN, Some(owner)), "{owner}");
    }
    assert!(!is(OWN, None) && !is(OWN, Some(OWN_TENANT)));
}

#[test]
fn the_reason_of_a_dangerous_role_is_one_word() {
    for role in ROLES {
        assert_eq!(role.why.to_string(), format!("{:?}", role.why).to_lowercase());
    }
    assert_eq!(PrivilegeReason::Unnamed.to_string(), "unnamed");
}

#[test]
fn an_identifier_uri_of_a_well_known_api_is_recognized() {
    for (uri, app_id) in IDENTIFIER_URIS {
        assert!(APIS.contains(app_id), "{uri}");
        for spelling in [uri.to_string(), format!("{uri}/"), uri.to_uppercase()] {
            assert_eq!(microsofts_api(&spelling).unwrap().to_string(), *app_id);
        }
    }
    assert_eq!(microsofts_api("api://orders"), None);
}

/// The text with some letters in the other case.
fn recased(text: &str, flips: &[bool]) -> String {
    text.chars()
        .zip(flips.iter().cycle())
        .map(|(letter, flip)| match letter {
            _ if !flip => letter,
            'a'..='z' => letter.to_ascii_uppercase(),
            _ => letter.to_ascii_lowercase(),
        })
        .collect()
}

fn values() -> impl Strategy<Value = String> {
    let words = FAMILIES.iter().map(|family| family.word).chain(["Read", "Write", "All"]);
    prop_oneof![
        select(ROLES).prop_map(|role| role.value.to_owned()),
        prop::collection::vec(select(words.collect::<Vec<_>>()), 1..4)
            .prop_map(|words| words.join(".")),
        "[A-Za-z]{1,9}[.-]Read(Write|Basic)?[.-][A-Za-z]{1,9}",
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn case_does_not_matter(value in values(), flips in prop::collection::vec(any::<bool>(), 1..70)) {
        prop_assert_eq!(on_graph(&value), on_graph(&recased(&value, &flips)));
    }

    #[test]
    fn adding_letters_to_a_value_does_not_take_it_out_of_its_family(
        family in select(FAMILIES),
        (before, after) in ("[A-Za-z.-]{0,12}", "[A-Za-z.-]{0,12}"),
    ) {
        prop_assume!(family.reach == Reach::All);
        let value = format!("{before}{}{after}", family.word);
        prop_assert!(on_graph(&value).is_some(), "{}", value);
    }
}

#[test]
fn a_role_of_the_tables_is_found_by_its_id_and_by_its_value() {
    let graph = AppId::parse(GRAPH).unwrap();
    for name in ["913b9306-0ce1-42b8-9137-6a7df690a760", "place.read.all"] {
        let (id, value) = known_role(graph, name).unwrap();
        assert_eq!(
            (id.to_string().as_str(), value),
            ("913b9306-0ce1-42b8-9137-6a7df690a760", "Place.Read.All")
        );
    }
    assert_eq!(known_role(graph, "Unknown.Role"), None);
    // The same value has another id on another API.
    let sharepoint = AppId::parse(SHAREPOINT).unwrap();
    let [of_graph, of_sharepoint] =
        [graph, sharepoint].map(|api| known_role(api, "Sites.Selected"));
    assert_ne!(of_graph.unwrap().0, of_sharepoint.unwrap().0);
}

#[test]
fn the_identifier_uris_of_a_well_known_api_lead_back_to_it() {
    for app_id in [GRAPH, EXCHANGE] {
        let app_id = AppId::parse(app_id).unwrap();
        assert!(identifier_uris(app_id).count() > 0);
        for uri in identifier_uris(app_id) {
            assert_eq!(microsofts_api(uri), Some(app_id));
        }
    }
}
