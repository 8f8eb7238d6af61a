import type { Page } from '@playwright/test';

import type { SeenRow } from '../support/lab';
import { endCell, sessionCell, waitingCell, writeNotebook } from '../support/lab';
import { expect, test } from '../support/test';

const TIMES = 25;
const RELOADS = 10;
/** Seconds for which a cell runs one run after another. */
const STREAM = 10;

interface Message {
  at: number;
  text: string;
}
/** What the page spends on the extension at its start, in milliseconds. */
interface StartTimes {
  evaluation: number;
  activation: number;
}
/** What JupyterLab takes an extension's modules from. */
interface Container {
  get(module: string): Promise<() => { default: { activate(...args: unknown[]): unknown } }>;
}
declare global {
  interface Window {
    messages: Message[];
    startTimes: StartTimes;
    _JUPYTERLAB: Record<string, Container>;
  }
}

/** What happens in the kernel, with the moment of each event. `work` waits for `endCell` when it has made its session. */
const events = (name: string): string => `
import os, threading, time
import tfsess_magics
times = {}
def note(what):
    times.setdefault(what, []).append(time.time())
def begin(kind):
    with (counted := tfsess_magics.session(f"counted-{kind}")):
        op = tf.constant(1)
        counted.run(op)
    while not os.path.exists(f"${name}-{kind}.end"):
        time.sleep(0.01)
    return counted, op
def work(kind):
    counted, op = begin(kind)
    for number in range(${TIMES}):
        note(f"open {kind}")
        opened = tfsess_magics.session(f"{kind}-{number}")
        opened.__enter__()
        time.sleep(0.4)
        note(f"state {kind}")
        opened.__exit__(None, None, None)
        time.sleep(0.4)
        note(f"counters {kind}")
        counted.run(op)
        time.sleep(0.6)
def stream():
    counted, op = begin("stream")
    runs, until = 1, time.time() + ${STREAM}
    while (now := time.time()) < until:
        times.setdefault("stream", []).append([now, runs])
        for _ in range(50):
            counted.run(op)
        runs += 50
`;

test('measure', async ({ kernel, lab, name, page }) => {
  await page.addInitScript(recordMessages);
  writeNotebook(`${name}.ipynb`, [
    events(name),
    'work("busy")',
    'thread = threading.Thread(target=work, args=("idle",))\nthread.start()',
    'stream()',
    '%tfsession close --all\n%tfsession new orders',
    waitingCell(name)
  ]);
  await kernel.serve(`${name}.ipynb`);
  await lab.open(`${name}.ipynb`);
  await lab.recordRows();
  await lab.run(0);
  for (const [cell, kind] of ['busy', 'idle', 'stream'].entries()) {
    await lab.start(cell + 1);
    await expect(lab.row(`counted-${kind}`)).toContainText(/\b1 run\b/);
    endCell(`${name}-${kind}`);
    await expect(lab.prompt(cell + 1)).toHaveText(/\[\d+\]:/, { timeout: 120_000 });
    await kernel.execute('"thread" in globals() and thread.join()');
  }
  const streamed = await kernel.evaluate<[number, number][]>('times.pop("stream")');
  await expect(lab.row('counted-stream')).toContainText(`${(streamed.at(-1)![1] + 50).toLocaleString('en')} runs`);
  const times = await kernel.evaluate<Record<string, number[]>>('times');
  const rows = await lab.recordedRows();
  const results: Record<string, number[]> = {};
  for (const kind of ['idle', 'busy']) {
    const until = (index: number, event: string, is: (row: SeenRow) => boolean): number => {
      const from = times[`${event} ${kind}`][index] * 1000;
      return (rows.find(row => row.at >= from && is(row))?.at ?? NaN) - from;
    };
    const all = [...Array(TIMES).keys()];
    results[`open, ${kind}`] = all.map(i => until(i, 'open', row => row.name === `${kind}-${i}`));
    results[`change of state, ${kind}`] = all.map(i =>
      until(i, 'state', row => row.name === `${kind}-${i}` && row.state === 'idle')
    );
    results[`counters, ${kind}`] = all.map(i =>
      until(i, 'counters', row => row.name === `counted-${kind}` && row.text.includes(`· ${i + 2} runs`))
    );
  }
  const counts = rows.filter(row => row.name === 'counted-stream').map(({ at, text }) => ({ at, runs: runsIn(text) }));
  results['counters, stream of runs'] = streamed.map(
    ([from, runs]) => (counts.find(shown => shown.runs >= runs)?.at ?? NaN) - from * 1000
  );
  await lab.run(4);
  results['order to reply, idle'] = await orders(page);
  await lab.start(5);
  await expect(lab.prompt(5)).toHaveText('[*]:');
  results['order to reply, busy'] = await orders(page);
  endCell(name);
  await expect(lab.prompt(5)).toHaveText(/\[\d+\]:/);
  print(results);
});

