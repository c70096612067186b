package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.Change;
import dev.rejoin.crdt.CommitEvent;
import dev.rejoin.crdt.ObjectKey;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a listener knows of a document that has never read it: the fold of its change events. */
final class Shadow {
    private final Map<String, Set<Object>> sets = new HashMap<>();
    private final Map<String, BigInteger> counters = new HashMap<>();
    private final Map<String, List<Object>> registers = new HashMap<>();
    int events;

    private static String name(ObjectKey key) {
        return new Address(null, key.typeCode(), "").kind() + ":" + String.join("/", key.path());
    }

    private static String name(Address address) {
        return address.kind() + ":" + String.join("/", address.path());
    }

    void accept(CommitEvent event) {
        events++;
        Laws.isTrue(!event.changes().isEmpty(), "E1: an event changes something");
        for (Change change : event.changes()) {
            String name = name(change.object());
            if (change instanceof Change.SetChange c) {
                Set<Object> set = sets.computeIfAbsent(name, n -> new HashSet<>());
                c.added().forEach(e -> Laws.isTrue(set.add(e), "E1: " + e + " was not there before"));
                c.removed().forEach(e -> Laws.isTrue(set.remove(e), "E1: " + e + " was there before"));
            } else if (change instanceof Change.CounterChange c) {
                BigInteger before = counters.put(name, c.after());
                Laws.isTrue((before == null ? BigInteger.ZERO : before).equals(c.before()), "E1: counted on");
                Laws.isTrue(!c.before().equals(c.after()), "E1: a change changes");
            } else if (change instanceof Change.RegisterChange c) {
                List<Object> before = registers.put(name, c.after());
                Laws.isTrue((before == null ? List.of() : before).equals(c.before()), "E1: written over");
                Laws.isTrue(!c.before().equals(c.after()), "E1: a change changes");
            }
        }
    }

    /** E1: the fold of the events is the value. */
    void agrees(Address object, Object reading) {
        Object folded = switch (object.kind()) {
            case GCOUNTER, COUNTER -> counters.getOrDefault(name(object), BigInteger.ZERO);
            case REGISTER, MVREGISTER -> registers.getOrDefault(name(object), List.of());
            case SET, RWSET, FLAG, DWFLAG -> sets.getOrDefault(name(object), Set.of());
            case MAP -> reading;
        };
        Object value = folded instanceof Set ? Set.copyOf((List<?>) reading) : reading;
        Laws.isTrue(folded.equals(value), "E1: events of " + object + " add up to " + folded + ", not " + value);
    }
}
