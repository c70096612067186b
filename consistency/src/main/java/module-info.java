/** Guarantees that hide eventual consistency from users. */
module dev.rejoin.consistency {
    requires transitive dev.rejoin.crdt;
    requires transitive java.sql;
    requires com.github.benmanes.caffeine;
    requires HdrHistogram;
    requires static org.jspecify;

    exports dev.rejoin.consistency.cache;
    exports dev.rejoin.consistency.flow;
    exports dev.rejoin.consistency.lag;
    exports dev.rejoin.consistency.postgres;
    exports dev.rejoin.consistency.probe;
    exports dev.rejoin.consistency.session;
}
