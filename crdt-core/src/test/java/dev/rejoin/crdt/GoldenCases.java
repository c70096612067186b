package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.HybridClock;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The golden cases that Java writes. */
final class GoldenCases {

    private static final HexFormat HEX = HexFormat.of();
    private static final ReplicaId A = ReplicaId.of(0x00000000000000a1L);
    private static final ReplicaId B = ReplicaId.of(0x7fffffffffffffffL);
    private static final ReplicaId C = ReplicaId.of(0xc3c3c3c3c3c3c3c3L);
    private static final long MILLIS = 1_700_000_000_000L;

    private final List<Object> cases = new ArrayList<>();

    static List<Object> all() {
        GoldenCases golden = new GoldenCases();
        golden.scalars();
        golden.strings();
        golden.containers();
        golden.invalidValues();
        golden.fragmentsByKind();
        golden.fragmentsByShape();
        golden.invalidFragments();
        golden.versions();
        golden.links();
        return golden.cases;
    }

    private void value(String name, @Nullable Object value) {
        byte[] bytes = Values.encode(value);
        cases.add(GoldenForm.object(
                "kind",
                "value",
                "name",
                name,
                "hex",
                HEX.formatHex(bytes),
                "json",
                GoldenForm.ofValue(Values.canonical(value))));
    }

    private void scalars() {
        value("null", null);
        value("false", false);
        value("true", true);
        long[] integers = {
            0,
            1,
            -1,
            63,
            64,
            -64,
            -65,
            127,
            128,
            8191,
            8192,
            -8192,
            -8193,
            1_000_000,
            Integer.MAX_VALUE,
            Integer.MIN_VALUE,
            1L << 32,
            (1L << 53) - 1,
            -(1L << 53) + 1,
            1L << 53,
            -(1L << 53),
            (1L << 53) + 1,
            Long.MAX_VALUE,
            Long.MIN_VALUE
        };
        for (long integer : integers) {
            value("integer " + integer, integer);
        }
        double[] doubles = {
            0.0,
            -0.0,
            1.0,
            -64.0,
            0.5,
            -1.5,
            0.1,
            Math.PI,
            Double.MIN_VALUE,
            Double.MIN_NORMAL,
            Double.MAX_VALUE,
            -Double.MAX_VALUE,
            9007199254740991.0,
            9007199254740992.0,
            -9007199254740992.0,
            4503599627370495.5,
            1e21,
            1e300,
            Double.NaN,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY
        };
        for (double number : doubles) {
            value("double " + number, number);
        }
    }

    private void strings() {
        value("empty string", "");
        value("one letter", "a");
        value("63 bytes", "x".repeat(63));
        value("64 bytes", "x".repeat(64));
        value("200 bytes", "y".repeat(200));
        value("two-byte letters", "\u00e9\u00df\u07ff\u0080");
        value("three-byte letters", "\u0800\u20ac\ud7ff\ue000\uffff");
        value("four-byte letters", "\ud83d\ude00\ud800\udc00\udbff\udfff");
        value("63 bytes of two-byte letters and one", "\u00e9".repeat(31) + "z");
        value("64 bytes of two-byte letters", "\u00e9".repeat(32));
        value("NUL and control characters", "\u0000\u0001\n\u007f");
        value("combining accent is another string", "e\u0301");
        value("no bytes", Bytes.EMPTY);
        value("one byte", Bytes.of((byte) 0));
        value("bytes", Bytes.ofHex("00ff80017f"));
        value("130 bytes", Bytes.of(new byte[130]));
    }

    private void containers() {
        value("empty list", List.of());
        value(
                "list of everything",
                Arrays.asList(null, true, false, 1, -100, 2.5, "s", Bytes.of((byte) 9), List.of(), Map.of()));
        value("list with equal numbers", List.of(1, 1.0, 1L));
        value("nested lists", List.of(List.of(List.of(1), 2), 3));
        value("200 elements", Collections.nCopies(200, "e"));
        value("empty map", Map.of());
        value("map of one", Map.of("k", "v"));
        value("keys by code point", Map.of("b", 1, "a", 2, "", 3, "aa", 4, "B", 5));
        value("keys above the surrogates", Map.of("\uffff", 1, "\ud83d\ude00", 2, "\ue000", 3, "\ud7ff", 4));
        value("keys that look like numbers", Map.of("10", 1, "9", 2, "1", 3));
        value("keys with a dollar", Map.of("$bytes", "00", "x", 1));
        value("key __proto__", Map.of("__proto__", 1, "constructor", 2));
        value("long key", Map.of("k".repeat(300), 0));
        value("nested maps", Map.of("a", Map.of("b", Map.of("c", List.of(Map.of())))));
        Object deep = 0;
        for (int i = 0; i < Values.MAX_DEPTH; i++) {
            deep = i % 2 == 0 ? List.of(deep) : Map.of("d", deep);
        }
        value("nested 64 deep", deep);
    }

