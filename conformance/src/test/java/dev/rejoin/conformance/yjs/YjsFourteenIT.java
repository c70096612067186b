package dev.rejoin.conformance.yjs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rejoin.crdt.yjs.YDoc;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Yjs 14 reads what we write as the same document, and we read what it writes. */
class YjsFourteenIT {
    private static final int BATCH = 100;

    /** A document of ours and how it went over. */
    private record Sent(long seed, boolean gc, Version version, List<byte[]> updates, String description) {}

    @Test
    void bothUnderstandEachOther() {
        long documents = Differential.documents(200);
        long first = Differential.seed();
        System.out.printf("YjsFourteenIT: %d documents from seed %d%n", documents, first);
        try (YjsOracle oracle = YjsOracle.start("fourteen.mjs")) {
            for (long done = 0; done < documents; done += BATCH) {
                List<Sent> batch = new ArrayList<>();
                for (long seed = first + done; seed < first + Math.min(documents, done + BATCH); seed++) {
                    batch.add(send(seed));
                }
                List<Answer> answers = oracle.ask(batch.stream()
                        .map(sent -> Job.apply(sent.gc, sent.version, sent.updates))
                        .toList());
                for (int i = 0; i < batch.size(); i++) {
                    compare(batch.get(i), answers.get(i));
                }
            }
        }
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
        return new Sent(seed, gc, version, updates, Description.ofUnits(doc));
    }

    private static void compare(Sent sent, Answer answer) {
        String replay =
                "seed " + sent.seed + "; replay: mvn -pl conformance -am verify -Dit.test=YjsFourteenIT -Dtest=none"
                        + " -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false -Drejoin.seed="
                        + sent.seed + " -Drejoin.yjs.documents=1";
        assertEquals(answer.text(), sent.description, replay);
        for (Version version : Version.values()) {
            YDoc doc = Replica.document(0xffffffffL, sent.gc);
            ScriptRun.load(doc, version, answer.blob());
            assertEquals(sent.description, Description.ofUnits(doc), () -> replay + ", what it writes as " + version);
        }
    }
}
