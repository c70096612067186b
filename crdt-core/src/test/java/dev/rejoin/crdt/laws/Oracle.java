package dev.rejoin.crdt.laws;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The operational oracle: what an object must show, worked out from the log of operations and who had seen what, without
 * a single cell, dot set or join.
 *
 * <ul>
 *   <li>An operation on a set, flag or register stands until one on the same element or object that found it standing.
 *   <li>A counter is the sum of its increments less those that a reset had seen. Increments of one replica are
 *       cumulative, so who knows one knows the earlier ones.
 *   <li>Emptying a map, or removing a key, clears or resets everything below.
 * </ul>
 */
final class Oracle {
    private final List<Run.Issued> log;
    private final List<Effect> effects = new ArrayList<>();
    private int digested;

    /** Something an operation left standing, and the operations that found it so and overrode it. */
    private record Effect(Run.Issued by, Address object, Op.Verb verb, String value, BitSet overriders) {
        boolean stands(BitSet knows) {
            return knows.get(by.number()) && !overriders.intersects(knows);
        }
    }

    Oracle(List<Run.Issued> log) {
        this.log = log;
    }

    Object read(Address object, BitSet knows) {
        digest();
        return switch (object.kind()) {
            case GCOUNTER, COUNTER -> counter(object, knows);
            case MAP -> keys(object, knows);
            case REGISTER -> register(object, knows);
            case MVREGISTER -> {
                List<String> values = new ArrayList<>();
                standing(object, Op.Verb.SET, knows).forEach(e -> values.add(e.value));
                values.sort(Comparator.naturalOrder());
                yield values;
            }
            case SET, FLAG -> List.copyOf(elements(object, Op.Verb.ADD, knows));
            case RWSET, DWFLAG -> {
                Set<String> present = elements(object, Op.Verb.ADD, knows);
                present.removeAll(elements(object, Op.Verb.REMOVE, knows));
                yield List.copyOf(present);
            }
        };
    }

    /** The same forms without what is left open, so that both sides compare: sets lose order, registers keep the winner first. */
    static Object normal(Address object, Object reading) {
        return switch (object.kind()) {
            case GCOUNTER, COUNTER, MAP -> reading;
            case REGISTER -> {
                List<String> values = new ArrayList<>();
                ((List<?>) reading).forEach(v -> values.add(TwinCodec.identity(v)));
                if (values.size() > 2) {
                    values.subList(1, values.size()).sort(Comparator.naturalOrder());
                }
                yield values;
            }
            default -> {
                List<String> values = new ArrayList<>();
                ((List<?>) reading).forEach(v -> values.add(TwinCodec.identity(v)));
                values.sort(Comparator.naturalOrder());
                yield values;
            }
        };
    }

    private List<Effect> standing(Address object, Op.Verb verb, BitSet knows) {
        return effects.stream()
                .filter(e -> e.object.equals(object) && e.verb == verb && e.stands(knows))
                .toList();
    }

    private Set<String> elements(Address object, Op.Verb verb, BitSet knows) {
        Set<String> elements = new TreeSet<>();
        standing(object, verb, knows).forEach(e -> elements.add(e.value));
        return elements;
    }

    /** Works out, for the operations logged since the last question, what each found standing and what it leaves. */
    private void digest() {
        for (; digested < log.size(); digested++) {
            Run.Issued issued = log.get(digested);
            Op op = issued.op();
            Address object = op.object();
            if (object.kind() == Kind.MAP) {
                override(issued, e -> emptied(op, e.object));
            } else if (!object.kind().counts()) {
                String value = op.value() == null ? null : TwinCodec.identity(op.value());
                switch (op.verb()) {
                    case ADD, REMOVE -> {
                        override(issued, e -> e.object.equals(object) && e.value.equals(value));
                        if (op.verb() == Op.Verb.ADD || object.kind().removeWins()) {
                            leave(issued, op.verb(), value);
                        }
                    }
                    case SET -> {
                        override(issued, e -> e.object.equals(object));
                        leave(issued, op.verb(), value);
                    }
                    default -> {
                        Set<String> removed = new LinkedHashSet<>(elements(object, Op.Verb.ADD, issued.seen()));
                        boolean removeWins = object.kind().removeWins();
                        override(issued, e -> e.object.equals(object) && (!removeWins || removed.contains(e.value)));
                        if (removeWins) {
                            removed.forEach(element -> leave(issued, Op.Verb.REMOVE, element));
                        }
                    }
                }
            }
        }
    }

    private void leave(Run.Issued issued, Op.Verb verb, String value) {
        effects.add(new Effect(issued, issued.op().object(), verb, value, new BitSet()));
    }

    private void override(Run.Issued issued, java.util.function.Predicate<Effect> concerned) {
        for (Effect e : effects) {
            if (concerned.test(e) && e.stands(issued.seen())) {
                e.overriders.set(issued.number());
            }
        }
    }

