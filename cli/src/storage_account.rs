//! Opening the storage account that an option names.

use crate::{
    cloud::Cloud,
    failure::Failure,
    options::GlobalOptions,
    sign_in,
    storage::{Account, Permissions},
};

/// Opens a storage account. No sign-in to Graph is needed: an operator may have access to queues and none
/// to the directory.
pub(crate) fn open(
    global: &GlobalOptions,
    option: &str,
    text: &str,
    permissions: Permissions,
) -> Result<Account, Failure> {
    let credentials = sign_in::credentials(global.auth, &Cloud::read(global)?.timing.calls)?;
    Account::open(text, permissions, || credentials())
        .map_err(|error| Failure::usage(format!("{option}: {error}")))
}
