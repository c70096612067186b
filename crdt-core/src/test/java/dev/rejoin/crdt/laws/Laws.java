package dev.rejoin.crdt.laws;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** The laws over histories, by their names in the reference: L of lattices, D of deltas, S of semantics, T of time, V of versions. */
final class Laws {
    private Laws() {}

    /** Every law by its id. */
    static Map<String, Run.Law> all() {
        Map<String, Run.Law> laws = new LinkedHashMap<>();
        laws.put("L1", L1);
        laws.put("L2", L2);
        laws.put("L3", L3);
        laws.put("L4", L4);
        laws.put("L5", L5);
        laws.put("D1", D1);
        laws.put("D2", D2);
        laws.put("D3", D3);
        laws.put("D4", D4);
        laws.put("S", S);
        laws.put("S5", S5);
        laws.put("T1", T1);
        laws.put("V1", V1);
        return laws;
    }

    static void same(byte[] expected, byte[] actual, String claim) {
        if (!Arrays.equals(expected, actual)) {
            throw new AssertionError(
                    claim + "\n  expected:\n" + Fragment.decode(expected) + "  actual:\n" + Fragment.decode(actual));
        }
    }

    static void isTrue(boolean holds, String claim) {
        if (!holds) {
            throw new AssertionError(claim);
        }
    }

    /** Reachable lattice elements of a run: the states of all replicas and a few deltas. */
    private static List<byte[]> elements(Run run) {
        List<byte[]> elements = new ArrayList<>();
        for (Run.Seat seat : run.seats) {
            elements.add(seat.peer.state());
        }
        int step = Math.max(1, run.sent.size() / 3);
        for (int i = 0; i < run.sent.size(); i += step) {
            elements.add(run.sent.get(i).bytes());
        }
        return elements;
    }

    private static byte[] encode(Fragment fragment) {
        return fragment.encode();
    }

    /** Join is idempotent. */
    static final Run.Law L1 = new Run.Law() {
        @Override
        public void atEnd(Run run) {
            for (byte[] a : elements(run)) {
                same(a, run.backend.join(a, a), "L1: a joined with itself is a");
            }
            for (Run.Seat seat : run.seats) {
                byte[] state = seat.peer.state();
                seat.peer.merge(state);
                same(state, seat.peer.state(), "L1: merging the own state changes nothing");
            }
        }
    };

    /** Join is commutative, also as two replicas do it. */
    static final Run.Law L2 = new Run.Law() {
        @Override
        public void atEnd(Run run) {
            List<byte[]> elements = elements(run);
            for (byte[] a : elements) {
                for (byte[] b : elements) {
                    same(run.backend.join(a, b), run.backend.join(b, a), "L2: a with b is b with a");
                }
            }
            Run.Seat one = run.seats[0];
            Run.Seat two = run.seats[1];
            byte[] a = one.peer.state();
            byte[] b = two.peer.state();
            one.peer.merge(b);
            two.peer.merge(a);
            same(one.peer.state(), two.peer.state(), "L2: two replicas that swap states are equal");
            for (Address object : run.scenario.everything()) {
                isTrue(
                        one.peer.read(object).equals(two.peer.read(object)),
                        "L2: equal states read alike, in the same order: " + object + " " + one.peer.read(object) + " "
                                + two.peer.read(object));
            }
        }
    };

    /** Join is associative. */
    static final Run.Law L3 = new Run.Law() {
        @Override
        public void atEnd(Run run) {
            List<byte[]> elements = elements(run);
            for (byte[] a : elements) {
                for (byte[] b : elements) {
                    byte[] ab = run.backend.join(a, b);
                    for (byte[] c : elements) {
                        same(
                                run.backend.join(ab, c),
                                run.backend.join(a, run.backend.join(b, c)),
                                "L3: grouping does not matter");
                    }
                }
            }
        }
    };

    /** A mutator only ever adds knowledge, and its delta is exactly what it did. */
    static final Run.Law L4 = new Run.Law() {
        @Override
        public void written(Run run, int who, byte[] before, byte[] delta) {
            byte[] after = run.seats[who].peer.state();
            same(after, run.backend.join(before, after), "L4: before ⊑ after");
            same(after, run.backend.join(before, delta), "L4: before ⊔ delta is after");
            run.seats[who].peer.merge(delta);
            same(after, run.seats[who].peer.state(), "L4: replaying a delta is a no-op");
            Fragment old = Fragment.decode(before);
            isTrue(
                    Fragment.decode(delta).context.stream()
                            .anyMatch(dot -> dot.replica() == run.seats[who].id && !old.context.contains(dot)),
                    "L4: every transaction claims a new dot of its author");
        }

        @Override
        public void merged(Run run, int who, byte[] before, byte[] delta) {
            same(run.seats[who].peer.state(), run.backend.join(before, delta), "L4: merge is join");
        }
    };

