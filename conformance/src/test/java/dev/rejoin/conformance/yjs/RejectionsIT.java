package dev.rejoin.conformance.yjs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.yjs.Proposal;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Stock yjs editors at a server that refuses two changes in five, texts, formats, arrays, maps and XML, online and offline: in the end all have the same document, unit
 * by unit, nothing waits, nothing that was refused has ever left the server, and nothing that was accepted is missing.
 */
class RejectionsIT {
    private static final int STEPS = 60;
    private static final int ROUNDS = 200;

    private final AtomicLong changes = new AtomicLong();
    private final AtomicLong refusals = new AtomicLong();

    @Test
    void whatIsRefusedIsGoneFromEveryEditorAndNothingElse() {
        Lanes lanes = new Lanes(getClass(), "rejections.mjs", 3_000);
        lanes.check((lane, first, size) -> {
            for (long seed = first; seed < first + size; seed += 50) {
                play(lane, seed, (int) Math.min(50, first + size - seed), RefusingServer.Refusing.VOID);
            }
        });
        System.out.printf("%,d changes, %,d refused%n", changes.get(), refusals.get());
        assertTrue(refusals.get() > changes.get() / 4, "two in five are to be refused, of those that can be seen");
    }

    @Test
    void leavingARefusedUpdateOutDoesNotWork() {
        assertTrue(failures(RefusingServer.Refusing.DROP) > 15);
    }

    @Test
    void makingGarbageOfARefusedUpdateDoesNotWork() {
        assertTrue(failures(RefusingServer.Refusing.GARBAGE) > 15);
    }

    private int failures(RefusingServer.Refusing refusing) {
        int[] failures = {0};
        Lane.Work work = (lane, first, size) -> {
            for (long seed = first; seed < first + size; seed++) {
                try {
                    play(lane, seed, 1, refusing);
                } catch (RuntimeException | AssertionError found) {
                    failures[0]++;
                }
            }
        };
        AtomicLong next = new AtomicLong(1);
        Lane lane = new Lane(YjsOracle.start("rejections.mjs"), work, next, 31);
        lane.run();
        return failures[0];
    }

