package dev.rejoin.crdt.laws;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rejoin.crdt.CommitEvent;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.document.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/**
 * The document beside its naive twin: the same operations on both give the same bytes and readings after every step;
 * snapshots stay as they were, aborted transactions leave no trace (E2), and events add up to the values (E1).
 */
class DifferentialSimulation {
    private final Scenario scenario = Scenario.document();

    private record Held(Snapshot snapshot, byte[] state, Map<String, Object> values) {}

    /** A document and a twin in one seat. */
    private final class Pair implements Peer {
        final Document document;
        final Twin twin;
        final Shadow shadow = new Shadow();
        final List<Held> held = new ArrayList<>();
        private Fragment latest = new Fragment();
        private int steps;

        Pair(long replica, LongSupplier millis, Predicate<CommitEvent> delivered) {
            document = Document.builder()
                    .replica(ReplicaId.of(replica))
                    .timeSource(millis::getAsLong)
                    .build();
            document.onCommit(event -> {
                if (delivered.test(event)) {
                    shadow.accept(event);
                }
            });
            // the twin does not mint stamps of its own, it takes those of the document
            twin = new Twin(replica, false, millis) {
                @Override
                long stamp() {
                    TwinCell cell = latest.cells.get(new At(replica, next));
                    return cell != null && cell.payload() instanceof Payload.Stamped s ? s.hlc() : 0;
                }
            };
        }

        @Override
        public byte[] commit(List<Op> ops) {
            abort(ops);
            Delta delta = DocumentPeer.transact(document, ops);
            latest = Fragment.decode(delta.encode());
            Fragment before = twin.confirmed;
            Fragment expected = twin.commit(ops);
            if (expected == null) {
                Laws.isTrue(delta.isEmpty(), "nothing happened, but " + latest);
                return null;
            }
            if (ops.stream().anyMatch(op -> op.object().kind() == Kind.MAP)) {
                // in which order the counters below a map are reset is left open
                Laws.isTrue(
                        expected.context.equals(latest.context),
                        "the same dots are claimed\n" + expected + "\n" + latest);
                Laws.isTrue(
                        sorted(expected).equals(sorted(latest)),
                        "the same cells are written\n" + expected + "\n" + latest);
                twin.confirmed = Fragment.join(before, latest);
            } else {
                Laws.same(expected.encode(), delta.encode(), "the same delta, to the byte");
            }
            agree();
            return delta.encode();
        }

        private List<String> sorted(Fragment fragment) {
            return fragment.cells.values().stream()
                    .map(TwinCell::toString)
                    .sorted()
                    .toList();
        }

        /** E2: a transaction that throws was never there. */
        private void abort(List<Op> ops) {
            int events = shadow.events;
            byte[] state = state();
            IllegalStateException thrown = null;
            try {
                document.transact(() -> {
                    ops.forEach(op -> EnginePeer.perform(DocumentPeer.at(document, op.object()), op));
                    throw new IllegalStateException("on purpose");
                });
            } catch (IllegalStateException e) {
                thrown = e;
            }
            Laws.isTrue(thrown != null && thrown.getMessage().equals("on purpose"), "E2: what was thrown is thrown on");
            Laws.same(state, state(), "E2: an aborted transaction leaves no trace in the state");
            Laws.isTrue(shadow.events == events, "E2: nor in events");
            agree();
        }

        @Override
        public void merge(byte[] delta) {
            document.merge(Delta.decode(delta));
            twin.merge(Fragment.decode(delta));
            agree();
        }

        private void agree() {
            Laws.same(twin.confirmed.encode(), document.state().encode(), "the same state, to the byte");
            Laws.isTrue(
                    TwinCodec.decodeVersion(document.version().encode()).equals(twin.confirmed.context),
                    "the same version");
            for (Address object : scenario.everything()) {
                Object expected = twin.read(object);
                Object actual = read(object);
                if (object.kind() == Kind.REGISTER) {
                    expected = Oracle.normal(object, expected);
                    Laws.isTrue(expected.equals(Oracle.normal(object, actual)), object + " reads " + actual);
                } else {
                    Laws.isTrue(expected.equals(actual), object + " reads " + actual + ", not " + expected);
                }
                shadow.agrees(object, actual);
            }
            if (steps++ % 7 == 0) {
                held.add(new Held(document.snapshot(), state(), document.toMap()));
            }
        }

        /** Old snapshots are what they were; a restored document is the document. */
        void audit(boolean inCausalOrder) {
            for (Held h : held) {
                Laws.same(h.state, h.snapshot.state().encode(), "a snapshot stays as it was");
                Laws.isTrue(h.values.equals(h.snapshot.toMap()), "and reads as it did");
                if (inCausalOrder) {
                    // a version does not tell of a removal that came after a later delta had claimed its dots
                    Laws.same(
                            document.deltaSince(h.snapshot.version())
                                    .join(h.snapshot.state())
                                    .encode(),
                            state(),
                            "what changed since a snapshot leads from it to now");
                }
            }
            Document restored = Document.builder()
                    .replica(ReplicaId.of(3))
                    .timeSource(() -> 0)
                    .build();
            restored.restore(Delta.decode(state()), List.of(), 0);
            Laws.same(state(), restored.state().encode(), "a restored document is the document");
            Laws.isTrue(restored.toMap().equals(document.toMap()), "and reads like it");
        }

        @Override
        public byte[] state() {
            return document.state().encode();
        }

        @Override
        public byte[] version() {
            return document.version().encode();
        }

        @Override
        public byte[] deltaSince(byte[] version) {
            byte[] delta = document.deltaSince(Version.decode(version)).encode();
            Fragment since = new TwinBackend().since(twin.confirmed, new TreeSet<>(TwinCodec.decodeVersion(version)));
            Laws.isTrue(
                    since.cells.equals(Fragment.decode(delta).cells), "deltaSince carries the cells that are missing");
            return delta;
        }

        @Override
        public Object read(Address address) {
            return EnginePeer.read(DocumentPeer.at(document, address));
        }
    }

    private Backend pairs(Predicate<CommitEvent> delivered) {
        return EngineBackend.of((replica, time) -> new Pair(replica.bits(), time::millis, delivered));
    }

    private static Run.Law audit(boolean inCausalOrder) {
        return new Run.Law() {
            @Override
            public void atEnd(Run run) {
                run.heal();
                for (Run.Seat seat : run.seats) {
                    ((Pair) seat.peer).audit(inCausalOrder);
                }
            }
        };
    }

    @Test
    void documentAndTwinAreTheSameToTheByte() {
        Check.law(DifferentialSimulation.class, pairs(event -> true), scenario, audit(false), Check.tries(150));
        Check.law(
                DifferentialSimulation.class,
                pairs(event -> true),
                scenario.delivered(),
                audit(true),
                Check.tries(150));
    }

    @Test
    void eventsE1CatchAnEventThatIsNotDelivered() {
        assertThrows(
                AssertionError.class,
                () -> Check.law(
                        DifferentialSimulation.class,
                        pairs(event -> event.kind() == CommitEvent.Kind.LOCAL),
                        scenario,
                        audit(false),
                        50));
    }
}
