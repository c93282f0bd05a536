//! `app-role context`: named sets of settings.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use crate::{
    contexts::{Context, Contexts, Setting, check_name},
    examples,
    exit::Exit,
    failure::Failure,
    options::GlobalOptions,
    output::{Screen, table},
};

#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommand {
    /// Create a context, or change some of its settings
    ///
    /// The global options --policy, --tenant, --auth and --graph-endpoint are settings, too. The first
    /// context becomes the current one.
    #[command(after_help = examples::CONTEXT_SET)]
    Set(SetArguments),
    /// Make a context the current one
    #[command(after_help = examples::CONTEXT_USE)]
    Use(NameArguments),
    /// List the contexts
    #[command(after_help = examples::CONTEXT_LIST)]
    List,
    /// Show the settings of a context
    #[command(after_help = examples::CONTEXT_SHOW)]
    Show(ShowArguments),
    /// Delete a context
    #[command(after_help = examples::CONTEXT_DELETE)]
    Delete(NameArguments),
}

#[derive(Debug, Args)]
pub(crate) struct NameArguments {
    /// Name of the context
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// Name of the context; default: the current one
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// The settings that are no global options. They have no variables, because a context is for what the
/// environment does not say.
#[derive(Debug, Args)]
pub(crate) struct SetArguments {
    /// Name of the context
    #[arg(value_name = "NAME")]
    name: String,
    /// URL of the broker
    #[arg(long, value_name = "URL")]
    broker: Option<String>,
    /// Audience of the broker's tokens
    #[arg(long, value_name = "URI")]
    audience: Option<String>,
    /// Managed identity of the broker
    #[arg(long, value_name = "PRINCIPAL")]
    broker_identity: Option<String>,
    /// Storage account with the request queues, by its queue endpoint
    #[arg(long, value_name = "ENDPOINT")]
    requests: Option<String>,
    /// Storage account of the connection `AzureWebJobsStorage`, by its queue endpoint
    #[arg(long, value_name = "ENDPOINT")]
    host_storage: Option<String>,
    /// Storage account with the broker's tables, by its queue endpoint
    #[arg(long, value_name = "ENDPOINT")]
    audit: Option<String>,
    /// Setting to remove, by the name of its option without hyphens before it; can be repeated
    #[arg(long, value_name = "SETTING", value_parser = Setting::parse)]
    unset: Vec<Setting>,
}

impl SetArguments {
    /// The settings that the command line states.
    fn settings(&self, global: &GlobalOptions) -> Vec<(Setting, String)> {
        let own = [
            (Setting::Broker, &self.broker),
            (Setting::Audience, &self.audience),
            (Setting::BrokerIdentity, &self.broker_identity),
            (Setting::Requests, &self.requests),
            (Setting::HostStorage, &self.host_storage),
            (Setting::Audit, &self.audit),
        ];
        let own = own.into_iter().filter_map(|(setting, text)| Some((setting, text.clone()?)));
        own.chain(global.typed.iter().cloned()).collect()
    }
}

/// A context in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    name: &'a str,
    current: bool,
    settings: &'a Context,
}

/// Runs `app-role context`.
pub(crate) fn run(
    global: &GlobalOptions,
    screen: Screen,
    command: &ContextCommand,
) -> Result<Exit, Failure> {
    let mut contexts = Contexts::read()?;
    match command {
        ContextCommand::Set(arguments) => set(global, &mut contexts, arguments)?,
        ContextCommand::Use(NameArguments { name }) => contexts.choose(name)?,
        ContextCommand::Delete(NameArguments { name }) => contexts.remove(name)?,
        ContextCommand::List => return list(screen, &contexts),
        ContextCommand::Show(ShowArguments { name }) => {
            return show(screen, &contexts, name.as_deref());
        }
    }
    contexts.write()?;
    let current = match contexts.current() {
        Some(name) => format!("the current context is {name}"),
        None => "no context is current".to_owned(),
    };
    screen.say(format!("saved in {}; {current}", contexts.file().display()));
    Ok(Exit::Done)
}

fn set(
    global: &GlobalOptions,
    contexts: &mut Contexts,
    arguments: &SetArguments,
) -> Result<(), Failure> {
    let name = &arguments.name;
    check_name(name).map_err(|problem| Failure::usage(format!("the name {problem}")))?;
    let settings = arguments.settings(global);
    let mut context = contexts.get(name).cloned().unwrap_or_default();
    context.retain(|setting, _| !arguments.unset.contains(setting));
    for (setting, text) in settings {
        let text = if setting == Setting::Policy { absolute(&text)? } else { text };
        setting.check(&text).map_err(|problem| {
            Failure::usage(format!("{} {problem}", setting.option())).hint(
                "a context holds addresses and names; keys and connection strings stay in the \
                 environment",
            )
        })?;
        context.insert(setting, text);
    }
    if context.is_empty() {
        return Err(Failure::usage("the context has no settings").hint(
            "pass what it stands for, for example --broker \
             https://func-app-role-broker.azurewebsites.net",
        ));
    }
    contexts.put(name, context);
    Ok(())
}

/// The policy file as a path that is valid in any folder.
fn absolute(text: &str) -> Result<String, Failure> {
    let path =
        std::path::absolute(text).ok().and_then(|path| path.into_os_string().into_string().ok());
    path.ok_or_else(|| Failure::usage("--policy is not a path that can be stored"))
}

fn list(screen: Screen, contexts: &Contexts) -> Result<Exit, Failure> {
    let rows: Vec<_> = contexts
        .all()
        .map(|(name, settings)| Row { name, current: contexts.current() == Some(name), settings })
        .collect();
    if screen.prints_document() {
        screen.json(&rows)?;
    } else if rows.is_empty() {
        screen.say(format!("there are no contexts in {}", contexts.file().display()));
    } else {
        let cells = rows.iter().map(|row| {
            let current = if row.current { "*" } else { "" };
            let text = |setting| row.settings.get(&setting).cloned().unwrap_or_default();
            vec![
                current.to_owned(),
                row.name.to_owned(),
                text(Setting::Broker),
                text(Setting::Tenant),
            ]
        });
        screen.table(&["CURRENT", "NAME", "BROKER", "TENANT"], cells);
    }
    Ok(Exit::Done)
}

fn show(screen: Screen, contexts: &Contexts, name: Option<&str>) -> Result<Exit, Failure> {
    let Some(name) = name.or(contexts.current()) else {
        return Err(Failure::not_found("no context is current")
            .hint("choose one with `app-role context use NAME`, or name it"));
    };
    let settings = contexts.get(name)?;
    if screen.prints_document() {
        let current = contexts.current() == Some(name);
        screen.json(&json!({ "name": name, "current": current, "settings": settings }))?;
        return Ok(Exit::Done);
    }
    screen.say(format!("context {name} of {}", contexts.file().display()));
    let rows = settings.iter().map(|(setting, text)| vec![setting.option(), text.clone()]);
    for line in table(&[], rows).lines() {
        screen.say(line);
    }
    Ok(Exit::Done)
}
