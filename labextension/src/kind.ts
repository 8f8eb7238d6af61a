import type { SessionSummary } from './protocol';

type Values = Pick<SessionSummary, 'kind' | 'state' | 'variables' | 'variables_nbytes'>;
type Kind = Pick<SessionSummary, 'kind'>;

/** Return true if there is no graph and no TensorFlow session. */
export function isEager({ kind }: Kind): boolean {
  return kind === 'eager' || kind === 'outside';
}

/** Return true if variables of it have, or may have, values that a checkpoint can take. */
export function canBeSaved({ kind, state, variables, variables_nbytes }: Values): boolean {
  return !isEager({ kind }) && state !== 'closed' && variables > 0 && variables_nbytes !== 0;
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
