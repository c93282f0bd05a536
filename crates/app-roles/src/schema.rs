//! The JSON Schemas of requests and answers, generated from the types that read and write them.
//!
//! `UPDATE_SCHEMAS=1 cargo test --lib -p app-roles -p app-role-broker` writes the files in `schemas/` again.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "only tests build this module")]

mod enumerations;

use std::{borrow::Cow, path::Path};

use enumerations::write_as_enums;
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

use crate::{
    approval::ApprovalDigest,
    duration::AssignmentDuration,
    ids::{AppId, AppRoleId, ApprovalId, InvocationId, ObjectId},
    names::{ApiName, PrincipalName, RoleName},
    request::{
        MAX_ROLES,
        shapes::{GraphShape, Moment, OwnShape, Roles},
    },
    requester::Requester,
    text::{
        MAX_DISPLAY_NAME_LENGTH, MAX_IDENTIFIER_URI_LENGTH, MAX_REASON_LENGTH,
        MAX_REQUEST_ID_LENGTH, MAX_ROLE_VALUE_LENGTH, Reason, RequestId,
    },
};

/// The beginning of the ids of the schemas. They are names, and there is nothing to download.
const SCHEMA_ID: &str = "urn:app-role-broker:schema:";

pub(crate) const GUID: &str = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

/// Characters that no text may contain, as the inside of a character class.
pub(crate) const UNPRINTABLE: &str =
    r"\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFFFE\uFFFF";

/// The printable spaces.
pub(crate) const SPACES: &str = r"\u0020\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000";

const MAX_RESOURCE_ID_LENGTH: usize = 1024;

pub(crate) fn guid() -> Value {
    json!({ "type": "string", "format": "uuid", "pattern": format!("^{GUID}$") })
}

pub(crate) fn text(longest: usize) -> Value {
    json!({ "type": "string", "maxLength": longest, "pattern": format!("^[^{UNPRINTABLE}]+$") })
}

fn word(longest: usize) -> Value {
    let pattern = format!("^[^{UNPRINTABLE}{SPACES}]+$");
    json!({ "type": "string", "maxLength": longest, "pattern": pattern })
}

/// A pattern for a word of an ARM id in any case.
pub(crate) fn any_case(word: &str) -> String {
    word.chars()
        .map(|c| format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()))
        .collect()
}

fn resource_id() -> Value {
    // Characters that are allowed in a name may be percent-encoded. Which letters outside ASCII are, a
    // pattern cannot say.
    let escape = "%(2[1246-9bBcCdDeE]|3[0-9a-eA-E]|[46][0-9a-fA-F]|5[0-9abd-fABD-F]|7[0-9a-eA-E]|\
                  [89a-fA-F][0-9a-fA-F])";
    let dots = r"(\.|%2[eE]){1,2}";
    let character = format!(r"([^/*%\\?#{UNPRINTABLE}{SPACES}]|{escape})");
    let segment = format!("(?!{dots}(/|$)){character}+(( |%20)+{character}+)*");
    let providers = any_case("providers");
    let pattern = format!(
        "^(/{}/{GUID}(/{}/{segment})?|/{providers}/{}/{}/{segment})\
         /{providers}/{segment}(/{segment}/{segment})+/*$",
        any_case("subscriptions"),
        any_case("resourceGroups"),
        any_case("Microsoft.Management").replace("[..]", r"\."),
        any_case("managementGroups"),
    );
    json!({ "type": "string", "maxLength": MAX_RESOURCE_ID_LENGTH, "pattern": pattern })
}

/// Objects with exactly one of these fields. The others may be `null`. `what` is what they name, for the
/// titles, which generators of clients use as the names of types.
fn one_of_fields(what: &str, fields: &[(&str, Value)]) -> Vec<Value> {
    let nulls = || fields.iter().map(|(name, _)| ((*name).to_owned(), json!({ "type": "null" })));
    fields
        .iter()
        .map(|(name, schema)| {
            let mut properties: Map<_, _> = nulls().collect();
            properties.insert((*name).to_owned(), schema.clone());
            let (first, rest) = name.split_at(1);
            json!({
                "title": format!("{what}By{}{rest}", first.to_uppercase()),
                "type": "object",
                "properties": properties,
                "required": [name],
                "additionalProperties": false,
            })
        })
        .collect()
}