    private void invalid(String kind, String hex, String why) {
        cases.add(GoldenForm.object("kind", "invalid-" + kind, "hex", hex.replace(" ", ""), "why", why));
    }

    private void invalidValues() {
        invalid("value", "", "no bytes");
        invalid("value", "00 00", "bytes after the value");
        invalid("value", "09", "unknown tag 09");
        invalid("value", "3f", "unknown tag 3f");
        invalid("value", "03 00", "0 in the long form");
        invalid("value", "03 7f", "-64 in the long form");
        invalid("value", "03 8080 00", "varint with a trailing zero");
        invalid("value", "03 80", "varint cut off");
        invalid("value", "03 ffffffffffffffffff02", "varint above 64 bits");
        invalid("value", "03 ffffffffffffffffffff01", "varint of 11 bytes");
        invalid("value", "04 3ff0000000000000", "1.0 as a double");
        invalid("value", "04 0000000000000000", "0.0 as a double");
        invalid("value", "04 433fffffffffffff", "2^53 - 1 as a double");
        invalid("value", "04 7ff8000000000001", "NaN with a payload");
        invalid("value", "04 fff8000000000000", "negative NaN");
        invalid("value", "04 7ff0000000000001", "signalling NaN");
        invalid("value", "04 3ff00000000000", "double cut off");
        invalid("value", "05 00", "empty string in the long form");
        invalid("value", "05 3f" + "61".repeat(63), "63 bytes in the long form");
        invalid("value", "05 40" + "61".repeat(63), "string cut off");
        invalid("value", "41", "short string cut off");
        invalid("value", "41 80", "continuation byte alone");
        invalid("value", "42 c080", "overlong NUL");
        invalid("value", "42 c1bf", "overlong two bytes");
        invalid("value", "43 e09fbf", "overlong three bytes");
        invalid("value", "43 eda080", "high surrogate in UTF-8");
        invalid("value", "43 edbfbf", "low surrogate in UTF-8");
        invalid("value", "44 f08fbfbf", "overlong four bytes");
        invalid("value", "44 f4908080", "above U+10FFFF");
        invalid("value", "42 e282", "UTF-8 sequence cut off");
        invalid("value", "41 ff", "byte that UTF-8 never uses");
        invalid("value", "06 02 00", "bytes cut off");
        invalid("value", "06 8000", "length with a trailing zero");
        invalid("value", "06 ffffffffffffffffff01", "length of 2^64 - 1");
        invalid("value", "07 02 80", "list cut off");
        invalid("value", "07 ffffffff0f", "list of four thousand million");
        invalid("value", "08 02 0161 80 0161 80", "the same key twice");
        invalid("value", "08 02 0162 80 0161 80", "keys descending");
        invalid("value", "08 02 04f09f9880 80 03efbfbf 80", "keys in UTF-16 order");
        invalid("value", "08 01 0161", "entry without a value");
        invalid("value", "08 01 01ff 80", "key is not UTF-8");
        invalid("value", "0701".repeat(64) + "0700", "nested 65 deep");
        invalid("value", "06 fdff3f" + "00".repeat(8), "1 MiB announced, 8 bytes there");
    }

    private void fragment(String name, FragmentBuilder builder) {
        fragment(name, builder.build());
    }

    private void fragment(String name, Delta delta) {
        cases.add(GoldenForm.object(
                "kind",
                "fragment",
                "name",
                name,
                "hex",
                HEX.formatHex(delta.encode()),
                "dump",
                GoldenForm.ofDelta(delta)));
    }

    private static FragmentBuilder delta() {
        return FragmentBuilder.delta();
    }

    private static ObjectKey root(ObjectType type, String key) {
        return ObjectKey.root(type, key);
    }

