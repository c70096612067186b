/** The demo: an embedded server with its page, and a small Java program that joins the same document. */
@NullMarked
package dev.rejoin.demo;

import org.jspecify.annotations.NullMarked;
