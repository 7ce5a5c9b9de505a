const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** How long, in the largest unit of which there are two: `5 min`, `3 h`, `12 d`. */
export const span = (ms: number): string => {
  if (ms >= 2 * DAY) return `${Math.floor(ms / DAY)} d`;
  if (ms >= 2 * HOUR) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.max(0, Math.floor(ms / MINUTE))} min`;
};

export const dayOf = (date: Date | undefined): string => date?.toISOString().slice(0, 10) ?? '-';

/** To the minute, in UTC. */
export const timeOf = (date: Date | undefined): string =>
  date === undefined ? '-' : `${date.toISOString().slice(0, 16).replace('T', ' ')}Z`;
