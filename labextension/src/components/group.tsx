import * as React from 'react';

import { matches } from '../filter';
import type { SessionFilter } from '../filter';
import type { KernelSessions } from '../model';
import { LOAD } from '../model';
import { usePanel } from './context';
import { createElement } from './element';
import { Memory } from './memory';
import { Mismatch } from './mismatch';
import { Row } from './row';

interface GroupProps {
  kernel: KernelSessions;
  /** The filter of its sessions; null for all. */
  filter: SessionFilter | null;
}

/** A kernel and its sessions, nothing if a filter leaves out all of them. React draws it anew only when that kernel changes. */
export const Group = React.memo(function Group({ kernel, filter }: GroupProps): React.JSX.Element | null {
  const { trans } = usePanel();
  const heading = React.useId();
  const sessions = filter ? kernel.sessions.filter(session => matches(session, filter, trans)) : kernel.sessions;
  if (filter && sessions.length === 0) {
    return null;
  }
  return (
    <section className="tfsess-Group" aria-labelledby={heading}>
      <div className="tfsess-Group-head">
        <h3 id={heading} title={kernel.title}>
          {kernel.title}
        </h3>
        <span className="tfsess-Group-kernel">
          {kernel.spec}
          {kernel.status && ` · ${statusName(kernel.status, trans)}`}
        </span>
      </div>
      {kernel.memory && <Memory memory={kernel.memory} />}
      {sessions.length > 0 ? (
        <ul className="tfsess-Group-sessions" aria-labelledby={heading}>
          {sessions.map(session => (
            <Row
              key={session.id}
              kernel={kernel.id}
              session={session}
              clockAhead={kernel.clockAhead}
              samples={kernel.samples.get(session.id)}
              refusal={kernel.refusals.get(session.id)}
            />
          ))}
        </ul>
      ) : (
        <NoSessions kernel={kernel} />
      )}
    </section>
  );
});

/** The reason why nothing is listed for a kernel, and the remedy. */
function NoSessions({ kernel }: { kernel: KernelSessions }): React.JSX.Element | null {
  const { trans, actions } = usePanel();
  switch (kernel.link) {
    case 'asking':
      return null;
    case 'absent':
      return (
        <p className="tfsess-Hint">
          {trans.__('The extension is not loaded here. Load it with:')}{' '}
          <button
            type="button"
            className="tfsess-Hint-action"
            title={trans.__('Run it in this kernel')}
            aria-label={trans.__('Run %1', LOAD)}
            onClick={() => actions.load(kernel.id)}
          >
            <code>{LOAD}</code>
          </button>
        </p>
      );
    case 'waiting':
      return (
        <p className="tfsess-Hint">{trans.__('Waiting for the kernel. It may answer when its cell has ended.')}</p>
      );
    case 'live':
      return (
        <p className="tfsess-Hint">
          {trans.__('No sessions yet. Start one with:')} <code>%%tfsession NAME</code>
        </p>
      );
    case 'mismatch':
      return <Mismatch version={kernel.version} />;
  }
}

function statusName(status: string, trans: ReturnType<typeof usePanel>['trans']): string {
  const names: Partial<Record<string, string>> = {
    idle: trans.__('idle'),
    busy: trans.__('busy'),
    starting: trans.__('starting'),
    initializing: trans.__('starting'),
    restarting: trans.__('restarting'),
    autorestarting: trans.__('restarting'),
    terminating: trans.__('shutting down'),
    dead: trans.__('dead'),
    connecting: trans.__('connecting'),
    connected: trans.__('connected'),
    disconnected: trans.__('disconnected'),
    unknown: trans.__('unknown')
  };
  return names[status] ?? status;
}
