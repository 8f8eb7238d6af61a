import type { TranslationBundle } from '@jupyterlab/translation';

import { isOfOtherCode } from './kind';
import type { SessionSummary } from './protocol';
import { writeOrigin, writeTarget } from './text';

/** The sessions that are listed: `others` are those of other code, `mine` all else. */
export type Choice = 'all' | 'mine' | 'others' | 'unused';

/** The conditions that a session has to meet to be listed. */
export interface SessionFilter {
  readonly choice: Choice;
  /** Words, all of which its name, origin, server or devices have to contain. */
  readonly text: string;
}

/** Lists every session. */
export const EVERYTHING: SessionFilter = { choice: 'all', text: '' };

/** Return true if a filter leaves out nothing. */
export function isEverything({ choice, text }: SessionFilter): boolean {
  return choice === 'all' && text.trim() === '';
}

/** Return true if a filter lists a session. */
export function matches(session: SessionSummary, { choice, text }: SessionFilter, trans: TranslationBundle): boolean {
  const about = [session.name, writeOrigin(session.origin, trans), writeTarget(session, trans), ...session.devices]
    .join('\n')
    .toLowerCase();
  const words = text.toLowerCase().split(/\s+/);
  return isChosen(session, choice) && words.every(word => about.includes(word));
}

function isChosen(session: SessionSummary, choice: Choice): boolean {
  switch (choice) {
    case 'all':
      return true;
    case 'mine':
      return !isOfOtherCode(session);
    case 'others':
      return isOfOtherCode(session);
    case 'unused':
      return session.is_unused;
  }
}
