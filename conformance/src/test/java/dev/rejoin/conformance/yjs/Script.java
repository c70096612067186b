package dev.rejoin.conformance.yjs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A schedule of what some replicas do, in numbers that both sides read alike.
 *
 * <p>A number selects among what there is at that moment (a position in the text, one of the updates made so far), so a
 * script stays meaningful when steps are taken out of it. Each step is its kind and its numbers; a transaction's numbers
 * are replica, origin, then per operation its kind, how many numbers it has, and those.
 */
record Script(int flags, List<Peer> peers, List<int[]> steps) {
    /** Every replica has an undo manager. */
    static final int UNDO = 2;
    /** Texts may hold surrogate pairs; positions never fall between their halves. */
    static final int PAIRS = 4;
    /** yjs cleans formatting up after remote changes, as it does by default. */
    static final int CLEANUP = 8;
    /** The undo manager joins transactions until it is told to stop. */
    static final int MERGED_UNDO = 16;

    static final int TRANSACTION = 1;
    static final int DELIVER = 2;
    static final int SYNC = 3;
    static final int UNDO_STEP = 4;
    static final int REDO_STEP = 5;
    static final int STOP_CAPTURING = 6;
    static final int SNAPSHOT = 7;
    static final int LOOK_BACK = 8;
    static final int POSITION = 9;
    static final int WHERE = 10;
    static final int WHOLE = 11;
    static final int REOPEN = 12;
    static final int MERGED = 13;

    /** A replica's client id, and whether it drops deleted content. */
    record Peer(long client, boolean gc) {}

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    Script withSteps(List<int[]> others) {
        return new Script(flags, peers, List.copyOf(others));
    }

    /** As the other side reads it. */
    int[] numbers() {
        int size = 2 + 3 * peers.size();
        for (int[] step : steps) {
            size += 1 + step.length;
        }
        int[] numbers = new int[size];
        numbers[0] = flags;
        numbers[1] = peers.size();
        int at = 2;
        for (Peer peer : peers) {
            numbers[at++] = (int) (peer.client >>> 32);
            numbers[at++] = (int) peer.client;
            numbers[at++] = peer.gc ? 1 : 0;
        }
        for (int[] step : steps) {
            numbers[at++] = step[0];
            numbers[at++] = step.length - 1;
            System.arraycopy(step, 1, numbers, at, step.length - 1);
            at += step.length - 1;
        }
        return numbers;
    }

    /** One line for the head and one per step; {@link #parse} reads it. */
    String text() {
        return "flags " + flags + "\npeers "
                + peers.stream().map(peer -> peer.client + (peer.gc ? "" : "!")).collect(Collectors.joining(" "))
                + steps.stream()
                        .map(step -> Arrays.stream(step)
                                .mapToObj(Integer::toString)
                                .collect(Collectors.joining(" ", "\n", "")))
                        .collect(Collectors.joining())
                + "\n";
    }

    static Script parse(String text) {
        List<String> lines = text.lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
        List<Peer> peers = new ArrayList<>();
        for (String peer : lines.get(1).substring("peers ".length()).split(" ")) {
            boolean gc = !peer.endsWith("!");
            peers.add(new Peer(Long.parseLong(gc ? peer : peer.substring(0, peer.length() - 1)), gc));
        }
        List<int[]> steps = new ArrayList<>();
        for (String line : lines.subList(2, lines.size())) {
            steps.add(Arrays.stream(line.trim().split(" "))
                    .mapToInt(Integer::parseInt)
                    .toArray());
        }
        return new Script(Integer.parseInt(lines.get(0).substring("flags ".length())), peers, steps);
    }
}
