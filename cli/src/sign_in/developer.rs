//! The account of the Azure CLI, or else of the Azure Developer CLI.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential,
    AzureDeveloperCliCredentialOptions,
};

use super::fault::SignInFault;
use crate::tenant::Tenant;

/// The limit of one tool. The Azure CLI is a program that takes seconds to start.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// The longest message of a tool that is repeated, in characters.
const LONGEST: usize = 300;

/// Words of a tool that asks for a sign-in.
const ASKS_FOR_SIGN_IN: [&str; 3] = ["az login", "azd auth login", "not logged in"];

/// Words of the library about a tool that is not there.
const NOT_FOUND: [&str; 2] = ["not found on PATH", "wasn't found on PATH"];

/// A tool that the operator may have signed in to.
#[derive(Debug, Clone)]
struct Tool {
    command: &'static str,
    name: &'static str,
    credential: Arc<dyn TokenCredential>,
}

/// The account of the first tool that gives a token. It is asked for all further ones.
#[derive(Debug)]
pub(super) struct DeveloperCredential {
    tools: [Tool; 2],
    /// The position of the tool that gave a token first. It is past the last one until then.
    chosen: AtomicUsize,
    limit: Duration,
}

impl DeveloperCredential {
    pub(super) fn new(tenant: Option<&Tenant>, limit: Duration) -> azure_core::Result<Self> {
        let tenant_id = tenant.map(ToString::to_string);
        let az = AzureCliCredential::new(Some(AzureCliCredentialOptions {
            tenant_id: tenant_id.clone(),
            ..AzureCliCredentialOptions::default()
        }))?;
        let azd = AzureDeveloperCliCredential::new(Some(AzureDeveloperCliCredentialOptions {
            tenant_id,
            ..AzureDeveloperCliCredentialOptions::default()
        }))?;
        let tools = [
            Tool { command: "az", name: "Azure CLI", credential: az },
            Tool { command: "azd", name: "Azure Developer CLI", credential: azd },
        ];
        Ok(Self { tools, chosen: AtomicUsize::new(usize::MAX), limit })
    }

    /// Asks one tool.
    async fn ask(&self, tool: &Tool, scopes: &[&str]) -> Result<AccessToken, Refusal> {
        let answer = tokio::time::timeout(self.limit, tool.credential.get_token(scopes, None));
        match answer.await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(error)) => Err(refusal(tool, &error)),
            Err(_) => {
                Err(Refusal::Told(SignInFault::Slow { tool: tool.command, limit: self.limit }))
            }
        }
    }
}

/// Why a tool gave no token.
enum Refusal {
    NotInstalled,
    Told(SignInFault),
}

#[async_trait::async_trait]
impl TokenCredential for DeveloperCredential {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let mut first = None;
        let chosen = self.chosen.load(Ordering::Relaxed);
        for (index, tool) in self.tools.iter().enumerate() {
            if chosen < self.tools.len() && index != chosen {
                continue;
            }
            match self.ask(tool, scopes).await {
                Ok(token) => {
                    self.chosen.store(index, Ordering::Relaxed);
                    return Ok(token);
                }
                Err(Refusal::NotInstalled) => {}
                // A second tool would only double the wait.
                Err(Refusal::Told(fault @ SignInFault::Slow { .. })) => return Err(fault.into()),
                Err(Refusal::Told(fault)) => first = first.or(Some(fault)),
            }
        }
        Err(first.unwrap_or(SignInFault::NotInstalled).into())
    }
}

/// Reads the message of the library, which contains the words of the tool.
fn refusal(tool: &Tool, error: &azure_core::Error) -> Refusal {
    let text = error.to_string();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&NOT_FOUND) {
        return Refusal::NotInstalled;
    }
    Refusal::Told(match says(&ASKS_FOR_SIGN_IN) {
        true => SignInFault::SignedOut(tool.name),
        false => SignInFault::Refused(tool.name, words_of_tool(&text)),
    })
}

/// The words of the tool in a message of the library: what follows its first sentence, in one line.
fn words_of_tool(text: &str) -> String {
    let words = text.split_once(" authentication failed.").map_or(text, |(_, words)| words);
    let words = words.split("To troubleshoot, visit").next().unwrap_or_default();
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(LONGEST).collect();
    if line.is_empty() { "it does not say why".to_owned() } else { line }
}

#[cfg(test)]
mod tests {
    use super::words_of_tool;

    #[test]
    fn a_tools_message_is_repeated_in_one_line_without_the_librarys() {
        for (text, told) in [
            (
                "AzureCliCredential authentication failed. ERROR: AADSTS70043: expired\n  Trace ID: 1\nTo \
                 troubleshoot, visit https://aka.ms/azsdk",
                "ERROR: AADSTS70043: expired Trace ID: 1",
            ),
            (
                "AzureCliCredential authentication failed. \nTo troubleshoot, visit x",
                "it does not say why",
            ),
            ("other", "other"),
        ] {
            assert_eq!(words_of_tool(text), told, "{text}");
        }
        assert_eq!(words_of_tool(&"ü".repeat(1000)).chars().count(), 300);
    }
}