    /** The order of versions agrees with join. */
    static final Run.Law L5 = new Run.Law() {
        @Override
        public void atEnd(Run run) {
            for (Run.Seat one : run.seats) {
                for (Run.Seat two : run.seats) {
                    byte[] v = one.peer.version();
                    byte[] w = two.peer.version();
                    Set<At> a = Fragment.decode(one.peer.state()).context;
                    Set<At> b = Fragment.decode(two.peer.state()).context;
                    String expected = a.containsAll(b)
                            ? b.containsAll(a) ? "EQUAL" : "AFTER"
                            : b.containsAll(a) ? "BEFORE" : "CONCURRENT";
                    isTrue(
                            run.backend.relation(v, w).equals(expected),
                            "L5: relation is " + expected + ", not " + run.backend.relation(v, w));
                }
            }
        }

        @Override
        public void merged(Run run, int who, byte[] before, byte[] delta) {
            Set<At> expected = new java.util.TreeSet<>(Fragment.decode(before).context);
            expected.addAll(Fragment.decode(delta).context);
            isTrue(
                    TwinCodec.decodeVersion(run.seats[who].peer.version()).equals(expected),
                    "L5: the version of a join is the union of versions");
        }
    };

    /** Cuts a fragment into parts that claim one dot each. */
    static List<Fragment> irreducible(Fragment whole) {
        List<Fragment> parts = new ArrayList<>();
        for (At dot : whole.context) {
            TwinCell cell = whole.cells.get(dot);
            parts.add(cell == null ? new Fragment().dead(dot) : new Fragment().live(dot, cell));
        }
        return parts;
    }

    /** A state is the join of its irreducible parts, and each of them counts. */
    static final Run.Law D1 = new Run.Law() {
        @Override
        public void atEnd(Run run) {
            byte[] whole = run.seats[0].peer.state();
            List<Fragment> parts = irreducible(Fragment.decode(whole));
            Collections.shuffle(parts, new Random(parts.size()));
            Peer fresh = run.backend.create(7, () -> 0);
            for (int i = 0; i < parts.size(); i++) {
                isTrue(
                        !Arrays.equals(fresh.state(), run.backend.join(fresh.state(), encode(parts.get(i)))),
                        "D1: no part is contained in the others");
                fresh.merge(encode(parts.get(i)));
            }
            same(whole, fresh.state(), "D1: the join of the parts is the whole");
        }
    };

    /** True if the replica knows all that the writers it heard had seen: nothing was lost or overtaken on the way to it. */
    static boolean isDelivered(Run run, Run.Seat seat) {
        for (int n = seat.knows.nextSetBit(0); n >= 0; n = seat.knows.nextSetBit(n + 1)) {
            BitSet missing = (BitSet) run.log.get(n).seen().clone();
            missing.andNot(seat.knows);
            if (!missing.isEmpty()) {
                return false;
            }
        }
        return true;
    }

    /**
     * What is sent to bring a peer up to date does so, and carries no cell the peer's version knows. A version names dots, not
     * the removals that came with them: a peer that missed a delta in between and learned of its dots from a later one is
     * brought up to date by states and digests, not by its version.
     */
    static final Run.Law D2 = new Run.Law() {
        @Override
        public void atEnd(Run run) {
            for (Run.Seat from : run.seats) {
                for (Run.Seat to : run.seats) {
                    byte[] a = from.peer.state();
                    byte[] b = to.peer.state();
                    byte[] delta = from.peer.deltaSince(to.peer.version());
                    if (isDelivered(run, to)) {
                        same(run.backend.join(a, b), run.backend.join(delta, b), "D2: Δ(a,b) ⊔ b is a ⊔ b");
                    }
                    Fragment carried = Fragment.decode(delta);
                    Set<At> known = Fragment.decode(b).context;
                    isTrue(
                            carried.cells.keySet().stream().noneMatch(known::contains),
                            "D2: Δ(a,b) carries no cell that b knows");
                    isTrue(
                            Fragment.decode(a).context.containsAll(carried.context),
                            "D2: Δ(a,b) claims nothing that a does not know");
                }
            }
        }
    };

