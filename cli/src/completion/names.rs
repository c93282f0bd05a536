//! Names that can be known without a network: from this program, the policy file and the contexts.

use std::{fs::File, io::Read as _, path::PathBuf};

use app_roles::names::{ApiName, api_aliases};
use serde_json::Value;

use super::{offer::Word, position::Position};
use crate::{
    contexts::{Contexts, Setting},
    environment, graph_catalogue,
};

/// The largest policy file that is searched for names, in bytes.
const MAX_POLICY: u64 = 1 << 20;

/// Names for the words of one command line.
pub(super) struct Names<'a> {
    position: &'a Position<'a>,
}

impl<'a> Names<'a> {
    pub(super) fn of(position: &'a Position<'a>) -> Self {
        Self { position }
    }

    /// The values of an argument, in the order to show them, each once.
    pub(super) fn values(&self, argument: &str) -> Vec<Word> {
        let found = match argument {
            "api" => self.apis(),
            "role" | "roles" => self.roles(),
            "requester" | "requesters" => self.requesters(),
            "queue" | "queues" => self.queues(),
            "context" | "name" => contexts(),
            _ => Vec::new(),
        };
        let mut words: Vec<Word> = Vec::new();
        for word in found {
            let is_given = self.position.given(argument).any(|given| word.is(given));
            if !is_given && !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }

    fn apis(&self) -> Vec<Word> {
        let aliases = api_aliases().filter_map(|alias| Word::name(alias, "API of Microsoft"));
        let rules = self.rules();
        let others = rules.iter().filter_map(|rule| {
            let api = rule["api"].as_str()?;
            let is_alias = api_aliases().any(|alias| alias.eq_ignore_ascii_case(api));
            Word::name(api, "API in the policy").filter(|_| !is_alias)
        });
        aliases.chain(others).collect()
    }

    /// The roles of the API that is named before the word.
    fn roles(&self) -> Vec<Word> {
        let Some(api) = self.position.given("api").next() else { return Vec::new() };
        if is_graph(api) {
            let known = graph_catalogue::roles();
            return known.filter_map(|role| Word::name(role.value, "")).collect();
        }
        let rules = self.rules();
        let of_api = rules
            .iter()
            .filter(|rule| rule["api"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(api)));
        of_api
            .flat_map(|rule| texts(&rule["roles"]))
            .filter_map(|role| Word::name(role, "role in the policy"))
            .collect()
    }

    fn requesters(&self) -> Vec<Word> {
        let rules = self.rules();
        let named = rules.iter().flat_map(|rule| texts(&rule["requesters"]));
        named.filter_map(|name| Word::name(name, "requester in the policy")).collect()
    }

    fn queues(&self) -> Vec<Word> {
        let rules = self.rules();
        let named = rules.iter().flat_map(|rule| texts(&rule["requesters"]));
        let queues = named.filter_map(|name| name.strip_prefix("queue:"));
        queues.filter_map(|name| Word::name(name, "queue in the policy")).collect()
    }

    /// The rules and baselines of the policy file, valid or not. None if it cannot be read.
    fn rules(&self) -> Vec<Value> {
        let policy = self.policy().unwrap_or_default();
        let lists = ["allow", "baseline"].map(|list| policy.get(list)?.as_array().cloned());
        lists.into_iter().flatten().flatten().collect()
    }

    fn policy(&self) -> Option<Value> {
        let named = self.position.given("policy").last().map(PathBuf::from);
        let path = named
            .or_else(|| environment::variable("POLICY_FILE").map(PathBuf::from))
            .or_else(|| self.policy_of_context())
            .unwrap_or_else(|| PathBuf::from("policy.json"));
        // A pipe would wait for its writer.
        let is_file = std::fs::metadata(&path).is_ok_and(|found| found.is_file());
        let mut text = String::new();
        let file = File::open(path).ok().filter(|_| is_file)?;
        file.take(MAX_POLICY).read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// The policy file of the context that is named or current.
    fn policy_of_context(&self) -> Option<PathBuf> {
        let contexts = Contexts::read().ok()?;
        let named = self.position.given("context").last().map(str::to_owned);
        let named = named.or_else(|| environment::variable("APP_ROLE_CONTEXT"));
        let context = contexts.get(named.as_deref().or(contexts.current())?).ok()?;
        context.get(&Setting::Policy).map(PathBuf::from)
    }
}

/// The names of the contexts. None if their file cannot be used.
fn contexts() -> Vec<Word> {
    let Ok(contexts) = Contexts::read() else { return Vec::new() };
    let current = contexts.current();
    let help = |name: &str| if current == Some(name) { "the current context" } else { "" };
    contexts.all().filter_map(|(name, _)| Word::name(name, help(name))).collect()
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Whether a name of an API means Microsoft Graph: by its alias or its app ID.
fn is_graph(api: &str) -> bool {
    let graph = ApiName::parse(graph_catalogue::ALIAS);
    graph == ApiName::parse(api) || graph.is_ok_and(|graph| graph.to_string() == api)
}
