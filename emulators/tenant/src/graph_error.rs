//! Microsoft Graph's errors.
//!
//! The envelope follows Microsoft Learn, "Microsoft Graph error responses and resource types". The texts
//! are not documented; callers have reported them.

use warp::http::StatusCode;

use crate::{directory::AssignmentError, failure::Failure};

/// The code of most errors of the directory.
const REQUEST_BAD_REQUEST: &str = "Request_BadRequest";

/// The code of errors in the form of a request.
const BAD_REQUEST: &str = "BadRequest";

fn bad_request(message: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, REQUEST_BAD_REQUEST, message)
}

/// There is no token, or the token is invalid.
pub(crate) fn invalid_authentication_token(reason: &str) -> Failure {
    Failure::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", reason)
}

/// The token's app roles do not allow the request.
pub(crate) fn insufficient_privileges() -> Failure {
    Failure::new(
        StatusCode::FORBIDDEN,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    )
}

/// The token's app roles do not allow to read a log. Callers have reported the text.
pub(crate) fn missing_permission(role: &str) -> Failure {
    Failure::new(
        StatusCode::FORBIDDEN,
        "Authentication_MSGraphPermissionMissing",
        format!("Calling principal does not have required MSGraph permissions {role}"),
    )
}

/// The service principal named in the URL does not exist.
pub(crate) fn resource_not_found(id: &str) -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        "Request_ResourceNotFound",
        format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are \
             not present."
        ),
    )
}

/// The object id in the URL is not a GUID.
pub(super) fn invalid_object_identifier(id: &str) -> Failure {
    bad_request(format!("Invalid object identifier '{id}'."))
}

/// The application id in the URL is not a GUID.
pub(super) fn invalid_app_id() -> Failure {
    bad_request("Invalid value specified for property 'appId' of resource 'ServicePrincipal'.")
}

/// The top-level collection cannot be queried.
pub(super) fn direct_query() -> Failure {
    bad_request("Direct queries to this resource type are not supported.")
}

/// A segment of the URL is unknown.
pub(super) fn unknown_segment(segment: &str) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        BAD_REQUEST,
        format!("Resource not found for the segment '{segment}'."),
    )
}

/// The version is not v1.0.
pub(super) fn invalid_version(version: &str) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, BAD_REQUEST, format!("Invalid version: {version}"))
}

/// The method is not allowed for this URL.
pub(super) fn method_not_allowed() -> Failure {
    Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        REQUEST_BAD_REQUEST,
        "Specified HTTP method is not allowed for the request target.",
    )
}

/// `$select` or `$expand` names a property that the type does not have.
pub(super) fn unknown_property(property: &str, type_name: &str) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        BAD_REQUEST,
        format!(
            "Parsing OData Select and Expand failed: Could not find a property named \
             '{property}' on type '{type_name}'."
        ),
    )
}

/// `$filter` is not one of the emulated filters. Microsoft Graph also tells the position of a syntax error.
pub(super) fn invalid_filter(filter: &str) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        BAD_REQUEST,
        format!("Invalid filter clause: Syntax error in '{filter}'."),
    )
}

/// `$filter` has a property of an assignment that cannot be filtered by, or compares it with a literal of
/// another type.
pub(super) fn unsupported_filter(property: &str, type_name: &str) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        BAD_REQUEST,
        format!("Invalid filter clause {property}: {type_name}"),
    )
}

/// `$expand` in an advanced query. The text is not Microsoft Graph's.
pub(super) fn expanded_advanced_query() -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "Request_UnsupportedQuery",
        "Expand is not supported in a query with the header 'ConsistencyLevel: eventual' and \
         '$count=true'.",
    )
}

/// `$filter` has a property that needs an advanced query. Only the first sentence of the text is Microsoft
/// Graph's.
pub(super) fn advanced_query_needed(property: &str, resource: &str) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "Request_UnsupportedQuery",
        format!(
            "Unsupported or invalid query filter clause specified for property '{property}' of \
             resource '{resource}'. It is not supported without the header \
             'ConsistencyLevel: eventual' and '$count=true'."
        ),
    )
}

