package dev.rejoin.consistency.flow;

import dev.rejoin.consistency.session.ReadLevel;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * How one flow of the user interface behaves.
 *
 * @param name the flow, in the words of the product
 * @param mutators the kinds of writes that belong to it
 * @param pattern how it deals with time
 * @param reads how fresh its reads are
 * @param acknowledgement when its writes count as saved
 * @param timeout after this the slow text is shown, and of a pessimistic flow the outcome counts as unknown, never as failed
 * @param pending shown while it is under way; empty for nothing
 * @param slow shown after the timeout; empty for nothing
 * @param failures by code, what differs from the messages of all flows
 */
public record FlowPolicy(
        String name,
        Set<String> mutators,
        Pattern pattern,
        ReadLevel reads,
        Acknowledgement acknowledgement,
        Duration timeout,
        String pending,
        String slow,
        Map<String, FlowMessage> failures) {
    /** Copies the collections; mutators keep their order, codes are sorted. */
    public FlowPolicy {
        mutators = Collections.unmodifiableSet(new LinkedHashSet<>(mutators));
        failures = Collections.unmodifiableMap(new TreeMap<>(failures));
    }

    /** A policy to be filled in, with session reads, durable writes and a timeout of ten seconds. */
    public static Builder of(String name, Pattern pattern) {
        return new Builder(name, pattern);
    }

    /** A policy under construction. Not thread-safe. */
    public static final class Builder {
        private final String name;
        private final Pattern pattern;
        private final Set<String> mutators = new LinkedHashSet<>();
        private final Map<String, FlowMessage> failures = new LinkedHashMap<>();
        private ReadLevel reads = ReadLevel.SESSION;
        private Acknowledgement acknowledgement = Acknowledgement.DURABLE;
        private Duration timeout = Duration.ofSeconds(10);
        private String pending = "";
        private String slow = "";

        private Builder(String name, Pattern pattern) {
            this.name = name;
            this.pattern = pattern;
        }

        /** These kinds of writes belong to the flow. */
        public Builder mutators(String... kinds) {
            mutators.addAll(java.util.List.of(kinds));
            return this;
        }

        /** How fresh its reads are. */
        public Builder reads(ReadLevel level) {
            reads = level;
            return this;
        }

        /** When its writes count as saved. */
        public Builder saved(Acknowledgement level) {
            acknowledgement = level;
            return this;
        }

        /** When it is slow. */
        public Builder timeout(Duration limit) {
            timeout = limit;
            return this;
        }

        /** What is shown while it is under way. */
        public Builder pending(String text) {
            pending = text;
            return this;
        }

        /** What is shown when it is slow. */
        public Builder slow(String text) {
            slow = text;
            return this;
        }

        /** What is shown for this code. */
        public Builder failure(String code, String text, FlowAction... actions) {
            failures.put(code, FlowMessage.of(text, actions));
            return this;
        }

        /** The policy. */
        public FlowPolicy build() {
            return new FlowPolicy(name, mutators, pattern, reads, acknowledgement, timeout, pending, slow, failures);
        }
    }
}
