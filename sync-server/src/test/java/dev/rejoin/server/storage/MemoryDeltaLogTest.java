package dev.rejoin.server.storage;

final class MemoryDeltaLogTest extends DeltaLogAcceptance {
    @Override
    protected DeltaLog open() {
        return new MemoryDeltaLog();
    }
}
