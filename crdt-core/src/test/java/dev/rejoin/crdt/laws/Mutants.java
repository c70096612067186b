package dev.rejoin.crdt.laws;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/** The seeded mistakes, most of them made by somebody before; each is the twin with one method changed. */
final class Mutants {
    private Mutants() {}

    /** A mutant of the replica rather than of the join. */
    private abstract static class OfTwin extends TwinBackend {
        @Override
        abstract Twin twin(long replica, LongSupplier millis);
    }

    /** Every join counts as an event of its own. */
    static TwinBackend joinLeavesAMark() {
        return new TwinBackend() {
            @Override
            Fragment joined(Fragment a, Fragment b) {
                Fragment joined = Fragment.join(a, b);
                return joined.dead(new At(-1, joined.context.size() + 1));
            }
        };
    }

    /** Of two concurrent register writes the one that was here first stays (the tie of the C++ reference). */
    static TwinBackend tieBrokenByArrival() {
        return new TwinBackend() {
            @Override
            Fragment joined(Fragment a, Fragment b) {
                Fragment joined = Fragment.join(a, b);
                if (joined.cells.keySet().stream().anyMatch(a.cells::containsKey)) {
                    joined.cells.keySet().removeIf(dot -> !a.cells.containsKey(dot));
                }
                return joined;
            }
        };
    }

    /** Causal order, else the higher replica: one stored winner (wurmloch, and a test kept by REScala). */
    static TwinBackend singleStoredWinner() {
        return new TwinBackend() {
            @Override
            Fragment joined(Fragment a, Fragment b) {
                Fragment joined = Fragment.join(a, b);
                if (joined.cells.size() > 1) {
                    At winner = joined.cells.lastKey();
                    joined.cells.keySet().removeIf(dot -> !dot.equals(winner));
                }
                return joined;
            }
        };
    }

    /** The delta forgets what the mutator removed. */
    static TwinBackend deltaWithoutRemovals() {
        return new OfTwin() {
            @Override
            Twin twin(long replica, LongSupplier millis) {
                return new Twin(replica, false, millis) {
                    @Override
                    Fragment commit(List<Op> ops) {
                        TreeSet<At> before = new TreeSet<>(confirmed.context);
                        Fragment delta = super.commit(ops);
                        if (delta != null) {
                            delta.context.removeIf(before::contains);
                        }
                        return delta;
                    }
                };
            }
        };
    }

    /** Versions compare by their highest counters, blind to gaps. */
    static TwinBackend relationBlindToGaps() {
        return new TwinBackend() {
            @Override
            public String relation(byte[] a, byte[] b) {
                return super.relation(filled(a), filled(b));
            }

            private byte[] filled(byte[] version) {
                TreeSet<At> dots = TwinCodec.decodeVersion(version);
                fillGaps(dots);
                return TwinCodec.encodeVersion(dots);
            }
        };
    }

    private static void fillGaps(TreeSet<At> dots) {
        for (At dot : List.copyOf(dots)) {
            for (long n = 1; n < dot.counter(); n++) {
                dots.add(new At(dot.replica(), n));
            }
        }
    }

    /** The context is a version vector: holes work as deletes (Pekko, akka-core#22188). */
    static TwinBackend contextWithoutGaps() {
        return new TwinBackend() {
            @Override
            Fragment joined(Fragment a, Fragment b) {
                Fragment joined = Fragment.join(a, b);
                fillGaps(joined.context);
                return joined;
            }
        };
    }

    /** A removal that arrives before what it removes is forgotten. */
    static TwinBackend earlyRemovalForgotten() {
        return new TwinBackend() {
            @Override
            Fragment joined(Fragment a, Fragment b) {
                Fragment joined = Fragment.join(a, b);
                joined.context.removeIf(
                        dot -> !a.context.contains(dot) && !b.cells.containsKey(dot) && isForeignTo(b, dot));
                return joined;
            }

            private boolean isForeignTo(Fragment delta, At dot) {
                return delta.cells.keySet().stream().anyMatch(own -> own.replica() != dot.replica());
            }
        };
    }

    /** Bringing a peer up to date leaves out what was removed. */
    static TwinBackend sinceWithoutRemovals() {
        return new TwinBackend() {
            @Override
            Fragment since(Fragment state, Set<At> version) {
                Fragment delta = super.since(state, version);
                delta.context.removeIf(version::contains);
                return delta;
            }
        };
    }

    /** Bringing a peer up to date sends everything. */
    static TwinBackend sinceSendsEverything() {
        return new TwinBackend() {
            @Override
            Fragment since(Fragment state, Set<At> version) {
                return state;
            }
        };
    }

    /** A remove takes only the first of the dots it has observed. */
    static TwinBackend removeTakesOneDot() {
        return new OfTwin() {
            @Override
            Twin twin(long replica, LongSupplier millis) {
                return new Twin(replica, false, millis) {
                    @Override
                    SortedMap<At, TwinCell> observable() {
                        Set<Object> seen = new java.util.HashSet<>();
                        TreeMap<At, TwinCell> first = new TreeMap<>();
                        confirmed.cells.forEach((dot, cell) -> {
                            if (seen.add(cell)) {
                                first.put(dot, cell);
                            }
                        });
                        return first;
                    }
                };
            }
        };
    }

    /** The remove-wins variant reads as the add-wins one. */
    static TwinBackend addWinsEverywhere() {
        return reading(new Views() {
            @Override
            List<Object> present(Address object, SortedMap<At, TwinCell> cells, boolean absentWins) {
                return super.present(object, cells, false);
            }
        });
    }

