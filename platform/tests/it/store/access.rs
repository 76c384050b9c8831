//! Workspaces, people, tokens, and the record of what was done.

use std::time::Duration;

use data_inspector_domain::access::{Role, TokenScope};
use data_inspector_domain::id::TokenId;
use data_inspector_domain::time::Timestamp;
use data_inspector_platform::store::{NewToken, Noun, Scope, StoreErrorKind, TokenHash};

use super::fixture::Fixture;

fn token(fixture: &Fixture, byte: u8) -> NewToken {
    NewToken {
        name: "ci".to_owned(),
        hash: TokenHash([byte; 32]),
        scopes: vec![TokenScope::Read, TokenScope::Write],
        expires_at: Timestamp::from_micros(fixture.now().as_micros() + 60_000_000),
    }
}

pub(super) async fn a_workspace_has_its_owner(fixture: &Fixture) {
    fixture.pass(Duration::from_secs(1));
    fixture.other_workspace().await;
    assert_eq!(fixture.store.first_workspace().await.unwrap(), Some(fixture.scope));
    let workspace = fixture.store.workspace(fixture.scope).await.unwrap().unwrap();
    assert_eq!((workspace.id, workspace.name.as_str()), (fixture.scope.workspace_id, "Acme"));
    let people = fixture.store.list_principals(fixture.scope, 10).await.unwrap();
    assert_eq!(people.len(), 1);
    assert_eq!((people[0].name.as_str(), people[0].role), ("Ada", Role::Owner));
}

pub(super) async fn people_are_found_in_their_workspace_only(fixture: &Fixture) {
    let other = fixture.other_workspace().await;
    let colleague = fixture.colleague().await;
    let ids = [fixture.scope.principal_id, colleague.principal_id, other.principal_id];
    let mut found = fixture.store.principals_by_id(fixture.scope, &ids).await.unwrap();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(found.iter().map(|each| each.name.as_str()).collect::<Vec<_>>(), ["Ada", "Bob"]);
    let stranger = Scope { principal_id: other.principal_id, ..fixture.scope };
    assert_eq!(fixture.store.workspace(stranger).await.unwrap(), None);
}

pub(super) async fn a_token_stands_for_its_principal_until_it_ends(fixture: &Fixture) {
    let store = &fixture.store;
    let colleague = fixture.colleague().await;
    let id = store.create_token(colleague, token(fixture, 1)).await.unwrap();
    let found = store.authenticate(TokenHash([1; 32])).await.unwrap().unwrap();
    assert_eq!((found.token_id, found.scope, found.role), (id, colleague, Role::Editor));
    assert_eq!(found.scopes, [TokenScope::Read, TokenScope::Write]);
    assert_eq!(store.authenticate(TokenHash([2; 32])).await.unwrap(), None);

    store.create_token(colleague, token(fixture, 3)).await.unwrap();
    store.revoke_token(fixture.scope, id).await.unwrap();
    assert_eq!(store.authenticate(TokenHash([1; 32])).await.unwrap(), None);
    let revoked_at = store.tokens_by_id(fixture.scope, &[id]).await.unwrap()[0].revoked_at;
    assert_eq!(revoked_at, Some(fixture.now()));
    fixture.pass(Duration::from_secs(59));
    store.revoke_token(fixture.scope, id).await.unwrap();
    assert_eq!(store.tokens_by_id(fixture.scope, &[id]).await.unwrap()[0].revoked_at, revoked_at);

    assert!(store.authenticate(TokenHash([3; 32])).await.unwrap().is_some());
    fixture.pass(Duration::from_secs(1));
    assert_eq!(store.authenticate(TokenHash([3; 32])).await.unwrap(), None, "it has expired");
    assert_eq!(store.list_tokens(fixture.scope, 10).await.unwrap().len(), 2);
}

pub(super) async fn a_token_of_another_workspace_cannot_be_revoked(fixture: &Fixture) {
    let other = fixture.other_workspace().await;
    let id = fixture.store.create_token(fixture.scope, token(fixture, 1)).await.unwrap();
    let not_found = StoreErrorKind::NotFound(Noun::Token);
    assert_eq!(fixture.store.revoke_token(other, id).await.unwrap_err().kind, not_found);
    let unknown = TokenId::from_uuid(uuid::Uuid::now_v7());
    assert_eq!(fixture.store.revoke_token(other, unknown).await.unwrap_err().kind, not_found);
    assert_eq!(fixture.store.list_tokens(other, 10).await.unwrap(), []);
    assert_eq!(fixture.store.tokens_by_id(other, &[id]).await.unwrap(), []);
    assert!(fixture.store.authenticate(TokenHash([1; 32])).await.unwrap().is_some());
    let again = fixture.store.create_token(other, token(fixture, 1)).await.unwrap_err().kind;
    assert_eq!(again, StoreErrorKind::AlreadyExists);
}

pub(super) async fn everything_done_is_on_record(fixture: &Fixture) {
    let inspection = fixture.queued().await;
    let reader = fixture.colleague().await;
    fixture.store.audit_values_seen(reader, &[inspection.id]).await.unwrap();
    let entries = fixture.store.audit_log(fixture.scope, None, 2).await.unwrap();
    let older = fixture.store.audit_log(fixture.scope, Some(entries[1].id), 10).await.unwrap();
    let actions: Vec<_> = entries.iter().chain(&older).map(|entry| entry.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "SEE_VALUES",
            "CREATE_PRINCIPAL",
            "CREATE_INSPECTION",
            "COMPLETE_UPLOAD",
            "CREATE_UPLOAD",
            "CREATE_WORKSPACE"
        ]
    );
    assert_eq!(entries[0].principal_id, Some(reader.principal_id));
    assert_eq!(entries[0].subject_id, inspection.id.to_string());
    let other = fixture.other_workspace().await;
    assert_eq!(fixture.store.audit_log(other, None, 10).await.unwrap().len(), 1);
}
