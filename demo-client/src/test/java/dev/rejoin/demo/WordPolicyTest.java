package dev.rejoin.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rejoin.crdt.yjs.Proposal;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.server.room.ContentValidator.ProposedContent;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WordPolicyTest {
    private final YDoc doc = YDoc.create();

    private String judge(Runnable edit) {
        try (Proposal proposal = doc.propose(null, false)) {
            edit.run();
            String code = new WordPolicy()
                    .judge(new ProposedContent("notes/1", "", proposal.clients(), proposal.edits(), null))
                    .code();
            proposal.accept();
            return code;
        }
    }

    @Test
    void theWordIsRefusedWhereverItComesIn() {
        assertEquals("content-rejected", judge(() -> doc.getText("code").insert(0, "a forbidden b")));
        assertEquals("content-rejected", judge(() -> doc.getMap("m").set("k", Map.of("deep", "forbidden"))));
        assertEquals(
                "content-rejected",
                judge(() -> doc.getXmlFragment("prose")
                        .insertElement(0, "p")
                        .insertText(0)
                        .insert(0, "forbidden")));
    }

    @Test
    void itIsTheLastLetterThatCompletesIt() {
        assertEquals("", judge(() -> doc.getText("code").insert(0, "forbidde")));
        assertEquals("content-rejected", judge(() -> doc.getText("code").insert(8, "n")));
    }

    @Test
    void aTextThatHoldsItAlreadyCanBeEdited() {
        doc.getText("code").insert(0, "forbidden");
        assertEquals("", judge(() -> doc.getText("code").insert(9, " fruit")));
        assertEquals("", judge(() -> doc.getText("code").delete(0, 1)));
    }
}
