//! What a rule says about approvals.

use std::{collections::HashSet, fmt};

use super::fields::{Faults, Field};
use crate::{duration::AssignmentDuration, ids::ObjectId, requester::Requester};

/// The largest number of approvers that a rule can name.
pub(super) const MOST_APPROVERS: usize = 20;

/// How long a request waits by default.
const DEFAULT_WITHIN: &str = "PT24H";

/// How many approvers must approve by default.
const DEFAULT_COUNT: usize = 1;

/// The fields of the terms.
const FIELDS: [&str; 3] = ["by", "count", "within"];

/// Who must approve what a rule allows, how many of them, and within which time.
///
/// In the file: `"approval": { "by": ["http:9999…"], "count": 1, "within": "PT24H" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalTerms {
    by: Vec<ObjectId>,
    count: usize,
    within: AssignmentDuration,
}

impl ApprovalTerms {
    /// Reads the terms. `None` if they have a fault.
    pub(super) fn read(field: &Field<'_>, faults: &mut Faults) -> Option<Self> {
        let fields = field.members(faults)?;
        fields.refuse_unknown(&FIELDS, faults);
        let stated = fields.required("by", faults).and_then(|list| {
            let named = list.items(faults)?;
            let approvers = approvers(&list, &named, faults);
            Some((named.len(), approvers))
        });
        let (named, by) = stated.unzip();
        let within = match fields.optional("within") {
            Some(field) => field.parsed(within, faults),
            None => within(DEFAULT_WITHIN).ok(),
        };
        let count = match fields.optional("count") {
            Some(field) => count(&field, named, faults),
            None => Some(DEFAULT_COUNT),
        };
        Some(Self { by: by.flatten()?, count: count?, within: within? })
    }

    /// The object ids of the approvers: users or applications that sign in.
    #[must_use]
    pub fn by(&self) -> &[ObjectId] {
        &self.by
    }

    /// How many of them must approve. At least 1.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// How long a request waits for them.
    #[must_use]
    pub fn within(&self) -> AssignmentDuration {
        self.within
    }
}

impl fmt::Display for ApprovalTerms {
    /// How many of how many approvers, and within which time.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, count, within } = self;
        write!(formatter, "{count} of {} within {within}", by.len())
    }
}

/// The approvers, each once. Only a sign-in proves who approves, so no other requester can be one.
fn approvers(list: &Field<'_>, named: &[Field<'_>], faults: &mut Faults) -> Option<Vec<ObjectId>> {
    if !(1..=MOST_APPROVERS).contains(&named.len()) {
        faults.add(list, format!("must name 1 to {MOST_APPROVERS} approvers"));
        return None;
    }
    let (mut approvers, mut known) = (Vec::new(), HashSet::new());
    for one in named {
        let Some(text) = one.text(faults) else { continue };
        let problem = match Requester::parse(text) {
            Ok(Requester::Http(id)) if known.insert(id) => {
                approvers.push(id);
                continue;
            }
            Ok(Requester::Http(_)) => "is there twice, and each approver counts once",
            _ => "must be http:<object id>, because only a sign-in proves who approves",
        };
        faults.add(one, problem);
    }
    (approvers.len() == named.len()).then_some(approvers)
}

/// The number of approvals that are needed. It cannot exceed the number of approvers.
fn count(field: &Field<'_>, named: Option<usize>, faults: &mut Faults) -> Option<usize> {
    let stated = field.whole_number(faults)?;
    // A list that is missing, empty or too long is a fault of its own.
    let most = named.filter(|named| (1..=MOST_APPROVERS).contains(named)).unwrap_or(MOST_APPROVERS);
    let count = usize::try_from(stated).ok().filter(|count| (1..=most).contains(count));
    if count.is_none() {
        faults.add(field, format!("must be from 1 to {most}, the number of approvers"));
    }
    count
}

fn within(text: &str) -> Result<AssignmentDuration, String> {
    let within = AssignmentDuration::parse(text).map_err(|error| error.to_string())?;
    if within > AssignmentDuration::DAYS_30 {
        return Err("the longest time that a request can wait is P30D (30 days)".to_owned());
    }
    Ok(within)
}
