//! Service principals that take their time to replicate.

use std::time::{Duration, Instant};

use tenant_emulator::{
    ServicePrincipal,
    contoso::{ORDERS_API, ORDERS_READ, managed_identities},
};

use crate::caller::{Caller, until};

const DELAY: Duration = Duration::from_millis(300);

/// Longer than any test, and longer than a clock can tell.
const LONG: [Duration; 2] = [Duration::from_secs(3600), Duration::MAX];

async fn caller_and_late_identity(delay: Duration) -> (Caller, ServicePrincipal) {
    let caller = Caller::in_contoso().await;
    let late = managed_identities(1).remove(0);
    caller.tenant.add_service_principal_after(late.clone(), delay);
    (caller, late)
}

#[tokio::test]
async fn a_late_identity_is_unknown_until_its_time_has_come() {
    for delay in LONG {
        let (caller, late) = caller_and_late_identity(delay).await;
        assert_eq!(caller.get(&format!("/servicePrincipals/{}", late.id)).await.status, 404);
        assert_eq!(caller.assign(&late.id, ORDERS_API, ORDERS_READ).await.status, 404);
        assert!(caller.tenant.grant(&late.id, ORDERS_API, ORDERS_READ).is_err());
    }
}

#[tokio::test]
async fn a_late_identity_arrives_by_itself_but_not_early() {
    let started = Instant::now();
    let (caller, late) = caller_and_late_identity(DELAY).await;
    let path = format!("/servicePrincipals/{}", late.id);
    until(async || caller.get(&path).await.status == 200).await;
    assert!(started.elapsed() >= DELAY);
    assert_eq!(caller.assign(&late.id, ORDERS_API, ORDERS_READ).await.status, 201);
}

#[tokio::test]
async fn a_late_identity_can_be_let_in_before_its_time() {
    let (caller, late) = caller_and_late_identity(LONG[0]).await;
    assert!(caller.tenant.replicate(&late.id));
    assert_eq!(caller.assign(&late.id, ORDERS_API, ORDERS_READ).await.status, 201);
}