    private void play(Lane lane, long first, int size, RefusingServer.Refusing refusing) {
        List<RefusingServer> servers = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            servers.add(new RefusingServer(i, first + i, refusing));
        }
        ask(lane, servers, RefusingServer::open);
        for (int step = 0; step < STEPS; step++) {
            together(lane, first, servers, false);
        }
        for (int round = 0; together(lane, first, servers, true) > 0; round++) {
            assertTrue(round < ROUNDS, "the editors do not come to an end");
        }
        List<Answer> descriptions = ask(lane, servers, RefusingServer::describe);
        ask(lane, servers, RefusingServer::close);
        for (int i = 0; i < size; i++) {
            lane.at(first + i);
            List<String> texts = new ArrayList<>();
            for (int editor = 0; editor < RefusingServer.EDITORS; editor++) {
                texts.add(descriptions.get(i * RefusingServer.EDITORS + editor).text());
            }
            servers.get(i).check(texts);
            changes.addAndGet(servers.get(i).changes);
            refusals.addAndGet(servers.get(i).refusals);
        }
    }

    /** One step of each; returns how much there was to do for yjs. */
    private static int together(Lane lane, long first, List<RefusingServer> servers, boolean draining) {
        List<RefusingServer.Step> steps = new ArrayList<>();
        List<Job> jobs = new ArrayList<>();
        for (int i = 0; i < servers.size(); i++) {
            lane.at(first + i);
            RefusingServer.Step step =
                    draining ? servers.get(i).drain() : servers.get(i).step();
            if (step != null) {
                steps.add(step);
                jobs.add(step.job());
            }
        }
        if (!jobs.isEmpty()) {
            List<Answer> answers = lane.ask(jobs);
            for (int i = 0; i < jobs.size(); i++) {
                steps.get(i).then().accept(answers.get(i));
            }
        }
        return jobs.size();
    }

    private static List<Answer> ask(
            Lane lane, List<RefusingServer> servers, java.util.function.Function<RefusingServer, List<Job>> question) {
        List<Job> jobs = new ArrayList<>();
        servers.forEach(server -> jobs.addAll(question.apply(server)));
        return lane.ask(jobs);
    }

    // the limits, which docs/concepts/rejection-in-editors.md tells

    @Test
    void undoAfterARefusedDeletionShowsTheTextTwice() {
        try (YjsOracle yjs = YjsOracle.start("rejections.mjs")) {
            YDoc server = opened(yjs, 1);
            type(yjs, 0, 0, "keep this text", server);
            byte[] deletion = yjs.ask(Job.of(6, out -> {
                        out.writeInt(0);
                        out.writeInt(4);
                        out.writeInt(5);
                    }))
                    .blob();
            hear(yjs, 0, refused(server, deletion));
            assertEquals("keep this text", text(yjs, 0));
            assertEquals(
                    "keep this this text",
                    yjs.ask(Job.of(7, out -> out.writeInt(0))).text());
        }
    }

    @Test
    void undoAfterARefusedInsertionBringsNothingBack() {
        try (YjsOracle yjs = YjsOracle.start("rejections.mjs")) {
            YDoc server = opened(yjs, 1);
            type(yjs, 0, 0, "first ", server);
            // the undo manager is there from here on, and this deletes nothing
            yjs.ask(Job.of(6, out -> {
                out.writeInt(0);
                out.writeInt(0);
                out.writeInt(0);
            }));
            byte[] insertion = insert(yjs, 0, 6, "refused");
            hear(yjs, 0, refused(server, insertion));
            assertEquals("first ", text(yjs, 0));
            assertEquals("first ", yjs.ask(Job.of(7, out -> out.writeInt(0))).text());
        }
    }

    @Test
    void aCursorInTextThatComesBackGoesToItsEnd() {
        try (YjsOracle yjs = YjsOracle.start("rejections.mjs")) {
            YDoc server = opened(yjs, 2);
            type(yjs, 0, 0, "012345", server);
            hear(yjs, 1, server.encodeStateAsUpdate());
            byte[] cursor = yjs.ask(Job.of(8, out -> {
                        out.writeInt(1);
                        out.writeInt(3);
                    }))
                    .blob();
            byte[] deletion = yjs.ask(Job.of(6, out -> {
                        out.writeInt(0);
                        out.writeInt(1);
                        out.writeInt(4);
                    }))
                    .blob();
            byte[] news = refused(server, deletion);
            hear(yjs, 1, news);
            assertEquals("012345", text(yjs, 1));
            int index = yjs.ask(Job.of(9, out -> {
                        out.writeInt(1);
                        Job.blob(out, cursor);
                    }))
                    .number();
            assertNotEquals(3, index);
            assertTrue(index == 1 || index == 5, "at " + index);
        }
    }

    @Test
    void whatOthersTypeMeanwhileInABlockWhoseDeletionIsRefusedIsLost() {
        try (YjsOracle yjs = YjsOracle.start("rejections.mjs")) {
            YDoc server = opened(yjs, 2);
            server.applyUpdate(yjs.ask(Job.of(12, out -> out.writeInt(0))).blob());
            hear(yjs, 1, server.encodeStateAsUpdate());
            byte[] deletion = yjs.ask(Job.of(13, out -> out.writeInt(0))).blob();
            byte[] typed = yjs.ask(Job.of(14, out -> out.writeInt(1))).blob();
            refused(server, deletion);
            assertEquals("<p>block</p>", server.getXmlFragment("x").toString());
            server.applyUpdate(typed);
            assertEquals("<p>block</p>", server.getXmlFragment("x").toString());
        }
    }

    private static YDoc opened(YjsOracle yjs, int editors) {
        for (int i = 0; i < editors; i++) {
            int editor = i;
            yjs.ask(Job.of(0, out -> {
                out.writeInt(editor);
                out.writeByte(1);
                out.writeInt(10 + editor);
            }));
        }
        YDoc server = YDoc.create(YDocOptions.defaults().withClientId(99));
        server.getText("t");
        server.getXmlFragment("x");
        return server;
    }

    private static byte[] insert(YjsOracle yjs, int editor, int index, String text) {
        return yjs.ask(Job.of(10, out -> {
                    out.writeInt(editor);
                    out.writeInt(index);
                    Job.ints(out, text.chars().toArray());
                }))
                .blob();
    }

    private static void type(YjsOracle yjs, int editor, int index, String text, YDoc server) {
        server.applyUpdate(insert(yjs, editor, index, text));
    }

    private static String text(YjsOracle yjs, int editor) {
        return yjs.ask(Job.of(11, out -> out.writeInt(editor))).text();
    }

    private static void hear(YjsOracle yjs, int editor, byte[] update) {
        yjs.ask(Job.of(2, out -> {
                    out.writeInt(editor);
                    Job.blob(out, update);
                }))
                .blob();
    }

    private static byte[] refused(YDoc server, byte[] update) {
        byte[][] news = {{}};
        dev.rejoin.crdt.yjs.YSubscription listening = server.onUpdate((bytes, origin, of) -> news[0] = bytes);
        try (Proposal proposal = server.propose("editor", false)) {
            proposal.apply(update);
            proposal.refuse();
        }
        listening.close();
        return news[0];
    }
}
