/**
 * A session's events over a WebSocket: browsers have room for many of those, where an event stream takes one of the
 * six connections that all tabs share.
 */
import { ProblemError } from "@/api/errors";
import type { Listener } from "@/api/live";
import type { JobEvent, Problem, QueueHint, SessionHint } from "@/api/types";

const AGAIN_MS = 1_000;
const LONGEST_AGAIN_MS = 10_000;
/** The close code of a service that restarts. */
const RESTARTING = 1012;
/** Sockets that failed before any was ever open; then the network may be one that lets none through. */
const HOPELESS = 2;
/** A service that says nothing for so long is asked whether it is there, and has as long again to answer. */
const SILENCE_MS = 20_000;
const BAD_EVENT_ID = "/problems/bad-event-id";

type Refusal = Omit<Problem, "instance" | "request_id">;

type Told =
  | { type: "subscribed" | "ended" | "pong" | "accepted" | "unsubscribed" }
  | { type: "event"; id?: string; event: JobEvent | QueueHint | SessionHint }
  | { type: "problem"; problem: Refusal };

export function followBySocket(sessionId: string, listener: Listener): () => void {
  const follower = new SocketFollower(sessionId, listener);
  follower.connect();
  return () => follower.end();
}

class SocketFollower {
  readonly #sessionId: string;
  readonly #listener: Listener;
  #socket: WebSocket | undefined;
  #last: string | null = null;
  #wasOpen = false;
  #failures = 0;
  #over = false;
  #again: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  /** Whether something was heard since the last look, and else whether that was asked for. */
  #heard: "something" | "nothing" | "asked" = "something";

  constructor(sessionId: string, listener: Listener) {
    this.#sessionId = sessionId;
    this.#listener = listener;
  }

  readonly connect = (): void => {
    const address = new URL("/v1/ws", globalThis.location.origin);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.onopen = () => {
      this.#wasOpen = true;
      this.#heard = "something";
      this.#watch = setInterval(this.#lookForSilence, SILENCE_MS);
      this.#subscribe();
    };
    socket.onmessage = ({ data }) => {
      if (this.#over || this.#socket !== socket) return;
      this.#heard = "something";
      this.#hear(JSON.parse(String(data)) as Told);
    };
    socket.onclose = ({ code }) => {
      if (this.#socket === socket) this.#broken(code === RESTARTING);
    };
  };

  end(): void {
    this.#over = true;
    clearTimeout(this.#again);
    clearInterval(this.#watch);
    this.#socket?.close();
  }

  #say(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #subscribe(): void {
    this.#say({ type: "subscribe", session_id: this.#sessionId, after: this.#last ?? "now" });
  }

  #hear(told: Told): void {
    if (told.type === "event") {
      if (told.id !== undefined) this.#last = told.id;
      this.#listener.onMessage(told.event);
    } else if (told.type === "subscribed") {
      this.#failures = 0;
      this.#listener.onOpen();
      if (this.#last === null) this.#listener.onFresh();
    } else if (told.type === "problem") {
      this.#refused(told.problem);
    }
  }

  #refused(problem: Refusal): void {
    if (problem.type === BAD_EVENT_ID && this.#last !== null) {
      this.#last = null; // what it was is not known there any more: begin anew
      this.#subscribe();
    } else if (problem.status < 500 && problem.status !== 429) {
      this.end();
      this.#listener.onRefused(new ProblemError({ instance: "", request_id: "", ...problem }));
    } else {
      this.#broken(false);
    }
  }

  readonly #lookForSilence = (): void => {
    if (this.#heard === "something") {
      this.#heard = "nothing";
    } else if (this.#heard === "nothing") {
      this.#heard = "asked";
      this.#say({ type: "ping" });
    } else {
      this.#broken(false);
    }
  };

  #broken(soon: boolean): void {
    if (this.#over) return;
    clearInterval(this.#watch);
    this.#socket?.close();
    this.#socket = undefined;
    this.#failures += 1;
    if (!this.#wasOpen && this.#failures >= HOPELESS) {
      this.end();
      this.#listener.onUnusable();
      return;
    }
    this.#listener.onBroken();
    const wait = soon ? AGAIN_MS / 2 : Math.min(AGAIN_MS * 2 ** (this.#failures - 1), LONGEST_AGAIN_MS);
    this.#again = setTimeout(this.connect, wait * (0.5 + Math.random() / 2));
  }
}
