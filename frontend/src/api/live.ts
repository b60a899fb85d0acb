/**
 * What happens in a session, as it happens: one connection for all its jobs, however many parts of the page look.
 *
 * It begins with what comes, and says so by `onFresh`: whoever watches reads what was before, and nothing falls in
 * between. A connection that breaks goes on after the last event; when that can't be, it begins anew, and says so again.
 */
import { followByStream } from "@/api/events";
import { followBySocket } from "@/api/socket";
import type { JobEvent, QueueHint, Session, SessionHint } from "@/api/types";

export type Connection = "connecting" | "open" | "reconnecting" | "closed";

export interface Watcher {
  onEvent?(event: JobEvent | QueueHint): void;
  onSession?(session: Session): void;
  /** From now on everything is told; what was before this moment is to be read. */
  onFresh?(): void;
  onConnection?(connection: Connection): void;
  /** The service refuses it for good. */
  onRefused?(error: Error): void;
}

/** What a transport tells. */
export interface Listener {
  onFresh(): void;
  onOpen(): void;
  onMessage(said: JobEvent | QueueHint | SessionHint): void;
  onBroken(): void;
  onRefused(error: Error): void;
  /** There is no way through: try another transport. */
  onUnusable(): void;
}

/** Begins to follow a session; returns what ends it. */
export type Transport = (sessionId: string, listener: Listener) => () => void;

const LINGER_MS = 5_000;

class Live {
  readonly watchers = new Set<Watcher>();
  connection: Connection = "connecting";
  #fresh = false;
  #refused: Error | null = null;
  #end: () => void;
  lingering: ReturnType<typeof setTimeout> | undefined;

  constructor(sessionId: string) {
    this.#end = this.#follow(sessionId, followBySocket);
  }

  #follow(sessionId: string, transport: Transport): () => void {
    let over = false;
    const end = transport(sessionId, {
      onFresh: () => {
        this.#fresh = true;
        for (const one of this.#all()) one.onFresh?.();
      },
      onOpen: () => this.#become("open"),
      onBroken: () => this.#become("reconnecting"),
      onMessage: (said) => {
        for (const one of this.#all()) {
          if (said.type === "session.updated") one.onSession?.(said.session);
          else one.onEvent?.(said);
        }
      },
      onRefused: (error) => {
        this.#refused = error;
        this.#become("closed");
        for (const one of this.#all()) one.onRefused?.(error);
      },
      // Some networks let no WebSocket through. Streams pass everywhere, but a browser has few connections for them.
      onUnusable: () => {
        if (!over) this.#end = this.#follow(sessionId, followByStream);
      },
    });
    return () => {
      over = true;
      end();
    };
  }

  join(watcher: Watcher): void {
    this.watchers.add(watcher);
    watcher.onConnection?.(this.connection);
    if (this.#fresh) watcher.onFresh?.();
    if (this.#refused) watcher.onRefused?.(this.#refused);
  }

  end(): void {
    this.#end();
  }

  #become(connection: Connection): void {
    this.connection = connection;
    for (const one of this.#all()) one.onConnection?.(connection);
  }

  #all(): Watcher[] {
    return [...this.watchers];
  }
}

const followed = new Map<string, Live>();

/** Watches a session; returns what ends it. The connection is kept a little longer, for who comes back. */
export function watchSession(sessionId: string, watcher: Watcher): () => void {
  const live = followed.get(sessionId) ?? new Live(sessionId);
  followed.set(sessionId, live);
  clearTimeout(live.lingering);
  live.join(watcher);
  return () => {
    live.watchers.delete(watcher);
    if (live.watchers.size > 0) return;
    clearTimeout(live.lingering);
    live.lingering = setTimeout(() => {
      live.end();
      followed.delete(sessionId);
    }, LINGER_MS);
  };
}
