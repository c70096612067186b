package dev.rejoin.conformance.yjs;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** Makes scripts out of seeds: what a seed gives never changes within one version of this file. */
final class ScriptGenerator {
    /** What the transactions of a script are mostly about. */
    enum Topic {
        PLAIN(7, 7, 7, 7, 7, 8, 8),
        RICH(1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 5, 6, 6, 23, 24),
        LISTS(9, 9, 9, 10, 10, 11, 11, 12, 13),
        MAPS(14, 14, 14, 14, 15, 15, 16, 17, 18),
        XML(19, 19, 19, 20, 21, 21, 22, 1, 1, 2, 3, 23),
        NESTED(1, 2, 3, 5, 9, 10, 11, 12, 12, 14, 15, 15, 16, 19, 20, 21),
        ALL(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24);

        private final int[] operations;

        Topic(int... operations) {
            this.operations = operations;
        }
    }

    private static final int FEW = 1 << 20;

    /** As a position: where the last edit of that replica ended. */
    static final int CURSOR = 1 << 20;

    private final SplittableRandom random;
    private final Topic topic;
    private final int replicas;
    private final List<int[]> steps = new ArrayList<>();

    private ScriptGenerator(SplittableRandom random, int replicas) {
        this.random = random;
        this.replicas = replicas;
        this.topic = Topic.values()[random.nextInt(Topic.values().length)];
    }

    /** One replica that only edits, undoes and looks at itself. */
    static Script single(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int flags = flags(random, false);
        List<Script.Peer> peers = peers(random, 1);
        ScriptGenerator generator = new ScriptGenerator(random, 1);
        int length = 1 + random.nextInt(random.nextInt(8) == 0 ? 60 : 16);
        for (int i = 0; i < length; i++) {
            int choice = random.nextInt(20);
            if ((flags & Script.UNDO) != 0 && choice < 7) {
                generator.undo();
            } else if (choice == 19) {
                generator.look();
            } else {
                generator.transaction(0);
            }
        }
        generator.add(Script.WHOLE, 0, 0);
        generator.add(Script.WHOLE, 0, 1);
        return new Script(flags, peers, List.copyOf(generator.steps));
    }

    /** Two to six replicas whose updates get lost, late, twice, in the wrong order; at the end everybody has everything. */
    static Script schedule(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int flags = flags(random, random.nextInt(5) == 0);
        // what goes wrong mostly does so in few steps: of a hundred documents ninety-three are small and one is long
        int size = random.nextInt(100);
        boolean small = size < 93;
        int replicas = 2 + random.nextInt(size < 60 ? 1 : small ? 2 : size < 99 ? 3 : 5);
        List<Script.Peer> peers = peers(random, replicas);
        ScriptGenerator generator = new ScriptGenerator(random, replicas);
        int length = small ? 1 + random.nextInt(size < 60 ? 3 : 6) : 4 + random.nextInt(size < 99 ? 24 : 80);
        int sharing = 1 + random.nextInt(9);
        for (int i = 0; i < length; i++) {
            generator.step(flags, sharing);
        }
        generator.converge((flags & Script.CLEANUP) == 0 ? 1 : small ? 2 : 3);
        int last = random.nextInt(replicas);
        int version = random.nextInt(2);
        generator.add(Script.WHOLE, last, version);
        if (!small) {
            generator.add(Script.WHOLE, last, 1 - version);
        }
        return new Script(flags, peers, List.copyOf(generator.steps));
    }

    private static int flags(SplittableRandom random, boolean cleanup) {
        int flags = 0;
        if (cleanup) {
            flags |= Script.CLEANUP;
        } else if (random.nextInt(3) == 0) {
            flags |= Script.UNDO;
            if (random.nextBoolean()) {
                flags |= Script.MERGED_UNDO;
            }
        }
        if (random.nextInt(3) == 0) {
            flags |= Script.PAIRS;
        }
        return flags;
    }

    private static List<Script.Peer> peers(SplittableRandom random, int replicas) {
        int size = random.nextInt(4);
        Set<Long> clients = new LinkedHashSet<>();
        while (clients.size() < replicas) {
            clients.add(
                    switch (size) {
                        case 0 -> 1 + random.nextLong(9);
                        case 1 -> 1 + random.nextLong(300);
                        case 2 -> 1 + random.nextLong((1L << 32) - 1);
                        default -> 1 + random.nextLong((1L << 53) - 1);
                    });
        }
        int kept = random.nextInt(3);
        List<Script.Peer> peers = new ArrayList<>();
        for (long client : clients) {
            peers.add(new Script.Peer(client, kept == 0 || (kept == 1 && random.nextBoolean())));
        }
        return List.copyOf(peers);
    }

    private void step(int flags, int sharing) {
        int choice = random.nextInt(20);
        if (choice < sharing) {
            share();
        } else if ((flags & Script.UNDO) != 0 && choice < sharing + 4) {
            undo();
        } else if (choice == 19) {
            look();
        } else {
            transaction(random.nextInt(replicas));
        }
    }

