//! A client that was written for the last release works with this schema. What it could send it may still send, and
//! what it could read it still gets. `api/tests/schema/released.graphql` is that release's schema; it is replaced when
//! the next release is made.

use std::path::Path;

use apollo_compiler::ast::{FieldDefinition, InputValueDefinition, Type};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Node, Schema};

fn read(sdl: &str) -> Schema {
    Schema::parse_and_validate(sdl, "schema.graphql").unwrap().into_inner()
}

/// What a client of `old` could do and cannot do with `new`, a line each.
fn breaking_changes(old: &Schema, new: &Schema) -> Vec<String> {
    let mut found = Vec::new();
    for (name, old_type) in old.types.iter().filter(|(name, _)| !name.starts_with("__")) {
        match new.types.get(name) {
            None => found.push(format!("`{name}` is gone")),
            Some(new_type) => compare_types(&mut found, name, old_type, new_type),
        }
    }
    for name in old.directive_definitions.keys().filter(|name| !new.directive_definitions.contains_key(*name))
    {
        found.push(format!("`@{name}` is gone"));
    }
    found
}

fn compare_types(found: &mut Vec<String>, name: &str, old: &ExtendedType, new: &ExtendedType) {
    let gone = |found: &mut Vec<String>, part: &str| found.push(format!("`{name}.{part}` is gone"));
    match (old, new) {
        (ExtendedType::Scalar(_), ExtendedType::Scalar(_)) => {}
        (ExtendedType::Object(old), ExtendedType::Object(new)) => {
            for interface in old.implements_interfaces.difference(&new.implements_interfaces) {
                found.push(format!("`{name}` is no `{}` any more", interface));
            }
            compare_fields(found, name, old.fields.values(), |field| new.fields.get(field));
        }
        (ExtendedType::Interface(old), ExtendedType::Interface(new)) => {
            compare_fields(found, name, old.fields.values(), |field| new.fields.get(field));
        }
        (ExtendedType::Union(old), ExtendedType::Union(new)) => {
            old.members.difference(&new.members).for_each(|member| gone(found, member));
        }
        (ExtendedType::Enum(old), ExtendedType::Enum(new)) => {
            let values = old.values.keys().filter(|value| !new.values.contains_key(*value));
            values.for_each(|value| gone(found, value));
        }
        (ExtendedType::InputObject(old), ExtendedType::InputObject(new)) => {
            let (old, new): (Vec<_>, Vec<_>) = (
                old.fields.values().map(|field| &**field).collect(),
                new.fields.values().map(|field| &**field).collect(),
            );
            compare_inputs(found, name, &old, &new);
        }
        _ => found.push(format!("`{name}` is of another kind")),
    }
}

fn compare_fields<'s>(
    found: &mut Vec<String>,
    type_name: &str,
    old: impl Iterator<Item = &'s Node<FieldDefinition>>,
    new: impl Fn(&str) -> Option<&'s Node<FieldDefinition>>,
) {
    for field in old {
        let place = format!("{type_name}.{}", field.name);
        let Some(newer) = new(&field.name) else {
            found.push(format!("`{place}` is gone"));
            continue;
        };
        if !may_replace_output(&field.ty, &newer.ty) {
            found.push(format!("`{place}` was `{}` and is `{}`", field.ty, newer.ty));
        }
        let (old, new): (Vec<_>, Vec<_>) = (
            field.arguments.iter().map(|argument| &**argument).collect(),
            newer.arguments.iter().map(|argument| &**argument).collect(),
        );
        compare_inputs(found, &place, &old, &new);
    }
}

fn compare_inputs(
    found: &mut Vec<String>,
    place: &str,
    old: &[&InputValueDefinition],
    new: &[&InputValueDefinition],
) {
    let by_name = |inputs: &[&InputValueDefinition], name: &str| {
        inputs.iter().find(|input| input.name == name).map(|input| (*input).clone())
    };
    for input in old {
        match by_name(new, &input.name) {
            None => found.push(format!("`{place}.{}` is gone", input.name)),
            Some(newer) if !may_replace_input(&input.ty, &newer.ty) => {
                found.push(format!("`{place}.{}` was `{}` and is `{}`", input.name, input.ty, newer.ty));
            }
            Some(newer) if newer.default_value != input.default_value => {
                found.push(format!("`{place}.{}` has another default", input.name));
            }
            Some(_) => {}
        }
    }
    for input in new.iter().filter(|input| input.is_required() && by_name(old, &input.name).is_none()) {
        found.push(format!("`{place}.{}` is new and required", input.name));
    }
}

