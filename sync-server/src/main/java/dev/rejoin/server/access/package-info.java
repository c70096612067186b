/** Who may do what with which document: the policy, its answers, and signed tokens as one policy. */
@NullMarked
package dev.rejoin.server.access;

import org.jspecify.annotations.NullMarked;
