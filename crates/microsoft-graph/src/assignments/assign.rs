//! Creating an assignment.

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    requests::{AssignmentRequests, Found},
    write::{NextStep, WriteOptions, Written, again},
};
use crate::{
    client::GraphResponse,
    error::{ErrorKind, GraphError},
};
use app_roles::{directory::Assignment, policy::Permit};
use azure_rest::retry::Attempt;

/// The maximum difference between this machine's clock and Graph's.
const CLOCK_SKEW: Duration = Duration::seconds(5);

/// The number of lists without an assignment that Graph said exists, after which it is written again.
/// The list may lag, or another client may have removed the assignment in between.
const LISTS_BEFORE_REWRITE: u32 = 2;

/// The creation of an assignment, across its attempts.
pub(super) struct AssignWrite<'a> {
    requests: &'a AssignmentRequests,
    permit: &'a Permit,
    options: WriteOptions,
    started: OffsetDateTime,
    has_new_token: bool,
    doubt: Option<Doubt>,
    /// Whether an earlier attempt may have created the assignment.
    may_be_ours: bool,
    /// Whether an attempt got no response, so that Graph may have committed it.
    lost_response: bool,
    /// The number of lists that did not show what Graph said exists.
    lists_without_it: u32,
    /// Whether a look-up has shown which of the two service principals is missing.
    has_looked: bool,
}

/// The reason to read the assignments before the next write.
enum Doubt {
    /// The response was lost, or was an error that may hide a success.
    Lost,
    /// Graph refused. A 403 has been seen to hide a success, and so may a refusal that is not known.
    Refused(GraphError),
    /// Graph says that the assignment exists, so only its id is missing.
    Exists(GraphError),
}

impl<'a> AssignWrite<'a> {
    pub(super) fn new(
        requests: &'a AssignmentRequests,
        permit: &'a Permit,
        options: WriteOptions,
    ) -> Self {
        Self {
            requests,
            permit,
            options,
            started: OffsetDateTime::now_utc(),
            has_new_token: false,
            doubt: None,
            may_be_ours: false,
            lost_response: false,
            lists_without_it: 0,
            has_looked: false,
        }
    }

    /// Reads and writes until there is an outcome or a reason to wait.
    pub(super) async fn attempt(&mut self) -> Attempt<Written, GraphError> {
        loop {
            if let Some(doubt) = self.doubt.take()
                && let Some(end) = self.read(doubt).await
            {
                return end;
            }
            let error = match self.requests.create(self.permit, &self.options).await {
                Ok(created) => return Attempt::Done(Written::Assigned(created)),
                Err(error) => self.explained(error).await,
            };
            match self.options.after(error, &mut self.has_new_token) {
                NextStep::Read(error) => self.doubt = Some(self.doubt_of(error)),
                NextStep::Retry { is_in_doubt, error } => {
                    self.may_be_ours |= is_in_doubt;
                    self.lost_response |= is_in_doubt;
                    self.doubt = is_in_doubt.then_some(Doubt::Lost);
                    return again(error);
                }
                NextStep::Fail(error) => return Attempt::Stop(error),
            }
        }
    }

    /// Whether an attempt got no response, so that Graph may have committed it.
    pub(super) fn lost_response(&self) -> bool {
        self.lost_response
    }

    fn doubt_of(&mut self, error: GraphError) -> Doubt {
        if error.kind() == ErrorKind::AlreadyAssigned {
            return Doubt::Exists(error);
        }
        self.may_be_ours = true;
        Doubt::Refused(error)
    }

    /// Adds to the error what it is about. Graph gives the same message if the principal or the API is
    /// missing, and refuses some roles to agents although the broker lacks no permission.
    async fn explained(&mut self, error: GraphError) -> GraphError {
        let permit = self.permit;
        match error.kind() {
            ErrorKind::Forbidden if permit.is_for_agent() && error.has_needed_roles() => {
                error.about_agent()
            }
            ErrorKind::NotFound | ErrorKind::PrincipalNotFound => {
                if self.is_about_api(&error).await {
                    error.about_api()
                } else {
                    error.about_principal()
                }
            }
            _ => error,
        }
    }

    /// Whether the API is missing, not the principal. Graph's message may name its id; otherwise both are
    /// looked up.
    async fn is_about_api(&mut self, error: &GraphError) -> bool {
        let names_principal = error.names(self.permit.principal())
            || self.permit.client_id().is_some_and(|id| error.names_application(id));
        let names_api = error.names(self.permit.api());
        if names_principal != names_api || error.is_too_new() {
            return names_api;
        }
        let must_look = !std::mem::replace(&mut self.has_looked, true);
        must_look && self.requests.lacks_only_api(self.permit, self.options.deadline).await
    }

    /// Reads whether the assignment exists. `None` means that it must be written again.
    async fn read(&mut self, doubt: Doubt) -> Option<Attempt<Written, GraphError>> {
        match self.requests.find(self.permit, self.options.deadline).await {
            Ok(Found::Assignment(assignment)) => {
                return Some(Attempt::Done(self.found(assignment)));
            }
            Ok(Found::Unclear) if matches!(doubt, Doubt::Exists(_)) => {
                return Some(Attempt::Done(Written::AlreadyAssigned(None)));
            }
            Ok(Found::Nothing | Found::Unclear) => {}
            Err(error) => {
                // Without the permission to write, the permission to read may be missing too.
                let first = if let Doubt::Refused(refusal) = doubt { refusal } else { error };
                return Some(Attempt::Stop(first));
            }
        }
        match doubt {
            Doubt::Lost => None,
            Doubt::Refused(error) => Some(Attempt::Stop(error)),
            Doubt::Exists(error) => Some(self.wait_for_list(error.not_listed_yet())),
        }
    }

    /// The list probably lags. Another write would be refused again, and cost write quota.
    fn wait_for_list(&mut self, error: GraphError) -> Attempt<Written, GraphError> {
        if !self.options.waits_for_replicas() {
            return Attempt::Stop(error);
        }
        self.lists_without_it += 1;
        let is_written_again = self.lists_without_it.is_multiple_of(LISTS_BEFORE_REWRITE);
        self.doubt = (!is_written_again).then(|| Doubt::Exists(error.clone()));
        Attempt::Again { after: None, error }
    }

    /// The outcome when the assignment exists: if a response was lost, an assignment that is not older
    /// than this write was created by it.
    fn found(&self, assignment: Assignment) -> Written {
        let created = assignment.created.as_deref();
        let created = created.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        let is_new = created.is_some_and(|created| created >= self.started - CLOCK_SKEW);
        if self.may_be_ours && is_new {
            Written::Assigned(GraphResponse { body: assignment, request_id: None })
        } else {
            Written::AlreadyAssigned(Some(assignment))
        }
    }
}
