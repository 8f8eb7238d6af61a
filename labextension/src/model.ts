import { Signal } from '@lumino/signaling';

import { isOurs } from './kind';
import type {
  KernelMemory,
  MemoryChanged,
  Sample,
  SessionChanged,
  SessionClosed,
  SessionSummary,
  Snapshot
} from './protocol';
import { PROTOCOL_VERSION } from './protocol';

/** The line that loads the extension in a kernel. */
export const LOAD = '%load_ext tfsess_magics';

/**
 * The state of the extension in a kernel.
 *
 * `asking`: whether it is loaded there is not known yet; `absent`: it is not; `waiting`: it is, and its first answer
 * is on the way; `live`: its list is complete; `mismatch`: it speaks another version of the protocol.
 */
export type Link = 'asking' | 'absent' | 'waiting' | 'live' | 'mismatch';

/** The name of a kernel, and its status. */
export interface KernelFacts {
  /** Names of the notebooks and consoles that show it. */
  readonly title: string;
  /** Display name of its kernel spec. */
  readonly spec: string;
  /** Status as JupyterLab shows it. */
  readonly status: string;
}

/** A kernel and its sessions. Never changed, but replaced: what is the same object is unchanged. */
export interface KernelSessions extends KernelFacts {
  readonly id: string;
  readonly link: Link;
  /** Version of the protocol that the kernel speaks, null while it has not said, or if it does not. */
  readonly version: number | null;
  readonly revision: number;
  /** Seconds by which the kernel's clock is ahead of the browser's. */
  readonly clockAhead: number;
  /** In the order in which they were made. */
  readonly sessions: readonly SessionSummary[];
  /** Null before the kernel has told it. */
  readonly memory: KernelMemory | null;
  /** The memory that each session held over time, by its number: the latest changes, oldest first. */
  readonly samples: ReadonlyMap<number, readonly Sample[]>;
  /** The reason why the last order to a session was not carried out, by the number of the session. */
  readonly refusals: ReadonlyMap<number, string>;
}

const NOTHING = {
  version: null,
  revision: 0,
  clockAhead: 0,
  sessions: [],
  memory: null,
  samples: new Map<number, readonly Sample[]>(),
  refusals: new Map<number, string>()
};

/** The number of samples of a session that are kept. */
const SAMPLES = 30;

/** The sessions of every connected kernel. */
export class SessionsModel {
  /** Emitted after every change. */
  readonly changed = new Signal<this, void>(this);

  /** In the order in which they were connected. */
  get kernels(): readonly KernelSessions[] {
    return this.#kernels;
  }

  /** A kernel, undefined if it is not connected. */
  kernel(id: string): KernelSessions | undefined {
    return this.#kernels.find(kernel => kernel.id === id);
  }

  /** The sessions of a kernel that have a name: those of other code have one only if they were adopted. */
  named(id: string): readonly SessionSummary[] {
    return this.kernel(id)?.sessions.filter(session => isOurs(session) || session.kind === 'adopted') ?? [];
  }

  /** The sessions that no code seems to need, of every kernel that has any. */
  unused(): { kernel: string; sessions: readonly SessionSummary[] }[] {
    return this.#kernels
      .map(({ id, sessions }) => ({ kernel: id, sessions: sessions.filter(session => session.is_unused) }))
      .filter(({ sessions }) => sessions.length > 0);
  }

  /** Add a kernel, or change the facts of one. */
  setFacts(id: string, facts: KernelFacts): void {
    const known = this.kernel(id);
    if (!known) {
      this.#kernels = [...this.#kernels, { id, link: 'asking', ...NOTHING, ...facts }];
      this.changed.emit();
    } else if (known.title !== facts.title || known.spec !== facts.spec || known.status !== facts.status) {
      this.#replace({ ...known, ...facts });
    }
  }

  /** Remove a kernel and its sessions. */
  remove(id: string): void {
    if (this.kernel(id)) {
      this.#kernels = this.#kernels.filter(kernel => kernel.id !== id);
      this.changed.emit();
    }
  }

