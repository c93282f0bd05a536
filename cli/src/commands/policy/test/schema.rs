//! The JSON Schema of test files. The reader is written by hand, because it reports all faults at once, and
//! tests compare both.

use std::{borrow::Cow, collections::BTreeMap};

use app_roles::{
    duration::AssignmentDuration,
    ids::{AppId, AppRoleId, ObjectId},
    names::{PrincipalName, RoleName},
    request::Moment,
    schema::{assert_committed, read_schema},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::words::{ActionWord, CodeWord, ConfirmationWord, DecisionWord, KindWord, OwnerWord};

/// Tests of a policy.
#[derive(JsonSchema)]
#[schemars(rename = "PolicyTest", rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct File {
    /// The schema, for editors. It is ignored.
    #[schemars(rename = "$schema")]
    schema: Option<String>,
    /// 1.
    #[schemars(extend("const" = 1))]
    version: u64,
    /// The time of the decisions, for tests that state none. Without it, the time of the run.
    now: Option<Moment>,
    /// The object id of the broker's own identity. Without it, the broker is no principal of any test.
    broker: Option<ObjectId>,
    /// Principals by the display names that tests use.
    principals: Option<BTreeMap<String, Principal>>,
    /// APIs by the display names that tests use.
    apis: Option<BTreeMap<String, Api>>,
    /// The tests.
    #[schemars(length(min = 1))]
    tests: Vec<Test>,
}

/// One test: what is asked, and what the policy must say.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, extend("anyOf" = inputs()))]
#[expect(dead_code, reason = "only its schema is used")]
struct Test {
    /// A sentence, unique in its file. Results are listed with it.
    name: Name,
    /// `queue:<queue>`, `eventgrid:<function>`, `http:<object id>`, `key:<key>`, `cli:<object id>`.
    /// The baseline has none.
    requester: Option<String>,
    /// `assign` by default.
    action: Option<ActionWord>,
    /// An ARM id, an object id, a name of `principals`, or an object.
    principal: Principal,
    /// An appId, an alias, an identifier URI, a name of `apis`, or an object.
    api: Api,
    /// A value, an id, or an object with both.
    role: Role,
    /// How long the assignment is to last.
    duration: Option<AssignmentDuration>,
    /// When the assignment is to end.
    end_date_time: Option<Moment>,
    /// The time of the decision.
    now: Option<Moment>,
    /// What the policy must say.
    expect: Expected,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Expected {
    /// The decision.
    decision: DecisionWord,
    /// The rule that decides. With `denied`: a rule that lacks one thing at most.
    rule: Option<String>,
    /// The code of the denial.
    code: Option<CodeWord>,
    /// When the assignment ends: a time, a duration after the decision, or `none`.
    end: Option<End>,
    /// `http:<object id>` of all whose approvals count.
    approvers: Option<Vec<Approver>>,
    /// How many must approve.
    count: Option<u64>,
    /// How long the request waits for approvers.
    within: Option<AssignmentDuration>,
    /// Whether Azure Resource Manager must confirm the place of the principal before the write.
    confirmation: Option<ConfirmationWord>,
}

/// A principal as a name, or as what Microsoft Graph would state.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Principal {
    Name(#[schemars(length(min = 1))] String),
    Stated(StatedPrincipal),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("anyOf" = one_of(&["resourceId", "objectId", "clientId"])))]
#[expect(dead_code, reason = "only its schema is used")]
struct StatedPrincipal {
    /// The ARM id of the resource of a managed identity.
    resource_id: Option<ResourceId>,
    object_id: Option<ObjectId>,
    client_id: Option<AppId>,
    /// With `resourceId`, a managed identity, and else an application by default.
    kind: Option<KindWord>,
}

/// An API as a name, or as what Microsoft Graph would state.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Api {
    Name(#[schemars(length(min = 1))] String),
    Stated(StatedApi),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("anyOf" = one_of(&["appId", "identifierUri"])))]
#[expect(dead_code, reason = "only its schema is used")]
struct StatedApi {
    app_id: Option<AppId>,
    #[schemars(length(min = 1, max = 255))]
    identifier_uri: Option<String>,
    object_id: Option<ObjectId>,
    /// Microsoft for a well-known API, and else this tenant by default.
    owner: Option<OwnerWord>,
}

/// A role by its value or id, or with both.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Role {
    Name(RoleName),
    Stated(StatedRole),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("anyOf" = one_of(&["value", "id"])))]
#[expect(dead_code, reason = "only its schema is used")]
struct StatedRole {
    value: Option<RoleName>,
    id: Option<AppRoleId>,
}

/// Who asks for which action: the baseline has no requester, and only what is assigned ends.
fn inputs() -> Value {
    let (stated, nothing) = (json!({ "type": "string" }), json!({ "type": "null" }));
    let assigns = json!({ "enum": ["assign", null] });
    json!([
        {
            "properties": {
                "action": { "const": "baseline" }, "requester": nothing, "duration": nothing,
                "endDateTime": nothing,
            },
            "required": ["action"],
        },
        {
            "properties": {
                "action": { "enum": ["revoke", "read"] }, "requester": stated,
                "duration": nothing, "endDateTime": nothing,
            },
            "required": ["action", "requester"],
        },
        {
            "properties": { "action": assigns, "requester": stated, "duration": nothing },
            "required": ["requester"],
        },
        {
            "properties": { "action": assigns, "requester": stated, "endDateTime": nothing },
            "required": ["requester"],
        },
    ])
}

/// At least one of these fields is stated.
fn one_of(fields: &[&str]) -> Value {
    let stated = |field: &&str| json!({ "properties": { *field: { "type": "string" } }, "required": [field] });
    fields.iter().map(stated).collect()
}

/// A printable text.
struct Name;

/// The ARM id of a resource.
struct ResourceId;

/// A time, a duration or the word `none`.
struct End;

/// An approver.
struct Approver;

impl JsonSchema for Name {
    fn schema_name() -> Cow<'static, str> {
        "Name".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let names = PrincipalName::json_schema(generator).to_value();
        let mut ways = names["anyOf"].as_array().unwrap().iter();
        let objects = |way: &&Value| way["required"] == json!(["displayName"]);
        let object = ways.find(objects).unwrap();
        Schema::try_from(object["properties"]["displayName"].clone()).unwrap()
    }
}

impl JsonSchema for ResourceId {
    fn schema_name() -> Cow<'static, str> {
        "ResourceId".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut names = PrincipalName::json_schema(generator).to_value();
        // The first way to name a principal is the ARM id.
        Schema::try_from(names["anyOf"][0].take()).unwrap()
    }
}

impl JsonSchema for End {
    fn schema_name() -> Cow<'static, str> {
        "End".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            generator.subschema_for::<Moment>(), generator.subschema_for::<AssignmentDuration>(),
            { "const": "none" },
        ] })
    }
}

impl JsonSchema for Approver {
    fn schema_name() -> Cow<'static, str> {
        "Approver".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = "^http:[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";
        json_schema!({ "type": "string", "pattern": pattern })
    }
}

/// The schema of a test file.
pub(super) fn policytest_schema() -> Value {
    read_schema::<File>()
}

#[test]
fn the_schema_of_test_files_matches_the_types() {
    assert_committed("policytest", &policytest_schema());
}