fn principal_name() -> Value {
    let display_name = text(MAX_DISPLAY_NAME_LENGTH);
    let mut ways = vec![
        resource_id(),
        json!({
            "type": "string",
            "maxLength": MAX_DISPLAY_NAME_LENGTH,
            "pattern": format!("^[^/{UNPRINTABLE}][^{UNPRINTABLE}]*$"),
        }),
    ];
    ways.extend(one_of_fields(
        "Principal",
        &[
            ("objectId", guid()),
            ("clientId", guid()),
            ("resourceId", resource_id()),
            ("displayName", display_name),
        ],
    ));
    json!({
        "description": "A GUID (object id or client id), an ARM id, a display name, or an object \
                        that states the kind.",
        "anyOf": ways,
    })
}

fn api_name() -> Value {
    let mut ways = one_of_fields(
        "Api",
        &[
            ("appId", guid()),
            ("objectId", guid()),
            ("identifierUri", word(MAX_IDENTIFIER_URI_LENGTH)),
            ("displayName", text(MAX_DISPLAY_NAME_LENGTH)),
        ],
    );
    // A string that begins like a URI is one.
    let begins = |look: &str, inside: String| format!("^({look}(api|https)://)[^{inside}]+$");
    ways.extend([
        json!({
            "type": "string",
            "maxLength": MAX_IDENTIFIER_URI_LENGTH,
            "pattern": begins("?=", format!("{UNPRINTABLE}{SPACES}")),
        }),
        json!({
            "type": "string",
            "maxLength": MAX_DISPLAY_NAME_LENGTH,
            "pattern": begins("?!", UNPRINTABLE.to_owned()),
        }),
    ]);
    json!({
        "description": "A GUID (appId or object id), an identifier URI, an alias (graph, \
                        sharepoint, exchange, intune, defender), a display name, or an object that \
                        states the kind.",
        "anyOf": ways,
    })
}

fn moment() -> Value {
    let time = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?";
    let offset = "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
    let pattern = format!("^{}[Tt]{time}{offset}$", day_of_calendar());
    json!({ "type": "string", "format": "date-time", "pattern": pattern })
}

/// A duration of 5 minutes to 365 days. No pattern can add numbers, so of a duration in several units the
/// schema bounds each number only, and the reader bounds the sum.
pub(crate) fn duration() -> Value {
    // 52 weeks, 365 days, and as many hours, minutes and seconds.
    let weeks = "0*([1-4]?[0-9]|5[0-2])W";
    let days = "0*([1-9]?[0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5])D";
    let hours = "0*([0-9]{1,3}|[1-7][0-9]{3}|8[0-6][0-9]{2}|87[0-5][0-9]|8760)H";
    let minutes =
        "0*([0-9]{1,5}|[1-4][0-9]{5}|5[01][0-9]{4}|52[0-4][0-9]{3}|525[0-5][0-9]{2}|525600)M";
    let seconds = "0*([0-9]{1,7}|[12][0-9]{7}|30[0-9]{6}|31[0-4][0-9]{5}|315[0-2][0-9]{4}|\
                   3153[0-5][0-9]{3}|31536000)S";
    // Less than 5 minutes: a number of minutes, and fewer seconds than are left.
    let short = "(0+[WD])*(T(0+H)?(0*0M)?(0*([0-9]{1,2}|[12][0-9]{2})S)?|\
                 T(0+H)?0*1M(0*([0-9]{1,2}|1[0-9]{2}|2[0-3][0-9])S)?|\
                 T(0+H)?0*2M(0*([0-9]{1,2}|1[0-7][0-9])S)?|\
                 T(0+H)?0*3M(0*([0-9]{1,2}|1[01][0-9])S)?|\
                 T(0+H)?0*4M(0*([0-5]?[0-9])S)?)?$";
    let pattern = format!(
        "^P(?!{short})(?=.)({weeks})?({days})?(T(?=.)({hours})?({minutes})?({seconds})?)?$"
    );
    json!({ "type": "string", "pattern": pattern })
}

/// A pattern for the days of the calendar, leap years included.
pub(crate) fn day_of_calendar() -> String {
    let leap_year = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)";
    format!(
        "([0-9]{{4}}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|\
         02-(0[1-9]|1[0-9]|2[0-8]))|{leap_year}-02-29)"
    )
}

