//! The ends that requests state for their assignments.

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::{option, prelude::*, sample::select};
use serde_json::{Map, Value, json};
use time::{Duration, macros::datetime};

use super::*;
use crate::{duration::AssignmentDuration, schema::request_schema};

const NOW: OffsetDateTime = datetime!(2026-11-26 10:00 UTC);

/// A request with these fields.
fn request(fields: &Value) -> Value {
    let mut request = json!({ "principal": "id-orders", "api": "api://orders", "roles": ["A"] });
    for (name, value) in fields.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

fn decode(fields: &Value) -> Result<Request, InvalidRequest> {
    Request::decode(request(fields).to_string().as_bytes())
}

/// Whether the schema accepts a request, as most programs use it: they ignore the formats of texts.
fn is_valid(request: &Value) -> bool {
    static VALIDATOR: LazyLock<Validator> =
        LazyLock::new(|| jsonschema::validator_for(&request_schema()).unwrap());
    VALIDATOR.is_valid(request)
}

#[test]
fn a_request_says_when_its_assignments_end_in_one_of_two_ways_or_not_at_all() {
    let eight_hours = RequestedEnd::After(AssignmentDuration::parse("PT8H").unwrap());
    let at = RequestedEnd::At(datetime!(2026-12-01 18:00 UTC));
    for (fields, end) in [
        (json!({}), None),
        (json!({ "duration": null, "endDateTime": null }), None),
        (json!({ "duration": "PT8H" }), Some(eight_hours)),
        (json!({ "duration": "PT8H", "endDateTime": null }), Some(eight_hours)),
        (json!({ "duration": "PT8H", "action": "assign" }), Some(eight_hours)),
        (json!({ "endDateTime": "2026-12-01T18:00:00Z" }), Some(at)),
        (json!({ "endDateTime": "2026-12-01T18:00:00Z", "duration": null }), Some(at)),
        (json!({ "action": "revoke", "duration": null, "endDateTime": null }), None),
    ] {
        assert_eq!(decode(&fields).unwrap().end, end, "{fields}");
        assert!(is_valid(&request(&fields)), "{fields}");
    }
}

#[test]
fn an_end_that_contradicts_the_request_is_refused_with_the_path_of_the_fault() {
    let moment = "2026-12-01T18:00:00Z";
    for (fields, fault) in [
        (json!({ "duration": "" }), "duration: must not be empty"),
        (json!({ "duration": "pt8h" }), "duration: the letters of a duration are in upper case"),
        (json!({ "duration": "P1M" }), "duration: years and months differ in length"),
        (json!({ "duration": "PT0.5H" }), "duration: a duration is made of whole numbers"),
        (json!({ "duration": "-PT8H" }), "duration: a duration has no sign"),
        (json!({ "duration": "PT4M" }), "duration: the shortest duration is PT5M"),
        (json!({ "duration": "P366D" }), "duration: the longest duration is P365D"),
        (json!({ "duration": "8h" }), "duration: expected a duration of ISO 8601, such as PT8H"),
        (json!({ "duration": 28_800 }), "duration: must be a string, but is a number"),
        (json!({ "endDateTime": "tomorrow" }), "endDateTime: expected a time in RFC 3339"),
        (json!({ "endDateTime": "2026-12-01" }), "endDateTime: expected a time in RFC 3339"),
        (json!({ "endDateTime": "2026-12-01T18:00:00" }), "endDateTime: expected a time"),
        (json!({ "endDateTime": "2026-12-01 18:00:00Z" }), "endDateTime: expected a time"),
        (json!({ "endDateTime": 1_796_148_000 }), "endDateTime: must be a string"),
        (
            json!({ "duration": "PT8H", "endDateTime": moment }),
            "endDateTime: a request has either duration or endDateTime, and not both",
        ),
        (json!({ "action": "revoke", "duration": "PT8H" }), "duration: a request that revokes"),
        (json!({ "action": "revoke", "endDateTime": moment }), "endDateTime: a request that revo"),
        (
            json!({ "action": "revoke", "duration": "PT8H", "endDateTime": moment }),
            "endDateTime: a request has either",
        ),
        (json!({ "durationn": "PT8H" }), "request: unknown field (did you mean `duration`?)"),
        (json!({ "enddatetime": moment }), "request: unknown field (did you mean `endDateTime`?)"),
    ] {
        let got = decode(&fields).unwrap_err().to_string();
        assert!(got.starts_with(fault), "{fields}\n  {got}\n  {fault}");
        assert!(!is_valid(&request(&fields)), "{fields}");
    }
}

#[test]
fn graphs_own_body_has_no_end() {
    let id = "11111111-1111-1111-1111-111111111111";
    let mut graphs = json!({ "principalId": id, "resourceId": id, "appRoleId": id });
    assert_eq!(Request::decode(graphs.to_string().as_bytes()).unwrap().end, None);
    graphs["duration"] = json!("PT8H");
    let fault = Request::decode(graphs.to_string().as_bytes()).unwrap_err().to_string();
    assert!(fault.starts_with("request: unknown field"), "{fault}");
    assert!(!is_valid(&graphs));
}

#[test]
fn an_end_that_has_passed_or_is_too_far_away_is_unusable_when_the_decision_is_made() {
    let year = Duration::from(AssignmentDuration::MAX);
    let second = Duration::SECOND;
    for (end, expected) in [
        (NOW + second, Ok(Some(NOW + second))),
        (NOW + year, Ok(Some(NOW + year))),
        (NOW, Err(UnusableEnd::Passed)),
        (NOW - year, Err(UnusableEnd::Passed)),
        (NOW + year + second, Err(UnusableEnd::TooFar)),
    ] {
        let request = decode(&json!({ "endDateTime": rfc3339(end) })).unwrap();
        let planned = request.planned_end(NOW).map(|end| end.map(PlannedEnd::time));
        assert_eq!(planned, expected, "{end}");
        // It is not the request that expires.
        assert_eq!(request.check_age(SentTime::NotStated, NOW), Ok(()));
    }
    assert_eq!(decode(&json!({})).unwrap().planned_end(NOW), Ok(None));
}

/// Durations: valid, and invalid in every way that a schema can say.
const DURATIONS: [&str; 20] = [
    "PT5M", "PT300S", "PT4M60S", "PT8H", "PT08H00M", "P30D", "P52W", "P365D", "P0DT8H", "PT8760H",
    "PT4M59S", "PT299S", "PT0S", "P", "P1M", "P1Y", "pt8h", "-PT8H", "PT0.5H", "P366D",
];

const MOMENTS: [&str; 10] = [
    "2026-12-01T18:00:00Z",
    "2026-12-01t18:00:00.25z",
    "2026-12-01T18:00:00+01:00",
    "2028-02-29T18:00:00-08:30",
    "2026-02-29T18:00:00Z",
    "2026-12-01T24:00:00Z",
    "2026-12-01T18:00:00",
    "2026-12-01 18:00:00Z",
    "2026-12-01T18:00:00+24:00",
    "2026-12-01",
];

fn nullable(texts: &'static [&'static str]) -> impl Strategy<Value = Option<Value>> {
    let text = prop_oneof![
        5 => select(texts).prop_map(Value::from),
        1 => Just(Value::Null),
        1 => "[P]?[PTWDHMS0-9]{1,8}".prop_map(Value::from),
    ];
    option::weighted(0.7, text)
}

