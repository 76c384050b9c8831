//! What is known of the texts of a column: their shapes, what hides in them, and what they may mean.
//!
//! Most of it is a function of the shape of a text, of which a column has few: `Shapes` works it out once per
//! shape and then only counts.

mod census;
pub(crate) mod shape;
pub(crate) mod shapes;

pub use census::Census;
pub(crate) use shapes::Shapes;
pub use shapes::{ShapeCounter, ShapeSummary};
