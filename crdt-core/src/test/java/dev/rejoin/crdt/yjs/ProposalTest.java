package dev.rejoin.crdt.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Changes that are looked at before they stand, one by one. */
class ProposalTest {
    private final YDoc server = YDoc.create(YDocOptions.defaults().withClientId(99));
    private final YDoc ann = YDoc.create(YDocOptions.defaults().withClientId(1));
    private final List<byte[]> told = new ArrayList<>();
    private final List<byte[]> made = new ArrayList<>();

    ProposalTest() {
        server.onUpdate((update, origin, of) -> told.add(update));
        ann.onUpdate((update, origin, of) -> {
            if (origin == null) {
                made.add(update);
            }
        });
    }

    private byte[] made() {
        byte[] update = Updates.merge(List.copyOf(made));
        made.clear();
        return update;
    }

    private byte[] told() {
        return told.get(told.size() - 1);
    }

    private void accepted() {
        server.applyUpdate(made(), "ann");
    }

    private Refusal refused(byte[] update) {
        try (Proposal proposal = server.propose("ann", false)) {
            proposal.apply(update);
            Refusal refusal = proposal.refuse();
            ann.applyUpdate(told(), "server");
            return refusal;
        }
    }

    private List<ProposedEdit> edits(byte[] update) {
        List<ProposedEdit> edits = new ArrayList<>();
        try (Proposal proposal = server.propose("ann", false)) {
            proposal.apply(update);
            edits.addAll(proposal.edits());
        }
        return edits;
    }

    @Test
    void anEditIsShownInPlainValues() {
        ann.getText("t").insert(0, "one two");
        ann.getMap("m").set("title", "old");
        accepted();
        ann.transact(() -> {
            ann.getText("t").delete(0, 4);
            ann.getText("t").insert(3, " three", Map.of("bold", true));
            ann.getMap("m").set("title", "new");
            ann.getMap("m").set("more", List.of(1, Map.of("deep", "down")));
            ann.getXmlFragment("x").insertElement(0, "p").insertText(0).insert(0, "hi");
        });
        try (Proposal proposal = server.propose("ann", true)) {
            proposal.apply(made());
            Map<String, ProposedEdit> byRoot = new java.util.HashMap<>();
            proposal.edits().forEach(edit -> byRoot.put(edit.root(), edit));
            assertEquals(Set.of("t", "m", "x"), byRoot.keySet());
            ProposedEdit text = byRoot.get("t");
            assertEquals("one two", text.textBefore());
            assertEquals("two three", text.textAfter());
            assertEquals(
                    List.of(
                            new TextDelta.Delete(4),
                            new TextDelta.Retain(3, Map.of()),
                            new TextDelta.Insert(" three", Map.of("bold", true))),
                    text.delta().ops());
            ProposedEdit map = byRoot.get("m");
            assertEquals(RootKind.MAP, map.kind());
            assertEquals(
                    new ProposedEdit.KeyEdit(YEvent.Action.UPDATE, "old", "new"),
                    map.keys().get("title"));
            assertEquals(List.of("title", "new", "more", "deep", "down"), map.strings());
            assertEquals(RootKind.XML, byRoot.get("x").kind());
            assertEquals(List.of("<p>hi</p>"), byRoot.get("x").strings());
            assertEquals(Set.of(1L), proposal.clients());
            assertEquals("one two", proposal.before().text("t"));
            assertEquals("two three", proposal.after().text("t"));
        }
        assertEquals("one two", server.getText("t").toString());
    }

    @Test
    void theWayToANestedTypeIsTold() {
        ann.getArray("a").push(List.of(1));
        ann.getArray("a").insertMap(1).setText("body").insert(0, "x");
        accepted();
        ((YText) ((YMap) ann.getArray("a").get(1)).get("body")).insert(1, "y");
        try (Proposal proposal = server.propose("ann", false)) {
            proposal.apply(made());
            ProposedEdit edit = proposal.edits().get(0);
            assertEquals("a", edit.root());
            assertEquals(List.of(1, "body"), edit.path());
            assertEquals(RootKind.TEXT, edit.kind());
        }
    }

