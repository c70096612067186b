package dev.rejoin.server.room;

import dev.rejoin.consistency.session.GuardPolicy;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.ReadFailure;
import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.consistency.session.ReadOutcome;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.sync.dialect.Framing;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.LinkMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * All live documents of a server. Each belongs to one of the loops, chosen by its name, and is loaded when somebody asks
 * for it. The public methods may be called from any thread.
 */
public final class Rooms {
    private static final Supplier<DocumentUnavailableException> DELETED =
            () -> new DocumentUnavailableException(FailureCode.DOCUMENT_DELETED, "the document was deleted", null);

    private final RoomKit kit;
    private final ChangeListeners listeners = new ChangeListeners();
    private final List<Floor> floors;
    private volatile boolean closing;
    private volatile AdmissionListener told = AdmissionListener.NONE;

    private final AdmissionListener admissions = new AdmissionListener() {
        @Override
        public boolean isListening() {
            return told.isListening();
        }

        @Override
        public void admitted(Admitted entry) {
            told.admitted(entry);
        }
    };

    private volatile PresenceListener attentive = PresenceListener.NONE;

    private final PresenceListener attention = new PresenceListener() {
        @Override
        public void attended(String document, boolean present) {
            attentive.attended(document, present);
        }

        @Override
        public boolean isWanted(String document) {
            return attentive.isWanted(document);
        }

        @Override
        public void changed(LinkMessage.Presence news) {
            attentive.changed(news);
        }
    };

    /**
     * Opens no room yet.
     *
     * @param loops the threads that own the rooms, at least one
     */
    public Rooms(List<? extends RoomLoop> loops, RoomKit kit) {
        this.kit = kit;
        List<Floor> made = new ArrayList<>();
        long hotBytes = kit.options().maxHotContentBytes() / loops.size();
        loops.forEach(
                loop -> made.add(new Floor(loop, kit, listeners, admissions, attention, () -> closing, hotBytes)));
        this.floors = List.copyOf(made);
    }

    /** Names the log that everything of these rooms goes into. */
    public long logName() {
        return kit.log().name();
    }

    /**
     * Takes a session to its document. One that nobody has begun is empty and in memory only, until the first record of somebody who
     * may write. What becomes of the session is told to {@code outlet}.
     */
    public Seat join(DocumentName document, Seat.Join join, Outlet outlet) {
        Floor floor = floor(document);
        Seat seat = new Seat(floor.loop, outlet, join);
        floor.loop.execute(() -> floor.visit(document.value(), true, new Visitor() {
            @Override
            public void enter(Room room) {
                room.join(seat);
            }

            @Override
            public boolean mayCreate() {
                return outlet.mayCreate();
            }

            @Override
            public void turnedAway(DocumentUnavailableException cause) {
                if (!seat.over) {
                    seat.over = true;
                    outlet.fail(cause.code(), String.valueOf(cause.getMessage()));
                }
            }
        }));
        return seat;
    }

