//! Files of requests, such as `app-roles.json` beside a workload.
//!
//! The reader is strict, and reports the faults of all requests at once, because the author of a file reads
//! them. Only [`Request`] decides what a valid request is.

#[cfg(test)]
mod schema;

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use app_roles::{
    names::PrincipalName,
    request::{InvalidRequest, Request, RequestFault},
};
use serde_json::{Map, Value, json};
use wire_formats::json::located::{self, Located, Value as LocatedValue};

use crate::{
    document::{Faults, Part, Section, below, of_text},
    failure::Failure,
    io_reason::io_reason,
    output::{Line, Screen, Tone},
    request::WrittenRequest,
};

/// The largest number of requests in a file. Each is an invocation of the broker.
const MOST_REQUESTS: usize = 100;

/// The largest file, in bytes: as many requests of the largest size.
const MOST_BYTES: u64 = 100 * 32 * 1024;

/// The name that stands for standard input.
const STANDARD_INPUT: &str = "-";

const PRINCIPAL: &str = "principal";

const FILE_FIELDS: &[&str] = &["$schema", PRINCIPAL, "requests"];

const REQUEST_FIELDS: &[&str] = &[
    "requestId",
    "action",
    PRINCIPAL,
    "api",
    "roles",
    "reason",
    "duration",
    "endDateTime",
    "notAfter",
    "dryRun",
];

/// A file of requests, and the principal that the command line names in place of its own.
#[derive(Debug)]
pub(crate) struct RequestFile<'a> {
    path: &'a Path,
    principal: Option<&'a str>,
}

impl<'a> RequestFile<'a> {
    /// The file with this path. `principal` replaces the principal that its requests have in common.
    pub(crate) fn new(path: &'a Path, principal: Option<&'a str>) -> Self {
        Self { path, principal }
    }

    /// The name of the file, for people.
    pub(crate) fn name(&self) -> String {
        let is_input = self.path == Path::new(STANDARD_INPUT);
        let path = if is_input { PathBuf::from("standard input") } else { self.path.to_owned() };
        path.display().to_string()
    }

    /// Reads the requests. Prints all faults, if there are any.
    pub(crate) fn read(&self, screen: Screen) -> Result<Vec<WrittenRequest>, Failure> {
        let principal = self.principal.map(principal).transpose()?;
        let name = self.name();
        let faults = match parse(&self.bytes()?, principal.as_ref()) {
            Ok(requests) => return Ok(requests),
            Err(faults) => faults,
        };
        for fault in &faults {
            let place = format!(" {name}:");
            screen.note(Line::painted(Tone::Bad, "error:").then(&place).then(fault));
        }
        let number = match faults.len() {
            1 => "1 fault".to_owned(),
            number => format!("{number} faults"),
        };
        Err(Failure::failed(format!("{number} in {name}, so nothing was sent"))
            .hint("schemas/app-roles.schema.json describes the format for editors"))
    }

    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let unreadable = |error: std::io::Error| {
            let sentence = format!("{} cannot be read: {}", self.name(), io_reason(&error));
            Failure::failed(sentence).hint("name a file of requests, such as app-roles.json")
        };
        let mut bytes = Vec::new();
        // One byte more is enough to detect a larger file.
        let most = MOST_BYTES + 1;
        if self.path == Path::new(STANDARD_INPUT) {
            std::io::stdin().take(most).read_to_end(&mut bytes).map_err(unreadable)?;
        } else {
            let file = std::fs::File::open(self.path).map_err(unreadable)?;
            file.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
        }
        if u64::try_from(bytes.len()).unwrap_or(most) >= most {
            return Err(Failure::failed(format!("{} is too large", self.name()))
                .hint(format!("a file has at most {MOST_REQUESTS} requests; use several files")));
        }
        Ok(bytes)
    }
}

/// Reads a principal of the command line as a request would.
fn principal(text: &str) -> Result<Value, Failure> {
    let name: Result<PrincipalName, _> = of_text(text);
    match name {
        Ok(_) => Ok(json!(text)),
        Err(problem) => Err(Failure::usage(format!("--principal: {problem}"))),
    }
}

/// Reads the requests of a file. The error lists all faults, each with its line and column.
fn parse(bytes: &[u8], principal: Option<&Value>) -> Result<Vec<WrittenRequest>, Vec<String>> {
    let mut faults = Faults::default();
    let document = located::read(bytes);
    for fault in &document.faults {
        faults.add(fault.location, "", &format!("the file {}", fault.problem));
    }
    let root = document.root.as_ref().map(|value| Part { path: String::new(), value });
    let requests = root.and_then(|root| requests(&root, principal, &mut faults));
    match (requests, faults.into_sentences()) {
        (Some(requests), faults) if faults.is_empty() => Ok(requests),
        (_, faults) => Err(faults),
    }
}

