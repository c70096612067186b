package dev.rejoin.crdt.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Three editors and a server that refuses two changes in five. Lines are in order and slow; an editor that is offline sends all it has done as one change.
 * {@code -Drejoin.tries=N} plays N of each, {@code -Drejoin.seed=S} begins with seed S.
 */
class ProposalSimulation {
    private static final int TRIES = Integer.getInteger("rejoin.tries", 400);
    private static final double REFUSED = 0.4;

    /** What a server does with a change that it refuses. */
    private interface Refusing {
        /** Returns what everybody is told. */
        byte[] refuse(YDoc server, byte[] update);
    }

    private static void forAll(String test, int tries, java.util.function.LongConsumer history) {
        long first = Long.getLong("rejoin.seed", System.nanoTime());
        for (long seed = first; seed < first + tries; seed++) {
            try {
                history.accept(seed);
            } catch (RuntimeException | AssertionError failure) {
                throw new AssertionError(
                        "replay: mvn -pl crdt-core test -Dtest=ProposalSimulation#" + test
                                + " -DargLine=\"-Drejoin.seed=" + seed + " -Drejoin.tries=1\"",
                        failure);
            }
        }
    }

    /** One who edits, and the lines to and from the server. */
    private static final class Editor {
        final YDoc doc;
        final Deque<byte[]> out = new ArrayDeque<>();
        final Deque<byte[]> in = new ArrayDeque<>();
        final List<String> unsent = new ArrayList<>();
        final Deque<List<String>> marks = new ArrayDeque<>();
        boolean offline;

        Editor(long client, boolean gc) {
            doc = RandomEdits.document(client, gc);
            doc.getText("kept");
            doc.onUpdate((update, origin, of) -> {
                if (origin == null) {
                    out.add(update);
                    marks.add(List.copyOf(unsent));
                    unsent.clear();
                }
            });
        }

        void comeOnline() {
            offline = false;
            if (out.size() > 1) {
                byte[] all = Updates.merge(List.copyOf(out));
                List<String> theirs = new ArrayList<>();
                marks.forEach(theirs::addAll);
                out.clear();
                marks.clear();
                out.add(all);
                marks.add(theirs);
            }
        }
    }

    private static final class Network {
        final Random random;
        final RandomEdits edits;
        final YDoc server;
        final List<Editor> editors = new ArrayList<>();
        final Refusing refusing;
        final Set<Character> keptMarks = new HashSet<>();
        final List<String> refusedMarks = new ArrayList<>();
        final List<byte[]> told = new ArrayList<>();
        final StringBuilder accepted = new StringBuilder();
        byte[] emitted = {};
        int refusals;
        int marksMade;
        char keptMade = '\u4e00';

        Network(long seed, Refusing refusing) {
            this.random = new Random(seed);
            this.refusing = refusing;
            this.edits = new RandomEdits(random);
            server = RandomEdits.document(1_000_000 + random.nextInt(1_000_000), random.nextInt(3) > 0);
            server.onUpdate((update, origin, of) -> emitted = update);
            for (int i = 0; i < 3; i++) {
                editors.add(new Editor(1 + i + 10L * random.nextInt(1_000), random.nextInt(4) > 0));
            }
        }

        void play(int steps) {
            for (int i = 0; i < steps; i++) {
                Editor editor = editors.get(random.nextInt(3));
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> edit(editor);
                    case 3, 4 -> send(editor);
                    case 5, 6 -> receive(editor);
                    default -> toggle(editor);
                }
            }
            for (Editor editor : editors) {
                editor.comeOnline();
                while (!editor.out.isEmpty()) {
                    send(editor);
                }
            }
            for (Editor editor : editors) {
                while (!editor.in.isEmpty()) {
                    receive(editor);
                }
            }
        }

        void toggle(Editor editor) {
            if (editor.offline) {
                editor.comeOnline();
            } else {
                editor.offline = true;
            }
        }

