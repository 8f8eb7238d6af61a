import * as React from 'react';

import type { Sample } from '../protocol';
import { createElement } from './element';

const WIDTH = 60;
const HEIGHT = 12;

/** The memory that a session held over time, as a line without numbers: the number is next to it. */
export const Sparkline = React.memo(function Sparkline({ samples }: { samples: readonly Sample[] }): React.JSX.Element {
  const start = samples[0].at;
  const span = samples[samples.length - 1].at - start || 1;
  const most = Math.max(...samples.map(({ nbytes }) => nbytes), 1);
  const points: string[] = [];
  let before = HEIGHT;
  for (const { at, nbytes } of samples) {
    const x = ((WIDTH - 8) * (at - start)) / span;
    const y = HEIGHT - (HEIGHT - 1) * (nbytes / most) - 0.5;
    points.push(`${x},${before}`, `${x},${y}`);
    before = y;
  }
  points.push(`${WIDTH},${before}`);
  return (
    <svg className="tfsess-Sparkline" width={WIDTH} height={HEIGHT} aria-hidden="true">
      <polyline points={points.join(' ')} />
    </svg>
  );
});
