package dev.rejoin.client;

import dev.rejoin.client.outbox.SavedDoubt;
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
    private final ClientLoop loop;
    private final List<Consumer<Rejection>> listeners = new CopyOnWriteArrayList<>();
    private final Map<Long, Rejection> open = new LinkedHashMap<>();
    /* Of those whose outcome is unknown, what may still tell it; as many as there were writes without a verdict. */
    private final Map<Long, Doubt> doubts = new LinkedHashMap<>();
    private long next;

    Rejections(ClientLoop loop, List<SavedRejection> saved, List<SavedDoubt> doubtful, long next) {
        this.loop = loop;
        saved.forEach(rejection -> open.put(rejection.id(), shown(rejection)));
        doubtful.forEach(doubt -> doubts.put(doubt.rejection(), Doubt.loaded(doubt)));
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

    /** Takes one off the list; whoever still waits for a write in doubt waits no longer. */
    void remove(long id) {
        Rejection gone = open.remove(id);
        Doubt doubt = doubts.remove(id);
        if (gone != null && doubt != null) {
            doubt.handle().advance(WriteState.REJECTED);
            loop.later(() -> doubt.handle().reject(gone));
        }
    }

    /** The outcome of this one may still be told. */
    void doubt(Doubt doubt) {
        doubts.put(doubt.saved().rejection(), doubt);
    }

    List<Doubt> doubts() {
        return List.copyOf(doubts.values());
    }

    /** A doubt is over: the write was accepted. */
    void accepted(Doubt doubt) {
        doubts.remove(doubt.saved().rejection());
        open.remove(doubt.saved().rejection());
    }

    /** A doubt is over: the write was refused, or nobody will ever know; its entry now says so. */
    Rejection refused(Doubt doubt, String code, String message) {
        Rejection before = require(doubt.saved().rejection());
        Rejection now = new Rejection(before.id(), code, message, before.mutations(), before.at());
        doubts.remove(before.id());
        open.put(before.id(), now);
        return now;
    }

    List<SavedDoubt> savedDoubts() {
        return doubts.values().stream().map(Doubt::saved).toList();
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
