//! Making an assignment exist.

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Done, Effort, Next, again};
use crate::{
    Answer, Graph,
    error::{ErrorKind, GraphError},
};
use app_roles::{directory::Assignment, policy::Permit};
use azure_rest::retry::Attempt;

/// How far this machine's clock and Graph's may be apart.
const CLOCK_SKEW: Duration = Duration::seconds(5);

/// An assignment on its way.
pub(super) struct Assigning<'a> {
    graph: &'a Graph,
    permit: &'a Permit,
    effort: Effort,
    began: OffsetDateTime,
    renewed: bool,
    doubt: Option<Doubt>,
    /// Whether an earlier try of ours may have made it.
    may_be_ours: bool,
}

/// Why the list is to be looked at before anything is written.
enum Doubt {
    /// The answer was lost, or was an error that may hide a success.
    Lost,
    /// Graph refused for lack of rights, which has been seen to hide a success.
    Forbidden(GraphError),
    /// Graph says that it exists, so only its id is missing.
    Exists(GraphError),
}

impl<'a> Assigning<'a> {
    pub(super) fn new(graph: &'a Graph, permit: &'a Permit, effort: Effort) -> Self {
        let began = OffsetDateTime::now_utc();
        Self { graph, permit, effort, began, renewed: false, doubt: None, may_be_ours: false }
    }

    /// Goes on until there is an end, or nothing to do but wait.
    pub(super) async fn step(&mut self) -> Attempt<Done, GraphError> {
        loop {
            if let Some(doubt) = self.doubt.take()
                && let Some(end) = self.look(doubt).await
            {
                return end;
            }
            let error = match self.graph.create(self.permit, self.effort).await {
                Ok(created) => return Attempt::Done(Done::Assigned(created)),
                Err(error) => error,
            };
            match self.effort.after(error, &mut self.renewed) {
                Next::Look(error) => self.doubt = Some(self.doubt_of(error)),
                Next::Later { in_doubt, error } => {
                    self.may_be_ours |= in_doubt;
                    self.doubt = in_doubt.then_some(Doubt::Lost);
                    return again(error);
                }
                Next::End(error) => return Attempt::Stop(error),
            }
        }
    }

    fn doubt_of(&mut self, error: GraphError) -> Doubt {
        if error.kind() == ErrorKind::AlreadyAssigned {
            return Doubt::Exists(error);
        }
        self.may_be_ours = true;
        Doubt::Forbidden(error)
    }

    /// Looks whether the assignment exists; `None` means: write again.
    async fn look(&mut self, doubt: Doubt) -> Option<Attempt<Done, GraphError>> {
        match self.graph.listed(self.permit, self.effort.deadline).await {
            Ok(Some(assignment)) => return Some(Attempt::Done(self.found(assignment))),
            Ok(None) => {}
            Err(error) => {
                // Whoever may not write may not be able to read either.
                let first = if let Doubt::Forbidden(refusal) = doubt { refusal } else { error };
                return Some(Attempt::Stop(first));
            }
        }
        match doubt {
            Doubt::Lost => None,
            Doubt::Forbidden(error) => Some(Attempt::Stop(error)),
            // The list lags. To write again would only be refused again.
            Doubt::Exists(error) => {
                let error = error.not_listed_yet();
                if self.effort.replication.remaining().is_zero() {
                    return Some(Attempt::Stop(error));
                }
                self.doubt = Some(Doubt::Exists(error.clone()));
                Some(Attempt::Again { after: None, error })
            }
        }
    }

    /// An assignment that is as old as this call was made by it, if an answer was lost.
    fn found(&self, assignment: Assignment) -> Done {
        let created = assignment.created.as_deref();
        let created = created.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        let is_new = created.is_some_and(|created| created >= self.began - CLOCK_SKEW);
        if self.may_be_ours && is_new {
            Done::Assigned(Answer { body: assignment, request_id: None })
        } else {
            Done::AlreadyAssigned(assignment)
        }
    }
}
