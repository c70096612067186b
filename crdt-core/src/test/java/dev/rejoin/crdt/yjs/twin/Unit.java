package dev.rejoin.crdt.yjs.twin;

import java.util.List;

/** One unit of content: a character, an element, a marker. Once placed it is never moved, only deleted. */
final class Unit {
    /** Client and clock. */
    record Id(long client, long clock) {
        Id plus(long units) {
            return new Id(client, clock + units);
        }
    }

    /** A root by its name or the unit that holds a type. */
    record Parent(String root, Id holder) {}

    /** The list of a parent, or the chain of one of its keys. */
    record Place(Parent parent, String key) {}

    /** What a unit holds: the number of its kind on the wire, and its value. */
    record Content(int kind, Object value) {
        static final int GARBAGE = 0;
        static final int DELETED = 1;
        static final int STRING = 4;
        static final int FORMAT = 6;
        static final int TYPE = 7;
        static final int ANY = 8;
    }

    final Id id;
    final Id origin;
    final Id rightOrigin;
    final Content content;
    /** Null while it is to be taken from a neighbour, and for garbage. */
    Place place;

    boolean deleted;

    Unit(Id id, Id origin, Id rightOrigin, Place place, Content content) {
        this.id = id;
        this.origin = origin;
        this.rightOrigin = rightOrigin;
        this.place = place;
        this.content = content;
        this.deleted = content.kind() <= Content.DELETED;
    }

    /** Units whose neighbours and parent must be known before this one can be placed. */
    List<Id> needs() {
        return java.util.stream.Stream.of(
                        origin,
                        rightOrigin,
                        place == null ? null : place.parent().holder())
                .filter(java.util.Objects::nonNull)
                .toList();
    }

    @Override
    public String toString() {
        return id.client() + ":" + id.clock() + (deleted ? "-" : "");
    }
}
