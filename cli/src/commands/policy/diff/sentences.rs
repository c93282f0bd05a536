//! What differs, in sentences.

use app_roles::{
    policy::{
        AccessChange, AccessTerms, ApproverOrder, ChangeKind, NamedPrincipals, NarrowerAccess,
        PrivilegedPart, ProtectionChange,
    },
    requester::Requester,
};

use super::{
    phrase::Phrase,
    terms::{changes, conditions, in_full},
};

/// The most parts that a sentence about a wider access names.
const MAX_PARTS: usize = 5;

/// Says what requesters may do.
pub(super) fn on_request(change: &AccessChange) -> Phrase {
    let requesters = Phrase::default().names(&change.requesters);
    let actions = listed(&change.actions);
    match change.kind {
        ChangeKind::Allowed => requesters
            .words(&format!(" may now {actions} "))
            .then(roles_for(change))
            .then(conditions(&change.now)),
        ChangeKind::Withdrawn => {
            requesters.words(&format!(" may no longer {actions} ")).then(roles_for(change))
        }
        ChangeKind::OtherTerms => {
            requesters.words(&format!(" may {actions} ")).then(roles_for(change))
        }
    }
    .then(end_of(change))
    .then(never_approved(change))
}

/// Says what the broker denies although a rule allows it: a requester does not approve its own requests.
fn never_approved(change: &AccessChange) -> Phrase {
    let never = |requester: &&String| {
        !change.now.is_empty() && change.now.iter().all(|terms| is_never_approved(terms, requester))
    };
    let requesters: Vec<_> = change.requesters.iter().filter(never).cloned().collect();
    if requesters.is_empty() {
        return Phrase::default();
    }
    Phrase::default()
        .words(" What is requested by ")
        .names(&requesters)
        .words(" is denied, because it can never be approved: too few other approvers are named.")
}

fn is_never_approved(terms: &AccessTerms, requester: &str) -> bool {
    let own = match Requester::parse(requester) {
        Ok(Requester::Http(id) | Requester::Cli(id)) => Some(id),
        _ => None,
    };
    terms.approval.as_ref().is_some_and(|approval| {
        approval.by().iter().filter(|approver| Some(**approver) != own).count() < approval.count()
    })
}

/// Says what principals always get.
pub(super) fn baseline(change: &AccessChange) -> Phrase {
    let verb = if change.roles.len() == 1 { "is" } else { "are" };
    let beginning = |words: &str| {
        let phrase = roles(change).words(&format!(" {verb} {words} to "));
        principals(phrase, &change.principals).words(" without a request")
    };
    match change.kind {
        ChangeKind::Allowed => beginning("now assigned").then(conditions(&change.now)),
        ChangeKind::Withdrawn => beginning("no longer assigned").words("; what they hold stays"),
        ChangeKind::OtherTerms => beginning("assigned"),
    }
    .then(end_of(change))
}

/// The end of a sentence: the rule, the terms if they have changed, and the part that does not differ.
fn end_of(change: &AccessChange) -> Phrase {
    let phrase = Phrase::default().words(" (rule ").rule(&change.rule).words(")");
    let phrase = if change.kind == ChangeKind::OtherTerms {
        phrase
            .words(&format!(": {}. Before: ", listed(&changes(&change.before, &change.now))))
            .then(in_full(&change.before))
            .words(". Now: ")
            .then(in_full(&change.now))
            .words(".")
    } else {
        phrase.words(".")
    };
    phrase.then(unchanged_part(change))
}

/// The part of a new access that was allowed before, or of a withdrawn access that is still allowed.
fn unchanged_part(change: &AccessChange) -> Phrase {
    let beginning = match (change.narrower.is_empty(), change.kind) {
        (true, _) => return Phrase::default(),
        (false, ChangeKind::Withdrawn) => " Still allowed: ",
        (false, _) => " Before, only ",
    };
    let [role] = change.roles.as_slice() else { return parts(beginning, change, true) };
    let is_same_role = |part: &NarrowerAccess| part.role.eq_ignore_ascii_case(role);
    let has_other_role = !change.narrower.iter().all(is_same_role);
    parts(beginning, change, has_other_role)
}

