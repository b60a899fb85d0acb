import type { Session } from "@/api/types";
import { dayName } from "@/lib/format";

export interface Day {
  readonly name: string;
  readonly sessions: readonly Session[];
}

/** Sessions under the day on which each was begun, in the order in which they come. */
export function groupByDay(sessions: readonly Session[], now: Date = new Date()): Day[] {
  const days: { name: string; sessions: Session[] }[] = [];
  for (const session of sessions) {
    const name = dayName(session.created_at, now);
    const last = days.at(-1);
    if (last?.name === name) last.sessions.push(session);
    else days.push({ name, sessions: [session] });
  }
  return days;
}

export function titleOf(session: Session | undefined): string {
  return session?.title.trim() || "Untitled session";
}
