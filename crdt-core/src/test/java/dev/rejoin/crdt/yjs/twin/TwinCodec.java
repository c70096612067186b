package dev.rejoin.crdt.yjs.twin;

import dev.rejoin.crdt.yjs.twin.Unit.Content;
import dev.rejoin.crdt.yjs.twin.Unit.Id;
import dev.rejoin.crdt.yjs.twin.Unit.Parent;
import dev.rejoin.crdt.yjs.twin.Unit.Place;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Updates of version 1 as units and deleted ids, for strings, whole numbers, markers and types. */
final class TwinCodec {
    /** What an update says. */
    record Update(List<Unit> units, Set<Id> deletes) {}

    private final ByteBuffer in;

    private TwinCodec(byte[] bytes) {
        in = ByteBuffer.wrap(bytes);
    }

    static Update read(byte[] bytes) {
        return new TwinCodec(bytes).update();
    }

    private Update update() {
        List<Unit> units = new ArrayList<>();
        for (long clients = number(); clients > 0; clients--) {
            long structs = number();
            Id next = new Id(number(), number());
            for (; structs > 0; structs--) {
                next = struct(units, next);
            }
        }
        Set<Id> deletes = new HashSet<>();
        for (long clients = number(); clients > 0; clients--) {
            long client = number();
            for (long ranges = number(); ranges > 0; ranges--) {
                Id first = new Id(client, number());
                for (long i = number() - 1; i >= 0; i--) {
                    deletes.add(first.plus(i));
                }
            }
        }
        return new Update(units, deletes);
    }

    private Id struct(List<Unit> units, Id id) {
        int info = in.get();
        int kind = info & 31;
        if (kind == 0 || kind == 10) {
            long length = number();
            for (long i = 0; i < length && kind == 0; i++) {
                units.add(new Unit(id.plus(i), null, null, null, new Content(0, null)));
            }
            return id.plus(length);
        }
        Id origin = (info & 0x80) != 0 ? id() : null;
        Id right = (info & 0x40) != 0 ? id() : null;
        Place place = null;
        if (origin == null && right == null) {
            Parent parent = number() == 1 ? new Parent(string(), null) : new Parent(null, id());
            place = new Place(parent, (info & 0x20) != 0 ? string() : null);
        }
        for (Object value : values(kind)) {
            units.add(new Unit(id, origin, right, place, new Content(kind, value)));
            origin = id;
            place = null;
            id = id.plus(1);
        }
        return id;
    }

    private List<Object> values(int kind) {
        List<Object> values = new ArrayList<>();
        switch (kind) {
            case Content.DELETED -> {
                for (long i = number(); i > 0; i--) {
                    values.add("");
                }
            }
            case Content.STRING -> {
                for (char c : string().toCharArray()) {
                    values.add(c);
                }
            }
            case Content.FORMAT -> values.add(string() + "=" + string());
            case Content.TYPE -> {
                long type = number();
                values.add(type == 3 || type == 5 ? type + string() : type);
            }
            case Content.ANY -> {
                for (long i = number(); i > 0; i--) {
                    if (in.get() != 125) {
                        throw new IllegalArgumentException("only whole numbers here");
                    }
                    values.add(signed());
                }
            }
            default -> throw new IllegalArgumentException("content " + kind);
        }
        return values;
    }

    private Id id() {
        return new Id(number(), number());
    }

    private long number() {
        long number = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = in.get();
            number |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return number;
            }
        }
    }

    private long signed() {
        byte first = in.get();
        long number = first & 0x3f;
        for (int shift = 6; first < 0 && shift < 70; shift += 7) {
            byte next = in.get();
            number |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                break;
            }
        }
        return (first & 0x40) != 0 ? -number : number;
    }

    private String string() {
        byte[] bytes = new byte[(int) number()];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Every unit a struct of its own. Units of one client must have consecutive clocks. */
    static byte[] write(Collection<Unit> units, Collection<Id> deletes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Map<Long, List<Unit>> byClient = new LinkedHashMap<>();
        units.stream()
                .sorted(Comparator.comparing((Unit unit) -> -unit.id.client()).thenComparing(unit -> unit.id.clock()))
                .forEach(unit -> byClient.computeIfAbsent(unit.id.client(), client -> new ArrayList<>())
                        .add(unit));
        number(out, byClient.size());
        byClient.forEach((client, own) -> {
            number(out, own.size());
            id(out, own.get(0).id);
            own.forEach(unit -> struct(out, unit));
        });
        TreeMap<Long, List<Long>> deleted = new TreeMap<>(Comparator.reverseOrder());
        deletes.stream()
                .sorted(Comparator.comparing(Id::clock))
                .forEach(id -> deleted.computeIfAbsent(id.client(), client -> new ArrayList<>())
                        .add(id.clock()));
        number(out, deleted.size());
        deleted.forEach((client, clocks) -> {
            number(out, client);
            number(out, clocks.size());
            for (long clock : clocks) {
                number(out, clock);
                number(out, 1);
            }
        });
        return out.toByteArray();
    }

    private static void struct(ByteArrayOutputStream out, Unit unit) {
        boolean named = unit.origin == null && unit.rightOrigin == null;
        out.write(unit.content.kind()
                | (unit.origin != null ? 0x80 : 0)
                | (unit.rightOrigin != null ? 0x40 : 0)
                | (unit.place.key() != null ? 0x20 : 0));
        if (unit.origin != null) {
            id(out, unit.origin);
        }
        if (unit.rightOrigin != null) {
            id(out, unit.rightOrigin);
        }
        if (named) {
            Parent parent = unit.place.parent();
            number(out, parent.root() != null ? 1 : 0);
            if (parent.root() != null) {
                string(out, parent.root());
            } else {
                id(out, parent.holder());
            }
            if (unit.place.key() != null) {
                string(out, unit.place.key());
            }
        }
        switch (unit.content.kind()) {
            case Content.STRING -> string(out, unit.content.value().toString());
            case Content.TYPE -> number(out, (long) unit.content.value());
            case Content.ANY -> {
                out.write(1);
                out.write(125);
                out.write((int) (long) (Long) unit.content.value()); // 0 to 63
            }
            default -> throw new IllegalArgumentException("content " + unit.content.kind());
        }
    }

    private static void id(ByteArrayOutputStream out, Id id) {
        number(out, id.client());
        number(out, id.clock());
    }

    private static void number(ByteArrayOutputStream out, long number) {
        for (; number > 0x7f; number >>>= 7) {
            out.write((int) (number & 0x7f) | 0x80);
        }
        out.write((int) number);
    }

    private static void string(ByteArrayOutputStream out, String string) {
        byte[] bytes = string.getBytes(StandardCharsets.UTF_8);
        number(out, bytes.length);
        out.writeBytes(bytes);
    }
}