    @Test
    void whatNobodySeesIsNoEdit() {
        ann.getText("t").insert(0, "x");
        accepted();
        ann.transact(() -> {
            ann.getText("t").insert(0, "gone at once");
            ann.getText("t").delete(0, 12);
        });
        assertEquals(List.of(), edits(made()));
    }

    @Test
    void aRefusedInsertionCostsAFewBytesWhateverItsLength() {
        ann.getText("t").insert(0, "so ");
        accepted();
        int before = server.encodeStateAsUpdate().length;
        ann.getText("t").insert(3, "x".repeat(10_000));
        Refusal refusal = refused(made());
        assertTrue(told().length < 25, told().length + " bytes");
        assertTrue(server.encodeStateAsUpdate().length - before < 20);
        assertEquals("so ", ann.getText("t").toString());
        assertTrue(refusal.refused().contains(1, 3) && refusal.refused().contains(1, 10_002));
        assertFalse(refusal.refused().contains(1, 2));
    }

    @Test
    void whatIsTypedIntoARefusedRunStays() {
        ann.getText("t").insert(0, "refused");
        byte[] first = made();
        ann.getText("t").insert(3, "kept");
        byte[] second = made();
        refused(first);
        server.applyUpdate(second);
        assertEquals("kept", server.getText("t").toString());
        assertEquals("kept", ann.getText("t").toString());
    }

    @Test
    void anOverwrittenValueStandsAgainAndCanBeOverwritten() {
        ann.getMap("m").set("k", "old");
        accepted();
        ann.getMap("m").set("k", "refused");
        byte[] first = made();
        ann.getMap("m").set("k", "meanwhile");
        byte[] second = made();
        refused(first);
        assertEquals("old", server.getMap("m").get("k"));
        server.applyUpdate(second);
        ann.applyUpdate(server.encodeStateAsUpdate());
        assertEquals(server.getMap("m").toJson(), ann.getMap("m").toJson());
    }

    @Test
    void deletedTypesComeBackWithAllThatWasInThem() {
        YXmlElement list = ann.getXmlFragment("x").insertElement(0, "ul");
        list.setAttribute("id", "l");
        YXmlElement first = list.insertElement(0, "li");
        first.insertText(0).insert(0, "bold", Map.of("strong", Map.of()));
        list.insertElement(1, "li").insertText(0).insert(0, "two");
        accepted();
        String before = server.getXmlFragment("x").toString();
        ann.getXmlFragment("x").delete(0, 1);
        Refusal refusal = refused(made());
        assertEquals(before, server.getXmlFragment("x").toString());
        assertEquals(before, ann.getXmlFragment("x").toString());
        assertTrue(refusal.restored().contains(1, 0));
    }

    @Test
    void howeverDeepItIsNestedItCanBeShownRefusedAndPutBack() {
        YArray inner = ann.getArray("a");
        for (int i = 0; i < 50_000; i++) {
            inner = inner.insertArray(0);
        }
        inner.push(List.of("down here"));
        byte[] nested = made();
        assertEquals(List.of("down here"), edits(nested).get(0).strings());
        refused(nested);
        assertEquals(0, server.getArray("a").length());
        server.checkInvariants();
        YDoc other = YDoc.create();
        YMap map = other.getMap("m").setMap("k");
        for (int i = 0; i < 50_000; i++) {
            map = map.setMap("k");
        }
        map.set("k", "deeper");
        server.applyUpdate(other.encodeStateAsUpdate());
        ann.applyUpdate(other.encodeStateAsUpdate());
        ann.getMap("m").delete("k");
        refused(made());
        server.checkInvariants();
        assertEquals(1, server.getMap("m").size());
        YDoc reader = YDoc.create();
        reader.applyUpdate(server.encodeStateAsUpdate());
        assertEquals(server.stateVector(), reader.stateVector());
    }

