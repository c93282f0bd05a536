//! The JSON Schema of the policy file, for editors and pipelines.
//!
//! It refuses what the reader refuses, as far as JSON Schema can say it. The tests list the rest.

use serde_json::{Map, Value, json};

use super::{
    acknowledgement::MAX_REASON_LENGTH, approval::MOST_APPROVERS, file::VERSION,
    rule_reader::MAX_NAME_LENGTH, warning_code::WarningCode, write_limit::MOST_PER_HOUR,
};
use crate::{
    schema::{GUID, SPACES, UNPRINTABLE, any_case, day_of_calendar, duration, guid, text},
    text::{
        MAX_IDENTIFIER_URI_LENGTH, MAX_ROLE_VALUE_LENGTH, MAX_RULE_DESCRIPTION_LENGTH,
        MAX_RULE_OWNER_LENGTH,
    },
};

/// Longest scope of Azure Resource Manager, in characters.
const MAX_SCOPE_LENGTH: usize = 1024;

/// The part of the form of a duration that keeps each unit within 30 days. The reader limits the sum.
const AT_MOST_30_DAYS: &str = "^P(0*[0-4]W)?(0*([12]?[0-9]|30)D)?\
     (T(0*([0-9]{1,2}|[1-6][0-9]{2}|7[01][0-9]|720)H)?\
     (0*([0-9]{1,4}|[1-3][0-9]{4}|4[0-2][0-9]{3}|43[01][0-9]{2}|43200)M)?\
     (0*([0-9]{1,6}|1[0-9]{6}|2[0-4][0-9]{5}|25[0-8][0-9]{4}|259[01][0-9]{3}|2592000)S)?)?$";

/// The schema of a policy file.
pub(super) fn policy() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Policy",
        "description": "The policy of App Role Broker: which requester may have which app role granted to which principal.",
        "type": "object",
        "additionalProperties": false,
        "required": ["version", "allow"],
        "properties": {
            "$schema": { "type": "string", "description": "For editors. It is ignored." },
            "version": { "type": "integer", "const": VERSION, "description": "The version of the format: 1." },
            "protected": {
                "description": "Object ids, appIds and ARM scopes that no rule can touch.",
                "type": "array",
                "items": { "$ref": "#/$defs/GuidOrScope" },
                "default": [],
            },
            "allow": {
                "description": "What is allowed on request. Everything else is denied.",
                "type": "array",
                "items": { "$ref": "#/$defs/Rule" },
            },
            "baseline": {
                "description": "The roles that identities always hold.",
                "type": "array",
                "items": { "$ref": "#/$defs/BaselineRule" },
                "default": [],
            },
            "acknowledged": { "$ref": "#/$defs/Acknowledged" },
        },
        "$defs": definitions(),
    })
}

fn definitions() -> Value {
    json!({
        "GuidOrScope": guid_or_scope(),
        "Api": api(),
        "Role": role(),
        "Requester": requester(),
        "Approval": approval(),
        "Acknowledged": acknowledged(),
        "Rule": rule(),
        "BaselineRule": object(&["name", "principals", "api", "roles"], &common_fields()),
    })
}

/// An object with these fields and no others.
fn object(required: &[&str], properties: &Map<String, Value>) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

/// A list with at least one entry.
fn list(of: &Value, description: &str) -> Value {
    json!({ "description": description, "type": "array", "minItems": 1, "items": of })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn or_null(schema: &Value, description: &str) -> Value {
    json!({ "description": description, "anyOf": [schema, { "type": "null" }] })
}

fn described(mut schema: Value, description: &str) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), description.into());
    }
    schema
}

