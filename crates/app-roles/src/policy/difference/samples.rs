//! Random policies, and questions about what they contain.

use std::sync::Arc;

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::KnownApis;
use crate::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal, PrincipalKind},
    duration::AssignmentDuration,
    end::{PlannedEnd, RequestedEnd},
    ids::{AppId, Guid},
    policy::fixtures::{
        GRAPH, MICROSOFT, NOW, ORDERS, PLACE_READ_ALL, SUBSCRIPTION, TENANT, api, application, own,
        role,
    },
};

pub(super) const ORDERS_READ: &str = "33333333-3333-3333-3333-333333333301";
const ORDERS_WRITE: &str = "33333333-3333-3333-3333-333333333302";
const OTHER_SUBSCRIPTION: &str = "/subscriptions/55555555-5555-5555-5555-555555555555";
const FOREIGN: &str = "cccccccc-0000-0000-0000-000000000001";
const USER_READ_ALL: &str = "df021288-bdef-4463-88db-98f22de89214";

pub(super) const REQUESTERS: [&str; 2] =
    ["queue:team", "http:aaaaaaaa-0000-0000-0000-00000000000c"];
pub(super) const ACTIONS: [&str; 3] = ["assign", "revoke", "read"];
const OBJECTS: [&str; 3] = [
    "11111111-1111-1111-1111-111111111111",
    "11111111-1111-1111-1111-111111111112",
    "11111111-1111-1111-1111-111111111113",
];
const APPROVERS: [&str; 2] =
    ["http:aaaaaaaa-0000-0000-0000-00000000000a", "http:bbbbbbbb-0000-0000-0000-00000000000b"];
const DURATIONS: [&str; 3] = ["PT1H", "PT8H", "P7D"];

fn places() -> Vec<String> {
    let group = |name: &str| format!("{SUBSCRIPTION}/resourceGroups/{name}");
    let below = "providers/Microsoft.ManagedIdentity/userAssignedIdentities";
    vec![
        SUBSCRIPTION.to_owned(),
        group("rg-a"),
        group("RG-*"),
        group("rg-a*"),
        group("rg-*-prod"),
        format!("{}/{below}/id-*", group("rg-a-prod")),
        OTHER_SUBSCRIPTION.to_owned(),
    ]
}

fn principals() -> Vec<String> {
    places().into_iter().chain(OBJECTS[..2].iter().map(|id| (*id).to_owned())).collect()
}

/// The APIs: the tenant's own, Microsoft Graph, and one of another tenant.
fn apis() -> [Api; 3] {
    let orders = Api {
        roles: vec![role(ORDERS_READ, "Orders.Read"), role(ORDERS_WRITE, "Orders.Write")],
        ..api(ORDERS)
    };
    let graph = Api {
        identifier_uris: vec![GRAPH.to_owned(), "https://graph.microsoft.com".to_owned()],
        roles: vec![role(USER_READ_ALL, "User.Read.All"), role(PLACE_READ_ALL, "Place.Read.All")],
        owner: Guid::parse(MICROSOFT).ok(),
        ..api(GRAPH)
    };
    let foreign = Api {
        app_id: AppId::parse(FOREIGN).unwrap(),
        identifier_uris: vec![FOREIGN.to_owned()],
        owner: Guid::parse("cccccccc-0000-0000-0000-0000000000ff").ok(),
        ..orders.clone()
    };
    [orders, graph, foreign]
}

/// All that can be known about the APIs.
pub(super) fn known_apis() -> KnownApis {
    KnownApis {
        apis: apis().into_iter().map(Arc::new).collect(),
        own_tenant: Guid::parse(TENANT).ok(),
    }
}

/// A rule, without a name.
fn rule() -> impl Strategy<Value = Value> {
    let approval = option::weighted(0.4, select(&APPROVERS[..]));
    let expires = option::weighted(0.3, select(vec!["2026-11-25", "2026-12-31", "2027-06-30"]));
    let what = (
        subsequence(principals(), 1..=2),
        select(vec![ORDERS, "api://orders", "graph", "https://graph.microsoft.com", FOREIGN]),
        subsequence(
            vec![
                "Orders.Read",
                "orders.write",
                "Orders.*",
                "*",
                ORDERS_READ,
                "User.Read.All",
                "Place.Read.All",
                PLACE_READ_ALL,
            ],
            1..=3,
        ),
        any::<bool>(),
        expires,
    );
    let how = (
        subsequence(REQUESTERS.to_vec(), 1..=2),
        subsequence(ACTIONS.to_vec(), 1..=3),
        option::weighted(0.4, select(&DURATIONS[..])),
        option::weighted(0.2, select(&[10, 100][..])),
        approval,
    );
    (what, how).prop_map(|((principals, api, roles, privileged, expires), how)| {
        let (requesters, actions, max_duration, max_writes, approver) = how;
        json!({
            "requesters": requesters, "actions": actions, "principals": principals, "api": api,
            "roles": roles, "privileged": privileged, "maxDuration": max_duration,
            "maxWritesPerHour": max_writes,
            "approval": approver.map(|by| json!({ "by": [by] })), "expires": expires,
        })
    })
}

