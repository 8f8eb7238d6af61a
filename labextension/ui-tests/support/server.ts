import type { ChildProcess } from 'child_process';
import { spawn } from 'child_process';
import * as fs from 'fs';
import * as net from 'net';
import * as os from 'os';
import * as path from 'path';

/** A running JupyterLab server. */
export interface Server {
  readonly url: string;
  /** Its folder of notebooks. */
  readonly root: string;
  stop(): Promise<void>;
}

/** `jupyter` of the environment under test. */
const JUPYTER = process.env.JUPYTER || path.resolve(__dirname, '../../../.venv/bin/jupyter');

/** Start JupyterLab with folders of its own, so that nothing of the user's is read or written. */
export async function startServer(): Promise<Server> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'tfsess-ui-'));
  const [root, settings, workspaces] = ['root', 'settings', 'workspaces'].map(name => folder(home, name));
  writeSettings(settings, 'notification', { fetchNews: 'false', checkForUpdates: false });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = fs.openSync(path.join(home, 'server.log'), 'w');
  const child = spawn(
    JUPYTER,
    [
      'lab',
      '--allow-root',
      '--no-browser',
      '--expose-app-in-browser',
      `--port=${port}`,
      '--ServerApp.port_retries=0',
      '--ServerApp.ip=127.0.0.1',
      '--IdentityProvider.token=',
      '--ServerApp.disable_check_xsrf=True',
      `--ServerApp.root_dir=${root}`,
      `--LabApp.user_settings_dir=${settings}`,
      `--LabApp.workspaces_dir=${workspaces}`,
      '--LabApp.news_url='
    ],
    {
      env: {
        ...process.env,
        TF_CPP_MIN_LOG_LEVEL: '3',
        PYTHONDONTWRITEBYTECODE: '1',
        IPYTHONDIR: folder(home, 'ipython'),
        JUPYTER_CONFIG_DIR: folder(home, 'config'),
        JUPYTER_DATA_DIR: folder(home, 'data'),
        JUPYTER_RUNTIME_DIR: folder(home, 'runtime')
      },
      stdio: ['ignore', log, log]
    }
  );
  try {
    await answers(`${url}/api/status`, child);
  } catch (error) {
    child.kill();
    throw new Error(`${error}\n${fs.readFileSync(path.join(home, 'server.log'), 'utf8')}`);
  }
  return { url, root, stop: () => stop(child, home) };
}

async function stop(child: ChildProcess, home: string): Promise<void> {
  const ended = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGTERM');
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(giveUp);
  fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

function folder(home: string, name: string): string {
  const made = path.join(home, name);
  fs.mkdirSync(made);
  return made;
}

function writeSettings(settings: string, plugin: string, values: object): void {
  const plugins = path.join(settings, '@jupyterlab', 'apputils-extension');
  fs.mkdirSync(plugins, { recursive: true });
  fs.writeFileSync(path.join(plugins, `${plugin}.jupyterlab-settings`), JSON.stringify(values));
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300 && child.exitCode === null; tries++) {
    try {
      if ((await fetch(url)).ok) {
        return;
      }
    } catch {
      // It is not listening yet.
    }
    await new Promise(resolve => setTimeout(resolve, 200));
  }
  throw new Error('JupyterLab did not start');
}
