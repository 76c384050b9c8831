//! The rules of the schema that a program can check: names, lists, mutations. That everything is described is checked
//! in `schema`.

use apollo_compiler::Schema;
use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::schema::ExtendedType;

fn our_schema() -> Schema {
    let sdl = data_inspector_api::graphql::sdl();
    Schema::parse_and_validate(sdl, "schema.graphql").unwrap().into_inner()
}

fn is_pascal(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase()) && !name.contains('_')
}

fn is_camel(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.contains('_')
}

fn is_screaming(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Every field of an object or interface of ours, with the name of its type.
fn fields(schema: &Schema) -> Vec<(&str, &FieldDefinition)> {
    let mut found = Vec::new();
    for (name, definition) in schema.types.iter().filter(|(name, _)| !name.starts_with("__")) {
        let fields = match definition {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            _ => continue,
        };
        found.extend(fields.values().map(|field| (name.as_str(), &**field)));
    }
    found
}

fn assert_none(wrong: Vec<String>, rule: &str) {
    assert!(wrong.is_empty(), "{rule}: {wrong:#?}");
}

#[test]
fn names_tell_what_they_name() {
    let schema = our_schema();
    let mut wrong = Vec::new();
    let mut check = |holds: bool, place: String| {
        if !holds {
            wrong.push(place);
        }
    };
    for (name, definition) in schema.types.iter().filter(|(name, _)| !name.starts_with("__")) {
        check(is_pascal(name), name.to_string());
        match definition {
            ExtendedType::Enum(values) => {
                values.values.keys().for_each(|value| check(is_screaming(value), format!("{name}.{value}")));
            }
            ExtendedType::InputObject(input) => {
                input.fields.keys().for_each(|field| check(is_camel(field), format!("{name}.{field}")));
            }
            _ => {}
        }
    }
    for (name, field) in fields(&schema) {
        check(is_camel(&field.name), format!("{name}.{}", field.name));
        for argument in &field.arguments {
            check(is_camel(&argument.name), format!("{name}.{}({})", field.name, argument.name));
        }
    }
    assert_none(wrong, "types are PascalCase, fields and arguments camelCase, values SCREAMING_SNAKE");
}

#[test]
fn moments_are_called_so() {
    let is_moment =
        |name: &str| name == "at" || name == "serverTime" || name == "notAfter" || name.ends_with("At");
    let schema = our_schema();
    let wrong = fields(&schema)
        .into_iter()
        .filter(|(_, field)| (field.ty.inner_named_type() == "DateTime") != is_moment(&field.name));
    assert_none(wrong.map(|(name, field)| format!("{name}.{}", field.name)).collect(), "a moment ends in At");
}

#[test]
fn lists_that_grow_are_connections() {
    let schema = our_schema();
    let mut wrong = Vec::new();
    for (name, field) in fields(&schema) {
        let inner = field.ty.inner_named_type();
        let place = format!("{name}.{}", field.name);
        if field.ty.is_list() {
            let items = field.ty.item_type();
            // A node that is not there has its place in the list all the same.
            if !items.is_non_null() && place != "Query.nodes" {
                wrong.push(format!("{place} has null among its items"));
            }
        } else if inner.ends_with("Connection") {
            let takes = |argument: &str| field.argument_by_name(argument).is_some();
            if !takes("first") || !takes("after") || !field.ty.is_non_null() {
                wrong.push(format!("{place} has no pages"));
            }
        }
    }
    for (name, definition) in schema.types.iter().filter(|(name, _)| name.ends_with("Connection")) {
        let ExtendedType::Object(object) = definition else { continue };
        let mut names: Vec<_> = object.fields.keys().map(ToString::to_string).collect();
        names.sort();
        if names != ["edges", "nodes", "pageInfo", "totalCount"] {
            wrong.push(format!("{name} has {names:?}"));
        }
    }
    assert_none(wrong, "connections have pages, and lists no nulls");
}

#[test]
fn mutations_take_one_input_and_say_what_they_refuse() {
    let schema = our_schema();
    let mut wrong = Vec::new();
    for (_, field) in fields(&schema).into_iter().filter(|(name, _)| *name == "Mutation") {
        let [input] = field.arguments.as_slice() else {
            wrong.push(format!("{} takes more or less than one argument", field.name));
            continue;
        };
        let takes_input = input.name == "input"
            && input.ty.is_non_null()
            && input.ty.inner_named_type().as_str().ends_with("Input");
        let payload = schema.get_object(field.ty.inner_named_type());
        let payload = payload.filter(|payload| payload.name.ends_with("Payload") && field.ty.is_non_null());
        let refuses = payload.and_then(|payload| payload.fields.get("userErrors"));
        if !takes_input || refuses.is_none_or(|field| field.ty.to_string() != "[UserError!]!") {
            wrong.push(field.name.to_string());
        }
    }
    assert_none(
        wrong,
        "a mutation takes `input: …Input!` and gives `…Payload!` with `userErrors: [UserError!]!`",
    );
}

#[test]
fn scalars_of_ours_say_what_they_are() {
    let schema = our_schema();
    let scalars = schema.types.iter().filter(|(_, definition)| definition.is_scalar());
    let named: Vec<_> = scalars.map(|(name, _)| name.as_str()).filter(|name| !is_built_in(name)).collect();
    let mut sorted = named.clone();
    sorted.sort_unstable();
    // A new one is a decision: what every client has to learn.
    assert_eq!(sorted, ["ContentId", "Cursor", "DateTime", "Decimal", "Long", "URL"]);
}

fn is_built_in(name: &str) -> bool {
    ["Boolean", "Float", "ID", "Int", "String"].contains(&name)
}
