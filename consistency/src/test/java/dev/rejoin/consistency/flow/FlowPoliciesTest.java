package dev.rejoin.consistency.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.MalformedTokenException;
import dev.rejoin.consistency.session.ReadFailure;
import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.crdt.Values;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class FlowPoliciesTest {
    private final FlowPolicies defaults = DefaultFlows.policies();

    @Test
    void theDefaultsHaveNoFaultsAndAMessageForEveryCodeOfThisModule() {
        Set<String> codes = new TreeSet<>(defaults.messages().keySet());
        for (ReadFailure failure : ReadFailure.values()) {
            codes.add(failure.label());
        }
        codes.add(MalformedTokenException.CODE);
        assertEquals(List.of(), defaults.faults(Set.of(), codes));
    }

    @Test
    void whatIsWrittenIsRead() {
        FlowPolicies some = defaults.toBuilder()
                .flow(FlowPolicy.of("add to cart", Pattern.OPTIMISTIC)
                        .mutators("cart.add", "cart.remove")
                        .build())
                .build();
        assertEquals(some.flows(), FlowPolicies.fromValue(some.toValue()).flows());
        assertEquals(some.messages(), FlowPolicies.fromValue(some.toValue()).messages());
        assertEquals(
                some.flows(),
                FlowPolicies.fromValue(Values.canonical(some.toValue())).flows());
        assertEquals("add to cart", some.forMutator("cart.remove").orElseThrow().name());
    }

    @Test
    void whatWasForgottenIsFound() {
        FlowPolicies poor = FlowPolicies.builder()
                .flow(FlowPolicy.of("pay", Pattern.PESSIMISTIC)
                        .mutators("pay", "gone")
                        .saved(Acknowledgement.LOCAL)
                        .timeout(Duration.ZERO)
                        .failure("no-such-code", " ")
                        .build())
                .flow(FlowPolicy.of("numbers", Pattern.BOUNDED_STALENESS)
                        .pending("as of {date}")
                        .build())
                .flow(FlowPolicy.of("list", Pattern.SESSION_READ)
                        .reads(ReadLevel.EVENTUAL)
                        .build())
                .flow(FlowPolicy.of("search", Pattern.AWAIT_VISIBLE)
                        .saved(Acknowledgement.NONE)
                        .mutators("search")
                        .build())
                .build();
        assertEquals(
                List.of(
                        "mutator like has no flow",
                        "code forbidden has no message",
                        "flow pay: there is no mutator gone",
                        "flow pay: there is no code no-such-code",
                        "flow pay, no-such-code says nothing",
                        "flow pay has no timeout",
                        "flow pay is pessimistic, and says nothing while it is under way",
                        "flow pay is pessimistic, and says nothing when it is slow",
                        "flow pay is pessimistic, and does not wait until the write is durable",
                        "flow numbers, pending has the unknown placeholder {date}",
                        "flow numbers has no bound of staleness",
                        "flow list reads without its session",
                        "flow search has mutators, and acknowledges nothing",
                        "flow search waits, and says nothing when it is slow"),
                poor.faults(Set.of("pay", "like", "search"), Set.of("forbidden")));
    }

    @Test
    void aMutatorBelongsToOneFlow() {
        FlowPolicies.Builder builder = FlowPolicies.builder()
                .flow(FlowPolicy.of("a", Pattern.OPTIMISTIC).mutators("m").build());
        FlowPolicy second = FlowPolicy.of("b", Pattern.OPTIMISTIC).mutators("m").build();
        assertEquals(
                "m belongs to a",
                assertThrows(IllegalArgumentException.class, () -> builder.flow(second))
                        .getMessage());
    }

    @Test
    void aFlowsOwnMessageComesBeforeThatOfAll() {
        assertEquals(
                "Only {count} left.",
                defaults.message("cart", "bound-exceeded").orElseThrow().text());
        assertEquals(
                "You may not do this.",
                defaults.message("cart", "forbidden").orElseThrow().text());
        assertTrue(defaults.message("cart", "nonsense").isEmpty());
        assertEquals(
                Pattern.PESSIMISTIC, defaults.flow("transfer").orElseThrow().pattern());
    }

    @Test
    void whatIsNotUnderstoodIsRefusedWithItsPlace() {
        refused("policies: not an object", List.of());
        refused("policies.version: only 1 is known", changed("version", 2L));
        refused("policies: unknown: [more]", changed("more", 1L));
        refused("policies.messages: not an object", changed("messages", "x"));
        refused("policies.flows[0].pattern: unknown: hopeful", changedFlow("pattern", "hopeful"));
        refused("policies.flows[0].timeoutMillis: not an integer", changedFlow("timeoutMillis", "soon"));
        refused("policies.flows[0]: unknown: [colour]", changedFlow("colour", "red"));
        refused(
                "policies.flows[0].pending: not a text of at most 500 characters",
                changedFlow("pending", "x".repeat(501)));
        refused("policies.flows[1].name: twice", changedFlow("name", "like counter"));
        Map<String, Object> without = new LinkedHashMap<>(defaults.toValue());
        without.remove("flows");
        refused("policies.flows: missing", without);
    }

    private Map<String, Object> changed(String key, Object value) {
        Map<String, Object> changed = new LinkedHashMap<>(defaults.toValue());
        changed.put(key, value);
        return changed;
    }

    private Map<String, Object> changedFlow(String key, Object value) {
        List<Object> flows =
                new java.util.ArrayList<>((List<?>) defaults.toValue().get("flows"));
        Map<String, Object> first = new LinkedHashMap<>();
        ((Map<?, ?>) flows.get(0)).forEach((name, entry) -> first.put((String) name, entry));
        first.put(key, value);
        flows.set(0, first);
        return changed("flows", flows);
    }

    private static void refused(String message, Object value) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> FlowPolicies.fromValue(value));
        assertEquals(message, refused.getMessage());
    }

    @Test
    void thePageNamesEveryFlowAndEveryCode() {
        String page = defaults.markdown();
        defaults.flows().forEach(flow -> assertTrue(page.contains("| " + flow.name() + " |"), flow.name()));
        defaults.messages().keySet().forEach(code -> assertTrue(page.contains("| `" + code + "` |"), code));
        assertTrue(page.contains("at most 30 s old"), page);
        assertTrue(page.contains("after 15 s: New items"), page);
    }
}
