import * as React from 'react';

import { formatBytes } from '../format';
import type { DeviceMemory, KernelMemory } from '../protocol';
import { usePanel } from './context';
import { createElement } from './element';

/** The memory of the process of a kernel, and of its devices. */
export const Memory = React.memo(function Memory({ memory }: { memory: KernelMemory }): React.JSX.Element {
  const { trans } = usePanel();
  const { resident, pooled } = memory;
  const process = [
    resident === null ? '' : trans.__('process %1', formatBytes(resident)),
    pooled ? trans.__('TensorFlow keeps %1 or more of it free for reuse', formatBytes(pooled)) : ''
  ];
  return (
    <div className="tfsess-Memory">
      {memory.devices.map(device => (
        <Bar key={device.name} device={device} />
      ))}
      <div>{process.filter(Boolean).join(' · ')}</div>
    </div>
  );
});

/** A device: in use by variables, and by what else; against its limit, or its peak; what is not available, and why. */
function Bar({ device }: { device: DeviceMemory }): React.JSX.Element {
  const { trans } = usePanel();
  const { name, in_use: inUse, peak, other, uncounted, held, limit, total, elsewhere } = device;
  const why = device.elsewhere_unavailable;
  const variables = held.reduce((sum, { nbytes }) => sum + nbytes, 0);
  const title = [
    trans.__('variables: initialized ones, of all sessions'),
    trans.__('other: temporaries, other modules, and what the allocator rounds up')
  ];
  const about = [
    trans.__('variables %1', formatBytes(variables)),
    inUse !== null && uncounted > 0 ? trans.__('%1 of it too small to be counted', formatBytes(uncounted)) : '',
    other === null ? '' : trans.__('other %1', formatBytes(other)),
    peak === null ? '' : trans.__('peak %1', formatBytes(peak)),
    elsewhere === null || total === null
      ? ''
      : trans.__('other processes %1 of %2', formatBytes(elsewhere), formatBytes(total)),
    device.unavailable,
    why && trans.__('other processes not available: %1', why)
  ];
  const whole = Math.max(limit ?? total ?? peak ?? 0, variables + (other ?? 0), 1);
  return (
    <div className="tfsess-Memory-device" title={title.join('\n')}>
      <span>{device.model ? `${name} ${device.model}` : name}</span>
      <span className="tfsess-Memory-bar">
        <span style={{ width: `${(100 * variables) / whole}%` }} />
        <span style={{ width: `${(100 * (other ?? 0)) / whole}%` }} />
      </span>
      <span>
        {inUse === null
          ? trans.__('not available')
          : limit === null
            ? formatBytes(inUse)
            : trans.__('%1 of %2', formatBytes(inUse), formatBytes(limit))}
      </span>
      <span className="tfsess-Memory-about">{about.filter(Boolean).join(' · ')}</span>
    </div>
  );
}
