/** TLS of the server, as clients and strangers meet it. */
@NullMarked
package dev.rejoin.conformance.tls;

import org.jspecify.annotations.NullMarked;
