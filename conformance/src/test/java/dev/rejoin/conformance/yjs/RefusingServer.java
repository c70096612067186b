package dev.rejoin.conformance.yjs;

import dev.rejoin.crdt.yjs.Proposal;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.Updates;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One document at a server of ours that refuses two changes in five, and its three editors, which are yjs. Everybody's lines are in order and slow; an editor that
 * was offline sends all it has done as one change.
 */
final class RefusingServer {
    /** What is done with a change that is refused. */
    enum Refusing {
        /** As the product does. */
        VOID,
        /** It is left out. Fails. */
        DROP,
        /** Its units become garbage, which has no place. Fails. */
        GARBAGE
    }

    static final int EDITORS = 3;
    private static final double REFUSED = 0.4;
    private static final Pattern MARK = Pattern.compile("Mark\\d+\\.\\d!");

    /** The lines of one editor. */
    private static final class Lines {
        final Deque<byte[]> out = new ArrayDeque<>();
        final Deque<byte[]> in = new ArrayDeque<>();
        boolean offline;
    }

    /** What yjs is asked next, and where its answer goes. */
    record Step(Job job, Consumer<Answer> then) {}

    private final int number;
    private final Random random;
    private final Refusing refusing;
    final YDoc server;
    private final Lines[] lines = {new Lines(), new Lines(), new Lines()};
    private final TreeSet<Character> kept = new TreeSet<>();
    private final StringBuilder accepted = new StringBuilder();
    private final TreeSet<String> refused = new TreeSet<>();
    private final List<byte[]> told = new ArrayList<>();
    private byte[] emitted = {};
    private int edits;
    int refusals;
    int changes;

    RefusingServer(int number, long seed, Refusing refusing) {
        this.number = number;
        this.random = new Random(seed);
        this.refusing = refusing;
        server = YDoc.create(YDocOptions.defaults()
                .withClientId(1_000_000_000L + random.nextInt(1_000_000))
                .withGc(random.nextInt(4) > 0));
        server.getText("t");
        server.getText("p");
        server.getArray("a");
        server.getMap("m");
        server.getXmlFragment("x");
        server.onUpdate((update, origin, of) -> emitted = update);
    }

    int id(int editor) {
        return number * EDITORS + editor;
    }

    List<Job> open() {
        List<Job> jobs = new ArrayList<>();
        for (int i = 0; i < EDITORS; i++) {
            int editor = i;
            int client = 1 + i + 10 * random.nextInt(1_000);
            boolean gc = random.nextInt(4) > 0;
            jobs.add(Job.of(0, out -> {
                out.writeInt(id(editor));
                out.writeByte(gc ? 1 : 0);
                out.writeInt(client);
            }));
        }
        return jobs;
    }

    /** Something happens; what of it yjs has to do is returned, or null. */
    @Nullable
    Step step() {
        int editor = random.nextInt(EDITORS);
        Lines its = lines[editor];
        switch (random.nextInt(8)) {
            case 0, 1, 2 -> {
                int seed = random.nextInt();
                int edit = edits++;
                return new Step(
                        Job.of(1, out -> {
                            out.writeInt(id(editor));
                            out.writeInt(seed);
                            out.writeInt(edit);
                        }),
                        answer -> made(its, answer.blob()));
            }
            case 3, 4 -> {
                if (!its.offline && !its.out.isEmpty()) {
                    receive(its.out.removeFirst());
                }
            }
            case 5, 6 -> {
                if (!its.offline && !its.in.isEmpty()) {
                    return hear(editor);
                }
            }
            default -> {
                its.offline = !its.offline;
                comeOnline(its);
            }
        }
        return null;
    }

    private static void comeOnline(Lines its) {
        if (!its.offline && its.out.size() > 1) {
            byte[] all = Updates.merge(List.copyOf(its.out));
            its.out.clear();
            its.out.add(all);
        }
    }

    private static void made(Lines its, byte[] update) {
        if (update.length > 2) {
            its.out.add(update);
        }
    }

    private Step hear(int editor) {
        byte[] news = lines[editor].in.removeFirst();
        return new Step(
                Job.of(2, out -> {
                    out.writeInt(id(editor));
                    Job.blob(out, news);
                }),
                answer -> made(lines[editor], answer.blob()));
    }

