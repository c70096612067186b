package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.sync.wire.FailureCode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The rooms of one loop: those that are there, those that are being opened, and those that nobody gets into. Touched on that loop only. */
final class Floor {
    static final Supplier<DocumentUnavailableException> OTHER_LIFE = () ->
            new DocumentUnavailableException(FailureCode.EPOCH_CHANGED, "another life of the document has begun", null);

    private static final Logger LOG = LoggerFactory.getLogger(Floor.class);
    private static final long RETRY_MILLIS = 10;

    private record Waiting(boolean stays, Visitor visitor) {}

    final RoomLoop loop;
    private final RoomKit kit;
    private final ChangeListeners listeners;
    private final AdmissionListener admissions;
    private final PresenceListener attention;
    private final BooleanSupplier isClosing;
    private final HotContents hotContents;
    private final Map<String, Room> rooms = new HashMap<>();
    private final Map<String, List<Waiting>> loading = new HashMap<>();
    private final Map<String, DocumentUnavailableException> quarantine = new HashMap<>();
    private final Set<String> withheld = new HashSet<>();

    /** @param isClosing whether nobody is let in any more; asked on the loop */
    Floor(
            RoomLoop loop,
            RoomKit kit,
            ChangeListeners listeners,
            AdmissionListener admissions,
            PresenceListener attention,
            BooleanSupplier isClosing,
            long hotBytes) {
        this.loop = loop;
        this.kit = kit;
        this.listeners = listeners;
        this.admissions = admissions;
        this.attention = attention;
        this.isClosing = isClosing;
        this.hotContents = new HotContents(hotBytes);
    }

    /** The room of a document; null if there is none. */
    @Nullable
    Room room(String name) {
        return rooms.get(name);
    }

    Collection<Room> rooms() {
        return rooms.values();
    }

    /** @param stays whether the visitor waits in a document that nobody has begun */
    void visit(String name, boolean stays, Visitor visitor) {
        DocumentUnavailableException damage = quarantine.get(name);
        Room room = rooms.get(name);
        if (isClosing.getAsBoolean()) {
            visitor.turnedAway(closing());
        } else if (withheld.contains(name)) {
            visitor.turnedAway(exchanged());
        } else if (damage != null) {
            visitor.turnedAway(damage);
        } else if (room != null) {
            admit(room, stays, visitor);
        } else if (loading.containsKey(name)) {
            loading.get(name).add(new Waiting(stays, visitor));
        } else {
            List<Waiting> waiting = new ArrayList<>();
            waiting.add(new Waiting(stays, visitor));
            loading.put(name, waiting);
            load(name);
        }
    }

    private void admit(Room room, boolean stays, Visitor visitor) {
        if (stays || !room.commits().isUnbegun()) {
            visitor.enter(room);
        } else {
            visitor.missing();
        }
    }

    private void load(String name) {
        guarded(() -> kit.log().load(name))
                .thenApply(found -> found.map(stored -> Recovered.from(name, stored, kit)))
                .whenComplete((found, failure) -> loop.execute(() -> {
                    if (failure != null) {
                        fail(name, failure);
                    } else if (found.isPresent()) {
                        open(name, found.get());
                    } else {
                        nobodyHasBegun(name);
                    }
                }));
    }

    private void nobodyHasBegun(String name) {
        List<Waiting> waiting = loading.getOrDefault(name, List.of());
        Optional<Waiting> first = firstWhoStays(waiting);
        while (first.isPresent() && !first.get().visitor().mayCreate()) {
            waiting.remove(first.get());
            first.get()
                    .visitor()
                    .turnedAway(new DocumentUnavailableException(
                            FailureCode.TOO_MANY_IN_FLIGHT, "too many new documents; come again later", null));
            first = firstWhoStays(waiting);
        }
        if (first.isPresent()) {
            open(name, Recovered.unbegun(first.get().visitor().epoch(kit.epochs(), name), kit));
        } else {
            taken(name).forEach(visit -> visit.visitor().missing());
        }
    }

    private Optional<Waiting> firstWhoStays(List<Waiting> waiting) {
        return waiting.stream().filter(Waiting::stays).findFirst();
    }

