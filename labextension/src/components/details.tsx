import type * as React from 'react';

import { countMore, countVariables, formatBytes, formatDuration, formatNumber, formatShape } from '../format';
import { isOfOthers, isOurs } from '../kind';
import type { Device, Run, SessionDetails, SessionSummary, Variable } from '../protocol';
import {
  explainKind,
  writeOperations,
  writeOrigin,
  writePlacements,
  writeTarget,
  writeTracedRun,
  writeUnknownDevices
} from '../text';
import { usePanel } from './context';
import { useDescription } from './describe';
import { createElement, Fragment } from './element';

interface DetailsProps {
  kernel: string;
  session: SessionSummary;
}

/** The part of a row that only an open one shows. */
export function Details({ kernel, session }: DetailsProps): React.JSX.Element {
  const { trans } = usePanel();
  const { details, error } = useDescription(kernel, session);
  return (
    <>
      {error !== null && <p className="tfsess-Error">{error}</p>}
      {details === null && error === null && <p>{trans.__('Asking the kernel…')}</p>}
      {details !== null && (
        <>
          <Facts details={details} session={session} />
          <Variables details={details} />
        </>
      )}
    </>
  );
}

function Facts({ details, session }: { details: SessionDetails; session: SessionSummary }): React.JSX.Element {
  const { trans } = usePanel();
  const { last_run: lastRun, largest_run: largestRun, last_trace: trace } = details;
  return (
    <dl className="tfsess-Facts">
      <Fact name={trans.__('made by')}>{writeOrigin(session.origin, trans)}</Fact>
      {session.kind === 'named' && (
        <Fact name={trans.__('options')}>{details.options ? <code>{details.options}</code> : trans.__('none')}</Fact>
      )}
      {explainKind(session, trans) && <Fact name={session.kind}>{explainKind(session, trans)}</Fact>}
      {isOurs(session) && (
        <Fact name={trans.__('generation')}>
          {trans.__('%1 (each reset adds 1)', formatNumber(details.generation))}
        </Fact>
      )}
      {details.operations !== null && (
        <Fact name={trans.__('operations')}>{writeOperations(details.operations, details.added, trans)}</Fact>
      )}
      {session.kind === 'eager' && (
        <>
          <Fact name={trans.__('names')}>{details.names.join(', ') || trans.__('none')}</Fact>
          {details.objects.length > 0 && (
            <Fact name={trans.__('made')}>
              {details.objects.map(({ name, type, variables, nbytes }) => (
                <div key={name}>
                  {trans.__('%1: %2, %3, %4', name, type, countVariables(variables, trans), formatBytes(nbytes))}
                </div>
              ))}
            </Fact>
          )}
        </>
      )}
      {isOfOthers(session) && (
        <Lines
          name={trans.__('referred to by')}
          lines={details.held_by.length > 0 ? details.held_by : [trans.__('no variable and no object')]}
        />
      )}
      {session.target && <Fact name={trans.__('target')}>{writeTarget(session, trans)}</Fact>}
      {details.devices.length > 0 && (
        <Fact name={trans._n('device', 'devices', details.devices.length)}>
          {details.devices.map(device => (
            <DeviceLine key={device.name} device={device} />
          ))}
        </Fact>
      )}
      {details.devices.length === 0 && session.target && (
        <Fact name={trans.__('device')}>{writeUnknownDevices(session, trans)}</Fact>
      )}
      {details.asked.length > 0 && (
        <Lines name={trans.__('graph asks for')} lines={writePlacements(details.asked, trans)} />
      )}
      {trace && (
        <Lines
          name={trans.__('ran on')}
          lines={[...writePlacements(trace.placement, trans), writeTracedRun(trace, trans)]}
        />
      )}
      {lastRun && (
        <Fact name={trans.__('last run')}>
          <RunLine run={lastRun} />
        </Fact>
      )}
      {largestRun && (
        <Fact name={trans.__('largest run')}>
          <RunLine run={largestRun} />
        </Fact>
      )}
      {details.last_error !== null && (
        <Fact name={trans.__('last error')}>
          <span className="tfsess-Error">{details.last_error}</span>
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }): React.JSX.Element {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Lines({ name, lines }: { name: string; lines: readonly string[] }): React.JSX.Element {
  return (
    <Fact name={name}>
      {lines.map(line => (
        <div key={line}>{line}</div>
      ))}
    </Fact>
  );
}

function RunLine({ run }: { run: Run }): React.JSX.Element {
  const { trans } = usePanel();
  const { duration, device, peak, is_shared: isShared, unavailable } = run;
  const needed =
    peak === 0 ? trans.__('no allocation of 256 KiB or more') : trans.__('peak %1 on %2', formatBytes(peak), device);
  const about = [
    formatDuration(duration),
    unavailable ? trans.__('peak not available: %1', unavailable) : needed,
    peak !== 0 && isShared ? trans.__('shared with other runs') : ''
  ];
  return <>{about.filter(Boolean).join(' · ')}</>;
}

function DeviceLine({ device }: { device: Device }): React.JSX.Element {
  const { trans } = usePanel();
  const { name, type, memory_limit: limit, variables_nbytes: nbytes } = device;
  const about = [
    name.split(':')[0] === type ? '' : type,
    nbytes === 0 ? '' : formatBytes(nbytes),
    limit === null ? '' : trans.__('up to %1', formatBytes(limit))
  ];
  return <div>{[name, ...about].filter(Boolean).join(' · ')}</div>;
}

function Variables({ details }: { details: SessionDetails }): React.JSX.Element {
  const { trans } = usePanel();
  const { variables, more_variables: more } = details;
  if (variables.length === 0) {
    return <p>{trans.__('No variables.')}</p>;
  }
  return (
    <table className="tfsess-Variables">
      <thead className="tfsess-Hidden">
        <tr>
          <th scope="col">{trans.__('Variable')}</th>
          <th scope="col">{trans.__('Size')}</th>
        </tr>
      </thead>
      <tbody>
        {variables.map((variable, index) => (
          <VariableLine key={index} variable={variable} />
        ))}
        {more > 0 && (
          <tr className="tfsess-Variables-more">
            <td>{countMore(more, trans)}</td>
            <td>{formatBytes(details.more_variables_nbytes)}</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function VariableLine({ variable }: { variable: Variable }): React.JSX.Element {
  const { trans } = usePanel();
  const { name, shape, dtype, nbytes, initialized, device } = variable;
  const about = [formatShape(shape), dtype, device].filter(Boolean).join(' ');
  return (
    <tr>
      <td>
        {name} <span className="tfsess-Variables-about">{about}</span>
        {initialized !== true && (
          <span className="tfsess-Variables-mark">
            {' '}
            {initialized === false ? trans.__('not initialized') : trans.__('not known whether initialized')}
          </span>
        )}
      </td>
      <td>{nbytes === null ? '?' : formatBytes(nbytes)}</td>
    </tr>
  );
}
