use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::request_log::Route;

const ROUTES: [Route; 7] = [
    Route::ListServicePrincipals,
    Route::ReadServicePrincipal,
    Route::ListAssignments,
    Route::ReadAssignment,
    Route::CreateAssignment,
    Route::DeleteAssignment,
    Route::Other,
];

fn sequence(seed: u64, share: f64) -> FaultSequence {
    let mut sequence = FaultSequence::default();
    sequence.set(Some(SeededFaults { seed, share }));
    sequence
}

fn subject(route: Route, principal: usize) -> FaultSubject {
    FaultSubject { route, principal: principal.to_string(), role: "orders/read".to_owned() }
}

/// A fault as text, without the date that it may have.
fn brief(fault: Option<&Fault>) -> String {
    let text = format!("{fault:?}");
    match text.split_once(" GMT") {
        Some((before, after)) => format!("{}{after}", before.rsplit_once(", \"").unwrap().0),
        None => text,
    }
}

/// The faults of `count` requests with one subject.
fn faults(sequence: &mut FaultSequence, asked: &FaultSubject, count: usize) -> Vec<String> {
    (0..count).map(|_| brief(sequence.take(asked, true).as_ref())).collect()
}

/// Every fault that a route has, over many principals.
fn menu_of(route: Route, may_lag: bool) -> BTreeSet<String> {
    let mut sequence = sequence(1, 1.0);
    let take = |principal| {
        let mut fault = sequence.take(&subject(route, principal), may_lag)?;
        if let crate::fault::FaultAnswer::Error(failure) = &mut fault.answer {
            failure.message = failure.message.replace(&format!("'{principal}'"), "");
            failure.headers.clear();
        }
        Some(brief(Some(&fault)))
    };
    (0..1_500).filter_map(take).collect()
}

#[test]
fn there_are_no_faults_by_default_and_none_with_a_share_of_zero() {
    let asked = subject(Route::CreateAssignment, 1);
    assert_eq!(FaultSequence::default().take(&asked, true), None);
    for share in [0.0, -1.0, f64::NAN] {
        let mut sequence = sequence(1, share);
        assert!((0..100).all(|_| sequence.take(&asked, true).is_none()), "{share}");
    }
}

#[test]
fn a_subject_meets_at_most_three_faults_in_a_row() {
    for route in ROUTES {
        let (mut sequence, asked) = (sequence(7, 1.0), subject(route, 1));
        let hits: Vec<_> = (0..12).map(|_| sequence.take(&asked, true).is_some()).collect();
        let three_of_four = [true, true, true, false].repeat(3);
        assert_eq!(hits, three_of_four, "{route:?}");
    }
}

#[test]
fn a_replica_lags_twice_in_a_row_at_most() {
    let mut longest = 0;
    for principal in 0..2_000 {
        let (mut sequence, asked) = (sequence(3, 1.0), subject(Route::CreateAssignment, principal));
        let is_lag = |fault: &String| {
            ["404", "Not a valid reference", "NoBacking"].iter().any(|text| fault.contains(text))
        };
        let met = faults(&mut sequence, &asked, 3);
        let lags = met.split(|fault| !is_lag(fault)).map(<[String]>::len).max();
        longest = longest.max(lags.unwrap());
    }
    assert_eq!(longest, 2);
}

#[test]
fn the_share_of_faults_is_about_the_setting_and_few_concern_the_token() {
    let (mut sequence, mut lost_tokens) = (sequence(42, 0.3), 0);
    for principal in 0..10_000 {
        let fault = sequence.take(&subject(Route::ListAssignments, principal), true);
        lost_tokens += usize::from(brief(fault.as_ref()).contains("InvalidAuthenticationToken"));
    }
    assert!((2_800..3_200).contains(&sequence.given), "{}", sequence.given);
    assert!((30..90).contains(&lost_tokens), "{lost_tokens}");
}

#[test]
fn every_route_has_its_own_faults() {
    let no_young_principals = ROUTES.map(|route| menu_of(route, false).len());
    // The four texts of a 429, 500, 502, 503, 504, closed, 401; writes have five more.
    assert_eq!(no_young_principals, [10, 10, 10, 10, 15, 15, 10]);
    let young_principals = ROUTES.map(|route| menu_of(route, true).len());
    assert_eq!(young_principals, [10, 12, 10, 12, 18, 15, 10]);
}

proptest! {
    #[test]
    fn what_a_request_meets_does_not_depend_on_when_others_arrive(
        seed in any::<u64>(),
        share in 0.0..=1.0,
        order in Just((0..120_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let asked = |number: usize| subject(ROUTES[number % ROUTES.len()], number % 4);
        let (mut alone, mut mixed) = (sequence(seed, share), sequence(seed, share));
        let mut met = BTreeMap::<FaultSubject, Vec<String>>::new();
        for number in order {
            let asked = asked(number);
            let fault = brief(mixed.take(&asked, true).as_ref());
            met.entry(asked).or_default().push(fault);
        }
        for (asked, met) in met {
            prop_assert_eq!(faults(&mut alone, &asked, met.len()), met);
        }
    }
}