    void revive(String name, boolean empty, CompletableFuture<Optional<DocumentView>> result) {
        if (isClosing.getAsBoolean()) {
            result.completeExceptionally(closing());
        } else if (rooms.containsKey(name)) {
            result.complete(Optional.empty());
        } else if (loading.containsKey(name)) {
            // whatever is being found out about it comes first
            loading.get(name).add(new Waiting(false, new Visitor() {
                @Override
                public void enter(Room room) {
                    result.complete(Optional.empty());
                }

                @Override
                public void missing() {
                    result.complete(Optional.empty());
                }

                @Override
                public void turnedAway(DocumentUnavailableException cause) {
                    if (cause.code() == FailureCode.DOCUMENT_DELETED) {
                        revive(name, empty, result);
                    } else {
                        result.completeExceptionally(cause);
                    }
                }
            }));
        } else {
            loading.put(name, new ArrayList<>());
            guarded(() -> empty
                            ? anew(name, former -> kit.epochs().begunAnew(name, former))
                            : restored(name, former -> kit.epochs().restored(name, former)))
                    .thenApply(found -> found.map(stored -> Recovered.from(name, stored, kit)))
                    .whenComplete((found, failure) -> loop.execute(() -> revived(name, found, failure, result)));
        }
    }

    private CompletionStage<Optional<RoomLog.Stored>> restored(String name, LongUnaryOperator newEpoch) {
        return kit.log()
                .loadDeleted(name)
                .thenCompose(found -> found.isEmpty()
                        ? CompletableFuture.completedFuture(found)
                        : kit.log()
                                .restore(name, newEpoch.applyAsLong(found.get().epoch())));
    }

    private CompletionStage<Optional<RoomLog.Stored>> anew(String name, LongUnaryOperator newEpoch) {
        return kit.log().loadDeleted(name).thenCompose(found -> {
            if (found.isEmpty()) {
                return CompletableFuture.completedFuture(found);
            }
            StateVector former = Recovered.formerAfter(name, found.get());
            List<RoomRecord> first = former.size() == 0 ? List.of() : List.of(new RoomRecord.Former(former.encode()));
            return kit.log().recreate(name, newEpoch.applyAsLong(found.get().epoch()), first);
        });
    }

    /** A document that nobody has begun here is deleted. */
    void tombstone(String name, long epoch, CompletableFuture<Boolean> result) {
        if (isClosing.getAsBoolean() || rooms.containsKey(name) || loading.containsKey(name)) {
            result.completeExceptionally(exchanged());
            return;
        }
        loading.put(name, new ArrayList<>());
        guarded(() -> kit.log()
                        .create(name, epoch)
                        .thenCompose(stored -> stored.log().delete()))
                .whenComplete((nothing, failure) -> loop.execute(() -> {
                    taken(name).forEach(visit -> visit(name, visit.stays(), visit.visitor()));
                    if (failure == null) {
                        result.complete(true);
                    } else {
                        result.completeExceptionally(DocumentUnavailableException.of(failure));
                    }
                }));
    }

    void changeOver(String name, long from, long to, boolean anew, CompletableFuture<Boolean> result) {
        visit(name, false, new Visitor() {
            @Override
            public void enter(Room room) {
                if (room.epoch() != from) {
                    result.complete(false);
                    return;
                }
                CompletableFuture<Boolean> deleted = new CompletableFuture<>();
                room.delete(tags -> true, OTHER_LIFE.get(), deleted);
                deleted.whenComplete((done, failure) -> loop.execute(() -> {
                    if (failure != null) {
                        result.completeExceptionally(failure);
                    } else {
                        begin(name, from, to, anew, result);
                    }
                }));
            }

            @Override
            public void missing() {
                result.complete(false);
            }

            @Override
            public void turnedAway(DocumentUnavailableException cause) {
                if (cause.code() == FailureCode.DOCUMENT_DELETED) {
                    begin(name, from, to, anew, result);
                } else {
                    result.completeExceptionally(cause);
                }
            }
        });
    }

    private void begin(String name, long from, long to, boolean anew, CompletableFuture<Boolean> result) {
        if (isClosing.getAsBoolean() || rooms.containsKey(name) || loading.containsKey(name)) {
            result.completeExceptionally(exchanged());
            return;
        }
        loading.put(name, new ArrayList<>());
        LongUnaryOperator epoch = former -> {
            if (former != from) {
                throw exchanged();
            }
            return to;
        };
        CompletableFuture<Optional<DocumentView>> begun = new CompletableFuture<>();
        guarded(() -> anew ? anew(name, epoch) : restored(name, epoch))
                .thenApply(found -> found.map(stored -> Recovered.from(name, stored, kit)))
                .whenComplete((found, failure) -> loop.execute(() -> revived(name, found, failure, begun)));
        begun.whenComplete((view, failure) -> {
            if (failure != null) {
                result.completeExceptionally(failure);
            } else {
                result.complete(view.isPresent());
            }
        });
    }

