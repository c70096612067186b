package dev.rejoin.consistency.flow;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * All flows of an application, and what each code means to its users. {@link #faults} finds what was forgotten, {@link #markdown} is the page for
 * people, {@link #toValue} and {@link #fromValue} carry it as JSON: any library reads that into the plain maps and lists they speak.
 *
 * <p>Immutable. {@link DefaultFlows} is one to start from.
 */
public final class FlowPolicies {
    private final Map<String, FlowPolicy> flows;
    private final Map<String, FlowMessage> messages;

    private FlowPolicies(Map<String, FlowPolicy> flows, Map<String, FlowMessage> messages) {
        this.flows = Collections.unmodifiableMap(new LinkedHashMap<>(flows));
        this.messages = Collections.unmodifiableMap(new TreeMap<>(messages));
    }

    /** Policies to be filled in. */
    public static Builder builder() {
        return new Builder();
    }

    /** These policies to be changed. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.flows.putAll(flows);
        builder.messages.putAll(messages);
        return builder;
    }

    /** The flows in their order. */
    public List<FlowPolicy> flows() {
        return List.copyOf(flows.values());
    }

    /** What codes mean in flows that say nothing of their own, by code. */
    public Map<String, FlowMessage> messages() {
        return messages;
    }

    /** The flow of this name. */
    public Optional<FlowPolicy> flow(String name) {
        return Optional.ofNullable(flows.get(name));
    }

    /** The flow that a kind of write belongs to. */
    public Optional<FlowPolicy> forMutator(String mutator) {
        return flows.values().stream()
                .filter(flow -> flow.mutators().contains(mutator))
                .findFirst();
    }

    /** What a user is told when this flow ends with this code. */
    public Optional<FlowMessage> message(String flow, String code) {
        FlowPolicy policy = flows.get(flow);
        FlowMessage own = policy == null ? null : policy.failures().get(code);
        return Optional.ofNullable(own != null ? own : messages.get(code));
    }

    /**
     * What is wrong or was forgotten: for a test of the application that fails while it is not empty.
     *
     * @param mutators every kind of write there is
     * @param codes every code that a write or read can end with
     */
    public List<String> faults(Set<String> mutators, Set<String> codes) {
        return FlowLint.faults(this, mutators, codes);
    }

    /** A table of the flows, one of the codes and one of the patterns, for documentation. */
    public String markdown() {
        return FlowTables.markdown(this);
    }

    /** These policies as maps, lists, strings and numbers, ready for any JSON writer. */
    public Map<String, Object> toValue() {
        return FlowValues.write(this);
    }

    /**
     * Reads what {@link #toValue} wrote, after any JSON reader.
     *
     * @throws IllegalArgumentException naming the place, if something is missing, unknown, of another type, or above a bound
     */
    public static FlowPolicies fromValue(Object value) {
        return FlowValues.read(value);
    }

    /** Policies under construction. Not thread-safe. */
    public static final class Builder {
        private final Map<String, FlowPolicy> flows = new LinkedHashMap<>();
        private final Map<String, FlowMessage> messages = new LinkedHashMap<>();

        private Builder() {}

        /**
         * Adds a flow, or replaces the one of its name, at its place.
         *
         * @throws IllegalArgumentException if another flow has one of its mutators
         */
        public Builder flow(FlowPolicy flow) {
            List<String> taken = new ArrayList<>();
            flows.values()
                    .forEach(other -> other.mutators().forEach(mutator -> {
                        if (!other.name().equals(flow.name()) && flow.mutators().contains(mutator)) {
                            taken.add(mutator + " belongs to " + other.name());
                        }
                    }));
            if (!taken.isEmpty()) {
                throw new IllegalArgumentException(String.join(", ", taken));
            }
            flows.put(flow.name(), flow);
            return this;
        }

        /** What a code means in flows that say nothing of their own. */
        public Builder message(String code, String text, FlowAction... actions) {
            messages.put(code, FlowMessage.of(text, actions));
            return this;
        }

        Builder message(String code, FlowMessage message) {
            messages.put(code, message);
            return this;
        }

        /** The policies. */
        public FlowPolicies build() {
            return new FlowPolicies(flows, messages);
        }
    }
}
