//! The metadata that the host adds to every invocation.

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};
use uuid::Uuid;

use super::value;
use crate::ordered_json::Json;

const SEVEN_DECIMALS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");

/// The metadata `sys` of an invocation.
pub(crate) struct SystemData {
    pub(crate) function: String,
    pub(crate) now: OffsetDateTime,
    pub(crate) random_guid: Uuid,
}

impl SystemData {
    /// The metadata of an invocation that starts now.
    pub(crate) fn now(function: &str) -> Self {
        Self {
            function: function.to_owned(),
            now: OffsetDateTime::now_utc(),
            random_guid: Uuid::new_v4(),
        }
    }

    pub(crate) fn json(&self) -> Json {
        Json::object([
            ("MethodName", Json::text(&self.function)),
            ("UtcNow", value::date(self.now, SEVEN_DECIMALS)),
            ("RandGuid", Json::text(self.random_guid.to_string())),
        ])
    }
}
