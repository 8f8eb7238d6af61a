import { randomUUID } from 'crypto';
import WebSocket from 'ws';

const SERVER = () => process.env.TFSESS_SERVER!;

/** Name of the kernel that knows no subshells. */
export const WITHOUT_SUBSHELLS = 'without-subshells';

/** Name of the kernel of the project's own environment, which knows them, whatever server starts it. */
export const WITH_SUBSHELLS = 'with-subshells';

/** What the server says of a kernel. */
export interface KernelModel {
  id: string;
  execution_state: string;
  last_activity: string;
  connections: number;
}

interface Message {
  channel: string;
  header: { msg_type: string };
  parent_header: { msg_id?: string };
  content: Record<string, unknown>;
}

/** Call the server's REST API. */
export async function rest<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${SERVER()}/api/${path}`, { method, body: body && JSON.stringify(body) });
  if (!response.ok) {
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/**
 * A kernel, reached past the browser: what the panel claims is checked with it.
 *
 * It has a connection only while it executes something.
 */
export class Kernel {
  private constructor(readonly id: string) {}

  /** The next kernel of the usual kind: it starts while a test runs. */
  private static next: Promise<Kernel> | undefined;

  /** Start a kernel for a notebook, and wait until it answers. TensorFlow is imported in it. */
  static async start(path: string, name = 'python3'): Promise<Kernel> {
    const isUsual = name === 'python3';
    const kernel = await ((isUsual && Kernel.next) || Kernel.begin(name));
    await kernel.serve(path);
    if (isUsual) {
      Kernel.next = Kernel.begin(name);
    }
    return kernel;
  }

  /** End the kernel that no test has wanted. */
  static async endNext(): Promise<void> {
    await (await Kernel.next)?.shutDown();
  }

  private static async begin(name: string): Promise<Kernel> {
    const begun = new Kernel((await rest<KernelModel>('POST', 'kernels', { name, path: '' })).id);
    await begun.execute('import tensorflow');
    return begun;
  }

  /** The kernel that a notebook has. */
  static async of(path: string): Promise<Kernel> {
    const sessions = await rest<{ path: string; kernel: KernelModel }[]>('GET', 'sessions');
    return new Kernel(sessions.find(session => session.path === path)!.kernel.id);
  }

  /** Have a notebook use this kernel. */
  async serve(path: string): Promise<void> {
    await rest('POST', 'sessions', session(path, { id: this.id }));
  }

  /** Execute code in the kernel, and return what it prints; throws what it raises. */
  execute(code: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${SERVER().replace('http', 'ws')}/api/kernels/${this.id}/channels`);
      const id = randomUUID();
      let output = '';
      let isDone = false;
      let isReplied = false;
      let error: Error | undefined;
      const settle = (): void => {
        if (isDone && isReplied) {
          socket.close();
          socket.on('close', () => (error ? reject(error) : resolve(output)));
        }
      };
      socket.on('error', reject);
      socket.on('open', () => socket.send(JSON.stringify(executeRequest(id, code))));
      socket.on('message', (data: WebSocket.RawData, isBinary: boolean) => {
        if (isBinary) {
          return;
        }
        const { header, parent_header: parent, content } = JSON.parse(String(data)) as Message;
        if (parent.msg_id !== id) {
          return;
        }
        if (header.msg_type === 'stream') {
          output += String(content.text);
        } else if (header.msg_type === 'error') {
          error = new Error(`${content.ename}: ${content.evalue}`);
        } else if (header.msg_type === 'execute_reply') {
          isReplied = true;
        } else if (header.msg_type === 'status' && content.execution_state === 'idle') {
          isDone = true;
        }
        settle();
      });
    });
  }

  /** Evaluate an expression in the kernel, and return its value by way of JSON. */
  async evaluate<T>(expression: string): Promise<T> {
    return JSON.parse(await this.execute(`import json\nprint(json.dumps(${expression}))`)) as T;
  }

  /** Names of its live sessions, in the order in which they were made. */
  sessions(): Promise<string[]> {
    return this.evaluate('[session.name for session in __import__("tfsess_magics").sessions()]');
  }

  /** What the server says of it. */
  model(): Promise<KernelModel> {
    return rest('GET', `kernels/${this.id}`);
  }

  /** End it. */
  shutDown(): Promise<void> {
    return rest('DELETE', `kernels/${this.id}`);
  }
}

function session(path: string, kernel: { id: string }): object {
  return { path, name: path, type: 'notebook', kernel };
}

function executeRequest(id: string, code: string): object {
  return {
    channel: 'shell',
    header: {
      msg_id: id,
      msg_type: 'execute_request',
      session: randomUUID(),
      username: 'test',
      date: new Date().toISOString(),
      version: '5.4'
    },
    parent_header: {},
    metadata: {},
    content: {
      code,
      silent: false,
      store_history: false,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: false
    }
  };
}