    /** Any order, grouping, repetition or cutting up of the same deltas ends in the same bytes. */
    static final Run.Law D3 = new Run.Law() {
        @Override
        public void atEnd(Run run) {
            byte[] expected = null;
            for (int order = 0; order < 4; order++) {
                Random random = new Random(order * 31L + run.sent.size());
                List<byte[]> deltas = new ArrayList<>();
                run.sent.forEach(m -> deltas.add(m.bytes()));
                if (order > 0) {
                    Collections.shuffle(deltas, random);
                }
                Peer fresh = run.backend.create(9, () -> 0);
                for (int i = 0; i < deltas.size(); i++) {
                    byte[] delta = deltas.get(i);
                    if (order == 2 && i + 1 < deltas.size()) {
                        delta = run.backend.join(deltas.get(i + 1), delta);
                    } else if (order == 3) {
                        List<Fragment> chunks = irreducible(Fragment.decode(delta));
                        Collections.shuffle(chunks, random);
                        chunks.forEach(chunk -> fresh.merge(encode(chunk)));
                    }
                    fresh.merge(delta);
                    if (random.nextInt(3) == 0) {
                        fresh.merge(deltas.get(random.nextInt(i + 1)));
                    }
                }
                if (expected == null) {
                    expected = fresh.state();
                }
                same(expected, fresh.state(), "D3: order " + order + " of the same deltas ends in the same bytes");
            }
        }
    };

    /** A later delta without the earlier ones claims its own dots only: nothing is lost once the rest arrives. */
    static final Run.Law D4 = new Run.Law() {
        @Override
        public void atEnd(Run run) {
            if (run.sent.isEmpty()) {
                return;
            }
            Peer inOrder = run.backend.create(9, () -> 0);
            run.sent.forEach(m -> inOrder.merge(m.bytes()));
            Random random = new Random(run.sent.size());
            for (int i = 0; i < 4; i++) {
                Peer gappy = run.backend.create(11, () -> 0);
                Fragment claimed = new Fragment();
                for (Run.Message message : run.sent) {
                    if (random.nextInt(3) == 0) {
                        gappy.merge(message.bytes());
                        claimed.context.addAll(Fragment.decode(message.bytes()).context);
                    }
                }
                isTrue(
                        Fragment.decode(gappy.state()).context.equals(claimed.context),
                        "D4: a state knows the dots of its deltas, and no gap between them");
                Peer whole = run.backend.create(13, () -> 0);
                whole.merge(inOrder.state());
                whole.merge(gappy.state());
                gappy.merge(inOrder.state());
                same(inOrder.state(), gappy.state(), "D4: state after gaps");
                same(inOrder.state(), whole.state(), "D4: gaps after state");
            }
        }
    };

    /** At every moment each object reads as the operations known there say (S1 sets, S2 counters, S3 registers, S4 flags and maps). */
    static final Run.Law S = new Run.Law() {
        @Override
        public void written(Run run, int who, byte[] before, byte[] delta) {
            agrees(run, run.seats[who], false);
        }

        @Override
        public void merged(Run run, int who, byte[] before, byte[] delta) {
            agrees(run, run.seats[who], false);
        }

        @Override
        public void atEnd(Run run) {
            run.heal();
            BitSet everything = run.seats[0].knows;
            for (Run.Seat seat : run.seats) {
                isTrue(seat.knows.equals(everything), "S: the log is shared");
                same(run.seats[0].peer.state(), seat.peer.state(), "S: all replicas end alike");
                agrees(run, seat, true);
            }
        }

        private void agrees(Run run, Run.Seat seat, boolean whole) {
            Oracle oracle = run.oracle;
            for (Address object : whole ? run.scenario.everything() : run.scenario.objects()) {
                Object expected = oracle.read(object, seat.knows);
                Object actual = Oracle.normal(object, seat.peer.read(object));
                isTrue(
                        expected.equals(actual),
                        "S: " + object + " at replica " + seat.index + " shows " + actual + ", the log says "
                                + expected);
            }
        }
    };

