package dev.rejoin.crdt.yjs;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A reader of JSON as strict as JavaScript's {@code JSON.parse}, over UTF-16 units. It can also only check, which
 * allocates nothing.
 */
final class JsonReader {

    private static final int CUT_OFF = -1;

    private char[] in = new char[0];
    private int at;
    private int end;
    private boolean build;
    private int offset;

    /**
     * Reads the one value that the units in {@code [from, to)} are.
     *
     * @param build whether to make the value; otherwise it is checked and null returned
     * @param offset what a failure names as its place
     */
    @Nullable
    Object read(char[] units, int from, int to, boolean build, int depth, int offset) {
        this.in = units;
        this.at = from;
        this.end = to;
        this.build = build;
        this.offset = offset;
        Object value = value(depth);
        if (peek() != CUT_OFF) {
            throw malformed("text after the value");
        }
        return value;
    }

    private MalformedUpdateException malformed(String what) {
        return new MalformedUpdateException("not JSON: " + what, offset);
    }

    /** Returns the next unit that is no white space, without taking it. */
    private int peek() {
        while (at < end) {
            char c = in[at];
            if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
                return c;
            }
            at++;
        }
        return CUT_OFF;
    }

    private @Nullable Object value(int depth) {
        int c = peek();
        switch (c) {
            case '{':
                return object(depth - 1);
            case '[':
                return array(depth - 1);
            case '"':
                return string();
            case 't':
                word("true");
                return Boolean.TRUE;
            case 'f':
                word("false");
                return Boolean.FALSE;
            case 'n':
                word("null");
                return null;
            default:
                if (c == '-' || c >= '0' && c <= '9') {
                    return number();
                }
                throw malformed(c == CUT_OFF ? "cut off" : "no value begins like this");
        }
    }

    private void word(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (at == end || in[at++] != word.charAt(i)) {
                throw malformed("no such word");
            }
        }
    }

    private @Nullable Object object(int depth) {
        if (depth < 0) {
            throw malformed("nested too deeply");
        }
        at++;
        Map<String, @Nullable Object> entries = build ? new LinkedHashMap<>() : null;
        if (peek() == '}') {
            at++;
        } else {
            int next;
            do {
                if (peek() != '"') {
                    throw malformed("key expected");
                }
                String key = string();
                if (peek() != ':') {
                    throw malformed("colon expected");
                }
                at++;
                Object value = value(depth);
                if (entries != null && key != null) {
                    entries.put(key, value);
                }
                next = peek();
                at++;
            } while (next == ',');
            if (next != '}') {
                throw malformed("object does not end");
            }
        }
        return entries == null ? null : JsValue.map(entries);
    }

    private @Nullable Object array(int depth) {
        if (depth < 0) {
            throw malformed("nested too deeply");
        }
        at++;
        List<@Nullable Object> elements = build ? new ArrayList<>() : null;
        if (peek() == ']') {
            at++;
        } else {
            int next;
            do {
                Object value = value(depth);
                if (elements != null) {
                    elements.add(value);
                }
                next = peek();
                at++;
            } while (next == ',');
            if (next != ']') {
                throw malformed("array does not end");
            }
        }
        return elements == null ? null : JsValue.list(elements.toArray());
    }

    private @Nullable String string() {
        int start = ++at;
        while (at < end && in[at] != '"' && in[at] != '\\' && in[at] >= ' ') {
            at++;
        }
        if (at < end && in[at] == '"') {
            int length = at++ - start;
            return build ? new String(in, start, length) : null;
        }
        StringBuilder text = build ? new StringBuilder().append(in, start, at - start) : null;
        while (at < end) {
            char c = in[at++];
            if (c == '"') {
                return text == null ? null : text.toString();
            }
            if (c < ' ') {
                throw malformed("control character in a string");
            }
            if (c == '\\') {
                c = escaped();
            }
            if (text != null) {
                text.append(c);
            }
        }
        throw malformed("string does not end");
    }

    private char escaped() {
        char c = at < end ? in[at++] : 0;
        switch (c) {
            case '"':
            case '\\':
            case '/':
                return c;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                int unit = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = at < end ? hexDigit(in[at++]) : -1;
                    if (digit < 0) {
                        throw malformed("not four hexadecimal digits");
                    }
                    unit = unit << 4 | digit;
                }
                return (char) unit;
            default:
                throw malformed("no such escape");
        }
    }

    private static int hexDigit(char c) {
        return c < 0x80 ? Character.digit(c, 16) : -1;
    }

    private @Nullable Object number() {
        int start = at;
        if (in[at] == '-') {
            at++;
        }
        int integerStart = at;
        digits();
        if (in[integerStart] == '0' && at > integerStart + 1) {
            throw malformed("leading zero");
        }
        boolean integral = true;
        if (at < end && in[at] == '.') {
            integral = false;
            at++;
            digits();
        }
        if (at < end && (in[at] == 'e' || in[at] == 'E')) {
            integral = false;
            at++;
            if (at < end && (in[at] == '+' || in[at] == '-')) {
                at++;
            }
            digits();
        }
        if (!build) {
            return null;
        }
        if (integral && at - integerStart <= 15 && in[integerStart] != '0') {
            long value = 0;
            for (int i = integerStart; i < at; i++) {
                value = 10 * value + (in[i] - '0');
            }
            return in[start] == '-' ? -value : value;
        }
        return JsNumber.of(Double.parseDouble(new String(in, start, at - start)));
    }

    private void digits() {
        int start = at;
        while (at < end && in[at] >= '0' && in[at] <= '9') {
            at++;
        }
        if (at == start) {
            throw malformed("digit expected");
        }
    }
}
