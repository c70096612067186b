/** What an acknowledgement survives: killed servers, killed clients, damaged disks. */
@NullMarked
package dev.rejoin.conformance.durability;

import org.jspecify.annotations.NullMarked;
