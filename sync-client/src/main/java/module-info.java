/** The Java client: what it writes shows at once, survives a crash, and says honestly what is pending. */
module dev.rejoin.client {
    requires transitive dev.rejoin.consistency;
    requires transitive dev.rejoin.protocol;
    requires java.net.http;
    requires static org.jspecify;

    exports dev.rejoin.client;
}