fn parts(beginning: &str, change: &AccessChange, names_roles: bool) -> Phrase {
    let shown = change.narrower.iter().take(MAX_PARTS).enumerate();
    let phrase = shown.fold(Phrase::default().words(beginning), |phrase, (index, part)| {
        let phrase = if index == 0 { phrase } else { phrase.words("; ") };
        let phrase = if names_roles { phrase.name(&part.role).words(" ") } else { phrase };
        principals(phrase.words("for "), std::slice::from_ref(&part.principals))
    });
    match change.narrower.len().saturating_sub(MAX_PARTS) {
        0 => phrase.words("."),
        more => phrase.words(&format!("; and {more} more.")),
    }
}

fn roles_for(change: &AccessChange) -> Phrase {
    principals(roles(change).words(" for "), &change.principals)
}

fn roles(change: &AccessChange) -> Phrase {
    let beginning = match (change.privileged, change.roles.len()) {
        (PrivilegedPart::All, 1) => "the privileged role ",
        (PrivilegedPart::All, _) => "the privileged roles ",
        _ => "",
    };
    let phrase =
        Phrase::default().words(beginning).names(&change.roles).words(" of ").name(&change.api);
    match change.privileged {
        PrivilegedPart::Only => phrase.words(", now also where it is privileged,"),
        PrivilegedPart::Included => phrase.words(", also where it is privileged,"),
        PrivilegedPart::None | PrivilegedPart::All => phrase,
    }
}

/// Appends principals to a sentence.
fn principals(phrase: Phrase, all: &[NamedPrincipals]) -> Phrase {
    let (mut places, mut objects) = (Vec::new(), Vec::new());
    for one in all {
        match one {
            NamedPrincipals::Place(place) => places.push(place.clone()),
            NamedPrincipals::Object(id) => objects.push(id.clone()),
        }
    }
    let phrase = match objects.len() {
        0 => phrase,
        1 => phrase.words("the principal ").names(&objects),
        _ => phrase.words("the principals ").names(&objects),
    };
    match (objects.is_empty(), places.is_empty()) {
        (_, true) => phrase,
        (true, false) => phrase.words("the managed identities in ").names(&places),
        (false, false) => phrase.words(", and for the managed identities in ").names(&places),
    }
}

/// Says which approvers are asked where two rules apply.
pub(super) fn approvers(order: &ApproverOrder) -> Phrase {
    let ApproverOrder { requester, action, api, first, second } = order;
    Phrase::default()
        .name(requester)
        .words(&format!(" may {action} roles of "))
        .name(api)
        .words(": where the rules ")
        .rule(first)
        .words(" and ")
        .rule(second)
        .words(" both apply, the approvers of ")
        .rule(first)
        .words(" are asked now, because it comes first.")
}

/// Says what is protected.
pub(super) fn protection(change: &ProtectionChange) -> Phrase {
    let ProtectionChange { is_added, entry, is_place, rules } = change;
    let what = if *is_place { "the managed identities in " } else { "the principal or API " };
    let phrase = if *is_added {
        Phrase::default().words("No rule can touch ").words(what).name(entry).words(" any more")
    } else {
        Phrase::default().words("Rules can touch ").words(what).name(entry).words(" again")
    };
    match (rules.len(), is_added) {
        (0, _) => phrase.words("."),
        (1, true) => phrase.words(". This limits the rule ").rules(rules).words("."),
        (1, false) => phrase.words(". This applies to the rule ").rules(rules).words("."),
        (_, true) => phrase.words(". This limits the rules ").rules(rules).words("."),
        (_, false) => phrase.words(". This applies to the rules ").rules(rules).words("."),
    }
}

/// Our own words in a list: a, b and c.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
