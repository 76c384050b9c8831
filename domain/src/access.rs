//! Who may do what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What somebody is in a workspace. Each role may do what those below it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// May look.
    Viewer,
    /// May upload and inspect.
    Editor,
    /// May manage people, tokens and settings.
    Admin,
    /// May give the workspace away or end it.
    Owner,
}

/// What a token may be used for. It never allows more than the role of the principal it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TokenScope {
    /// Look.
    Read,
    /// Upload and inspect.
    Write,
    /// See values of the file unmasked; every use is audited.
    SeeValues,
    /// Manage people, tokens and settings.
    Manage,
}
