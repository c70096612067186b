package dev.rejoin.crdt.laws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Flag;
import dev.rejoin.crdt.GCounter;
import dev.rejoin.crdt.LwwRegister;
import dev.rejoin.crdt.MvRegister;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.PNCounter;
import dev.rejoin.crdt.ValueCodec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Every history of at most four operations on three replicas, with every choice of which deltas arrived before each of
 * them, and every order of arrival at a bystander: no bug that needs no more than that is left.
 */
class SmallScopeTest {
    private static final int REPLICAS = 3;

    private static void all(Backend backend, Kind kind, int operations, Op.Verb verb, Object value, Op.Verb other) {
        Address object = Address.alone(kind);
        List<Op> alphabet = new ArrayList<>(List.of(new Op(object, verb, value)));
        if (other != null) {
            alphabet.add(new Op(object, other, other == Op.Verb.REMOVE ? value : null));
        }
        Scope scope = new Scope(backend, kind, operations, alphabet);
        scope.explore(new ArrayList<>(), 0);
        assertTrue(scope.histories > 100, "explored " + scope.histories);
    }

    @Test
    void addWinsSet() {
        all(sets(), Kind.SET, 4, Op.Verb.ADD, "x", Op.Verb.REMOVE);
    }

    private static Backend sets() {
        return EngineBackend.standalone(id -> OrSet.standalone(id, ValueCodec.VALUE));
    }

    @Test
    void removeWinsSet() {
        all(
                EngineBackend.standalone(id -> OrSet.removeWins(id, ValueCodec.VALUE)),
                Kind.RWSET,
                4,
                Op.Verb.ADD,
                "x",
                Op.Verb.REMOVE);
    }

    @Test
    void counterWithReset() {
        all(EngineBackend.standalone(PNCounter::standalone), Kind.COUNTER, 4, Op.Verb.INCREMENT, 1L, Op.Verb.RESET);
    }

    @Test
    void growOnlyCounter() {
        all(EngineBackend.standalone(GCounter::standalone), Kind.GCOUNTER, 4, Op.Verb.INCREMENT, 1L, null);
    }

    @Test
    void lastWriterWinsRegister() {
        all(
                EngineBackend.of((id, time) -> new EnginePeer(LwwRegister.standalone(id, ValueCodec.VALUE, time))),
                Kind.REGISTER,
                4,
                Op.Verb.SET,
                "x",
                Op.Verb.CLEAR);
    }

    @Test
    void multiValueRegister() {
        all(
                EngineBackend.standalone(id -> MvRegister.standalone(id, ValueCodec.VALUE)),
                Kind.MVREGISTER,
                4,
                Op.Verb.SET,
                "x",
                Op.Verb.CLEAR);
    }

    @Test
    void flags() {
        all(EngineBackend.standalone(Flag::standalone), Kind.FLAG, 3, Op.Verb.ADD, true, Op.Verb.REMOVE);
        all(EngineBackend.standalone(Flag::disableWins), Kind.DWFLAG, 3, Op.Verb.ADD, true, Op.Verb.REMOVE);
    }

    @Test
    void theScopeIsLargeEnoughToCatchMutants() {
        org.junit.jupiter.api.Assertions.assertThrows(
                AssertionError.class,
                () -> all(Mutants.deltaWithoutRemovals(), Kind.SET, 3, Op.Verb.ADD, "x", Op.Verb.REMOVE));
        org.junit.jupiter.api.Assertions.assertThrows(
                AssertionError.class,
                () -> all(Mutants.resetWithoutBaseline(), Kind.COUNTER, 4, Op.Verb.INCREMENT, 1L, Op.Verb.RESET));
    }

    /** What is explored: an alphabet of operations on one object of one implementation. */
    private static final class Scope {
        private final Backend backend;
        private final Address object;
        private final List<Op> alphabet;
        private final int operations;
        private long histories;

        Scope(Backend backend, Kind kind, int operations, List<Op> alphabet) {
            this.backend = backend;
            this.object = Address.alone(kind);
            this.operations = operations;
            this.alphabet = alphabet;
        }

        /** One operation: who, which, and which of the earlier deltas arrived just before, as bits. */
        record Choice(int who, int op, int arrived) {}

        private void explore(List<Choice> history, int replicasUsed) {
            if (!history.isEmpty()) {
                histories++;
                check(history);
            }
            if (history.size() == operations) {
                return;
            }
            // replicas are interchangeable up to the order of their ids, so new ones come in order
            for (int who = 0; who < Math.min(REPLICAS, replicasUsed + 1); who++) {
                for (int op = 0; op < alphabet.size(); op++) {
                    for (int arrived = 0; arrived < 1 << history.size(); arrived++) {
                        if (arrivesAnew(history, who, arrived)) {
                            history.add(new Choice(who, op, arrived));
                            explore(history, Math.max(replicasUsed, who + 1));
                            history.remove(history.size() - 1);
                        }
                    }
                }
            }
        }

        /** No own deltas and none twice, or the same history would be counted again. */
        private static boolean arrivesAnew(List<Choice> history, int who, int arrived) {
            for (int i = 0; i < history.size(); i++) {
                if ((arrived & 1 << i) != 0) {
                    if (history.get(i).who == who) {
                        return false;
                    }
                    for (Choice earlier : history.subList(i + 1, history.size())) {
                        if (earlier.who == who && (earlier.arrived & 1 << i) != 0) {
                            return false;
                        }
                    }
                }
            }
            return true;
        }

        private void check(List<Choice> history) {
            Scenario scenario = new Scenario(object.toString(), REPLICAS, 0, false, List.of(object), List.of());
            Run run = new Run(backend, scenario, new Run.Law() {});
            Run.Message[] messages = new Run.Message[history.size()];
            try {
                for (int i = 0; i < messages.length; i++) {
                    Choice choice = history.get(i);
                    for (int j = 0; j < i; j++) {
                        if ((choice.arrived & 1 << j) != 0 && messages[j] != null) {
                            run.deliver(run.seats[choice.who], messages[j]);
                        }
                    }
                    int sent = run.sent.size();
                    run.write(run.seats[choice.who], List.of(alphabet.get(choice.op)));
                    messages[i] = run.sent.size() > sent ? run.sent.get(sent) : null;
                }
                for (Run.Seat seat : run.seats) {
                    agrees(run, seat);
                }
                byte[][] end = new byte[1][];
                permute(run, new ArrayList<>(run.sent), 0, end);
                run.heal();
                for (Run.Seat seat : run.seats) {
                    assertTrue(
                            end[0] == null || Arrays.equals(end[0], seat.peer.state()), "states end as the deltas do");
                    agrees(run, seat);
                }
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(e.getMessage() + "\n  in " + history + " of " + alphabet, e);
            }
        }

        private void agrees(Run run, Run.Seat seat) {
            assertEquals(run.oracle.read(object, seat.knows), Oracle.normal(object, seat.peer.read(object)));
        }

        private void permute(Run run, List<Run.Message> order, int from, byte[][] end) {
            if (from == order.size()) {
                Peer bystander = backend.create(77, () -> 0);
                order.forEach(m -> bystander.merge(m.bytes()));
                byte[] state = bystander.state();
                if (end[0] == null) {
                    end[0] = state;
                }
                Laws.same(end[0], state, "every order of arrival ends alike");
                return;
            }
            for (int i = from; i < order.size(); i++) {
                java.util.Collections.swap(order, from, i);
                permute(run, order, from + 1, end);
                java.util.Collections.swap(order, from, i);
            }
        }
    }
}
