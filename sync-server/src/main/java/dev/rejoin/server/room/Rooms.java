package dev.rejoin.server.room;

import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.sync.dialect.Framing;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.FailureCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All live documents of a server. Each belongs to one of the loops, chosen by its name, and is loaded when somebody asks
 * for it. The public methods may be called from any thread.
 */
public final class Rooms {
    private static final Logger LOG = LoggerFactory.getLogger(Rooms.class);

    /** The words of a policy that says no: whoever may not create a document does not learn whether it is there. */
    private static final String NO_ACCESS = "this document is not open to you";

    private final RoomKit kit;
    private final List<Floor> floors;
    private volatile boolean closing;

    /**
     * Opens no room yet.
     *
     * @param loops the threads that own the rooms, at least one
     */
    public Rooms(List<? extends RoomLoop> loops, RoomKit kit) {
        this.kit = kit;
        List<Floor> made = new ArrayList<>();
        long hotBytes = kit.options().maxHotContentBytes() / loops.size();
        loops.forEach(loop -> made.add(new Floor(loop, hotBytes)));
        this.floors = List.copyOf(made);
    }

    /**
     * Takes a session to its document, which is created if it does not exist and the session may write. What becomes of it is told to {@code outlet}.
     */
    public Seat join(DocumentName document, Seat.Join join, Outlet outlet) {
        Floor floor = floor(document);
        Seat seat = new Seat(floor.loop, outlet, join);
        floor.loop.execute(() -> floor.visit(document.value(), !join.readOnly(), new Visitor() {
            @Override
            public void enter(Room room) {
                room.join(seat);
            }

            @Override
            public boolean mayCreate() {
                return outlet.mayCreate();
            }

            @Override
            public void missing() {
                fail(FailureCode.FORBIDDEN, NO_ACCESS);
            }

            @Override
            public void turnedAway(DocumentUnavailableException cause) {
                fail(cause.code(), String.valueOf(cause.getMessage()));
            }

            private void fail(FailureCode code, String message) {
                if (!seat.over) {
                    seat.over = true;
                    outlet.fail(code, message);
                }
            }
        }));
        return seat;
    }

    /**
     * Takes an editor to its document, which is created if it does not exist and the editor may write. What becomes of it is told to {@code outlet}.
     *
     * @param framing how frames for the editor are written
     */
    public ContentSeat join(DocumentName document, Framing framing, boolean readOnly, ContentOutlet outlet) {
        Floor floor = floor(document);
        ContentSeat seat = new ContentSeat(floor.loop, outlet, framing, readOnly);
        floor.loop.execute(() -> floor.visit(document.value(), !readOnly, new Visitor() {
            @Override
            public void enter(Room room) {
                room.join(seat);
            }

            @Override
            public boolean mayCreate() {
                return outlet.mayCreate();
            }

            @Override
            public void missing() {
                deny(FailureCode.FORBIDDEN, NO_ACCESS);
            }

            @Override
            public void turnedAway(DocumentUnavailableException cause) {
                deny(cause.code(), String.valueOf(cause.getMessage()));
            }

            private void deny(FailureCode code, String message) {
                if (!seat.over) {
                    seat.over = true;
                    outlet.denied(code, message);
                }
            }
        }));
        return seat;
    }

    /**
     * The document as it durably is, including every write acknowledged before the call; empty if it was never created.
     * Fails with {@link DocumentUnavailableException}.
     */
    public CompletionStage<Optional<DocumentView>> read(DocumentName document) {
        return read(document, (room, result) -> result.complete(Optional.of(room.view())));
    }

    private <V> CompletionStage<Optional<V>> read(
            DocumentName document, BiConsumer<Room, CompletableFuture<Optional<V>>> read) {
        CompletableFuture<Optional<V>> result = new CompletableFuture<>();
        Floor floor = floor(document);
        floor.loop.execute(() -> floor.visit(document.value(), false, new Visitor() {
            @Override
            public void enter(Room room) {
                read.accept(room, result);
            }

            @Override
            public void missing() {
                result.complete(Optional.empty());
            }

            @Override
            public void turnedAway(DocumentUnavailableException cause) {
                result.completeExceptionally(cause);
            }
        }));
        return result;
    }

