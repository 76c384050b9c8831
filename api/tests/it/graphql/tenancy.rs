//! Who may do what, for every root field and every node of `schema.graphql`: tried from another workspace, by nobody,
//! and with each role and each scope. A field without a case here fails the test.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use data_inspector_api::auth::Viewer;
use data_inspector_domain::access::{Role, TokenScope};
use serde_json::{Value, json};

use super::bench::{Bench, code_of, text};

/// What a root field gives, and so whose it is.
#[derive(Clone, Copy, PartialEq)]
enum Gives {
    /// The thing with an id, of one of these kinds.
    Thing(&'static [&'static str]),
    /// What the caller's workspace has.
    Own,
    /// The same to everybody, with a token or without.
    Public,
}

const ANY: Gives = Gives::Thing(&["File", "Inspection", "Upload"]);
const FILE: Gives = Gives::Thing(&["File"]);
const INSPECTION: Gives = Gives::Thing(&["Inspection"]);
const UPLOAD: Gives = Gives::Thing(&["Upload"]);

/// Operation, root field, the rest of its selection with `$id` for the thing, and what it gives.
const CASES: [(&str, &str, &str, Gives); 22] = [
    ("query", "file", "(id: $id) { id name }", FILE),
    ("query", "files", " { nodes { id } totalCount }", Gives::Own),
    ("query", "inspection", "(id: $id) { id state }", INSPECTION),
    ("query", "inspectionFacets", " { byState { count } }", Gives::Own),
    ("query", "inspections", " { nodes { id } totalCount }", Gives::Own),
    ("query", "node", "(id: $id) { id }", ANY),
    ("query", "nodes", "(ids: [$id]) { id }", ANY),
    ("query", "serverInfo", " { version }", Gives::Public),
    ("query", "upload", "(id: $id) { id grant { url } }", UPLOAD),
    ("query", "viewer", " { workspace { id } }", Gives::Own),
    ("mutation", "abortUpload", "(input: { uploadId: $id }) { userErrors { code message path } }", UPLOAD),
    ("mutation", "cancelInspection", "(input: { id: $id }) { userErrors { code message path } }", INSPECTION),
    ("mutation", "completeUpload", "(input: { uploadId: $id }) { userErrors { code message path } }", UPLOAD),
    (
        "mutation",
        "createInspection",
        "(input: { fileId: $id, idempotencyKey: \"k\" }) { userErrors { code message path } }",
        FILE,
    ),
    (
        "mutation",
        "createUpload",
        "(input: { name: \"a\", sizeBytes: 1, idempotencyKey: \"k\" }) { deduplicated }",
        Gives::Own,
    ),
    ("mutation", "pauseInspection", "(input: { id: $id }) { userErrors { code message path } }", INSPECTION),
    (
        "mutation",
        "rerunInspection",
        "(input: { id: $id, idempotencyKey: \"r\" }) { userErrors { code message path } }",
        INSPECTION,
    ),
    ("mutation", "resumeInspection", "(input: { id: $id }) { userErrors { code message path } }", INSPECTION),
    ("mutation", "retryInspection", "(input: { id: $id }) { userErrors { code message path } }", INSPECTION),
    ("subscription", "inspectionEvents", "(id: $id) { __typename }", INSPECTION),
    ("subscription", "inspectionProfile", "(id: $id) { __typename }", INSPECTION),
    ("subscription", "transferProgress", "(fileId: $id) { __typename }", FILE),
];

/// The one field that is followed for ever, and so has a test of its own.
const ACTIVITY: &str = "workspaceActivity";

/// Ids that nothing has, of each kind and of none.
const UNKNOWN: [(&str, &str); 3] = [
    ("File", "file_01KAYEQQ3VFN7B0VH5JYX0JJ7Q"),
    ("Inspection", "insp_01KAYEQQ3VFN7B0VH5JYX0JJ7Q"),
    ("Upload", "up_01KAYEQQ3VFN7B0VH5JYX0JJ7Q"),
];

fn schema() -> Schema {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema.graphql");
    Schema::parse_and_validate(std::fs::read_to_string(path).unwrap(), path).unwrap().into_inner()
}

fn document((operation, field, rest, _): (&str, &str, &str, Gives)) -> String {
    let variables = if rest.contains("$id") { "($id: ID!)" } else { "" };
    format!("{operation}{variables} {{ {field}{rest} }}")
}

async fn ask(bench: &Bench, viewer: Option<&Viewer>, case: (&str, &str, &str, Gives), id: &str) -> Value {
    let variables = json!({ "id": id });
    match case.0 {
        "subscription" => bench.follow_to(viewer, &document(case), variables).next().await.unwrap(),
        _ => bench.answer_to(viewer, &document(case), variables).await,
    }
}

