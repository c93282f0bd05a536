//! What is logged.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    layer::{Context, Layer, SubscriberExt},
    registry,
};

/// The lines of this thread, with their fields.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

impl Log {
    /// Begins to collect the lines of this thread.
    pub(crate) fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let guard = tracing::subscriber::set_default(registry().with(log.clone()));
        (log, guard)
    }

    /// The ids of the approvals that were logged as unreadable.
    pub(crate) fn unreadable(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        let field = |line: &BTreeMap<String, String>, name| line.get(name).cloned();
        let lines = lines.iter();
        let lines =
            lines.filter(|line| field(line, "event").as_deref() == Some("approval.unreadable"));
        lines.filter_map(|line| field(line, "approval_id")).collect()
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}
