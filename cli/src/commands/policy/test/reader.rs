//! The reader of test files. It is strict, and reports all faults of a file at once.

mod expectation;
mod facts;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use app_roles::{
    duration::AssignmentDuration,
    end::RequestedEnd,
    ids::ObjectId,
    request::{Action, Moment},
    requester::Requester,
    text::DisplayName,
};
use facts::Named;
use time::OffsetDateTime;
use wire_formats::json::located;

use super::{
    super::verdict::Facts,
    case::{Input, TestCase, TestFile},
    words::ActionWord,
};
use crate::{
    document::{Faults, Part, Section},
    failure::Failure,
    io_reason::io_reason,
    output::{Line, Screen, Tone},
    stated_facts,
};

/// The only version of the file format.
const VERSION: u64 = 1;

const FILE_FIELDS: &[&str] =
    &["$schema", "version", "now", "broker", "principals", "apis", "tests"];

const TEST_FIELDS: &[&str] = &[
    "name",
    "requester",
    "action",
    "principal",
    "api",
    "role",
    "duration",
    "endDateTime",
    "now",
    "expect",
];

/// Reads test files, and prints the faults of all of them.
pub(super) fn read_all(screen: Screen, files: &[PathBuf]) -> Result<Vec<TestFile>, Failure> {
    let (mut read, mut faults, mut faulty) = (Vec::new(), 0, 0);
    for path in files {
        match parse(&path.display().to_string(), &bytes(path)?) {
            Ok(file) => read.push(file),
            Err(found) => {
                for fault in &found {
                    let place = format!(" {}:", path.display());
                    screen.note(Line::painted(Tone::Bad, "error:").then(&place).then(fault));
                }
                faults += found.len();
                faulty += 1;
            }
        }
    }
    if faulty == 0 {
        return Ok(read);
    }
    let (faults, files) = (number(faults, "fault"), number(faulty, "test file"));
    Err(Failure::failed(format!("{faults} in {files}, so no test was run"))
        .hint("schemas/policytest.schema.json describes the format for editors"))
}

fn number(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::failed(format!("{} cannot be read: {}", path.display(), io_reason(&error)))
            .hint("name test files, or folders with files *.policytest.json")
    })
}

/// Reads the text of a test file. The error lists all faults.
pub(super) fn parse(name: &str, bytes: &[u8]) -> Result<TestFile, Vec<String>> {
    let mut faults = Faults::default();
    let document = located::read(bytes);
    for fault in &document.faults {
        faults.add(fault.location, "", &format!("the file {}", fault.problem));
    }
    let root = document.root.as_ref().map(|value| Part { path: String::new(), value });
    let tests = root.and_then(|root| tests(&root, &mut faults));
    match (tests, faults.into_sentences()) {
        (Some(tests), faults) if faults.is_empty() => Ok(TestFile { name: name.to_owned(), tests }),
        (_, faults) => Err(faults),
    }
}

/// The facts that the file states for all its tests.
struct Context {
    named: Named,
    now: Option<OffsetDateTime>,
    broker: Option<ObjectId>,
}

fn tests(root: &Part<'_>, faults: &mut Faults) -> Option<Vec<TestCase>> {
    let root = root.section(FILE_FIELDS, faults)?;
    if let Some(schema) = root.part("$schema") {
        schema.text(faults);
    }
    if let Some(part) = root.required("version", faults)
        && part.number(faults).is_some_and(|version| version != VERSION)
    {
        part.fault(&format!("this program supports only version {VERSION}"), faults);
    }
    let context = Context {
        named: Named::read(&root, faults),
        now: root.read::<Moment>("now", faults).map(|moment| moment.0),
        broker: root.read("broker", faults),
    };
    let part = root.required("tests", faults)?;
    let items = part.items(faults)?;
    if items.is_empty() {
        part.fault("an empty list tests nothing", faults);
    }
    let mut names = HashSet::new();
    let mut tests = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(section) = item.section(TEST_FIELDS, faults) else { continue };
        let name = name(&section, &mut names, faults);
        // Each part is read, so that a fault of one does not hide those of the others.
        if let (Some(name), Some(test)) = (name, test(&section, index, &context, faults)) {
            tests.push(TestCase { name, ..test });
        }
    }
    Some(tests)
}

fn name(section: &Section<'_>, names: &mut HashSet<String>, faults: &mut Faults) -> Option<String> {
    let part = section.required("name", faults)?;
    let name: DisplayName = part.read(faults)?;
    if !names.insert(name.to_string()) {
        part.fault(
            "another test of this file has this name, and results are listed with it",
            faults,
        );
    }
    Some(name.to_string())
}

fn test(
    section: &Section<'_>,
    index: usize,
    context: &Context,
    faults: &mut Faults,
) -> Option<TestCase> {
    let action = match section.part("action") {
        None => Some(ActionWord::default()),
        Some(part) => part.read(faults),
    };
    let input = action.and_then(|action| input(section, action, faults));
    let principal = facts::principal(section, &context.named, faults);
    let api = facts::api(section, &context.named, faults);
    let role = facts::role(section, api.as_ref().map(|(_, api)| api), faults);
    let now = section.read::<Moment>("now", faults).map(|moment| moment.0);
    let expected = expectation::read(section, action, faults);
    let ((principal_name, principal), (api_name, api)) = (principal?, api?);
    let made_up = api.made_up_app_id();
    let (api, role) = api.api(&role?);
    let own = stated_facts::own_identity(context.broker);
    let facts = Facts { principal: principal.principal(), api: Arc::new(api), role, own, made_up };
    Some(TestCase {
        name: String::new(),
        index,
        input: input?,
        facts,
        names: (principal_name, api_name),
        now: now.or(context.now),
        expected: expected?,
    })
}

fn input(section: &Section<'_>, action: ActionWord, faults: &mut Faults) -> Option<Input> {
    let end = end(section, action, faults);
    if action == ActionWord::Baseline {
        if let Some(part) = section.part("requester") {
            part.fault("the baseline works without a requester", faults);
        }
        return Some(Input::Baseline);
    }
    let requester = section.required("requester", faults)?.parsed(Requester::parse, faults)?;
    Some(match action {
        ActionWord::Read | ActionWord::Baseline => Input::Reading { requester },
        ActionWord::Assign => Input::Change { requester, action: Action::Assign, end },
        ActionWord::Revoke => Input::Change { requester, action: Action::Revoke, end: None },
    })
}

fn end(section: &Section<'_>, action: ActionWord, faults: &mut Faults) -> Option<RequestedEnd> {
    let duration: Option<AssignmentDuration> = section.read("duration", faults);
    let time: Option<Moment> = section.read("endDateTime", faults);
    let [of_duration, of_time] = ["duration", "endDateTime"].map(|field| section.part(field));
    if let (Some(_), Some(part)) = (&of_duration, &of_time) {
        part.fault("a request has either duration or endDateTime, and not both", faults);
    }
    for part in [of_duration, of_time].into_iter().flatten() {
        if action != ActionWord::Assign {
            part.fault("only a request that assigns has an end; leave it out", faults);
        }
    }
    let at = time.map(|time| RequestedEnd::At(time.0));
    duration.map(RequestedEnd::After).or(at)
}

#[cfg(test)]
mod tests;
