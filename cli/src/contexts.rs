//! Contexts: named sets of settings in a file of the operator, one for each broker or tenant.
//!
//! ```json
//! { "version": 1, "current": "prod",
//!   "contexts": { "prod": { "broker": "https://func-app-role-broker.azurewebsites.net" } } }
//! ```
//!
//! A context decides where tokens are sent, so a file of another user, or that others can write, is refused. It
//! holds no secrets.

mod setting;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Error, ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
pub(crate) use setting::Setting;

use crate::{environment, failure::Failure, io_reason::io_reason, new_file};

/// The only version of the format.
const VERSION: u32 = 1;

/// The longest name of a context, in characters.
const LONGEST_NAME: usize = 64;

/// The settings of a context.
pub(crate) type Context = BTreeMap<Setting, String>;

/// The contexts of the operator.
#[derive(Debug)]
pub(crate) struct Contexts {
    file: PathBuf,
    content: Content,
}

/// The content of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Content {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(default)]
    contexts: BTreeMap<String, Context>,
}

impl Contexts {
    /// Reads the file of the operator. One that does not exist has no contexts.
    pub(crate) fn read() -> Result<Self, Failure> {
        let file = environment::config_file().ok_or_else(|| {
            Failure::failed("there is no folder for the contexts")
                .hint("name a file with APP_ROLE_CONFIG, or set HOME")
        })?;
        let unreadable =
            |error: &Error| unusable(&file, &format!("cannot be read: {}", io_reason(error)));
        let content = match File::open(&file) {
            Ok(mut opened) => {
                refuse_if_others_decide(&file, &opened)?;
                let mut bytes = Vec::new();
                opened.read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
                Content::parse(&bytes).map_err(|problem| unusable(&file, &problem))?
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Content::default(),
            Err(error) => return Err(unreadable(&error)),
        };
        Ok(Self { file, content })
    }

    /// Writes the file as a whole, for its owner only.
    pub(crate) fn write(&self) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(&self.content)
            .map_err(|_| Failure::failed("the contexts cannot be written as JSON"))?;
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder).map_err(|error| {
                Failure::failed(format!(
                    "{} cannot be created: {}",
                    folder.display(),
                    io_reason(&error)
                ))
                .hint("name another file with APP_ROLE_CONFIG")
            })?;
        }
        new_file::write_private(&self.file, &format!("{text}\n"))
    }

    /// The file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The name of the context that is used unless the operator names another.
    pub(crate) fn current(&self) -> Option<&str> {
        self.content.current.as_deref()
    }

    /// The contexts by their names.
    pub(crate) fn all(&self) -> impl ExactSizeIterator<Item = (&str, &Context)> {
        self.content.contexts.iter().map(|(name, context)| (name.as_str(), context))
    }

    /// The context of a name.
    pub(crate) fn get(&self, name: &str) -> Result<&Context, Failure> {
        self.content.contexts.get(name).ok_or_else(|| self.no_such(name))
    }

    /// Makes a context current.
    pub(crate) fn choose(&mut self, name: &str) -> Result<(), Failure> {
        self.get(name)?;
        self.content.current = Some(name.to_owned());
        Ok(())
    }

    /// Replaces or adds a context. The first one becomes current.
    pub(crate) fn put(&mut self, name: &str, context: Context) {
        if self.content.contexts.is_empty() {
            self.content.current = Some(name.to_owned());
        }
        self.content.contexts.insert(name.to_owned(), context);
    }

    /// Removes a context. If it was the current one, none is current.
    pub(crate) fn remove(&mut self, name: &str) -> Result<(), Failure> {
        self.get(name)?;
        self.content.contexts.remove(name);
        self.content.current = self.content.current.take().filter(|current| current != name);
        Ok(())
    }

    fn no_such(&self, name: &str) -> Failure {
        let names: Vec<_> = self.content.contexts.keys().map(String::as_str).collect();
        let failure = Failure::not_found(format!("there is no context {name:?}"));
        match names.as_slice() {
            [] => {
                failure.hint(format!("create it with `app-role context set {name} --broker URL`"))
            }
            names => failure.hint(format!("the contexts are {}", names.join(", "))),
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self { version: VERSION, current: None, contexts: BTreeMap::new() }
    }
}

impl Content {
    /// Reads and validates a file. The error completes a sentence that begins with its name.
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let content: Self = wire_formats::json::from_slice(bytes).map_err(|fault| {
            let path = fault.path().map(|path| format!("is wrong at {path}: "));
            format!("{}{}", path.unwrap_or_default(), fault.problem())
        })?;
        if content.version != VERSION {
            return Err(format!("has a version that this program does not know: not {VERSION}"));
        }
        for (name, context) in &content.contexts {
            check_name(name).map_err(|problem| format!("has a context whose name {problem}"))?;
            for (setting, text) in context {
                let path = format!("contexts.{name}.{}", setting.word());
                setting.check(text).map_err(|problem| format!("is wrong at {path}: {problem}"))?;
            }
        }
        let current = content.current.as_ref();
        match current.filter(|current| !content.contexts.contains_key(*current)) {
            Some(_) => Err("is wrong at current: there is no context of this name".to_owned()),
            None => Ok(content),
        }
    }
}