    private static ObjectKey unknown(int code, String key) {
        return ObjectKey.of(null, code, key);
    }

    private static Stamped stamped(long millis, int logical, @Nullable Object value) {
        return new Stamped(HybridClock.stamp(millis, logical), Values.canonical(value));
    }

    private void fragmentsByKind() {
        ObjectKey likes = root(ObjectType.PNCOUNTER, "likes");
        ObjectKey views = root(ObjectType.GCOUNTER, "views");
        ObjectKey title = root(ObjectType.LWW_REGISTER, "title");
        ObjectKey owner = root(ObjectType.MV_REGISTER, "owner");
        ObjectKey tags = root(ObjectType.OR_SET, "tags");
        ObjectKey blocked = root(ObjectType.RW_SET, "blocked");
        ObjectKey done = root(ObjectType.FLAG, "done");
        ObjectKey locked = root(ObjectType.DW_FLAG, "locked");
        fragment("gcounter amount", delta().cell(A, 1, views, new Amount(1)));
        fragment("gcounter tally", delta().cell(A, 2, views, new Tally(7, 0)).dead(A, 1, 1));
        fragment(
                "gcounter fold",
                delta().cell(B, 1, views, new Fold(A, 9, 30, 0)).dead(A, 4, 9));
        fragment(
                "gcounter baseline", delta().cell(B, 2, views, new Baseline(List.of(new Baseline.Entry(A, 9, 30, 0)))));
        fragment("counter amount of 1", delta().cell(A, 1, likes, new Amount(1)));
        fragment("counter amount of -1", delta().cell(A, 2, likes, new Amount(-1)));
        fragment("counter amount, highest", delta().cell(A, 3, likes, new Amount(Long.MAX_VALUE)));
        fragment("counter amount, lowest", delta().cell(A, 4, likes, new Amount(Long.MIN_VALUE)));
        fragment("counter tally", delta().cell(A, 3, likes, new Tally(5, 2)).dead(A, 2, 2));
        fragment("counter tally of nothing", delta().cell(A, 3, likes, new Tally(0, 0)));
        fragment("counter tally, highest", delta().cell(C, 3, likes, new Tally(Long.MAX_VALUE, Long.MAX_VALUE)));
        fragment(
                "counter fold",
                delta().cell(B, 1, likes, new Fold(C, 12, 300, 200)).dead(C, 1, 12));
        fragment("counter baseline", delta().cell(B, 5, likes, new Baseline(List.of(new Baseline.Entry(A, 3, 5, 2)))));
        fragment(
                "counter baseline of three",
                delta().cell(
                                B,
                                5,
                                likes,
                                new Baseline(List.of(
                                        new Baseline.Entry(A, 3, 5, 2),
                                        new Baseline.Entry(B, 4, Long.MAX_VALUE, 0),
                                        new Baseline.Entry(C, Dot.MAX_COUNTER, 0, 128))))
                        .dead(A, 3, 3)
                        .dead(B, 4, 4));
        fragment("register", delta().cell(A, 1, title, stamped(MILLIS, 0, "hello")));
        fragment("register at the start of time", delta().cell(A, 1, title, stamped(0, 0, null)));
        fragment(
                "register at the end of time",
                delta().cell(A, 1, title, stamped(HybridClock.MAX_MILLIS, HybridClock.MAX_LOGICAL, 1)));
        fragment(
                "three stamps, forth and back",
                delta().cell(A, 3, title, stamped(MILLIS, 5, "c"))
                        .cell(A, 2, title, stamped(MILLIS + 1000, 0, "b"))
                        .cell(B, 1, root(ObjectType.LWW_REGISTER, "other"), stamped(MILLIS - 7, 65535, "a")));
        fragment("mvregister, two values", delta().cell(A, 1, owner, "ann").cell(C, 1, owner, "cy"));
        fragment("set, one element", delta().cell(A, 1, tags, "red"));
        fragment(
                "set, elements of every type",
                delta().cell(A, 1, tags, null)
                        .cell(A, 2, tags, true)
                        .cell(A, 3, tags, 1)
                        .cell(A, 4, tags, 1.5)
                        .cell(A, 5, tags, "s")
                        .cell(A, 6, tags, Bytes.of((byte) 1))
                        .cell(A, 7, tags, List.of("l", 1))
                        .cell(A, 8, tags, Map.of("k", List.of()))
                        .cell(A, 9, tags, Long.MAX_VALUE));
        fragment("set, removal only", delta().dead(A, 1, 1).dead(B, 1, 1));
        fragment("rwset, present and absent", delta().cell(A, 1, blocked, "x").cell(A, 2, blocked, new Absent("y")));
        fragment("flag enabled", delta().cell(A, 1, done, true));
        fragment("dwflag, both", delta().cell(A, 1, locked, true).cell(B, 1, locked, new Absent(true)));
        fragment("unknown extended code", delta().cell(A, 1, likes, new Opaque(3, Bytes.ofHex("c0ffee"))));
        fragment(
                "unknown extended code in a map",
                delta().cell(A, 1, root(ObjectType.MAP, "m"), new Opaque(99, Bytes.EMPTY)));
        fragment(
                "highest extended code",
                delta().cell(A, 1, unknown(10, "u"), new Opaque(Integer.MAX_VALUE, Bytes.of(new byte[200]))));
        fragment(
                "unknown type with every kind",
                delta().cell(A, 1, unknown(10, "u"), "value")
                        .cell(A, 2, unknown(10, "u"), stamped(MILLIS, 1, "stamped"))
                        .cell(A, 3, unknown(10, "u"), new Amount(-3))
                        .cell(A, 4, unknown(10, "u"), new Tally(1, 2))
                        .cell(A, 5, unknown(10, "u"), new Absent("absent"))
                        .cell(A, 6, unknown(10, "u"), new Fold(B, 1, 2, 3))
                        .cell(A, 7, unknown(10, "u"), new Baseline(List.of(new Baseline.Entry(B, 1, 2, 3))))
                        .cell(A, 8, unknown(10, "u"), new Opaque(4, Bytes.EMPTY)));
        fragment("highest type code", delta().cell(A, 1, unknown(Integer.MAX_VALUE, "u"), 1));
    }

