package dev.rejoin.crdt.laws;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.TreeSet;

/**
 * RA-linearizability of small histories by brute force: there is one order of all operations, consistent with who had
 * seen what, in which a plain sequential object ends with the reading at hand.
 *
 * <p>Counters and single-value registers are plain. A removal is rewritten to "remove what I had seen", as Wang et al. do
 * for the OR-Set (Replication-aware linearizability, PLDI 2019).
 */
final class Linearization {
    static final int MOST = 7;

    private final List<Run.Issued> log;
    private final Address object;
    private final Object reading;

    private Linearization(List<Run.Issued> log, Address object, Object reading) {
        this.log = log;
        this.object = object;
        this.reading = reading;
    }

    static boolean exists(List<Run.Issued> log, Address object, Object reading) {
        return new Linearization(log, object, reading).search(new ArrayList<>(), new BitSet());
    }

    private boolean search(List<Run.Issued> order, BitSet placed) {
        if (order.size() == log.size()) {
            return Oracle.normal(object, replay(order)).equals(Oracle.normal(object, reading));
        }
        for (Run.Issued next : log) {
            BitSet missing = (BitSet) next.seen().clone();
            missing.andNot(placed);
            if (!placed.get(next.number()) && missing.isEmpty()) {
                placed.set(next.number());
                order.add(next);
                boolean found = search(order, placed);
                order.remove(order.size() - 1);
                placed.clear(next.number());
                if (found) {
                    return true;
                }
            }
        }
        return false;
    }

    private Object replay(List<Run.Issued> order) {
        return switch (object.kind()) {
            case GCOUNTER, COUNTER -> counter(order);
            case REGISTER -> register(order);
            default -> observed(order);
        };
    }

    private static BigInteger counter(List<Run.Issued> order) {
        long sum = 0;
        for (Run.Issued issued : order) {
            sum = issued.op().verb() == Op.Verb.RESET
                    ? 0
                    : sum + (Long) issued.op().value();
        }
        return BigInteger.valueOf(sum);
    }

    private static List<Object> register(List<Run.Issued> order) {
        Op last = order.isEmpty() ? null : order.get(order.size() - 1).op();
        return last == null || last.verb() == Op.Verb.CLEAR ? List.of() : List.of(last.value());
    }

    private List<Object> observed(List<Run.Issued> order) {
        List<Run.Issued> standing = new ArrayList<>();
        for (Run.Issued issued : order) {
            Op op = issued.op();
            standing.removeIf(s -> issued.seen().get(s.number())
                    && (op.verb() == Op.Verb.SET
                            || op.verb() == Op.Verb.CLEAR
                            || op.value().equals(s.op().value())));
            if (op.verb() != Op.Verb.CLEAR
                    && (op.verb() != Op.Verb.REMOVE || object.kind().removeWins())) {
                standing.add(issued);
            }
        }
        TreeSet<String> absent = new TreeSet<>();
        standing.stream()
                .filter(s -> s.op().verb() == Op.Verb.REMOVE)
                .forEach(s -> absent.add(TwinCodec.identity(s.op().value())));
        List<Object> present = new ArrayList<>();
        for (Run.Issued s : standing) {
            Object value = s.op().value();
            if (s.op().verb() != Op.Verb.REMOVE
                    && !absent.contains(TwinCodec.identity(value))
                    && (object.kind() == Kind.MVREGISTER || !present.contains(value))) {
                present.add(value);
            }
        }
        return present;
    }
}