/// The contradictions about the end in a request: both fields, or one of them in a revocation.
pub(crate) fn contradicting_ends() -> Value {
    let stated = json!({ "type": "string" });
    let of_revocation = |field: &str| {
        json!({
            "properties": { "action": { "const": "revoke" }, field: stated },
            "required": ["action", field],
        })
    };
    json!({ "anyOf": [
        {
            "properties": { "duration": stated, "endDateTime": stated },
            "required": ["duration", "endDateTime"],
        },
        of_revocation("duration"),
        of_revocation("endDateTime"),
    ] })
}

fn requester_pattern() -> String {
    let name = "[A-Za-z0-9_-]{1,128}";
    format!("^(queue:[a-z0-9-]{{3,63}}|(eventgrid|key|timer):{name}|(http|cli):{GUID}|admin)$")
}

macro_rules! schema_of {
    ($($type:ty => $schema:expr;)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Schema::try_from($schema).unwrap()
            }
        }
    )*};
}

schema_of! {
    ApprovalId => guid();
    ApprovalDigest => json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" });
    ObjectId => guid();
    AppId => guid();
    AppRoleId => guid();
    InvocationId => guid();
    RequestId => json!({
        "type": "string", "maxLength": MAX_REQUEST_ID_LENGTH, "pattern": "^[A-Za-z0-9._:-]+$",
    });
    Reason => text(MAX_REASON_LENGTH);
    PrincipalName => principal_name();
    ApiName => api_name();
    RoleName => word(MAX_ROLE_VALUE_LENGTH);
    Moment => moment();
    AssignmentDuration => duration();
    Requester => json!({ "type": "string", "pattern": requester_pattern() });
}

impl JsonSchema for Roles {
    fn schema_name() -> Cow<'static, str> {
        "Roles".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let role = generator.subschema_for::<RoleName>();
        json_schema!({
            "description": "Roles, or one role as a string.",
            "anyOf": [
                { "type": "array", "items": role, "minItems": 1, "maxItems": MAX_ROLES },
                role,
            ],
        })
    }
}

/// A request in either shape.
#[derive(JsonSchema)]
#[schemars(untagged, rename = "Request")]
#[expect(dead_code, reason = "only its schema is used")]
enum AnyShape {
    Own(OwnShape),
    Graph(GraphShape),
}

/// The schema of a request.
#[must_use]
pub fn request_schema() -> Value {
    read_schema::<AnyShape>()
}

/// The schema of a type that is only deserialized.
#[must_use]
pub fn read_schema<T: JsonSchema>() -> Value {
    root_schema::<T>(SchemaSettings::draft2020_12())
}

/// The schema of a type that is only serialized.
pub fn written_schema<T: JsonSchema>() -> Value {
    root_schema::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn root_schema<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    write_as_enums(&mut schema);
    schema
}

/// Asserts that the file in `schemas/` has this schema and an id. With `UPDATE_SCHEMAS`, writes the file
/// first.
#[expect(clippy::disallowed_methods, reason = "a switch for developers")]
pub fn assert_committed(file: &str, schema: &Value) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../schemas/{file}.schema.json"));
    let mut schema = schema.clone();
    schema["$id"] = format!("{SCHEMA_ID}{file}").into();
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{} differs from the types; run UPDATE_SCHEMAS=1 cargo test --lib -p app-roles -p app-role-broker \
         -p app-role-cli",
        path.display()
    );
}

#[cfg(test)]
#[test]
fn the_schemas_of_requests_and_answers_match_the_types() {
    assert_committed("request", &request_schema());
    assert_committed("result", &written_schema::<crate::result::RequestResult>());
    assert_committed(
        "assignment-list",
        &written_schema::<crate::assignment_list::AssignmentList>(),
    );
    assert_committed("approval", &written_schema::<crate::approval_view::ApprovalView>());
    assert_committed("approval-list", &written_schema::<crate::approval_view::ApprovalList>());
    assert_committed(
        "approval-decision",
        &read_schema::<crate::approval_decision::ApprovalDecision>(),
    );
    assert_committed("event", &written_schema::<crate::cloud_event::CloudEvent>());
}
