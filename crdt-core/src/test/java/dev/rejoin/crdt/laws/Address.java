package dev.rejoin.crdt.laws;

import java.util.ArrayList;
import java.util.List;

/** An object's identity: its parent (null at the root), type code and key. */
record Address(Address parent, int type, String key) {

    /** The address of a typed leaf below maps: {@code at(SET, "m", "n", "tags")}. */
    static Address at(Kind kind, String... path) {
        return at(kind, List.of(path));
    }

    static Address at(Kind kind, List<String> path) {
        Address address = null;
        for (int i = 0; i < path.size(); i++) {
            address = new Address(address, i == path.size() - 1 ? kind.code : Kind.MAP.code, path.get(i));
        }
        return address;
    }

    /** The stand-alone object of this kind. */
    static Address alone(Kind kind) {
        return at(kind, "");
    }

    Kind kind() {
        return Kind.values()[type - 1];
    }

    boolean known() {
        return type >= 1 && type <= 9;
    }

    List<String> path() {
        List<String> path = new ArrayList<>();
        for (Address a = this; a != null; a = a.parent) {
            path.add(0, a.key);
        }
        return path;
    }

    /** True if {@code ancestor} is this object or lies above it. */
    boolean isWithin(Address ancestor) {
        for (Address a = this; a != null; a = a.parent) {
            if (a.equals(ancestor)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return (known() ? kind().name().toLowerCase(java.util.Locale.ROOT) : "type" + type) + ":"
                + String.join("/", path());
    }
}