        void edit(Editor editor) {
            editor.doc.transact(() -> {
                for (int i = random.nextInt(3); i >= 0; i--) {
                    edits.edit(editor.doc);
                }
                mark(editor);
                if (random.nextInt(2) == 0) {
                    YText kept = editor.doc.getText("kept");
                    kept.insert(random.nextInt(kept.length() + 1), String.valueOf(keptMade));
                    editor.unsent.add(String.valueOf(keptMade++));
                }
            });
        }

        /** Puts something that is nowhere else into one of the types. */
        void mark(Editor editor) {
            String mark = "Mark" + marksMade++ + "!";
            editor.unsent.add(mark);
            YDoc doc = editor.doc;
            YText text = doc.getText("text");
            switch (random.nextInt(8)) {
                case 0 -> text.insert(text.length(), mark);
                case 1 -> text.insert(text.length(), "x", Map.of("link", mark));
                case 2 -> text.insertEmbed(text.length(), Map.of("mark", mark), Map.of());
                case 3 -> doc.getArray("array").push(List.of(mark, 1));
                case 4 -> doc.getMap("map").set("k" + random.nextInt(3), mark);
                case 5 -> doc.getMap("map").setMap("k" + random.nextInt(3)).set("in", mark);
                case 6 -> doc.getXmlFragment("xml").insertElement(0, mark).setAttribute("id", mark);
                default -> {
                    YXmlElement element = doc.getXmlFragment("xml").insertElement(0, "p");
                    element.insertText(0).insert(0, mark);
                }
            }
        }

        void send(Editor editor) {
            if (editor.offline || editor.out.isEmpty()) {
                return;
            }
            byte[] update = editor.out.removeFirst();
            List<String> marks = editor.marks.removeFirst();
            emitted = new byte[0];
            byte[] news;
            if (random.nextDouble() < REFUSED) {
                Map<String, Object> before = server.toJson();
                news = refusing.refuse(server, update);
                if (news.length == 0) {
                    news = emitted;
                }
                refusals++;
                refusedMarks.addAll(marks);
                if (refusing == COMPENSATING) {
                    assertEquals(before, server.toJson(), "what is shown stays the same");
                }
            } else {
                try (Proposal proposal = server.propose("editor", false)) {
                    assertTrue(proposal.apply(update).complete(), "an update refers to something unknown");
                    proposal.edits();
                    proposal.accept();
                }
                news = emitted;
                accepted.append(scanned(update));
                for (String mark : marks) {
                    if (mark.length() == 1) {
                        keptMarks.add(mark.charAt(0));
                    }
                }
            }
            server.checkInvariants();
            if (news.length > 0) {
                told.add(news);
                for (Editor each : editors) {
                    each.in.add(news);
                }
            }
        }

        void receive(Editor editor) {
            if (!editor.offline && !editor.in.isEmpty()) {
                editor.doc.applyUpdate(editor.in.removeFirst(), "server");
                editor.doc.checkInvariants();
            }
        }

        void check() {
            byte[] state = server.encodeStateAsUpdate();
            YDoc reader = RandomEdits.document(7_777_777, true);
            reader.getText("kept");
            reader.applyUpdate(state);
            for (Editor editor : editors) {
                assertEquals(0, editor.doc.pending().structs(), "structs wait");
                assertEquals(0, editor.doc.pending().deletes(), "deletions wait");
                assertEquals(server.stateVector(), editor.doc.stateVector(), "clocks");
                assertEquals(server.deleteSet(), editor.doc.deleteSet(), "deletions");
                for (String name : List.of("text", "kept")) {
                    assertEquals(
                            server.getText(name).toDelta(),
                            editor.doc.getText(name).toDelta(),
                            name);
                }
                for (String name : List.of("array", "map", "xml")) {
                    assertEquals(server.toJson().get(name), editor.doc.toJson().get(name), name);
                }
            }
            assertEquals(server.stateVector(), reader.stateVector(), "clocks of a new reader");
            assertEquals(
                    server.getText("text").toDelta(), reader.getText("text").toDelta(), "a new reader");
            assertEquals(server.toJson().get("xml"), reader.toJson().get("xml"), "a new reader");
            Set<Character> shown = new HashSet<>();
            for (char mark : server.getText("kept").toString().toCharArray()) {
                assertTrue(shown.add(mark), "shown twice");
            }
            assertEquals(keptMarks, shown, "what was accepted and nobody deleted");
            checkLeaks(state);
        }