/// Checks the name of a context. The error completes a sentence that begins with "the name".
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let is_allowed = |one: char| one.is_ascii_alphanumeric() || "._-".contains(one);
    let is_name = (1..=LONGEST_NAME).contains(&name.len())
        && name.chars().all(is_allowed)
        && !name.starts_with('-');
    if is_name {
        return Ok(());
    }
    Err(format!(
        "must be 1 to {LONGEST_NAME} letters, digits, dots, underscores or hyphens, and not begin with a \
         hyphen"
    ))
}

fn unusable(file: &Path, problem: &str) -> Failure {
    Failure::failed(format!("the file of contexts {} {problem}", file.display()))
        .hint("correct it or remove it; APP_ROLE_CONFIG names another file")
}

/// Refuses a file that belongs to another user or that others can write: it decides where tokens are sent.
#[cfg(unix)]
fn refuse_if_others_decide(file: &Path, opened: &File) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt as _;

    let known = opened
        .metadata()
        .map_err(|error| unusable(file, &format!("cannot be examined: {}", io_reason(&error))))?;
    let file = file.display();
    if !is_trusted_owner(known.uid(), rustix::process::geteuid().as_raw()) {
        return Err(Failure::failed(format!(
            "the file of contexts {file} belongs to another user"
        ))
        .hint("check its content, then make a copy of your own; APP_ROLE_CONFIG names it"));
    }
    if known.mode() & OTHERS_WRITE != 0 {
        return Err(Failure::failed(format!("other users can write the file of contexts {file}"))
            .hint(format!("check its content, then run `chmod 600 {file}`")));
    }
    Ok(())
}

/// Write permission of the group and of others.
#[cfg(unix)]
const OTHERS_WRITE: u32 = 0o022;

/// Whether the owner of a file may decide for a user: the user, or root, who can do everything anyway.
#[cfg(unix)]
fn is_trusted_owner(owner: u32, user: u32) -> bool {
    owner == user || owner == 0
}

/// Windows protects the folder of a user.
#[cfg(not(unix))]
fn refuse_if_others_decide(_: &Path, _: &File) -> Result<(), Failure> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_where_it_is_wrong_and_repeats_no_value() {
        for (text, problem) in [
            ("", "is empty"),
            ("{", "is not complete"),
            ("{]", "is not JSON; see line 1"),
            ("[]", "must be"),
            (r#"{"version":2}"#, "has a version"),
            (r#"{"contexts":{}}"#, "`version` is missing"),
            (r#"{"version":1,"secret-key":1}"#, "unknown field"),
            (r#"{"version":1,"contexts":{"prod":{"brokr":"secret-key"}}}"#, "contexts.prod"),
            (r#"{"version":1,"contexts":{"prod":{"broker":7}}}"#, "contexts.prod.broker"),
            (r#"{"version":1,"contexts":{"prod":{"audit":"secret-key"}}}"#, "contexts.prod.audit"),
            (r#"{"version":1,"contexts":{"../x":{}}}"#, "whose name"),
            (r#"{"version":1,"contexts":{},"current":"secret-key"}"#, "wrong at current"),
        ] {
            let error = Content::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
            assert!(!error.contains("secret-key"), "{text}: {error}");
        }
    }

    #[test]
    fn the_first_context_is_current_until_it_is_removed() {
        let mut contexts = Contexts { file: PathBuf::new(), content: Content::default() };
        contexts.put("prod", Context::new());
        contexts.put("dev", Context::new());
        assert_eq!(contexts.current(), Some("prod"));
        contexts.choose("dev").unwrap();
        contexts.remove("prod").unwrap();
        assert_eq!(contexts.current(), Some("dev"));
        contexts.remove("dev").unwrap();
        assert_eq!(contexts.current(), None);
        assert!(contexts.choose("dev").is_err() && contexts.remove("dev").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_and_root_may_own_the_file() {
        for (owner, user, is_trusted) in [
            (1000, 1000, true),
            (0, 1000, true),
            (0, 0, true),
            (1001, 1000, false),
            (1000, 0, false),
        ] {
            assert_eq!(is_trusted_owner(owner, user), is_trusted, "{owner} {user}");
        }
    }

    #[test]
    fn a_name_is_one_word() {
        for name in ["prod", "a", "eu-west_1.b", &"x".repeat(64)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "-x", "a b", "../x", "ü", "a\n", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
