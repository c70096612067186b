package dev.rejoin.crdt.document;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Change;
import dev.rejoin.crdt.Commit;
import dev.rejoin.crdt.CommitEvent;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.ObjectKey;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.yjs.DeleteSet;
import dev.rejoin.crdt.yjs.PendingStatus;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.Updates;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.crdt.yjs.YText;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Random histories of documents with both parts, whose deltas are lost, repeated and reordered, whose bodies and listeners fail, and which crash and come back from
 * bytes. {@code -Drejoin.tries=N} plays N, {@code -Drejoin.seed=S} begins with seed S.
 */
class ContentSimulation {
    private static final int TRIES = Integer.getInteger("rejoin.tries", 200);

    /** A transaction that changes both parts adds its number to both under this name. */
    private static final String BOTH = "both";

    private static final class BodyFailed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private static final class ListenerFailed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @Test
    void bothPartsAreOne() {
        long first = Long.getLong("rejoin.seed", System.nanoTime());
        for (long seed = first; seed < first + TRIES; seed++) {
            try {
                new History(seed).play();
            } catch (RuntimeException | AssertionError failure) {
                throw new AssertionError(
                        "replay: mvn -pl crdt-core test -Dtest=ContentSimulation -DargLine=\"-Drejoin.seed=" + seed
                                + " -Drejoin.tries=1\"",
                        failure);
            }
        }
    }

    /** A version with the full sets that it stands for. */
    private record Known(DocumentVersion version, Version objects, StateVector units, DeleteSet deletions) {
        boolean covers(Known other) {
            return objects.includes(other.objects)
                    && units.includes(other.units)
                    && (other.deletions.isEmpty() || deletions.equals(other.deletions));
        }

        boolean isSame(Known other) {
            return objects.equals(other.objects) && units.equals(other.units) && deletions.equals(other.deletions);
        }
    }

    /** A snapshot, and what it showed when it was taken. */
    private record Taken(
            Snapshot snapshot, byte[] state, DocumentVersion version, Map<String, Object> objects, Object content) {}

    private static final class History {
        final Random random;
        final List<Peer> peers = new ArrayList<>();
        final List<byte[]> wire = new ArrayList<>();
        final List<Known> versions = new ArrayList<>();
        final List<Taken> snapshots = new ArrayList<>();
        long transactions;

        History(long seed) {
            random = new Random(seed);
            int count = 2 + random.nextInt(3);
            for (int i = 0; i < count; i++) {
                peers.add(new Peer(this, null));
            }
        }

        void play() {
            for (int step = 0; step < 40; step++) {
                int at = random.nextInt(peers.size());
                step(at, peers.get(at));
                peers.get(at).check();
            }
            everybodyHearsEverything();
            versionsSayWhatTheySay();
            for (Taken taken : snapshots) {
                assertArrayEquals(
                        taken.state(), taken.snapshot().documentState().encode());
                assertEquals(taken.version(), taken.snapshot().documentVersion());
                assertEquals(taken.objects(), taken.snapshot().toMap());
                assertEquals(taken.content(), taken.snapshot().content().toJson());
            }
        }

        void step(int at, Peer peer) {
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> peer.transact();
                case 3 -> peer.editContent();
                case 4 -> peer.editObjects();
                case 5 -> peer.fail();
                case 6 -> peer.failInListeners();
                case 7 -> peer.snapshot();
                case 8 -> peers.set(at, peer.crash());
                case 9 -> peer.release();
                default -> deliver(peer);
            }
        }

        /** Any delta made so far, perhaps for the second time, perhaps before what it needs; some never come. */
        void deliver(Peer peer) {
            if (!wire.isEmpty()) {
                int which = random.nextInt(wire.size());
                peer.receive(wire.get(which));
                if (random.nextInt(4) == 0) {
                    wire.remove(which);
                }
            }
        }

