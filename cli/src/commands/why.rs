//! `app-role why`: whether a role is granted, since when, who requested it, and why a token may lack it.

mod record;
mod subject;
mod token;

use app_roles::directory::Assignment;
use broker::{TOKEN_CACHE, rfc3339};
use clap::Args;
use record::Entry;
use serde::Serialize;
use subject::Subject;
use time::OffsetDateTime;
use token::TokenReport;

use crate::{
    agents,
    broker_record::{End, Ends, RecordAccount, ShownEnd},
    exit::Exit,
    failure::Failure,
    names,
    options::GlobalOptions,
    output::{Line, Screen, Tone},
    session::Session,
    timestamps::{self, to_the_second},
};

#[derive(Debug, Args)]
pub(crate) struct WhyArguments {
    /// Principal that should hold the role
    principal: String,
    /// API that defines the role
    api: String,
    /// Role to explain
    role: String,
    /// Read an access token from standard input and explain its roles; the token is never printed
    #[arg(long)]
    token: bool,
    #[command(flatten)]
    account: RecordAccount,
}

/// The answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    granted: bool,
    /// Whether the agents of the principal, a blueprint, can inherit the role.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    inherited_by_agents: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignment_id: Option<String>,
    /// When the last token from before the grant expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_by: Option<String>,
    #[serde(flatten)]
    shown_end: Option<ShownEnd>,
    #[serde(skip)]
    end: Option<End>,
    /// The broker's audit rows about the role, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    record: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<TokenReport>,
}

/// Runs `app-role why`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &WhyArguments,
) -> Result<Exit, Failure> {
    let claims = if arguments.token { Some(token::read_standard_input()?) } else { None };
    let tables = arguments.account.open(global)?;
    let session = Session::open(global).await?;
    let directory = session.directory();
    let principal = directory.principal(&arguments.principal).await?;
    let api = directory.api(&arguments.api).await?;
    let role = names::role(&api, &arguments.role)?;
    let held = directory.assignments(&principal).await?;
    let subject = Subject { principal: &principal, api: &api, role: &role };
    let is_it = |one: &&Assignment| one.api == api.object_id && one.role == role.id;
    let assignment = held.iter().find(is_it);
    let created = assignment.and_then(|assignment| assignment.created.as_deref());
    let since = created.and_then(timestamps::parse);
    let record = match &tables {
        Some(tables) => record::read(tables, subject).await?,
        None => Vec::new(),
    };
    let ends = Ends::of_principal(tables.as_ref(), principal.object_id).await?;
    let end = assignment.and_then(|assignment| ends.end_of(principal.object_id, assignment));
    let answer = Answer {
        granted: assignment.is_some(),
        inherited_by_agents: assignment.is_some() && agents::is_inherited(&principal),
        since: created.map(str::to_owned),
        assignment_id: assignment.map(|assignment| assignment.id.clone()),
        effective_by: since.map(|since| rfc3339(since + TOKEN_CACHE)),
        shown_end: end.map(End::shown),
        end,
        record,
        token: claims.map(|claims| TokenReport::new(&claims, subject, assignment.is_some(), since)),
    };
    if screen.prints_document() {
        screen.json(&answer)?;
    } else {
        show(screen, subject, &answer, tables.is_some());
    }
    ends.note_unreadable(screen);
    Ok(exit(&answer))
}

fn exit(answer: &Answer) -> Exit {
    match &answer.token {
        _ if !answer.granted => Exit::NotFound,
        Some(token) if !token.carries => Exit::Failed,
        _ => Exit::Done,
    }
}

fn show(screen: Screen, subject: Subject<'_>, answer: &Answer, has_record: bool) {
    if answer.granted {
        let since = answer.since.as_deref().and_then(timestamps::parse);
        let word = Line::painted(Tone::Good, "granted");
        screen.say(word.then(&format!(": {subject}, {}", effect(since))));
    } else {
        screen.say(Line::painted(Tone::Bad, "not granted").then(&format!(": {subject}")));
    }
    if let Some(end) = answer.end {
        screen.say(ending(end));
    }
    if let Some(remark) = agents::remark(subject.principal) {
        screen.say(remark);
    }
    show_record(screen, answer, has_record);
    if let Some(token) = &answer.token {
        let tone = if token.carries { Tone::Good } else { Tone::Bad };
        screen.say(Line::from("token: ").then_painted(tone, &token.verdict));
        screen.say(format!(
            "token: issued {}, expires {}, roles: {}",
            token.issued_at.as_deref().unwrap_or("at an unknown time"),
            token.expires_at.as_deref().unwrap_or("at an unknown time"),
            if token.roles.is_empty() { "none".to_owned() } else { token.roles.join(", ") },
        ));
    }
}

/// Describes when the grant was made, and its effect on tokens.
fn effect(since: Option<OffsetDateTime>) -> String {
    let Some(since) = since else {
        return "at a time that Microsoft Graph does not report".to_owned();
    };
    let (created, by) = (to_the_second(since), to_the_second(since + TOKEN_CACHE));
    if since + TOKEN_CACHE <= OffsetDateTime::now_utc() {
        format!("since {created}; tokens issued before have expired")
    } else {
        format!("since {created}; tokens issued before lack it and expire by {by}")
    }
}

/// Describes when the grant ends, and its effect on tokens.
fn ending(end: End) -> Line {
    let now = OffsetDateTime::now_utc();
    let tokens = format!("tokens may carry the role until {}", end.tokens_cell());
    if end.is_late(now) {
        let word = Line::painted(Tone::Bad, "late");
        return word.then(&format!(": the grant should have ended at {}; {tokens}", end.cell()));
    }
    format!("the grant ends at {}; {tokens}", end.cell()).into()
}

fn show_record(screen: Screen, answer: &Answer, has_record: bool) {
    if !answer.record.is_empty() {
        let headers = ["TIME", "CHANGE", "REQUESTER", "RULE", "APPROVED BY", "REASON"];
        screen.table(&headers, answer.record.iter().map(Entry::row));
    } else if has_record {
        screen.say("the broker's audit table has no change of this role");
    } else if answer.granted {
        screen.say(
            "hint: Microsoft Graph does not report who made the grant; --audit searches the broker's \
             audit table, and Entra's audit log keeps it for 30 days",
        );
    }
}
