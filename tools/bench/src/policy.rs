//! The growth of a decision's time with the number of rules in the policy.
//!
//! The measured value is the handler's processor time for dry runs, which are looked up and decided like
//! real requests. Each request contains the largest allowed number of roles, so that most of its time
//! is decisions. The rest of its time does not depend on the number of rules, so it cancels out in the
//! differences.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result, bail};
use app_process::app::App;
use serde_json::{Value, json};
use tenant_emulator::{
    AppRole, ServicePrincipal,
    contoso::{SUBSCRIPTION_ID, TENANT_ID},
};

use crate::{
    envelope::envelope,
    figure::{Figure, Target, Unit},
    handler_calls::{Call, client, post, post_all},
    handler_process::HandlerProcess,
    statistics::median,
    workload::Workload,
};

const RULES: [usize; 3] = [10, 500, 5_000];
/// The largest number of roles in one request.
const ROLES: usize = 20;
const REQUESTS: usize = 300;
const ROUNDS: usize = 3;
const IN_FLIGHT: usize = 8;
/// The time of one more rule may be this much larger among many rules than among few, because thousands
/// of rules do not fit into the processor's cache. Quadratic growth would make it eleven times as large.
const MOST_GROWTH: Target = Target::TimesBaseline(3.0);

const API: &str = "c0a70500-0000-4000-8000-0000000001a0";
const API_APP_ID: &str = "c0a70500-0000-4000-8000-0000000001a1";

/// All figures.
pub(crate) async fn run(app: &App) -> Result<Vec<Figure>> {
    let mut times = [0.0; RULES.len()];
    for (rules, time) in RULES.into_iter().zip(&mut times) {
        *time = measure(app, rules).await?;
    }
    Ok(vec![growth(times)])
}

/// The time that one more rule adds to a decision, among many rules and among few.
fn growth([least, middle, most]: [f64; RULES.len()]) -> Figure {
    let [few, some, many] = RULES;
    let each = |(rules, time): (usize, f64), (more, longer): (usize, f64)| {
        (longer - time) / (more - rules) as f64 / ROLES as f64
    };
    let among_few = each((few, least), (some, middle));
    let among_many = each((some, middle), (many, most));
    let name = format!("time of a rule in a decision, {some} to {many} rules");
    let figure = Figure::new(name, Unit::Nanoseconds, among_many);
    figure.beside("fewer rules", among_few).held_to(MOST_GROWTH)
}

/// The processor time of a request with a policy of this many rules, in nanoseconds.
async fn measure(app: &App, rules: usize) -> Result<f64> {
    let mut workload = Workload::start(1, Duration::ZERO).await?;
    workload.tenant.add_service_principal(api());
    let identity = workload.next(1)?.pop().context("there is no identity")?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), policy(rules).to_string())?;
    let broker = workload.broker(app, Path::new(file.path())).await?;
    let reply = post(&client()?, dry_run(&broker, &identity)).await?;
    if reply.matches("wouldAssign").count() < ROLES {
        bail!("the policy of {rules} rules does not allow every role: {reply}");
    }
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let calls = (0..REQUESTS).map(|_| dry_run(&broker, &identity)).collect();
        let client = client()?;
        let before = broker.processor_time()?;
        post_all(&client, calls, IN_FLIGHT).await?;
        let took = broker.processor_time()? - before;
        times.push(took.as_secs_f64() * 1e9 / REQUESTS as f64);
    }
    Ok(median(&times))
}

fn api() -> ServicePrincipal {
    let uri = "api://many-roles";
    let mut api = ServicePrincipal::api(API, API_APP_ID, "Many roles API", uri).owned_by(TENANT_ID);
    api.app_roles = (0..ROLES)
        .map(|number| {
            let id = format!("c0a70500-0000-4000-8000-0000000002{number:02}");
            AppRole::for_applications(&id, &role(number), "One of many.")
        })
        .collect();
    api
}

fn role(number: usize) -> String {
    format!("Many.Read.{number:02}")
}

fn dry_run(broker: &HandlerProcess, identity: &ServicePrincipal) -> Call {
    let roles: Vec<_> = (0..ROLES).map(role).collect();
    let id = &identity.id;
    let request = json!({ "principal": { "objectId": id }, "api": { "objectId": API },
        "roles": roles, "dryRun": true });
    Call { url: broker.url("AssignRole"), body: envelope(&request.to_string()) }
}

/// A policy with one rule for each of `rules` resource groups; only the last has the workload's
/// identities.
fn policy(rules: usize) -> Value {
    let rule = |number: usize| {
        let group = if number + 1 == rules { "load".to_owned() } else { format!("team-{number}") };
        json!({
            "name": format!("team {number}"),
            "requesters": ["queue:app-role-requests"],
            "principals": [format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-{group}")],
            "api": API_APP_ID,
            "roles": (0..ROLES).map(role).collect::<Vec<_>>(),
        })
    };
    json!({ "version": 1, "allow": (0..rules).map(rule).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_does_not_depend_on_the_rules_cancels_out() {
        let nanoseconds = |rules: usize| 400_000.0 + 10.0 * (rules * ROLES) as f64;
        let linear = growth(RULES.map(nanoseconds));
        assert_eq!(linear, growth(RULES.map(|rules| 9e6 + nanoseconds(rules))));
        assert!(!linear.is_missed());
    }

    #[test]
    fn quadratic_growth_misses_the_target() {
        let square = |rules: usize| (rules * rules) as f64;
        assert!(growth(RULES.map(square)).is_missed());
    }

    #[test]
    fn only_the_last_rule_covers_the_identities_of_the_workload() {
        let policy = policy(3);
        let rules = policy["allow"].as_array().unwrap();
        let groups = rules.iter().map(|rule| rule["principals"][0].as_str().unwrap());
        let covers: Vec<_> = groups.map(|group| group.ends_with("/rg-load")).collect();
        assert_eq!(covers, [false, false, true]);
    }
}
