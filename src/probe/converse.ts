import { createConnection, type Socket } from "node:net";
import { LookAborted, notYet } from "./looks.ts";
import { printable } from "./printable.ts";
import type { Address, Look } from "./types.ts";

/** One connection, talked over in turns. */
export interface Conversation {
  /** Bytes that have come and were not taken yet. */
  readonly received: Buffer;
  /** The other side has closed; what it sent before is in `received`. */
  readonly closed: boolean;
  /** @param waitingFor completes "no answer within 1000 ms …": "to PING". */
  send(bytes: Buffer | string, waitingFor: string): void;
  take(count: number): Buffer;
  /** Until more bytes have come. Throws when the connection ends first. */
  more(): Promise<void>;
}

/** Carries a look out of the middle of a conversation. */
export class Cut extends Error {
  override readonly name = "Cut";
  readonly look: Look;

  constructor(look: Look) {
    super(look.observed);
    this.look = look;
  }
}

/** Connects, talks, and closes whatever happens. An end of the connection becomes a look that is not ready. */
export async function converse(
  address: Address,
  signal: AbortSignal,
  talk: (conversation: Conversation) => Promise<Look>,
): Promise<Look> {
  if (signal.aborted) throw new LookAborted("");
  const line = new Line(address);
  const abort = (): void => line.abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await line.connected();
    return await talk(line);
  } catch (thrown) {
    if (thrown instanceof Cut) return thrown.look;
    throw thrown;
  } finally {
    signal.removeEventListener("abort", abort);
    line.close();
  }
}

class Line implements Conversation {
  received: Buffer = Buffer.alloc(0);
  closed = false;
  readonly #socket: Socket;
  readonly #address: Address;
  #total = 0;
  #connected = false;
  #waitingFor = "to the connection";
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(address: Address) {
    this.#address = address;
    this.#socket = createConnection({ host: address.host, port: address.port, noDelay: true });
    this.#socket.on("connect", () => this.#onConnect());
    this.#socket.on("data", (chunk) => this.#onData(chunk));
    this.#socket.on("end", () => this.#onEnd());
    this.#socket.on("error", (error) => this.#onError(error));
  }

  send(bytes: Buffer | string, waitingFor: string): void {
    this.#waitingFor = waitingFor;
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  take(count: number): Buffer {
    const taken = this.received.subarray(0, count);
    this.received = this.received.subarray(count);
    return taken;
  }

  async connected(): Promise<void> {
    while (!this.#connected) await this.#change();
  }

  async more(): Promise<void> {
    const before = this.#total;
    while (this.#total === before) await this.#change();
  }

  abort(): void {
    this.#fail(new LookAborted(this.#waitingFor));
    this.#socket.destroy();
  }

  close(): void {
    // Sends what was written last (a farewell), then lets go: nothing that comes later is of interest.
    this.#socket.destroySoon();
    this.#socket.unref();
  }

  /** Until something has happened. Throws what ended the conversation. */
  async #change(): Promise<void> {
    if (this.#failure) throw this.#failure;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#failure && !this.received.length) throw this.#failure;
  }

  #onConnect(): void {
    if (isSelfConnection(this.#socket)) this.#fail(new Cut(notYet("connection refused")));
    else this.#connected = true;
    this.#wake?.();
  }

  #onData(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    this.#total += chunk.length;
    this.#wake?.();
  }

  #onEnd(): void {
    this.closed = true;
    this.#fail(new Cut(notYet(this.#ending("closed"))));
  }

  #onError(error: NodeJS.ErrnoException): void {
    this.closed = true;
    const broken = error.code === "ECONNRESET" || error.code === "EPIPE";
    const observed = broken ? this.#ending("reset") : describeSocketError(error, this.#address);
    this.#fail(new Cut(notYet(observed)));
  }

  #ending(how: "closed" | "reset"): string {
    if (this.#total === 0) return "connection reset right after accept";
    const said = this.received.length === 0 ? "" : `: ${printable(this.received)}`;
    return `connection ${how} after ${this.#total} ${this.#total === 1 ? "byte" : "bytes"}${said}`;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}

/**
 * A port from the range of the kernel's own choice on which nobody listens can be connected to itself: the socket then
 * gets its own port as its source and hears its own words.
 */
export function isSelfConnection(socket: Socket): boolean {
  return socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress;
}

export function describeSocketError(error: NodeJS.ErrnoException, address: Address): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "connection refused";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the host ${printable(address.host)} is not known`;
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "the host cannot be reached";
    case "ETIMEDOUT":
      return "the connection timed out";
    default:
      return printable(error.message);
  }
}

/** One line without its line feed (and carriage return); undefined: not complete yet. */
export function takeLine(conversation: Conversation): string | undefined {
  const end = conversation.received.indexOf(0x0a);
  if (end < 0) return undefined;
  const line = conversation.take(end + 1).toString("utf8");
  return line.replace(/\r?\n$/, "");
}
