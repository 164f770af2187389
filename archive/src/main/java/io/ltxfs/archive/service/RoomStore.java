package io.ltxfs.archive.service;

import io.ltxfs.archive.compact.FreeSpace;
import io.ltxfs.objectstore.ForwardingStore;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.util.Optional;

/** A store on the disk of the node's data that takes nothing more while there is too little room, as a full one. */
final class RoomStore extends ForwardingStore {
    private final FreeSpace room;

    RoomStore(ObjectStore store, FreeSpace room) {
        super(store);
        this.room = room;
    }

    @Override
    public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
        Optional<String> warning = room.warning();
        if (warning.isPresent()) {
            throw new StoreException(StoreException.Kind.FULL, describe() + ": " + warning.get());
        }
        return super.put(key, body, options);
    }
}
