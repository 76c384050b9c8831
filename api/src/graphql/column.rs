//! What is in a column. Values of the file are shown only to those who may see them.

use std::sync::Arc;

use async_graphql::{Enum, Object, SimpleObject};
use data_inspector_domain::profile;

use super::profile_cache::Document;
use super::scalar::{Decimal, Long};

mod alert;
mod figure;
mod meaning;
mod number;
mod text;

use figure::{Histogram, Quantile, TopValue};
use meaning::{DateFacts, DominantType, SemanticType, SortOrder};
use number::NumberFacts;
use text::{Pattern, TextFacts};

pub(super) use alert::ColumnAlert;
pub(super) use figure::Estimate;

/// A column of a profile.
#[derive(Clone)]
pub(super) struct Column {
    pub(super) document: Arc<Document>,
    /// Its place in the profile, which has it.
    pub(super) index: usize,
    pub(super) shows_values: bool,
}

/// What a value can be read as.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "profile::DataType")]
enum DataType {
    /// No value at all.
    Empty,
    /// `true false yes no t f y n`, in any case.
    Boolean,
    /// Digits with an optional sign, no leading zero.
    Integer,
    /// Digits with a decimal point.
    Decimal,
    /// Scientific notation, infinities, NaN.
    Float,
    /// A calendar date.
    Date,
    /// A date with a time of day, with or without an offset.
    Timestamp,
    /// A time of day.
    Time,
    /// RFC 9562, 36 characters.
    Uuid,
    /// Anything else, and digits with leading zeros: those are codes.
    String,
}

/// How many values have a type.
#[derive(SimpleObject)]
struct TypeShare {
    /// The type.
    #[graphql(name = "type")]
    data_type: DataType,
    /// Number of values.
    count: Long,
    /// Share of the values that are not null, 0 to 1.
    share: f64,
}

/// How many nulls are spelt this way.
#[derive(SimpleObject)]
struct NullSpelling {
    /// The cell's text, such as `NA`.
    spelling: String,
    /// Number of cells.
    count: Long,
}

impl Column {
    fn column(&self) -> &profile::ColumnProfile {
        &self.document.profile.columns[self.index]
    }

    /// The value, for whoever may see it.
    fn shown<T>(&self, value: T) -> Option<T> {
        self.shows_values.then_some(value)
    }

    /// Whether it is as in another profile.
    pub(super) fn is_as_in(&self, other: &Document) -> bool {
        other.profile.columns.get(self.index) == Some(self.column())
    }
}

/// What is in a column.
#[Object(name = "ColumnProfile")]
impl Column {
    /// Name from the header; `column_1`, `column_2`, … without one.
    async fn name(&self) -> &str {
        &self.column().name
    }

    /// Position in the file, from 0.
    async fn index(&self) -> u32 {
        self.column().index
    }

    /// The narrowest type that covers every value.
    #[graphql(name = "type")]
    async fn data_type(&self) -> DataType {
        self.column().data_type.into()
    }

    /// The types of the values, most frequent first. Nulls have none.
    async fn type_mix(&self) -> Vec<TypeShare> {
        let share = |share: &profile::TypeShare| TypeShare {
            data_type: share.data_type.into(),
            count: share.count.into(),
            share: share.share,
        };
        self.column().type_mix.iter().map(share).collect()
    }

    /// What nearly all values are, in a column that is `STRING` only because of the others; null otherwise.
    async fn dominant_type(&self) -> Option<DominantType> {
        let dominant = self.column().dominant_type.as_ref();
        dominant.map(|dominant| DominantType::new(dominant, self.shows_values))
    }

    /// What at least 95 % of the values mean; null if that is nothing beyond their type.
    async fn semantic_type(&self) -> Option<SemanticType> {
        self.column().semantic_type.as_ref().map(SemanticType::from)
    }

    /// Number of records.
    async fn count(&self) -> Long {
        self.column().count.into()
    }

    /// Records without a value here: empty, missing, or one of the null spellings.
    async fn nulls(&self) -> Long {
        self.column().nulls.into()
    }

    /// How nulls are spelt, most frequent first.
    async fn null_spellings(&self) -> Vec<NullSpelling> {
        let spelling = |null: &profile::NullSpelling| NullSpelling {
            spelling: null.spelling.clone(),
            count: null.count.into(),
        };
        self.column().null_spellings.iter().map(spelling).collect()
    }

    /// Cells of zero length.
    async fn empties(&self) -> Long {
        self.column().empties.into()
    }

    /// Records too short to have this cell.
    async fn missing(&self) -> Long {
        self.column().missing.into()
    }

    /// Number of different values; nulls are none.
    async fn distinct(&self) -> Estimate {
        (&self.column().distinct).into()
    }

    /// `distinct` as a share of the values: 1 if each value occurs once; null without values.
    async fn distinct_share(&self) -> Option<Estimate> {
        self.column().distinct_share.as_ref().map(Estimate::from)
    }

