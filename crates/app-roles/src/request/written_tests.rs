//! Requests as the broker writes them.

use proptest::{collection::vec, option, prelude::*, sample::select, string::string_regex};
use serde_json::{Value, json};
use time::{Duration, UtcOffset, macros::datetime};

use super::*;
use crate::{
    arm::ArmScope,
    duration::AssignmentDuration,
    ids::{AppId, AppRoleId, Guid, ObjectId},
    text::{
        DisplayName, IdentifierUri, MAX_DISPLAY_NAME_LENGTH, MAX_REASON_LENGTH,
        MAX_ROLE_VALUE_LENGTH, RoleValue, is_printable,
    },
};

const GROUP: &str = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg";

fn id() -> impl Strategy<Value = String> {
    string_regex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap()
}

/// Printable texts of at most this length. Each may look like a name of another kind.
fn printable_text(longest: usize) -> impl Strategy<Value = String> {
    let characters = prop_oneof![
        4 => proptest::char::range(' ', '~'),
        1 => any::<char>(),
    ];
    let any = vec(characters.prop_filter("printable", |one| is_printable(*one)), 1..=longest)
        .prop_map(String::from_iter);
    let known =
        select(vec!["graph", "Intune", "/subscriptions/x", "api://", "{}", "null", "a\"b\\"]);
    prop_oneof![3 => any, 1 => known.prop_map(str::to_owned), 1 => id()]
}

fn without_spaces(longest: usize) -> impl Strategy<Value = String> {
    printable_text(longest).prop_map(|text| text.replace(char::is_whitespace, "_"))
}

/// Names of all kinds.
fn principal() -> impl Strategy<Value = PrincipalName> {
    let segment = string_regex("[A-Za-z0-9é日._ -]{0,20}x").unwrap();
    let resource = segment.prop_filter_map("no resource", |name| {
        let name = name.trim();
        ArmScope::parse(&format!("{GROUP}/providers/Microsoft.Web/sites/{name}")).ok()
    });
    prop_oneof![
        id().prop_map(|id| PrincipalName::Guid(Guid::parse(&id).unwrap())),
        id().prop_map(|id| PrincipalName::ObjectId(ObjectId::parse(&id).unwrap())),
        id().prop_map(|id| PrincipalName::ClientId(AppId::parse(&id).unwrap())),
        resource.prop_map(PrincipalName::ResourceId),
        printable_text(MAX_DISPLAY_NAME_LENGTH)
            .prop_map(|name| PrincipalName::DisplayName(DisplayName::parse(&name).unwrap())),
    ]
}

fn api() -> impl Strategy<Value = ApiName> {
    prop_oneof![
        id().prop_map(|id| ApiName::Guid(Guid::parse(&id).unwrap())),
        id().prop_map(|id| ApiName::AppId(AppId::parse(&id).unwrap())),
        id().prop_map(|id| ApiName::ObjectId(ObjectId::parse(&id).unwrap())),
        without_spaces(100)
            .prop_map(|uri| ApiName::IdentifierUri(IdentifierUri::parse(&uri).unwrap())),
        printable_text(MAX_DISPLAY_NAME_LENGTH)
            .prop_map(|name| ApiName::DisplayName(DisplayName::parse(&name).unwrap())),
    ]
}

/// A role as a request can name it: a GUID is an id and no value.
fn role() -> impl Strategy<Value = RoleName> {
    let value = without_spaces(MAX_ROLE_VALUE_LENGTH).prop_map(|text| {
        AppRoleId::parse(&text)
            .map_or_else(|_| RoleName::Value(RoleValue::parse(&text).unwrap()), RoleName::from)
    });
    let id = id().prop_map(|id| RoleName::from(AppRoleId::parse(&id).unwrap()));
    prop_oneof![3 => value, 2 => id, 1 => Just(RoleName::DefaultAccess)]
}

/// Times as RFC 3339 can write them: years of four digits, offsets in minutes.
fn moment() -> impl Strategy<Value = OffsetDateTime> {
    let (first, last) = (datetime!(0001-01-01 00:00 UTC), datetime!(9998-12-31 00:00 UTC));
    let seconds = first.unix_timestamp()..last.unix_timestamp();
    let nanoseconds = prop_oneof![Just(0_i64), 0..1_000_000_000_i64];
    (seconds, nanoseconds, -1_439..1_440_i32).prop_map(|(seconds, nanoseconds, minutes)| {
        let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        let offset = UtcOffset::from_whole_seconds(minutes * 60).unwrap();
        (time + Duration::nanoseconds(nanoseconds)).to_offset(offset)
    })
}

fn end() -> impl Strategy<Value = RequestedEnd> {
    let duration = (300..=31_536_000_u32).prop_map(|seconds| {
        RequestedEnd::After(AssignmentDuration::parse(&format!("PT{seconds}S")).unwrap())
    });
    prop_oneof![duration, moment().prop_map(RequestedEnd::At)]
}

prop_compose! {
    fn request()(
        request_id in option::of("[A-Za-z0-9._:-]{1,128}"),
        action in select(vec![Action::Assign, Action::Revoke]),
        principal in principal(),
        api in api(),
        roles in vec(role(), 1..=MAX_ROLES),
        reason in option::of(printable_text(MAX_REASON_LENGTH)),
        end in option::of(end()),
        not_after in option::of(moment()),
        dry_run: bool,
    ) -> Request {
        Request {
            request_id: request_id.map(|id| RequestId::parse(&id).unwrap()),
            action,
            principal,
            api,
            roles,
            reason: reason.map(|reason| Reason::parse(&reason).unwrap()),
            end: end.filter(|_| action == Action::Assign),
            not_after,
            dry_run,
        }
    }
}

#[test]
fn a_request_is_written_with_the_fields_that_say_something() {
    let short = json!({ "principal": "id-orders", "api": "graph", "roles": "Orders.Read" });
    let written = Request::decode(short.to_string().as_bytes()).unwrap().to_json();
    let expected = json!({
        "action": "assign",
        "principal": { "displayName": "id-orders" },
        "api": { "appId": "00000003-0000-0000-c000-000000000000" },
        "roles": ["Orders.Read"],
    });
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), expected);
}

#[test]
fn the_largest_request_is_small_enough_to_be_read_back() {
    let wide = '\u{10FFFD}'.to_string();
    let resource = format!("{GROUP}/providers/a/b/");
    let resource = format!("{resource}{}", wide.repeat(1_024 - resource.len()));
    let request = Request {
        request_id: Some(RequestId::parse(&"x".repeat(128)).unwrap()),
        action: Action::Assign,
        principal: PrincipalName::ResourceId(ArmScope::parse(&resource).unwrap()),
        api: ApiName::DisplayName(DisplayName::parse(&wide.repeat(256)).unwrap()),
        roles: vec![RoleName::Value(RoleValue::parse(&wide.repeat(120)).unwrap()); MAX_ROLES],
        reason: Some(Reason::parse(&wide.repeat(500)).unwrap()),
        end: Some(RequestedEnd::At(datetime!(2026-12-01 18:00:00.123_456_789 +01))),
        not_after: Some(datetime!(2026-12-01 18:00:00.123_456_789 +01)),
        dry_run: true,
    };
    assert_eq!(Request::decode(request.to_json().as_bytes()), Ok(request));
}

proptest! {
    #[test]
    fn every_request_is_read_back_as_it_was_written(request in request()) {
        let written = request.to_json();
        prop_assert_eq!(Request::decode(written.as_bytes()), Ok(request), "{}", written);
    }
}
