package dev.rejoin.crdt.laws;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** The binary format written down a second time, straight from its page, for the twin. */
final class TwinCodec {
    private TwinCodec() {}

    static byte[] encode(Fragment fragment) {
        Writer out = new Writer();
        out.u8(0x52);
        sections(out, fragment.context, fragment.cells);
        return out.bytes.toByteArray();
    }

    static byte[] encodeVersion(TreeSet<At> context) {
        Writer out = new Writer();
        out.u8(0x56);
        sections(out, context, new TreeMap<>());
        return out.bytes.toByteArray();
    }

    static Fragment decode(byte[] bytes) {
        return read(bytes, 0x52);
    }

    static TreeSet<At> decodeVersion(byte[] bytes) {
        return read(bytes, 0x56).context;
    }

    /** Canonical bytes of a value, as the identity of an element. */
    static String identity(Object value) {
        Writer out = new Writer();
        out.value(value);
        return HexFormat.of().formatHex(out.bytes.toByteArray());
    }

    private record Run(long high, long low, boolean live) {}

    private static void sections(Writer out, TreeSet<At> context, Map<At, TwinCell> cells) {
        TreeMap<Long, List<Run>> sections = new TreeMap<>(Long::compareUnsigned);
        for (At dot : context.descendingSet()) {
            List<Run> runs = sections.computeIfAbsent(dot.replica(), r -> new ArrayList<>());
            boolean live = cells.containsKey(dot);
            Run last = runs.isEmpty() ? null : runs.get(runs.size() - 1);
            if (last != null && last.low == dot.counter() + 1 && last.live == live) {
                runs.set(runs.size() - 1, new Run(last.high, dot.counter(), live));
            } else {
                runs.add(new Run(dot.counter(), dot.counter(), live));
            }
        }
        for (Map.Entry<Long, List<Run>> section : sections.entrySet()) {
            out.fixed64(section.getKey());
            List<Run> runs = section.getValue();
            for (int i = 0; i < runs.size(); i++) {
                Run run = runs.get(i);
                long gap = i == 0 ? run.high : runs.get(i - 1).low - run.high - 1;
                long length = run.high - run.low + 1;
                out.varint(gap << 3 | (i < runs.size() - 1 ? 4 : 0) | (length > 1 ? 2 : 0) | (run.live ? 1 : 0));
                if (length > 1) {
                    out.varint(length - 2);
                }
                for (long n = run.high; run.live && n >= run.low; n--) {
                    out.cell(cells.get(new At(section.getKey(), n)));
                }
            }
        }
    }

    private static Fragment read(byte[] bytes, int magic) {
        Reader in = new Reader(ByteBuffer.wrap(bytes));
        if (in.u8() != magic) {
            throw new IllegalArgumentException("first byte");
        }
        Fragment fragment = new Fragment();
        while (in.bytes.hasRemaining()) {
            long replica = in.bytes.getLong();
            long next = 0;
            boolean more = true;
            for (boolean first = true; more; first = false) {
                long token = in.varint();
                more = (token & 4) != 0;
                long high = first ? token >>> 3 : next - (token >>> 3);
                long low = high - ((token & 2) != 0 ? in.varint() + 1 : 0);
                for (long n = high; n >= low; n--) {
                    At dot = new At(replica, n);
                    fragment.context.add(dot);
                    if ((token & 1) != 0) {
                        fragment.cells.put(dot, in.cell());
                    }
                }
                next = low - 1;
            }
        }
        return fragment;
    }

    private static final class Writer {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final List<Address> objects = new ArrayList<>();
        long lastMillis;

        void u8(int b) {
            bytes.write(b);
        }

        void varint(long n) {
            for (; (n & ~0x7fL) != 0; n >>>= 7) {
                u8((int) n & 0x7f | 0x80);
            }
            u8((int) n);
        }

        void zigzag(long n) {
            varint(n << 1 ^ n >> 63);
        }

        void fixed64(long n) {
            bytes.writeBytes(ByteBuffer.allocate(8).putLong(n).array());
        }

        void text(String s) {
            byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
            varint(utf8.length);
            bytes.writeBytes(utf8);
        }

        void cell(TwinCell cell) {
            int kind = kindOf(cell.payload());
            int index = objects.indexOf(cell.object());
            varint((long) (index < 0 ? objects.size() : index) << 3 | kind);
            if (index < 0) {
                define(cell.object());
            }
            payload(cell.payload());
        }

        void define(Address object) {
            if (object.parent() == null) {
                varint(0);
            } else {
                int parent = objects.indexOf(object.parent());
                varint((parent < 0 ? objects.size() : parent) + 1);
                if (parent < 0) {
                    define(object.parent());
                }
            }
            varint(object.type());
            text(object.key());
            objects.add(object);
        }

        static int kindOf(Payload payload) {
            if (payload instanceof Payload.Value) {
                return 1;
            } else if (payload instanceof Payload.Stamped) {
                return 2;
            } else if (payload instanceof Payload.Amount) {
                return 3;
            } else if (payload instanceof Payload.Tally) {
                return 4;
            } else if (payload instanceof Payload.Absent) {
                return 5;
            }
            return 7;
        }

