package io.ltxfs.objectstore;

final class MemoryStoreTest extends ObjectStoreContract {
    @Override
    protected ObjectStore openStore() {
        return new MemoryStore();
    }
}
