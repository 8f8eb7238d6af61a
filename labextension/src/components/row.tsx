import { addIcon, caretRightIcon, closeIcon, refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { formatBytes } from '../format';
import { isEager, isOurs } from '../kind';
import type { Sample, SessionSummary } from '../protocol';
import { labelOrigin, writeOrigin } from '../text';
import { Action } from './action';
import { usePanel } from './context';
import { Details } from './details';
import { createElement, Fragment } from './element';
import { Facts } from './facts';
import { Sparkline } from './sparkline';
import { StopButton } from './stop-button';

interface RowProps {
  kernel: string;
  session: SessionSummary;
  clockAhead: number;
  /** The memory that it held over time. */
  samples?: readonly Sample[];
  /** The reason why the last order to the session was not carried out. */
  refusal?: string;
}

/** A session. Drawn anew only when its own summary has changed. */
export const Row = React.memo(function Row({
  kernel,
  session,
  clockAhead,
  samples,
  refusal
}: RowProps): React.JSX.Element {
  const { trans, actions } = usePanel();
  const [isOpen, setIsOpen] = React.useState(false);
  const details = React.useId();
  const toggle = React.useRef<HTMLButtonElement>(null);
  const { name, state } = session;
  const canStop = !isEager(session) && (state === 'running' || state === 'entered');
  const classes = [
    'tfsess-Row',
    isOpen && 'tfsess-mod-open',
    canStop && 'tfsess-mod-stoppable',
    session.is_stopping && 'tfsess-mod-stopping'
  ].filter(Boolean);
  return (
    <li className={classes.join(' ')} data-state={session.mark ? 'waiting' : state}>
      <div className="tfsess-Row-line">
        <button
          ref={toggle}
          type="button"
          className="tfsess-Row-toggle"
          aria-expanded={isOpen}
          aria-controls={isOpen ? details : undefined}
          onClick={() => setIsOpen(!isOpen)}
        >
          <caretRightIcon.react className="tfsess-Row-caret" tag="span" />
          <span className="tfsess-Row-dot" />
          <span className="tfsess-Row-head">
            <span className="tfsess-Row-name" title={name}>
              {name}
            </span>{' '}
            {session.is_unused && (
              <>
                <span
                  className="tfsess-Row-badge tfsess-mod-warn"
                  title={trans.__('It has not run for a while, and at most one name refers to it')}
                >
                  {trans.__('unused?')}
                </span>{' '}
              </>
            )}
            <span className="tfsess-Row-badge" title={trans.__('made by %1', writeOrigin(session.origin, trans))}>
              {labelOrigin(session.origin, trans)}
            </span>
          </span>
          <span className="tfsess-Row-bytes" title={trans.__('In its initialized variables')}>
            {session.variables_nbytes === null ? trans.__('not known') : formatBytes(session.variables_nbytes)}
          </span>
          <span className="tfsess-Row-facts">
            <Facts session={session} clockAhead={clockAhead} />
          </span>
          {samples && samples.length > 1 && <Sparkline samples={samples} />}
        </button>
        <span className="tfsess-Row-actions">
          {canStop && <StopButton kernel={kernel} session={session} />}
          {isOurs(session) && (
            <Action
              icon={refreshIcon}
              label={trans.__('Reset %1', name)}
              onClick={() => actions.reset(kernel, session)}
            />
          )}
          {session.kind === 'observed' && (
            <Action icon={addIcon} label={trans.__('Adopt %1', name)} onClick={() => actions.adopt(kernel, session)} />
          )}
          {session.kind !== 'outside' && (
            <Action
              icon={closeIcon}
              label={trans.__('Close %1', name)}
              onClick={() => actions.close(kernel, session)}
            />
          )}
        </span>
      </div>
      {refusal !== undefined && (
        <div className="tfsess-Row-refusal" role="alert">
          <span>{refusal}</span>
          <Action
            icon={closeIcon}
            label={trans.__('Dismiss')}
            onClick={() => {
              toggle.current?.focus();
              actions.dismiss(kernel, session.id);
            }}
          />
        </div>
      )}
      {isOpen && (
        <div id={details} className="tfsess-Row-details">
          <Details kernel={kernel} session={session} />
        </div>
      )}
    </li>
  );
});
