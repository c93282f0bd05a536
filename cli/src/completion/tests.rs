use clap::CommandFactory as _;
use proptest::prelude::*;

use super::*;
use crate::arguments::Arguments;

/// The words that are offered for the last one, without their help.
fn offered(words: &[&str]) -> Vec<String> {
    let words: Vec<_> = ["app-role"].iter().chain(words).map(|word| (*word).to_owned()).collect();
    let lines = offer(&mut Arguments::command(), &words).lines();
    let words = lines.lines().skip(1).filter_map(|line| line.split('\t').next());
    words.map(str::to_owned).collect()
}

/// What is offered if the policy file has this content.
fn offered_with(policy: &str, words: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.json");
    std::fs::write(&file, policy).unwrap();
    offered(&[&["--policy", file.to_str().unwrap()], words].concat())
}

#[test]
fn only_the_question_of_a_script_is_answered() {
    let question = |words: &[&str]| question(words.iter().map(|word| OsString::from(*word)));
    let words = ["app-role", "__complete", "--", "app-role", "--", "li"];
    assert_eq!(question(&words), Some(["app-role", "--", "li"].map(str::to_owned).to_vec()));
    for other in [&["app-role"][..], &["app-role", "__complete"], &["app-role", "list", "--"]] {
        assert_eq!(question(other), None, "{other:?}");
    }
}

#[test]
fn no_words_and_the_program_alone_offer_nothing() {
    for words in [&[][..], &["app-role".to_owned()]] {
        assert_eq!(offer(&mut Arguments::command(), words), Offer::default());
    }
}

#[test]
fn a_flag_is_offered_once_and_an_option_that_repeats_again() {
    assert!(offered(&["assign", "--"]).contains(&"--yes".to_owned()));
    assert!(!offered(&["assign", "--yes", "--"]).contains(&"--yes".to_owned()));
    assert!(!offered(&["--tenant", "x", "assign", "--"]).contains(&"--tenant".to_owned()));
    let replay = ["replay", "--queue", "a", "--"];
    assert!(offered(&replay).contains(&"--queue".to_owned()));
}

#[test]
fn values_of_options_are_no_arguments_and_no_commands() {
    for option in
        [&["--policy", "list"][..], &["--policy=list"], &["--output", "json"], &["--no-color"]]
    {
        let words = [option, &["assign", "id", "graph", "Place.Read.A"]].concat();
        assert_eq!(offered(&words), ["Place.Read.All"], "{option:?}");
    }
}

#[test]
fn behind_two_hyphens_nothing_is_an_option() {
    assert_eq!(offered(&["assign", "--", "id", "graph", "Place.Read.A"]), ["Place.Read.All"]);
    assert_eq!(offered(&["assign", "--", "--y"]), Vec::<String>::new());
}

#[test]
fn microsoft_graph_has_its_roles_under_each_of_its_names() {
    for api in ["graph", "GRAPH", "00000003-0000-0000-c000-000000000000"] {
        assert_eq!(offered(&["assign", "id", api, "place.read.a"]), ["Place.Read.All"], "{api}");
    }
    assert_eq!(offered(&["assign", "id", "exchange", "Place"]), Vec::<String>::new());
}

#[test]
fn names_that_a_shell_could_misread_are_not_offered() {
    let api = "api://a";
    for name in [
        "",
        " ",
        "a b",
        "$(reboot)",
        "`reboot`",
        "a;b",
        "a|b",
        "a>b",
        "a&b",
        "a'b",
        "a\"b",
        "a\\b",
        "a\nb",
        "a\tb",
        "*",
        "a*",
        "a?",
        "[a]",
        "{a,b}",
        "~",
        "!a",
        "#a",
        "-a",
        "--yes",
        "\u{1b}[2J",
        "é",
        "\u{202e}a",
        "%a",
    ] {
        let policy = serde_json::json!({ "allow": [
            { "api": name, "roles": ["Orders.Read"], "requesters": [name] },
            { "api": api, "roles": [name], "requesters": ["queue:a-queue"] },
        ] })
        .to_string();
        assert!(!offered_with(&policy, &["roles", ""]).contains(&name.to_owned()), "{name:?}");
        assert!(offered_with(&policy, &["roles", ""]).contains(&api.to_owned()), "{name:?}");
        assert_eq!(offered_with(&policy, &["assign", "id", api, ""]), Vec::<String>::new());
        assert_eq!(offered_with(&policy, &["plan", "f", "--requester", ""]), ["queue:a-queue"]);
    }
}

#[test]
fn a_policy_that_is_none_leaves_the_names_that_are_always_known() {
    let known = offered(&["--policy", "/nonexistent", "roles", ""]);
    assert_eq!(known.first().map(String::as_str), Some("graph"));
    for policy in [
        "",
        "{",
        "[]",
        "null",
        "{\"allow\": 1}",
        "{\"allow\": [1, null, {}, {\"api\": 1, \"roles\": 2, \"requesters\": {}}]}",
    ] {
        assert_eq!(offered_with(policy, &["roles", ""]), known, "{policy}");
        assert_eq!(offered_with(policy, &["plan", "f", "--requester", ""]), Vec::<String>::new());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert_eq!(offered(&["--policy", path, "roles", ""]), known);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever was typed, there is an answer, and each word that is offered continues the last one.
    #[test]
    fn each_word_that_is_offered_begins_like_the_last_one(
        words in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "assign", "list", "policy", "explain", "help", "--", "-", "", "--output", "--output=",
                    "--policy=", "graph", "Mail.", "-o", "-hV", "--yes", "record", "show", "é", "--é=", "-é",
                ]).prop_map(str::to_owned),
                ".{0,6}",
            ],
            0..7,
        )
    ) {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let last = words.last().copied().unwrap_or_default().to_ascii_lowercase();
        for word in offered(&words) {
            prop_assert!(word.to_ascii_lowercase().starts_with(&last), "{word:?} for {words:?}");
        }
    }
}