    private void revived(
            String name,
            Optional<Recovered> found,
            @Nullable Throwable failure,
            CompletableFuture<Optional<DocumentView>> result) {
        if (failure != null) {
            fail(name, failure);
            result.completeExceptionally(DocumentUnavailableException.of(failure));
        } else if (found.isEmpty()) {
            taken(name).forEach(visit -> visit(name, visit.stays(), visit.visitor()));
            result.complete(Optional.empty());
        } else {
            kit.observer().revived();
            DocumentView view = open(name, found.get()).commits().view();
            listeners.tell(new DocumentNotice(DocumentNotice.Kind.CREATED, name, view.epoch(), view.position()));
            result.complete(Optional.of(view));
        }
    }

    private List<Waiting> taken(String name) {
        List<Waiting> waiting = loading.remove(name);
        return waiting == null ? List.of() : waiting;
    }

    private Room open(String name, Recovered recovered) {
        Room room = new Room(
                name,
                loop,
                kit,
                hotContents,
                recovered,
                listeners,
                admissions,
                attention,
                left -> rooms.remove(name, left));
        rooms.put(name, room);
        for (Waiting visit : taken(name)) {
            if (isClosing.getAsBoolean() || room.isGone()) {
                visit.visitor().turnedAway(closing());
            } else if (withheld.contains(name)) {
                visit.visitor().turnedAway(exchanged());
            } else {
                admit(room, visit.stays(), visit.visitor());
            }
        }
        if (isClosing.getAsBoolean()) {
            room.shutDown(() -> {});
        }
        return room;
    }

    private void fail(String name, Throwable failure) {
        DocumentUnavailableException told = DocumentUnavailableException.of(failure);
        if (told.code() != FailureCode.DOCUMENT_DELETED) {
            LOG.error("document '{}' is not served: {}", name, told.code(), told);
        }
        if (told.code() == FailureCode.DOCUMENT_CORRUPT) {
            kit.observer().corrupt(name);
            quarantine.put(name, told);
            loop.schedule(() -> quarantine.remove(name), kit.options().quarantineMillis());
        }
        taken(name).forEach(visit -> visit.visitor().turnedAway(told));
    }

    /** Lets nobody in until {@link #release}; completes when there is no room of the document and none is being opened. */
    void withhold(String name, CompletableFuture<Void> done) {
        withheld.add(name);
        empty(name, done);
    }

    void release(String name) {
        withheld.remove(name);
        quarantine.remove(name);
    }

    private void empty(String name, CompletableFuture<Void> done) {
        Room room = rooms.get(name);
        if (room != null) {
            room.retire(exchanged(), () -> done.complete(null));
        } else if (loading.containsKey(name)) {
            loop.schedule(() -> empty(name, done), RETRY_MILLIS);
        } else {
            done.complete(null);
        }
    }

    private DocumentUnavailableException exchanged() {
        return new DocumentUnavailableException(
                FailureCode.OVERLOADED, "the document is being replaced; try again", null);
    }

    void shutDown(CompletableFuture<Void> done) {
        List<CompletableFuture<Void>> closed = new ArrayList<>();
        for (Room room : List.copyOf(rooms.values())) {
            CompletableFuture<Void> gone = new CompletableFuture<>();
            closed.add(gone);
            room.shutDown(() -> gone.complete(null));
        }
        // a task of its own: by then what the rooms have told their sessions is on its way
        CompletableFuture.allOf(closed.toArray(new CompletableFuture<?>[0]))
                .whenComplete((nothing, failure) -> loop.execute(() -> done.complete(null)));
    }

    private DocumentUnavailableException closing() {
        return new DocumentUnavailableException(FailureCode.SHUTTING_DOWN, "the server is closing", null);
    }

    /** A call that throws is one that has failed. */
    static <T> CompletionStage<T> guarded(Supplier<CompletionStage<T>> call) {
        try {
            return call.get();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