    private void fragmentsByShape() {
        ObjectKey tags = root(ObjectType.OR_SET, "tags");
        fragment("empty", Delta.EMPTY);
        fragment("one dead dot", Delta.voided(A, 1, 1));
        fragment("two dead dots", Delta.voided(A, 1, 2));
        fragment("highest counter", Delta.voided(C, Dot.MAX_COUNTER, Dot.MAX_COUNTER));
        fragment("2^40 dead dots", Delta.voided(A, 1, 1L << 40));
        fragment("every counter dead", Delta.voided(A, 1, Dot.MAX_COUNTER));
        fragment(
                "replica ids in unsigned order",
                delta().dead(ReplicaId.of(0), 1, 1)
                        .dead(A, 2, 2)
                        .dead(B, 3, 3)
                        .dead(ReplicaId.of(Long.MIN_VALUE), 4, 4)
                        .dead(ReplicaId.of(-1), 5, 5));
        FragmentBuilder run = delta();
        for (int i = 1; i <= 300; i++) {
            run.cell(A, i, tags, i);
        }
        fragment("live run of 300", run);
        FragmentBuilder odd = delta();
        for (int i = 1; i <= 40; i++) {
            odd.dead(A, 2L * i - 1, 2L * i - 1);
        }
        fragment("every other dot", odd);
        FragmentBuilder alternating = delta();
        for (int i = 1; i <= 20; i++) {
            alternating.cell(A, 2L * i, tags, i).dead(A, 2L * i - 1, 2L * i - 1);
        }
        fragment("live and dead in turn", alternating);
        fragment(
                "gaps of many sizes",
                delta().cell(A, 1, tags, "a")
                        .dead(A, 3, 10)
                        .cell(A, 11, tags, "b")
                        .cell(A, 12, tags, "c")
                        .dead(A, 1000, 5000)
                        .cell(A, 1L << 30, tags, "d")
                        .dead(A, (1L << 30) + 1, 1L << 31)
                        .cell(A, Dot.MAX_COUNTER, tags, "e"));
        fragment("the empty key", delta().cell(A, 1, root(ObjectType.OR_SET, ""), "e"));
        fragment("key in other letters", delta().cell(A, 1, root(ObjectType.OR_SET, "\u00e9\u20ac\ud83d\ude00"), "e"));
        fragment("longest key", delta().cell(A, 1, root(ObjectType.OR_SET, "k".repeat(1024)), "e"));
        FragmentBuilder twoTypes = delta();
        for (ObjectType type : ObjectType.values()) {
            if (type == ObjectType.OR_SET || type == ObjectType.MV_REGISTER || type == ObjectType.RW_SET) {
                twoTypes.cell(A, type.code(), root(type, "same"), "v");
            }
        }
        fragment("three types under one name", twoTypes);
        ObjectKey map = root(ObjectType.MAP, "m");
        ObjectKey inner = map.child(ObjectType.MAP, "inner");
        fragment("parent defined with its child", delta().cell(A, 1, map.child(ObjectType.OR_SET, "s"), 1));
        fragment("grandparent defined too", delta().cell(A, 1, inner.child(ObjectType.OR_SET, "s"), 1));
        fragment(
                "siblings share parents",
                delta().cell(A, 4, inner.child(ObjectType.OR_SET, "s"), 1)
                        .cell(A, 3, map.child(ObjectType.FLAG, "f"), true)
                        .cell(A, 2, inner.child(ObjectType.PNCOUNTER, "c"), new Amount(2))
                        .cell(
                                A,
                                1,
                                root(ObjectType.MAP, "n")
                                        .child(ObjectType.MAP, "inner")
                                        .child(ObjectType.OR_SET, "s"),
                                1)
                        .cell(B, 1, inner.child(ObjectType.OR_SET, "s"), 2));
        fragment(
                "objects of an unknown container",
                delta().cell(A, 1, unknown(77, "box").child(ObjectType.OR_SET, "s"), 1));
        ObjectKey deep = root(ObjectType.MAP, "0");
        for (int i = 1; i < 31; i++) {
            deep = deep.child(ObjectType.MAP, Integer.toString(i));
        }
        fragment("path 32 deep", delta().cell(A, 1, deep.child(ObjectType.OR_SET, "31"), "deep"));
        FragmentBuilder many = delta();
        for (int i = 1; i <= 20; i++) {
            many.cell(A, i, root(ObjectType.OR_SET, "s" + i % 17), i)
                    .cell(C, i, root(ObjectType.OR_SET, "s" + i % 5), -i);
        }
        fragment("more than sixteen objects", many);
        Delta joined = delta().cell(A, 1, tags, "x")
                .dead(A, 2, 4)
                .build()
                .join(delta().cell(A, 3, tags, "gone")
                        .cell(A, 5, tags, "y")
                        .cell(B, 1, tags, "z")
                        .build());
        fragment("a join of two", joined);

        List<Object> fragments = new ArrayList<>();
        List<Object> chain = new ArrayList<>();
        int sum = Chain.START;
        for (int i = 1; i <= 5; i++) {
            byte[] bytes =
                    (i == 3 ? Delta.EMPTY : delta().cell(A, i, tags, "e" + i).build()).encode();
            sum = Chain.extend(sum, bytes);
            fragments.add(HEX.formatHex(bytes));
            chain.add(Integer.toUnsignedLong(sum));
        }
        cases.add(GoldenForm.object(
                "kind", "chain", "name", "five transactions", "fragments", fragments, "chain", chain));
    }