    private boolean bringsIn(Runnable edit) {
        edit.run();
        byte[] update = made();
        boolean found;
        try (Proposal proposal = server.propose("ann", false)) {
            proposal.apply(update);
            found = proposal.edits().stream().anyMatch(each -> each.bringsIn("word"));
            proposal.accept();
        }
        return found;
    }

    @Test
    void aWordIsNoticedHoweverItIsPutTogether() {
        YText text = ann.getText("t");
        assertFalse(bringsIn(() -> text.insert(0, "a wo b")));
        assertFalse(bringsIn(() -> text.insert(4, "r")));
        assertTrue(bringsIn(() -> text.insert(5, "d")), "letter by letter");
        assertFalse(bringsIn(() -> text.insert(6, "s")), "it was there before");
        assertFalse(bringsIn(() -> text.insert(2, "_")), "it was there before");
        assertFalse(bringsIn(() -> text.delete(0, 1)), "it was there before");
        assertFalse(bringsIn(() -> text.insert(0, "wo-rd ")));
        assertTrue(bringsIn(() -> text.delete(2, 1)), "by taking away what stood between");
        assertTrue(bringsIn(() -> ann.transact(() -> {
            text.insert(0, "wo", Map.of("bold", true));
            text.insert(2, "rd", Map.of());
        })));
        assertFalse(bringsIn(() -> ann.transact(() -> {
            text.insert(0, "wo");
            text.insertEmbed(2, Map.of("x", 1), Map.of());
            text.insert(3, "rd ");
        })));
        assertTrue(bringsIn(() -> text.format(0, 2, Map.of("link", "my word"))));
        assertFalse(bringsIn(() -> text.format(0, 2, Map.of("link", "mine"))));
        assertFalse(bringsIn(() -> ann.getArray("a").push(List.of("wo", "rd"))));
        assertTrue(bringsIn(() -> ann.getArray("a").insertMap(0).setText("k").insert(0, "a word")));
        assertTrue(bringsIn(() -> ann.getMap("m").set("word", 1)), "a key");
    }

    /** As many types that stand in each other as changes: looking all changes through for each type, or the way up from each, takes minutes. */
    @Test
    void aChangeInEachOfManyTypesIsShownInTimeThatGrowsWithThem() {
        List<YArray> all = new ArrayList<>();
        YArray inner = ann.getArray("a");
        for (int i = 0; i < 30_000; i++) {
            inner = inner.insertArray(0);
            all.add(inner);
        }
        accepted();
        ann.transact(() -> all.forEach(each -> each.push(List.of(1))));
        List<ProposedEdit> edits = edits(made());
        assertEquals(30_000, edits.size());
        assertTrue(edits.stream().allMatch(edit -> edit.root().equals("a")));
    }

    @Test
    void aSubdocumentComesBackUnderItsName() {
        YDoc part = YDoc.create();
        ann.getMap("m").set("part", part);
        accepted();
        ann.getMap("m").set("part", YDoc.create());
        byte[] other = made();
        assertTrue(edits(other).get(0).keys().get("part").value() instanceof Map, "told by its name");
        refused(other);
        assertEquals(part.guid(), ((YDoc) server.getMap("m").get("part")).guid());
        assertEquals(part.guid(), ((YDoc) ann.getMap("m").get("part")).guid());
        assertEquals(1, server.subdocs().size());
    }

    @Test
    void neighboursThatComeBackAreOneRunAgain() {
        ann.getText("t").insert(0, "abcdef");
        accepted();
        ann.getText("t").delete(1, 2);
        ann.getText("t").delete(1, 2);
        refused(made());
        assertEquals("abcdef", ann.getText("t").toString());
        assertTrue(told().length < 45, told().length + " bytes");
    }