        void checkLeaks(byte[] state) {
            List<byte[]> all = new ArrayList<>(told);
            all.add(state);
            for (byte[] bytes : all) {
                String scanned = scanned(bytes);
                for (String mark : refusedMarks) {
                    // an editor that formats beside a refused link writes the link again, which was accepted then
                    if (mark.length() > 1 && accepted.indexOf(mark) < 0) {
                        assertFalse(scanned.contains(mark), () -> "what was refused has left: " + mark);
                    }
                }
            }
        }

        static String scanned(byte[] bytes) {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
    }

    private static final Refusing COMPENSATING = (server, update) -> {
        try (Proposal proposal = server.propose("editor", false)) {
            assertTrue(proposal.apply(update).complete(), "an update refers to something unknown");
            proposal.edits();
            proposal.refuse();
        }
        return new byte[0];
    };

    private static final Refusing DROPPING = (server, update) -> new byte[0];

    /** As the other, but what was refused is garbage, without a place. */
    private static final Refusing COLLECTING = (server, update) -> {
        StructBatch batch = new StructBatch();
        batch.decodeV1(update, 0, update.length, UpdateLimits.DEFAULT);
        UpdateWriter out = UpdateWriter.v1();
        out.count(batch.sections);
        int at = 0;
        for (int section = 0; section < batch.sections; section++) {
            int end = batch.sectionEnd[section];
            out.section(end - at, batch.client[at], batch.clock[at]);
            for (; at < end; at++) {
                out.gc(batch.length[at]);
            }
        }
        out.deleteClients(0);
        byte[] garbage = out.toByteArray();
        server.applyUpdate(garbage, "editor");
        return garbage;
    };

    private static void play(long seed, Refusing refusing) {
        Network network = new Network(seed, refusing);
        network.play(60);
        network.check();
    }

    @Test
    void whatIsRefusedIsGoneEverywhereAndNothingElse() {
        forAll("whatIsRefusedIsGoneEverywhereAndNothingElse", TRIES, seed -> play(seed, COMPENSATING));
    }

    @Test
    void leavingARefusedUpdateOutDoesNotWork() {
        assertTrue(failures(DROPPING) > 20, "an update that is left out spoils what follows");
    }

    @Test
    void makingGarbageOfARefusedUpdateDoesNotWork() {
        assertTrue(failures(COLLECTING) > 20, "garbage has no place for what is inserted beside it");
    }

    private static int failures(Refusing refusing) {
        int failures = 0;
        for (long seed = 1; seed <= 40; seed++) {
            try {
                play(seed, refusing);
            } catch (RuntimeException | AssertionError found) {
                failures++;
            }
        }
        return failures;
    }

    @Test
    void whatIsOnlyProposedLeavesNoTrace() {
        forAll("whatIsOnlyProposedLeavesNoTrace", TRIES / 4, seed -> {
            Network network = new Network(seed, COMPENSATING);
            network.play(40);
            Editor editor = network.editors.get(0);
            network.edit(editor);
            network.edit(editor);
            byte[] before = network.server.encodeStateAsUpdate();
            Map<String, Object> shown = network.server.toJson();
            network.emitted = new byte[0];
            for (byte[] update : editor.out) {
                try (Proposal proposal = network.server.propose(null, true)) {
                    proposal.apply(update);
                    proposal.edits();
                    assertEquals(shown, proposal.before().toJson());
                }
                network.server.checkInvariants();
                assertArrayEquals(before, network.server.encodeStateAsUpdate());
                assertEquals(shown, network.server.toJson());
            }
            assertEquals(0, network.emitted.length, "somebody was told");
        });
    }
}