    private void invalidFragments() {
        String a = "00000000000000a1";
        String b = "00000000000000b2";
        String set = a + "09 01 00 05 01 73"; // dot 1 live, VALUE in a new set "s" at the root; the value follows
        invalid("fragment", "", "no bytes");
        invalid("fragment", "56" + a + "08", "a version is no fragment");
        invalid("fragment", "52 00", "replica id cut off");
        invalid("fragment", "52" + a, "section without a run");
        invalid("fragment", "52" + a + "00", "counter 0");
        invalid("fragment", "52" + a + "8080808080808001", "counter 2^44");
        invalid("fragment", "52" + a + "8800", "token with a trailing zero");
        invalid("fragment", "52" + a + "08" + a + "10", "a replica twice");
        invalid("fragment", "52" + b + "08" + a + "08", "replicas descending");
        invalid("fragment", "52 8000000000000000 08 7fffffffffffffff 08", "replicas in signed order");
        invalid("fragment", "52" + a + "0c", "more runs announced than there");
        invalid("fragment", "52" + a + "14 00", "adjacent dead runs");
        invalid("fragment", "52" + a + "14 08", "run below counter 1");
        invalid("fragment", "52" + a + "0a 00", "run of two ends below counter 1");
        invalid("fragment", "52" + a + "1a 02", "run longer than its highest counter");
        invalid("fragment", "52" + a + "1a ffffffffffffffffff01", "run of 2^64");
        invalid("fragment", "52" + a + "1a 8000", "length of a run with a trailing zero");
        invalid("fragment", "52" + a + "09", "live dot without a cell");
        invalid("fragment", "52" + set, "cell without a payload");
        invalid("fragment", "52" + set.replace("09 01", "09 00") + "81", "kind 0");
        invalid("fragment", "52" + set.replace("09 01", "09 06") + "81", "kind 6");
        invalid("fragment", "52" + set.replace("09 01", "09 09") + "81", "object index beyond the table");
        invalid("fragment", "52" + a + "09 01 02 05 01 73 81", "parent index beyond the table");
        invalid("fragment", "52" + a + "09 01 00 00 01 73 81", "type 0");
        invalid("fragment", "52" + a + "09 01 00 8080808008 01 73 81", "type 2^31");
        invalid("fragment", "52" + a + "09 01 00 05 02 73", "key cut off");
        invalid("fragment", "52" + a + "09 01 00 05 01 ff 81", "key is not UTF-8");
        invalid("fragment", "52" + a + "09 01 00 05 8108" + "6b".repeat(1025) + "81", "key of 1025 bytes");
        invalid("fragment", "52" + a + "13 00 01 00 05 01 73 81 09 00 05 01 73 82", "an object defined twice");
        invalid("fragment", "52" + a + "09 01 01 00 05 01 70 05 01 73 81", "parent is a set");
        invalid("fragment", "52" + a + "09 01" + deepDefinition(33) + "81", "path 33 deep");
        invalid("fragment", "52" + a + "09 01 00 09 01 73 81", "value in a map");
        invalid("fragment", "52" + a + "09 01 00 03 01 73 81", "value in a register that wants stamps");
        invalid("fragment", "52" + a + "09 02 00 05 01 73 00 00 81", "stamp in a set");
        invalid("fragment", "52" + a + "09 05 00 05 01 73 81", "absence in an add-wins set");
        invalid("fragment", "52" + a + "09 01 00 07 01 73 81", "flag with another value than true");
        invalid("fragment", "52" + a + "09 05 00 08 01 73 01", "absence of false in a flag");
        invalid("fragment", "52" + a + "09 03 00 02 01 73 00", "amount of 0");
        invalid("fragment", "52" + a + "09 03 00 01 01 73 01", "negative amount in a grow-only counter");
        invalid("fragment", "52" + a + "09 04 00 01 01 73 01 01", "tally with N in a grow-only counter");
        invalid("fragment", "52" + a + "09 04 00 02 01 73 80808080808080808001 00", "total of 2^63");
        invalid("fragment", "52" + a + "09 02 00 03 01 73 01 00 81", "milliseconds below 0");
        invalid("fragment", "52" + a + "09 02 00 03 01 73 80808080808040 00 81", "milliseconds 2^47");
        invalid("fragment", "52" + a + "09 02 00 03 01 73 00 808004 81", "logical part 65536");
        invalid("fragment", "52" + a + "09 07 00 02 01 73 00 00", "extended code 0");
        invalid("fragment", "52" + a + "09 07 00 02 01 73 03 02 00", "extended content cut off");
        invalid("fragment", "52" + a + "09 07 00 02 01 73 01 00", "baseline of nobody");
        invalid("fragment", "52" + a + "09 07 00 02 01 73 01 0a" + a + "01 01", "baseline entry cut off by its length");
        invalid("fragment", "52" + a + "09 07 00 02 01 73 01 0b" + a + "00 01 00", "baseline up to dot 0");
        invalid(
                "fragment",
                "52" + a + "09 07 00 02 01 73 01 16" + a + "01 01 00" + a + "02 01 00",
                "one owner twice in a baseline");
        invalid(
                "fragment",
                "52" + a + "09 07 00 02 01 73 01 16" + b + "01 01 00" + a + "02 01 00",
                "owners of a baseline descending");
        invalid(
                "fragment",
                "52" + a + "09 07 00 02 01 73 02 16" + a + "01 01 00" + b + "02 01 00",
                "fold of two owners");
        invalid(
                "fragment",
                "52" + a + "09 07 00 01 01 73 02 0b" + a + "01 01 01",
                "fold with N in a grow-only counter");
        invalid("fragment", "52" + a + "09 07 00 05 01 73 02 0b" + a + "01 01 00", "fold in a set");
        invalid("fragment", "52" + set + "03 00", "payload that is no canonical value");
        invalid("fragment", "52" + a + "83 8080808080 02 fdffffffff01", "live run longer than the input");
        invalid("fragment", "52" + set + "81 00", "bytes after the last section");
    }

