import type { TranslationBundle } from '@jupyterlab/translation';

import type { Variable } from './protocol';

const UNITS = ['KiB', 'MiB', 'GiB'];

/** Write a number of bytes in binary units, as the kernel's own tables do: `21.4 MiB`. */
export function formatBytes(nbytes: number): string {
  if (nbytes < 1024) {
    return `${nbytes} B`;
  }
  let size = nbytes / 1024;
  for (const unit of UNITS) {
    const tenths = Math.floor(size * 10 + 0.5);
    if (tenths < 10240) {
      return `${(tenths / 10).toFixed(1)} ${unit}`;
    }
    size /= 1024;
  }
  return `${size.toFixed(1)} TiB`;
}

/** Write how long something took: `31 ms`, `3.1 s`, `12:05`, `1:02:05`, as the kernel does. */
export function formatDuration(seconds: number): string {
  if (seconds < 0.9995) {
    return `${Number((seconds * 1000).toPrecision(3))} ms`;
  }
  return seconds < 59.95 ? `${seconds.toFixed(1)} s` : formatElapsed(seconds);
}

/** Write for how long something has been going on: `0:12`, `1:02:05`. */
export function formatElapsed(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  const hours = Math.floor(whole / 3600);
  const [minutes, rest] = parts.map(part => String(part).padStart(2, '0'));
  return hours > 0 ? `${hours}:${minutes}:${rest}` : `${parts[0]}:${rest}`;
}

/** Write the time of day: `14:03`. */
export function formatTime(time: Date): string {
  return time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

/** Write a number with its thousands apart. */
export function formatNumber(number: number): string {
  return number.toLocaleString();
}

/** Write a shape as TensorFlow does: `(20000, 1024)`, `(1000,)`, `()`, `(None, 3)`, `<unknown>`. */
export function formatShape(shape: Variable['shape']): string {
  if (shape === null) {
    return '<unknown>';
  }
  const sizes = shape.map(size => size ?? 'None').join(', ');
  return shape.length === 1 ? `(${sizes},)` : `(${sizes})`;
}

/** Write `1 variable`, `1,204 variables`. */
export function countVariables(number: number, trans: TranslationBundle): string {
  return trans._n('%2 variable', '%2 variables', number, formatNumber(number));
}

/** Write `1 operation`, `1,204 operations`. */
export function countOperations(number: number, trans: TranslationBundle): string {
  return trans._n('%2 operation', '%2 operations', number, formatNumber(number));
}

/** Write `1 session`, `5 sessions`. */
export function countSessions(number: number, trans: TranslationBundle): string {
  return trans._n('%2 session', '%2 sessions', number, formatNumber(number));
}

/** Write `and 41 more`. */
export function countMore(number: number, trans: TranslationBundle): string {
  return trans._n('and %2 more', 'and %2 more', number, formatNumber(number));
}
