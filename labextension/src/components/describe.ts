import * as React from 'react';

import type { SessionDetails, SessionSummary } from '../protocol';
import { usePanel } from './context';

/** Milliseconds from an answer to the next question: a session that runs all the time changes several times a second. */
const PAUSE = 1000;

/** What is known of a session besides its summary. */
export interface Description {
  readonly details: SessionDetails | null;
  readonly error: string | null;
}

/** Ask for the details of a session, and ask again when its summary has changed: one question at a time. */
export function useDescription(kernel: string, session: SessionSummary): Description {
  const { actions } = usePanel();
  const [description, setDescription] = React.useState<Description>({ details: null, error: null });
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

  return description;
}
