/** How far replicas are behind their origins, told from heartbeats in the origins' logs. */
@NullMarked
package dev.rejoin.consistency.lag;

import org.jspecify.annotations.NullMarked;
