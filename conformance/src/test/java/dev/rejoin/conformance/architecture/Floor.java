package dev.rejoin.conformance.architecture;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A package of the floor plan and the height it stands at. Dependencies point down only, and two packages at one height
 * do not know each other.
 *
 * @param root the package's name; {@code exact} tells whether its sub-packages belong to it
 */
record Floor(int height, String root, boolean exact) {

    /** Everything above {@code sync-server} and {@code sync-client}; nobody depends on these. */
    static final int ROOF = 10;

    private static final List<Floor> PLAN = plan();

    private static List<Floor> plan() {
        List<Floor> plan = new ArrayList<>();
        trees(plan, ROOF, "dev.rejoin.demo", "dev.rejoin.benchmarks", "dev.rejoin.conformance");
        single(plan, 9, "dev.rejoin.server", "dev.rejoin.client");
        trees(plan, 8, "dev.rejoin.server.transport", "dev.rejoin.server.replication");
        trees(plan, 8, "dev.rejoin.server.storage", "dev.rejoin.server.metrics", "dev.rejoin.server.webhook");
        trees(plan, 8, "dev.rejoin.client.transport", "dev.rejoin.client.outbox");
        trees(plan, 7, "dev.rejoin.server.room");
        trees(plan, 6, "dev.rejoin.server.access", "dev.rejoin.sync.session");
        trees(plan, 5, "dev.rejoin.server.file");
        trees(plan, 5, "dev.rejoin.sync.wire", "dev.rejoin.sync.dialect", "dev.rejoin.sync.awareness");
        trees(plan, 4, "dev.rejoin.consistency.cache", "dev.rejoin.consistency.lag", "dev.rejoin.consistency.probe");
        trees(plan, 4, "dev.rejoin.consistency.flow", "dev.rejoin.consistency.postgres");
        trees(plan, 3, "dev.rejoin.consistency.session");
        trees(plan, 2, "dev.rejoin.crdt.document");
        single(plan, 1, "dev.rejoin.crdt");
        trees(plan, 1, "dev.rejoin.crdt.yjs");
        trees(plan, 0, "dev.rejoin.crdt.clock");
        return List.copyOf(plan);
    }

    private static void trees(List<Floor> plan, int height, String... roots) {
        for (String root : roots) plan.add(new Floor(height, root, false));
    }

    private static void single(List<Floor> plan, int height, String... roots) {
        for (String root : roots) plan.add(new Floor(height, root, true));
    }

    /** The floor a package stands on, or empty when the plan does not know the package. */
    static Optional<Floor> of(String packageName) {
        return PLAN.stream().filter(floor -> floor.holds(packageName)).findFirst();
    }

    private boolean holds(String packageName) {
        return packageName.equals(root) || (!exact && packageName.startsWith(root + "."));
    }

    boolean mayUse(Floor other) {
        return this == other || other.height < height;
    }

    @Override
    public String toString() {
        return root + " (floor " + height + ")";
    }
}
