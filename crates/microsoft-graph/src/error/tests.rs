use super::*;
use app_roles::outcome::Code;

fn refused(status: u16, code: &str, message: &str) -> GraphError {
    let body = format!(
        r#"{{"error":{{"code":"{code}","message":"{message}","innerError":{{"date":"2026-08-20T10:11:12","request-id":"r"}}}}}}"#
    );
    GraphError {
        request_id: Some("r".to_owned()),
        ..GraphError::by_body(status, body.as_bytes(), &Claims::default())
    }
}

/// Status, code and message as Graph writes them, and their meaning. Ordered by cause: the assignment,
/// the two service principals, the role, the request, the token, permissions, limits, transient faults.
const REFUSALS: &str = "
400 | Request_BadRequest | Permission being assigned already exists on the object | AlreadyAssigned
400 | Request_MultipleObjectsWithSameKeyValue | EntitlementGrant entry already exists. | AlreadyAssigned
409 | Request_MultipleObjectsWithSameKeyValue | EntitlementGrant entry already exists. | AlreadyAssigned
409 | Request_MultipleObjectsWithSameKeyValue | Permission entry already exists. | Refused
400 | Request_BadRequest | EntitlementGrant being updated or deleted is not found | AlreadyRevoked
404 | Request_ResourceNotFound | Resource 'x' does not exist or one of its queried reference-property objects are not present. | NotFound
400 | Request_BadRequest | Not a valid reference update. | PrincipalNotFound
400 | Request_BadRequest | Specified resourceId was not found. | ApiNotFound
400 | Request_BadRequest | Permission being assigned was not found on application 'x'. | RoleNotFound
400 | Request_BadRequest | Invalid object identifier 'x'. | Refused
400 | Request_BadRequest | Cannot convert the literal 'x' to the expected type 'Edm.Guid'. | Refused
400 | Request_BadRequest | Cannot convert a primitive value to the expected type 'Edm.Guid'. | Refused
400 | Request_BadRequest | One or more properties are invalid. | Refused
400 | Request_BadRequest | One or more properties contains invalid values. | Refused
400 | Request_BadRequest | Invalid resource identifier for EntitlementGrant. | Refused
400 | BadRequest | Invalid filter clause: Syntax error at position 3. | Refused
400 | Request_UnsupportedQuery | It is not supported without the header 'ConsistencyLevel: eventual'. | Refused
400 | Request_BadRequest | Direct queries to this resource type are not supported. | Refused
405 |  | Specified HTTP method is not allowed for the request target. | Refused
401 | InvalidAuthenticationToken | Lifetime validation failed, the token is expired. | TokenRefused
401 | InvalidAuthenticationToken | CompactToken validation failed with reason code: 80049228. | TokenRefused
401 | InvalidAuthenticationToken | Access token is empty. | TokenRefused
401 | InvalidAuthenticationToken | Continuous access evaluation resulted in challenge. | TokenRefused
401 | Authentication_ExpiredToken | Your access token has expired. | TokenRefused
400 | Authentication_MissingOrMalformed | Access Token missing or malformed. | TokenRefused
403 | Authorization_RequestDenied | Insufficient privileges to complete the operation. | Forbidden
403 | Authorization_RequestDenied | The identity of the calling application could not be established. | OwnIdentityUnknown
403 | Authorization_IdentityNotFound | The identity of the calling application could not be established. | OwnIdentityUnknown
403 | Authorization_IdentityDisabled | The identity is disabled. | OwnIdentityUnknown
403 | Directory_QuotaExceeded | The directory object quota limit for the Principal has been exceeded. | DirectoryFull
400 | Directory_QuotaExceeded | The directory object quota limit for the Tenant has been exceeded. | DirectoryFull
403 | Directory_ResourceSizeExceeded | The size of the object has exceeded its limit. | PrincipalFull
409 | Directory_ConcurrencyViolation | Error due to concurrent requests being made to the tenant. Please wait briefly and retry. | ConcurrentWrites
409 | Conflict | something else | Unknown
400 | Request_BadRequest | Something new. | Unknown
400 | Next_YearsCode | | Unknown
404 | Next_YearsCode | | Unknown
404 | Directory_ObjectNotFound | Unable to read the company information from the directory. | Unavailable
403 | Service_QuotaExceeded | Some quota is used up. | DirectoryFull
400 | directory_quotaexceeded | Some quota is used up. | DirectoryFull
403 | QuotaExceeded | Some quota is used up. | Unknown
403 | Authentication_MSGraphPermissionMissing | The principal does not have required Microsoft Graph permission(s): x | Forbidden
401 | Authentication_MSGraphPermissionMissing | x | Forbidden
429 | TooManyRequests | Please retry again later. | Throttled
429 | TooManyRequests | Too many requests from Identifier:x under category:aadgraph.app.tenant_large | Throttled
429 |  | This request is throttled. Please try again after the value (in seconds) specified in the Retry-After header | Throttled
403 | Request_ThrottledTemporarily | Your request is throttled temporarily. | Throttled
403 | Request_ThrottledPermanently | Your request is throttled permanently. | Throttled
500 | Service_InternalServerError | Encountered an internal server error. | Unavailable
500 | generalException | Encountered an internal server error. | Unavailable
502 | ServiceUnavailable | Service Unavailable | Unavailable
503 | ServiceUnavailable | Service Unavailable | Unavailable
503 | Directory_ReplicaUnavailable | Service Unavailable | Unavailable
504 | UnknownError |  | Unavailable
504 | GatewayTimeout |  | Unavailable
509 | bandwidthLimitExceeded | x | Unavailable
501 | NotImplemented | x | Unavailable
400 | Directory_ExpiredPageToken | The specified page token value has expired. | PageExpired";