        void payload(Payload payload) {
            if (payload instanceof Payload.Value p) {
                value(p.value());
            } else if (payload instanceof Payload.Stamped p) {
                zigzag(p.millis() - lastMillis);
                lastMillis = p.millis();
                varint(p.logical());
                value(p.value());
            } else if (payload instanceof Payload.Amount p) {
                zigzag(p.n());
            } else if (payload instanceof Payload.Tally p) {
                varint(p.p());
                varint(p.n());
            } else if (payload instanceof Payload.Absent p) {
                value(p.value());
            } else if (payload instanceof Payload.Baseline p) {
                Writer body = new Writer();
                p.entries().forEach((replica, totals) -> body.totals(replica, totals));
                extended(1, body.bytes.toByteArray());
            } else if (payload instanceof Payload.Fold p) {
                Writer body = new Writer();
                body.totals(p.owner(), p.totals());
                extended(2, body.bytes.toByteArray());
            } else if (payload instanceof Payload.Opaque p) {
                extended(p.code(), HexFormat.of().parseHex(p.hex()));
            }
        }

        void totals(long replica, Payload.Totals totals) {
            fixed64(replica);
            varint(totals.upto());
            varint(totals.p());
            varint(totals.n());
        }

        void extended(long code, byte[] body) {
            varint(code);
            varint(body.length);
            bytes.writeBytes(body);
        }

        void value(Object value) {
            if (value instanceof Boolean b) {
                u8(b ? 2 : 1);
            } else if (value instanceof Long n) {
                if (n >= -64 && n <= 63) {
                    u8(0x80 + (int) (n << 1 ^ n >> 63));
                } else {
                    u8(3);
                    zigzag(n);
                }
            } else if (value instanceof Double d) {
                u8(4);
                fixed64(Double.doubleToLongBits(d));
            } else if (value instanceof String s) {
                byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
                if (utf8.length <= 63) {
                    u8(0x40 + utf8.length);
                } else {
                    u8(5);
                    varint(utf8.length);
                }
                bytes.writeBytes(utf8);
            } else if (value instanceof List<?> list) {
                u8(7);
                varint(list.size());
                list.forEach(this::value);
            } else {
                throw new IllegalArgumentException("the twin does not generate " + value);
            }
        }
    }

    private record Reader(ByteBuffer bytes, List<Address> objects, long[] lastMillis) {
        Reader(ByteBuffer bytes) {
            this(bytes, new ArrayList<>(), new long[1]);
        }

        int u8() {
            return bytes.get() & 0xff;
        }

        long varint() {
            long n = 0;
            for (int shift = 0; ; shift += 7) {
                int b = u8();
                n |= (long) (b & 0x7f) << shift;
                if (b < 0x80) {
                    return n;
                }
            }
        }

        long zigzag() {
            long n = varint();
            return n >>> 1 ^ -(n & 1);
        }

        String text(int length) {
            byte[] utf8 = new byte[length];
            bytes.get(utf8);
            return new String(utf8, StandardCharsets.UTF_8);
        }

        TwinCell cell() {
            long token = varint();
            int index = (int) (token >>> 3);
            Address object = index == objects.size() ? definition() : objects.get(index);
            return new TwinCell(object, payload((int) token & 7));
        }

        Address definition() {
            long reference = varint();
            Address parent = null;
            if (reference > 0) {
                parent = reference - 1 == objects.size() ? definition() : objects.get((int) reference - 1);
            }
            int type = (int) varint();
            Address object = new Address(parent, type, text((int) varint()));
            objects.add(object);
            return object;
        }

        Payload payload(int kind) {
            return switch (kind) {
                case 1 -> new Payload.Value(value());
                case 2 -> {
                    lastMillis[0] += zigzag();
                    long logical = varint();
                    yield new Payload.Stamped(lastMillis[0], logical, value());
                }
                case 3 -> new Payload.Amount(zigzag());
                case 4 -> new Payload.Tally(varint(), varint());
                case 5 -> new Payload.Absent(value());
                case 7 -> extended();
                default -> throw new IllegalArgumentException("kind " + kind);
            };
        }

        Payload extended() {
            long code = varint();
            byte[] body = new byte[(int) varint()];
            bytes.get(body);
            Reader in = new Reader(ByteBuffer.wrap(body));
            if (code == 1) {
                TreeMap<Long, Payload.Totals> entries = new TreeMap<>(Long::compareUnsigned);
                while (in.bytes.hasRemaining()) {
                    entries.put(in.bytes.getLong(), in.totals());
                }
                return new Payload.Baseline(entries);
            }
            return code == 2
                    ? new Payload.Fold(in.bytes.getLong(), in.totals())
                    : new Payload.Opaque(code, HexFormat.of().formatHex(body));
        }

        Payload.Totals totals() {
            return new Payload.Totals(varint(), varint(), varint());
        }

        Object value() {
            int tag = u8();
            if (tag >= 0x80) {
                return (long) (tag - 0x80 >>> 1 ^ -(tag & 1));
            } else if (tag >= 0x40) {
                return text(tag - 0x40);
            }
            return switch (tag) {
                case 1 -> false;
                case 2 -> true;
                case 3 -> zigzag();
                case 4 -> bytes.getDouble();
                case 5 -> text((int) varint());
                case 7 -> {
                    List<Object> list = new ArrayList<>();
                    for (long n = varint(); n > 0; n--) {
                        list.add(value());
                    }
                    yield List.copyOf(list);
                }
                default -> throw new IllegalArgumentException("tag " + tag);
            };
        }
    }
}
