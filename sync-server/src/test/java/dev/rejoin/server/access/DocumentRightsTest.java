package dev.rejoin.server.access;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class DocumentRightsTest {
    private static Capability of(String document, Map<String, ?> patterns) throws TokenFlawException {
        return DocumentRights.from(Map.of("documents", patterns)).of(document);
    }

    @Test
    void theExampleOfThePageMeansWhatItSays() throws TokenFlawException {
        Map<String, String> documents = Map.of("notes/*", "write", "public/**", "read");
        assertEquals(Capability.WRITE, of("notes/today", documents));
        assertEquals(Capability.NONE, of("notes/2026/may", documents));
        assertEquals(Capability.NONE, of("notes", documents));
        assertEquals(Capability.READ, of("public/a/b/c", documents));
        assertEquals(Capability.READ, of("public", documents));
        assertEquals(Capability.NONE, of("publicity", documents));
        assertEquals(Capability.NONE, of("Notes/today", documents));
    }

    @Test
    void thePatternThatSaysMostDecides() throws TokenFlawException {
        assertEquals(Capability.NONE, of("a/secret", Map.of("a/*", "write", "a/secret", "none")));
        assertEquals(Capability.ADMIN, of("a/b", Map.of("**", "read", "a/**", "write", "a/b", "admin")));
        assertEquals(Capability.READ, of("a/b", Map.of("a/**", "write", "a/*", "read")));
        assertEquals(Capability.READ, of("a/b", Map.of("a/*", "read", "*/b", "write")));
        assertEquals(Capability.READ, of("a/b/c", Map.of("a/**/c", "read", "a/**", "write")));
        assertEquals(Capability.READ, of("a", Map.of("a", "read", "a/**", "write")));
    }

    @Test
    void ofTwoThatSayTheSameTheOneThatAllowsLessDecides() throws TokenFlawException {
        Map<String, String> documents = Map.of("**/x/**", "write", "**/y/**", "read");
        assertEquals(Capability.READ, of("x/y", documents));
        assertEquals(Capability.READ, of("y/x", documents));
    }

    @Test
    void anUnknownCapabilityAllowsNothingAndHidesNothingWeaker() throws TokenFlawException {
        for (Object unknown : new Object[] {"writ", "WRITE", "read,write", "", 1, true, Map.of()}) {
            assertEquals(Capability.NONE, of("a", Map.of("a", unknown, "**", "write")), unknown.toString());
        }
        Map<String, Object> empty = new HashMap<>();
        empty.put("a", null);
        assertEquals(Capability.NONE, of("a", empty));
    }

    @Test
    void accessHoldsWhereNoPatternDoes() throws TokenFlawException {
        Map<String, Object> claims = Map.of("access", "read", "documents", Map.of("mine/**", "write", "x", "none"));
        assertEquals(Capability.WRITE, DocumentRights.from(claims).of("mine/a"));
        assertEquals(Capability.READ, DocumentRights.from(claims).of("other"));
        assertEquals(Capability.NONE, DocumentRights.from(claims).of("x"));
        assertEquals(
                Capability.NONE, DocumentRights.from(Map.of("access", "all")).of("a"));
    }

    @Test
    void withoutAClaimNothingIsAllowed() throws TokenFlawException {
        assertEquals(
                Capability.NONE, DocumentRights.from(Map.of("scope", "write")).of("a"));
    }

    @Test
    void eachCapabilityIncludesThoseBeforeIt() {
        assertEquals(true, Capability.ADMIN.includes(Capability.WRITE));
        assertEquals(true, Capability.READ.includes(Capability.READ));
        assertEquals(false, Capability.READ.includes(Capability.WRITE));
    }
}
