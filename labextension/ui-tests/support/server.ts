import type { ChildProcess } from 'child_process';
import { spawn } from 'child_process';
import * as fs from 'fs';
import * as net from 'net';
import * as os from 'os';
import * as path from 'path';

import { WITH_SUBSHELLS, WITHOUT_SUBSHELLS } from './kernel';

const TOUR = 'tour.ipynb';
/** Milliseconds in which JupyterLab has to start; `make lab` may have to build the extension first. */
const PATIENCE = 180_000;

/** A running JupyterLab server. */
export interface Server {
  readonly url: string;
  /** Its folder of notebooks. */
  readonly root: string;
  /** The page that it opens for the user: the tour. */
  readonly start: string;
  stop(): Promise<void>;
}

/** Folder of the project. */
const PROJECT = path.resolve(__dirname, '../../..');

/**
 * Start JupyterLab, on a copy of the tour and with folders of its own: nothing of the user's is touched.
 *
 * `make lab` starts it; with an environment, a folder with Python and our wheel, that one's JupyterLab is started, which
 * has the pages of its Notebook too.
 */
export async function startServer(environment?: string): Promise<Server> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'tfsess-ui-'));
  const [root, settings, workspaces, data, runtime] = ['root', 'settings', 'workspaces', 'data', 'runtime'].map(name =>
    folder(home, name)
  );
  fs.copyFileSync(path.join(PROJECT, 'notebooks', TOUR), path.join(root, TOUR));
  writeSettings(settings, 'apputils-extension', 'notification', { fetchNews: 'false', checkForUpdates: false });
  if (environment !== undefined) {
    // Some versions of JupyterLab take cells that are out of sight from the page, and tests count cells.
    writeSettings(settings, 'notebook-extension', 'tracker', { windowingMode: 'none' });
  }
  writeKernelSpec(data, WITHOUT_SUBSHELLS, ['python', path.join(__dirname, 'kernel_without_subshells.py')]);
  writeKernelSpec(data, WITH_SUBSHELLS, [pythonOf(path.join(PROJECT, '.venv')), '-m', 'ipykernel_launcher']);
  const config = folder(home, 'config');
  fs.mkdirSync(path.join(config, 'labconfig'));
  // Else every page has the server find out whether JupyterLab is to be built anew.
  fs.writeFileSync(path.join(config, 'labconfig', 'page_config.json'), JSON.stringify({ buildCheck: false }));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const options = [
    '--no-browser',
    `--port=${port}`,
    '--ServerApp.port_retries=0',
    '--ServerApp.ip=127.0.0.1',
    '--IdentityProvider.token=',
    '--ServerApp.disable_check_xsrf=True',
    ...['LabApp', 'JupyterNotebookApp'].flatMap(app => [
      `--${app}.expose_app_in_browser=True`,
      `--${app}.user_settings_dir=${settings}`,
      `--${app}.workspaces_dir=${workspaces}`
    ]),
    '--LabApp.news_url='
  ];
  const log = fs.openSync(path.join(home, 'server.log'), 'w');
  const [program, args, cwd] = commandOf(environment, path.join(root, TOUR), options);
  const child = spawn(program, args, {
    cwd,
    detached: true, // a group of its own, which is ended as one
    env: {
      ...process.env,
      TF_ENABLE_ONEDNN_OPTS: '1', // TensorFlow's default depends on the processor; without it no memory is counted
      MAKEFLAGS: undefined, // those of a make that runs the tests
      TF_CPP_MIN_LOG_LEVEL: '3',
      PYTHONDONTWRITEBYTECODE: '1',
      IPYTHONDIR: folder(home, 'ipython'),
      JUPYTER_CONFIG_DIR: config,
      JUPYTER_DATA_DIR: data,
      JUPYTER_RUNTIME_DIR: runtime
    },
    stdio: ['ignore', log, log]
  });
  try {
    await answers(`${url}/api/status`, child);
  } catch (error) {
    end(child, 'SIGTERM');
    throw new Error(`${error}\n${fs.readFileSync(path.join(home, 'server.log'), 'utf8')}`);
  }
  return { url, root, start: startPage(runtime), stop: () => stop(child, home) };
}

/** The program that starts the server, its arguments, and the folder to start it in. */
function commandOf(
  environment: string | undefined,
  notebook: string,
  options: readonly string[]
): [string, string[], string] {
  if (environment === undefined) {
    return ['make', ['lab', `TOUR=${notebook}`, `LAB_OPTIONS=${options.join(' ')}`], PROJECT];
  }
  const forRoot = process.getuid?.() === 0 ? ['--allow-root'] : [];
  // Not in the project's folder, where Python would find the package of the project first.
  return [pythonOf(environment), ['-m', 'jupyterlab', ...forRoot, ...options, notebook], path.dirname(notebook)];
}

function pythonOf(environment: string): string {
  return path.join(environment, 'bin', 'python');
}

async function stop(child: ChildProcess, home: string): Promise<void> {
  const ended = new Promise(resolve => child.once('exit', resolve));
  end(child, 'SIGTERM');
  const giveUp = setTimeout(() => end(child, 'SIGKILL'), 20_000);
  await ended;
  clearTimeout(giveUp);
  fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  process.kill(-child.pid!, signal);
}

/** The page that the server would open in the user's browser. */
function startPage(runtime: string): string {
  const file = fs.readdirSync(runtime).find(name => name.startsWith('jpserver-file-to-run-'))!;
  return fs.readFileSync(path.join(runtime, file), 'utf8').match(/url=([^"]+)"/)![1];
}

function folder(home: string, name: string): string {
  const made = path.join(home, name);
  fs.mkdirSync(made);
  return made;
}

function writeSettings(settings: string, extension: string, plugin: string, values: object): void {
  const plugins = path.join(settings, '@jupyterlab', extension);
  fs.mkdirSync(plugins, { recursive: true });
  fs.writeFileSync(path.join(plugins, `${plugin}.jupyterlab-settings`), JSON.stringify(values));
}

function writeKernelSpec(data: string, name: string, program: readonly string[]): void {
  const specs = path.join(data, 'kernels', name);
  fs.mkdirSync(specs, { recursive: true });
  const spec = { argv: [...program, '-f', '{connection_file}'], display_name: name, language: 'python' };
  fs.writeFileSync(path.join(specs, 'kernel.json'), JSON.stringify(spec));
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
  for (const start = Date.now(); Date.now() - start < PATIENCE && child.exitCode === null;) {
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
