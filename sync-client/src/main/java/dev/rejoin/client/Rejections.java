package dev.rejoin.client;

import dev.rejoin.client.outbox.SavedRejection;
import dev.rejoin.crdt.Mutation;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** The refused writes that the user has not dealt with, oldest first. Guarded by the client's lock. */
final class Rejections {
    private final List<Consumer<Rejection>> listeners = new CopyOnWriteArrayList<>();
    private final Map<Long, Rejection> open = new LinkedHashMap<>();
    private long next;

    Rejections(List<SavedRejection> saved, long next) {
        saved.forEach(rejection -> open.put(rejection.id(), shown(rejection)));
        this.next = next;
    }

    List<Consumer<Rejection>> listeners() {
        return listeners;
    }

    int size() {
        return open.size();
    }

    /** The id of the next one. */
    long next() {
        return next;
    }

    List<Rejection> list() {
        return List.copyOf(open.values());
    }

    Rejection require(long id) {
        Rejection rejection = open.get(id);
        if (rejection == null) {
            throw new IllegalArgumentException("no rejection " + id);
        }
        return rejection;
    }

    Rejection add(String code, String message, List<Mutation> mutations, Instant at) {
        Rejection rejection = new Rejection(next++, code, message, mutations, at);
        open.put(rejection.id(), rejection);
        return rejection;
    }

    void remove(long id) {
        open.remove(id);
    }

    List<SavedRejection> saved() {
        return open.values().stream().map(Rejections::saved).toList();
    }

    static SavedRejection saved(Rejection shown) {
        return new SavedRejection(
                shown.id(),
                shown.code(),
                shown.message(),
                Mutation.encodeAll(shown.mutations()),
                shown.at().toEpochMilli());
    }

    private static Rejection shown(SavedRejection saved) {
        return new Rejection(
                saved.id(),
                saved.code(),
                saved.message(),
                Mutation.decodeAll(saved.mutations()),
                Instant.ofEpochMilli(saved.atMillis()));
    }
}
