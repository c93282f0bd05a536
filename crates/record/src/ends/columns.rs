//! Ends as the table stores them.

use app_roles::{
    ids::{AppId, AppRoleId, InvocationId, ObjectId},
    text::printable,
};
use serde_json::{Map, Value};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::{
    details::Details,
    end_row::{Claim, EndKey, EndRow, Subject},
};
use crate::long_text;

/// The columns that are points in time to the table service, so that a filter can compare them.
const TIMES: [&str; 7] = [
    "endDateTime",
    "newestEndDateTime",
    "since",
    "until",
    "boundAt",
    "endingUntil",
    "announcedEnd",
];

/// Nanoseconds of the table service's unit of time ("Understanding the Table service data model").
const TICK: u32 = 100;

/// Longest text of a claim, in characters. Texts of requests and rules are shorter. A name in the directory
/// may be longer, and must not make a row too large: all texts of all claims have at most 600 KiB. An entity
/// holds 1 MiB ("Understanding the Table service data model").
const LONGEST_TEXT: usize = 1024;

/// A row that this program cannot read: a newer version wrote it, or it was changed by hand. It is kept,
/// and nothing is done because of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the column {0} is missing or has a value that this version does not know")]
pub struct UnreadableEnd(pub &'static str);

impl EndKey {
    /// The key of the row within the principal's partition.
    #[must_use]
    pub fn row_key(&self) -> String {
        format!("{}_{}", self.api, self.role)
    }

    /// Reads the keys of an entity.
    pub fn of_entity(entity: &Map<String, Value>) -> Result<Self, UnreadableEnd> {
        let principal = text(entity, "PartitionKey").and_then(|id| ObjectId::parse(id).ok());
        let row = text(entity, "RowKey").and_then(|key| key.split_once('_'));
        let row = row.and_then(|(api, role)| {
            Some((ObjectId::parse(api).ok()?, AppRoleId::parse(role).ok()?))
        });
        let (api, role) = row.ok_or(UnreadableEnd("RowKey"))?;
        Ok(Self { principal: principal.ok_or(UnreadableEnd("PartitionKey"))?, api, role })
    }
}

impl EndRow {
    /// The row as an entity. `endDateTime` is when the row is due.
    #[must_use]
    pub fn to_entity(&self) -> Map<String, Value> {
        let mut entity = Map::new();
        entity.insert("PartitionKey".to_owned(), self.key.principal.to_string().into());
        entity.insert("RowKey".to_owned(), self.key.row_key().into());
        let mut claims = self.claims.iter().map(claim_columns);
        entity.extend(claims.next().unwrap_or_default());
        let earlier: Vec<_> = claims.map(Value::Object).collect();
        if let (Some(due), Some(newest)) = (self.due_at(), self.claims.first())
            && due != newest.end
        {
            entity.insert("newestEndDateTime".to_owned(), moment(newest.end));
            entity.insert("endDateTime".to_owned(), moment(due));
        }
        if !earlier.is_empty() {
            let earlier = Value::Array(earlier).to_string();
            // Sixteen claims with long texts need more than one column.
            long_text::set(&mut entity, "earlierClaims", &earlier);
        }
        for (name, time) in
            [("endingUntil", self.ending_until), ("announcedEnd", self.announced_end)]
        {
            if let Some(time) = time {
                entity.insert(name.to_owned(), moment(time));
            }
        }
        for name in TIMES.into_iter().filter(|name| entity.contains_key(*name)).collect::<Vec<_>>()
        {
            entity.insert(format!("{name}@odata.type"), "Edm.DateTime".into());
        }
        entity
    }

    /// Reads an entity.
    pub fn of_entity(entity: &Map<String, Value>) -> Result<Self, UnreadableEnd> {
        let key = EndKey::of_entity(entity)?;
        let due = time(entity, "endDateTime")?;
        let mut newest = claim(entity)?;
        if let Some(end) = optional_time(entity, "newestEndDateTime")? {
            newest.end = end;
        }
        let mut claims = vec![newest];
        claims.extend(earlier_claims(entity)?);
        let row = Self {
            key,
            claims,
            ending_until: optional_time(entity, "endingUntil")?,
            announced_end: optional_time(entity, "announcedEnd")?,
        };
        if row.due_at() == Some(due) { Ok(row) } else { Err(UnreadableEnd("endDateTime")) }
    }
}

fn claim_columns(claim: &Claim) -> Map<String, Value> {
    let mut columns = Map::new();
    let mut add = |name: &str, value: Value| columns.insert(name.to_owned(), value);
    add("endDateTime", moment(claim.end));
    match &claim.subject {
        Subject::Assignment { id, bound_at } => {
            add("assignmentId", id.as_str().into());
            add("boundAt", moment(*bound_at));
        }
        Subject::Write { invocation_id, since, until, except } => {
            add("writtenBy", invocation_id.to_string().into());
            add("since", moment(*since));
            add("until", moment(*until));
            if !except.is_empty() {
                add("except", Value::from(except.clone()).to_string().into());
            }
        }
    }
    let Details { requester, function, rule, invocation_id, api_app_id, .. } = &claim.details;
    add("invocationId", invocation_id.to_string().into());
    add("apiAppId", api_app_id.to_string().into());
    for (name, text) in [("requester", requester), ("function", function), ("rule", rule)] {
        add(name, stored_text(text).into());
    }
    for (name, text) in optional_details(&claim.details) {
        if let Some(text) = text {
            add(name, stored_text(text).into());
        }
    }
    columns
}

fn stored_text(text: &str) -> String {
    printable(text).chars().take(LONGEST_TEXT).collect()
}

/// The details that a request may lack, with their columns.
fn optional_details(details: &Details) -> [(&'static str, &Option<String>); 6] {
    [
        ("requestId", &details.request_id),
        ("messageId", &details.message_id),
        ("reason", &details.reason),
        ("appRoleValue", &details.app_role_value),
        ("apiDisplayName", &details.api_display_name),
        ("principalDisplayName", &details.principal_display_name),
    ]
}

fn claim(columns: &Map<String, Value>) -> Result<Claim, UnreadableEnd> {
    let subject = match text(columns, "assignmentId") {
        Some(id) => Subject::Assignment { id: id.to_owned(), bound_at: time(columns, "boundAt")? },
        None => Subject::Write {
            invocation_id: invocation(columns, "writtenBy")?,
            since: time(columns, "since")?,
            until: time(columns, "until")?,
            except: exceptions(columns)?,
        },
    };
    Ok(Claim { subject, end: time(columns, "endDateTime")?, details: details(columns)? })
}

fn details(columns: &Map<String, Value>) -> Result<Details, UnreadableEnd> {
    let needed = |name| text(columns, name).map(str::to_owned).ok_or(UnreadableEnd(name));
    let optional = |name| text(columns, name).map(str::to_owned);
    Ok(Details {
        requester: needed("requester")?,
        request_id: optional("requestId"),
        message_id: optional("messageId"),
        invocation_id: invocation(columns, "invocationId")?,
        function: needed("function")?,
        rule: needed("rule")?,
        reason: optional("reason"),
        app_role_value: optional("appRoleValue"),
        api_app_id: text(columns, "apiAppId")
            .and_then(|id| AppId::parse(id).ok())
            .ok_or(UnreadableEnd("apiAppId"))?,
        api_display_name: optional("apiDisplayName"),
        principal_display_name: optional("principalDisplayName"),
    })
}

fn earlier_claims(entity: &Map<String, Value>) -> Result<Vec<Claim>, UnreadableEnd> {
    let unreadable = UnreadableEnd("earlierClaims");
    let stored = long_text::read(entity, "earlierClaims").map_err(|_| unreadable.clone())?;
    let Some(stored) = stored else { return Ok(Vec::new()) };
    let claims: Vec<Value> = serde_json::from_str(&stored).map_err(|_| unreadable.clone())?;
    let read = |value: &Value| claim(value.as_object()?).ok();
    claims.iter().map(read).collect::<Option<_>>().ok_or(unreadable)
}

fn exceptions(columns: &Map<String, Value>) -> Result<Vec<String>, UnreadableEnd> {
    let Some(stored) = columns.get("except").filter(|value| !value.is_null()) else {
        return Ok(Vec::new());
    };
    let ids = stored.as_str().and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok());
    let ids = ids.and_then(|ids| {
        ids.iter().map(|id| id.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    });
    ids.ok_or(UnreadableEnd("except"))
}

fn text<'a>(columns: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    columns.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn invocation(
    columns: &Map<String, Value>,
    name: &'static str,
) -> Result<InvocationId, UnreadableEnd> {
    text(columns, name).and_then(|id| InvocationId::parse(id).ok()).ok_or(UnreadableEnd(name))
}

fn time(columns: &Map<String, Value>, name: &'static str) -> Result<OffsetDateTime, UnreadableEnd> {
    optional_time(columns, name)?.ok_or(UnreadableEnd(name))
}

fn optional_time(
    columns: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<OffsetDateTime>, UnreadableEnd> {
    match columns.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            let moment = OffsetDateTime::parse(text, &Rfc3339).ok();
            let moment = moment.and_then(|moment| moment.checked_to_offset(UtcOffset::UTC));
            moment.map(Some).ok_or(UnreadableEnd(name))
        }
        Some(_) => Err(UnreadableEnd(name)),
    }
}

/// A moment as the table service writes it: in UTC, with at most seven decimals.
fn moment(moment: OffsetDateTime) -> Value {
    let moment = moment.to_offset(UtcOffset::UTC);
    let moment = moment.replace_nanosecond(moment.nanosecond() / TICK * TICK).unwrap_or(moment);
    moment.format(&Rfc3339).unwrap_or_default().into()
}