/// The query option is not emulated. The text is not Microsoft Graph's.
pub(super) fn query_option_not_emulated(option: &str) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "Request_UnsupportedQuery",
        format!("The emulated tenant does not support the query option '{option}' here."),
    )
}

/// `$top` is out of range.
pub(super) fn invalid_page_size(size: &str, largest: usize) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "Request_UnsupportedQuery",
        format!(
            "Invalid page size specified: '{size}'. Must be between 1 and {largest} inclusive."
        ),
    )
}

/// `$skiptoken` is not valid.
pub(super) fn expired_page_token() -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and can no longer be included in your request.",
    )
}

/// The body is not JSON or not declared as JSON.
pub(super) fn unreadable_payload() -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        BAD_REQUEST,
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload \
         is of valid JSON format.",
    )
}

/// The body lacks a property or has an unknown one.
pub(crate) fn invalid_properties() -> Failure {
    bad_request("One or more properties are invalid.")
}

/// The body or a property declares a type that Microsoft Graph does not have.
pub(super) fn unknown_type(declared: &str) -> Failure {
    bad_request(format!(
        "A type named '{declared}' could not be resolved by the model. When a model is available, \
         each type name must resolve to a valid type."
    ))
}

/// The body or a property declares a type that is not the one it has. The text is that of Microsoft's OData
/// library.
pub(super) fn incompatible_type(declared: &str, expected: &str) -> Failure {
    bad_request(format!(
        "A value with type '{declared}' was found, which is not assignable to the expected type \
         '{expected}'."
    ))
}

/// A property of the body is not a GUID.
pub(super) fn not_a_guid(literal: &str) -> Failure {
    bad_request(format!("Cannot convert the literal '{literal}' to the expected type 'Edm.Guid'."))
}

/// A property of the body is not a text.
pub(super) fn not_a_text() -> Failure {
    bad_request("Cannot convert a primitive value to the expected type 'Edm.Guid'.")
}

/// The assignment id in the URL is invalid.
pub(super) fn invalid_assignment_id() -> Failure {
    bad_request("Invalid resource identifier for EntitlementGrant.")
}

/// The assignment to delete does not exist. The status is 400, not 404.
pub(super) fn assignment_not_found() -> Failure {
    bad_request("EntitlementGrant being updated or deleted is not found.")
}

/// The quota is used up.
pub(crate) fn too_many_requests() -> Failure {
    Failure::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "Please retry again later.")
}

/// An internal error at Microsoft.
pub(crate) fn internal_server_error() -> Failure {
    Failure::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Service_InternalServerError",
        "Encountered an internal server error.",
    )
}

/// The service is unavailable: 502 or 503.
pub(crate) fn unavailable(status: StatusCode) -> Failure {
    Failure::new(status, "ServiceUnavailable", "Service Unavailable")
}

/// The service timed out. The real message is empty, too.
pub(crate) fn gateway_timeout() -> Failure {
    Failure::new(StatusCode::GATEWAY_TIMEOUT, "UnknownError", "")
}

/// Another write to this object is in progress.
pub(crate) fn concurrency_violation() -> Failure {
    Failure::new(
        StatusCode::CONFLICT,
        "Directory_ConcurrencyViolation",
        "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
    )
}

/// The directory refuses the assignment.
pub(crate) fn refused_assignment(reason: &AssignmentError) -> Failure {
    match reason {
        AssignmentError::UnknownPrincipal(_) => bad_request("Not a valid reference update."),
        AssignmentError::UnknownApi(_) => bad_request("Specified resourceId was not found."),
        AssignmentError::RoleNotOnApi { app_id, .. } => bad_request(format!(
            "Permission being assigned was not found on application '{app_id}'."
        )),
        AssignmentError::AlreadyAssigned => {
            bad_request("Permission being assigned already exists on the object")
        }
        AssignmentError::DefaultAccessAlreadyAssigned => Failure::new(
            StatusCode::BAD_REQUEST,
            "Request_MultipleObjectsWithSameKeyValue",
            "EntitlementGrant entry already exists.",
        ),
    }
}