    /**
     * The content of the document as it durably is, including every change that was told to be saved before the call; empty if the
     * document was never created. Fails with {@link DocumentUnavailableException}.
     */
    public CompletionStage<Optional<ContentView>> readContent(DocumentName document) {
        return read(document, Room::readContent);
    }

    /** Trusted access to one document, for code in the same process. The document is created by the first write. */
    public RoomHandle document(DocumentName document) {
        return new RoomHandle(this, document);
    }

    /**
     * One transaction from outside: it passes the validator and is applied whole or not at all. Completes when it is durable
     * with the document that contains it. Fails with {@link WriteRefusedException} if the validator or the precondition
     * says no, {@link DocumentUnavailableException}, or {@link IllegalArgumentException} if the mutations cannot be applied.
     *
     * @param precondition asked with the entity tag that the document has just before
     * @param mayCreate asked if the document does not exist
     */
    public CompletionStage<DocumentView> apply(
            DocumentName document,
            List<Mutation> mutations,
            Predicate<String> precondition,
            BooleanSupplier mayCreate) {
        return write(document, mayCreate, (room, result) -> room.apply(mutations, precondition, result));
    }

    CompletionStage<DocumentView> transact(DocumentName document, Consumer<Document> change) {
        return write(document, () -> true, (room, result) -> room.transact(change, result));
    }

    private CompletionStage<DocumentView> write(DocumentName document, BooleanSupplier mayCreate, Write write) {
        CompletableFuture<DocumentView> result = new CompletableFuture<>();
        Floor floor = floor(document);
        floor.loop.execute(() -> floor.visit(document.value(), true, new Visitor() {
            @Override
            public void enter(Room room) {
                write.in(room, result);
            }

            @Override
            public boolean mayCreate() {
                return mayCreate.getAsBoolean();
            }

            @Override
            public void turnedAway(DocumentUnavailableException cause) {
                result.completeExceptionally(cause);
            }
        }));
        return result;
    }

    /**
     * Sends a message of the application to every editor at the document that can be sent one and keeps up; completes with their
     * number. Does not load the document.
     */
    CompletionStage<Integer> sendStateless(DocumentName document, String payload) {
        CompletableFuture<Integer> sent = new CompletableFuture<>();
        Floor floor = floor(document);
        floor.loop.execute(() -> {
            Room room = floor.rooms.get(document.value());
            sent.complete(room == null ? 0 : room.content().stateless(payload));
        });
        return sent;
    }