/// What is read may become non-null.
fn may_replace_output(old: &Type, new: &Type) -> bool {
    match (old, new) {
        (Type::Named(old), Type::Named(new) | Type::NonNullNamed(new)) => old == new,
        (Type::NonNullNamed(old), Type::NonNullNamed(new)) => old == new,
        (Type::List(old), Type::List(new) | Type::NonNullList(new)) => may_replace_output(old, new),
        (Type::NonNullList(old), Type::NonNullList(new)) => may_replace_output(old, new),
        _ => false,
    }
}

/// What is sent may become nullable.
fn may_replace_input(old: &Type, new: &Type) -> bool {
    may_replace_output(new, old)
}

#[test]
fn nothing_breaks_that_the_changelog_does_not_announce() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let released = std::fs::read_to_string(root.join("tests/schema/released.graphql")).unwrap();
    let changelog = std::fs::read_to_string(root.join("../docs/api-changes.md")).unwrap();
    let found = breaking_changes(&read(&released), &read(&data_inspector_api::graphql::sdl()));
    let silent: Vec<_> = found.iter().filter(|change| !changelog.contains(&***change)).collect();
    assert!(silent.is_empty(), "say it in docs/api-changes.md in these words, or do not do it: {silent:#?}");
}

/// The one line that is found when a schema with `old` in it becomes one with `new`.
fn check(old: &str, new: &str, expected: &str) {
    let with = |part: &str| read(&format!("type Query {{ a: Int }} {part}"));
    let found = breaking_changes(&with(old), &with(new));
    let expected: Vec<_> = Some(expected).filter(|line| !line.is_empty()).into_iter().collect();
    assert_eq!(found, expected, "{old} → {new}");
}

#[test]
fn what_breaks_clients_is_found() {
    check("type T { a: Int b: Int }", "type T { a: Int }", "`T.b` is gone");
    check("type T { a: Int }", "", "`T` is gone");
    check("type T { a: Int }", "input T { a: Int }", "`T` is of another kind");
    check("type T { a: Int! }", "type T { a: Int }", "`T.a` was `Int!` and is `Int`");
    check("type T { a: [Int!] }", "type T { a: [Int] }", "`T.a` was `[Int!]` and is `[Int]`");
    check("type T { a: Int }", "type T { a: Float }", "`T.a` was `Int` and is `Float`");
    check("type T { a(x: Int): Int }", "type T { a: Int }", "`T.a.x` is gone");
    check("type T { a: Int }", "type T { a(x: Int!): Int }", "`T.a.x` is new and required");
    check("type T { a(x: Int): Int }", "type T { a(x: Int!): Int }", "`T.a.x` was `Int` and is `Int!`");
    check("type T { a(x: Int = 1): Int }", "type T { a(x: Int = 2): Int }", "`T.a.x` has another default");
    check("input I { a: Int }", "input I { a: Int b: Int! }", "`I.b` is new and required");
    check("input I { a: Int b: Int }", "input I { a: Int }", "`I.b` is gone");
    check("enum E { A B }", "enum E { A }", "`E.B` is gone");
    check(
        "type A { a: Int } type B { a: Int } union U = A | B",
        "type A { a: Int } type B { a: Int } union U = A",
        "`U.B` is gone",
    );
    check(
        "interface I { a: Int } type T implements I { a: Int }",
        "interface I { a: Int } type T { a: Int }",
        "`T` is no `I` any more",
    );
    check("directive @d on FIELD", "", "`@d` is gone");
}

#[test]
fn what_no_client_notices_is_allowed() {
    check("type T { a: Int }", "type T { a: Int! b: Int }", "");
    check("type T { a: [Int] }", "type T { a: [Int!]! }", "");
    check("type T { a(x: Int!): Int }", "type T { a(x: Int, y: Int, z: Int! = 1): Int }", "");
    check("input I { a: Int! }", "input I { a: Int b: Int }", "");
    check("enum E { A }", "enum E { A B }", "");
}
