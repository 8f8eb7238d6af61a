import { caretRightIcon, closeIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { formatBytes, formatNumber } from '../format';
import type { SessionSummary } from '../protocol';
import { usePanel } from './context';
import { Details } from './details';
import { Elapsed } from './elapsed';

interface RowProps {
  kernel: string;
  session: SessionSummary;
  clockAhead: number;
  /** Why the last order to the session was not carried out. */
  refusal?: string;
}

/** A session. Drawn anew only when its own summary has changed. */
export const Row = React.memo(function Row({ kernel, session, clockAhead, refusal }: RowProps): React.JSX.Element {
  const { trans, actions } = usePanel();
  const [isOpen, setIsOpen] = React.useState(false);
  const details = React.useId();
  const toggle = React.useRef<HTMLButtonElement>(null);
  const { name } = session;
  return (
    <li className={isOpen ? 'tfsess-Row tfsess-mod-open' : 'tfsess-Row'} data-state={session.state}>
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
          <span className="tfsess-Row-name" title={name}>
            {name}
          </span>
          <span className="tfsess-Row-bytes" title={trans.__('In its initialized variables')}>
            {formatBytes(session.variables_nbytes)}
          </span>
          <span className="tfsess-Row-facts">
            <Facts session={session} clockAhead={clockAhead} />
          </span>
        </button>
        <span className="tfsess-Row-actions">
          <Action
            icon={refreshIcon}
            label={trans.__('Reset %1', name)}
            onClick={() => actions.reset(kernel, session)}
          />
          <Action icon={closeIcon} label={trans.__('Close %1', name)} onClick={() => actions.close(kernel, session)} />
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

/** What a session is doing, where, and how large it is. */
function Facts({ session, clockAhead }: Pick<RowProps, 'session' | 'clockAhead'>): React.JSX.Element {
  const { trans } = usePanel();
  const { operations, runs } = session;
  const rest = [
    session.devices.join(', '),
    operations === 0 ? trans.__('empty graph') : trans._n('%2 op', '%2 ops', operations, formatNumber(operations)),
    trans._n('%2 run', '%2 runs', runs, formatNumber(runs))
  ];
  return (
    <>
      <span className="tfsess-Row-state">
        <State session={session} clockAhead={clockAhead} />
      </span>
      {rest.filter(Boolean).map(fact => (
        <React.Fragment key={fact}>
          {' '}
          <span className="tfsess-Row-fact">
            <span>·</span> {fact}
          </span>
        </React.Fragment>
      ))}
    </>
  );
}

function State({ session, clockAhead }: Pick<RowProps, 'session' | 'clockAhead'>): React.JSX.Element {
  const { trans } = usePanel();
  switch (session.state) {
    case 'running':
      return (
        <>
          {trans.__('running')}
          {session.running_since !== null && (
            <>
              {' '}
              <Elapsed since={session.running_since} clockAhead={clockAhead} />
            </>
          )}
        </>
      );
    case 'entered':
      return <>{trans.__('in a cell')}</>;
    case 'closed':
      return <>{trans.__('closed by other code, Reset starts it anew')}</>;
    case 'idle':
      return <>{trans.__('idle')}</>;
    default:
      return <>{session.state}</>;
  }
}

interface ActionProps {
  icon: LabIcon;
  label: string;
  onClick: () => void;
}

/** A button that is an icon. */
export function Action({ icon: Icon, label, onClick }: ActionProps): React.JSX.Element {
  return (
    <button type="button" className="tfsess-Action" title={label} aria-label={label} onClick={onClick}>
      <Icon.react tag="span" className="tfsess-Action-icon" />
    </button>
  );
}