    /** The clock does not arbitrate: the highest dot wins. */
    static TwinBackend clocksIgnored() {
        return reading(new Views() {
            @Override
            List<Object> register(Address object, SortedMap<At, TwinCell> cells) {
                TreeMap<At, TwinCell> own = new TreeMap<>(of(object, cells));
                return own.descendingMap().values().stream()
                        .map(c -> ((Payload.Stamped) c.payload()).value())
                        .toList();
            }
        });
    }

    /** Sums wrap around at 64 bits. */
    static TwinBackend sumsWrap() {
        return reading(new Views() {
            @Override
            java.math.BigInteger counter(Address object, SortedMap<At, TwinCell> cells) {
                return java.math.BigInteger.valueOf(super.counter(object, cells).longValue());
            }
        });
    }

    private static TwinBackend reading(Views views) {
        return new TwinBackend() {
            @Override
            Views views() {
                return views;
            }
        };
    }

    /** A reset removes cells and leaves no baseline (riak_dt: "cannot be reset-remove"). */
    static TwinBackend resetWithoutBaseline() {
        return new OfTwin() {
            @Override
            Twin twin(long replica, LongSupplier millis) {
                return new Twin(replica, false, millis) {
                    @Override
                    Map<Long, Payload.Totals> baseline(Address counter, Open open) {
                        return Map.of();
                    }
                };
            }
        };
    }

    /** Of several baselines the lowest counts. */
    static TwinBackend lowestBaseline() {
        return reading(new Views() {
            @Override
            java.math.BigInteger counter(Address object, SortedMap<At, TwinCell> cells) {
                TreeMap<At, TwinCell> kept = new TreeMap<>(cells);
                Set<At> baselines = new TreeSet<>();
                of(object, cells).forEach((dot, cell) -> {
                    if (cell.payload() instanceof Payload.Baseline) {
                        baselines.add(dot);
                    }
                });
                java.math.BigInteger lowest = null;
                for (At only : baselines) {
                    kept.keySet().removeAll(baselines);
                    kept.put(only, cells.get(only));
                    java.math.BigInteger sum = super.counter(object, kept);
                    lowest = lowest == null ? sum : lowest.max(sum);
                }
                return lowest == null ? super.counter(object, cells) : lowest;
            }
        });
    }

    /** Removing a key empties its own object and not what lies deeper. */
    static TwinBackend shallowMapRemove() {
        return new OfTwin() {
            @Override
            Twin twin(long replica, LongSupplier millis) {
                return new Twin(replica, false, millis) {
                    @Override
                    Fragment commit(List<Op> ops) {
                        for (Op op : ops) {
                            if (op.object().kind() == Kind.MAP) {
                                return shallow(ops);
                            }
                        }
                        return super.commit(ops);
                    }

                    private Fragment shallow(List<Op> ops) {
                        TreeMap<At, TwinCell> deep = new TreeMap<>(confirmed.cells);
                        deep.values().removeIf(c -> c.object().path().size() < 3);
                        confirmed.cells.keySet().removeAll(deep.keySet());
                        Fragment delta = super.commit(ops);
                        confirmed.cells.putAll(deep);
                        return delta;
                    }
                };
            }
        };
    }

    /** Stamps are wall-clock time (every "last writer wins" by timestamp). */
    static TwinBackend stampsFromTheWall() {
        return new OfTwin() {
            @Override
            Twin twin(long replica, LongSupplier millis) {
                return new Twin(replica, false, millis) {
                    @Override
                    long stamp() {
                        return millis.getAsLong() << 16;
                    }
                };
            }
        };
    }

    /** The hybrid clock does not listen to what arrives. */
    static TwinBackend clockHearsNothing() {
        return new OfTwin() {
            @Override
            Twin twin(long replica, LongSupplier millis) {
                return new Twin(replica, false, millis) {
                    @Override
                    void observe(Fragment delta) {}
                };
            }
        };
    }

    /** A transaction that only removes burns no dot, so that no version covers it (Yjs' state vectors). */
    static TwinBackend removalBurnsNoDot() {
        return new OfTwin() {
            @Override
            Twin twin(long replica, LongSupplier millis) {
                return new Twin(replica, false, millis) {
                    @Override
                    Fragment commit(List<Op> ops) {
                        TreeSet<At> before = new TreeSet<>(confirmed.context);
                        Fragment delta = super.commit(ops);
                        if (delta != null && delta.cells.isEmpty()) {
                            delta.context.retainAll(before);
                            confirmed.context.retainAll(before);
                            next--;
                        }
                        return delta;
                    }
                };
            }
        };
    }

    /** Two contents of one dot: the newcomer's is dropped without a word. */
    static TwinBackend forkGoesUnnoticed() {
        return new TwinBackend() {
            @Override
            Fragment joined(Fragment a, Fragment b) {
                Fragment other = Fragment.of(b);
                other.cells.replaceAll((dot, cell) -> a.cells.getOrDefault(dot, cell));
                return Fragment.join(a, other);
            }
        };
    }

    /** A remove ships the whole context (Pekko: 34 bytes for each replica that ever wrote). */
    static TwinBackend removeShipsTheContext() {
        return new OfTwin() {
            @Override
            Twin twin(long replica, LongSupplier millis) {
                return new Twin(replica, false, millis) {
                    @Override
                    Fragment commit(List<Op> ops) {
                        Fragment delta = super.commit(ops);
                        if (delta != null && delta.cells.isEmpty()) {
                            delta.context.addAll(confirmed.context);
                            delta.cells.putAll(confirmed.cells);
                        }
                        return delta;
                    }
                };
            }
        };
    }
}
