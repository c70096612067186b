package dev.rejoin.conformance.durability;

import dev.rejoin.crdt.OrMap;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * What one author writes. Step n, one transaction, depends on the seed, the author and n alone. So a document tells by the
 * author's step counter how much of the script it holds, and {@link Outcome} tells what else it must hold then.
 */
final class Script {
    private static final String TOTAL = "total";
    private static final String RECENT = "recent";
    private static final String TITLE = "title";
    private static final String STEPS = "steps";
    private static final int RECENT_STEPS = 40;
    private static final int KINDS = 14;
    private static final int ELEMENTS = 12;
    private static final int KEYS = 3;

    private final long seed;
    private final String author;

    Script(long seed, String author) {
        this.seed = seed;
        this.author = author;
    }

    String author() {
        return author;
    }

    /** How many steps of this author the document holds. */
    static long steps(Document document, String author) {
        return document.map(author).gcounter(STEPS).value();
    }

    /** The sum of the amounts of all steps of all authors that the document holds. */
    static long total(Document document) {
        return document.counter(TOTAL).value();
    }

    /** The elements of all authors that the document holds. */
    static Set<String> recent(Document document) {
        return new TreeSet<>(recentSet(document).elements());
    }

    private static OrSet<String> recentSet(Document document) {
        return document.set(RECENT, ValueCodec.STRING);
    }

    /** Takes step n in a transaction of the caller. */
    void take(long n, Document document) {
        Step step = step(n);
        OrMap own = document.map(author);
        own.gcounter(STEPS).increment();
        document.counter(TOTAL).add(step.amount);
        recentSet(document).add(element(n));
        if (n > RECENT_STEPS) {
            recentSet(document).remove(element(n - RECENT_STEPS));
        }
        document.register(TITLE, ValueCodec.STRING).set(element(n));
        step.take(own);
    }

    private String element(long n) {
        return author + "/" + n;
    }

    private Step step(long n) {
        Random random = new Random(31 * (31 * seed + author.hashCode()) + n * 0x9e3779b97f4a7c15L);
        int amount = random.nextInt(9) - 3;
        return new Step(random.nextInt(KINDS), amount == 0 ? 6 : amount, random.nextInt(ELEMENTS), n);
    }

    /** One thing an author does to objects that nobody else touches. */
    private record Step(int kind, int amount, int element, long n) {
        String key() {
            return "k" + element % KEYS;
        }

        void take(OrMap own) {
            switch (kind) {
                case 0 -> own.counter("pn").add(amount);
                case 1 -> own.counter("pn").reset();
                case 2 -> own.gcounter("grow").increment(1 + element);
                case 3 -> own.register("lww", ValueCodec.LONG).set(n);
                case 4 -> own.register("lww", ValueCodec.LONG).clear();
                case 5 -> own.mvRegister("mv", ValueCodec.LONG).set(n);
                case 6 -> own.set("adds", ValueCodec.LONG).add((long) element);
                case 7 -> own.set("adds", ValueCodec.LONG).remove((long) element);
                case 8 -> own.removeWinsSet("removes", ValueCodec.LONG).add((long) element);
                case 9 -> own.removeWinsSet("removes", ValueCodec.LONG).remove((long) element);
                case 10 -> (element % 2 == 0 ? own.flag("on") : own.disableWinsFlag("off")).enable();
                case 11 -> (element % 2 == 0 ? own.flag("on") : own.disableWinsFlag("off")).disable();
                case 12 -> own.map("map").counter(key()).add(amount);
                default -> own.map("map").remove(key());
            }
        }
    }

    /** What a document must hold of an author after so many steps, in plain values. Goes forward only. */
    final class Outcome {
        private long steps;
        private long total;
        private long pn;
        private long grow;
        private Long lww;
        private Long mv;
        private final Set<Long> adds = new TreeSet<>();
        private final Set<Long> removes = new TreeSet<>();
        private boolean on;
        private boolean off;
        private final long[] map = new long[KEYS];

        long total() {
            return total;
        }

        /** The elements of this author in the set of all. */
        Set<String> recent() {
            Set<String> recent = new TreeSet<>();
            for (long n = Math.max(1, steps - RECENT_STEPS + 1); n <= steps; n++) {
                recent.add(element(n));
            }
            return recent;
        }

        void advanceTo(long n) {
            while (steps < n) {
                take(step(++steps));
            }
        }

        private void take(Step step) {
            total += step.amount;
            long element = step.element;
            switch (step.kind) {
                case 0 -> pn += step.amount;
                case 1 -> pn = 0;
                case 2 -> grow += 1 + element;
                case 3 -> lww = step.n;
                case 4 -> lww = null;
                case 5 -> mv = step.n;
                case 6 -> adds.add(element);
                case 7 -> adds.remove(element);
                case 8 -> removes.add(element);
                case 9 -> removes.remove(element);
                case 10, 11 -> {
                    boolean enabled = step.kind == 10;
                    on = element % 2 == 0 ? enabled : on;
                    off = element % 2 == 0 ? off : enabled;
                }
                case 12 -> map[step.element % KEYS] += step.amount;
                default -> map[step.element % KEYS] = 0;
            }
        }

        /** What the document holds otherwise; empty if all is as it must be. */
        List<String> differences(Document document) {
            OrMap own = document.map(author);
            List<String> found = new ArrayList<>();
            compare(found, "pn", pn, own.counter("pn").value());
            compare(found, "grow", grow, own.gcounter("grow").value());
            compare(
                    found,
                    "lww",
                    Optional.ofNullable(lww),
                    own.register("lww", ValueCodec.LONG).optional());
            compare(
                    found,
                    "mv",
                    mv == null ? List.of() : List.of(mv),
                    own.mvRegister("mv", ValueCodec.LONG).values());
            compare(
                    found,
                    "adds",
                    adds,
                    new TreeSet<>(own.set("adds", ValueCodec.LONG).elements()));
            compare(
                    found,
                    "removes",
                    removes,
                    new TreeSet<>(own.removeWinsSet("removes", ValueCodec.LONG).elements()));
            compare(found, "on", on, own.flag("on").isEnabled());
            compare(found, "off", off, own.disableWinsFlag("off").isEnabled());
            for (int key = 0; key < KEYS; key++) {
                compare(
                        found,
                        "map/k" + key,
                        map[key],
                        own.map("map").counter("k" + key).value());
            }
            return found;
        }

        private void compare(List<String> found, String what, Object expected, Object held) {
            if (!Objects.equals(expected, held)) {
                found.add(author + " after " + steps + " steps: " + what + " is " + held + ", not " + expected);
            }
        }
    }
}
