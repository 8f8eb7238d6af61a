// Made from tfsess_magics/core/protocol.py by generate_protocol.py; never edited.

export const PROTOCOL_VERSION = 4;

export const TARGET = 'tfsess_magics';

/** The code that made a session. */
export interface Origin {
  maker: 'magic' | 'api' | 'other' | 'cells';
  module: string;
  function: string;
  file: string;
  line: number;
  cell: number | null;
}

/** A line of code. */
export interface CodeLine {
  file: string;
  line: number;
  cell: number | null;
  text: string;
}

/** The operations that a graph gets whenever the same code runs. */
export interface Growth {
  least: number;
  most: number;
  by: string;
  line: CodeLine | null;
}

/** A run that could end the wait of another. */
export interface OtherRun {
  thread: string | number;
  session: string;
}

/** An operation that a run waits for, or that nothing can end. */
export interface AwaitedOperation {
  does: 'dequeue' | 'enqueue' | 'lock' | 'loop' | 'other';
  type: string;
  name: string;
  has_some: boolean;
  others: OtherRun[];
  is_remote: boolean;
}

/** A run does not compute: it waits for one of some operations. */
export interface Waits {
  type: 'waits';
  operations: AwaitedOperation[];
  more: number;
}

/** A stop copies the values of variables. */
export interface Copying {
  type: 'copying';
}

/** A stop gives variables their values back. */
export interface Restoring {
  type: 'restoring';
}

/** A stop cannot end runs whose operations do not return. */
export interface Uncuttable {
  type: 'uncuttable';
  runs: AwaitedOperation[][];
}

/** A stop waits for the answer of a server. */
export interface Unanswered {
  type: 'unanswered';
  server: string;
}

/** The names of what a run fetches. */
export interface Fetches {
  names: string[];
  more: number;
}

/** A stop waits for an operation that each of these runs needs. */
export interface Finishing {
  type: 'finishing';
  runs: Fetches[];
}

/** The facts that the row of a session shows. */
export interface SessionSummary {
  id: number;
  name: string;
  kind: string;
  state: string;
  generation: number;
  origin: Origin;
  target: string;
  answers: boolean | null;
  is_default: boolean;
  is_unused: boolean;
  is_used: boolean;
  operations: number;
  growth: Growth | null;
  runs: number;
  devices: string[];
  variables: number;
  variables_nbytes: number | null;
  running_since: number | null;
  mark: Waits | Copying | Restoring | Uncuttable | Unanswered | Finishing | null;
  is_stopping: boolean;
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

/** A run that has ended. */
export interface Run {
  started: number;
  duration: number;
  error: string | null;
  device: string;
  peak: number;
  is_shared: boolean;
  unavailable: string;
}

/** The operations that a cell or a ``with`` block has added to a graph. */
export interface Added {
  number: number;
  by: string;
}

/** The numbers of operations and variables of a graph on one device. */
export interface Placement {
  device: string;
  operations: number;
  variables: number;
}

/** A traced run, and the devices on which it ran. */
export interface TracedRun {
  placement: Placement[];
  cell: number | null;
  thread: string;
  session: string;
  run: number;
  run_of_cell: number | null;
  runs_of_cell: number | null;
}

/** The facts that only the open row of a session shows. */
export interface SessionDetails {
  id: number;
  generation: number;
  options: string;
  held_by: string[];
  created: number;
  operations: number | null;
  added: Added | null;
  asked: Placement[];
  last_trace: TracedRun | null;
  last_run: Run | null;
  largest_run: Run | null;
  last_error: string | null;
  devices: Device[];
  variables: Variable[];
  more_variables: number;
  more_variables_nbytes: number;
  names: string[];
  objects: Object[];
}

/** The extension was loaded; sent once, on the id of a comm that is not open, so that no other code minds it. */
export interface Announcement {
  type: 'announcement';
  target: string;
  version: number;
}

/** Memory that the initialized variables of a session hold on a device of the kernel. */
export interface Held {
  id: number;
  nbytes: number;
}

/** Memory of a device that TensorFlow's allocator has handed out to the kernel: ``CPU`` for all CPUs, ``GPU:0``. */
export interface DeviceMemory {
  name: string;
  model: string;
  in_use: number | null;
  peak: number | null;
  limit: number | null;
  total: number | null;
  elsewhere: number | null;
  other: number | null;
  uncounted: number;
  unavailable: string;
  elsewhere_unavailable: string;
  held: Held[];
}

/** The memory of the kernel's process. */
export interface KernelMemory {
  resident: number | null;
  pooled: number | null;
  devices: DeviceMemory[];
}

/** Memory that a session held at one time: bytes of initialized variables. */
export interface Sample {
  id: number;
  at: number;
  nbytes: number;
}

/** Every session of the kernel. */
export interface Snapshot {
  type: 'snapshot';
  version: number;
  revision: number;
  now: number;
  sessions: SessionSummary[];
  memory: KernelMemory | null;
  samples: Sample[];
}

/** A session that is new or has changed. */
export interface SessionChanged {
  type: 'changed';
  revision: number;
  session: SessionSummary;
}

/** The memory of the kernel is another, or what sessions hold; sent for changes of more than 1 %. */
export interface MemoryChanged {
  type: 'memory';
  revision: number;
  memory: KernelMemory;
  samples: Sample[];
}

/** A session that is gone. */
export interface SessionClosed {
  type: 'closed';
  revision: number;
  id: number;
}

/** The reply to an order that the kernel has carried out. */
export interface Done {
  type: 'done';
  request: number;
  message: string;
  details: SessionDetails | null;
}

/** The reply to a `Stop` that waits for a run to end by itself. */
export interface Waiting {
  type: 'waiting';
  request: number;
  message: string;
}

/** The reply to an order that the kernel has not carried out. */
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
  save_to: string;
}

/** Close a session, if it is of that generation still. */
export interface Close {
  type: 'close';
  request: number;
  id: number;
  generation: number;
  save_to: string;
}

/** Stop the runs of a session, or its next one, if it is of that generation still. */
export interface Stop {
  type: 'stop';
  request: number;
  id: number;
  generation: number;
  now: boolean;
}

/** Give an observed session a name, if it has none yet. */
export interface Adopt {
  type: 'adopt';
  request: number;
  id: number;
  generation: number;
  name: string;
}

export type RunMark = Waits | Copying | Restoring | Uncuttable | Unanswered | Finishing;

export type FromKernel = Announcement | Snapshot | SessionChanged | MemoryChanged | SessionClosed | Done | Waiting | Refused;

export type Order = Refresh | Describe | Reset | Close | Stop | Adopt;