        void everybodyHearsEverything() {
            Collections.shuffle(peers, random);
            for (int round = 0; round < 2; round++) {
                for (Peer from : peers) {
                    for (Peer to : peers) {
                        // a lost delta may have claimed what a later one names again: by states, see binary-format.md
                        DocumentDelta missing = random.nextBoolean()
                                ? from.document.documentState()
                                : new DocumentDeltaOf(from, to).value();
                        assertTrue(to.receive(missing.encode()) || round == 0);
                        assertTrue(to.document
                                .documentVersion()
                                .covers(DocumentVersion.of(
                                        from.document.version(),
                                        from.document.documentVersion().content(),
                                        DeleteSet.EMPTY)));
                    }
                }
            }
            Peer one = peers.get(0);
            for (Peer other : peers) {
                other.check();
                assertEquals(one.bothInObjects(), other.bothInContent());
                assertArrayEquals(
                        one.document.state().encode(), other.document.state().encode());
                assertEquals(one.shown(), other.shown());
                assertEquals(one.document.documentVersion(), other.document.documentVersion());
            }
        }

        void versionsSayWhatTheySay() {
            for (Known a : versions) {
                assertEquals(a.version(), DocumentVersion.decode(a.version().encode()));
                for (Known b : versions) {
                    assertEquals(a.covers(b), a.version().covers(b.version()));
                    assertEquals(a.isSame(b), a.version().equals(b.version()));
                    assertEquals(
                            a.isSame(b),
                            java.util.Arrays.equals(
                                    a.version().encode(), b.version().encode()));
                }
            }
        }
    }

    /** The state of the objects, and of the content what the other lacks. */
    private record DocumentDeltaOf(Peer from, Peer to) {
        DocumentDelta value() {
            DocumentVersion held = DocumentVersion.of(
                    Version.EMPTY,
                    to.document.content().stateVector(),
                    to.document.content().deleteSet());
            return from.document.deltaSince(held);
        }
    }

    private static final class Peer {
        final History history;
        final Random random;
        final Document document;
        private final boolean stores;
        private byte @Nullable [] stored;

        /** Made of the events alone. */
        private final YDoc shadow = YDoc.create();

        private final Map<ObjectKey, BigInteger> counters = new HashMap<>();
        private final List<byte[]> heard = new ArrayList<>();
        private boolean listenersFail;
        private int reactions;

        Peer(History history, byte @Nullable [] state) {
            this.history = history;
            random = history.random;
            Document.Builder builder =
                    Document.builder().replica(ReplicaId.of(random.nextLong())).timeSource(() -> 1_000);
            stores = random.nextBoolean();
            document = (stores ? builder.content(this::load) : builder).build();
            document.onCommit(this::hear);
            if (!stores && random.nextBoolean()) {
                watch(document.content());
            }
            if (state != null) {
                document.merge(DocumentDelta.decode(state));
            }
        }

        private YDoc load() {
            YDoc doc = YDoc.create(YDocOptions.defaults().withGc(random.nextInt(3) > 0));
            if (stored != null) {
                doc.applyUpdate(stored);
            }
            watch(doc);
            return doc;
        }

        private void watch(YDoc doc) {
            if (random.nextBoolean()) {
                doc.onUpdate((update, origin, of) -> {
                    if (document.hasContent() && document.content() == of) {
                        seesBoth();
                        fails();
                    }
                });
            }
            if (random.nextBoolean()) {
                doc.getArray(BOTH).observe(event -> {
                    if (document.hasContent() && document.content() == doc) {
                        seesBoth();
                        react();
                        fails();
                    }
                });
            }
        }

        private void hear(CommitEvent event) {
            seesBoth();
            byte[] content = event.content();
            assertTrue(content != null || !event.changes().isEmpty(), "an event of nothing");
            if (content != null) {
                shadow.applyUpdate(content);
                heard.add(content);
            }
            for (Change change : event.changes()) {
                if (change instanceof Change.CounterChange counter) {
                    assertEquals(counters.getOrDefault(counter.object(), BigInteger.ZERO), counter.before());
                    counters.put(counter.object(), counter.after());
                }
            }
            react();
            fails();
        }

        private void fails() {
            if (listenersFail) {
                throw new ListenerFailed();
            }
        }

        /** A listener that writes, a few times. */
        private void react() {
            if (reactions > 0) {
                reactions--;
                Commit commit = document.transact(this::changeBoth);
                send(DocumentDelta.of(commit));
                assertNotNull(commit.content());
                seesBoth();
            }
        }

        /** Nobody ever sees a transaction in one part and not in the other, but where the content lacks what came before. */
        private void seesBoth() {
            assertTrue(bothInObjects().containsAll(bothInContent()), () -> this + " content before objects");
            if (!hasWaiting()) {
                assertEquals(bothInObjects(), bothInContent());
            }
        }

        private boolean hasWaiting() {
            if (!document.hasContent()) {
                return stored != null;
            }
            PendingStatus waiting = document.content().pending();
            return waiting.structs() + waiting.deletes() > 0;
        }

        Set<Object> bothInObjects() {
            return new HashSet<>(document.set(BOTH, ValueCodec.LONG).elements());
        }

        Object shown() {
            YDoc content = document.content();
            return List.of(
                    content.getText("text").toString(),
                    content.getArray(BOTH).toList(),
                    content.getMap("map").toJson());
        }

        Set<Object> bothInContent() {
            return document.hasContent()
                    ? new HashSet<>(document.content().getArray(BOTH).toList())
                    : Set.of();
        }

        void check() {
            seesBoth();
            if (document.hasContent()) {
                document.content().checkInvariants();
                assertEquals(
                        document.content().getText("text").toString(),
                        shadow.getText("text").toString());
                assertEquals(
                        document.content().getArray(BOTH).toList(),
                        shadow.getArray(BOTH).toList());
                assertEquals(document.content().stateVector(), shadow.stateVector());
                assertEquals(document.content().deleteSet(), shadow.deleteSet());
                history.versions.add(new Known(
                        document.documentVersion(),
                        document.version(),
                        document.content().stateVector(),
                        document.content().deleteSet()));
            }
            assertEquals(
                    BigInteger.valueOf(document.counter("n").value()),
                    counters.getOrDefault(ObjectKey.root(dev.rejoin.crdt.ObjectType.PNCOUNTER, "n"), BigInteger.ZERO));
        }

        private void send(DocumentDelta delta) {
            if (!delta.isEmpty()) {
                byte[] bytes = delta.encode();
                assertEquals(delta, DocumentDelta.decode(bytes));
                history.wire.add(bytes);
            }
        }

        /** What a step has done. Not what the version before it lacks: of the content that may be more, which waited here for the step, without its objects. */
        private void send(Version before) {
            Delta objects = document.deltaSince(before);
            send(heard.isEmpty() ? DocumentDelta.of(objects) : DocumentDelta.of(objects, Updates.merge(heard)));
            heard.clear();
        }

        /** Whether nothing waits. */
        boolean receive(byte[] bytes) {
            reactions = 0;
            return document.merge(DocumentDelta.decode(bytes)).complete();
        }

        private void changeBoth() {
            long number = history.transactions++;
            boolean objectsFirst = random.nextBoolean();
            if (objectsFirst) {
                document.set(BOTH, ValueCodec.LONG).add(number);
            }
            document.content().getArray(BOTH).push(List.of(number));
            if (!objectsFirst) {
                document.set(BOTH, ValueCodec.LONG).add(number);
            }
            if (random.nextBoolean()) {
                document.transact(this::changeObjects);
            }
            if (random.nextBoolean()) {
                document.content().transact(this::changeContent);
            }
        }

        private void changeObjects() {
            switch (random.nextInt(3)) {
                case 0 -> document.counter("n").add(1 + random.nextInt(5));
                case 1 -> document.set("tags", ValueCodec.LONG).add((long) random.nextInt(4));
                default -> document.set("tags", ValueCodec.LONG).remove((long) random.nextInt(4));
            }
        }

        private void changeContent() {
            YText text = document.content().getText("text");
            int index = random.nextInt(text.length() + 1);
            switch (random.nextInt(5)) {
                case 0, 1 -> text.insert(index, "abc".substring(random.nextInt(3)));
                case 2 -> text.insert(text.length(), "z");
                case 3 -> text.delete(index, Math.min(2, text.length() - index));
                default -> document.content().getMap("map").set("key" + random.nextInt(2), random.nextInt(9));
            }
        }

        void transact() {
            reactions = random.nextInt(4) == 0 ? 2 : 0;
            if (random.nextInt(3) > 0) {
                Commit commit = document.transact(this::changeBoth);
                send(DocumentDelta.of(commit));
                assertNotNull(commit.content());
                assertTrue(!commit.delta().isEmpty());
            } else {
                Version before = document.version();
                heard.clear();
                document.content().transact(this::changeBoth);
                send(before);
            }
            reactions = 0;
        }

        void editContent() {
            Version before = document.version();
            heard.clear();
            changeContent();
            assertEquals(before, document.version());
            send(before);
        }

        void editObjects() {
            Commit commit = document.transact(this::changeObjects);
            send(DocumentDelta.of(commit));
            assertEquals(null, commit.content());
        }

        /** A body that throws, at either part's door, leaves both parts as they were, to the byte. */
        void fail() {
            boolean had = document.hasContent();
            byte[] before = document.documentState().encode();
            Map<String, Object> shown = document.toMap();
            Runnable body = () -> {
                for (int i = random.nextInt(4); i >= 0; i--) {
                    switch (random.nextInt(3)) {
                        case 0 -> changeBoth();
                        case 1 -> changeObjects();
                        default -> changeContent();
                    }
                }
                throw new BodyFailed();
            };
            if (random.nextBoolean()) {
                assertThrows(BodyFailed.class, () -> document.transact(body));
            } else {
                assertThrows(BodyFailed.class, () -> document.content().transact(body));
            }
            assertArrayEquals(before, document.documentState().encode());
            assertEquals(shown, document.toMap());
            assertTrue(!had || document.hasContent());
        }

        /** What listeners throw comes out, and the step stands in both parts. */
        void failInListeners() {
            Version before = document.version();
            heard.clear();
            long number = history.transactions;
            listenersFail = true;
            assertThrows(ListenerFailed.class, () -> document.transact(this::changeBoth));
            listenersFail = false;
            assertTrue(bothInObjects().contains(number) && bothInContent().contains(number));
            send(before);
        }

        void snapshot() {
            document.content();
            Snapshot snapshot = document.snapshot();
            history.snapshots.add(new Taken(
                    snapshot,
                    snapshot.documentState().encode(),
                    document.documentVersion(),
                    document.toMap(),
                    snapshot.content().toJson()));
            assertEquals(document.documentVersion(), snapshot.documentVersion());
        }

        /** All that is left is the bytes of both parts, with what waits. */
        Peer crash() {
            Peer reborn = new Peer(history, document.documentState().encode());
            assertArrayEquals(document.state().encode(), reborn.document.state().encode());
            assertEquals(document.documentVersion(), reborn.document.documentVersion());
            assertEquals(hasWaiting(), reborn.hasWaiting());
            return reborn;
        }

        /** As a server does that keeps content as bytes. */
        void release() {
            DocumentVersion before = document.documentVersion();
            byte[] bytes = document.content().encodeStateAsUpdate();
            YDoc old = document.content();
            document.releaseContent();
            assertTrue(!document.hasContent());
            stored = bytes;
            old.getText("text").insert(0, "nobody hears this");
            if (!stores) {
                // the content of a document without a supplier begins anew
                document.content().applyUpdate(bytes);
            }
            assertEquals(before, document.documentVersion());
        }

        @Override
        public String toString() {
            return document.replica() + " " + bothInObjects() + " " + bothInContent();
        }
    }
}
