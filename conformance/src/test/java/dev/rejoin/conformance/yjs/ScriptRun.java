package dev.rejoin.conformance.yjs;

import dev.rejoin.crdt.yjs.AbsolutePosition;
import dev.rejoin.crdt.yjs.RelativePosition;
import dev.rejoin.crdt.yjs.Updates;
import dev.rejoin.crdt.yjs.YArray;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YMap;
import dev.rejoin.crdt.yjs.YSnapshot;
import dev.rejoin.crdt.yjs.YText;
import dev.rejoin.crdt.yjs.YType;
import dev.rejoin.crdt.yjs.YXmlFragment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** A script carried out on our side; runScript of replica.mjs does the same with yjs. */
final class ScriptRun {
    private final Script script;
    private final List<byte[]> foreign;
    private final boolean whole;
    private final List<Replica> replicas = new ArrayList<>();
    /** Every blob a step gives, a fixed number of them per kind of step. */
    private final List<byte[]> slots = new ArrayList<>();
    /** Slots that hold the v1 form of an update; v2 follows. */
    private final List<Integer> offered = new ArrayList<>();

    private final List<Outcome.Check> checks = new ArrayList<>();

    private ScriptRun(Script script, List<byte[]> foreign, boolean whole) {
        this.script = script;
        this.foreign = foreign;
        this.whole = whole;
        for (Script.Peer peer : script.peers()) {
            replicas.add(new Replica(script, peer));
        }
    }

    /** Replicas are fed with the other side's blobs if there are any, else with their own. */
    static Outcome of(Script script, List<byte[]> foreign, boolean whole) {
        ScriptRun run = new ScriptRun(script, foreign, whole);
        for (int[] step : script.steps()) {
            run.perform(step[0], Arrays.copyOfRange(step, 1, step.length));
        }
        for (Replica replica : run.replicas) {
            replica.doc.checkInvariants();
        }
        return new Outcome(run.slots, run.checks, run.offered);
    }

    private byte[] fed(int slot) {
        return foreign.isEmpty() ? slots.get(slot) : foreign.get(slot);
    }

    private void check(Consumer<Transcript> look, int pending) {
        Transcript out = whole ? Transcript.kept() : Transcript.digested();
        look.accept(out);
        checks.add(new Outcome.Check(out.digest(), pending, null, out.text()));
    }

    private void check(YDoc doc) {
        check(out -> Description.write(doc, out), 0);
    }

    private void check(Replica replica) {
        check(out -> Description.write(replica.doc, out), replica.complete ? 0 : 1);
    }

    /** Two slots; where yjs cleans up on its own, we are told what it did. */
    private void made(Replica replica, boolean remote) {
        byte[] v1 = replica.take(Version.V1);
        byte[] v2 = replica.take(Version.V2);
        boolean cleaned =
                remote && script.has(Script.CLEANUP) && !foreign.isEmpty() && foreign.get(slots.size()).length > 0;
        if (cleaned) {
            replica.apply(foreign.get(slots.size()), Version.V1);
        }
        if (v1.length > 0 || cleaned) {
            offered.add(slots.size());
        }
        slots.add(v1);
        slots.add(v2);
    }

