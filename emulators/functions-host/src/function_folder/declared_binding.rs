//! The bindings that a function.json declares.

/// The trigger of a function.
#[derive(Debug)]
pub(crate) enum Trigger {
    Queue(QueueBinding),
    Http(HttpTriggerBinding),
    Timer(TimerBinding),
    EventGrid { name: String },
}

/// An output of a function.
#[derive(Debug)]
pub(crate) enum Output {
    Queue(QueueBinding),
    Table(TableBinding),
    /// The response to the caller of a function with an HTTP trigger.
    Http {
        name: String,
    },
}

/// A queue as trigger or output.
#[derive(Debug)]
pub(crate) struct QueueBinding {
    pub(crate) name: String,
    pub(crate) queue_name: String,
    pub(crate) connection: Option<String>,
}

/// A table as output.
#[derive(Debug)]
pub(crate) struct TableBinding {
    pub(crate) name: String,
    pub(crate) table_name: String,
    pub(crate) connection: Option<String>,
}

/// HTTP requests as trigger.
#[derive(Debug)]
pub(crate) struct HttpTriggerBinding {
    pub(crate) name: String,
    pub(crate) auth_level: AuthLevel,
    /// `None` means all methods.
    pub(crate) methods: Option<Vec<String>>,
    /// `None` means the function's name.
    pub(crate) route: Option<String>,
}

/// A schedule as trigger.
#[derive(Debug)]
pub(crate) struct TimerBinding {
    pub(crate) name: String,
    pub(crate) schedule: String,
}

/// `authLevel` of an HTTP trigger: the keys that it accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthLevel {
    /// No key is needed.
    Anonymous,
    /// A key of the function, a key of all functions, or the master key.
    Function,
}
