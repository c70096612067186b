package dev.rejoin.sync.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The golden frames that hold both languages to the same bytes. {@code -Drejoin.golden=write} writes the file anew.
 *
 * <p>In the JSON, 64-bit random numbers and bytes are hexadecimal texts, counters are numbers, and all fields are present.
 */
class GoldenFramesTest {
    private static final Path FILE = Path.of("src/test/resources/golden/frames.json");
    private static final byte[] KEY = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");
    private static final byte[] FRAGMENT = HexFormat.of().parseHex("5200000000000000010b0901050174016141");

    private static final Position POSITION = new Position(0xfedcba9876543210L, 300);

    /** Through 300 of one log. */
    private static final byte[] HELD = {1, 2, 3, 4, 5, 6, (byte) 0xac, 2};

    private static final OriginLag LAG = new OriginLag(0x010203040506L, 20, 10, 30, 900, 5, false);

    private record Case(String name, String direction, byte[] bytes, String rest) {}

    private static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        client(
                cases,
                "hello-fresh",
                new Hello("notes/1", 0x8123456789abcdefL, KEY, 0, new byte[0], 0, "rejoin-java/0.1", ""));
        client(
                cases,
                "hello-resume",
                new Hello("übung/ä", -1, KEY, 0x7000000000000001L, new byte[] {0x56}, 1L << 40, "", "secret"));
        client(cases, "submit", new Submit(FRAGMENT));
        client(cases, "progress", new Progress(12, POSITION));
        client(cases, "presence", new Presence(0, new byte[] {0x41, 0x61}));
        client(cases, "presence-leave", new Presence(0, new byte[0]));
        client(cases, "ping", new Ping(0));
        client(cases, "pong", new Pong(77));
        client(cases, "goodbye", new Goodbye());
        client(
                cases,
                "hello-session",
                new Hello("notes/1", 1, KEY, 0, new byte[0], 0, "", "", new byte[] {0x10, 0}, 0));
        client(cases, "await", new Await(3, new byte[] {0x10, 0}, "bounded-staleness=5000", 60_000));
        server(
                cases,
                "welcome-fresh",
                new Welcome(
                        0x7000000000000001L,
                        9,
                        Position.START,
                        0,
                        0,
                        List.of(),
                        1 << 20,
                        256,
                        10_000,
                        1_700_000_000_000L));
        server(
                cases,
                "welcome-resume",
                new Welcome(
                        0x7000000000000001L,
                        0x8000000000000000L,
                        POSITION,
                        (1L << 44) - 1,
                        0xdeadbeef,
                        List.of(Verdict.accepted(5, 0x80000001), new Verdict(7, 3, "content-rejected", "nein: ß")),
                        65_536,
                        8,
                        250,
                        1));
        server(cases, "update-remote", Update.of(POSITION, FRAGMENT));
        server(cases, "update-ack", Update.verdicts(POSITION, 41, List.of()));
        server(
                cases,
                "update-both",
                new Update(
                        POSITION,
                        FRAGMENT,
                        9,
                        AckLevel.DURABLE,
                        List.of(new Rejection(1, 3, "clock-skew", ""), new Rejection(9, 9, "forbidden-tag", "no"))));
        server(cases, "update-empty", Update.of(Position.START, new byte[0]));
        server(cases, "watermark", new Watermark(POSITION, 1_700_000_000_123L));
        server(
                cases,
                "welcome-behind",
                new Welcome(
                        0x7000000000000001L,
                        9,
                        POSITION,
                        0,
                        0,
                        List.of(),
                        1 << 20,
                        256,
                        10_000,
                        1,
                        new Standing(HELD, List.of(LAG), List.of()),
                        true,
                        0));
        server(cases, "update-held", new Update(POSITION, FRAGMENT, 0, AckLevel.NONE, List.of(), HELD));
        server(
                cases,
                "watermark-standing",
                new Watermark(
                        POSITION,
                        1,
                        new Standing(
                                HELD,
                                List.of(
                                        LAG,
                                        new OriginLag(0, 86_400_000, 0, 0, OriginLag.UNKNOWN, OriginLag.UNKNOWN, true)),
                                List.of(
                                        Answer.shown(0, "pulled"),
                                        Answer.failed(4, "session-not-satisfied"),
                                        new Answer(5, "session-lost-writes", "", HELD, new byte[0])))));
        server(cases, "presence", new Presence(0x0102030405060708L, new byte[] {0x41, 0x61}));
        server(cases, "ping", new Ping(3));
        server(cases, "pong", new Pong(4));
        server(cases, "failure", Failure.of(FailureCode.STORE_DOWN, "the log cannot be written"));
        server(cases, "failure-final", Failure.of(FailureCode.REPLICA_CONFLICT, ""));
        invalid(cases, "empty", "server", "", FailureCode.PROTOCOL_ERROR);
        invalid(cases, "unknown-kind", "server", "7a00", FailureCode.PROTOCOL_ERROR);
        invalid(cases, "two-messages", "server", "2a0022020801", FailureCode.MALFORMED);
        invalid(cases, "truncated", "server", "2a0208", FailureCode.MALFORMED);
        invalid(cases, "welcome-other-version", "server", "0a020802", FailureCode.UPGRADE_REQUIRED);
        invalid(cases, "hello-other-version", "client", "0a020802", FailureCode.UPGRADE_REQUIRED);
        invalid(cases, "submit-empty", "client", "1200", FailureCode.MALFORMED);
        return cases;
    }

    @Test
    void theFileHoldsWhatTheCodecWrites() throws IOException {
        String expected = file();
        if ("write".equals(System.getProperty("rejoin.golden"))) {
            Files.createDirectories(FILE.getParent());
            Files.writeString(FILE, expected);
        }
        assertEquals(Files.readString(FILE, StandardCharsets.UTF_8), expected);
    }

    private static void client(List<Case> cases, String name, ClientMessage message) {
        byte[] bytes = Frames.encode(message);
        ClientMessage back = Frames.decodeClient(bytes, ProtocolLimits.DEFAULT);
        assertEquals(message, back);
        assertArrayEquals(bytes, Frames.encode(back));
        cases.add(new Case(name, "client", bytes, "\"json\": " + json(message)));
    }

    private static void server(List<Case> cases, String name, ServerMessage message) {
        byte[] bytes = Frames.encode(message);
        ServerMessage back = Frames.decodeServer(bytes, ProtocolLimits.DEFAULT);
        assertEquals(message, back);
        assertArrayEquals(bytes, Frames.encode(back));
        cases.add(new Case(name, "server", bytes, "\"json\": " + json(message)));
    }

    private static void invalid(List<Case> cases, String name, String direction, String hex, FailureCode code) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        ProtocolException refused = assertThrows(
                ProtocolException.class,
                () -> {
                    if (direction.equals("client")) {
                        Frames.decodeClient(bytes, ProtocolLimits.DEFAULT);
                    } else {
                        Frames.decodeServer(bytes, ProtocolLimits.DEFAULT);
                    }
                },
                name);
        assertEquals(code, refused.code(), name);
        cases.add(new Case(name, direction, bytes, "\"error\": \"" + code.label() + "\""));
    }

    private static String file() {
        List<String> lines = new ArrayList<>();
        for (Case one : cases()) {
            lines.add("  {\"name\": \"" + one.name + "\", \"direction\": \"" + one.direction + "\",\n   \"hex\": \""
                    + HexFormat.of().formatHex(one.bytes) + "\",\n   " + one.rest + "}");
        }
        return "[\n" + String.join(",\n", lines) + "\n]\n";
    }

    private static String json(Object message) {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (message instanceof Hello m) {
            fields.put("kind", "hello");
            fields.put("protocolVersion", 1);
            fields.put("document", m.document());
            fields.put("replica", hex(m.replica()));
            fields.put("leaseKey", hex(m.leaseKey()));
            fields.put("epoch", hex(m.epoch()));
            fields.put("version", hex(m.version()));
            fields.put("verdictsKnown", m.verdictsKnown());
            fields.put("client", m.client());
            fields.put("token", m.token());
            if (m.sessionToken().length > 0) {
                fields.put("sessionToken", hex(m.sessionToken()));
            }
        } else if (message instanceof Submit m) {
            fields.put("kind", "submit");
            fields.put("fragment", hex(m.fragment()));
        } else if (message instanceof Progress m) {
            fields.put("kind", "progress");
            fields.put("verdictsKnown", m.verdictsKnown());
            fields.put("position", position(m.position()));
        } else if (message instanceof Presence m) {
            fields.put("kind", "presence");
            fields.put("session", hex(m.session()));
            fields.put("payload", hex(m.payload()));
        } else if (message instanceof Ping m) {
            fields.put("kind", "ping");
            fields.put("nonce", m.nonce());
        } else if (message instanceof Pong m) {
            fields.put("kind", "pong");
            fields.put("nonce", m.nonce());
        } else if (message instanceof Await m) {
            fields.put("kind", "await");
            fields.put("id", m.id());
            fields.put("token", hex(m.token()));
            fields.put("level", m.level());
            fields.put("timeoutMillis", m.timeoutMillis());
        } else if (message instanceof Goodbye) {
            fields.put("kind", "goodbye");
        } else if (message instanceof Welcome m) {
            fields.put("kind", "welcome");
            fields.put("protocolVersion", 1);
            fields.put("epoch", hex(m.epoch()));
            fields.put("session", hex(m.session()));
            fields.put("position", position(m.position()));
            fields.put("judgedThrough", m.judgedThrough());
            fields.put("chain", Integer.toUnsignedLong(m.chain()));
            List<Object> verdicts = new ArrayList<>();
            for (Verdict v : m.verdicts()) {
                Map<String, Object> verdict = new LinkedHashMap<>();
                verdict.put("last", v.last());
                verdict.put("chain", Integer.toUnsignedLong(v.chain()));
                verdict.put("code", v.code());
                verdict.put("message", v.message());
                verdicts.add(verdict);
            }
            fields.put("verdicts", verdicts);
            standing(fields, m.standing());
            if (m.behind()) {
                fields.put("behind", true);
            }
            fields.put("maxFrameBytes", m.maxFrameBytes());
            fields.put("maxInFlight", m.maxInFlight());
            fields.put("heartbeatMillis", m.heartbeatMillis());
            fields.put("serverTimeMillis", m.serverTimeMillis());
        } else if (message instanceof Update m) {
            fields.put("kind", "update");
            fields.put("position", position(m.position()));
            fields.put("fragment", hex(m.fragment()));
            fields.put("ackedThrough", m.ackedThrough());
            fields.put("level", m.level().ordinal());
            List<Object> rejections = new ArrayList<>();
            for (Rejection r : m.rejections()) {
                Map<String, Object> rejection = new LinkedHashMap<>();
                rejection.put("first", r.first());
                rejection.put("last", r.last());
                rejection.put("code", r.code());
                rejection.put("message", r.message());
                rejections.add(rejection);
            }
            fields.put("rejections", rejections);
            if (m.held().length > 0) {
                fields.put("held", hex(m.held()));
            }
        } else if (message instanceof Watermark m) {
            fields.put("kind", "watermark");
            fields.put("position", position(m.position()));
            fields.put("serverTimeMillis", m.serverTimeMillis());
            standing(fields, m.standing());
        } else if (message instanceof Failure m) {
            fields.put("kind", "failure");
            fields.put("code", m.code());
            fields.put("message", m.message());
            fields.put("retryable", m.retryable());
        }
        return text(fields);
    }

    private static void standing(Map<String, Object> fields, Standing standing) {
        if (standing.equals(Standing.NONE)) {
            return;
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("held", hex(standing.held()));
        List<Object> lags = new ArrayList<>();
        for (OriginLag lag : standing.lag()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("origin", hex(lag.origin()).substring(4));
            one.put("lagMillis", lag.lagMillis());
            one.put("p50Millis", lag.p50Millis());
            one.put("p95Millis", lag.p95Millis());
            one.put("ageMillis", lag.ageMillis());
            one.put("uncertaintyMillis", lag.uncertaintyMillis());
            one.put("silent", lag.silent());
            lags.add(one);
        }
        all.put("lag", lags);
        List<Object> answers = new ArrayList<>();
        for (Answer answer : standing.answers()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("id", answer.id());
            one.put("code", answer.code());
            one.put("path", answer.path());
            one.put("lost", hex(answer.lost()));
            one.put("surviving", hex(answer.surviving()));
            answers.add(one);
        }
        all.put("answers", answers);
        fields.put("standing", all);
    }

    private static Map<String, Object> position(Position position) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("incarnation", hex(position.incarnation()));
        fields.put("sequence", position.sequence());
        return fields;
    }

    private static String hex(long bits) {
        return HexFormat.of().toHexDigits(bits);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static String text(Object value) {
        if (value instanceof Map<?, ?> map) {
            List<String> entries = new ArrayList<>();
            map.forEach((key, field) -> entries.add("\"" + key + "\": " + text(field)));
            return "{" + String.join(", ", entries) + "}";
        }
        if (value instanceof List<?> list) {
            return "["
                    + String.join(
                            ", ", list.stream().map(GoldenFramesTest::text).toList()) + "]";
        }
        return value instanceof String ? "\"" + value + "\"" : String.valueOf(value);
    }
}
