import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { nullTranslator } from '@jupyterlab/translation';

import type {
  DeviceMemory,
  FromKernel,
  Growth,
  KernelMemory,
  Order,
  Origin,
  RunMark,
  SessionDetails,
  SessionSummary,
  Snapshot
} from '../src/protocol';
import { PROTOCOL_VERSION } from '../src/protocol';

const TESTS = join(__dirname, '..', '..', 'tests');
const MESSAGES = join(TESTS, 'messages');

export const trans = nullTranslator.load('tfsess_magics');

/** The messages that both sides have agreed on, by the name of their file. */
export function goldenMessages(): [string, FromKernel][] {
  return read<FromKernel>(MESSAGES);
}

/** The orders that both sides have agreed on, by the name of their file. */
export function goldenOrders(): [string, Order][] {
  return read<Order>(join(MESSAGES, 'orders'));
}

/** Facts, and how both sides write them. */
interface CommonWords {
  readonly bytes: [number, string][];
  readonly durations: [number, string][];
  readonly origins: [Origin, string][];
  readonly kinds: [string, string][];
  readonly growths: [Growth, string][];
  readonly marks: [RunMark, string][];
}

export function commonWords(): CommonWords {
  return JSON.parse(readFileSync(join(TESTS, 'words.json'), 'utf-8'));
}

function read<T>(folder: string): [string, T][] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .map(name => [name, (JSON.parse(readFileSync(join(folder, name), 'utf-8')) as { message: T }).message]);
}

/** Who made a session: a cell. */
export const CELL: Origin = { ...origin('__main__', '<module>', '', 0, 'magic'), cell: 4 };

/** Who holds what is in no session. */
export const MODULES: Origin = origin('', '', '', 0, 'cells');

export function origin(
  module: string,
  name: string,
  file: string,
  line: number,
  maker: Origin['maker'] = 'other'
): Origin {
  return { maker, module, function: name, file, line, cell: null };
}

export function session(id: number, changes: Partial<SessionSummary> = {}): SessionSummary {
  return {
    id,
    name: `s${id}`,
    kind: 'named',
    state: 'idle',
    generation: 1,
    origin: CELL,
    target: '',
    answers: null,
    is_default: false,
    is_unused: false,
    is_used: false,
    operations: 312,
    growth: null,
    runs: 1204,
    devices: ['CPU:0'],
    variables: 44,
    variables_nbytes: 22439526,
    running_since: null,
    mark: null,
    is_stopping: false,
    ...changes
  };
}

/** A session that other code has made. */
export function other(id: number, changes: Partial<SessionSummary> = {}): SessionSummary {
  return session(id, {
    name: `#${id}`,
    kind: 'observed',
    origin: origin('prep.io', 'load', 'prep/io.py', 7),
    ...changes
  });
}

/** An eager scope. */
export function eager(id: number, changes: Partial<SessionSummary> = {}): SessionSummary {
  return session(id, { kind: 'eager', operations: 0, runs: 0, ...changes });
}

/** What ordinary cells hold. */
export function outside(id: number, changes: Partial<SessionSummary> = {}): SessionSummary {
  return eager(id, {
    name: 'eager (outside any scope)',
    kind: 'outside',
    origin: MODULES,
    ...changes
  });
}

export function snapshot(sessions: SessionSummary[], changes: Partial<Snapshot> = {}): Snapshot {
  return {
    type: 'snapshot',
    version: PROTOCOL_VERSION,
    revision: 7,
    now: 5000,
    sessions,
    memory: null,
    samples: [],
    ...changes
  };
}

/** The memory of a kernel with one CPU, of which a session holds 168 MiB. */
export function memory(changes: Partial<DeviceMemory> = {}): KernelMemory {
  return {
    resident: 1503238553,
    pooled: 87031808,
    devices: [
      {
        name: 'CPU',
        model: '',
        in_use: 273678336,
        peak: 360710144,
        limit: null,
        total: null,
        elsewhere: null,
        other: 97517568,
        uncounted: 0,
        unavailable: '',
        elsewhere_unavailable: '',
        held: [{ id: 1, nbytes: 176160768 }],
        ...changes
      }
    ]
  };
}

export function details(changes: Partial<SessionDetails> = {}): SessionDetails {
  return {
    id: 1,
    generation: 1,
    options: '--threads 2',
    held_by: [],
    created: 4000,
    operations: 312,
    added: { number: 12, by: 'cell 5' },
    asked: [],
    last_trace: null,
    last_run: {
      started: 4500,
      duration: 0.031,
      error: null,
      device: 'CPU',
      peak: 100663296,
      is_shared: false,
      unavailable: ''
    },
    largest_run: null,
    last_error: null,
    devices: [{ name: 'CPU:0', type: 'CPU', memory_limit: null, variables_nbytes: 0 }],
    variables: [
      { name: 'embed', shape: [20000, 1024], dtype: 'float32', nbytes: 81920000, initialized: true, device: 'CPU:0' }
    ],
    more_variables: 0,
    more_variables_nbytes: 0,
    names: [],
    objects: [],
    ...changes
  };
}