fn requests(
    file: &Part<'_>,
    principal: Option<&Value>,
    faults: &mut Faults,
) -> Option<Vec<WrittenRequest>> {
    let root = file.section(FILE_FIELDS, faults)?;
    if let Some(schema) = root.part("$schema") {
        schema.text(faults);
    }
    let common = common_principal(file, &root, faults);
    let common = principal.cloned().or(common);
    let part = root.required("requests", faults)?;
    let items = part.items(faults)?;
    if items.is_empty() {
        part.fault("an empty list asks for nothing", faults);
    }
    if items.len() > MOST_REQUESTS {
        let problem = format!("a file has at most {MOST_REQUESTS} requests; use several files");
        part.fault(&problem, faults);
    }
    // Each request is read, also after one with a fault.
    let requests: Vec<_> =
        items.iter().map(|item| request(item, common.as_ref(), faults)).collect();
    requests.into_iter().collect()
}

/// The principal of the requests that name none. Its fault is reported once, and not for each of them.
fn common_principal(file: &Part<'_>, root: &Section<'_>, faults: &mut Faults) -> Option<Value> {
    let value = value(&root.part(PRINCIPAL)?, faults)?;
    let request = json!({ PRINCIPAL: value, "api": "any", "roles": "any" });
    match Request::decode(request.to_string().as_bytes()) {
        Ok(_) => Some(value),
        Err(InvalidRequest { fault, .. }) => {
            add(file, fault, faults);
            None
        }
    }
}

fn request(item: &Part<'_>, common: Option<&Value>, faults: &mut Faults) -> Option<WrittenRequest> {
    let section = item.section(REQUEST_FIELDS, faults)?;
    let mut fields = Map::new();
    for field in REQUEST_FIELDS {
        if let Some(part) = section.part(field) {
            fields.insert((*field).to_owned(), value(&part, faults)?);
        }
    }
    if let (Some(common), None) = (common, fields.get(PRINCIPAL)) {
        fields.insert(PRINCIPAL.to_owned(), common.clone());
    }
    if !fields.contains_key(PRINCIPAL) {
        let problem =
            "the principal is missing: name it here, once for the file, or with --principal";
        section.fault(problem, faults);
        return None;
    }
    match WrittenRequest::decode(fields) {
        Ok(request) => Some(request),
        Err(InvalidRequest { fault, .. }) => {
            add(item, fault, faults);
            None
        }
    }
}

/// Adds a fault of a request, at the place in the file that it is about.
fn add(item: &Part<'_>, fault: RequestFault, faults: &mut Faults) {
    let (place, problem) = match fault {
        RequestFault::Json { path, problem } => (path, problem),
        fault @ RequestFault::TooLarge(_) => (String::new(), fault.to_string()),
    };
    match item.value.part(&place) {
        Some(part) if !place.is_empty() => {
            faults.add(part.location, &below(&item.path, &place), &problem);
        }
        // The fault is about the whole request, or about a field that is missing.
        _ => item.fault(&problem, faults),
    }
}

/// Returns a value of the file. `None` if it cannot be read, or repeats a field.
fn value(part: &Part<'_>, faults: &mut Faults) -> Option<Value> {
    plain(part.value).map_err(|problem| part.fault(&problem, faults)).ok().flatten()
}

fn plain(located: &Located) -> Result<Option<Value>, String> {
    Ok(Some(match &located.value {
        LocatedValue::Null => Value::Null,
        LocatedValue::Boolean(value) => Value::Bool(*value),
        LocatedValue::Number(number) => Value::Number(number.clone()),
        LocatedValue::Text(text) => Value::String(text.clone()),
        LocatedValue::Array(items) => {
            let items = items.iter().map(plain).collect::<Result<Option<Vec<_>>, _>>()?;
            let Some(items) = items else { return Ok(None) };
            Value::Array(items)
        }
        LocatedValue::Object(object) => {
            let mut fields = Map::new();
            for member in &object.members {
                let Some(value) = plain(&member.value)? else { return Ok(None) };
                if fields.insert(member.name.clone(), value).is_some() {
                    return Err("a field occurs twice".to_owned());
                }
            }
            Value::Object(fields)
        }
        // The faults of syntax say why.
        LocatedValue::Unreadable => return Ok(None),
    }))
}

#[cfg(test)]
mod tests;