    /** The definition of a set at the end of this many keys, all new, the outermost last. */
    private static String deepDefinition(int depth) {
        StringBuilder parents = new StringBuilder();
        StringBuilder fields = new StringBuilder();
        for (int i = 0; i < depth; i++) {
            parents.append(i == depth - 1 ? "00" : "01");
            fields.append(i == depth - 1 ? "0501" : "0901").append("73");
        }
        return parents.toString() + fields;
    }

    private void version(String name, Version version) {
        cases.add(GoldenForm.object(
                "kind",
                "version",
                "name",
                name,
                "hex",
                HEX.formatHex(version.encode()),
                "ranges",
                GoldenForm.ofVersion(version)));
    }

    private void versions() {
        version("empty", Version.EMPTY);
        version("one dot", Version.of(A, 1));
        version("prefix", Version.of(A, 1000));
        version("highest prefix", Version.of(C, Dot.MAX_COUNTER));
        version("without the first", Version.builder().addRange(A, 2, 3).build());
        version(
                "gaps",
                Version.builder()
                        .addRange(A, 1, 5)
                        .addRange(A, 7, 7)
                        .addRange(A, 9, 200)
                        .addRange(A, 1L << 40, 1L << 41)
                        .build());
        version(
                "adjacent ranges are one",
                Version.builder().addRange(A, 1, 5).addRange(A, 6, 9).build());
        version(
                "three replicas",
                Version.builder()
                        .addRange(C, 1, 1)
                        .addRange(A, 3, 4)
                        .addRange(B, 1, 70000)
                        .build());
        String a = "00000000000000a1";
        invalid("version", "", "no bytes");
        invalid("version", "52" + a + "08", "a fragment is no version");
        invalid("version", "56" + a, "section without a range");
        invalid("version", "56" + a + "00", "counter 0");
        invalid("version", "56" + a + "09 01 00 05 01 73 81", "live dot in a version");
        invalid("version", "56" + a + "14 00", "adjacent ranges");
        invalid("version", "56" + a + "0c", "more ranges announced than there");
        invalid("version", "56" + a + "08" + a + "10", "a replica twice");
        invalid("version", "56" + a + "1a 02", "range longer than its highest counter");
    }

