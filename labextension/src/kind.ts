import type { SessionSummary } from './protocol';

type Kind = Pick<SessionSummary, 'kind'>;

/** Return true if there is no graph and no TensorFlow session. */
export function isEager({ kind }: Kind): boolean {
  return kind === 'eager' || kind === 'outside';
}

/** Return true if code of a module has made it, and neither the extension nor a cell of the user's. */
export function isOfOtherCode({ kind, origin }: Pick<SessionSummary, 'kind' | 'origin'>): boolean {
  return isOfOthers({ kind }) && origin.cell === null;
}

/** Return true if the extension has not opened it: it belongs to the code that made it. */
export function isOfOthers({ kind }: Kind): boolean {
  return kind === 'observed' || kind === 'adopted';
}

/** Return true if it can be reset, and is the user's to close. */
export function isOurs({ kind }: Kind): boolean {
  return kind === 'named' || kind === 'eager';
}
