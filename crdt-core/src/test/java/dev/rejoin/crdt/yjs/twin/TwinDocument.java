package dev.rejoin.crdt.yjs.twin;

import dev.rejoin.crdt.yjs.twin.Unit.Content;
import dev.rejoin.crdt.yjs.twin.Unit.Id;
import dev.rejoin.crdt.yjs.twin.Unit.Parent;
import dev.rejoin.crdt.yjs.twin.Unit.Place;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * A Yjs document as plainly as it can be written: lists of single units, the placement rule of YATA word for word, maps
 * in which the last of a chain wins, and a set of deleted ids.
 *
 * <p>Nicolaescu, Jahns, Derntl, Klamma: Near Real-Time Peer-to-Peer Shared Editing on Extensible Data Types (2016), with
 * the second origin that Yjs added.
 */
final class TwinDocument {
    private final Map<Id, Unit> units = new HashMap<>();
    private final Map<Place, List<Unit>> lists = new LinkedHashMap<>();
    private final TreeMap<Long, Long> clocks = new TreeMap<>();
    private final Map<Id, Unit> waiting = new LinkedHashMap<>();
    private final Set<Id> waitingDeletes = new LinkedHashSet<>();

    /** Takes what it can and keeps the rest until what is missing arrives. */
    void apply(List<Unit> given, Set<Id> deletes) {
        for (Unit unit : given) {
            if (!units.containsKey(unit.id)) {
                waiting.putIfAbsent(unit.id, unit);
            }
        }
        boolean moved = true;
        while (moved) {
            moved = false;
            for (Unit unit : List.copyOf(waiting.values())) {
                if (unit.id.clock() == clock(unit.id.client()) && units.keySet().containsAll(unit.needs())) {
                    waiting.remove(unit.id);
                    integrate(unit);
                    moved = true;
                }
            }
        }
        waitingDeletes.addAll(deletes);
        waitingDeletes.removeIf(id -> {
            Unit unit = units.get(id);
            if (unit != null) {
                delete(unit);
            }
            return unit != null;
        });
    }

    private void integrate(Unit unit) {
        units.put(unit.id, unit);
        clocks.put(unit.id.client(), unit.id.clock() + 1);
        Unit left = unit.origin == null ? null : units.get(unit.origin);
        Unit right = unit.rightOrigin == null ? null : units.get(unit.rightOrigin);
        Unit holder = null;
        if (unit.place == null && unit.content.kind() != Content.GARBAGE) {
            unit.place = left != null ? left.place : Objects.requireNonNull(right).place;
        }
        if (unit.place != null && unit.place.parent().holder() != null) {
            holder = units.get(unit.place.parent().holder());
        }
        boolean garbage = unit.place == null
                || (left != null && left.place == null)
                || (right != null && right.place == null)
                || (holder != null && holder.content.kind() != Content.TYPE);
        if (garbage) {
            unit.place = null;
            unit.deleted = true;
            return;
        }
        List<Unit> list = lists.computeIfAbsent(unit.place, place -> new ArrayList<>());
        place(list, unit, left == null ? -1 : list.indexOf(left), right == null ? list.size() : list.indexOf(right));
        if (unit.place.key() != null) {
            // the last of the chain is the value, all others are history
            for (Unit other : List.copyOf(list.subList(0, list.size() - 1))) {
                delete(other);
            }
        }
        if (holder != null && holder.deleted) {
            delete(unit);
        }
    }

    private static void place(List<Unit> list, Unit unit, int left, int right) {
        int place = left;
        Set<Id> seen = new HashSet<>();
        Set<Id> conflicting = new HashSet<>();
        for (int i = left + 1; i < right; i++) {
            Unit other = list.get(i);
            seen.add(other.id);
            conflicting.add(other.id);
            if (Objects.equals(other.origin, unit.origin)) {
                if (other.id.client() < unit.id.client()) {
                    place = i;
                    conflicting.clear();
                } else if (Objects.equals(other.rightOrigin, unit.rightOrigin)) {
                    break;
                }
            } else if (other.origin != null && seen.contains(other.origin)) {
                if (!conflicting.contains(other.origin)) {
                    place = i;
                    conflicting.clear();
                }
            } else {
                break;
            }
        }
        list.add(place + 1, unit);
    }

    private void delete(Unit unit) {
        if (unit.deleted) {
            return;
        }
        unit.deleted = true;
        if (unit.content.kind() == Content.TYPE) {
            lists.forEach((place, list) -> {
                if (unit.id.equals(place.parent().holder())) {
                    list.forEach(this::delete);
                }
            });
        }
    }

    long clock(long client) {
        return clocks.getOrDefault(client, 0L);
    }

    /** Next expected clock of every client. */
    TreeMap<Long, Long> clocks() {
        return clocks;
    }

    boolean isComplete() {
        return waiting.isEmpty() && waitingDeletes.isEmpty();
    }

    /** All units of a list in order, the deleted ones too. */
    List<Unit> list(Place place) {
        return lists.getOrDefault(place, List.of());
    }

    List<Unit> list(String root) {
        return list(new Place(new Parent(root, null), null));
    }

    /** Places of live parents that have units. */
    List<Place> places() {
        return lists.keySet().stream()
                .filter(place -> place.parent().holder() == null
                        || !units.get(place.parent().holder()).deleted)
                .toList();
    }

    /** Visible text of a list; what is not text shows as a dot. */
    String text(Place place) {
        StringBuilder text = new StringBuilder();
        for (Unit unit : list(place)) {
            if (!unit.deleted && unit.content.kind() != Content.FORMAT) {
                text.append(unit.content.value() instanceof Character c ? c : Character.valueOf('.'));
            }
        }
        return text.toString();
    }

    Unit unit(Id id) {
        return units.get(id);
    }

    /** Ids of everything deleted. */
    Set<Id> deleted() {
        Set<Id> deleted = new HashSet<>();
        units.forEach((id, unit) -> {
            if (unit.deleted) {
                deleted.add(id);
            }
        });
        return deleted;
    }
}
