//! Values that are used and never shown.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

const MASK: &str = "***";

/// A text that is not shown: not by `Debug`, not when it is serialised. Of a URL only the password is hidden.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// There is no secret.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What may be shown.
    pub fn masked(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let Some((scheme, rest)) = self.0.split_once("://") else { return MASK.to_owned() };
        // Parameters may be secrets too, such as the signature of a URL.
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        // The last `@` counts: a password that should have been escaped must not be shown either.
        match rest.rsplit_once('@') {
            None => format!("{scheme}://{rest}"),
            Some((user, host_and_path)) => {
                let user = user.split(':').next().unwrap_or_default();
                format!("{scheme}://{user}:{MASK}@{host_and_path}")
            }
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let check = |text: &str, shown: &str| assert_eq!(format!("{:?}", Secret::new(text)), shown, "{text}");
        check("", "");
        check("hunter2", "***");
        check("postgres://app:p@ss/wo:rd@db:5432/x", "postgres://app:***@db:5432/x");
        check(
            "postgres://app:secret@db:5432/inspector?sslmode=require",
            "postgres://app:***@db:5432/inspector",
        );
        check("postgres://db/inspector", "postgres://db/inspector");
        check("sqlite:///data/a.sqlite?mode=rwc", "sqlite:///data/a.sqlite");
        check("https://account.blob/container?sig=abc", "https://account.blob/container");
    }
}