test('measure the start', async ({ lab, page }) => {
  await page.addInitScript(recordStart);
  const starts: StartTimes[] = [];
  for (let number = 0; number < TIMES; number++) {
    await page.goto(`${process.env.TFSESS_SERVER}/lab?reset`);
    await lab.show();
    starts.push(await page.evaluate(() => window.startTimes));
  }
  print({
    'evaluation of the modules': starts.map(({ evaluation }) => evaluation),
    activation: starts.map(({ activation }) => activation)
  });
});

test('measure the time from a reload of the page', async ({ lab, name, openNotebook }) => {
  await openNotebook([sessionCell('train', 256), waitingCell(name)], 1);
  await expect(lab.rows).toHaveCount(1);
  await lab.saveLayout();
  const results: Record<string, number[]> = {};
  for (const kind of ['idle', 'busy']) {
    if (kind === 'busy') {
      await lab.start(1);
    }
    const [connected, shown]: number[][] = [[], []];
    for (let number = 0; number < RELOADS; number++) {
      const start = Date.now();
      await lab.reload();
      const row = expect(lab.row('train')).toContainText('1.0 KiB');
      await lab.ready();
      connected.push(Date.now() - start);
      await row;
      shown.push(Date.now() - start);
    }
    results[`notebook connected, ${kind}`] = connected;
    results[`row shown, ${kind}`] = shown;
  }
  endCell(name);
  print(results);
});

/** Print the median, the 90th percentile and the slowest of each. */
function print(results: Record<string, number[]>): void {
  const lines = Object.entries(results).map(([what, values]) => {
    const sorted = [...values].sort((one, other) => one - other);
    const at = (share: number): string =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1);
    return `${what.padEnd(26)}  ${at(0.5).padStart(6)}  ${at(0.9).padStart(6)}  ${at(1).padStart(6)}  ${values.length}`;
  });
  process.stdout.write([`\n${'ms'.padEnd(26)}  median     p90     max   n`, ...lines, ''].join('\n'));
}

/** The number of runs that a row shows. */
function runsIn(text: string): number {
  return Number(text.match(/([\d,]+) runs?/)?.[1].replaceAll(',', '') ?? NaN);
}

/** Reset the session `orders` again and again, and return how long each reply took. */
async function orders(page: Page): Promise<number[]> {
  const durations: number[] = [];
  for (let number = 0; number < TIMES; number++) {
    await page.evaluate(() => (window.messages.length = 0) as unknown);
    await page.evaluate(() => document.querySelector<HTMLElement>('[aria-label="Reset orders"]')!.click());
    await page.evaluate(async () => {
      const accept = (): HTMLElement | null => document.querySelector('.jp-Dialog .jp-mod-warn');
      while (!accept()) {
        await new Promise(requestAnimationFrame);
      }
      accept()!.click();
    });
    await page.waitForFunction(() => window.messages.some(({ text }) => text.includes('"done"')));
    await page.waitForFunction(() => !document.querySelector('.jp-Dialog'));
    durations.push(
      await page.evaluate(() => {
        const at = (what: string): number => window.messages.find(({ text }) => text.includes(what))!.at;
        return at('"done"') - at('"reset"');
      })
    );
  }
  return durations;
}

/** In the page: note every message to and from kernels. */
function recordMessages(): void {
  window.messages = [];
  const note = (data: unknown): void => {
    const text = data instanceof ArrayBuffer ? new TextDecoder().decode(data) : String(data);
    window.messages.push({ at: performance.now(), text });
  };
  const Original = window.WebSocket;
  window.WebSocket = class extends Original {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener('message', ({ data }) => note(data));
    }
    override send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
      note(data);
      super.send(data);
    }
  };
}

/** In the page: time the evaluation of the extension's modules, and its activation. */
function recordStart(): void {
  const timed = <T>(what: keyof StartTimes, work: () => T): T => {
    const start = performance.now();
    const result = work();
    window.startTimes[what] += performance.now() - start;
    return result;
  };
  window.startTimes = { evaluation: 0, activation: 0 };
  window._JUPYTERLAB = {};
  let container: Container;
  Object.defineProperty(window._JUPYTERLAB, 'tfsess-magics', {
    get: () => container,
    set: (given: Container) => {
      container = {
        ...given,
        get: async name => {
          const load = await given.get(name);
          return () => {
            const module = timed('evaluation', load);
            if (name === './extension') {
              const { activate } = module.default;
              module.default.activate = (...args) => timed('activation', () => activate(...args));
            }
            return module;
          };
        }
      };
    }
  });
}
