package dev.rejoin.benchmarks.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One round of people who type into documents while others, and they themselves, are told. */
final class Typing implements Editor.Listener {
    private static final double SETTLING_SECONDS = 20;

    private final Swarm swarm;
    private final Contender server;
    private final int typists;
    private final double lettersPerSecond;
    private final int capacity;

    /** For each editor what it has of each typist of its document. */
    private final List<int[]> has = new ArrayList<>();

    private final List<Typist> all = new ArrayList<>();
    private final Latencies told = new Latencies();
    private final Latencies kept = new Latencies();
    private long owed;
    private long deliveries;
    private long messages;

    /**
     * What came of a round.
     *
     * @param letters that were typed
     * @param deliveries of a letter to an editor, the author included
     * @param messages in which they came
     * @param missing deliveries that never came
     * @param told from sending a letter until others have it
     * @param kept until its author is told that it is kept; by a server without a log, that it is known
     */
    record Outcome(
            Usage usage, long letters, long deliveries, long messages, long missing, Latencies told, Latencies kept) {}

    private final class Typist {
        private final Editor editor;
        private final int number;
        private final long[] sentAt = new long[capacity];
        private int typed;
        private int acknowledged;

        Typist(Editor editor, int number) {
            this.editor = editor;
            this.number = number;
        }

        long type(long now) {
            if (typed < capacity) {
                sentAt[typed] = System.nanoTime();
                editor.send(server.dialect().update(editor.document, TypedText.letter(number, typed)));
                typed++;
                return now + (long) (1e9 / lettersPerSecond);
            }
            return Long.MAX_VALUE;
        }
    }

    private Typing(Swarm swarm, Contender server, int typists, double lettersPerSecond, double seconds) {
        this.swarm = swarm;
        this.server = server;
        this.typists = typists;
        this.lettersPerSecond = lettersPerSecond;
        this.capacity = (int) (lettersPerSecond * seconds);
    }

    /** Each of {@code rooms} documents has so many who type and so many who watch. */
    static Outcome run(
            Contender server,
            String name,
            int rooms,
            int typists,
            int observers,
            double lettersPerSecond,
            double seconds) {
        try (Swarm swarm = new Swarm(server)) {
            Typing round = new Typing(swarm, server, typists, lettersPerSecond, seconds);
            return round.run(name, rooms, observers, seconds);
        }
    }

    private Outcome run(String name, int rooms, int observers, double seconds) {
        for (int room = 0; room < rooms; room++) {
            List<Editor> there = swarm.connectAll(typists + observers, name + "-" + room, this);
            for (int i = 0; i < there.size(); i++) {
                has.add(new int[typists]);
                if (i < typists) {
                    all.add(new Typist(there.get(i), i));
                }
            }
        }
        Random random = new Random(4);
        long start = System.nanoTime() + 50_000_000;
        for (Typist typist : all) {
            swarm.at(start + (long) (random.nextDouble() * 1e9 / lettersPerSecond), typist::type);
        }
        owed = (long) all.size() * capacity * (typists + observers);
        Usage before = server.usage();
        swarm.run(() -> deliveries == owed && isKept(), seconds + SETTLING_SECONDS);
        Usage spent = server.usage().since(before);
        swarm.checkNoneEnded();
        return new Outcome(spent, (long) all.size() * capacity, deliveries, messages, owed - deliveries, told, kept);
    }

    private boolean isKept() {
        return kept.count() == all.size() * capacity;
    }

    private Typist typist(Editor editor, int number) {
        return all.get(editor.number / (has.size() / (all.size() / typists)) * typists + number);
    }

    @Override
    public void update(Editor editor, Cursor update, long nanos) {
        if (has.size() <= editor.number) {
            return;
        }
        messages++;
        int[] known = has.get(editor.number);
        TypedText.read(update, (number, from, count) -> {
            if (from > known[number]) {
                throw new IllegalStateException(server.name() + " left out letters of typist " + number + ": from "
                        + known[number] + " to " + from);
            }
            Typist typist = typist(editor, number);
            for (int letter = known[number]; letter < from + count; letter++) {
                deliveries++;
                boolean own = typist.editor == editor;
                if (!own) {
                    told.add(nanos - typist.sentAt[letter]);
                } else if (editor.dialect == Dialect.Y_WEBSOCKET) {
                    kept.add(nanos - typist.sentAt[letter]);
                }
            }
            known[number] = Math.max(known[number], from + count);
        });
    }

    @Override
    public void acknowledged(Editor editor, long nanos) {
        for (Typist typist : all) {
            if (typist.editor == editor && typist.acknowledged < typist.typed) {
                kept.add(nanos - typist.sentAt[typist.acknowledged++]);
            }
        }
    }
}
