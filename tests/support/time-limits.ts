/**
 * Time limits of tests. They end what hangs and never decide what passes: a busy or slow machine takes many times what a
 * quiet one does, so each is far above that. What a test is about must be seen in states, not in seconds.
 */

/** Of a test that runs other programs. Milliseconds. */
export const TIMEOUT = 900_000;

/** Of one command of a client or of the product, before it is killed. Seconds. */
export const COMMAND_SECONDS = 300;
