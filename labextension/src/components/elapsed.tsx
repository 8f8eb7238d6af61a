import * as React from 'react';

import { formatElapsed } from '../format';
import { usePanel } from './context';
import { createElement } from './element';

interface ElapsedProps {
  /** Seconds since the epoch, by the kernel's clock. */
  since: number;
  /** Seconds by which the kernel's clock is ahead of the browser's. */
  clockAhead: number;
}

/** The time for which something has been going on, counted on in the browser. */
export function Elapsed({ since, clockAhead }: ElapsedProps): React.JSX.Element {
  const { ticker } = usePanel();
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => ticker.subscribe(redraw), [ticker]);
  return <span className="tfsess-Elapsed">{formatElapsed(Date.now() / 1000 + clockAhead - since)}</span>;
}
