package dev.rejoin.crdt.yjs;

/** Writes what a store held at a snapshot as an update. */
final class StateRestorer {
    private StateRestorer() {}

    static byte[] encode(Store store, YSnapshot snapshot) {
        Clients clients = store.clients;
        int[] order = clients.descending();
        UpdateWriter out = UpdateWriter.v1();
        int sections = 0;
        for (int client : order) {
            sections += snapshot.stateVector().get(clients.id(client)) > 0 ? 1 : 0;
        }
        snapshot.stateVector().forEach((id, clock) -> {
            if (clock > clients.next(id)) {
                throw new IllegalArgumentException("the snapshot is not of this document's past: client " + id);
            }
        });
        out.count(sections);
        for (int client : order) {
            long end = snapshot.stateVector().get(clients.id(client));
            if (end > 0) {
                StateWriter.writeItems(store, client, 0, (int) end, out);
            }
        }
        snapshot.deleteSet().writeTo(out);
        return out.toByteArray();
    }
}
