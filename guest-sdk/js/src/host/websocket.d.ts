// Made from the contract's WIT by `npm run contract`: do not edit.

import type { Field, SocketId, Payload } from "../contract.js";

/** Begins to open; `socket-open` or `socket-closed` follows. Secrets are added by the host, never by the handler. */
export function open(url: string, headers: Field[]): SocketId;

/** Sends one message whole. `FULL` when the socket is behind: nothing was taken, `socket-writable` follows. */
export function send(socket: SocketId, message: Payload): void;

/** Begins to close; `socket-closed` follows. */
export function close(socket: SocketId, code: number, reason: string): void;