    private void links() {
        ObjectKey likes = root(ObjectType.PNCOUNTER, "likes");
        ObjectKey tags = root(ObjectType.MAP, "m").child(ObjectType.OR_SET, "tags");
        ObjectKey title = root(ObjectType.LWW_REGISTER, "title");
        List<Delta> deltas = List.of(
                delta().cell(A, 1, likes, new Tally(1, 0)).build(),
                delta().cell(A, 2, likes, new Tally(2, 0)).dead(A, 1, 1).build(),
                Delta.EMPTY,
                delta().cell(C, 10, tags, "x").cell(A, 3, tags, "y").build(),
                delta().dead(C, 10, 11).build(),
                delta().dead(C, 5, 5).build(),
                delta().cell(C, 12, title, stamped(MILLIS, 0, "t")).build(),
                delta().cell(C, 13, title, stamped(MILLIS + 9, 1, "u"))
                        .dead(C, 12, 12)
                        .build(),
                delta().cell(B, 1, tags, "z")
                        .dead(A, 2, 2)
                        .cell(C, 14, likes, new Amount(-4))
                        .build());
        DeltaWriter link = new DeltaWriter();
        List<Object> dumps = new ArrayList<>();
        List<Object> fragments = new ArrayList<>();
        for (Delta delta : deltas) {
            dumps.add(GoldenForm.ofDelta(delta));
            fragments.add(HEX.formatHex(link.write(delta)));
        }
        cases.add(GoldenForm.object("kind", "link", "name", "a link", "dumps", dumps, "fragments", fragments));
    }
}
