package dev.rejoin.crdt.laws;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What a generated history is about: how many replicas and which objects, and the operations they know. */
record Scenario(String name, int replicas, int steps, boolean inOrder, List<Address> objects, List<Address> maps) {

    /** Three replicas around one stand-alone object. */
    static Scenario alone(Kind kind) {
        if (kind != Kind.MAP) {
            return new Scenario(kind.name(), 3, 40, false, List.of(Address.alone(kind)), List.of());
        }
        List<Address> below = new ArrayList<>();
        for (Kind child : Kind.values()) {
            if (child != Kind.MAP) {
                below.add(Address.at(child, "", "a"));
                below.add(Address.at(child, "", "n", "b"));
                below.add(Address.at(child, "", "n", "o", "c"));
            }
        }
        return new Scenario(
                "MAP",
                3,
                50,
                false,
                below,
                List.of(Address.alone(Kind.MAP), Address.at(Kind.MAP, "", "n"), Address.at(Kind.MAP, "", "n", "o")));
    }

    /** Three replicas of a document with every type at the root and below maps, two of them under one name. */
    static Scenario document() {
        List<Address> objects = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            if (kind != Kind.MAP) {
                objects.add(Address.at(kind, "x"));
                objects.add(Address.at(kind, "m", "x"));
                objects.add(Address.at(kind, "m", "n", "y"));
            }
        }
        return new Scenario(
                "document", 3, 60, false, objects, List.of(Address.at(Kind.MAP, "m"), Address.at(Kind.MAP, "m", "n")));
    }

    /** The same with histories of at most so many steps. */
    Scenario shorter(int steps) {
        return new Scenario(name, replicas, steps, inOrder, objects, maps);
    }

    /** The same over links that neither lose nor reorder, as the sync protocol's do. */
    Scenario delivered() {
        return new Scenario(name, replicas, steps, true, objects, maps);
    }

    List<Address> everything() {
        List<Address> all = new ArrayList<>(objects);
        all.addAll(maps);
        return all;
    }

    Op op(Random random) {
        if (!maps.isEmpty() && random.nextInt(10) == 0) {
            Address map = maps.get(random.nextInt(maps.size()));
            return random.nextInt(5) == 0
                    ? new Op(map, Op.Verb.CLEAR, null)
                    : new Op(
                            map,
                            Op.Verb.REMOVE,
                            List.of("a", "b", "c", "n", "o", "x", "y").get(random.nextInt(7)));
        }
        Address object = objects.get(random.nextInt(objects.size()));
        return op(object, random);
    }

    static Op op(Address object, Random random) {
        int dice = random.nextInt(10);
        return switch (object.kind()) {
            case GCOUNTER -> new Op(object, Op.Verb.INCREMENT, 1L + random.nextInt(9));
            case COUNTER ->
                dice < 2
                        ? new Op(object, Op.Verb.RESET, null)
                        : new Op(
                                object,
                                Op.Verb.INCREMENT,
                                random.nextBoolean() ? 1L + random.nextInt(99) : -1L - random.nextInt(50));
            case REGISTER, MVREGISTER ->
                dice < 2 ? new Op(object, Op.Verb.CLEAR, null) : new Op(object, Op.Verb.SET, value(random, 1000));
            case SET, RWSET ->
                dice == 0
                        ? new Op(object, Op.Verb.CLEAR, null)
                        : new Op(object, dice < 6 ? Op.Verb.ADD : Op.Verb.REMOVE, value(random, 3));
            case FLAG, DWFLAG -> new Op(object, dice < 6 ? Op.Verb.ADD : Op.Verb.REMOVE, true);
            case MAP -> throw new IllegalArgumentException("a map holds nothing itself");
        };
    }

    /** Strings mostly, with a few of everything else; {@code range} bounds how many different ones there are. */
    static Object value(Random random, int range) {
        int n = random.nextInt(range);
        return switch (n % 7) {
            case 2 -> (long) n;
            case 4 -> "é𝄞" + n;
            case 3 -> List.of("k", (long) n, List.of());
            case 5 -> n + 0.5;
            case 6 -> n << 20 == 0 ? (Object) false : (Object) (Long.MAX_VALUE - n);
            default -> "v" + n;
        };
    }

    List<Action> history(Random random) {
        List<Action> history = new ArrayList<>();
        int steps = 2 + random.nextInt(this.steps);
        for (int i = 0; i < steps; i++) {
            history.add(action(random));
        }
        return history;
    }

    private Action action(Random random) {
        int a = random.nextInt(replicas);
        int b = random.nextInt(replicas);
        int pick = inOrder ? 0 : random.nextInt(1000);
        int dice = random.nextInt(100);
        if (inOrder && dice >= 70 && dice < 84) {
            dice = 50;
        }
        if (dice < 45) {
            List<Op> ops = new ArrayList<>();
            do {
                ops.add(op(random));
            } while (random.nextInt(5) == 0);
            return new Action.Write(a, List.copyOf(ops));
        } else if (dice < 70) {
            return new Action.Deliver(a, pick);
        } else if (dice < 75) {
            return new Action.Duplicate(a, pick);
        } else if (dice < 80) {
            return new Action.Drop(a, pick);
        } else if (dice < 84) {
            return new Action.Group(a, pick, random.nextInt(1000));
        } else if (dice < 88) {
            return new Action.Sync(a, b);
        } else if (dice < 91) {
            return new Action.Since(a, b);
        } else if (dice < 94) {
            return new Action.Save(a);
        } else if (dice < 96) {
            return new Action.Restart(a);
        }
        return new Action.Clock(
                a,
                List.of(-5_000L, -1L, 3L, 315_360_000_000L, -315_360_000_000L).get(random.nextInt(5)));
    }
}
