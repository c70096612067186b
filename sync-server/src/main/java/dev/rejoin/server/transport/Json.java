package dev.rejoin.server.transport;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.crdt.Bytes;
import dev.rejoin.crdt.Values;
import dev.rejoin.crdt.yjs.Undefined;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON at the HTTP edge: canonical values out and in. What JSON cannot say is an object with one reserved key:
 * {@code {"$bytes": "<base64>"}}, and {@code {"$double": "NaN" | "Infinity" | "-Infinity"}}.
 */
final class Json {
    static final int MAX_DEPTH = 64;
    private static final int MAX_NUMBER_CHARACTERS = 400;
    private static final String BYTES = "$bytes";
    private static final String DOUBLE = "$double";

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH + 8)
                    .maxNumberLength(MAX_NUMBER_CHARACTERS)
                    .maxDocumentLength(8L << 20)
                    .maxStringLength(1 << 20)
                    .maxTokenCount(1 << 20)
                    .build())
            .streamWriteConstraints(StreamWriteConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final ObjectMapper MAPPER =
            new ObjectMapper(FACTORY).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Json() {}

    /** The tree of a request body; {@link IllegalArgumentException} says what is wrong with it. */
    static JsonNode parse(byte[] body) {
        try {
            JsonNode tree = MAPPER.readTree(body);
            if (tree == null || tree.isMissingNode()) {
                throw new IllegalArgumentException("the body is empty");
            }
            return tree;
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new IllegalArgumentException("not JSON", e);
        }
    }

    /** The value that a node stands for, ready for {@code Values.canonical}. */
    static Object value(JsonNode node) {
        return switch (node.getNodeType()) {
            case NULL -> Values.NULL;
            case BOOLEAN -> node.booleanValue();
            case STRING -> node.textValue();
            case NUMBER -> number(node);
            case ARRAY -> {
                List<Object> list = new ArrayList<>(node.size());
                node.forEach(item -> list.add(value(item)));
                yield list;
            }
            case OBJECT -> object(node);
            default -> throw new IllegalArgumentException("no value: " + node.getNodeType());
        };
    }

    private static Object number(JsonNode node) {
        if (node.isIntegralNumber()) {
            if (!node.canConvertToLong()) {
                throw new IllegalArgumentException("integer beyond 64 bits: " + node.asText());
            }
            return node.longValue();
        }
        double number = node.doubleValue();
        if (Double.isInfinite(number)) {
            throw new IllegalArgumentException("number beyond the range of a double");
        }
        return number;
    }

    private static Object object(JsonNode node) {
        if (node.size() == 1 && node.path(BYTES).isTextual()) {
            return Bytes.of(Base64.getDecoder().decode(node.path(BYTES).textValue()));
        }
        if (node.size() == 1 && node.path(DOUBLE).isTextual()) {
            return Double.valueOf(node.path(DOUBLE).textValue());
        }
        Map<String, Object> map = new LinkedHashMap<>();
        node.properties().forEach(entry -> map.put(entry.getKey(), value(entry.getValue())));
        return map;
    }

    /** The value that a node stands for, as content has it: nothing is null, and bytes are an array. */
    static @Nullable Object plainValue(JsonNode node) {
        return plain(value(node));
    }

    private static @Nullable Object plain(Object value) {
        if (value == Values.NULL) {
            return null;
        }
        if (value instanceof Bytes bytes) {
            return bytes.toByteArray();
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> items = new ArrayList<>(list.size());
            list.forEach(item -> items.add(plain(item)));
            return items;
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> entries = new LinkedHashMap<>();
            map.forEach((key, item) -> entries.put((String) key, plain(item)));
            return entries;
        }
        return value;
    }

    /** The JSON text of a canonical value, or of a plain one of content. */
    static byte[] write(Object value) {
        return generate(out -> writeValue(out, value));
    }

    static byte[] problem(HttpResponseStatus status, String code, String detail) {
        return generate(out -> {
            out.writeStartObject();
            out.writeStringField("type", "about:blank");
            out.writeStringField("title", status.reasonPhrase());
            out.writeNumberField("status", status.code());
            out.writeStringField("code", code);
            out.writeStringField("detail", detail);
            out.writeEndObject();
        });
    }

    /** Without recursion, for content may be nested as deep as its author likes. */
    private static void writeValue(JsonGenerator out, @Nullable Object value) throws IOException {
        Deque<Iterator<?>> open = new ArrayDeque<>();
        write(out, value, open);
        while (!open.isEmpty()) {
            Iterator<?> rest = open.peek();
            if (!rest.hasNext()) {
                open.pop();
                if (out.getOutputContext().inArray()) {
                    out.writeEndArray();
                } else {
                    out.writeEndObject();
                }
            } else {
                Object next = rest.next();
                if (next instanceof Map.Entry<?, ?> entry) {
                    out.writeFieldName((String) entry.getKey());
                    next = entry.getValue();
                }
                write(out, next, open);
            }
        }
    }

    /** Writes a value, or the beginning of one and leaves the rest of it to the caller. */
    private static void write(JsonGenerator out, @Nullable Object value, Deque<Iterator<?>> open) throws IOException {
        if (value instanceof String string) {
            out.writeString(string);
        } else if (value instanceof Long number) {
            out.writeNumber(number);
        } else if (value instanceof BigInteger number) {
            out.writeNumber(number);
        } else if (value instanceof Double number) {
            if (Double.isFinite(number)) {
                out.writeNumber(number);
            } else {
                writeReserved(out, DOUBLE, number.toString());
            }
        } else if (value instanceof Boolean flag) {
            out.writeBoolean(flag);
        } else if (value instanceof Bytes bytes) {
            writeReserved(out, BYTES, Base64.getEncoder().encodeToString(bytes.toByteArray()));
        } else if (value instanceof byte[] bytes) {
            writeReserved(out, BYTES, Base64.getEncoder().encodeToString(bytes));
        } else if (value instanceof Iterable<?> items) {
            out.writeStartArray();
            open.push(items.iterator());
        } else if (value instanceof Map<?, ?> map) {
            out.writeStartObject();
            open.push(map.entrySet().iterator());
        } else if (value == null || value == Values.NULL || value == Undefined.UNDEFINED) {
            out.writeNull();
        } else {
            throw new IllegalArgumentException("not a value: " + value.getClass());
        }
    }

    private static void writeReserved(JsonGenerator out, String key, String value) throws IOException {
        out.writeStartObject();
        out.writeStringField(key, value);
        out.writeEndObject();
    }

    private static byte[] generate(Content content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator out = FACTORY.createGenerator(bytes)) {
            content.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    @FunctionalInterface
    private interface Content {
        void writeTo(JsonGenerator out) throws IOException;
    }
}
