package dev.rejoin.server.transport;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The path part of a request target (RFC 3986). */
final class Paths {
    private Paths() {}

    /** The target without its query. */
    static String path(String target) {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    /** The value of a query parameter, undecoded, the first if it is there more than once; null if it is not there. */
    static @Nullable String parameter(String target, String name) {
        List<String> values = parameters(target, name);
        return values.isEmpty() ? null : values.get(0);
    }

    /** All values of a query parameter, undecoded, in their order. */
    static List<String> parameters(String target, String name) {
        int query = target.indexOf('?');
        if (query < 0) {
            return List.of();
        }
        List<String> values = new ArrayList<>();
        for (String pair : target.substring(query + 1).split("&", -1)) {
            int equals = pair.indexOf('=');
            if ((equals < 0 ? pair : pair.substring(0, equals)).equals(name)) {
                values.add(equals < 0 ? "" : pair.substring(equals + 1));
            }
        }
        return values;
    }

    /** Takes the percent-encoding off; null unless the result is well-formed UTF-8. */
    static @Nullable String decode(String raw) {
        byte[] bytes = new byte[raw.length()];
        int size = 0;
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                if (i + 2 >= raw.length()) {
                    return null;
                }
                int high = Character.digit(raw.charAt(i + 1), 16);
                int low = Character.digit(raw.charAt(i + 2), 16);
                if (high < 0 || low < 0) {
                    return null;
                }
                bytes[size++] = (byte) (high << 4 | low);
                i += 2;
            } else if (c > 0x20 && c < 0x7f) {
                bytes[size++] = (byte) c;
            } else {
                return null;
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, size))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