    /** Small histories, causally delivered, are linearizable with respect to a plain sequential object. */
    static final Run.Law S5 = new Run.Law() {
        @Override
        public void atEnd(Run run) {
            boolean clearsManyElements = run.log.stream()
                    .anyMatch(i -> i.op().verb() == Op.Verb.CLEAR
                            && i.op().object().kind().removeWins());
            if (run.log.size() > Linearization.MOST
                    || run.scenario.objects().size() > 1
                    || clearsManyElements
                    || !isCausal(run)) {
                return;
            }
            run.heal();
            Run.Seat seat = run.seats[0];
            if (seat.knows.cardinality() == run.log.size()) {
                Address object = run.scenario.objects().get(0);
                Object reading = seat.peer.read(object);
                if (object.kind() == Kind.REGISTER && ((List<?>) reading).size() > 1) {
                    reading = List.of(((List<?>) reading).get(0));
                }
                isTrue(
                        Linearization.exists(run.log, object, reading),
                        "S5: no order of the operations explains " + reading);
            }
        }
    };

    /** True if whoever saw an operation also saw what that one had seen. */
    private static boolean isCausal(Run run) {
        for (Run.Issued issued : run.log) {
            for (int n = issued.seen().nextSetBit(0); n >= 0; n = issued.seen().nextSetBit(n + 1)) {
                BitSet missing = (BitSet) run.log.get(n).seen().clone();
                missing.andNot(issued.seen());
                if (!missing.isEmpty()) {
                    return false;
                }
            }
        }
        return true;
    }

    /** A stamp so far ahead of the own clock is overwritten by dot like any other, but not followed. */
    private static final long MAX_LEAD_MILLIS = 60_000;

    /** A stamp is later than every credible stamp its register held; whatever the wall clocks do, replicas end alike. */
    static final Run.Law T1 = new Run.Law() {
        @Override
        public void written(Run run, int who, byte[] before, byte[] delta) {
            int transaction = run.log.get(run.log.size() - 1).transaction();
            if (run.log.stream().anyMatch(i -> i.transaction() == transaction && i.op().verb() != Op.Verb.SET)) {
                return; // what is cleared first is not seen any more
            }
            Map<Address, Long> held = new TreeMap<>(java.util.Comparator.comparing(Address::toString));
            Fragment.decode(before).cells.values().forEach(cell -> {
                if (cell.payload() instanceof Payload.Stamped s) {
                    held.merge(cell.object(), s.hlc(), Math::max);
                }
            });
            Fragment.decode(delta).cells.values().forEach(cell -> {
                if (cell.payload() instanceof Payload.Stamped s) {
                    isTrue(
                            s.hlc() > held.getOrDefault(cell.object(), Long.MIN_VALUE)
                                    || (held.get(cell.object()) >> 16) - run.seats[who].millis > MAX_LEAD_MILLIS,
                            "T1: a write that saw another is stamped later");
                }
            });
        }

        @Override
        public void atEnd(Run run) {
            run.heal();
            for (Run.Seat seat : run.seats) {
                same(run.seats[0].peer.state(), seat.peer.state(), "T1: clocks do not keep replicas apart");
            }
        }
    };

    /** Who has reached a writer's version shows the write, removals included. */
    static final Run.Law V1 = new Run.Law() {
        @Override
        public void written(Run run, int who, byte[] before, byte[] delta) {
            Run.Seat writer = run.seats[who];
            byte[] token = writer.peer.version();
            isTrue(
                    !new HashSet<>(TwinCodec.decodeVersion(token)).equals(Fragment.decode(before).context),
                    "V1: every write moves the version");
            for (Run.Seat other : run.seats) {
                if (other != writer
                        && TwinCodec.decodeVersion(other.peer.version()).containsAll(TwinCodec.decodeVersion(token))) {
                    throw new AssertionError("V1: nobody else has reached a version just written");
                }
            }
        }

        @Override
        public void merged(Run run, int who, byte[] before, byte[] delta) {
            Run.Seat reader = run.seats[who];
            Set<At> reached = TwinCodec.decodeVersion(reader.peer.version());
            Fragment state = Fragment.decode(reader.peer.state());
            boolean nothingMissed = isDelivered(run, reader);
            for (Run.Message message : run.sent) {
                Fragment write = Fragment.decode(message.bytes());
                if (message.carries().stream().allMatch(reader.knows::get)
                        || nothingMissed && reached.containsAll(write.context)) {
                    isTrue(reached.containsAll(write.context), "V1: a version covers what was merged");
                    for (At dot : write.context) {
                        isTrue(
                                write.cells.containsKey(dot) || !state.cells.containsKey(dot),
                                "V1: a removal that the version covers is visible");
                    }
                }
            }
        }
    };
}
