import * as React from 'react';

import type { SessionDetails, SessionSummary } from '../protocol';
import { usePanel } from './context';

/** Milliseconds from an answer to the next question: a session that runs all the time changes several times a second. */
const PAUSE = 1000;

/** The details of a session, or why they are not known. */
export interface Description {
  readonly details: SessionDetails | null;
  readonly error: string | null;
}

const UNKNOWN: Description = { details: null, error: null };

/** Ask for the details of a session, and ask again when its summary has changed: one question for a generation at a time. */
export function useDescription(kernel: string, session: SessionSummary): Description {
  const { actions } = usePanel();
  const [description, setDescription] = React.useState<Description>(UNKNOWN);
  const [isFree, setIsFree] = React.useState(true);
  const asked = React.useRef<SessionSummary | null>(null);
  const isThere = React.useRef(true);
  const timer = React.useRef<ReturnType<typeof setTimeout>>();

  React.useEffect(() => {
    isThere.current = true;
    return () => {
      isThere.current = false;
      clearTimeout(timer.current);
    };
  }, []);

  // The details of another generation are out of date: ask at once.
  React.useEffect(() => {
    clearTimeout(timer.current);
    setIsFree(true);
  }, [session.generation]);

  React.useEffect(() => {
    if (!isFree || asked.current === session) {
      return;
    }
    asked.current = session;
    setIsFree(false);
    actions
      .describe(kernel, session.id)
      .then(
        details => ({ details, error: null }),
        (error: unknown) => ({ details: null, error: error instanceof Error ? error.message : String(error) })
      )
      .then(answer => {
        if (isThere.current) {
          setDescription(answer);
          timer.current = setTimeout(() => setIsFree(true), PAUSE);
        }
      });
  }, [actions, isFree, kernel, session]);

  const isStale = description.details !== null && description.details.generation !== session.generation;
  return isStale ? UNKNOWN : description;
}
