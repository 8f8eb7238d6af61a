// Made from tfsess_magics/core/protocol.py by generate_protocol.py; never edited.

export const PROTOCOL_VERSION = 1;

export const TARGET = 'tfsess_magics';

/** What the row of a session shows. */
export interface SessionSummary {
  id: number;
  name: string;
  kind: string;
  state: string;
  generation: number;
  origin: string;
  target: string;
  is_default: boolean;
  is_unused: boolean;
  operations: number;
  growth: string;
  runs: number;
  devices: string[];
  variables: number;
  variables_nbytes: number;
  running_since: number | null;
  mark: string;
}

/** A device of a session. */
export interface Device {
  name: string;
  type: string;
  memory_limit: number | null;
  variables_nbytes: number;
}

/** A variable of a session. */
export interface Variable {
  name: string;
  shape: (number | null)[] | null;
  dtype: string;
  nbytes: number | null;
  initialized: boolean | null;
  device: string;
}

/** A model, an optimizer or a dataset of an eager scope. */
export interface Object {
  name: string;
  type: string;
  variables: number;
  nbytes: number;
}

/** The run that ended last. */
export interface LastRun {
  started: number;
  duration: number;
  error: string | null;
}

/** What the open row of a session shows besides. */
export interface SessionDetails {
  id: number;
  generation: number;
  options: string;
  held_by: string[];
  created: number;
  operations: string;
  last_run: LastRun | null;
  last_error: string | null;
  devices: Device[];
  variables: Variable[];
  more_variables: number;
  more_variables_nbytes: number;
  names: string[];
  objects: Object[];
}

/** The extension was loaded; sent once, on the id of a comm that nobody has opened, so that nobody else minds it. */
export interface Announcement {
  type: 'announcement';
  target: string;
  version: number;
}

/** Every session of the kernel. */
export interface Snapshot {
  type: 'snapshot';
  version: number;
  revision: number;
  now: number;
  sessions: SessionSummary[];
}

/** A session that is new, or not what it was. */
export interface SessionChanged {
  type: 'changed';
  revision: number;
  session: SessionSummary;
}

/** A session that is gone. */
export interface SessionClosed {
  type: 'closed';
  revision: number;
  id: number;
}

/** The reply to an order that was carried out. */
export interface Done {
  type: 'done';
  request: number;
  message: string;
  details: SessionDetails | null;
}

/** The reply to an order that was not carried out. */
export interface Refused {
  type: 'refused';
  request: number;
  code: string;
  message: string;
}

/** Send a snapshot. */
export interface Refresh {
  type: 'refresh';
  request: number;
}

/** Reply with the details of a session. */
export interface Describe {
  type: 'describe';
  request: number;
  id: number;
}

/** Reset a session, if it is of that generation still. */
export interface Reset {
  type: 'reset';
  request: number;
  id: number;
  generation: number;
}

/** Close a session, if it is of that generation still. */
export interface Close {
  type: 'close';
  request: number;
  id: number;
  generation: number;
}

/** Stop the runs of a session, or its next one, if it is of that generation still. */
export interface Stop {
  type: 'stop';
  request: number;
  id: number;
  generation: number;
}

/** Give an observed session a name, if it has none yet. */
export interface Adopt {
  type: 'adopt';
  request: number;
  id: number;
  generation: number;
  name: string;
}

export type FromKernel = Announcement | Snapshot | SessionChanged | SessionClosed | Done | Refused;

export type Order = Refresh | Describe | Reset | Close | Stop | Adopt;
