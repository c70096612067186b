package dev.rejoin.server.storage;

/** What a commit of a log survives. */
public enum Durability {
    /** Nothing: the log lives in memory and ends with the process. */
    PROCESS,
    /** Process kill, operating-system crash and power loss, given a disk that honours flushes. */
    DISK
}
