//! A world with hostile texts, and the commands that print them.

use app_roles::text::is_printable;
use tenant_emulator::{
    AppRole, ServicePrincipal,
    contoso::{ORDERS_IDENTITY, SUBSCRIPTION_ID, TENANT_ID},
};

use crate::{
    terminal::{Input, seen},
    world::{World, end},
};

/// Every kind of character that a terminal obeys: CSI and OSC with ESC and as C1, DCS, NEL, backspace,
/// delete, bell, line and paragraph separators, bidirectional marks, embeddings, overrides and isolates. At last,
/// what pipelines obey.
/// `forged` must be seen, and never in a color.
pub(crate) const HOSTILE: &str = "\u{1b}[2J\u{1b}[32mforged\u{1b}]0;t\u{7}\u{1b}]8;;u\u{1b}\\\u{9b}31m\u{9d}0;t\u{9c}\
    \u{90}q\u{85}\u{8}\u{7f}\u{2028}\u{2029}\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}\r\n\tx\
    ##vso[task.setvariable variable=PATH]x##[error]x\r\n::error::x";

/// What a pipeline obeys anywhere in a line.
const COMMANDS: [&str; 2] = ["##vso[", "##["];

/// What [`HOSTILE`] shows.
const SHOWN: &str = "forged";

/// The sequences that this program writes itself: colors, and the start of a progress line.
pub(crate) const OWN_SEQUENCES: [&str; 5] =
    ["\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[0m", "\r\u{1b}[K"];

pub(crate) const API: &str = "c0a70500-0000-4000-8000-000000000e00";
pub(crate) const API_APP_ID: &str = "c0a70500-0000-4000-8000-000000000e01";
pub(crate) const ROLE: &str = "c0a70500-0000-4000-8000-000000000e02";
pub(crate) const IDENTITY: &str = "c0a70500-0000-4000-8000-000000000e03";

/// A command and its surroundings.
pub(crate) struct Case<'a> {
    arguments: Vec<&'a str>,
    input: Input<'a>,
    environment: Vec<(&'a str, String)>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(arguments: &[&'a str]) -> Self {
        Self { arguments: arguments.to_vec(), input: Input::Pipe(""), environment: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'a str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    pub(crate) fn input(self, input: Input<'a>) -> Self {
        Self { input, ..self }
    }

    /// Runs the command in every way, and asserts that it prints the hostile text, and only text.
    pub(crate) async fn check(&self, world: &World) {
        assert!(self.shows(world).await, "{:?} does not show it", self.arguments);
    }

    /// Runs the command in every way, and asserts that it prints only text. Returns whether the hostile
    /// text is a part of it.
    pub(crate) async fn shows(&self, world: &World) -> bool {
        let mut shows = false;
        for format in ["table", "json"] {
            let command = || {
                let mut command = world.command(&self.arguments);
                command.args(["--output", format]).envs(self.environment.clone());
                command
            };
            let (Input::Pipe(text) | Input::Typed(text)) = self.input;
            let piped = end(command(), text).await;
            let on_terminal = seen(command(), self.input).await.replace("\r\n", "\n");
            // Without a terminal, a command that asks refuses before it looks at anything.
            if matches!(self.input, Input::Pipe(_)) {
                let output = format!("{}{}", piped.stdout, piped.stderr);
                self.assert_harmless(&output, &[]);
                self.assert_no_command(&output);
            }
            self.assert_harmless(&on_terminal, &OWN_SEQUENCES);
            shows |= on_terminal.contains(SHOWN);
        }
        shows
    }

    #[track_caller]
    fn assert_no_command(&self, output: &str) {
        let arguments = &self.arguments;
        for command in COMMANDS {
            assert!(!output.contains(command), "{arguments:?}: {output:?}");
        }
        let begins = output.lines().any(|line| line.trim_start().starts_with("::"));
        assert!(!begins, "{arguments:?}: {output:?}");
    }

    #[track_caller]
    fn assert_harmless(&self, output: &str, allowed: &[&str]) {
        let arguments = &self.arguments;
        for sequence in OWN_SEQUENCES {
            assert!(!output.contains(&format!("{sequence}{SHOWN}x")), "{arguments:?}: {output:?}");
        }
        let own = |text: String, sequence: &&str| text.replace(sequence, "");
        let rest = allowed.iter().fold(output.to_owned(), own);
        let unsafe_one = rest.chars().find(|one| *one != '\n' && !is_printable(*one));
        assert_eq!(unsafe_one, None, "{arguments:?}: {output:?}");
    }
}

/// A tenant with a hostile API, a hostile role and a hostile identity that holds it.
pub(crate) async fn world() -> World {
    let world = World::new().await;
    let resource = format!(
        "/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/rg-orders-dev/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-hostile"
    );
    let mut api =
        ServicePrincipal::api(API, API_APP_ID, HOSTILE, "api://hostile").owned_by(TENANT_ID);
    api.app_roles = vec![AppRole::for_applications(ROLE, &format!("Read.{HOSTILE}"), HOSTILE)];
    world.tenant.add_service_principal(api);
    let identity = ServicePrincipal::user_assigned(IDENTITY, IDENTITY, HOSTILE, &resource);
    world.tenant.add_service_principal(identity);
    world.tenant.grant(IDENTITY, API, ROLE).unwrap();
    world.tenant.grant(ORDERS_IDENTITY, API, ROLE).unwrap();
    world
}
