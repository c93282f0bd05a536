//! A binding's connection to a storage account: a connection string, or the addresses of its services
//! and a managed identity ("Azure Functions developer guide", connections).

use storage_emulator::{Account, IdentityAccount, ManagedIdentity, Queue, Table};
use url::Url;

use crate::settings::{ConnectionSetting, HostSettings, IdentityConnection};

/// The setting that names the file of the certificate authorities that the host trusts. Without it, the
/// host trusts none.
const AUTHORITIES: &str = "SSL_CERT_FILE";

/// An open connection.
pub(crate) enum Connection {
    Key(Account),
    Identity(IdentityAccount),
}

impl Connection {
    /// Opens the connection that a binding names. The error is the reason why the function does not run.
    pub(crate) fn open(settings: &HostSettings, name: Option<&str>) -> Result<Self, String> {
        match settings.connection(name)? {
            ConnectionSetting::Text(text) => Account::from_connection_string(text)
                .map(Self::Key)
                .map_err(|error| error.to_string()),
            ConnectionSetting::Identity(connection) => {
                identity_account(settings, &connection).map(Self::Identity)
            }
        }
    }

    pub(crate) fn queue(&self, name: &str) -> Result<Queue, String> {
        let queue = match self {
            Self::Key(account) => account.queue(name),
            Self::Identity(account) => {
                account.queue(name).ok_or("the connection has no queueServiceUri")?
            }
        };
        queue.map_err(|error| error.to_string())
    }

    pub(crate) fn table(&self, name: &str) -> Result<Table, String> {
        match self {
            Self::Key(account) => Ok(account.table(name)),
            Self::Identity(account) => account
                .table(name)
                .ok_or_else(|| "the connection has no tableServiceUri".to_owned()),
        }
    }
}

fn identity_account(
    settings: &HostSettings,
    connection: &IdentityConnection<'_>,
) -> Result<IdentityAccount, String> {
    if !connection.credential.is_some_and(|kind| kind.eq_ignore_ascii_case("managedidentity")) {
        return Err("this emulator signs in with managed identities only".to_owned());
    }
    let url = |text: &str| Url::parse(text).map_err(|error| format!("{text} is no URL: {error}"));
    let setting =
        |name| settings.setting(name).ok_or_else(|| format!("there is no setting {name}"));
    let (endpoint, header) = (url(setting("IDENTITY_ENDPOINT")?)?, setting("IDENTITY_HEADER")?);
    let identity = ManagedIdentity::new(endpoint, header, connection.client_id);
    let identity = identity.map_err(|error| error.to_string())?;
    let authorities = settings.setting(AUTHORITIES).map(std::fs::read).transpose();
    let authorities = authorities.map_err(|error| format!("{AUTHORITIES}: {error}"))?;
    let queues = connection.queues.map(url).transpose()?;
    let tables = connection.tables.map(url).transpose()?;
    IdentityAccount::new(queues, tables, identity, &authorities.unwrap_or_default())
        .map_err(|error| error.to_string())
}