/// The fields of all rules.
fn common_fields() -> Map<String, Value> {
    let fields = [
        ("name", described(text(MAX_NAME_LENGTH), "Unique. Decisions are recorded with it.")),
        (
            "principals",
            list(
                &reference("GuidOrScope"),
                "Object ids or ARM scopes. Names of resource groups and resources may contain `*`.",
            ),
        ),
        ("api", reference("Api")),
        (
            "roles",
            list(
                &reference("Role"),
                "Values or ids. A value may end in `*` on APIs that the broker's own tenant owns.",
            ),
        ),
        (
            "privileged",
            json!({
                "description": "Whether the rule grants the privileged roles that it names exactly.",
                "type": "boolean",
                "default": false,
            }),
        ),
        (
            "description",
            or_null(
                &text(MAX_RULE_DESCRIPTION_LENGTH),
                "What the rule is for. Nothing is decided on it.",
            ),
        ),
        (
            "owner",
            or_null(
                &text(MAX_RULE_OWNER_LENGTH),
                "Who answers for the rule. Nothing is decided on it.",
            ),
        ),
        (
            "expires",
            or_null(&last_day(), "The last day on which the rule allows anything, in UTC."),
        ),
        ("acknowledged", reference("Acknowledged")),
    ];
    fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn rule() -> Value {
    let more = [
        (
            "requesters",
            list(&reference("Requester"), "Who may use the rule, as the triggers prove it."),
        ),
        (
            "actions",
            json!({
                "description": "What the rule allows.",
                "type": "array",
                "minItems": 1,
                "items": { "type": "string", "enum": ["assign", "revoke", "read"] },
                "default": ["assign"],
            }),
        ),
        (
            "maxDuration",
            or_null(
                &duration(),
                "The longest time that an assignment may last, and the time that it gets if the \
                 request states no end.",
            ),
        ),
        (
            "maxWritesPerHour",
            or_null(
                &json!({ "type": "integer", "minimum": 1, "maximum": MOST_PER_HOUR }),
                "How many roles each requester may have assigned or revoked by this rule within an \
                 hour. Without it, there is no limit.",
            ),
        ),
        (
            "approval",
            or_null(
                &reference("Approval"),
                "Who must approve what the rule allows. Without it, no approval is needed.",
            ),
        ),
    ];
    let more = more.into_iter().map(|(name, schema)| (name.to_owned(), schema));
    let fields = common_fields().into_iter().chain(more).collect();
    object(&["name", "requesters", "principals", "api", "roles"], &fields)
}

fn approval() -> Value {
    let approver = json!({ "type": "string", "pattern": format!("^http:{GUID}$") });
    let mut within = duration();
    within["allOf"] = json!([{ "pattern": AT_MOST_30_DAYS }]);
    within["default"] = json!("PT24H");
    let within = described(
        within,
        "How long a request waits for them: a duration of ISO 8601, from PT5M to P30D.",
    );
    let fields = json!({
        "by": {
            "description": "`http:<object id>` of those who may approve, each once.",
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_APPROVERS,
            "uniqueItems": true,
            "items": approver,
        },
        "count": {
            "description": "How many of them must approve.",
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_APPROVERS,
            "default": 1,
        },
        "within": within,
    });
    let fields = fields.as_object().cloned().unwrap_or_default();
    described(
        object(&["by"], &fields),
        "Who must approve what the rule allows, how many of them, and within which time.",
    )
}

fn acknowledged() -> Value {
    let codes = WarningCode::ALL.iter().filter(|(code, _)| code.can_be_acknowledged());
    let codes: Vec<_> = codes.map(|(_, word)| word).collect();
    let fields = json!({
        "warning": { "description": "The code of the warning.", "type": "string", "enum": codes },
        "reason": described(text(MAX_REASON_LENGTH), "Why it is accepted."),
    });
    let fields = fields.as_object().cloned().unwrap_or_default();
    json!({
        "description": "Warnings of `app-role policy check` that are known and accepted.",
        "type": "array",
        "uniqueItems": true,
        "items": object(&["warning", "reason"], &fields),
        "default": [],
    })
}

fn requester() -> Value {
    let name = "[A-Za-z0-9_-]{1,128}";
    let shared = format!("(?!({}|_?{})$)", any_case("default"), any_case("master"));
    let pattern = format!(
        "^(queue:[a-z0-9-]{{3,63}}|eventgrid:{name}|key:{shared}{name}|(http|cli):{GUID})$"
    );
    json!({
        "description": "`queue:<queue>`, `eventgrid:<function>`, `http:<object id>`, `key:<key>` or `cli:<object id>`.",
        "type": "string",
        "pattern": pattern,
    })
}

fn api() -> Value {
    let aliases = ["graph", "sharepoint", "exchange", "intune", "defender"].map(any_case);
    let uri = format!("^(api|https)://[^{UNPRINTABLE}{SPACES}]*$");
    json!({
        "description": "An appId, an identifier URI, or an alias: graph, sharepoint, exchange, intune, defender.",
        "anyOf": [
            guid(),
            { "type": "string", "pattern": format!("^({})$", aliases.join("|")) },
            { "type": "string", "maxLength": MAX_IDENTIFIER_URI_LENGTH, "pattern": uri },
        ],
    })
}

fn role() -> Value {
    let value = format!("[^*{UNPRINTABLE}{SPACES}]{{1,{MAX_ROLE_VALUE_LENGTH}}}");
    json!({
        "description": "The value or the id of a role. A value may end in `*` on APIs that the broker's own tenant owns.",
        "type": "string",
        "pattern": format!(r"^({value}\*?|\*)$"),
    })
}

/// An id, or a scope of Azure Resource Manager with `*` in names of resource groups and resources.
fn guid_or_scope() -> Value {
    let segment = |refused: &str| {
        let character = format!(r"[^/%\\?#{refused}{UNPRINTABLE}{SPACES}]");
        format!(r"(?!\.{{1,2}}(/|$)){character}+( +{character}+)*")
    };
    let (exact, name) = (segment("*"), segment(""));
    let [subscriptions, groups, providers, management, management_groups] = [
        "subscriptions",
        "resourceGroups",
        "providers",
        "Microsoft.Management",
        "managementGroups",
    ]
    .map(any_case);
    let management = management.replace("[..]", r"\.");
    let resource = format!("/{providers}/{exact}(/{exact}/{name})+");
    let in_management_group = format!(
        "/{providers}/{management}/{management_groups}/{exact}/{providers}/{exact}(/{exact}/{exact})+"
    );
    let scope = format!(
        "^(/{subscriptions}/{GUID}(/{groups}/{name})?({resource})?|{in_management_group})/*$"
    );
    json!({
        "description": "An id, or an ARM scope: a subscription, a resource group or a resource.",
        "anyOf": [
            guid(),
            { "type": "string", "maxLength": MAX_SCOPE_LENGTH, "pattern": scope },
        ],
    })
}

fn last_day() -> Value {
    let pattern = format!("^{}$", day_of_calendar());
    json!({ "type": "string", "format": "date", "pattern": pattern })
}
