//! A request as the broker writes it.

use serde::Serialize;

use super::action::Action;
use crate::names::{ApiName, PrincipalName};

/// The broker's own shape of a request. Fields that say nothing are absent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenShape<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<&'a str>,
    pub(super) action: Action,
    pub(super) principal: &'a PrincipalName,
    pub(super) api: &'a ApiName,
    pub(super) roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_after: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) dry_run: bool,
}