    private void perform(int kind, int[] g) {
        Replica replica = replicas.get(g[0] % replicas.size());
        switch (kind) {
            case Script.TRANSACTION -> {
                replica.doc.transact(g[1] == 1 ? Replica.UNTRACKED : null, () -> {
                    for (int i = 2; i < g.length; i += 2 + g[i + 1]) {
                        replica.operations.perform(g[i], Arrays.copyOfRange(g, i + 2, i + 2 + g[i + 1]));
                    }
                });
                made(replica, false);
                check(replica.doc);
            }
            case Script.DELIVER -> {
                if (!offered.isEmpty()) {
                    replica.apply(fed(Operations.pick(offered, g[1]) + g[2]), Version.values()[g[2]]);
                }
                made(replica, true);
                check(replica);
            }
            case Script.SYNC -> {
                Version version = Version.values()[g[2]];
                Replica from = replicas.get(g[1] % replicas.size());
                slots.add(from.encode(version, replica.doc.stateVector()));
                replica.apply(fed(slots.size() - 1), version);
                made(replica, true);
                check(replica);
            }
            case Script.UNDO_STEP, Script.REDO_STEP, Script.STOP_CAPTURING -> {
                if (replica.undo != null) {
                    switch (kind) {
                        case Script.UNDO_STEP -> replica.undo.undo();
                        case Script.REDO_STEP -> replica.undo.redo();
                        default -> replica.undo.stopCapturing();
                    }
                }
                made(replica, false);
                check(replica.doc);
            }
            case Script.SNAPSHOT -> {
                YSnapshot snapshot = replica.doc.snapshot();
                replica.snapshots.add(snapshot);
                slots.add(g[1] == 0 ? snapshot.encode() : snapshot.encodeV2());
            }
            case Script.LOOK_BACK -> {
                if (!replica.snapshots.isEmpty() && !replica.gc) {
                    YSnapshot snapshot = Operations.pick(replica.snapshots, g[1]);
                    check(
                            out -> {
                                Description.write(replica.text().toDelta(snapshot), out);
                                Description.write(replica.doc.restore(snapshot), out.add('\n'));
                            },
                            0);
                }
            }
            case Script.POSITION -> {
                List<YType> types = Operations.Live.of(replica.doc).all.stream()
                        .filter(type -> !(type instanceof YMap))
                        .toList();
                YType type = Operations.pick(types, g[1]);
                replica.positions.add(slots.size());
                slots.add(RelativePosition.of(type, g[2] % (length(type) + 1), g[3] - 1)
                        .encode());
            }
            case Script.WHERE -> {
                Replica owner = replicas.get(g[1] % replicas.size());
                if (!owner.positions.isEmpty()) {
                    RelativePosition position = RelativePosition.decode(fed(Operations.pick(owner.positions, g[2])));
                    AbsolutePosition absolute = position.resolve(replica.doc);
                    String where = absolute == null
                            ? "nowhere"
                            : Operations.Live.of(replica.doc).all.indexOf(absolute.type()) + ":" + absolute.index()
                                    + ":" + absolute.assoc();
                    check(out -> out.add(where), 0);
                }
            }
            case Script.WHOLE -> {
                Version version = Version.values()[g[1]];
                slots.add(replica.encode(version));
                YDoc loaded = Replica.document(0xffffffffL, replica.gc);
                load(loaded, version, fed(slots.size() - 1));
                check(loaded);
            }
            case Script.REOPEN -> {
                Version version = Version.values()[g[1]];
                slots.add(replica.encode(version));
                replica.reopen(((long) g[2] << 32) | (g[3] & 0xffffffffL), fed(slots.size() - 1), version);
                made(replica, true);
                check(replica);
            }
            case Script.MERGED -> {
                Version version = Version.values()[g[1]];
                List<byte[]> parts = new ArrayList<>();
                for (int i = 2; i < g.length && !offered.isEmpty(); i++) {
                    parts.add(fed(Operations.pick(offered, g[i]) + g[1]));
                }
                if (parts.isEmpty()) {
                    slots.add(new byte[0]);
                } else {
                    slots.add(version == Version.V1 ? Updates.merge(parts) : Updates.mergeV2(parts));
                    replica.apply(fed(slots.size() - 1), version);
                }
                made(replica, true);
                check(replica);
            }
            default -> throw new IllegalArgumentException("step " + kind);
        }
    }

    static void load(YDoc doc, Version version, byte[] update) {
        if (version == Version.V1) {
            doc.applyUpdate(update, Replica.REMOTE);
        } else {
            doc.applyUpdateV2(update, Replica.REMOTE);
        }
    }

    private static int length(YType type) {
        if (type instanceof YText text) {
            return text.length();
        }
        return type instanceof YArray array ? array.length() : ((YXmlFragment) type).length();
    }
}
