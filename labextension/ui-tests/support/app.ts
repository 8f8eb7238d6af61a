/** The parts of JupyterLab's application object that are used here. */
export interface App {
  restored: Promise<void>;
  commands: { execute(id: string, args?: object): Promise<unknown> };
  shell: { currentWidget: NotebookPanel };
}

interface NotebookPanel {
  context: { path: string };
  content: Cells;
  sessionContext: { session: { kernel: KernelConnection | null } | null };
}

interface Cells {
  activeCellIndex: number;
  widgets: { model: { id: string }; node: HTMLElement }[];
  deselectAll(): void;
  extendContiguousSelectionTo(index: number): void;
}

interface KernelConnection {
  id: string;
  connectionStatus: string;
  anyMessage: { connect(slot: (sender: unknown, args: { direction: 'send' | 'recv'; msg: Message }) => void): void };
}

interface Message {
  header: { msg_id: string; msg_type: string };
  parent_header: { msg_id?: string };
  content: { execution_state?: string; data?: { type?: unknown } };
}