/// A policy from rules without names, and from entries of `protected`. The last rules are the baseline.
pub(super) fn file(rules: &[Value], baseline: usize, protected: &[String]) -> Value {
    let named = rules.iter().enumerate().map(|(index, rule)| {
        let mut rule = rule.clone();
        rule["name"] = json!(format!("rule {index}"));
        rule
    });
    let mut allow: Vec<_> = named.collect();
    let mut always = allow.split_off(allow.len().saturating_sub(baseline));
    for rule in &mut always {
        for field in ["requesters", "actions", "maxDuration", "maxWritesPerHour", "approval"] {
            rule.as_object_mut().unwrap().remove(field);
        }
    }
    json!({ "version": 1, "protected": protected, "allow": allow, "baseline": always })
}

/// Two policies that have most of their rules in common, in any order.
pub(super) fn pairs() -> impl Strategy<Value = (Value, Value)> {
    let protected = || {
        let entries = principals().into_iter().chain([ORDERS.to_owned()]).collect::<Vec<_>>();
        prop_oneof![
            3 => Just(Vec::new()),
            1 => subsequence(entries, 1..=2),
        ]
    };
    let rules = vec(rule(), 1..5).prop_flat_map(|rules| {
        let most = rules.len();
        let some = || subsequence(rules.clone(), 0..=most).prop_shuffle();
        (some(), some(), vec(rule(), 0..=1))
    });
    (rules, 0..3_usize, protected(), protected(), any::<bool>()).prop_map(
        |((old, mut new, extra), baseline, before, now, keeps_protected)| {
            new.extend(extra);
            let now = if keeps_protected { &before } else { &now };
            (file(&old, baseline, &before), file(&new, baseline, now))
        },
    )
}

/// A question, with facts.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) requester: &'static str,
    pub(super) action: &'static str,
    pub(super) principal: Principal,
    pub(super) api: Api,
    pub(super) role: AppRole,
    pub(super) end: Option<PlannedEnd>,
    pub(super) now: OffsetDateTime,
}

fn principal() -> impl Strategy<Value = Principal> {
    let identity = |group: &str| {
        let below = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a";
        ArmScope::parse(&format!("{group}/{below}")).ok()
    };
    let group = |name: &str| identity(&format!("{SUBSCRIPTION}/resourcegroups/{name}"));
    let resources = vec![
        None,
        group("rg-a"),
        group("rg-ab"),
        group("rg-b-prod"),
        group("rg-a-prod"),
        group("other"),
        identity(&format!("{OTHER_SUBSCRIPTION}/resourcegroups/rg-a")),
    ];
    let kinds =
        vec![PrincipalKind::ManagedIdentity, PrincipalKind::AgentBlueprint, PrincipalKind::Agent];
    (select(&OBJECTS[..]), select(resources), select(kinds)).prop_map(|(id, resource_id, kind)| {
        // Only a managed identity has a resource.
        let kind = if resource_id.is_some() { PrincipalKind::ManagedIdentity } else { kind };
        Principal { kind, resource_id, ..application(id) }
    })
}

pub(super) fn samples() -> impl Strategy<Value = Sample> {
    let what = (0..3_usize, 0..2_usize).prop_map(|(index, role)| {
        let api = apis()[index].clone();
        let role = api.roles[role].clone();
        (api, role)
    });
    let ends = option::of((select(&DURATIONS[..]), -1..=1_i64));
    let days = select(vec![0_i64, 60, 400]);
    (select(&REQUESTERS[..]), select(&ACTIONS[..]), principal(), what, ends, days).prop_map(
        |(requester, action, principal, (api, role), end, days)| {
            let now = NOW + Duration::days(days);
            let end = end.map(|(text, seconds)| {
                let duration = Duration::from(AssignmentDuration::parse(text).unwrap());
                let end = now + duration + Duration::seconds(seconds);
                RequestedEnd::At(end).planned(now).unwrap()
            });
            Sample { requester, action, principal, api, role, end, now }
        },
    )
}

/// The broker's own identity, which no sample is about.
pub(super) fn broker() -> crate::policy::OwnIdentity {
    own()
}
