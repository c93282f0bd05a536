//! Writes each event as one line of JSON.
//!
//! The most important members come first, because a workspace cuts long lines and a person may read only
//! the beginning: time, level, event, the ids of the invocation, the event's own fields, the message. Each
//! name occurs once: an event does not repeat a field of its span.
//!
//! The formatter of `tracing-subscriber` cannot do this. It repeats all spans in each line, in an order of
//! its own, parses their fields again for each line, and knows no limit.

use time::{OffsetDateTime, macros::format_description};
use tracing::{
    Event, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    layer::Context,
    registry::{LookupSpan, Scope},
};

use super::{
    fields::{Fields, Value},
    line::Line,
    streams::{Stream, Streams},
};

/// The layer that writes lines.
pub(super) struct JsonLines {
    streams: Streams,
}

impl JsonLines {
    pub(super) fn new(streams: Streams) -> Self {
        Self { streams }
    }
}

impl<S> Layer<S> for JsonLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let [name, message] = ["event", "message"].map(|name| fields.take(name));
        let metadata = event.metadata();
        let mut line = Line::new(*metadata.level());
        line.text("timestamp", &now());
        line.text("level", metadata.level().as_str());
        if let Some(name) = name {
            line.text("event", &name.into_text());
        }
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                of_span.write_with(&mut fields, &mut line);
            }
        }
        fields.write(&mut line);
        line.text("target", metadata.target());
        line.long_text("message", &message.map(Value::into_text).unwrap_or_default());
        self.streams.write(Stream::of(*metadata.level()), line.finish().as_bytes());
    }
}

/// The time in UTC, to the microsecond (RFC 3339).
fn now() -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    // Each part of this format exists, so formatting cannot fail.
    OffsetDateTime::now_utc().format(format).unwrap_or_default()
}
