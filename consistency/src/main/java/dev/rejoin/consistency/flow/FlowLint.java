package dev.rejoin.consistency.flow;

import dev.rejoin.consistency.session.ReadLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;

/** What is wrong with policies, in sentences. */
final class FlowLint {
    private static final Set<String> PLACEHOLDERS = Set.of("usual", "lag", "by", "count", "time");
    private static final java.util.regex.Pattern PLACEHOLDER = java.util.regex.Pattern.compile("\\{([^}]*)}?");

    private final List<String> faults = new ArrayList<>();

    private FlowLint() {}

    static List<String> faults(FlowPolicies policies, Set<String> mutators, Set<String> codes) {
        FlowLint lint = new FlowLint();
        for (String mutator : new TreeSet<>(mutators)) {
            lint.require(policies.forMutator(mutator).isPresent(), "mutator " + mutator + " has no flow");
        }
        for (String code : new TreeSet<>(codes)) {
            lint.require(policies.messages().containsKey(code), "code " + code + " has no message");
        }
        policies.messages().forEach((code, message) -> lint.message("code " + code, message));
        for (FlowPolicy flow : policies.flows()) {
            lint.flow(flow, mutators, codes);
        }
        return List.copyOf(lint.faults);
    }

    private void flow(FlowPolicy flow, Set<String> mutators, Set<String> codes) {
        String name = "flow " + flow.name();
        for (String mutator : flow.mutators()) {
            require(mutators.contains(mutator), name + ": there is no mutator " + mutator);
        }
        for (Map.Entry<String, FlowMessage> failure : flow.failures().entrySet()) {
            require(codes.contains(failure.getKey()), name + ": there is no code " + failure.getKey());
            message(name + ", " + failure.getKey(), failure.getValue());
        }
        text(name + ", pending", flow.pending());
        text(name + ", slow", flow.slow());
        boolean writes = flow.acknowledgement() != Acknowledgement.NONE;
        require(writes || flow.mutators().isEmpty(), name + " has mutators, and acknowledges nothing");
        require(flow.timeout().toMillis() > 0, name + " has no timeout");
        switch (flow.pattern()) {
            case PESSIMISTIC -> {
                require(!flow.pending().isEmpty(), name + " is pessimistic, and says nothing while it is under way");
                require(!flow.slow().isEmpty(), name + " is pessimistic, and says nothing when it is slow");
                require(
                        flow.acknowledgement().compareTo(Acknowledgement.DURABLE) >= 0,
                        name + " is pessimistic, and does not wait until the write is durable");
            }
            case AWAIT_VISIBLE -> require(!flow.slow().isEmpty(), name + " waits, and says nothing when it is slow");
            case BOUNDED_STALENESS ->
                require(flow.reads() instanceof ReadLevel.BoundedStaleness, name + " has no bound of staleness");
            case SESSION_READ ->
                require(!(flow.reads() instanceof ReadLevel.Eventual), name + " reads without its session");
            default -> {
                // nothing more is asked of the others
            }
        }
    }

    private void message(String where, FlowMessage message) {
        require(!message.text().isBlank(), where + " says nothing");
        text(where, message.text());
    }

    private void text(String where, String text) {
        Matcher placeholder = PLACEHOLDER.matcher(text);
        while (placeholder.find()) {
            require(
                    PLACEHOLDERS.contains(placeholder.group(1)),
                    where + " has the unknown placeholder " + placeholder.group());
        }
    }

    private void require(boolean holds, String otherwise) {
        if (!holds) {
            faults.add(otherwise);
        }
    }
}
