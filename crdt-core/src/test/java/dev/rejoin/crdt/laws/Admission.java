package dev.rejoin.crdt.laws;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/**
 * Several judged clients and their judge over links that delay, break and resend. One schedule is played twice: in the
 * first world the judge refuses some transactions; in the second the same transactions are never issued. Whatever is left must read the same.
 *
 * <p>Wall clocks advance between any two steps by more than they differ, so that the order of concurrent register writes
 * is the order of steps in both worlds.
 */
final class Admission {
    /** Makes the two ends under test. */
    interface Makers {
        JudgedClient client(long replica, LongSupplier millis);

        Judge judge(long replica, LongSupplier millis);
    }

    /** One step of a schedule; like every step it means something whatever others are deleted. */
    sealed interface Step {
        /** The client writes; {@code refused} is the judge's mind about it. */
        record Write(int who, List<Op> ops, boolean refused) implements Step {}

        /** The next offer of the client arrives at the judge. */
        record Up(int who) implements Step {}

        /** The next frame for the client arrives. */
        record Down(int who) implements Step {}

        /** The connection breaks: everything on the way is lost, the client offers again what has no verdict. */
        record Reconnect(int who) implements Step {}

        /** The client is closed and opened. */
        record Reload(int who) implements Step {}

        /** The judge folds, as far as it may. */
        record Fold() implements Step {}

        /** The server itself writes. */
        record ServerWrite(List<Op> ops) implements Step {}
    }

    /** One write on its way, numbered alike in both worlds; without an offer where it is not issued or did nothing. */
    private record Sent(int number, JudgedClient.Offer offer, boolean refused, long verdictsKnown) {}

    private record Frame(byte[] remote, int judged, long ackedThrough, List<long[]> voided) {}

    private static final int CLIENTS = 3;

    private final Scenario scenario;
    private final boolean refusedAreIssued;
    private final Judge judge;
    private final Seat[] seats = new Seat[CLIENTS];
    private long now = 1_700_000_000_000L;

    private final class Seat {
        final long id;
        final JudgedClient client;
        final Deque<Sent> up = new ArrayDeque<>();
        final Deque<Frame> down = new ArrayDeque<>();
        final List<Sent> unjudged = new ArrayList<>();
        final List<long[]> verdicts = new ArrayList<>();
        int writes;
        int judged;
        long judgedThrough;
        long ackKnown;
        long watermark;
        TreeSet<At> told = new TreeSet<>();

        Seat(int index, Makers makers) {
            id = Run.replicaId(index, 40);
            client = makers.client(id, () -> now + index * 100L);
        }
    }

    private Admission(Makers makers, Scenario scenario, boolean refusedAreIssued) {
        this.scenario = scenario;
        this.refusedAreIssued = refusedAreIssued;
        judge = makers.judge(Run.replicaId(99, 40), () -> now);
        for (int i = 0; i < CLIENTS; i++) {
            seats[i] = new Seat(i, makers);
        }
    }

    /** Throws if the two worlds differ, or the parties within one. */
    static void check(Makers makers, Scenario scenario, List<Step> schedule) {
        Map<String, Object> first = play(makers, scenario, schedule, true);
        Map<String, Object> second = play(makers, scenario, schedule, false);
        if (!first.equals(second)) {
            Map<String, Object> other = new TreeMap<>(second);
            other.entrySet().removeAll(first.entrySet());
            first.keySet().retainAll(other.keySet());
            throw new AssertionError("with refused writes: " + first + "\n  had they never been issued: " + other);
        }
    }

    private static Map<String, Object> play(Makers makers, Scenario scenario, List<Step> schedule, boolean issued) {
        Admission world = new Admission(makers, scenario, issued);
        schedule.forEach(world::step);
        return world.settle();
    }

    static List<Step> schedule(Scenario scenario, Random random) {
        List<Step> schedule = new ArrayList<>();
        int length = 6 + random.nextInt(30);
        int refusal = random.nextInt(6);
        for (int i = 0; i < length; i++) {
            int who = random.nextInt(CLIENTS);
            int dice = random.nextInt(100);
            if (dice < 42) {
                List<Op> ops = new ArrayList<>();
                do {
                    ops.add(scenario.op(random));
                } while (random.nextInt(3) == 0);
                schedule.add(new Step.Write(who, List.copyOf(ops), random.nextInt(10) < refusal));
            } else if (dice < 64) {
                schedule.add(new Step.Up(who));
            } else if (dice < 86) {
                schedule.add(new Step.Down(who));
            } else if (dice < 90) {
                schedule.add(new Step.Reconnect(who));
            } else if (dice < 92) {
                schedule.add(new Step.Reload(who));
            } else if (dice < 97) {
                schedule.add(new Step.Fold());
            } else {
                schedule.add(new Step.ServerWrite(List.of(scenario.op(random))));
            }
        }
        return schedule;
    }