/// Whether a text is a duration whose units are within the longest duration each, and not together: no
/// pattern can say that.
fn is_longest_in_sum_only(duration: Option<&Value>) -> bool {
    let text = duration.and_then(Value::as_str).unwrap_or_default();
    let units = text.chars().filter(char::is_ascii_alphabetic).count() - text.matches('T').count();
    units > 2 && AssignmentDuration::parse(text) == Err(crate::duration::InvalidDuration::TooLong)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_schema_accepts_exactly_the_ends_that_are_read(
        duration in nullable(&DURATIONS),
        end in nullable(&MOMENTS),
        action in option::of(select(vec![json!("assign"), json!("revoke"), Value::Null])),
    ) {
        prop_assume!(!is_longest_in_sum_only(duration.as_ref()));
        let stated = [("duration", duration), ("endDateTime", end), ("action", action)];
        let stated = stated.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let fields = Value::Object(stated.collect::<Map<_, _>>());
        let (decoded, valid) = (decode(&fields), is_valid(&request(&fields)));
        prop_assert_eq!(decoded.is_ok(), valid, "{}: {:?}", fields, decoded);
    }

    #[test]
    fn a_request_that_revokes_never_has_an_end(
        duration in nullable(&DURATIONS), end in nullable(&MOMENTS),
    ) {
        let fields = json!({ "action": "revoke", "duration": duration, "endDateTime": end });
        if let Ok(request) = decode(&fields) {
            prop_assert_eq!(request.end, None);
        }
    }
}