#[test]
fn status_code_and_text_together_decide_the_meaning() {
    for row in REFUSALS.trim().lines() {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [status, code, message, kind] = cells.as_slice() else { panic!("{row}") };
        let error = refused(status.parse().unwrap(), code, message);
        assert_eq!(format!("{:?}", error.kind()), *kind, "{row}");
    }
}

#[test]
fn the_status_decides_when_the_body_is_not_graphs() {
    for (status, kind) in [
        (502, ErrorKind::Unavailable),
        (429, ErrorKind::Throttled),
        (418, ErrorKind::Unknown),
        (509, ErrorKind::Unavailable),
    ] {
        let error = GraphError::by_body(status, b"<html>gateway</html>", &Claims::default());
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(&status.to_string()));
    }
}

#[test]
fn an_answer_is_told_by_the_parts_that_it_has() {
    for (body, told) in [
        (r#"{"error":{"code":"Bad","message":"no"}}"#, r#"answered 418 Bad "no""#),
        (r#"{"error":{"code":"","message":"no"}}"#, r#"answered 418 "no""#),
        (r#"{"error":{"code":"Bad","message":""}}"#, "answered 418 Bad;"),
        (r#"{"error":{"code":null,"message":null}}"#, "answered 418;"),
        ("", "answered 418;"),
    ] {
        let text = GraphError::by_body(418, body.as_bytes(), &Claims::default()).to_string();
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn a_service_principal_without_its_application_is_not_replicated_yet_whatever_the_table_says() {
    for status in [400, 404] {
        let body = br#"{"error":{"code":"Request_BadRequest","message":"x","details":[{"code":"NoBackingApplicationObject","message":"y","target":"z"}]}}"#;
        let error = GraphError::by_body(status, body, &Claims::default());
        assert_eq!(error.kind(), ErrorKind::PrincipalNotFound);
    }
}

#[test]
fn an_unknown_error_is_logged_as_a_whole() {
    let body = br#"{"error":{"code":"New_Code","message":"m","details":[{"code":"d","target":"t"}],"innerError":{"date":"2026-08-20T10:11:12"}}}"#;
    let text = GraphError::by_body(400, body, &Claims::default()).to_string();
    for part in ["New_Code", "details", "target", "2026-08-20T10:11:12"] {
        assert!(text.contains(part), "{text}");
    }
    let endless = vec![b'x'; 100 * MAX_EXCERPT];
    let text = GraphError::by_body(400, &endless, &Claims::default()).to_string();
    assert!(text.len() < 2 * MAX_EXCERPT);
}

#[test]
fn a_forbidden_call_names_each_role_that_the_token_lacks() {
    let body = br#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}"#;
    // {"roles":["Application.Read.All"]}
    let claims = Claims::decode("e30.eyJyb2xlcyI6WyJBcHBsaWNhdGlvbi5SZWFkLkFsbCJdfQ.c2ln");
    let text = GraphError::by_body(403, body, &claims).to_string();
    assert!(text.contains("lacks AppRoleAssignment.ReadWrite.All:"), "{text}");
    let text = GraphError::by_body(403, body, &Claims::default()).to_string();
    assert!(
        text.contains("lacks AppRoleAssignment.ReadWrite.All and Application.Read.All"),
        "{text}"
    );
    assert!(text.contains("Privileged Role Administrator"), "{text}");
}

#[test]
fn an_error_whose_cause_can_disappear_is_worth_another_delivery() {
    for (status, code, message) in [
        (401, "InvalidAuthenticationToken", "x"),
        (403, "Authorization_RequestDenied", "x"),
        (404, "Request_ResourceNotFound", "x"),
        (400, "Request_BadRequest", "Not a valid reference update"),
        (429, "TooManyRequests", "x"),
        (503, "ServiceUnavailable", "x"),
        (400, "Request_BadRequest", "Something new."),
        (404, "Directory_ObjectNotFound", "x"),
        (409, "Conflict", "x"),
    ] {
        assert!(refused(status, code, message).is_worth_another_delivery(), "{status} {code}");
    }
    for (status, message) in
        [(400, "One or more properties are invalid"), (400, "Specified resourceId was not found")]
    {
        assert!(
            !refused(status, "Request_BadRequest", message).is_worth_another_delivery(),
            "{message}"
        );
    }
}

#[test]
fn requesters_see_advice_and_not_the_message_of_graph() {
    let error =
        refused(403, "Authorization_RequestDenied", "Insufficient privileges, internal detail");
    let failure = error.into_failure();
    assert_eq!(failure.code, Code::Forbidden);
    assert_eq!(failure.graph_request_id.as_deref(), Some("r"));
    assert!(!failure.message.contains("internal detail"));
}
