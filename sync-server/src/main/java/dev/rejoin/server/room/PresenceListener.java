package dev.rejoin.server.room;

import dev.rejoin.sync.wire.LinkMessage;

/** Hears who is in the rooms of this server, so that others can be told. Called on the loops of the rooms: must be quick and must not throw. */
public interface PresenceListener {
    /** Nobody listens. */
    PresenceListener NONE = new PresenceListener() {
        @Override
        public void attended(String document, boolean present) {}

        @Override
        public boolean isWanted(String document) {
            return false;
        }

        @Override
        public void changed(LinkMessage.Presence news) {}
    };

    /** The first one has come to a document, or the last one has left it. */
    void attended(String document, boolean present);

    /** Whether another server wants to know who is at the document. */
    boolean isWanted(String document);

    /** Something of that has changed. */
    void changed(LinkMessage.Presence news);
}
