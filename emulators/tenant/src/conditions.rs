//! Under which conditions a tenant works: faults, delays, limits, and how its tokens are. A test
//! changes them while the tenant runs.

use std::time::Duration;

use super::{Fault, Route, SeededFaults, Tenant, WriteQuota, world::lock};

impl Tenant {
    /// Whether lists lag behind: assignments made from now on exist, and can't be made again, but no
    /// list shows them until this is switched off. [`Self::assignments`] has them all the same.
    pub fn hold_back_assignments(&self, held_back: bool) {
        self.world.directory().hold_back_assignments(held_back);
    }

    /// How long lists lag behind: what was made or removed less than this ago is not yet made or
    /// removed in them. Zero unless set; changes made while it is zero show at once for ever.
    /// [`Self::assignments`] and reads of a single assignment know the truth all the same.
    pub fn set_list_lag(&self, lag: Duration) {
        self.world.directory().set_list_lag(lag);
    }

    /// Lets the next request of a route be answered with a fault. Faults of one route queue up.
    pub fn answer_next(&self, route: Route, fault: Fault) {
        lock(&self.world.faults).answer_next(route, fault);
    }

    /// Lets every request of a route be answered with a fault, once queued ones are used up.
    pub fn answer_every(&self, route: Route, fault: Fault) {
        lock(&self.world.faults).answer_every(route, fault);
    }

    /// Removes all faults of a route.
    pub fn clear_faults(&self, route: Route) {
        lock(&self.world.faults).clear(route);
    }

    /// Lets a share of the requests to Microsoft Graph meet faults by chance, none unless set: what
    /// the service does now and then, and what a lagging replica says of a young identity. The same
    /// seed gives the same faults, whatever the order of requests. Faults that were
    /// [ordered](Self::answer_next) come first. Set again, it starts anew.
    pub fn set_seeded_faults(&self, faults: Option<SeededFaults>) {
        lock(&self.world.seeded_faults).set(faults);
    }

    /// How long Microsoft Graph takes to answer a request; zero unless set. An assignment being
    /// created is under way for this long.
    pub fn set_latency(&self, latency: Duration) {
        *lock(&self.world.latency) = latency;
    }

    /// Limits writes: `POST` and `DELETE` of assignments; without a limit unless set. A write is
    /// charged when it arrives, whatever comes of it. One that is refused gets a 429 and changes
    /// nothing; no fault is used up for it. A quota that is set starts anew.
    pub fn set_write_quota(&self, quota: Option<WriteQuota>) {
        lock(&self.world.write_throttle).set(quota);
    }

    /// Whether answers to writes say in `x-ms-throttle-limit-percentage` how much of the quota is
    /// used, from 0.8 of it on. Off unless set: a client must get along without.
    pub fn set_throttle_percentage(&self, shown: bool) {
        lock(&self.world.write_throttle).shows_percentage = shown;
    }

    /// Whether a filter by `alternativeNames` tells upper case from lower case; it does unless set.
    /// Microsoft doesn't document it, so a client has to find an identity either way.
    pub fn set_case_sensitive_alternative_names(&self, case_sensitive: bool) {
        *lock(&self.world.case_sensitive_alternative_names) = case_sensitive;
    }

    /// Whether Azure Resource Manager lets the broker read nothing in a scope, a subscription, a
    /// resource group or a resource, because it holds no role there. It reads everywhere unless set.
    pub fn set_arm_forbidden(&self, scope: &str, forbidden: bool) {
        let mut scopes = lock(&self.world.forbidden_scopes);
        scopes.retain(|known| !known.eq_ignore_ascii_case(scope));
        scopes.extend(forbidden.then(|| scope.to_owned()));
    }

    /// Sets the identity that a resource has according to Azure Resource Manager, by its object id, or
    /// that it has none. Unless set, it is the one whose alternative names contain the resource.
    pub fn set_arm_identity(&self, resource: &str, object_id: Option<&str>) {
        let object_id = object_id.map(str::to_owned);
        lock(&self.world.arm_identities).insert(resource.to_lowercase(), object_id);
    }

    /// How long tokens issued from now on are valid; 24 hours unless set. With zero they have
    /// expired already.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        lock(&self.world.tokens).lifetime = lifetime;
    }

    /// What tokens issued from now on have as audience; none for the resource asked for.
    pub fn set_token_audience(&self, audience: Option<&str>) {
        lock(&self.world.tokens).audience = audience.map(str::to_owned);
    }

    /// Whether the identity endpoint hands out a token again until it expires, as the platform does:
    /// then a role granted to the broker shows only a day later. Off unless set.
    pub fn cache_tokens(&self, cached: bool) {
        lock(&self.world.tokens).cached = cached;
    }
}
