package dev.rejoin.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.server.room.MutationValidator.Decision;
import dev.rejoin.server.room.MutationValidator.ProposedChange;
import java.util.List;
import org.junit.jupiter.api.Test;

class TagPolicyTest {
    private static Decision judge(Mutation... mutations) {
        return new TagPolicy()
                .judge(new ProposedChange(
                        "notes/1", null, List.of(mutations), Document.create().snapshot()));
    }

    private static Mutation tag(Mutation.Op op, String text) {
        return new Mutation(List.of("tags"), ObjectType.OR_SET, op, text);
    }

    private static Mutation title(String text) {
        return new Mutation(List.of("title"), ObjectType.LWW_REGISTER, Mutation.Op.SET, text);
    }

    @Test
    void theForbiddenTagIsRefusedHoweverItIsWritten() {
        assertEquals(
                "content-rejected", judge(tag(Mutation.Op.ADD, "forbidden")).code());
        assertEquals(
                "content-rejected", judge(tag(Mutation.Op.ADD, "Forbidden")).code());
        assertTrue(judge(tag(Mutation.Op.REMOVE, "forbidden")).accepted());
        assertTrue(judge(tag(Mutation.Op.ADD, "permitted")).accepted());
    }

    @Test
    void oneRefusedChangeRefusesTheWholeWrite() {
        assertEquals(
                "content-rejected",
                judge(title("fine"), tag(Mutation.Op.ADD, "forbidden")).code());
    }

    @Test
    void lengthsAreBounded() {
        assertTrue(judge(tag(Mutation.Op.ADD, "x".repeat(40)), title("x".repeat(120)))
                .accepted());
        assertEquals(
                "a tag has at most 40 characters",
                judge(tag(Mutation.Op.ADD, "x".repeat(41))).message());
        assertEquals(
                "a title has at most 120 characters",
                judge(title("x".repeat(121))).message());
    }
}