  /** Set the state of the extension in a kernel that cannot tell it: its sessions are not known any more. */
  setLink(id: string, link: 'asking' | 'absent' | 'waiting'): void {
    const known = this.kernel(id);
    if (known && known.link !== link) {
      this.#replace({ ...known, ...NOTHING, link });
    }
  }

  /**
   * Apply a message of a kernel, received at `now` in seconds by the browser's clock.
   *
   * Returns false if a message before it was missed: then nothing is applied, and a snapshot is needed.
   */
  apply(id: string, message: Snapshot | SessionChanged | MemoryChanged | SessionClosed, now: number): boolean {
    const known = this.kernel(id);
    if (!known) {
      return true;
    }
    if (message.type === 'snapshot') {
      this.#replace(withSnapshot(known, message, now));
      return true;
    }
    if (known.link !== 'live' || message.revision <= known.revision) {
      return true;
    }
    if (message.revision > known.revision + 1) {
      return false;
    }
    const { revision } = message;
    if (message.type === 'memory') {
      const samples = withSamples(known.samples, message.samples);
      this.#replace({ ...known, revision, memory: message.memory, samples });
    } else if (message.type === 'closed') {
      const samples = new Map(known.samples);
      samples.delete(message.id);
      const sessions = known.sessions.filter(session => session.id !== message.id);
      this.#replace({ ...known, revision, sessions, samples });
    } else {
      this.#replace({ ...known, revision, sessions: withSession(known.sessions, message.session) });
    }
    return true;
  }

  /** Say why an order to a session was not carried out, null when that is over. Returns whether the session is listed. */
  setRefusal(id: string, session: number, message: string | null): boolean {
    const known = this.kernel(id);
    if (!known?.sessions.some(listed => listed.id === session)) {
      return false;
    }
    if (known.refusals.get(session) !== (message ?? undefined)) {
      const refusals = new Map(known.refusals);
      if (message === null) {
        refusals.delete(session);
      } else {
        refusals.set(session, message);
      }
      this.#replace({ ...known, refusals });
    }
    return true;
  }

  #replace(changed: KernelSessions): void {
    this.#kernels = this.#kernels.map(kernel => (kernel.id === changed.id ? changed : kernel));
    this.changed.emit();
  }

  #kernels: readonly KernelSessions[] = [];
}

function withSnapshot(known: KernelSessions, snapshot: Snapshot, now: number): KernelSessions {
  const { version, revision, memory } = snapshot;
  if (version !== PROTOCOL_VERSION) {
    // Nothing else is read: the contents of a snapshot of that version are not known.
    return { ...known, ...NOTHING, link: 'mismatch', version: version ?? null };
  }
  const sessions = [...snapshot.sessions].sort((one, other) => one.id - other.id);
  const samples = withSamples(NOTHING.samples, snapshot.samples);
  return { ...known, link: 'live', version, revision, clockAhead: snapshot.now - now, sessions, memory, samples };
}

function withSamples(known: KernelSessions['samples'], added: readonly Sample[]): KernelSessions['samples'] {
  const samples = new Map(known);
  for (const sample of added) {
    samples.set(sample.id, [...(samples.get(sample.id) ?? []), sample].slice(-SAMPLES));
  }
  return samples;
}

function withSession(sessions: readonly SessionSummary[], changed: SessionSummary): readonly SessionSummary[] {
  return sessions.some(session => session.id === changed.id)
    ? sessions.map(session => (session.id === changed.id ? changed : session))
    : [...sessions, changed].sort((one, other) => one.id - other.id);
}

/** The sum of what sessions hold. */
export interface Totals {
  readonly sessions: number;
  readonly variables: number;
  /** As far as it is known. */
  readonly nbytes: number;
  readonly isKnown: boolean;
  readonly operations: number;
}

/** Add up what sessions hold. */
export function total(sessions: readonly SessionSummary[]): Totals {
  const totals = { sessions: sessions.length, variables: 0, nbytes: 0, isKnown: true, operations: 0 };
  for (const session of sessions) {
    totals.variables += session.variables;
    totals.nbytes += session.variables_nbytes ?? 0;
    totals.isKnown &&= session.variables_nbytes !== null;
    totals.operations += session.operations;
  }
  return totals;
}
