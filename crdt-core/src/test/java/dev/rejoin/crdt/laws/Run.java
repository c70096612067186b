package dev.rejoin.crdt.laws;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * A history being played on one implementation, beside the operational log: which operation was issued where, and
 * which earlier ones its replica had seen.
 */
final class Run {
    /** One issued operation. {@code seen} holds the numbers of the operations its replica knew, earlier ones of its transaction included. */
    record Issued(int number, int transaction, long replica, Op op, BitSet seen, byte[] delta) {}

    /** A delta under way and the operations whose effects it carries. */
    record Message(byte[] bytes, BitSet carries) {}

    /** A law watching a run; every method may throw an AssertionError. */
    interface Law {
        default void written(Run run, int who, byte[] before, byte[] delta) {}

        default void merged(Run run, int who, byte[] before, byte[] delta) {}

        default void atEnd(Run run) {}
    }

    final Backend backend;
    final Scenario scenario;
    final List<Issued> log = new ArrayList<>();
    final Oracle oracle = new Oracle(log);
    final List<Message> sent = new ArrayList<>();
    final Seat[] seats;
    private final Law law;
    private int transactions;

    /** One replica's place: its peer, what it knows, what waits for it, what it saved. */
    final class Seat {
        final int index;
        int incarnation;
        long id;
        long millis;
        Peer peer;
        BitSet knows = new BitSet();
        final List<Message> inbox = new ArrayList<>();
        byte[] saved;
        BitSet savedKnows = new BitSet();

        Seat(int index) {
            this.index = index;
            millis = 1_700_000_000_000L + index * 977L;
            start();
        }

        void start() {
            id = replicaId(index, incarnation++);
            peer = backend.create(id, () -> millis);
        }
    }

    Run(Backend backend, Scenario scenario, Law law) {
        this.backend = backend;
        this.scenario = scenario;
        this.law = law;
        seats = new Seat[scenario.replicas()];
        for (int i = 0; i < seats.length; i++) {
            seats[i] = new Seat(i);
        }
    }

    /** Distinct, fixed ids on both sides of the sign bit. */
    static long replicaId(int index, int incarnation) {
        long z = (index * 1000003L + incarnation + 1) * 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        return z ^ z >>> 27;
    }

    static Run play(Backend backend, Scenario scenario, List<Action> history, Law law) {
        Run run = new Run(backend, scenario, law);
        history.forEach(run::step);
        law.atEnd(run);
        return run;
    }

    Seat seat(int n) {
        return seats[Math.floorMod(n, seats.length)];
    }

    void step(Action action) {
        if (action instanceof Action.Write w) {
            write(seat(w.who()), w.ops());
        } else if (action instanceof Action.Deliver d) {
            Message m = take(seat(d.to()), d.pick(), true);
            if (m != null) {
                deliver(seat(d.to()), m);
            }
        } else if (action instanceof Action.Duplicate d) {
            Message m = take(seat(d.to()), d.pick(), false);
            if (m != null) {
                deliver(seat(d.to()), m);
            }
        } else if (action instanceof Action.Drop d) {
            take(seat(d.to()), d.pick(), true);
        } else if (action instanceof Action.Group g) {
            Message a = take(seat(g.to()), g.pick(), true);
            Message b = take(seat(g.to()), g.other(), true);
            if (a != null && b != null) {
                BitSet both = (BitSet) a.carries.clone();
                both.or(b.carries);
                deliver(seat(g.to()), new Message(backend.join(a.bytes, b.bytes), both));
            }
        } else if (action instanceof Action.Sync s) {
            sync(seat(s.from()), seat(s.to()));
        } else if (action instanceof Action.Since s) {
            catchUp(seat(s.from()), seat(s.to()));
        } else if (action instanceof Action.Save s) {
            Seat seat = seat(s.who());
            seat.saved = seat.peer.state();
            seat.savedKnows = (BitSet) seat.knows.clone();
        } else if (action instanceof Action.Restart r) {
            Seat seat = seat(r.who());
            seat.start();
            seat.inbox.clear();
            seat.knows = (BitSet) seat.savedKnows.clone();
            if (seat.saved != null) {
                seat.peer.merge(seat.saved);
            }
        } else if (action instanceof Action.Clock c) {
            seat(c.who()).millis += c.byMillis();
        }
    }

    private Message take(Seat seat, int pick, boolean consume) {
        if (seat.inbox.isEmpty()) {
            return null;
        }
        int index = Math.floorMod(pick, seat.inbox.size());
        return consume ? seat.inbox.remove(index) : seat.inbox.get(index);
    }

    byte[] write(Seat seat, List<Op> ops) {
        byte[] before = seat.peer.state();
        byte[] delta = seat.peer.commit(ops);
        if (delta != null) {
            BitSet carried = new BitSet();
            for (Op op : ops) {
                int number = log.size();
                log.add(new Issued(number, transactions, seat.id, op, (BitSet) seat.knows.clone(), delta));
                seat.knows.set(number);
                carried.set(number);
            }
            transactions++;
            Message message = new Message(delta, carried);
            sent.add(message);
            for (Seat other : seats) {
                if (other != seat) {
                    other.inbox.add(message);
                }
            }
            law.written(this, seat.index, before, delta);
        } else if (!Arrays.equals(before, seat.peer.state())) {
            throw new AssertionError("a transaction without a delta changed the state: " + ops);
        }
        return delta;
    }

    void deliver(Seat seat, Message message) {
        byte[] before = seat.peer.state();
        seat.peer.merge(message.bytes);
        seat.knows.or(message.carries);
        law.merged(this, seat.index, before, message.bytes);
    }

    void sync(Seat from, Seat to) {
        if (from != to) {
            deliver(to, new Message(from.peer.state(), (BitSet) from.knows.clone()));
        }
    }

    /** By version, or by state for a replica that missed a delta: its version does not tell which removals it lacks. */
    private void catchUp(Seat from, Seat to) {
        if (Laws.isDelivered(this, to)) {
            byte[] delta = from.peer.deltaSince(to.peer.version());
            deliver(to, new Message(delta, (BitSet) from.knows.clone()));
        } else {
            sync(from, to);
        }
    }

    /** Everybody hears everything that is left. */
    void heal() {
        for (Seat seat : seats) {
            if (seat.index > 0) {
                sync(seat, seats[0]);
            }
        }
        for (Seat seat : seats) {
            if (seat.index > 0) {
                sync(seats[0], seat);
            }
        }
    }
}
