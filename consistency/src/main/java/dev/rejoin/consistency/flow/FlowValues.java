package dev.rejoin.consistency.flow;

import dev.rejoin.consistency.session.ReadLevel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Policies as maps, lists, strings and numbers. Reading is strict: what is not understood is refused with its place. */
final class FlowValues {
    static final int MAX_FLOWS = 256;
    static final int MAX_ENTRIES = 256;
    static final int MAX_CHARACTERS = 500;
    private static final long VERSION = 1;

    private FlowValues() {}

    static Map<String, Object> write(FlowPolicies policies) {
        List<Object> flows = new ArrayList<>();
        for (FlowPolicy flow : policies.flows()) {
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("name", flow.name());
            value.put("mutators", List.copyOf(flow.mutators()));
            value.put("pattern", word(flow.pattern()));
            value.put("reads", flow.reads().toString());
            value.put("saved", word(flow.acknowledgement()));
            value.put("timeoutMillis", flow.timeout().toMillis());
            value.put("pending", flow.pending());
            value.put("slow", flow.slow());
            value.put("failures", messages(flow.failures()));
            flows.add(value);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("version", VERSION);
        all.put("flows", flows);
        all.put("messages", messages(policies.messages()));
        return all;
    }

    private static Map<String, Object> messages(Map<String, FlowMessage> messages) {
        Map<String, Object> values = new LinkedHashMap<>();
        messages.forEach((code, message) -> {
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("text", message.text());
            value.put(
                    "actions", message.actions().stream().map(FlowValues::word).toList());
            values.put(code, value);
        });
        return values;
    }

    private static String word(Enum<?> name) {
        return name.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static FlowPolicies read(Object value) {
        Fields all = new Fields("policies", value);
        if (all.number("version") != VERSION) {
            throw refused("policies.version", "only " + VERSION + " is known");
        }
        FlowPolicies.Builder builder = FlowPolicies.builder();
        Set<String> names = new LinkedHashSet<>();
        for (Fields flow : all.objects("flows", MAX_FLOWS)) {
            FlowPolicy policy = flow(flow);
            if (!names.add(policy.name())) {
                throw refused(flow.place + ".name", "twice");
            }
            try {
                builder.flow(policy);
            } catch (IllegalArgumentException taken) {
                throw refused(flow.place + ".mutators", String.valueOf(taken.getMessage()));
            }
        }
        readMessages(all, "messages").forEach(builder::message);
        all.nothingElse();
        return builder.build();
    }

    private static FlowPolicy flow(Fields in) {
        FlowPolicy.Builder flow = FlowPolicy.of(in.text("name"), in.word("pattern", Pattern.class));
        in.texts("mutators").forEach(flow::mutators);
        flow.reads(in.level("reads"));
        flow.saved(in.word("saved", Acknowledgement.class));
        flow.timeout(Duration.ofMillis(in.number("timeoutMillis")));
        flow.pending(in.text("pending"));
        flow.slow(in.text("slow"));
        readMessages(in, "failures")
                .forEach((code, message) ->
                        flow.failure(code, message.text(), message.actions().toArray(FlowAction[]::new)));
        in.nothingElse();
        return flow.build();
    }

    private static Map<String, FlowMessage> readMessages(Fields in, String name) {
        Map<String, FlowMessage> messages = new LinkedHashMap<>();
        Fields codes = in.object(name);
        if (codes.left.size() > MAX_ENTRIES) {
            throw refused(codes.place, "more than " + MAX_ENTRIES);
        }
        for (String code : List.copyOf(codes.left.keySet())) {
            Fields message = codes.object(code);
            List<FlowAction> actions = new ArrayList<>();
            for (String action : message.texts("actions")) {
                actions.add(Fields.constant(message.place + ".actions", action, FlowAction.class));
            }
            messages.put(code, new FlowMessage(message.text("text"), actions));
            message.nothingElse();
        }
        return messages;
    }

    private static IllegalArgumentException refused(String place, String why) {
        return new IllegalArgumentException(place + ": " + why);
    }

    /** The entries of a map that have not been read yet. */
    private static final class Fields {
        final String place;
        final Map<String, Object> left = new LinkedHashMap<>();

        Fields(String place, Object value) {
            this.place = place;
            if (!(value instanceof Map<?, ?> map)) {
                throw refused(place, "not an object");
            }
            map.forEach((key, entry) -> left.put(String.valueOf(key), entry));
        }

        private Object take(String name) {
            Object value = left.remove(name);
            if (value == null) {
                throw refused(place + "." + name, "missing");
            }
            return value;
        }

        private static String checked(String place, Object value) {
            if (!(value instanceof String text) || text.length() > MAX_CHARACTERS) {
                throw refused(place, "not a text of at most " + MAX_CHARACTERS + " characters");
            }
            return text;
        }

        String text(String name) {
            return checked(place + "." + name, take(name));
        }

        long number(String name) {
            Object value = take(name);
            if (!(value instanceof Integer) && !(value instanceof Long)) {
                throw refused(place + "." + name, "not an integer");
            }
            return ((Number) value).longValue();
        }

        private List<?> list(String name, int bound) {
            Object value = take(name);
            if (!(value instanceof List<?> list) || list.size() > bound) {
                throw refused(place + "." + name, "not a list of at most " + bound);
            }
            return list;
        }

        List<String> texts(String name) {
            List<String> texts = new ArrayList<>();
            for (Object value : list(name, MAX_ENTRIES)) {
                texts.add(checked(place + "." + name, value));
            }
            return texts;
        }

        List<Fields> objects(String name, int bound) {
            List<Fields> objects = new ArrayList<>();
            for (Object value : list(name, bound)) {
                objects.add(new Fields(place + "." + name + "[" + objects.size() + "]", value));
            }
            return objects;
        }

        Fields object(String name) {
            return new Fields(place + "." + name, take(name));
        }

        ReadLevel level(String name) {
            try {
                return ReadLevel.parse(text(name));
            } catch (IllegalArgumentException wrong) {
                throw refused(place + "." + name, String.valueOf(wrong.getMessage()));
            }
        }

        <E extends Enum<E>> E word(String name, Class<E> type) {
            return constant(place + "." + name, text(name), type);
        }

        static <E extends Enum<E>> E constant(String place, String word, Class<E> type) {
            for (E constant : type.getEnumConstants()) {
                if (word(constant).equals(word)) {
                    return constant;
                }
            }
            throw refused(place, "unknown: " + word);
        }

        private static String word(Enum<?> constant) {
            return FlowValues.word(constant);
        }

        void nothingElse() {
            if (!left.isEmpty()) {
                throw refused(place, "unknown: " + left.keySet());
            }
        }
    }
}