    private static boolean emptied(Op onMap, Address object) {
        for (Address a = object; a.parent() != null; a = a.parent()) {
            if (a.parent().equals(onMap.object())) {
                return onMap.verb() == Op.Verb.CLEAR || a.key().equals(onMap.value());
            }
        }
        return false;
    }

    private List<String> register(Address object, BitSet knows) {
        record Candidate(At dot, long hlc, String value) {}
        List<Candidate> candidates = new ArrayList<>();
        for (Effect e : standing(object, Op.Verb.SET, knows)) {
            Fragment.decode(e.by.delta()).cells.forEach((dot, cell) -> {
                if (cell.object().equals(object)) {
                    candidates.add(new Candidate(dot, ((Payload.Stamped) cell.payload()).hlc(), e.value));
                }
            });
        }
        candidates.sort(Comparator.comparingLong(Candidate::hlc)
                .thenComparing(Candidate::dot)
                .reversed());
        List<String> values =
                new ArrayList<>(candidates.stream().map(Candidate::value).toList());
        if (values.size() > 2) {
            values.subList(1, values.size()).sort(Comparator.naturalOrder());
        }
        return values;
    }

    private BigInteger counter(Address counter, BitSet knows) {
        BitSet gone = new BitSet();
        for (int n = knows.nextSetBit(0); n >= 0; n = knows.nextSetBit(n + 1)) {
            if (isReset(log.get(n), counter)) {
                gone.or(killed(log.get(n), counter));
            }
        }
        BitSet counted = increments(counter, knows);
        counted.andNot(gone);
        BigInteger sum = BigInteger.ZERO;
        for (int n = counted.nextSetBit(0); n >= 0; n = counted.nextSetBit(n + 1)) {
            sum = sum.add(BigInteger.valueOf((Long) log.get(n).op().value()));
        }
        return sum;
    }

    /** A reset that found something to take back; one that did not says nothing to those who missed the earlier ones. */
    private boolean isReset(Run.Issued issued, Address counter) {
        Op op = issued.op();
        boolean resets = op.object().kind() == Kind.MAP
                ? emptied(op, counter)
                : op.object().equals(counter) && op.verb() == Op.Verb.RESET;
        return resets
                && Fragment.decode(issued.delta()).cells.values().stream()
                        .anyMatch(c -> c.object().equals(counter) && c.payload() instanceof Payload.Baseline);
    }

    /** The increments that a reset takes back: those its replica had seen, by itself or through an earlier reset. */
    private BitSet killed(Run.Issued reset, Address counter) {
        BitSet gone = increments(counter, reset.seen());
        for (int n = reset.seen().nextSetBit(0); n >= 0; n = reset.seen().nextSetBit(n + 1)) {
            if (isReset(log.get(n), counter)) {
                gone.or(killed(log.get(n), counter));
            }
        }
        return gone;
    }

    /** The increments known, with all earlier ones of the same replica. */
    private BitSet increments(Address counter, BitSet knows) {
        Map<Long, Integer> latest = new HashMap<>();
        for (int n = knows.nextSetBit(0); n >= 0; n = knows.nextSetBit(n + 1)) {
            if (log.get(n).op().object().equals(counter) && log.get(n).op().verb() == Op.Verb.INCREMENT) {
                latest.merge(log.get(n).replica(), n, Math::max);
            }
        }
        BitSet increments = new BitSet();
        for (Run.Issued issued : log) {
            if (issued.op().object().equals(counter)
                    && issued.op().verb() == Op.Verb.INCREMENT
                    && latest.getOrDefault(issued.replica(), -1) >= issued.number()) {
                increments.set(issued.number());
            }
        }
        return increments;
    }

    /** A key shows if anything below it does: a value or element, or an increment that no reset has seen. */
    private List<Object> keys(Address map, BitSet knows) {
        TreeSet<String> keys = new TreeSet<>();
        for (Effect e : effects) {
            if (e.stands(knows) && (!e.object.kind().removeWins() || !((List<?>) read(e.object, knows)).isEmpty())) {
                addKey(keys, map, e.object);
            }
        }
        for (Run.Issued issued : log) {
            if (issued.op().verb() == Op.Verb.INCREMENT && knows.get(issued.number()) && survives(issued, knows)) {
                addKey(keys, map, issued.op().object());
            }
        }
        return List.copyOf(keys);
    }

    private static void addKey(Set<String> keys, Address map, Address object) {
        for (Address a = object; a.parent() != null; a = a.parent()) {
            if (a.parent().equals(map)) {
                keys.add(a.key());
            }
        }
    }

    private boolean survives(Run.Issued increment, BitSet knows) {
        for (int n = knows.nextSetBit(0); n >= 0; n = knows.nextSetBit(n + 1)) {
            if (isReset(log.get(n), increment.op().object())
                    && killed(log.get(n), increment.op().object()).get(increment.number())) {
                return false;
            }
        }
        return true;
    }
}
