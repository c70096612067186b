/** The sync server, to run on its own or to embed. */
module dev.rejoin.server {
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires com.nimbusds.jose.jwt;
    requires info.picocli;
    requires io.netty.buffer;
    requires io.netty.codec.http;
    requires io.netty.codec;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport;
    requires io.netty.transport.unix.common;
    requires java.net.http;
    requires java.sql;
    requires jdk.unsupported;
    requires me.tongfei.progressbar;
    requires micrometer.core;
    requires micrometer.registry.prometheus;
    requires org.slf4j;
    requires org.xerial.sqlitejdbc;
    requires static org.jspecify;
    requires transitive dev.rejoin.consistency;
    requires transitive dev.rejoin.protocol;

    exports dev.rejoin.server.access;
    exports dev.rejoin.server.metrics;
    exports dev.rejoin.server.replication;
    exports dev.rejoin.server.room;
    exports dev.rejoin.server.storage;
    exports dev.rejoin.server.transport;
    exports dev.rejoin.server;
}
