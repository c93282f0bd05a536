//! One line of the log, a JSON object:
//!
//! ```json
//! { "timestamp": "2026-11-22T13:06:53.970571Z", "level": "INFO", "event": "audit", "status": "assigned",
//!   "target": "record", "span": { "name": "delivery", "function": "AssignRole", "attempt": 1 } }
//! ```
//!
//! The formatter that comes with `tracing_subscriber` writes the same, but reads the fields of the span
//! as JSON for every line in it. Each grant writes lines, and this was a good part of its time.

use std::fmt::{self, Write as _};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::{LookupSpan, SpanRef},
};

/// Formats an event with all its fields, and the span that it happened in.
pub(super) struct JsonLine;

impl<'a> FormatFields<'a> for JsonLine {
    /// The fields of a span, each with a comma before it: they are written once, when it begins.
    fn format_fields<R: RecordFields>(&self, writer: Writer<'a>, fields: R) -> fmt::Result {
        let mut members = Members { writer, outcome: Ok(()) };
        fields.record(&mut members);
        members.outcome
    }
}

impl<S> FormatEvent<S, Self> for JsonLine
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, Self>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        writer.write_str(r#"{"timestamp":""#)?;
        SystemTime.format_time(&mut writer)?;
        writer.write_str(r#"","level":""#)?;
        writer.write_str(metadata.level().as_str())?;
        writer.write_char('"')?;
        self.format_fields(writer.by_ref(), event)?;
        writer.write_str(r#","target":""#)?;
        writer.write_str(metadata.target())?;
        writer.write_char('"')?;
        if let Some(span) = context.lookup_current() {
            write_span(&mut writer, &span)?;
        }
        writer.write_str("}\n")
    }
}

fn write_span<S>(writer: &mut Writer<'_>, span: &SpanRef<'_, S>) -> fmt::Result
where
    S: for<'span> LookupSpan<'span>,
{
    let extensions = span.extensions();
    let fields = extensions.get::<FormattedFields<JsonLine>>();
    let fields = fields.map_or("", |known| &known.fields);
    write!(writer, r#","span":{{"name":"{}"{fields}}}"#, span.name())
}

/// Writes fields as members of an object that has others before them.
struct Members<'a> {
    writer: Writer<'a>,
    outcome: fmt::Result,
}

impl Members<'_> {
    fn member(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        let written = self
            .writer
            .write_str(",\"")
            .and_then(|()| self.writer.write_str(field.name()))
            .and_then(|()| self.writer.write_str("\":"))
            .and_then(|()| value(&mut self.writer));
        self.outcome = self.outcome.and(written);
    }

    /// A number or a truth value, whose text is its JSON.
    fn plain(&mut self, field: &Field, value: impl fmt::Display) {
        self.member(field, |writer| write!(writer, "{value}"));
    }

    fn text(&mut self, field: &Field, text: impl FnOnce(&mut Escaped<'_>) -> fmt::Result) {
        self.member(field, |writer| {
            writer.write_char('"')?;
            text(&mut Escaped(writer))?;
            writer.write_char('"')
        });
    }
}

impl Visit for Members<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, |text| text.write_str(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, |text| write!(text, "{value:?}"));
    }
}

/// Writes text as the inside of a JSON string (RFC 8259, section 7).
struct Escaped<'a>(&'a mut dyn fmt::Write);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // All of these are ASCII, so what lies between two of them is text again.
        let is_special = |byte| matches!(byte, 0..b' ' | b'"' | b'\\');
        // Few texts have any, and a loop that does not end early looks at many bytes at once.
        if !text.bytes().fold(false, |any, byte| any | is_special(byte)) {
            return self.0.write_str(text);
        }
        let mut rest = text;
        while let Some(at) = rest.bytes().position(is_special) {
            let (before, after) = rest.split_at(at);
            self.0.write_str(before)?;
            let mut characters = after.chars();
            if let Some(special) = characters.next() {
                write!(self.0, "\\u{:04x}", u32::from(special))?;
            }
            rest = characters.as_str();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tracing::Level;
    use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt};

    use super::*;

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Log {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    /// The lines that `work` logs, without their timestamps.
    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let log = Log::default();
        let layer = tracing_subscriber::fmt::layer()
            .fmt_fields(JsonLine)
            .event_format(JsonLine)
            .with_ansi(false)
            .with_writer(log.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let read = |line: &str| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            let timestamp = line.as_object_mut().unwrap().remove("timestamp").unwrap();
            assert!(timestamp.as_str().unwrap().ends_with('Z'), "{timestamp}");
            line
        };
        text.lines().map(read).collect()
    }

    #[test]
    fn a_line_has_every_field_in_its_own_type_and_what_is_absent_is_left_out() {
        let lines = logged(|| {
            let nothing: Option<&str> = None;
            tracing::event!(
                target: "record",
                Level::WARN,
                word = "audit",
                dry_run = true,
                attempt = 2_u32,
                below = -1,
                id = %"shown",
                list = ?["a"],
                nothing,
                "a sentence"
            );
        });
        let expected = json!({
            "level": "WARN", "target": "record", "word": "audit", "message": "a sentence",
            "dry_run": true, "attempt": 2, "below": -1, "id": "shown", "list": "[\"a\"]",
        });
        assert_eq!(lines, [expected]);
    }

    #[test]
    fn a_line_says_in_which_span_it_was_written() {
        let lines = logged(|| {
            let _outer =
                tracing::info_span!("delivery", function = "A \"b\" {}", attempt = 1).entered();
            tracing::event!(target: "t", Level::INFO, number = 1);
            let _inner = tracing::info_span!("bare").entered();
            tracing::event!(target: "t", Level::INFO, number = 2);
        });
        let span = json!({ "name": "delivery", "function": "A \"b\" {}", "attempt": 1 });
        let one = json!({ "level": "INFO", "target": "t", "number": 1, "span": span });
        let bare = json!({ "name": "bare" });
        let two = json!({ "level": "INFO", "target": "t", "number": 2, "span": bare });
        assert_eq!(lines, [one, two]);
    }

    proptest! {
        #[test]
        fn whatever_a_text_holds_a_line_is_one_object_and_the_text_is_in_it(text: String) {
            let lines = logged(|| {
                tracing::event!(target: "t", Level::INFO, given = text.as_str(), shown = %text);
            });
            prop_assert_eq!(lines.len(), 1);
            prop_assert_eq!(lines[0]["given"].as_str(), Some(text.as_str()));
            prop_assert_eq!(lines[0]["shown"].as_str(), Some(text.as_str()));
        }
    }
}
