package dev.rejoin.conformance.editors;

/** The stock clients, by package and major version. Exact versions are pinned in {@code editors/package.json}. */
public enum Editor {
    Y_WEBSOCKET_1("y-websocket-1", false),
    Y_WEBSOCKET_2("y-websocket-2", false),
    Y_WEBSOCKET_3("y-websocket-3", false),
    /** {@code @y/websocket}, which brings Yjs 14. */
    Y_WEBSOCKET_4("y-websocket-4", false),
    HOCUSPOCUS_2("hocuspocus-2", true),
    HOCUSPOCUS_3("hocuspocus-3", true),
    HOCUSPOCUS_4("hocuspocus-4", true);

    private final String program;
    private final boolean hocuspocus;

    Editor(String program, boolean hocuspocus) {
        this.program = program;
        this.hocuspocus = hocuspocus;
    }

    /** What {@code stock-client.mjs} calls it. */
    String program() {
        return program;
    }

    /** Whether it speaks the protocol of Hocuspocus; else that of y-websocket. */
    public boolean speaksHocuspocus() {
        return hocuspocus;
    }
}
