//! `app-role why`: whether a role is granted, since when and by whom, and why a token may lack it.

mod record;
mod token;

use app_roles::{
    directory::{Api, AppRole, Assignment, Principal},
    names::RoleName,
};
use clap::Args;
use record::Entry;
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use token::TokenView;

use crate::{
    arguments::GlobalOptions,
    failure::{Exit, Failure},
    names,
    output::{Screen, Tone, shown, table},
    result::{TOKEN_CACHE, shown_moment, written},
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct WhyArguments {
    /// Who is to hold the role
    principal: String,
    /// Whose role it is
    api: String,
    /// The role
    role: String,
    /// Read an access token from standard input and say what it carries; it is never printed
    #[arg(long)]
    token: bool,
    /// The account that has the broker's record, the table `AppRoleAudit`: an endpoint such as
    /// `https://stbroker.queue.core.windows.net`, or a connection string
    #[arg(long, value_name = "ACCOUNT")]
    audit: Option<String>,
}

/// The whole answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    granted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignment_id: Option<String>,
    /// When tokens from before the grant have expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_by: Option<String>,
    /// What the broker has recorded of the role, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    record: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<TokenView>,
}

pub(crate) async fn run(
    global: &GlobalOptions,
    screen: &Screen,
    arguments: &WhyArguments,
) -> Result<Exit, Failure> {
    let claims = if arguments.token { Some(token::read_standard_input()?) } else { None };
    let session = Session::open(global).await?;
    let principal = session.principal(&arguments.principal).await?;
    let api = session.api(&arguments.api).await?;
    let role = names::role(&api, &arguments.role)?;
    let held = session.broker.graph().assignments().list(&principal, session.deadline()).await?;
    let is_it = |one: &&Assignment| one.api == api.object_id && one.role == role.id;
    let assignment = held.iter().find(is_it);
    let since = assignment.and_then(|assignment| moment(assignment.created.as_deref()));
    let record = match &arguments.audit {
        Some(account) => record::read(global, account, &principal, &api, &role).await?,
        None => Vec::new(),
    };
    let subject = Subject { principal: &principal, api: &api, role: &role };
    let answer = Answer {
        granted: assignment.is_some(),
        since: assignment.and_then(|assignment| assignment.created.clone()),
        assignment_id: assignment.map(|assignment| assignment.id.clone()),
        effective_by: since.map(|since| written(since + TOKEN_CACHE)),
        record,
        token: claims.map(|claims| TokenView::of(&claims, subject, assignment.is_some(), since)),
    };
    if screen.is_json() {
        screen.json(&answer)?;
    } else {
        show(*screen, subject, &answer, since, arguments.audit.is_some());
    }
    Ok(exit(&answer))
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
struct Subject<'a> {
    principal: &'a Principal,
    api: &'a Api,
    role: &'a AppRole,
}

impl Subject<'_> {
    fn role_name(&self) -> String {
        self.role.value.clone().unwrap_or_else(|| RoleName::from(self.role.id).to_string())
    }
}

fn exit(answer: &Answer) -> Exit {
    match &answer.token {
        _ if !answer.granted => Exit::NotFound,
        Some(token) if !token.carries => Exit::Failed,
        _ => Exit::Done,
    }
}

fn moment(text: Option<&str>) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text?, &Rfc3339).ok()
}

fn show(
    screen: Screen,
    subject: Subject<'_>,
    answer: &Answer,
    since: Option<OffsetDateTime>,
    has_record: bool,
) {
    let what = shown(&format!(
        "{} on {} to {}",
        subject.role_name(),
        subject.api.display_name,
        subject.principal.display_name,
    ));
    if answer.granted {
        let word = screen.paint(Tone::Good, "granted");
        screen.say(&format!("{word}: {what}, {}", since_when(since)));
    } else {
        screen.say(&format!("{}: {what}", screen.paint(Tone::Bad, "not granted")));
    }
    show_record(screen, answer, has_record);
    if let Some(token) = &answer.token {
        let tone = if token.carries { Tone::Good } else { Tone::Bad };
        screen.say(&format!("token: {}", screen.paint(tone, &shown(&token.verdict))));
        screen.say(&shown(&format!(
            "token: issued at {}, ends at {}, carries {}",
            token.issued_at.as_deref().unwrap_or("an unknown time"),
            token.expires_at.as_deref().unwrap_or("an unknown time"),
            if token.roles.is_empty() { "no role".to_owned() } else { token.roles.join(", ") },
        )));
    }
}

/// Since when it is granted, and what that means for tokens.
fn since_when(since: Option<OffsetDateTime>) -> String {
    let Some(since) = since else {
        return "since a time that Microsoft Graph does not tell".to_owned();
    };
    let effective = since + TOKEN_CACHE;
    let (created, by) = (shown_moment(since), shown_moment(effective));
    if effective <= OffsetDateTime::now_utc() {
        format!("since {created}; every token from before had expired by {by}")
    } else {
        format!("since {created}; tokens from before lack it, and the last of them expires by {by}")
    }
}

fn show_record(screen: Screen, answer: &Answer, has_record: bool) {
    if !answer.record.is_empty() {
        let headers = ["WHEN", "WHAT", "WHO ASKED", "RULE", "WHY"];
        screen.say(&table(&headers, answer.record.iter().map(Entry::row)));
    } else if has_record {
        screen.say("the broker has recorded no change of it: somebody else made it, or nobody");
    } else if answer.granted {
        screen.say(
            "by whom, Microsoft Graph does not say: --audit looks into the broker's record, and \
             Entra's audit log has it for 30 days",
        );
    }
}