    private void share() {
        int version = random.nextInt(2);
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> add(Script.SYNC, random.nextInt(replicas), random.nextInt(replicas), version);
            case 3 -> {
                int[] parts = new int[random.nextInt(5)];
                for (int i = 0; i < parts.length; i++) {
                    parts[i] = random.nextInt(FEW);
                }
                int[] step = new int[3 + parts.length];
                step[0] = Script.MERGED;
                step[1] = random.nextInt(replicas);
                step[2] = version;
                System.arraycopy(parts, 0, step, 3, parts.length);
                steps.add(step);
            }
            case 4 -> {
                if (random.nextInt(4) == 0) {
                    add(
                            Script.REOPEN,
                            random.nextInt(replicas),
                            version,
                            random.nextInt(4),
                            random.nextInt(FEW) + 1000);
                }
            }
            default -> add(Script.DELIVER, random.nextInt(replicas), random.nextInt(FEW), version);
        }
    }

    private void undo() {
        int replica = random.nextInt(replicas);
        switch (random.nextInt(5)) {
            case 0, 1 -> add(Script.UNDO_STEP, replica);
            case 2 -> add(Script.REDO_STEP, replica);
            case 3 -> add(Script.STOP_CAPTURING, replica);
            default -> {
                add(Script.UNDO_STEP, replica);
                add(Script.REDO_STEP, replica);
            }
        }
    }

    private void look() {
        int replica = random.nextInt(replicas);
        switch (random.nextInt(5)) {
            case 0 -> add(Script.SNAPSHOT, replica, random.nextInt(2));
            case 1 -> add(Script.LOOK_BACK, replica, random.nextInt(8));
            case 2 -> add(Script.POSITION, replica, random.nextInt(8), number(), random.nextInt(3));
            case 3 -> add(Script.WHERE, replica, random.nextInt(replicas), random.nextInt(8));
            default -> add(Script.WHOLE, replica, random.nextInt(2));
        }
    }

    private void converge(int rounds) {
        for (int round = 0; round < rounds; round++) {
            for (int i = 1; i < replicas; i++) {
                add(Script.SYNC, 0, i, random.nextInt(2));
            }
            for (int i = 1; i < replicas; i++) {
                add(Script.SYNC, i, 0, random.nextInt(2));
            }
        }
    }

    private void transaction(int replica) {
        List<Integer> numbers = new ArrayList<>(List.of(Script.TRANSACTION, replica, random.nextInt(8) == 0 ? 1 : 0));
        int count = random.nextInt(3) == 0 ? 1 + random.nextInt(5) : 1;
        for (int i = 0; i < count; i++) {
            int operation = topic.operations[random.nextInt(topic.operations.length)];
            int[] arguments = arguments(operation);
            numbers.add(operation);
            numbers.add(arguments.length);
            for (int argument : arguments) {
                numbers.add(argument);
            }
        }
        steps.add(numbers.stream().mapToInt(Integer::intValue).toArray());
    }

    private int[] arguments(int operation) {
        return switch (operation) {
            case 1, 4 -> new int[] {target(), number(), pooled(), pooled() * random.nextInt(2)};
            case 2 -> new int[] {target(), number(), length()};
            case 3 -> new int[] {target(), number(), length(), pooled()};
            case 6 -> delta();
            case 7 -> new int[] {number(), pooled()};
            case 8 -> new int[] {number(), length()};
            case 9 -> values(target(), number());
            case 10 -> values(target());
            case 11, 20 -> new int[] {target(), number(), length()};
            case 5, 12, 13, 19 -> new int[] {target(), number(), pooled()};
            case 14, 15, 18, 21, 23 -> new int[] {target(), pooled(), pooled()};
            case 16, 22, 24 -> new int[] {target(), pooled()};
            case 17 -> new int[] {target()};
            default -> throw new IllegalArgumentException("operation " + operation);
        };
    }

    private int[] delta() {
        int[] delta = new int[1 + 3 * (1 + random.nextInt(5))];
        delta[0] = target();
        for (int i = 1; i < delta.length; i += 3) {
            delta[i] = random.nextInt(4);
            delta[i + 1] = random.nextBoolean() ? length() : pooled();
            delta[i + 2] = pooled() * random.nextInt(2);
        }
        return delta;
    }

    private int[] values(int... head) {
        int[] values = new int[head.length + 1 + random.nextInt(4)];
        System.arraycopy(head, 0, values, 0, head.length);
        for (int i = head.length; i < values.length; i++) {
            values[i] = pooled();
        }
        return values;
    }

    /** Mostly a root. */
    private int target() {
        return random.nextInt(5) < 3 ? 0 : random.nextInt(64);
    }

    /** A position: often the start, so that replicas meet there, or on from the last edit. */
    private int number() {
        return switch (random.nextInt(8)) {
            case 0, 1 -> random.nextInt(3);
            case 2, 3, 4 -> CURSOR;
            default -> random.nextInt(FEW);
        };
    }

    private int length() {
        return random.nextInt(3) == 0 ? random.nextInt(FEW) : random.nextInt(4);
    }

    private int pooled() {
        return random.nextInt(1 << 12);
    }

    private void add(int... step) {
        steps.add(step);
    }
}
