//! The topics, their names, and what becomes of their messages.

use std::fmt;

/// A topic; who sends what to whom is in DESIGN.md §3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Work for the workers, each message for one.
    Tasks,
    /// What the workers have to say, for the coordinator.
    Results,
    /// Committed events and progress, for every api replica.
    Updates,
    /// Cancel, pause, revoke, for every worker; compacted.
    Control,
    /// Messages of [`Tasks`](Self::Tasks) that could not be read.
    TasksDeadLetters,
    /// Messages of [`Results`](Self::Results) that could not be read.
    ResultsDeadLetters,
    /// Messages of [`Updates`](Self::Updates) that could not be read.
    UpdatesDeadLetters,
    /// Messages of [`Control`](Self::Control) that could not be read.
    ControlDeadLetters,
}

/// What becomes of the messages of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retention {
    /// They are there until every group has consumed them.
    UntilConsumed,
    /// The newest are there.
    Newest,
    /// The newest of every key is there.
    NewestPerKey,
}

impl Topic {
    /// All topics.
    pub const ALL: [Self; 8] = [
        Self::Tasks,
        Self::Results,
        Self::Updates,
        Self::Control,
        Self::TasksDeadLetters,
        Self::ResultsDeadLetters,
        Self::UpdatesDeadLetters,
        Self::ControlDeadLetters,
    ];

    /// Where messages of this topic go that cannot be decoded or are of an unknown version, with headers that say
    /// where they come from.
    pub fn dead_letters(self) -> Self {
        match self {
            Self::Tasks | Self::TasksDeadLetters => Self::TasksDeadLetters,
            Self::Results | Self::ResultsDeadLetters => Self::ResultsDeadLetters,
            Self::Updates | Self::UpdatesDeadLetters => Self::UpdatesDeadLetters,
            Self::Control | Self::ControlDeadLetters => Self::ControlDeadLetters,
        }
    }

    /// Its name on a bus with this prefix: `inspector.tasks`.
    pub fn name(self, prefix: &TopicPrefix) -> String {
        format!("{}.{self}", prefix.0)
    }

    pub(crate) fn retention(self) -> Retention {
        match self {
            Self::Tasks | Self::Results => Retention::UntilConsumed,
            Self::Control => Retention::NewestPerKey,
            Self::Updates
            | Self::TasksDeadLetters
            | Self::ResultsDeadLetters
            | Self::UpdatesDeadLetters
            | Self::ControlDeadLetters => Retention::Newest,
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tasks => "tasks",
            Self::Results => "results",
            Self::Updates => "updates",
            Self::Control => "control",
            Self::TasksDeadLetters => "tasks.dlq",
            Self::ResultsDeadLetters => "results.dlq",
            Self::UpdatesDeadLetters => "updates.dlq",
            Self::ControlDeadLetters => "control.dlq",
        })
    }
}

/// What the names of all topics of one system start with.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct TopicPrefix(String);

/// Why a text cannot start the name of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a topic prefix has 1 to 200 characters, each of them a-z, A-Z, 0-9, `.`, `_` or `-`")]
pub struct TopicPrefixError;

impl Default for TopicPrefix {
    fn default() -> Self {
        Self("inspector".to_owned())
    }
}

impl TryFrom<&str> for TopicPrefix {
    type Error = TopicPrefixError;

    fn try_from(text: &str) -> Result<Self, TopicPrefixError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        // Kafka allows 249 characters in the whole name.
        let fits = (1..=200).contains(&text.len()) && text.bytes().all(legal);
        if fits { Ok(Self(text.to_owned())) } else { Err(TopicPrefixError) }
    }
}

impl TryFrom<String> for TopicPrefix {
    type Error = TopicPrefixError;

    fn try_from(text: String) -> Result<Self, TopicPrefixError> {
        Self::try_from(&*text)
    }
}

impl fmt::Display for TopicPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_prefix() {
        assert_eq!(Topic::Tasks.name(&TopicPrefix::default()), "inspector.tasks");
        let prefix = TopicPrefix::try_from("team-a.inspector").unwrap();
        assert_eq!(Topic::Results.dead_letters().name(&prefix), "team-a.inspector.results.dlq");
    }

    #[test]
    fn a_prefix_kafka_would_refuse_is_refused() {
        for text in ["", "a b", "a/b", "ä", &"x".repeat(201)] {
            assert_eq!(TopicPrefix::try_from(text), Err(TopicPrefixError), "{text}");
        }
    }

    #[test]
    fn dead_letters_of_dead_letters_stay_where_they_are() {
        for topic in Topic::ALL {
            assert_eq!(topic.dead_letters().dead_letters(), topic.dead_letters());
        }
    }
}
