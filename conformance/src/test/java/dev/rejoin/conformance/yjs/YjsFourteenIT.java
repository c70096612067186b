package dev.rejoin.conformance.yjs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rejoin.crdt.yjs.YDoc;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Yjs 14 reads what we write as the same document, and we read what it writes. */
class YjsFourteenIT {
    /** A document of ours and how it went over. */
    private record Sent(boolean gc, Version version, List<byte[]> updates, String description) {}

    @Test
    void bothUnderstandEachOther() {
        new Lanes(getClass(), "fourteen.mjs", 200).check((lane, first, size) -> {
            List<Sent> batch = new ArrayList<>();
            for (long seed = first; seed < first + size; seed++) {
                long document = seed;
                batch.add(lane.ours(document, () -> send(document)));
            }
            List<Answer> answers = lane.ask(batch.stream()
                    .map(sent -> Job.apply(sent.gc, sent.version, sent.updates))
                    .toList());
            for (int i = 0; i < size; i++) {
                lane.at(first + i);
                compare(batch.get(i), answers.get(i));
            }
        });
    }

    private static Sent send(long seed) {
        Script script = ScriptGenerator.schedule(seed);
        Version version = Version.values()[(int) (seed & 1)];
        boolean gc = (seed & 2) == 0;
        List<byte[]> updates =
                new ArrayList<>(ScriptRun.of(script, List.of(), false).updates(version));
        if ((seed & 4) == 0 && !updates.isEmpty()) {
            updates = new ArrayList<>(List.of(Codec.merge(version, updates)));
        }
        YDoc doc = Replica.document(0xffffffffL, gc);
        for (byte[] update : updates) {
            ScriptRun.load(doc, version, update);
        }
        return new Sent(gc, version, updates, Description.ofUnits(doc));
    }

    private static void compare(Sent sent, Answer answer) {
        assertEquals(answer.text(), sent.description);
        for (Version version : Version.values()) {
            YDoc doc = Replica.document(0xffffffffL, sent.gc);
            ScriptRun.load(doc, version, answer.blob());
            assertEquals(sent.description, Description.ofUnits(doc), () -> "what it writes as " + version);
        }
    }
}
