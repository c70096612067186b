package dev.rejoin.server.webhook;

import dev.rejoin.server.room.DocumentNotice;
import dev.rejoin.sync.wire.Position;

/**
 * What has happened to one document since its receiver was told last.
 *
 * @param kind the first of what happened, or the deletion
 * @param position where the document is now
 * @param commits how many notices it stands for
 */
public record WebhookEvent(DocumentNotice.Kind kind, String document, long epoch, Position position, long commits) {

    static WebhookEvent of(DocumentNotice notice) {
        return new WebhookEvent(notice.kind(), notice.document(), notice.epoch(), notice.position(), 1);
    }

    /** Both as one: created and changed is created, whatever and deleted is deleted; deleted and created anew is created. */
    WebhookEvent then(WebhookEvent later) {
        boolean stillNew = kind == DocumentNotice.Kind.CREATED && later.kind == DocumentNotice.Kind.CHANGED;
        return new WebhookEvent(
                stillNew ? kind : later.kind, document, later.epoch, later.position, commits + later.commits);
    }

    /** The word for it in a body: {@code document.created}, {@code document.changed}, {@code document.deleted}. */
    public String type() {
        return switch (kind) {
            case CREATED -> "document.created";
            case CHANGED -> "document.changed";
            case DELETED -> "document.deleted";
        };
    }
}