    /** Lets nobody in any more, commits what is open, and ends every session with {@code shutting-down}. */
    public CompletionStage<Void> close() {
        closing = true;
        List<CompletableFuture<Void>> closed = new ArrayList<>();
        for (Floor floor : floors) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            closed.add(done);
            floor.loop.execute(() -> floor.shutDown(done));
        }
        return CompletableFuture.allOf(closed.toArray(new CompletableFuture<?>[0]));
    }

    private Floor floor(DocumentName document) {
        int hash = document.value().hashCode();
        return floors.get(Math.floorMod(hash ^ hash >>> 16, floors.size()));
    }

    @FunctionalInterface
    private interface Write {
        void in(Room room, CompletableFuture<DocumentView> result);
    }

    /** One who wants to get into a room; exactly one of the methods is called. */
    private interface Visitor {
        void enter(Room room);

        void turnedAway(DocumentUnavailableException cause);

        /** Whether the visitor, who asked to create it, may do that now. */
        default boolean mayCreate() {
            return true;
        }

        /** The document does not exist and the visitor did not ask to create it. */
        default void missing() {}
    }

    private record Waiting(boolean create, Visitor visitor) {}

    /** The rooms of one loop. Touched on that loop only. */
    private final class Floor {
        private final RoomLoop loop;
        private final HotContents hotContents;
        private final Map<String, Room> rooms = new HashMap<>();
        private final Map<String, List<Waiting>> loading = new HashMap<>();
        private final Map<String, DocumentUnavailableException> quarantine = new HashMap<>();

        Floor(RoomLoop loop, long hotBytes) {
            this.loop = loop;
            this.hotContents = new HotContents(hotBytes);
        }

        void visit(String name, boolean create, Visitor visitor) {
            DocumentUnavailableException damage = quarantine.get(name);
            if (closing) {
                visitor.turnedAway(closing());
            } else if (damage != null) {
                visitor.turnedAway(damage);
            } else if (rooms.containsKey(name)) {
                visitor.enter(rooms.get(name));
            } else if (loading.containsKey(name)) {
                loading.get(name).add(new Waiting(create, visitor));
            } else {
                List<Waiting> waiting = new ArrayList<>();
                waiting.add(new Waiting(create, visitor));
                loading.put(name, waiting);
                load(name);
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
                            create(name);
                        }
                    }));
        }

        private void create(String name) {
            List<Waiting> waiting = loading.getOrDefault(name, List.of());
            waiting.removeIf(visit -> {
                if (!visit.create()) {
                    visit.visitor().missing();
                }
                return !visit.create();
            });
            while (!waiting.isEmpty() && !waiting.get(0).visitor().mayCreate()) {
                waiting.remove(0)
                        .visitor()
                        .turnedAway(new DocumentUnavailableException(
                                FailureCode.TOO_MANY_IN_FLIGHT, "too many new documents; come again later", null));
            }
            if (waiting.isEmpty()) {
                loading.remove(name);
                return;
            }
            guarded(() -> kit.log().create(name, nonZero(kit.random().nextLong())))
                    .thenApply(stored -> Recovered.from(name, stored, kit))
                    .whenComplete((made, failure) -> loop.execute(() -> {
                        if (failure != null) {
                            fail(name, failure);
                        } else {
                            open(name, made);
                        }
                    }));
        }

        private void open(String name, Recovered recovered) {
            Room room = new Room(name, loop, kit, hotContents, recovered, left -> rooms.remove(name, left));
            rooms.put(name, room);
            List<Waiting> waiting = loading.getOrDefault(name, List.of());
            loading.remove(name);
            for (Waiting visit : waiting) {
                if (closing || room.isGone()) {
                    visit.visitor().turnedAway(closing());
                } else {
                    visit.visitor().enter(room);
                }
            }
            if (closing) {
                room.shutDown(() -> {});
            }
        }

        private void fail(String name, Throwable failure) {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            DocumentUnavailableException told = cause instanceof DocumentUnavailableException known
                    ? known
                    : new DocumentUnavailableException(
                            FailureCode.OVERLOADED, "the document cannot be loaded now", cause);
            LOG.error("document '{}' is not served: {}", name, told.code(), told);
            if (told.code() == FailureCode.DOCUMENT_CORRUPT) {
                kit.observer().corrupt(name);
                quarantine.put(name, told);
                loop.schedule(() -> quarantine.remove(name), kit.options().quarantineMillis());
            }
            List<Waiting> waiting = loading.getOrDefault(name, List.of());
            loading.remove(name);
            waiting.forEach(visit -> visit.visitor().turnedAway(told));
        }

        void shutDown(CompletableFuture<Void> done) {
            List<CompletableFuture<Void>> closed = new ArrayList<>();
            for (Room room : List.copyOf(rooms.values())) {
                CompletableFuture<Void> gone = new CompletableFuture<>();
                closed.add(gone);
                room.shutDown(() -> gone.complete(null));
            }
            CompletableFuture.allOf(closed.toArray(new CompletableFuture<?>[0]))
                    .whenComplete((nothing, failure) -> done.complete(null));
        }

        private DocumentUnavailableException closing() {
            return new DocumentUnavailableException(FailureCode.SHUTTING_DOWN, "the server is closing", null);
        }
    }

    private static long nonZero(long random) {
        return random == 0 ? 1 : random;
    }

    private static <T> CompletionStage<T> guarded(java.util.function.Supplier<CompletionStage<T>> call) {
        try {
            return call.get();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
