package dev.rejoin.server.room;

import dev.rejoin.crdt.document.Document;

/** The entity tags of a room as it is now, changes included that are not yet durable. Belongs to the loop of the room. */
final class RoomTags implements EntityTags {
    private final long epoch;
    private final Document document;
    private final ContentTiers content;

    RoomTags(long epoch, Document document, ContentTiers content) {
        this.epoch = epoch;
        this.document = document;
        this.content = content;
    }

    @Override
    public String objects() {
        return DocumentView.etag(epoch, document.snapshot());
    }

    @Override
    public String content() {
        return content.view().etag();
    }
}
