// Made from the contract's WIT by `npm run contract`: do not edit.

import type { Field, SocketId, Payload } from "../contract.js";

/**
 * Begins to open; `socket-open` or `socket-closed` follows, within ten seconds. Secrets are added by the host, never by the
 * handler. `NOT_GRANTED` for a host that is not granted, `INVALID` for a URL that is none, for an unencrypted one to a host in
 * the Internet, and for headers that the host sets itself or has a secret for; `FULL` at a limit.
 */
export function open(url: string, headers: Field[]): SocketId;

/**
 * Sends one message whole. `FULL` when the socket is behind: nothing was taken, `socket-writable` follows. `NOT_NOW` while the
 * socket is not open, `INVALID` for more than 262144 bytes.
 */
export function send(socket: SocketId, message: Payload): void;

/** Begins to close; `socket-closed` follows. */
export function close(socket: SocketId, code: number, reason: string): void;
