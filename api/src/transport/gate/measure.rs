//! How large an operation is when its fragments are written out. Every fragment is measured once, so that a chain
//! of fragments costs its length, not what it expands to.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::Value;
use apollo_compiler::executable::{Field, Fragment, Operation, Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Node, Schema};

use super::super::fault::{Fault, FaultKind};
use super::{Costs, GateLimits, too_much};
use crate::graphql::ErrorCode;

/// A scalar costs a tenth of an object.
const OBJECT: usize = 10;
const SCALAR: usize = 1;
/// Entries of a page whose size is a variable: what is allowed at most.
const UNKNOWN_PAGE: usize = 100;
/// Entries of a page whose size is not given.
const DEFAULT_PAGE: usize = 20;
/// Entries of a list that is no page.
const SHORT_LIST: usize = 5;
/// Lists of the schema inside each other, as graphql-js counts them: three are one too many.
const MAX_INTROSPECTION_LISTS: usize = 2;

#[derive(Clone, Copy, Default)]
struct Size {
    /// In tenths.
    cost: usize,
    depth: usize,
    aliases: usize,
    selections: usize,
    introspection_lists: usize,
}

impl Size {
    fn objects(self) -> usize {
        self.cost.div_ceil(OBJECT)
    }

    fn add(&mut self, other: Self) {
        self.cost = self.cost.saturating_add(other.cost);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.selections = self.selections.saturating_add(other.selections);
        self.depth = self.depth.max(other.depth);
        self.introspection_lists = self.introspection_lists.max(other.introspection_lists);
    }
}

struct Measure<'d> {
    document: &'d ExecutableDocument,
    schema: &'d Schema,
    introspection: bool,
    fragments: HashMap<&'d str, Size>,
}

/// What each operation costs. Refuses a document with one that is too large, or that asks about the schema if that is
/// not allowed.
pub(super) fn check(
    document: &Valid<ExecutableDocument>,
    schema: &Valid<Schema>,
    limits: &GateLimits,
    introspection: bool,
) -> Result<Costs, Fault> {
    let mut measure = Measure { document, schema, introspection, fragments: HashMap::new() };
    // A fragment that nobody spreads is measured as well: whoever comes after us walks through it.
    for fragment in document.fragments.values() {
        within(measure.fragment(fragment)?, limits)?;
    }
    let mut costs = Costs::new();
    for operation in document.operations.iter() {
        for default in operation.variables.iter().filter_map(|variable| variable.default_value.as_ref()) {
            check_names(default)?;
        }
        let size = measure.selections(&operation.selection_set, false)?;
        within(size, limits)?;
        let cost = u32::try_from(size.objects()).unwrap_or(u32::MAX);
        costs.insert(operation.name.clone(), cost.max(1));
        if root_fields(document, operation) > limits.root_fields {
            return Err(too_much("the operation", limits.root_fields, "root fields"));
        }
    }
    Ok(costs)
}

fn within(size: Size, limits: &GateLimits) -> Result<(), Fault> {
    for (found, limit, unit) in [
        (size.depth, limits.depth, "levels of fields"),
        (size.aliases, limits.aliases, "aliases"),
        (size.objects(), limits.cost, "objects to find"),
        (size.selections, limits.selections, "fields when its fragments are written out"),
        (size.introspection_lists, MAX_INTROSPECTION_LISTS, "lists of the schema inside each other"),
    ] {
        if found > limit {
            return Err(too_much("the operation", limit, unit));
        }
    }
    Ok(())
}

/// Root fields, those that share a name counted each. The sizes have been checked: there are not too many.
fn root_fields(document: &ExecutableDocument, operation: &Operation) -> usize {
    fn count(document: &ExecutableDocument, set: &SelectionSet) -> usize {
        let of = |selection: &Selection| match selection {
            Selection::Field(_) => 1,
            Selection::InlineFragment(inline) => count(document, &inline.selection_set),
            Selection::FragmentSpread(spread) => {
                spread.fragment_def(document).map_or(0, |fragment| count(document, &fragment.selection_set))
            }
        };
        set.selections.iter().map(of).sum()
    }
    count(document, &operation.selection_set)
}

impl<'d> Measure<'d> {
    fn fragment(&mut self, fragment: &'d Node<Fragment>) -> Result<Size, Fault> {
        if let Some(known) = self.fragments.get(fragment.name.as_str()) {
            return Ok(*known);
        }
        // Cycles have been refused by validation.
        let size = self.selections(&fragment.selection_set, false)?;
        self.fragments.insert(fragment.name.as_str(), size);
        Ok(size)
    }

