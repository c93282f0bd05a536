//! `app-role whoami`: the account that commands work with.

use app_roles::{ids::Guid, requester::Requester};
use serde::Serialize;

use crate::{
    exit::Exit, failure::Failure, options::GlobalOptions, output::Screen, session::Session,
};

/// Roles of Microsoft Entra that matter here, by the IDs of their templates ("Microsoft Entra built-in
/// roles").
const DIRECTORY_ROLES: [(&str, &str); 9] = [
    ("62e90394-69f5-4237-9190-012177145e10", "Global Administrator"),
    ("e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator"),
    ("158c047a-c907-4556-b7ef-446551a6b5f7", "Cloud Application Administrator"),
    ("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator"),
    ("cf1c38e5-3621-4004-a7cb-879624dced7c", "Application Developer"),
    ("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers"),
    ("f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader"),
    ("5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader"),
    ("4a5d8f65-41da-4de4-8968-e035b65339cf", "Reports Reader"),
];

/// IDs that every token of a kind of account has: a user's default role, and that of an application.
const DEFAULT_ROLES: [&str; 2] =
    ["b79fbf4d-3ef9-4689-8143-76b194e85509", "0997a1d0-0d1d-4acb-b408-d5ca73121e90"];

/// The kind of an account.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    User,
    ManagedIdentity,
    ServicePrincipal,
    Unknown,
}

/// The account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    account: Option<String>,
    object_id: String,
    kind: Kind,
    tenant: Option<String>,
    /// `None` if the token does not state them.
    directory_roles: Option<Vec<String>>,
    app_roles: Vec<String>,
    requester: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<String>,
}

/// Runs `app-role whoami`.
pub(crate) async fn run(global: &GlobalOptions, screen: Screen) -> Result<Exit, Failure> {
    let session = Session::open(global).await?;
    let account = account(global, &session).await;
    if screen.prints_document() {
        screen.json(&account)?;
    } else {
        show(screen, &account);
    }
    Ok(Exit::Done)
}

async fn account(global: &GlobalOptions, session: &Session) -> Account {
    let claims = session.claims();
    let (name, kind) = match claims.is_application {
        Some(true) => application(session, claims.account.clone()).await,
        Some(false) => (claims.account.clone(), Kind::User),
        None => (claims.account.clone(), Kind::Unknown),
    };
    let roles = claims.directory_roles.as_ref();
    Account {
        account: name,
        object_id: session.operator().to_string(),
        kind,
        tenant: session.tenant().map(|tenant| tenant.to_string()),
        directory_roles: roles.map(|ids| ids.iter().filter_map(role_name).collect()),
        app_roles: claims.roles.clone(),
        requester: Requester::Http(session.operator()).to_string(),
        context: global.context.clone(),
    }
}

/// The name and the kind of a service principal, if the operator may read itself.
async fn application(session: &Session, name: Option<String>) -> (Option<String>, Kind) {
    let found = session.directory().principal(&session.operator().to_string()).await;
    match found {
        Ok(principal) => {
            let is_managed = principal.resource_id.is_some();
            let kind = if is_managed { Kind::ManagedIdentity } else { Kind::ServicePrincipal };
            (Some(principal.display_name), kind)
        }
        Err(_) => (name, Kind::ServicePrincipal),
    }
}

/// The name of a role of Microsoft Entra, or its ID. `None` for the roles that every account has.
fn role_name(id: &Guid) -> Option<String> {
    let id = id.to_string();
    if DEFAULT_ROLES.contains(&id.as_str()) {
        return None;
    }
    let known = DIRECTORY_ROLES.iter().find(|(known, _)| *known == id);
    Some(known.map_or(id, |(_, name)| (*name).to_owned()))
}

fn show(screen: Screen, account: &Account) {
    let name = account.account.as_deref().unwrap_or("an account without a readable name");
    screen.say(format!("you are {name}, {}", words(account.kind)));
    screen.say(format!("object ID        {}", account.object_id));
    let tenant = account.tenant.as_deref().unwrap_or("not in the token");
    screen.say(format!("tenant           {tenant}"));
    let roles = match account.directory_roles.as_deref() {
        None => "not in the token".to_owned(),
        Some([]) => "none".to_owned(),
        Some(roles) => roles.join(", "),
    };
    screen.say(format!("directory roles  {roles}"));
    if !account.app_roles.is_empty() {
        screen.say(format!("app roles        {}", account.app_roles.join(", ")));
    }
    screen.say(format!("requester        {} (to the broker, over HTTP)", account.requester));
    if let Some(context) = &account.context {
        screen.say(format!("context          {context}"));
    }
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "a user",
        Kind::ManagedIdentity => "a managed identity",
        Kind::ServicePrincipal => "a service principal",
        Kind::Unknown => "of unknown kind",
    }
}