    /// Shannon entropy of the values in bits: 0 if they are all the same, the logarithm to base two of `distinct` if
    /// all are equally frequent; null without values.
    async fn entropy(&self) -> Option<Estimate> {
        self.column().entropy.as_ref().map(Estimate::from)
    }

    /// The viewer may not see values of the file: `min`, `max` and other values are null although there are some.
    async fn values_masked(&self) -> bool {
        !self.shows_values
    }

    /// Smallest value: by number or time where the type has such an order, else by bytes.
    async fn min(&self) -> Option<&str> {
        self.shown(self.column().min.as_deref()).flatten()
    }

    /// Largest value, likewise.
    async fn max(&self) -> Option<&str> {
        self.shown(self.column().max.as_deref()).flatten()
    }

    /// Arithmetic mean of the numbers; null without any.
    async fn mean(&self) -> Option<Estimate> {
        self.column().mean.as_ref().map(Estimate::from)
    }

    /// Sample standard deviation of the numbers; null with fewer than two.
    async fn stddev(&self) -> Option<Estimate> {
        self.column().stddev.as_ref().map(Estimate::from)
    }

    /// Sum of the numbers; null without any.
    async fn sum(&self) -> Option<Decimal> {
        self.column().sum.clone().map(Decimal)
    }

    /// Shortest value, in characters; null without values.
    async fn min_length(&self) -> Option<Long> {
        self.column().min_length.map(Long)
    }

    /// Longest value, in characters; null without values.
    async fn max_length(&self) -> Option<Long> {
        self.column().max_length.map(Long)
    }

    /// Mean length of the values, in characters; null without values.
    async fn mean_length(&self) -> Option<f64> {
        self.column().mean_length
    }

    /// Shortest value, in bytes; null without values.
    async fn min_bytes(&self) -> Option<Long> {
        self.column().min_bytes.map(Long)
    }

    /// Longest value, in bytes; null without values.
    async fn max_bytes(&self) -> Option<Long> {
        self.column().max_bytes.map(Long)
    }

    /// Mean length of the values, in bytes; null without values.
    async fn mean_bytes(&self) -> Option<f64> {
        self.column().mean_bytes
    }

    /// Values of digits with a leading zero: codes, which lose it where they are read as numbers.
    async fn leading_zeros(&self) -> Long {
        self.column().leading_zeros.into()
    }

    /// What is known of the numbers beyond that; null in a column without them.
    async fn numbers(&self) -> Option<NumberFacts> {
        self.column().numbers.as_ref().map(|facts| NumberFacts::new(facts, self.shows_values))
    }

    /// What is known of the dates and timestamps; null in a column without them.
    async fn dates(&self) -> Option<DateFacts> {
        self.column().dates.as_ref().map(DateFacts::from)
    }

    /// What hides in the texts; null in a column without them.
    async fn text(&self) -> Option<TextFacts> {
        self.column().text.as_ref().map(TextFacts::from)
    }

    /// The most frequent shapes of the texts, at most 10; only those that are certainly more frequent than all that
    /// are not tracked.
    async fn patterns(&self) -> Vec<Pattern> {
        self.column().patterns.iter().map(Pattern::from).collect()
    }

    /// The order of the values down the file: of numbers by number, of times by time, of others by bytes. Null with
    /// fewer than two values, where it cannot be told for certain, and as long as rows that are not read yet can still
    /// change it.
    async fn sort_order(&self) -> Option<SortOrder> {
        self.column().sort_order.map(SortOrder::from)
    }

    /// The quantile at 0.5; null where values have no order but that of bytes.
    async fn median(&self) -> Option<Quantile> {
        self.column().median.as_ref().map(|median| Quantile::new(median, self.shows_values))
    }

    /// Quantiles of numbers and times, by rank.
    async fn quantiles(&self) -> Vec<Quantile> {
        let quantile = |quantile| Quantile::new(quantile, self.shows_values);
        self.column().quantiles.iter().map(quantile).collect()
    }

    /// Distribution of numbers and times; null without any.
    async fn histogram(&self) -> Option<Histogram> {
        self.column().histogram.as_ref().map(|histogram| Histogram::new(histogram, self.shows_values))
    }

    /// The value that is certainly more frequent than any other; null if none is.
    async fn mode(&self) -> Option<TopValue> {
        self.column().mode.as_ref().map(|mode| TopValue::new(mode, self.shows_values))
    }

    /// Most frequent values, most frequent first.
    async fn top_values(
        &self,
        #[graphql(desc = "How many; the specification says how many are kept.", default = 20)] first: u32,
    ) -> Vec<TopValue> {
        let value = |top| TopValue::new(top, self.shows_values);
        self.column().top_values.iter().take(first as usize).map(value).collect()
    }
}
