//! Who may approve a request.

use app_roles::{policy::Unapproved, requester::Requester};

/// Says why a request can never be approved, if too few approvers of the rule may decide on it.
pub(crate) fn too_few(unapproved: &Unapproved) -> Option<String> {
    let (terms, able) = (unapproved.terms(), unapproved.eligible().len());
    if able >= terms.count() {
        return None;
    }
    let obstacles = terms.by().iter().filter_map(|approver| {
        let obstacle = unapproved.obstacle(*approver)?;
        Some(format!("; {} does not count: {obstacle}", Requester::Http(*approver)))
    });
    Some(format!(
        "rule {:?} names too few approvers who may decide on this request: {} must approve and {able} \
         can{}",
        unapproved.permit().rule(),
        terms.count(),
        obstacles.collect::<String>()
    ))
}
