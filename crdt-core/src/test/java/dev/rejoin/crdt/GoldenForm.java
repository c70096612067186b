package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.HybridClock;
import dev.rejoin.crdt.clock.Version;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The textual forms in the golden files, as JSON trees; described in golden/README.md. */
final class GoldenForm {

    private static final long MAX_EXACT = (1L << 53) - 1;

    private GoldenForm() {}

    static Map<String, @Nullable Object> object(@Nullable Object... keysAndValues) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put(String.valueOf(keysAndValues[i]), keysAndValues[i + 1]);
        }
        return map;
    }

    static @Nullable Object ofValue(Object value) {
        if (value == Values.NULL) {
            return null;
        }
        if (value instanceof Bytes bytes) {
            return object("$bytes", bytes.toString());
        }
        if (value instanceof Long number) {
            return ofInteger(number);
        }
        if (value instanceof Double number) {
            return number != Math.rint(number) || number.isInfinite()
                    ? number.isNaN() || number.isInfinite() ? object("$double", number.toString()) : number
                    : object("$double", number == 0 ? "-0" : number.toString());
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> form = new ArrayList<>();
            for (Object element : list) {
                form.add(ofValue(element));
            }
            return form;
        }
        if (value instanceof Map<?, ?> map) {
            return ofMap(map);
        }
        return value;
    }

    private static Object ofInteger(long number) {
        return Math.abs(number) <= MAX_EXACT && number != Long.MIN_VALUE
                ? (Object) number
                : object("$int", Long.toString(number));
    }

    private static Object ofMap(Map<?, ?> map) {
        Map<String, @Nullable Object> plain = new LinkedHashMap<>();
        List<@Nullable Object> entries = new ArrayList<>();
        boolean escape = false;
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            String key = (String) entry.getKey();
            Object value = ofValue(entry.getValue());
            escape |= key.startsWith("$");
            plain.put(key, value);
            List<@Nullable Object> pair = new ArrayList<>();
            pair.add(key);
            pair.add(value);
            entries.add(pair);
        }
        return escape ? object("$map", entries) : plain;
    }

    static @Nullable Object toValue(@Nullable Object form) {
        if (form instanceof List<?> list) {
            List<@Nullable Object> value = new ArrayList<>();
            for (Object element : list) {
                value.add(toValue(element));
            }
            return value;
        }
        if (!(form instanceof Map<?, ?> map)) {
            return form;
        }
        if (map.get("$bytes") instanceof String hex) {
            return Bytes.ofHex(hex);
        }
        if (map.get("$int") instanceof String digits) {
            return Long.valueOf(digits);
        }
        if (map.get("$double") instanceof String digits) {
            return Double.valueOf(digits);
        }
        Map<String, @Nullable Object> value = new LinkedHashMap<>();
        if (map.get("$map") instanceof List<?> entries) {
            for (Object entry : entries) {
                List<?> pair = (List<?>) entry;
                value.put((String) pair.get(0), toValue(pair.get(1)));
            }
            return value;
        }
        map.forEach((key, element) -> value.put((String) key, toValue(element)));
        return value;
    }

    static List<Object> ofDelta(Delta delta) {
        List<Object> dump = new ArrayList<>();
        int[] next = {0};
        delta.forEachRun((replica, low, high, live) -> {
            if (!live) {
                dump.add(object("replica", replica.toString(), "low", low, "high", high, "live", false));
                return;
            }
            for (long counter = high; counter >= low; counter--) {
                Cell cell = delta.cells[next[0]++];
                dump.add(object(
                        "replica",
                        replica.toString(),
                        "counter",
                        counter,
                        "live",
                        true,
                        "path",
                        ofPath(cell.object()),
                        "kind",
                        kind(cell.payload()),
                        "payload",
                        ofPayload(cell.payload())));
            }
        });
        return dump;
    }

    private static List<Object> ofPath(ObjectKey object) {
        List<Object> path = new ArrayList<>();
        for (ObjectKey at = object; at != null; at = at.parent()) {
            path.add(List.of((long) at.typeCode(), at.key()));
        }
        Collections.reverse(path);
        return path;
    }

    private static String kind(Object payload) {
        return payload instanceof Record ? payload.getClass().getSimpleName().toUpperCase() : "VALUE";
    }

    private static @Nullable Object ofPayload(Object payload) {
        if (payload instanceof Stamped s) {
            return object(
                    "millis",
                    HybridClock.millis(s.hlc()),
                    "logical",
                    (long) HybridClock.logical(s.hlc()),
                    "value",
                    ofValue(s.value()));
        }
        if (payload instanceof Amount a) {
            return ofInteger(a.n());
        }
        if (payload instanceof Tally t) {
            return object("p", ofInteger(t.p()), "n", ofInteger(t.n()));
        }
        if (payload instanceof Absent a) {
            return ofValue(a.value());
        }
        if (payload instanceof Fold f) {
            return totals(f.owner().toString(), f.upto(), f.p(), f.n());
        }
        if (payload instanceof Baseline b) {
            List<Object> entries = new ArrayList<>();
            for (Baseline.Entry e : b.entries()) {
                entries.add(totals(e.owner().toString(), e.upto(), e.p(), e.n()));
            }
            return entries;
        }
        if (payload instanceof Opaque o) {
            return object("code", (long) o.code(), "hex", o.content().toString());
        }
        return ofValue(payload);
    }

    private static Object totals(String owner, long upto, long p, long n) {
        return object("owner", owner, "upto", upto, "p", ofInteger(p), "n", ofInteger(n));
    }

    static List<Object> ofVersion(Version version) {
        List<Object> ranges = new ArrayList<>();
        version.forEachRange((replica, low, high) -> ranges.add(List.of(replica.toString(), low, high)));
        return ranges;
    }
}