    @Test
    void refusalsOfADocumentAreWrittenUnderOneId() {
        ann.getText("t").insert(0, "abc");
        accepted();
        for (int i = 0; i < 5; i++) {
            ann.getText("t").delete(0, 1);
            refused(made());
        }
        assertEquals(2, server.stateVector().size());
        assertEquals("abc", ann.getText("t").toString());
    }

    @Test
    void whoeverWritesUnderOurIdDoesNotGetUsToGoOnThere() {
        ann.getText("t").insert(0, "abc");
        accepted();
        YDoc forger = YDoc.create(YDocOptions.defaults().withClientId(99));
        forger.applyUpdate(server.encodeStateAsUpdate());
        byte[][] forged = {{}};
        forger.onUpdate((update, origin, of) -> forged[0] = update);
        forger.transact(() -> {
            forger.getText("t").delete(0, 3);
            forger.getText("t").insert(0, "forged");
        });
        refused(forged[0]);
        assertNotEquals(99, server.clientId());
        assertEquals("abc", server.getText("t").toString());
        assertEquals("abc", ann.getText("t").toString());
        assertEquals(server.stateVector(), ann.stateVector());
    }

    @Test
    void whatLacksItsForerunnersIsForgotten() {
        ann.getText("t").insert(0, "first");
        byte[] first = made();
        ann.getText("t").insert(5, "second");
        byte[] second = made();
        byte[] before = server.encodeStateAsUpdate();
        try (Proposal proposal = server.propose("ann", false)) {
            ApplyResult result = proposal.apply(second);
            assertFalse(result.complete());
            assertTrue(proposal.isEmpty());
            proposal.accept();
        }
        assertArrayEquals(before, server.encodeStateAsUpdate());
        server.applyUpdate(first);
        assertEquals("first", server.getText("t").toString());
    }

    @Test
    void whatHasWaitedSinceBeforeComesInAfterTheVerdict() {
        ann.getText("t").insert(0, "first");
        byte[] first = made();
        ann.getText("t").insert(5, "second");
        server.applyUpdate(made());
        refused(first);
        assertEquals("second", server.getText("t").toString());
        assertEquals(0, server.pending().structs());
    }

    @Test
    void badBytesLeaveNoTrace() {
        byte[] before = server.encodeStateAsUpdate();
        try (Proposal proposal = server.propose("ann", false)) {
            assertThrows(MalformedUpdateException.class, () -> proposal.apply(new byte[] {1, 2, 3}));
        }
        assertArrayEquals(before, server.encodeStateAsUpdate());
        assertTrue(told.isEmpty());
    }

    @Test
    void aProposalInsideATransactionIsTakenBackWithIt() {
        server.getText("t").insert(0, "a");
        RuntimeException wanted = new IllegalStateException("refused");
        RuntimeException thrown = assertThrows(
                IllegalStateException.class,
                () -> server.transact(() -> {
                    try (Proposal proposal = server.propose(null, false)) {
                        server.getText("t").insert(1, "bc");
                        assertEquals("abc", proposal.edits().get(0).textAfter());
                        assertThrows(IllegalStateException.class, proposal::refuse);
                        throw wanted;
                    }
                }));
        assertEquals(wanted, thrown);
        assertEquals("a", server.getText("t").toString());
        server.getText("t").insert(1, "b");
        assertEquals("ab", server.getText("t").toString());
    }

    @Test
    void observersSeeOneTransactionInWhichNothingWasShown() {
        ann.getText("t").insert(0, "abc");
        accepted();
        List<TextDelta> seen = new ArrayList<>();
        server.getText("t").observe(event -> seen.add(event.delta()));
        ann.getText("t").insert(1, "refused");
        refused(made());
        assertEquals(List.of(TextDelta.EMPTY), seen);
    }

    @Test
    void aProposalThatIsOverCannotBeAsked() {
        Proposal proposal = server.propose(null, false);
        proposal.close();
        assertThrows(IllegalStateException.class, proposal::edits);
        assertThrows(IllegalStateException.class, proposal::accept);
        assertThrows(IllegalStateException.class, proposal::before);
        proposal.close();
    }
}
