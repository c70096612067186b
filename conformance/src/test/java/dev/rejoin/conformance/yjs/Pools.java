package dev.rejoin.conformance.yjs;

import dev.rejoin.crdt.yjs.Undefined;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the numbers in a script stand for: the lists of pools.mjs, in the same order. */
final class Pools {
    static final String[] TEXTS = {
        "a", "b", "xy", "hello ", "\n", "é", "日本語", "word", "0123456789", " ", "zzz", "ß→", "😀", "a😀b", "👩‍👧"
    };
    static final int PLAIN_TEXTS = 12;

    static final String[] KEYS = {"k", "l", "key", "", "10", "2", "é"};

    static final String[] NAMES = {"p", "div", "H1", "é"};

    private static final List<@Nullable Map<String, @Nullable Object>> ATTRIBUTES = Arrays.asList(
            null,
            object(),
            object("b", true),
            object("b", null),
            object("i", true),
            object("b", true, "i", null),
            object("c", "red"),
            object("c", "blue"),
            object("c", null),
            object("b", true, "i", true, "c", "red"),
            object("a", object("href", "x")),
            object("a", object("href", "y")),
            object("a", null, "b", null, "c", null, "i", null),
            object("b", false),
            object("n", 1.5),
            object("n", 7, "b", true));

    private static final List<Object> EMBEDS =
            List.of(object("image", "u"), object("a", List.of(1, 2)), object(), object("n", null, "s", "ü"));

    private static final List<@Nullable Object> VALUES = Arrays.asList(
            null,
            true,
            false,
            0,
            1,
            -1,
            63,
            64,
            -64,
            2147483647,
            -2147483647,
            -2147483648,
            2147483648L,
            1099511627776L,
            16777217,
            9007199254740992L,
            9007199254740991L,
            -9007199254740991L,
            -0.0,
            1.5,
            0.1,
            Double.NaN,
            Double.POSITIVE_INFINITY,
            1e300,
            -1e-7,
            "",
            "a",
            "héllo",
            "日本",
            "😀",
            new byte[0],
            new byte[] {1, 2, (byte) 255},
            List.of(),
            list(1, list(2, "x", null)),
            object(),
            object("a", 1, "b", object("c", list(true))),
            object("10", 1, "b", 2, "2", 3),
            "long ".repeat(60),
            list(BigInteger.valueOf(1152921504606846976L), Undefined.UNDEFINED),
            object("u", Undefined.UNDEFINED, "n", BigInteger.valueOf(-5)),
            Undefined.UNDEFINED,
            new BigInteger("36893488147419103"),
            BigInteger.valueOf(-1));
    private static final int LIST_VALUES = VALUES.size() - 3;

    private static final Object[] XML_VALUES = {"v", "", "a b", "é", 3, "x"};

    private Pools() {}

    static String text(int raw, boolean pairs) {
        return TEXTS[raw % (pairs ? TEXTS.length : PLAIN_TEXTS)];
    }

    static String key(int raw) {
        return KEYS[raw % KEYS.length];
    }

    static String name(int raw) {
        return NAMES[raw % NAMES.length];
    }

    static @Nullable Map<String, @Nullable Object> attributes(int raw) {
        return ATTRIBUTES.get(raw % ATTRIBUTES.size());
    }

    static Object embed(int raw) {
        return EMBEDS.get(raw % EMBEDS.size());
    }

    static @Nullable Object listValue(int raw) {
        return VALUES.get(raw % LIST_VALUES);
    }

    static @Nullable Object value(int raw) {
        return VALUES.get(raw % VALUES.size());
    }

    static Object xmlValue(int raw) {
        return XML_VALUES[raw % XML_VALUES.length];
    }

    private static List<@Nullable Object> list(@Nullable Object... values) {
        return Collections.unmodifiableList(Arrays.asList(values));
    }

    private static Map<String, @Nullable Object> object(@Nullable Object... pairs) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            object.put((String) pairs[i], pairs[i + 1]);
        }
        return Collections.unmodifiableMap(object);
    }
}
