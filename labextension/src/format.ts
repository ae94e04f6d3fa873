/**
 * Numbers as people read them.
 */

/** A duration: `0.4 ms`, `12 ms`, `1.3 s`, `30 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 10) {
    return `${short(ms)} ms`;
  }
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }
  if (ms < 60_000) {
    return `${short(ms / 1000)} s`;
  }
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A size in decimal units: `512 B`, `1.5 kB`, `80 MB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`;
}

/** With one digit after the point, unless that is 0. */
function short(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}

/** How long ago something was, at `now` (Unix ms): `just now`, `5 min ago`, `3 h ago`, or the date. */
export function ago(time: string, now: number = Date.now()): string {
  const seconds = (now - Date.parse(time)) / 1000;
  if (seconds < 10) {
    return 'just now';
  }
  if (seconds < 60) {
    return `${Math.floor(seconds)} s ago`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ago`;
  }
  if (seconds < 86_400) {
    return `${Math.floor(seconds / 3600)} h ago`;
  }
  return new Date(time).toLocaleDateString();
}

/** The time of the day. */
export function clock(time: string): string {
  return new Date(time).toLocaleTimeString();
}
