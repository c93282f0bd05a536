//! The proof that a write is on record before it is sent.

use app_roles::policy::Permit;

/// A permit whose intent is on record. Each write to Microsoft Graph takes one.
///
/// Only a stored row makes one. With the feature `operator`, an operator's own decision does, too.
#[derive(Debug)]
pub struct Intent {
    permit: Permit,
    row_key: String,
}

/// The keys of an intent's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentKey {
    /// The object id of the principal.
    pub partition_key: String,
    /// The invocation, and the index of the role in it.
    pub row_key: String,
}

impl Intent {
    /// The intent of a permit whose row is stored.
    pub(crate) fn stored(permit: Permit, row_key: String) -> Self {
        Self { permit, row_key }
    }

    /// The intent of an operator, who writes with their own rights and keeps their own record.
    #[cfg(feature = "operator")]
    #[must_use]
    pub fn by_operator(permit: Permit) -> Self {
        Self { permit, row_key: String::new() }
    }

    /// The permit for the write.
    #[must_use]
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// The key of the row, to delete it once the outcome is on record.
    #[must_use]
    pub fn into_key(self) -> IntentKey {
        let partition_key = self.permit.principal().to_string();
        IntentKey { partition_key, row_key: self.row_key }
    }

    /// The key of the row in the principal's partition.
    #[must_use]
    pub fn row_key(&self) -> &str {
        &self.row_key
    }
}
