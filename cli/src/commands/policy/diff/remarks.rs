//! Remarks about the rules, in sentences.

use app_roles::policy::{ProtectionDifference, RuleNote};

use super::phrase::Phrase;

/// Says what a note means.
pub(super) fn note(note: &RuleNote) -> Phrase {
    let phrase = Phrase::default();
    match note {
        RuleNote::Renamed { from, to } => phrase
            .words("The rule ")
            .rule(from)
            .words(" is called ")
            .rule(to)
            .words(" now. Earlier records keep the old name."),
        RuleNote::Gone(rule) => phrase.words("There is no rule ").rule(rule).words(" any more."),
        RuleNote::New(rule) => phrase.words("The rule ").rule(rule).words(" is new."),
        RuleNote::ExpiredGone(rule) => {
            phrase.words("The rule ").rule(rule).words(", which had expired, is gone.")
        }
        RuleNote::Owner { rule, from, to } => {
            let phrase = phrase.words("The owner of the rule ").rule(rule);
            match (from, to) {
                (Some(from), Some(to)) => {
                    phrase.words(" was ").name(from).words(" and is ").name(to).words(" now.")
                }
                (None, Some(to)) => phrase.words(" is ").name(to).words(" now."),
                (Some(from), None) => phrase.words(" was ").name(from).words("; now it has none."),
                (None, None) => phrase.words(" is the same."),
            }
        }
        RuleNote::AssumedOwnTenant(api) => phrase.words("This takes ").name(api).words(
            " for an API of your own tenant. On another API, a role that ends in * matches \
                 nothing, so an exact role beside it is access of its own; --online looks it up.",
        ),
    }
}

/// Says what the list of protected entries means for what is unknown.
pub(super) fn unknown(protection: &ProtectionDifference) -> Vec<Phrase> {
    let places = protection.unknown_places.map(|is_protected| {
        let words = if is_protected {
            "Managed identities whose place is unknown are protected now, because a place is."
        } else {
            "Managed identities whose place is unknown are not protected any more, because no place is."
        };
        Phrase::default().words(words)
    });
    let ids = protection.unknown_client_ids.map(|is_protected| {
        let words = if is_protected {
            "Principals whose appId is unknown are protected now, because an id is."
        } else {
            "Principals whose appId is unknown are not protected any more, because no id is."
        };
        Phrase::default().words(words)
    });
    places.into_iter().chain(ids).collect()
}