    fn selections(&mut self, set: &'d SelectionSet, is_page: bool) -> Result<Size, Fault> {
        let mut sum = Size::default();
        for selection in &set.selections {
            let mut size = match selection {
                Selection::Field(field) => self.field(field, is_page)?,
                Selection::InlineFragment(inline) => self.selections(&inline.selection_set, is_page)?,
                Selection::FragmentSpread(spread) => match spread.fragment_def(self.document) {
                    Some(fragment) => self.fragment(fragment)?,
                    None => Size::default(),
                },
            };
            size.selections = size.selections.saturating_add(1);
            sum.add(size);
        }
        Ok(sum)
    }

    fn field(&mut self, field: &'d Field, in_page: bool) -> Result<Size, Fault> {
        let own_alias = usize::from(field.alias.is_some());
        for argument in &field.arguments {
            check_names(&argument.value)?;
        }
        if field.name == "__schema" || field.name == "__type" {
            return self.introspection_field(field, own_alias);
        }
        let Some(children) = &field.selection_set else {
            return Ok(Size { cost: SCALAR, depth: 1, aliases: own_alias, ..Size::default() });
        };
        let page = page_size(field);
        let inside = self.selections(children, page.is_some())?;
        let entries = page.unwrap_or(match () {
            () if in_page || !field.ty().is_list() => 1,
            () => SHORT_LIST,
        });
        let is_schema = self.is_about_schema(field);
        let cost = match () {
            () if is_schema => inside.cost.saturating_add(OBJECT),
            // The object around the entries of a page is there once, an entry of a list as often as there are.
            () if field.ty().is_list() => inside.cost.saturating_add(OBJECT).saturating_mul(entries),
            () => inside.cost.saturating_mul(entries).saturating_add(OBJECT),
        };
        Ok(Size {
            cost,
            depth: inside.depth + 1,
            aliases: inside.aliases.saturating_add(own_alias),
            selections: inside.selections,
            introspection_lists: inside.introspection_lists + usize::from(is_schema && is_schema_list(field)),
        })
    }

    /// Tools ask deeper about the schema than anybody asks about data.
    fn introspection_field(&mut self, field: &'d Field, own_alias: usize) -> Result<Size, Fault> {
        if !self.introspection {
            let message = "this server does not answer questions about its schema".to_owned();
            return Err(Fault::one(FaultKind::Invalid, ErrorCode::GraphqlValidationFailed, message));
        }
        let mut size = match &field.selection_set {
            Some(children) => self.selections(children, true)?,
            None => Size::default(),
        };
        size.depth = 1;
        size.aliases = size.aliases.saturating_add(own_alias);
        Ok(size)
    }

    fn is_about_schema(&self, field: &Field) -> bool {
        field.inner_type_def(self.schema).is_some_and(|definition| definition.name().starts_with("__"))
    }
}

/// The specification's rule "Input Object Field Uniqueness", which the validator does not have.
fn check_names(value: &Value) -> Result<(), Fault> {
    match value {
        Value::List(items) => items.iter().try_for_each(|item| check_names(item)),
        Value::Object(fields) => {
            let mut names = HashSet::new();
            for (name, value) in fields {
                if !names.insert(name) {
                    let message = format!("there can be only one input field named `{name}`");
                    return Err(Fault::one(FaultKind::Invalid, ErrorCode::GraphqlValidationFailed, message));
                }
                check_names(value)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn is_schema_list(field: &Field) -> bool {
    ["fields", "interfaces", "possibleTypes", "inputFields"].contains(&field.name.as_str())
}

/// Entries that are asked for, if the field has pages or takes a list of ids.
fn page_size(field: &Field) -> Option<usize> {
    let takes = |name: &str| field.definition.argument_by_name(name).is_some();
    if takes("ids") {
        let ids = field.specified_argument_by_name("ids").map(|value| match value.as_ref() {
            Value::List(ids) => ids.len(),
            _ => UNKNOWN_PAGE,
        });
        return Some(ids.unwrap_or(UNKNOWN_PAGE));
    }
    if !takes("first") && !takes("last") {
        return None;
    }
    let asked = ["first", "last"].iter().filter_map(|name| field.specified_argument_by_name(name));
    let entries = asked.map(|value| match value.as_ref() {
        Value::Int(number) => {
            number.try_to_i32().ok().and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
        }
        Value::Null => DEFAULT_PAGE,
        _ => UNKNOWN_PAGE,
    });
    Some(entries.max().unwrap_or(DEFAULT_PAGE))
}
