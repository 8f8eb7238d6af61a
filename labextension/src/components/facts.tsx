import type { TranslationBundle } from '@jupyterlab/translation';
import type * as React from 'react';

import { countVariables, formatNumber } from '../format';
import { isEager, isOfOthers } from '../kind';
import type { SessionSummary } from '../protocol';
import { writeGrowth, writeMark, writePlace, writeTarget } from '../text';
import { usePanel } from './context';
import { Elapsed } from './elapsed';
import { createElement, Fragment } from './element';

interface FactsProps {
  session: SessionSummary;
  clockAhead: number;
}

/** The facts of a session: its state, its maker, its place and its size. */
export function Facts({ session, clockAhead }: FactsProps): React.JSX.Element {
  const { trans } = usePanel();
  const { operations, runs } = session;
  const growth = session.growth ? writeGrowth(session.growth, trans) : '';
  const used = session.is_used ? trans.__('every cell runs in it') : '';
  const rest = isEager(session)
    ? [
        used,
        session.kind === 'eager' ? trans.__('eager') : '',
        session.devices.join(', '),
        countVariables(session.variables, trans)
      ]
    : [
        used,
        ...factsOfOthers(session, trans),
        writeTarget(session, trans) || session.devices.join(', '),
        operations === 0 ? trans.__('empty graph') : trans._n('%2 op', '%2 ops', operations, formatNumber(operations)),
        trans._n('%2 run', '%2 runs', runs, formatNumber(runs)),
        growth
      ];
  return (
    <>
      <span className="tfsess-Row-state">
        <State session={session} clockAhead={clockAhead} />
      </span>
      {rest.filter(Boolean).map(fact => (
        <Fragment key={fact}>
          {' '}
          <span className={fact === growth ? 'tfsess-Row-fact tfsess-mod-warn' : 'tfsess-Row-fact'}>
            <span>·</span> {fact}
          </span>
        </Fragment>
      ))}
    </>
  );
}

/** The marks of a session that other code has made. */
function factsOfOthers(session: SessionSummary, trans: TranslationBundle): string[] {
  if (!isOfOthers(session)) {
    return [];
  }
  const whose = session.is_default ? trans.__('default session of a thread') : '';
  if (session.kind !== 'observed') {
    return [trans.__('adopted'), whose];
  }
  const isSaid = session.state === 'idle';
  return [isSaid ? '' : trans.__('observed'), writePlace(session.origin), whose];
}

function writeRun({ mark, is_stopping: isStopping }: SessionSummary, trans: TranslationBundle): string {
  if (mark) {
    return writeMark(mark, trans);
  }
  return isStopping ? trans.__('stopping') : trans.__('running');
}

function State({ session, clockAhead }: FactsProps): React.ReactNode {
  const { trans } = usePanel();
  switch (session.kind === 'outside' ? session.kind : session.state) {
    case 'outside':
      return trans.__('eager');
    case 'running':
      return (
        <>
          {writeRun(session, trans)}
          {session.running_since !== null && (
            <>
              {' '}
              <Elapsed since={session.running_since} clockAhead={clockAhead} />
            </>
          )}
        </>
      );
    case 'entered':
      return trans.__('in a cell');
    case 'closed':
      return session.kind === 'named'
        ? trans.__('closed by other code, Reset starts it anew')
        : trans.__('closed by other code, Close gives up its name');
    case 'idle':
      return session.kind === 'observed' ? trans.__('observed') : trans.__('idle');
    default:
      return session.state;
  }
}