    /** All lines are emptied; what is left for yjs to do, or null if nobody has anything more to say. */
    @Nullable
    Step drain() {
        for (Lines its : lines) {
            its.offline = false;
            comeOnline(its);
            while (!its.out.isEmpty()) {
                receive(its.out.removeFirst());
            }
        }
        for (int editor = 0; editor < EDITORS; editor++) {
            if (!lines[editor].in.isEmpty()) {
                return hear(editor);
            }
        }
        return null;
    }

    private void receive(byte[] update) {
        changes++;
        emitted = new byte[0];
        boolean refuse = random.nextDouble() < REFUSED;
        if (refuse && refusing == Refusing.DROP) {
            refusals++;
            return;
        }
        if (refuse && refusing == Refusing.GARBAGE) {
            refusals++;
            server.applyUpdate(garbage(update), "editor");
        } else {
            try (Proposal proposal = server.propose("editor", false)) {
                if (!proposal.apply(update).complete()) {
                    throw new AssertionError("an update refers to what was never told");
                }
                // what nobody sees is not judged: yjs cleans formats up
                if (refuse && !proposal.edits().isEmpty()) {
                    proposal.refuse();
                    refusals++;
                    MARK.matcher(scanned(update)).results().forEach(mark -> refused.add(mark.group()));
                } else {
                    proposal.accept();
                    accepted.append(scanned(update));
                    for (char each : new String(update, StandardCharsets.UTF_8).toCharArray()) {
                        if (each >= '\u4e00' && each < '\u4e00' + edits) {
                            kept.add(each);
                        }
                    }
                }
            }
        }
        server.checkInvariants();
        if (emitted.length > 0) {
            told.add(emitted);
            for (Lines each : lines) {
                each.in.add(emitted);
            }
        }
    }

    /** For the new units of each client in an update, one struct of garbage. */
    private byte[] garbage(byte[] update) {
        StateVector known = server.stateVector();
        ByteArrayOutputStream structs = new ByteArrayOutputStream();
        int[] clients = {0};
        Updates.stateVector(update).forEach((client, clock) -> {
            if (clock > known.get(client)) {
                clients[0]++;
                number(structs, 1);
                number(structs, client);
                number(structs, known.get(client));
                structs.write(0);
                number(structs, clock - known.get(client));
            }
        });
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        number(all, clients[0]);
        all.writeBytes(structs.toByteArray());
        all.write(0);
        return all.toByteArray();
    }

    private static void number(ByteArrayOutputStream out, long number) {
        long rest = number;
        for (; rest > 0x7f; rest >>>= 7) {
            out.write((int) (rest & 0x7f) | 0x80);
        }
        out.write((int) rest);
    }

    private static String scanned(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    List<Job> describe() {
        List<Job> jobs = new ArrayList<>();
        for (int i = 0; i < EDITORS; i++) {
            int editor = i;
            jobs.add(Job.of(3, out -> out.writeInt(id(editor))));
        }
        return jobs;
    }

    List<Job> close() {
        List<Job> jobs = new ArrayList<>();
        for (int i = 0; i < EDITORS; i++) {
            int editor = i;
            jobs.add(Job.of(4, out -> out.writeInt(id(editor))));
        }
        return jobs;
    }

    /** What is wrong in the end, or nothing. */
    void check(List<String> descriptions) {
        String ours = "0\n" + Description.of(server);
        for (String theirs : descriptions) {
            if (!ours.equals(theirs)) {
                throw new AssertionError("an editor has\n" + theirs + "\nand the server\n" + ours);
            }
        }
        TreeSet<Character> shown = new TreeSet<>();
        for (char each : server.getText("p").toString().toCharArray()) {
            shown.add(each);
        }
        if (!shown.equals(kept)) {
            throw new AssertionError("accepted were " + kept + ", and shown are " + shown);
        }
        List<byte[]> all = new ArrayList<>(told);
        all.add(server.encodeStateAsUpdate());
        for (byte[] bytes : all) {
            Matcher marks = MARK.matcher(scanned(bytes));
            while (marks.find()) {
                // who formats beside a refused link writes that link again, and that was accepted
                if (refused.contains(marks.group()) && accepted.indexOf(marks.group()) < 0) {
                    throw new AssertionError("what was refused has left: " + marks.group());
                }
            }
        }
    }
}