    private void step(Step step) {
        now += 1000;
        if (step instanceof Step.Write w) {
            write(seats[w.who()], w);
        } else if (step instanceof Step.Up u) {
            receive(seats[u.who()]);
        } else if (step instanceof Step.Down d) {
            confirm(seats[d.who()]);
        } else if (step instanceof Step.Reconnect r) {
            reconnect(seats[r.who()]);
        } else if (step instanceof Step.Reload r) {
            Map<Address, Object> before = reads(seats[r.who()].client);
            seats[r.who()].client.reload();
            equal(before, reads(seats[r.who()].client), "a reload keeps what the user sees");
            reconnect(seats[r.who()]);
        } else if (step instanceof Step.Fold) {
            Map<Long, Long> watermarks = new TreeMap<>();
            for (Seat seat : seats) {
                watermarks.put(seat.id, seat.watermark);
            }
            Map<Address, Object> before = reads(judge);
            judge.fold(watermarks);
            equal(before, reads(judge), "folding keeps every sum");
        } else if (step instanceof Step.ServerWrite w) {
            judge.write(w.ops());
        }
    }

    private void write(Seat seat, Step.Write w) {
        long first = seat.client.issued() + 1;
        JudgedClient.Offer offer = w.refused() && !refusedAreIssued ? null : seat.client.write(w.ops());
        if (offer != null && (offer.first() != first || offer.last() != seat.client.issued())) {
            throw new AssertionError("dots are consecutive: " + offer.first() + " after " + (first - 1));
        }
        Sent sent = new Sent(++seat.writes, offer, w.refused(), seat.ackKnown);
        seat.unjudged.add(sent);
        seat.up.add(sent);
    }

    private void receive(Seat seat) {
        Sent sent = seat.up.poll();
        if (sent == null) {
            return;
        }
        if (sent.number() > seat.judged) {
            seat.judged = sent.number();
            JudgedClient.Offer offer = sent.offer();
            if (offer != null) {
                seat.judgedThrough = offer.last();
                if (sent.refused()) {
                    judge.voided(seat.id, offer.first(), offer.last());
                    seat.verdicts.add(new long[] {offer.first(), offer.last()});
                } else {
                    judge.merge(offer.delta());
                }
            }
        }
        seat.watermark = Math.max(seat.watermark, sent.verdictsKnown());
        for (Seat each : seats) {
            tell(each);
        }
    }

    /** Queues the verdicts on a client's own writes and what is new of the others; nobody gets the own cells back. */
    private void tell(Seat seat) {
        for (long n = 1; n <= seat.judgedThrough; n++) {
            seat.told.add(new At(seat.id, n));
        }
        byte[] news = judge.deltaSince(TwinCodec.encodeVersion(seat.told));
        seat.told = TwinCodec.decodeVersion(judge.version());
        seat.down.add(new Frame(news, seat.judged, seat.judgedThrough, List.copyOf(seat.verdicts)));
    }

    private void confirm(Seat seat) {
        Frame frame = seat.down.poll();
        if (frame != null) {
            seat.ackKnown = Math.max(seat.ackKnown, frame.ackedThrough());
            seat.unjudged.removeIf(s -> s.number() <= frame.judged());
            seat.client.confirm(frame.remote(), frame.ackedThrough(), frame.voided());
        }
    }

    private void reconnect(Seat seat) {
        seat.up.clear();
        seat.down.clear();
        seat.told = TwinCodec.decodeVersion(seat.client.confirmedVersion());
        tell(seat);
        seat.up.addAll(seat.unjudged);
    }

    /** Lets everything arrive, once over the links as they are and once over new ones. */
    private Map<String, Object> settle() {
        for (int round = 0; round < 2; round++) {
            for (Seat seat : seats) {
                while (!seat.up.isEmpty()) {
                    receive(seat);
                }
            }
            for (Seat seat : seats) {
                while (!seat.down.isEmpty()) {
                    confirm(seat);
                }
            }
            if (round == 0) {
                for (Seat seat : seats) {
                    reconnect(seat);
                }
            }
        }
        Map<String, Object> end = new TreeMap<>();
        for (Seat seat : seats) {
            if (!Arrays.equals(judge.state(), seat.client.confirmedState())) {
                throw new AssertionError(
                        "client and server hold the same bytes\n  server:\n" + Fragment.decode(judge.state())
                                + "  client:\n" + Fragment.decode(seat.client.confirmedState()));
            }
            equal(reads(judge), reads(seat.client), "client and server show the same");
        }
        reads(judge).forEach((object, reading) -> end.put(object.toString(), Oracle.normal(object, reading)));
        return end;
    }

    private Map<Address, Object> reads(JudgedClient client) {
        Map<Address, Object> reads = new HashMap<>();
        scenario.everything().forEach(object -> reads.put(object, client.read(object)));
        return reads;
    }

    private Map<Address, Object> reads(Judge server) {
        Map<Address, Object> reads = new HashMap<>();
        scenario.everything().forEach(object -> reads.put(object, server.read(object)));
        return reads;
    }

    private static void equal(Map<Address, Object> expected, Map<Address, Object> actual, String claim) {
        expected.forEach((object, reading) -> {
            if (!reading.equals(actual.get(object))) {
                throw new AssertionError(claim + ": " + object + " " + reading + " / " + actual.get(object));
            }
        });
    }
}
