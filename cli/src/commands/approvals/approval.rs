//! An approval in the broker's answer, checked so that what is shown is what the digest covers.

use app_roles::{approval_view::ApprovalView, ids::ApprovalId};
use serde::Deserialize as _;
use serde_json::Value;

use crate::failure::Failure;

/// The advice about an answer that contradicts itself.
const DO_NOT_DECIDE: &str = "do not decide on it; report this to the operators of the broker";

/// An approval whose parts agree.
pub(super) struct Approval {
    view: ApprovalView,
    document: Value,
}

impl Approval {
    /// Reads an approval. It is refused unless its digest belongs to its subject and everything that it
    /// states for people belongs to the ids of the subject.
    pub(super) fn read(document: Value) -> Result<Self, Failure> {
        let view =
            ApprovalView::deserialize(&document).map_err(|_| {
                Failure::failed("the broker's answer is not an approval that this version can read")
                .hint("check the URL of --broker, or install the version of app-role that belongs \
                 to the broker")
            })?;
        match contradiction(&view) {
            None => Ok(Self { view, document }),
            Some(what) => {
                let id = view.approval_id;
                Err(Failure::failed(format!("approval {id} contradicts itself: {what}"))
                    .hint(DO_NOT_DECIDE))
            }
        }
    }

    /// Refuses an approval other than the requested one.
    pub(super) fn with_id(self, id: ApprovalId) -> Result<Self, Failure> {
        let answered = self.view.approval_id;
        if answered == id {
            return Ok(self);
        }
        Err(Failure::failed(format!(
            "the broker was asked about approval {id}, and answers {answered}"
        ))
        .hint(DO_NOT_DECIDE))
    }

    /// The approval.
    pub(super) fn view(&self) -> &ApprovalView {
        &self.view
    }

    /// The final result as the broker wrote it, if there is one.
    pub(super) fn result(&self) -> Option<&Value> {
        self.document.get("result").filter(|result| !result.is_null())
    }

    /// The approval as the broker wrote it.
    pub(super) fn document(&self) -> &Value {
        &self.document
    }
}

/// Returns the part that contradicts the subject of an approval, if any.
fn contradiction(view: &ApprovalView) -> Option<&'static str> {
    let subject = &view.subject;
    let covered = subject.roles.iter().map(|role| (role.id, &role.rule, &role.end));
    let shown = view.roles.iter().map(|role| (role.id, &role.rule, &role.end));
    if subject.digest() != view.digest {
        Some("its digest is not that of its subject")
    } else if subject.principal_id != view.principal.object_id {
        Some("its principal is not that of its subject")
    } else if subject.api_id != view.api.object_id {
        Some("its API is not that of its subject")
    } else if !covered.eq(shown) {
        Some("its roles are not those of its subject")
    } else {
        None
    }
}