    /**
     * Takes an editor to its document, as {@link #join(DocumentName, Seat.Join, Outlet)} takes a session.
     *
     * @param framing how frames for the editor are written
     */
    public ContentSeat join(DocumentName document, Framing framing, boolean readOnly, ContentOutlet outlet) {
        Floor floor = floor(document);
        ContentSeat seat = new ContentSeat(floor.loop, outlet, framing, readOnly);
        floor.loop.execute(() -> floor.visit(document.value(), true, new Visitor() {
            @Override
            public void enter(Room room) {
                room.join(seat);
            }

            @Override
            public boolean mayCreate() {
                return outlet.mayCreate();
            }

            @Override
            public void turnedAway(DocumentUnavailableException cause) {
                if (!seat.over) {
                    seat.over = true;
                    outlet.denied(cause.code(), String.valueOf(cause.getMessage()));
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
        return read(document, (room, result) -> result.complete(Optional.of(room.read())));
    }

    /**
     * As {@link #read(DocumentName)}, in a session: answered when the document shows what the token and the level ask for, or with what became of
     * that. Empty if the document was never created and the session has not seen it either; one that it has seen is waited for, and fetched.
     *
     * @param mayCreate asked if the session has seen a document that nobody has begun here
     */
    public CompletionStage<Optional<GuardedRead<DocumentView>>> read(
            DocumentName document, SessionToken token, ReadLevel level, GuardPolicy policy, BooleanSupplier mayCreate) {
        return guardedRead(
                document,
                token,
                level,
                policy,
                mayCreate,
                (room, outcome, result) ->
                        result.complete(Optional.of(room.guardedRead(outcome, Optional.of(room.read())))));
    }

    /** As {@link #readContent(DocumentName)}, in a session, see {@link #read(DocumentName, SessionToken, ReadLevel, GuardPolicy, BooleanSupplier)}. */
    public CompletionStage<Optional<GuardedRead<ContentView>>> readContent(
            DocumentName document, SessionToken token, ReadLevel level, GuardPolicy policy, BooleanSupplier mayCreate) {
        return guardedRead(document, token, level, policy, mayCreate, (room, outcome, result) -> {
            CompletableFuture<Optional<ContentView>> content = new CompletableFuture<>();
            room.readContent(content);
            content.whenComplete((view, failure) -> {
                if (failure == null) {
                    result.complete(Optional.of(room.guardedRead(outcome, view)));
                } else {
                    result.completeExceptionally(failure);
                }
            });
        });
    }

    private interface Reading<V> {
        void read(Room room, ReadOutcome outcome, CompletableFuture<Optional<GuardedRead<V>>> result);
    }

    private <V> CompletionStage<Optional<GuardedRead<V>>> guardedRead(
            DocumentName document,
            SessionToken token,
            ReadLevel level,
            GuardPolicy policy,
            BooleanSupplier mayCreate,
            Reading<V> reading) {
        BiConsumer<Room, CompletableFuture<Optional<GuardedRead<V>>>> read =
                (room, result) -> room.decide(false, token, level, policy, outcome -> {
                    if (GuardedRead.isAnswer(outcome) && room.commits().isUnbegun()) {
                        result.complete(Optional.of(unseen(outcome.waitedMillis())));
                        return;
                    }
                    kit.observer().decided(outcome);
                    if (GuardedRead.isAnswer(outcome)) {
                        reading.read(room, outcome, result);
                    } else {
                        result.complete(Optional.of(room.guardedRead(outcome, Optional.empty())));
                    }
                });
        if (level instanceof ReadLevel.Eventual || !token.knowsOtherEpoch(document.value(), 0)) {
            return read(document, read);
        }
        // what the session has seen is on its way, or can be fetched, also where nobody has begun it
        return enter(document, mayCreate, (room, result) -> {
            if (room.commits().isUnbegun() && token.knowsOtherEpoch(document.value(), room.epoch())) {
                result.complete(Optional.of(unseen(0)));
            } else {
                read.accept(room, result);
            }
        });
    }

    /** A session has seen a document that has no such life here. */
    private <V> GuardedRead<V> unseen(long waitedMillis) {
        ReadOutcome outcome = new ReadOutcome.Failed(
                ReadFailure.SESSION_NOT_SATISFIED, PositionVector.EMPTY, PositionVector.EMPTY, waitedMillis);
        kit.observer().decided(outcome);
        return new GuardedRead<>(outcome, 0, PositionVector.EMPTY, Long.MAX_VALUE, Optional.empty());
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

    /** Sizes and visitors of the document; empty if it was never created. Fails with {@link DocumentUnavailableException}. */
    public CompletionStage<Optional<DocumentStats>> stats(DocumentName document) {
        return read(document, (room, result) -> result.complete(Optional.of(room.stats())));
    }

    /**
     * Part of the list of all documents that are durably there, in the order of the bytes of their names. Fails with {@link DocumentUnavailableException}.
     *
     * @param prefix of the names; empty for all
     * @param after the last name of the part before; empty for the first part
     * @param limit at most so many; fewer are the end of the list
     */
    public CompletionStage<List<DocumentEntry>> list(String prefix, String after, int limit) {
        return Floor.guarded(() -> kit.log().list(prefix, after, limit));
    }

    /**
     * Calls {@code listener} after each commit that changes a document, whoever wrote, and when one begins or ends. It is called on the thread that owns the
     * document: it must be quick and must not block. What it throws is logged.
     */
    public Subscription onChange(Consumer<DocumentNotice> listener) {
        return listeners.onNotice(listener);
    }

    Subscription onChange(DocumentName document, Consumer<DocumentChange> listener) {
        return listeners.onChange(document.value(), listener);
    }

    /** Trusted access to one document, for code in the same process. The document is created by the first write. */
    public RoomHandle document(DocumentName document) {
        return new RoomHandle(this, document);
    }

    /**
     * One transaction from outside: it passes the validator and is applied whole or not at all. Completes when it is durable
     * with the document that contains it. Fails with {@link WriteRefusedException} if the validator or the precondition
     * says no or the write does not fit, {@link DocumentUnavailableException}, or {@link IllegalArgumentException} if the mutations cannot be
     * applied or the update does not decode.
     *
     * @param precondition asked with the entity tags that the document has just before
     * @param mayCreate asked if nobody has begun the document
     */
    public CompletionStage<WriteResult> apply(
            DocumentName document, DocumentWrite write, Predicate<EntityTags> precondition, BooleanSupplier mayCreate) {
        return enter(document, mayCreate, (room, result) -> room.writes().apply(write, precondition, result));
    }

    /**
     * As {@link #apply(DocumentName, DocumentWrite, Predicate, BooleanSupplier)}, in a session: admitted once everything is here that it must not come
     * before. Fails with {@link GuardRefusedException} besides, if that does not come.
     */
    public CompletionStage<WriteResult> apply(
            DocumentName document,
            DocumentWrite write,
            Predicate<EntityTags> precondition,
            BooleanSupplier mayCreate,
            SessionToken token,
            GuardPolicy policy) {
        return enter(
                document,
                mayCreate,
                (room, result) -> room.guarded(true, token, ReadLevel.SESSION, policy, outcome -> {
                    if (GuardedRead.isAnswer(outcome)) {
                        room.writes().apply(write, precondition, result);
                    } else {
                        result.completeExceptionally(new GuardRefusedException(outcome));
                    }
                }));
    }

    CompletionStage<DocumentView> transact(DocumentName document, Consumer<Document> change) {
        return enter(document, () -> true, (room, result) -> room.writes().transact(change, result));
    }

    /** What another server holds of the document is held here too, see {@link RoomCommits#hold}. Completes when that is durable. */
    CompletionStage<DocumentView> hold(DocumentName document, HeldPositions theirs, Consumer<Document> change) {
        return enter(document, () -> true, (room, result) -> {
            room.writes().transact(change, result);
            room.commits().hold(theirs);
        });
    }

    /** Takes a visitor into the room of a document, also if nobody has begun it. */
    private <T> CompletionStage<T> enter(
            DocumentName document, BooleanSupplier mayCreate, BiConsumer<Room, CompletableFuture<T>> visit) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Floor floor = floor(document);
        floor.loop.execute(() -> floor.visit(document.value(), true, new Visitor() {
            @Override
            public void enter(Room room) {
                visit.accept(room, result);
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
     * Deletes the document: everybody in it is told {@code document-deleted}, and so is whoever comes, until it is
     * {@linkplain #restore restored}, {@linkplain #beginAnew begun anew}, or forgotten. Completes when that is durable; false if there was
     * none, or only one that nobody had begun. Fails with {@link DocumentUnavailableException}, also if it is deleted already, or
     * {@link WriteRefusedException} if the precondition says no.
     *
     * @param precondition asked with the entity tags that the document has just before
     */
    public CompletionStage<Boolean> delete(DocumentName document, Predicate<EntityTags> precondition) {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        Floor floor = floor(document);
        floor.loop.execute(() -> floor.visit(document.value(), true, new Visitor() {
            @Override
            public void enter(Room room) {
                room.delete(precondition, DELETED.get(), result);
            }

            @Override
            public void turnedAway(DocumentUnavailableException cause) {
                result.completeExceptionally(cause);
            }
        }));
        return result;
    }

    /**
     * Brings a deleted document back as it was, in a new life: clients of the native protocol find that its epoch has changed, editors go
     * on with what they hold. Completes when that is durable; empty if the document is not deleted. Fails with
     * {@link DocumentUnavailableException}.
     */
    public CompletionStage<Optional<DocumentView>> restore(DocumentName document) {
        return revive(document, false);
    }

    /**
     * Begins a deleted document anew, with nothing in it; what it held is gone. Whoever still holds something of its former lives is
     * refused. Completes when that is durable; empty if the document is not deleted. Fails with {@link DocumentUnavailableException}.
     */
    public CompletionStage<Optional<DocumentView>> beginAnew(DocumentName document) {
        return revive(document, true);
    }

    private CompletionStage<Optional<DocumentView>> revive(DocumentName document, boolean empty) {
        CompletableFuture<Optional<DocumentView>> result = new CompletableFuture<>();
        Floor floor = floor(document);
        floor.loop.execute(() -> floor.revive(document.value(), empty, result));
        return result;
    }

    /** Tells {@code listener}, and nobody else any more, of each durable entry. */
    public void tellOfAdmissions(AdmissionListener listener) {
        told = listener;
    }

    /** Tells {@code listener}, and nobody else any more, who is at which document. Those who have come before are not told. */
    public void tellOfPresence(PresenceListener listener) {
        attentive = listener;
    }

    /** Calls {@code told} on the loop of the document with everybody who is at it here. Does not load the document. */
    public void everybody(DocumentName document, Consumer<LinkMessage.Presence> told) {
        Floor floor = floor(document);
        floor.loop.execute(() -> {
            Room room = floor.room(document.value());
            told.accept(
                    room == null
                            ? new LinkMessage.Presence(document.value(), true, new byte[0], List.of())
                            : room.everybody());
        });
    }

    /**
     * Another server says who is at a document there; if nobody is at it here it is not kept. Fails with {@link MalformedUpdateException} if what is said of
     * editors does not decode.
     *
     * @param server a negative number that is this server's alone
     */
    public CompletionStage<Void> hear(long server, LinkMessage.Presence news) {
        CompletableFuture<Void> heard = new CompletableFuture<>();
        Floor floor = floor(news.document());
        floor.loop.execute(() -> {
            Room room = floor.room(news.document());
            try {
                if (room != null) {
                    room.hear(server, news);
                }
                heard.complete(null);
            } catch (MalformedUpdateException e) {
                heard.completeExceptionally(e);
            }
        });
        return heard;
    }

    /** Another server is not heard of any more, and so are all who are there. */
    public void lose(long server) {
        for (Floor floor : floors) {
            floor.loop.execute(() -> floor.rooms().forEach(room -> room.lose(server)));
        }
    }

    /**
     * Takes in what another server has admitted: nobody judges it, and it is relayed to whoever is here. Begins the document if nobody has. Fails
     * with {@link DocumentUnavailableException}.
     */
    public CompletionStage<Taken> take(DocumentName document, Arrival arrival) {
        CompletableFuture<Taken> result = new CompletableFuture<>();
        Floor floor = floor(document);
        floor.loop.execute(
                () -> floor.visit(document.value(), true, new Arriving(floor, document.value(), arrival, result)));
        return result;
    }

    /**
     * What is durably here of a document, in short, of a deleted one only its epoch; empty if nobody has begun it. Fails with {@link
     * DocumentUnavailableException}.
     */
    public CompletionStage<Optional<Holding>> holding(DocumentName document) {
        CompletableFuture<Optional<Holding>> result = new CompletableFuture<>();
        read(
                        document,
                        (Room room, CompletableFuture<Optional<Holding>> found) ->
                                found.complete(Optional.of(room.servers().holding())))
                .whenComplete((found, failure) -> {
                    if (failure == null) {
                        result.complete(found);
                    } else if (DocumentUnavailableException.of(failure).code() == FailureCode.DOCUMENT_DELETED) {
                        Floor.guarded(() -> kit.log().loadDeleted(document.value()))
                                .whenComplete((stored, lost) -> {
                                    if (lost != null) {
                                        result.completeExceptionally(DocumentUnavailableException.of(lost));
                                    } else {
                                        result.complete(stored.map(tombstone -> new Holding(
                                                tombstone.epoch(),
                                                true,
                                                new byte[0],
                                                new byte[0],
                                                HeldPositions.NONE)));
                                    }
                                });
                    } else {
                        result.completeExceptionally(failure);
                    }
                });
        return result;
    }

    /**
     * What another server lacks of a document; empty if nobody has begun it. Fails with {@link DocumentUnavailableException}, or {@link
     * IllegalArgumentException} if what it holds does not decode.
     *
     * @param epoch the life that it knows; 0 if it has nothing. If another one is here, only the epoch of that is told
     * @param version what it has of the objects, encoded; empty if nothing
     * @param stateVector what it has of the content, encoded; empty if nothing
     * @param headsOnly whether only what is held here is asked for
     */
    public CompletionStage<Optional<Excerpt>> excerpt(
            DocumentName document, long epoch, byte[] version, byte[] stateVector, boolean headsOnly) {
        Version objects;
        StateVector content;
        try {
            objects = version.length == 0 ? Version.EMPTY : Version.decode(version);
            content = stateVector.length == 0 ? StateVector.EMPTY : StateVector.decode(stateVector);
        } catch (MalformedDeltaException | MalformedUpdateException e) {
            return CompletableFuture.failedFuture(new IllegalArgumentException("what is held does not decode", e));
        }
        return read(document, (room, result) -> room.servers().excerpt(epoch, objects, content, headsOnly, result));
    }

    /** Another server has brought the document up to date: it leaves memory at once if nobody else has asked for it. */
    public void letGo(DocumentName document) {
        Floor floor = floor(document);
        floor.loop.execute(() -> {
            Room room = floor.room(document.value());
            if (room != null) {
                room.letGo();
            }
        });
    }

    /**
     * Deletes the life {@code epoch} of a document because it was deleted at another server; a document that is not here leaves a deleted one, so that its
     * name is taken here as well. Does nothing if another life is here. Fails with {@link DocumentUnavailableException}.
     */
    public CompletionStage<Boolean> bury(DocumentName document, long epoch) {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        Floor floor = floor(document);
        floor.loop.execute(() -> floor.visit(document.value(), false, new Visitor() {
            @Override
            public void enter(Room room) {
                if (room.epoch() == epoch) {
                    room.delete(tags -> true, DELETED.get(), result);
                } else {
                    result.complete(false);
                }
            }

            @Override
            public void missing() {
                floor.tombstone(document.value(), epoch, result);
            }

            @Override
            public void turnedAway(DocumentUnavailableException cause) {
                if (cause.code() == FailureCode.DOCUMENT_DELETED) {
                    result.complete(false);
                } else {
                    result.completeExceptionally(cause);
                }
            }
        }));
        return result;
    }

    /**
     * Goes over from one life of a document to another one that has begun at another server: whoever is in it is told {@code epoch-changed}. Does
     * nothing if the life {@code from} is not here. Fails with {@link DocumentUnavailableException}.
     *
     * @param anew whether the other life began with nothing in it
     */
    public CompletionStage<Boolean> changeOver(DocumentName document, long from, long to, boolean anew) {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        Floor floor = floor(document);
        floor.loop.execute(() -> floor.changeOver(document.value(), from, to, anew, result));
        return result;
    }

    /**
     * Sends everybody away from some documents and lets nobody in, because what the log holds of them is about to be exchanged.
     * Completes when what was written is durable and no room of them uses the log. To be ended by {@link #release}.
     */
    public CompletionStage<Void> withhold(Collection<String> documents) {
        List<CompletableFuture<Void>> gone = new ArrayList<>();
        for (String document : documents) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            gone.add(done);
            Floor floor = floor(document);
            floor.loop.execute(() -> floor.withhold(document, done));
        }
        return CompletableFuture.allOf(gone.toArray(new CompletableFuture<?>[0]));
    }

    /** Lets visitors into these documents again. */
    public void release(Collection<String> documents) {
        for (String document : documents) {
            Floor floor = floor(document);
            floor.loop.execute(() -> floor.release(document));
        }
    }

    /**
     * Sends a message of the application to every editor at the document that can be sent one and keeps up; completes with their
     * number. Does not load the document.
     */
    CompletionStage<Integer> sendStateless(DocumentName document, String payload) {
        CompletableFuture<Integer> sent = new CompletableFuture<>();
        Floor floor = floor(document);
        floor.loop.execute(() -> {
            Room room = floor.room(document.value());
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
        return floor(document.value());
    }

    private Floor floor(String document) {
        int hash = document.hashCode();
        return floors.get(Math.floorMod(hash ^ hash >>> 16, floors.size()));
    }
}
