package dev.rejoin.client;

import dev.rejoin.crdt.Bytes;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Writes one JSON object of canonical values. Single-owner. */
final class JsonText {
    private final StringBuilder out = new StringBuilder();

    JsonText begin() {
        out.append('{');
        return this;
    }

    JsonText field(String name) {
        if (out.charAt(out.length() - 1) != '{') {
            out.append(',');
        }
        string(name);
        out.append(':');
        return this;
    }

    JsonText number(long value) {
        out.append(value);
        return this;
    }

    JsonText string(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
        return this;
    }

    JsonText value(Object value) {
        if (value instanceof String text) {
            string(text);
        } else if (value instanceof Bytes bytes) {
            out.append("{\"$bytes\":");
            string(Base64.getEncoder().encodeToString(bytes.toByteArray()));
            out.append('}');
        } else if (value instanceof Double number && !Double.isFinite(number)) {
            out.append("{\"$double\":");
            string(number.toString());
            out.append('}');
        } else if (value instanceof List<?> list) {
            out.append('[');
            String separator = "";
            for (Object each : list) {
                out.append(separator);
                value(each);
                separator = ",";
            }
            out.append(']');
        } else if (value instanceof Map<?, ?> map) {
            out.append('{');
            map.forEach((key, each) -> field((String) key).value(each));
            out.append('}');
        } else {
            out.append(value);
        }
        return this;
    }

    String end() {
        return out.append('}').toString();
    }
}
