package dev.rejoin.server.storage;

/**
 * A whole document at one moment, as it goes from one store to another.
 *
 * @param epoch of this life of the document, never 0
 * @param createdMillis when this life began, in milliseconds since 1970
 * @param snapshot everything that the document holds; at sequence 0 there is nothing in it
 */
public record DocumentImage(String name, long epoch, long createdMillis, StoredSnapshot snapshot) {
    /** The same in another life: whoever knows this one starts over instead of going on. */
    public DocumentImage withEpoch(long newEpoch) {
        return new DocumentImage(name, newEpoch, createdMillis, snapshot);
    }
}