#[test]
fn every_root_field_and_every_node_has_a_case() {
    let schema = schema();
    let mut fields = BTreeSet::new();
    for (operation, root) in [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")]
    {
        fields
            .extend(schema.get_object(root).unwrap().fields.keys().map(|field| (operation, field.as_str())));
    }
    let cases = CASES.iter().map(|(operation, field, _, _)| (*operation, *field));
    assert_eq!(fields, cases.chain([("subscription", ACTIVITY)]).collect());

    let implementers = schema.implementers_map();
    let nodes: BTreeSet<_> = implementers["Node"].objects.iter().map(|name| name.as_str()).collect();
    assert_eq!(nodes, UNKNOWN.iter().map(|(kind, _)| *kind).collect());
}

#[tokio::test]
async fn what_belongs_to_another_workspace_looks_like_what_is_unknown() {
    let bench = Bench::new().await;
    let stranger = bench.stranger().await;
    let (file_id, upload_id) = bench.announce("a", 1).await;
    let inspection_id = text(&bench.create(&file_id, "mine").await["inspection"]["id"]);
    let things = [("File", file_id), ("Inspection", inspection_id), ("Upload", upload_id)];
    for case in CASES {
        let Gives::Thing(kinds) = case.3 else { continue };
        for kind in kinds {
            let of_kind =
                |list: &[(&str, String)]| list.iter().find(|(name, _)| name == kind).unwrap().1.clone();
            let (real, unknown) =
                (of_kind(&things), of_kind(&UNKNOWN.map(|(name, id)| (name, id.to_owned()))));
            let forbidden = ask(&bench, Some(&stranger), case, &real).await;
            let missing = ask(&bench, Some(&bench.owner), case, &unknown).await;
            assert_eq!(
                forbidden.to_string().replace(&real, &unknown),
                missing.to_string(),
                "{case:?}",
                case = case.1
            );
            assert_eq!(missing, ask(&bench, Some(&stranger), case, &unknown).await, "{}", case.1);
            let nonsense = ask(&bench, Some(&stranger), case, "nonsense").await;
            assert_eq!(nonsense.to_string().replace("nonsense", &unknown), missing.to_string(), "{}", case.1);
            // The other way round something is found: the case asks for what it says.
            if case.0 == "query" {
                assert!(
                    ask(&bench, Some(&bench.owner), case, &real).await.to_string().contains(&real),
                    "{}",
                    case.1
                );
            }
        }
    }
    for case in CASES.into_iter().filter(|case| case.3 == Gives::Own && case.0 == "query") {
        let (theirs, ours) = (
            ask(&bench, Some(&stranger), case, "").await.to_string(),
            ask(&bench, Some(&bench.owner), case, "").await.to_string(),
        );
        assert_ne!(theirs, ours, "{}", case.1);
        assert!(things.iter().all(|(_, id)| !theirs.contains(id)), "{theirs}");
    }
}

#[tokio::test]
async fn a_stranger_does_not_hear_what_happens() {
    let bench = Bench::new().await;
    let stranger = bench.stranger().await;
    let document = format!(
        "subscription {{ {ACTIVITY} {{ ... on WorkspaceTick {{ inspections {{ id }} readAgain }} }} }}"
    );
    let mut heard = bench.follow_to(Some(&stranger), &document, json!({}));
    assert_eq!(heard.item().await["readAgain"], true);
    bench.inspection("a").await;
    bench.publish().await;

    let upload = "mutation { createUpload(input: { name: \"b\", sizeBytes: 1, idempotencyKey: \"b\" }) { file { id } } }";
    let answer = bench.answer_to(Some(&stranger), upload, json!({})).await;
    let own = "mutation($id: ID!) { createInspection(input: { fileId: $id, idempotencyKey: \"i\" }) { inspection { id } } }";
    let file_id = &answer["data"]["createUpload"]["file"]["id"];
    let answer = bench.answer_to(Some(&stranger), own, json!({ "id": file_id })).await;
    bench.publish().await;
    let own_id = &answer["data"]["createInspection"]["inspection"]["id"];
    assert_eq!(heard.item().await, json!({ "inspections": [{ "id": own_id }], "readAgain": false }));
}

/// Every root field with every role and every set of scopes of which one decides.
#[tokio::test]
async fn role_and_scope_must_both_allow_it() {
    let bench = Bench::new().await;
    let all = [TokenScope::Read, TokenScope::Write, TokenScope::SeeValues, TokenScope::Manage];
    let sets = [vec![], all.to_vec()].into_iter().chain(all.map(|scope| vec![scope]));
    let sets: Vec<_> = sets.chain([vec![TokenScope::Read, TokenScope::Write]]).collect();
    let activity = ("subscription", ACTIVITY, " { __typename }", Gives::Own);
    for case in CASES.into_iter().chain([activity]) {
        let (role_needed, scope_needed) = match case.0 {
            "mutation" => (Role::Editor, TokenScope::Write),
            _ => (Role::Viewer, TokenScope::Read),
        };
        let nobody = ask(&bench, None, case, UNKNOWN[0].1).await;
        if case.3 == Gives::Public {
            assert_eq!(nobody.get("errors"), None, "{}", case.1);
            continue;
        }
        assert_eq!(code_of(&nobody), "UNAUTHENTICATED", "{}", case.1);
        for role in [Role::Viewer, Role::Editor, Role::Admin, Role::Owner] {
            for scopes in &sets {
                let viewer = Viewer { role, scopes: scopes.clone(), ..bench.owner.clone() };
                let answer = ask(&bench, Some(&viewer), case, UNKNOWN[0].1).await;
                let may = role >= role_needed && scopes.contains(&scope_needed);
                let is_forbidden = answer["errors"][0]["extensions"]["code"] == "FORBIDDEN";
                assert_eq!(is_forbidden, !may, "{} as {role:?} with {scopes:?}: {answer}", case.1);
            }
        }
    }
}
