//! The suite on the store in memory, and how its blocks lapse.

use std::time::Duration;

use data_inspector_platform::blob::{BlobStore, ReadConfig};

use super::conformance::{StoreFactory, TestStore, blob_conformance, block, key};

struct Memory;

impl StoreFactory for Memory {
    async fn store(&self, config: ReadConfig) -> TestStore {
        let store = BlobStore::in_memory(config);
        TestStore { other: store.clone(), store, _place: None }
    }
}

blob_conformance!(Memory);

#[tokio::test(start_paused = true)]
async fn blocks_lapse() {
    let store = BlobStore::in_memory(ReadConfig::default());
    let (old, new) = (key("old"), key("new"));
    store.put_block(&old, block(0), "a".into()).await.unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    store.put_block(&new, block(0), "a".into()).await.unwrap();
    store.discard_lapsed_blocks(Duration::from_secs(60)).await.unwrap();
    assert_eq!(store.uncommitted_blocks(&old).await.unwrap(), []);
    assert_eq!(store.uncommitted_blocks(&new).await.unwrap(), [(block(0), 1)]);
}
