//! Finding the service principal in a URL.

use super::target::{Key, is_guid};
use crate::{
    directory::Directory, failure::Failure, graph_error as error,
    service_principal::ServicePrincipal,
};

/// Finds the service principal of a URL's key.
pub(crate) fn find<'a>(
    directory: &'a Directory,
    key: &Key,
) -> Result<&'a ServicePrincipal, Failure> {
    match key {
        Key::ObjectId(id) if !is_guid(id) => Err(error::invalid_object_identifier(id)),
        Key::AppId(app_id) if !is_guid(app_id) => Err(error::invalid_app_id()),
        Key::ObjectId(id) => {
            directory.service_principal(id).ok_or_else(|| error::resource_not_found(id))
        }
        Key::AppId(app_id) => directory
            .service_principal_by_app_id(app_id)
            .ok_or_else(|| error::resource_not_found(app_id)),
    }
}
